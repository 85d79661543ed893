/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp regret`: what dispatch earned against the optimum of hindsight. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

#include "base/json.h"

#include <stdio.h>

typedef struct {
    hcp_cli_client_options client;
    char *facility;
} arguments;

static const hcp_cli_column WINDOWS[] = {
    {"FACILITY", "facility", NULL, false, false, 0},
    {"WINDOW", "window", NULL, false, false, 0},
    {"HOURS", "hours", hcp_cli_format_fixed2, true, false, 0},
    {"LEFT OUT", "excluded_hours", hcp_cli_format_fixed2, true, false, 0},
    {"EARNED USD", "earned_usd_micro", hcp_cli_format_usd, true, false, 0},
    {"BEST STATIC", "static_usd_micro", hcp_cli_format_usd, true, false, 0},
    {"OPTIMUM", "optimum_usd_micro", hcp_cli_format_usd, true, false, 0},
    {"REGRET USD", "regret_usd_micro", hcp_cli_format_usd, true, false, 0},
    {"CLOSED %", "closed_pct", hcp_cli_format_fixed1, true, false, 0},
    {"SWITCHING", "causes.switching_usd_micro", hcp_cli_format_usd, true, false, 0},
    {"CONSTRAINTS", "causes.constraints_usd_micro", hcp_cli_format_usd, true, false, 0},
};
static const hcp_cli_table WINDOWS_TABLE = {WINDOWS, G_N_ELEMENTS(WINDOWS)};

static json_t *rows_of(const json_t *body)
{
    json_t *rows = json_array(), *facility, *window;
    size_t i, k;
    json_array_foreach(json_object_get(body, "facilities"), i, facility)
    {
        json_array_foreach(json_object_get(facility, "windows"), k, window)
        {
            json_t *row = json_copy(window);
            json_object_set(row, "facility", json_object_get(facility, "facility"));
            json_array_append_new(rows, row);
        }
    }
    return rows;
}

static void show(const json_t *body)
{
    g_autoptr(json_t) rows = rows_of(body);
    hcp_cli_style style = hcp_cli_style_of(stdout);
    if (json_array_size(rows) == 0) {
        puts(hcp_json_bool(body, "computing", false)
                 ? "The first figures are being worked out; ask again"
                 : "No interval has closed yet; the first does within the hour");
        return;
    }
    hcp_cli_table_print(&WINDOWS_TABLE, rows, &style);
    g_autofree char *age = hcp_cli_format_s(json_object_get(body, "age_s"));
    printf(
        "\nFigures %s old%s. Regret = optimum less earned; closed = share of the gap from the best "
        "static plan to\nthe optimum; switching and constraints (minimum times, cap) are what "
        "no plan could have had.\n",
        age, hcp_json_bool(body, "computing", false) ? ", newer ones are being worked out" : "");
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("regret", &args->client);
    g_autoptr(GString) path = g_string_new("/api/v1/regret");
    hcp_cli_path_add(path, "facility", args->facility);
    return hcp_cli_show_object(client, path->str, args->client.json, show);
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"facility", 'f', HCP_CLI_STRING, AT(facility), "Only this one", "FACILITY", NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_REGRET = {
    .name = "regret",
    .summary = "show what dispatch earned against the optimum of hindsight",
    .groups = {{&OPTIONS, 0}, {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp merit`: what a megawatt-hour earns with each use, best first, and where each facility's power goes now. */
#include "cli/merit.h"

#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

#include "base/json.h"
#include "base/units.h"

#include <stdio.h>

typedef struct {
    hcp_cli_client_options client;
    char *facility;
} arguments;

static const hcp_cli_column ROWS[] = {
    {"USE", "label", NULL, false, false, 12},
    {"USD/MWh", "margin_usd_per_mwh", hcp_cli_format_fixed2, true, false, 0},
    {"BREAK-EVEN", "break_even_usd_per_mwh", hcp_cli_format_fixed2, true, false, 0},
    {"NOW MW", "used_w", hcp_cli_format_mw, true, false, 0},
    {"COULD BE", "available_w", hcp_cli_format_mw, true, false, 0},
    {"USD/h", "usd_micro_per_h", hcp_cli_format_usd, true, false, 0},
};
static const hcp_cli_table ROWS_TABLE = {ROWS, G_N_ELEMENTS(ROWS)};

char *hcp_cli_merit_label(const json_t *row)
{
    const char *use = hcp_json_string(row, "use", "");
    const char *class_key = hcp_json_string(row, "class", NULL);
    if (class_key == NULL)
        return g_strdup(g_str_equal(use, "reserve") ? "grid   reserve, of what mines" : "off");
    const char *feeder = hcp_json_string(row, "feeder", NULL);
    g_autofree char *place = feeder != NULL ? g_strconcat(" on ", feeder, NULL) : g_strdup("");
    if (!g_str_equal(use, "mining"))
        return g_strdup_printf("AI     %s%s", class_key, place);
    bool simulation = hcp_json_bool(row, "labelled_simulation", false);
    return g_strdup_printf("mining %s%s, %" G_GINT64_FORMAT " W%s", class_key, place,
                           hcp_json_int(row, "power_target_w", 0), simulation ? ", sim." : "");
}

json_t *hcp_cli_merit_rows(const json_t *facility)
{
    json_t *rows = json_array();
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(facility, "rows"), i, item)
    {
        g_autofree char *label = hcp_cli_merit_label(item);
        json_t *row = json_copy(item);
        hcp_json_set_string(row, "label", label);
        hcp_json_set_string(row, "facility", hcp_json_string(facility, "facility", ""));
        json_array_append_new(rows, row);
    }
    return rows;
}

void hcp_cli_merit_print(const json_t *facility)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    g_autoptr(json_t) rows = hcp_cli_merit_rows(facility);
    double mw = (double)HCP_W_PER_MW;
    const char *quality = hcp_json_string(facility, "electricity_quality", "missing");
    if (g_str_equal(quality, "missing"))
        printf("%s: the price of electricity is missing, so margins are not known",
               hcp_json_string(facility, "facility", ""));
    else
        printf("%s: electricity %.2f USD/MWh (%s), %.3f of %.3f MW used",
               hcp_json_string(facility, "facility", ""),
               hcp_json_number(facility, "electricity_usd_per_mwh", 0), quality,
               hcp_json_number(facility, "power_w", 0) / mw,
               hcp_json_number(facility, "cap_w", 0) / mw);
    double switching_w = hcp_json_number(facility, "switching_w", 0);
    if (switching_w > 0)
        printf(", %.3f switching", switching_w / mw);
    putchar('\n');
    hcp_cli_table_print(&ROWS_TABLE, rows, &style);
}

static void show(const json_t *body)
{
    size_t i;
    json_t *facility;
    json_array_foreach(json_object_get(body, "facilities"), i, facility)
    {
        if (i > 0)
            putchar('\n');
        hcp_cli_merit_print(facility);
    }
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("merit", &args->client);
    g_autoptr(GString) path = g_string_new("/api/v1/merit-order");
    hcp_cli_path_add(path, "facility", args->facility);
    return hcp_cli_show_object(client, path->str, args->client.json, show);
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"facility", 'f', HCP_CLI_STRING, AT(facility), "Only this one", "FACILITY", NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_MERIT = {
    .name = "merit",
    .summary = "rank what a MWh earns: AI, mining by power target, off",
    .description = "USD/MWh is income less electricity for a MWh at the meter; BREAK-EVEN is the "
                   "electricity price at which the use earns nothing. AI counts at the list price "
                   "and needs customers. COULD BE is what runs the use now and what is free for "
                   "it; a device appears under each use that it has. Reserve is paid for "
                   "a MW that stands ready to stop, within the rows of the miners that sell it. "
                   "GPU mining (sim.) is a simulation.",
    .groups = {{&OPTIONS, 0}, {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .run = run,
};

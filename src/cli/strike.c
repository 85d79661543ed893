/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp strike`: break-even and strike price of each class of miners, and setting or clearing the strike price. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

#include "base/json.h"

#include <stdio.h>

typedef struct {
    hcp_cli_client_options client;
    char *facility, *class_key, *key;
} arguments;

/* "by_order" is read as two words. */
static char *format_rests(const json_t *value)
{
    char *text = g_strdup(json_is_string(value) ? json_string_value(value) : "");
    return g_strdelimit(text, "_", ' ');
}

static const hcp_cli_column ROWS[] = {
    {"FACILITY", "facility", NULL, false, false, 8},
    {"CLASS", "class", NULL, false, false, 6},
    {"TARGET W", "power_target_w", NULL, true, false, 0},
    {"BREAK-EVEN", "break_even_usd_per_mwh", hcp_cli_format_fixed2, true, false, 0},
    {"STRIKE", "strike_usd_per_mwh", hcp_cli_format_fixed2, true, false, 0},
    {"USD/MWh NOW", "electricity_usd_per_mwh", hcp_cli_format_fixed2, true, false, 0},
    {"NOW MW", "used_w", hcp_cli_format_mw, true, false, 0},
    {"RESTS", "rests", format_rests, false, false, 0},
    {"FEEDER", "feeder", NULL, false, false, 0}, /* the last: shown only where there are any */
};

static void add_rows(const json_t *facility, const char *only_class, json_t *rows)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(facility, "rows"), i, item)
    {
        if (!g_str_equal(hcp_json_string(item, "use", ""), "mining") ||
            (only_class != NULL && g_strcmp0(hcp_json_string(item, "class", ""), only_class) != 0))
            continue;
        json_t *row = json_copy(item);
        hcp_json_set_string(row, "facility", hcp_json_string(facility, "facility", ""));
        json_object_set(row, "electricity_usd_per_mwh",
                        json_object_get(facility, "electricity_usd_per_mwh"));
        json_array_append_new(rows, row);
    }
}

static void print(const json_t *rows)
{
    bool has_feeders = false;
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        has_feeders |= hcp_json_string(row, "feeder", NULL) != NULL;
    }
    const hcp_cli_table table = {ROWS, G_N_ELEMENTS(ROWS) - !has_feeders};
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_table_print(&table, rows, &style);
}

static int show(hcp_cli_client *client, const arguments *args)
{
    g_autoptr(GString) path = g_string_new("/api/v1/merit-order");
    hcp_cli_path_add(path, "facility", args->facility);
    g_autoptr(json_t) body = NULL;
    int status = hcp_cli_client_get(client, path->str, &body);
    if (status != HCP_EXIT_OK)
        return status;
    g_autoptr(json_t) rows = json_array();
    size_t i;
    json_t *facility;
    json_array_foreach(json_object_get(body, "facilities"), i, facility)
        add_rows(facility, args->class_key, rows);
    if (args->client.json) {
        g_autoptr(json_t) object = json_pack("{s:O}", "strikes", rows);
        hcp_cli_print_json(object);
    } else if (json_array_size(rows) == 0)
        puts("nothing that can mine");
    else
        print(rows);
    return HCP_EXIT_OK;
}

/* Then shows what came of it. `price` NULL takes the strike price away. */
static int change(hcp_cli_client *client, const arguments *args, const double *usd_per_mwh)
{
    g_autofree char *path = hcp_cli_path_of("/api/v1/facilities/", args->facility, "/strike");
    g_autoptr(json_t) body = json_object();
    if (args->class_key != NULL)
        hcp_json_set_string(body, "class", args->class_key);
    if (usd_per_mwh != NULL)
        hcp_json_set_number(body, "usd_per_mwh", *usd_per_mwh);
    g_autoptr(json_t) answer = NULL;
    int status = hcp_cli_client_call(
        client,
        &(hcp_cli_call){.path = path, .body = body, .method = "PUT", .idempotency_key = args->key},
        &answer);
    return status == HCP_EXIT_OK ? show(client, args) : status;
}

static int set(hcp_cli_client *client, const arguments *args, const char *text)
{
    char *end = NULL;
    double usd_per_mwh = text != NULL ? g_ascii_strtod(text, &end) : 0;
    if (text == NULL || end == text || *end != '\0')
        return hcp_cli_usage_error("strike", "set needs a price in USD/MWh: `hcp strike set 62.5`");
    return change(client, args, &usd_per_mwh);
}

static int run(const void *given, char **operands)
{
    const arguments *args = given;
    const char *verb = operands[0] != NULL ? operands[0] : "show";
    bool changes = g_str_equal(verb, "set") || g_str_equal(verb, "clear");
    if (!changes && !g_str_equal(verb, "show"))
        return hcp_cli_usage_error("strike", "\"%s\" is none of show, set and clear", verb);
    if (changes && args->facility == NULL)
        return hcp_cli_usage_error("strike", "%s needs --facility", verb);
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("strike", &args->client);
    if (g_str_equal(verb, "set"))
        return set(client, args, operands[1]);
    return changes ? change(client, args, NULL) : show(client, args);
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"facility", 'f', HCP_CLI_STRING, AT(facility), "Of this facility", "FACILITY", NULL},
    {"class", 'c', HCP_CLI_STRING, AT(class_key), "Of this class; set and clear: all without it",
     "CLASS", NULL},
    {"idempotency-key", 'k', HCP_CLI_STRING, AT(key), "set, clear: makes repeating it safe", "KEY",
     NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_STRIKE = {
    .name = "strike",
    .summary = "show, set or clear the price above which miners rest",
    .description =
        "BREAK-EVEN is the electricity price at which a class earns nothing. Above its STRIKE, "
        "which an operator sets, its miners rest whatever they would earn; without one the policy "
        "decides.\n\n"
        "  hcp strike set 62.5 -f texas-north -c S21\n"
        "  hcp strike clear -f texas-north\n\n"
        "A price below 0 follows two dashes: hcp strike set -f texas-north -- -5",
    .operands = "[VERB [USD/MWh]]",
    .verbs = "show set clear",
    .max_operands = 2,
    .groups = {{&OPTIONS, 0}, {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp resources`: devices with their latest readings, or one of them. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

typedef struct {
    hcp_cli_client_options client;
    hcp_cli_page_options page;
    char *type, *status, *mode, *class, *facility;
    gboolean available;
} arguments;

static const hcp_cli_column LIST[] = {
    {"DEVICE", "name", NULL, false, false, 16},
    {"CLASS", "class", NULL, false, false, 9},
    {"FACILITY", "facility", NULL, false, false, 10},
    {"STATUS", "status", NULL, false, true, 0},
    {"MODE", "mode", NULL, false, false, 0},
    {"USE %", "utilization_pct", hcp_cli_format_fixed1, true, false, 0},
    {"TEMP °C", "temperature_c", hcp_cli_format_fixed1, true, false, 0},
    {"POWER W", "power_w", hcp_cli_format_count, true, false, 0},
    {"AGE", "reading_age_ms", hcp_cli_format_ms, true, false, 0},
    {"WORKLOAD", "workload_id", NULL, false, false, 8},
};
static const hcp_cli_table LIST_TABLE = {LIST, G_N_ELEMENTS(LIST)};

static const hcp_cli_column ONE[] = {
    {"device", "name", NULL, false, false, 0},
    {"id", "resource_id", NULL, false, false, 0},
    {"class", "class", NULL, false, false, 0},
    {"label", "label", NULL, false, false, 0},
    {"facility", "facility", NULL, false, false, 0},
    {"status", "status", NULL, false, true, 0},
    {"mode", "mode", NULL, false, false, 0},
    {"health", "health", NULL, false, true, 0},
    {"service", "admin", NULL, false, false, 0},
    {"can take a lease", "available", hcp_cli_format_yes, false, false, 0},
    {"workload", "workload_id", NULL, false, false, 0},
    {"customer", "customer_id", NULL, false, false, 0},
    {"allocation", "allocation_id", NULL, false, false, 0},
    {"use %", "utilization_pct", hcp_cli_format_fixed1, false, false, 0},
    {"temperature °C", "temperature_c", hcp_cli_format_fixed1, false, false, 0},
    {"power W", "power_w", hcp_cli_format_count, false, false, 0},
    {"hashrate TH/s", "hashrate_ths", hcp_cli_format_fixed2, false, false, 0},
    {"anomaly score", "anomaly_score", hcp_cli_format_fixed1, false, false, 0},
    {"not as expected", "anomaly_cause", NULL, false, true, 0},
    {"energy kWh", "energy_kwh", hcp_cli_format_fixed2, false, false, 0},
    {"readings are", "reading_age_ms", hcp_cli_format_age, false, false, 0},
    {"simulated", "simulated", hcp_cli_format_yes, false, false, 0},
};
static const hcp_cli_table ONE_TABLE = {ONE, G_N_ELEMENTS(ONE)};

static void show_one(const json_t *body)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_table_print_object(&ONE_TABLE, body, &style);
}

static int show_list(hcp_cli_client *client, const arguments *args)
{
    g_autoptr(GString) path = g_string_new("/api/v1/resources");
    hcp_cli_path_add(path, "type", args->type);
    hcp_cli_path_add(path, "status", args->status);
    hcp_cli_path_add(path, "mode", args->mode);
    hcp_cli_path_add(path, "class", args->class);
    hcp_cli_path_add(path, "facility", args->facility);
    hcp_cli_path_add(path, "available", args->available ? "true" : NULL);
    return hcp_cli_show_list(client, &(hcp_cli_listing){.path = path->str,
                                                        .member = "resources",
                                                        .none = "no devices",
                                                        .table = &LIST_TABLE,
                                                        .page = &args->page,
                                                        .json = args->client.json});
}

static int run(const void *given, char **operands)
{
    const arguments *args = given;
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("resources", &args->client);
    if (operands[0] == NULL)
        return show_list(client, args);
    g_autofree char *path = hcp_cli_path_of("/api/v1/resources/", operands[0], "");
    return hcp_cli_show_object(client, path, args->client.json, show_one);
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"type", 't', HCP_CLI_STRING, AT(type), "Only of this type", "TYPE", "gpu asic cpu"},
    {"status", 's', HCP_CLI_STRING, AT(status), "Only these", "STATUS",
     "active idle maintenance failed degraded draining curtailed ramping stale"},
    {"mode", 'm', HCP_CLI_STRING, AT(mode), "Only in this mode", "MODE",
     "off idle mining serving curtailed"},
    {"class", 'c', HCP_CLI_STRING, AT(class), "Only of this device class or family", "CLASS", NULL},
    {"facility", 'f', HCP_CLI_STRING, AT(facility), "Only at this facility", "FACILITY", NULL},
    {"available", 0, HCP_CLI_FLAG, AT(available), "Only those that could take a lease now", NULL,
     NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_RESOURCES = {
    .name = "resources",
    .summary = "list devices with their readings, or show one",
    .operands = "[DEVICE]",
    .max_operands = 1,
    .groups = {{&OPTIONS, 0},
               {&HCP_CLI_PAGE_OPTIONS, AT(page)},
               {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .run = run,
};

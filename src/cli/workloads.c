/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp workloads`: the list, newest first, or one of them. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

typedef struct {
    hcp_cli_client_options client;
    hcp_cli_page_options page;
    char *status, *customer, *type, *facility, *priority;
} arguments;

static const hcp_cli_column LIST[] = {
    {"WORKLOAD", "workload_id", NULL, false, false, 0},
    {"PRIO", "priority", hcp_cli_format_priority, false, false, 0},
    {"STATUS", "status", NULL, false, true, 0},
    {"GPUS", "requirements.gpu_count", NULL, true, false, 0},
    {"CUSTOMER", "customer_id", NULL, false, false, 8},
    {"SINCE", "submitted_at", hcp_cli_format_time, false, false, 0},
    {"RUNTIME", "runtime", NULL, true, false, 0},
    {"COST USD", "cost_usd_micro", hcp_cli_format_usd, true, false, 0},
    {"TYPE", "workload_type", NULL, false, false, 12},
    {"FACILITY", "facility", NULL, false, false, 10},
    {"WAITS FOR", "wait_reason", NULL, false, false, 10},
};
static const hcp_cli_table LIST_TABLE = {LIST, G_N_ELEMENTS(LIST)};

static const hcp_cli_column ONE[] = {
    {"workload", "workload_id", NULL, false, false, 0},
    {"name", "name", NULL, false, false, 0},
    {"status", "status", NULL, false, true, 0},
    {"priority", "priority", hcp_cli_format_priority, false, false, 0},
    {"classified by", "classified_by", NULL, false, false, 0},
    {"customer", "customer_id", NULL, false, false, 0},
    {"type", "workload_type", NULL, false, false, 0},
    {"model", "model", NULL, false, false, 0},
    {"GPUs", "requirements.gpu_count", NULL, false, false, 0},
    {"GPU classes", "requirements.classes", NULL, false, false, 0},
    {"facility", "facility", NULL, false, false, 0},
    {"resources", "resources", NULL, false, false, 0},
    {"devices", "devices", NULL, false, false, 0},
    {"queue position", "queue_position", NULL, false, false, 0},
    {"waits for", "wait_reason", NULL, false, false, 0},
    {"starts in", "eta", hcp_cli_format_eta, false, false, 0},
    {"submitted", "submitted_at", hcp_cli_format_time, false, false, 0},
    {"started", "started_at", hcp_cli_format_time, false, false, 0},
    {"ends", "ends_at", hcp_cli_format_time, false, false, 0},
    {"finished", "finished_at", hcp_cli_format_time, false, false, 0},
    {"runtime", "runtime", NULL, false, false, 0},
    {"progress %", "progress_pct", hcp_cli_format_fixed2, false, false, 0},
    {"requests", "requests", hcp_cli_format_count, false, false, 0},
    {"cost USD", "cost_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"rate USD/h", "metrics.rate_usd_micro_per_h", hcp_cli_format_usd, false, false, 0},
    {"GPU use %", "metrics.gpu_utilization_pct", hcp_cli_format_fixed1, false, false, 0},
    {"temperature °C", "metrics.temperature_c", hcp_cli_format_fixed1, false, false, 0},
    {"power W", "metrics.power_w", hcp_cli_format_count, false, false, 0},
    {"preemptions", "preemptions", NULL, false, false, 0},
    {"reason", "reason", NULL, false, false, 0},
};
static const hcp_cli_table ONE_TABLE = {ONE, G_N_ELEMENTS(ONE)};

static void show_one(const json_t *body)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_table_print_object(&ONE_TABLE, body, &style);
}

static int show_list(hcp_cli_client *client, const arguments *args)
{
    g_autoptr(GString) path = g_string_new("/api/v1/workloads");
    hcp_cli_path_add(path, "status", args->status);
    hcp_cli_path_add(path, "customer_id", args->customer);
    hcp_cli_path_add(path, "workload_type", args->type);
    hcp_cli_path_add(path, "facility", args->facility);
    hcp_cli_path_add(path, "priority", args->priority);
    return hcp_cli_show_list(client, &(hcp_cli_listing){.path = path->str,
                                                        .member = "workloads",
                                                        .none = "no workloads",
                                                        .table = &LIST_TABLE,
                                                        .page = &args->page,
                                                        .json = args->client.json});
}

static int run(const void *given, char **operands)
{
    const arguments *args = given;
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("workloads", &args->client);
    if (operands[0] == NULL)
        return show_list(client, args);
    g_autofree char *path = hcp_cli_path_of("/api/v1/workloads/", operands[0], "");
    return hcp_cli_show_object(client, path, args->client.json, show_one);
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"status", 's', HCP_CLI_STRING, AT(status), "Only these", "STATUS",
     "queued starting running completed failed cancelled"},
    {"customer", 'c', HCP_CLI_STRING, AT(customer), "Only this customer's", "CUSTOMER", NULL},
    {"type", 't', HCP_CLI_STRING, AT(type), "Only of this type", "TYPE", HCP_CLI_WORKLOAD_TYPES},
    {"facility", 'f', HCP_CLI_STRING, AT(facility), "Only at this facility", "FACILITY", NULL},
    {"priority", 'p', HCP_CLI_STRING, AT(priority), "Only of this priority", "1-4", "1 2 3 4"},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_WORKLOADS = {
    .name = "workloads",
    .summary = "list workloads, newest first, or show one",
    .operands = "[WORKLOAD]",
    .max_operands = 1,
    .groups = {{&OPTIONS, 0},
               {&HCP_CLI_PAGE_OPTIONS, AT(page)},
               {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .run = run,
};

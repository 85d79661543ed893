/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp queue`: how much waits against the limits, and what waits, in the order of service. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

#include <stdio.h>

typedef struct {
    hcp_cli_client_options client;
    hcp_cli_page_options page;
    char *priority;
} arguments;

static const hcp_cli_column CLASSES[] = {
    {"PRIO", "priority", hcp_cli_format_priority, false, false, 0},
    {"WAITING", "depth", hcp_cli_format_count, true, false, 0},
    {"DEVICES WANTED", "devices_wanted", hcp_cli_format_count, true, false, 0},
    {"LONGEST WAIT", "oldest_wait_ms", hcp_cli_format_ms, true, false, 0},
    {"LIMIT", "max_wait_ms", hcp_cli_format_ms, true, false, 0},
};
static const hcp_cli_table CLASSES_TABLE = {CLASSES, G_N_ELEMENTS(CLASSES)};

static const hcp_cli_column ITEMS[] = {
    {"#", "position", NULL, true, false, 0},
    {"WORKLOAD", "workload_id", NULL, false, false, 0},
    {"PRIO", "priority", hcp_cli_format_priority, false, false, 0},
    {"GPUS", "gpu_count", NULL, true, false, 0},
    {"WAITED", "waited_ms", hcp_cli_format_ms, true, false, 0},
    {"STARTS IN", "eta", hcp_cli_format_eta, false, false, 9},
    {"WAITS FOR", "reason", NULL, false, false, 9},
    {"CUSTOMER", "customer_id", NULL, false, false, 8},
    {"TYPE", "workload_type", NULL, false, false, 8},
};
static const hcp_cli_table ITEMS_TABLE = {ITEMS, G_N_ELEMENTS(ITEMS)};

static void show_classes(const json_t *body)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_table_print(&CLASSES_TABLE, json_object_get(body, "classes"), &style);
    putchar('\n');
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("queue", &args->client);
    g_autoptr(GString) path = g_string_new("/api/v1/queue");
    hcp_cli_path_add(path, "priority", args->priority);
    int status = HCP_EXIT_OK;
    if (!args->client.json)
        status = hcp_cli_show_object(client, "/api/v1/queue/status", false, show_classes);
    if (status != HCP_EXIT_OK)
        return status;
    return hcp_cli_show_list(client, &(hcp_cli_listing){.path = path->str,
                                                        .member = "queue",
                                                        .none = "nothing waits",
                                                        .table = &ITEMS_TABLE,
                                                        .page = &args->page,
                                                        .json = args->client.json});
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"priority", 'p', HCP_CLI_STRING, AT(priority), "Only of this priority", "1-4", "1 2 3 4"},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_QUEUE = {
    .name = "queue",
    .summary = "show what waits, why and for how long",
    .groups = {{&OPTIONS, 0},
               {&HCP_CLI_PAGE_OPTIONS, AT(page)},
               {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .run = run,
};

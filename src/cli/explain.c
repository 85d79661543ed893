/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp explain WORKLOAD`: why it waits and what would let it start, or why it is where it is. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

#include "base/json.h"

#include <stdio.h>

#define SCORES_SHOWN 5

typedef struct {
    hcp_cli_client_options client;
} arguments;

static const hcp_cli_column HEAD[] = {
    {"workload", "workload_id", NULL, false, false, 0},
    {"status", "status", NULL, false, true, 0},
    {"classified by", "classified_by", NULL, false, false, 0},
    {"starts in", "eta", hcp_cli_format_eta, false, false, 0},
    {"on what basis", "eta.basis", NULL, false, false, 0},
};
static const hcp_cli_table HEAD_TABLE = {HEAD, G_N_ELEMENTS(HEAD)};

/* Only while it waits. */
static const hcp_cli_column WAIT[] = {
    {"queue position", "queue_position", NULL, false, false, 0},
    {"devices needed", "devices_needed", hcp_cli_format_count, false, false, 0},
    {"wanted by those ahead", "devices_ahead", hcp_cli_format_count, false, false, 0},
    {"devices missing", "devices_missing", hcp_cli_format_count, false, false, 0},
    {"power missing MW", "power_short_w", hcp_cli_format_mw, false, false, 0},
};
static const hcp_cli_table WAIT_TABLE = {WAIT, G_N_ELEMENTS(WAIT)};

static const hcp_cli_column COUNTS[] = {
    {"DEVICES", "count", hcp_cli_format_count, true, false, 0},
    {"NOT TAKEN BECAUSE", "reason", NULL, false, false, 10},
};
static const hcp_cli_table COUNTS_TABLE = {COUNTS, G_N_ELEMENTS(COUNTS)};

static const hcp_cli_column SCORES[] = {
    {"DEVICE", "device", NULL, false, false, 0},
    {"SCORE", "score", hcp_cli_format_fixed2, true, false, 0},
};
static const hcp_cli_table SCORES_TABLE = {SCORES, G_N_ELEMENTS(SCORES)};

static const hcp_cli_column TIMELINE[] = {
    {"TIME", "time", hcp_cli_format_time, false, false, 0},
    {"WHAT", "what", NULL, false, false, 10},
};
static const hcp_cli_table TIMELINE_TABLE = {TIMELINE, G_N_ELEMENTS(TIMELINE)};

static void show_rows(const hcp_cli_table *table, const json_t *rows, const hcp_cli_style *style)
{
    if (json_array_size(rows) == 0)
        return;
    putchar('\n');
    hcp_cli_table_print(table, rows, style);
}

/* The best of those that were weighed; --json has them all. */
static void show_scores(const json_t *scores, const hcp_cli_style *style)
{
    g_autoptr(json_t) best = json_array();
    for (size_t i = 0; i < MIN(json_array_size(scores), (size_t)SCORES_SHOWN); i++)
        json_array_append(best, json_array_get(scores, i));
    show_rows(&SCORES_TABLE, best, style);
    if (json_array_size(scores) > SCORES_SHOWN)
        printf("… of %zu that were weighed\n", json_array_size(scores));
}

static void show_remedies(const json_t *remedies)
{
    size_t i;
    json_t *item;
    json_array_foreach(remedies, i, item)
    {
        g_autofree char *text = hcp_cli_clean(hcp_json_string(item, "text", ""));
        printf("%s%s\n", i == 0 ? "\nIt would start if one of these were done:\n  - " : "  - ",
               text);
    }
}

static void show(const json_t *body)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    g_autofree char *reason = hcp_cli_clean(hcp_json_string(body, "reason", ""));
    printf("%s\n\n", reason);
    hcp_cli_table_print_object(&HEAD_TABLE, body, &style);
    if (g_str_equal(hcp_json_string(body, "status", ""), "queued"))
        hcp_cli_table_print_object(&WAIT_TABLE, body, &style);
    show_remedies(json_object_get(body, "remedies"));
    show_rows(&COUNTS_TABLE, json_object_get(body, "unavailable"), &style);
    show_scores(json_object_get(body, "scores"), &style);
    show_rows(&COUNTS_TABLE, json_object_get(body, "rejections"), &style);
    show_rows(&TIMELINE_TABLE, json_object_get(body, "timeline"), &style);
}

static int run(const void *given, char **operands)
{
    const arguments *args = given;
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("explain", &args->client);
    g_autofree char *path = hcp_cli_path_of("/api/v1/workloads/", operands[0], "/explain");
    return hcp_cli_show_object(client, path, args->client.json, show);
}

const hcp_cli_command HCP_CLI_EXPLAIN = {
    .name = "explain",
    .summary = "say why a workload waits, or why it is where it is",
    .operands = "WORKLOAD",
    .min_operands = 1,
    .max_operands = 1,
    .groups = {{&HCP_CLI_CLIENT_OPTIONS, offsetof(arguments, client)}},
    .size = sizeof(arguments),
    .run = run,
};

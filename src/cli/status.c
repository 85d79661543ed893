/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp status`: the platform at a glance. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

#include "base/json.h"

#include <stdio.h>

typedef struct {
    hcp_cli_client_options client;
} arguments;

static const hcp_cli_column HEAD[] = {
    {"status", "status", NULL, false, true, 0},
    {"time (UTC)", "timestamp", hcp_cli_format_time, false, false, 0},
    {"version", "version", NULL, false, false, 0},
    {"simulated", "simulated", hcp_cli_format_yes, false, false, 0},
    {"power MW", "power.power_w", hcp_cli_format_mw, false, false, 0},
    {"of cap %", "power.utilization_pct", hcp_cli_format_fixed1, false, false, 0},
    {"queued", "workloads.queued", hcp_cli_format_count, false, false, 0},
    {"starting", "workloads.starting", hcp_cli_format_count, false, false, 0},
    {"running", "workloads.running", hcp_cli_format_count, false, false, 0},
    {"completed", "workloads.completed", hcp_cli_format_count, false, false, 0},
    {"failed", "workloads.failed", hcp_cli_format_count, false, false, 0},
    {"switches", "switches", hcp_cli_format_count, false, false, 0},
    {"profit margin %", "revenue.margin_pct", hcp_cli_format_fixed1, false, false, 0},
    {"chances today", "switching_opportunities.today", hcp_cli_format_count, false, false, 0},
    {"taken of them", "switching_opportunities.taken", hcp_cli_format_count, false, false, 0},
    {"open alerts", "open_alerts", hcp_cli_format_count, false, false, 0},
};
static const hcp_cli_table HEAD_TABLE = {HEAD, G_N_ELEMENTS(HEAD)};

static const hcp_cli_column FACILITIES[] = {
    {"FACILITY", "facility", NULL, false, false, 0},
    {"STATUS", "status", NULL, false, true, 0},
    {"POWER MW", "power_w", hcp_cli_format_mw, true, false, 0},
    {"CAP MW", "cap_in_force_w", hcp_cli_format_mw, true, false, 0},
    {"AI MW", "power_by_use_w.ai", hcp_cli_format_mw, true, false, 0},
    {"MINING MW", "power_by_use_w.mining", hcp_cli_format_mw, true, false, 0},
    {"USD/MWh", "usd_per_mwh", hcp_cli_format_fixed2, true, false, 0},
    {"PROFIT USD", "profit_usd_micro", hcp_cli_format_usd, true, false, 0},
    {"PH/s", "mining_ths", hcp_cli_format_phs, true, false, 0},
    {"SERVING", "devices.by_mode.serving", hcp_cli_format_count, true, false, 0},
    {"MINING", "devices.by_mode.mining", hcp_cli_format_count, true, false, 0},
    {"UNHEALTHY", "devices.unhealthy", hcp_cli_format_count, true, false, 0},
};
static const hcp_cli_table FACILITIES_TABLE = {FACILITIES, G_N_ELEMENTS(FACILITIES)};

static const hcp_cli_column REVENUE[] = {
    {"REVENUE USD", "facility", NULL, false, false, 0},
    {"BTC", "revenue.btc_usd", hcp_cli_format_fixed2, true, false, 0},
    {"AI", "revenue.ai_usd", hcp_cli_format_fixed2, true, false, 0},
    {"GRID", "revenue.grid_usd", hcp_cli_format_fixed2, true, false, 0},
    {"NOT MINED", "revenue.curtailed_loss_usd", hcp_cli_format_fixed2, true, false, 0},
    {"POSSIBLE", "revenue.potential_usd", hcp_cli_format_fixed2, true, false, 0},
    {"MARGIN %", "revenue.margin_pct", hcp_cli_format_fixed1, true, false, 0},
    {"REGRET 24 h", "regret.regret_usd_micro", hcp_cli_format_usd, true, false, 0},
    {"CLOSED %", "regret.closed_pct", hcp_cli_format_fixed1, true, false, 0},
};
static const hcp_cli_table REVENUE_TABLE = {REVENUE, G_N_ELEMENTS(REVENUE)};

static const hcp_cli_column FEEDERS[] = {
    {"FEEDER", "name", NULL, false, false, 0},
    {"OF", "facility", NULL, false, false, 0},
    {"IT MW", "power_w", hcp_cli_format_mw, true, false, 0},
    {"CAP MW", "cap_w", hcp_cli_format_mw, true, false, 0},
    {"LEFT MW", "headroom_w", hcp_cli_format_mw, true, false, 0},
};
static const hcp_cli_table FEEDERS_TABLE = {FEEDERS, G_N_ELEMENTS(FEEDERS)};

static void show_feeders(const json_t *facilities, const hcp_cli_style *style)
{
    g_autoptr(json_t) rows = json_array();
    size_t f, i;
    json_t *facility, *feeder;
    json_array_foreach(facilities, f, facility)
    {
        json_array_foreach(json_object_get(facility, "feeders"), i, feeder)
        {
            json_t *row = json_copy(feeder);
            hcp_json_set_string(row, "facility", hcp_json_string(facility, "facility", ""));
            json_array_append_new(rows, row);
        }
    }
    if (json_array_size(rows) == 0)
        return;
    putchar('\n');
    hcp_cli_table_print(&FEEDERS_TABLE, rows, style);
}

static void show(const json_t *body)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    const json_t *facilities = json_object_get(body, "facilities");
    hcp_cli_table_print_object(&HEAD_TABLE, body, &style);
    putchar('\n');
    hcp_cli_table_print(&FACILITIES_TABLE, facilities, &style);
    show_feeders(facilities, &style);
    putchar('\n');
    hcp_cli_table_print(&REVENUE_TABLE, facilities, &style);
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("status", &args->client);
    return hcp_cli_show_object(client, "/api/v1/status", args->client.json, show);
}

const hcp_cli_command HCP_CLI_STATUS = {
    .name = "status",
    .summary = "show the platform at a glance",
    .groups = {{&HCP_CLI_CLIENT_OPTIONS, offsetof(arguments, client)}},
    .size = sizeof(arguments),
    .run = run,
};

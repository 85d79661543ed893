/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp recommend`: what the dispatch wants at each facility and, with --why, the decision record behind it. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"
#include "cli/merit.h"

#include "base/json.h"

#include <stdio.h>

typedef struct {
    hcp_cli_client_options client;
    char *facility;
    char *decision;
    gboolean why, today;
} arguments;

static const hcp_cli_column SUMMARY[] = {
    {"FACILITY", "facility", NULL, false, false, 0},
    {"RECOMMENDATION", "recommendation", NULL, false, false, 0},
    {"SWITCH", "switch_recommended", hcp_cli_format_yes, false, false, 0},
    {"MINING USD/h", "btc_profit_per_hour", hcp_cli_format_fixed2, true, false, 0},
    {"AI USD/h", "ai_profit_per_hour", hcp_cli_format_fixed2, true, false, 0},
    {"USD/MWh", "usd_per_mwh", hcp_cli_format_fixed2, true, false, 0},
    {"REASON", "reason", NULL, false, false, 8},
    {"CONFIDENCE", "confidence", hcp_cli_format_percent, true, false, 0},
};
static const hcp_cli_table SUMMARY_TABLE = {SUMMARY, G_N_ELEMENTS(SUMMARY)};

static const hcp_cli_column RECORD[] = {
    {"facility", "facility", NULL, false, false, 0},
    {"recommendation", "recommendation", NULL, false, false, 0},
    {"reason", "reason", NULL, false, false, 0},
    {"would change when", "flip", NULL, false, false, 0},
    {"confidence", "confidence", hcp_cli_format_percent, false, false, 0},
    {"decision", "decision_id", NULL, false, false, 0},
    {"policy", "decision.policy", NULL, false, false, 0},
    {"decided at", "decision.time", hcp_cli_format_time, false, false, 0},
    {"good until", "expires_at", hcp_cli_format_time, false, false, 0},
    {"chosen USD/h", "decision.chosen_usd_micro_per_h", hcp_cli_format_usd, false, false, 0},
    {"rejected USD/h", "decision.rejected_usd_micro_per_h", hcp_cli_format_usd, false, false, 0},
    {"mining USD/MWh", "btc_usd_per_mwh", hcp_cli_format_fixed2, false, false, 0},
    {"AI USD/MWh", "ai_usd_per_mwh", hcp_cli_format_fixed2, false, false, 0},
    {"gap USD/h", "decision.gap_usd_micro_per_h", hcp_cli_format_usd, false, false, 0},
    {"gain USD", "decision.gain_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"  80 % from", "decision.gain_low_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"  to", "decision.gain_high_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"over hours", "decision.horizon_hours", hcp_cli_format_fixed2, false, false, 0},
    {"decided by", "decision.source", NULL, false, false, 0},
    {"expected USD/MWh", "decision.forecast_usd_per_mwh", hcp_cli_format_fixed2, false, false, 0},
    {"  80 % from", "decision.forecast_low_usd_per_mwh", hcp_cli_format_fixed2, false, false, 0},
    {"  to", "decision.forecast_high_usd_per_mwh", hcp_cli_format_fixed2, false, false, 0},
    {"cost of moving USD", "decision.switch_cost_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"devices moved", "decision.moved", hcp_cli_format_yes, false, false, 0},
    {"regret USD, 24 h", "regret.regret_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"of hours", "regret.hours", hcp_cli_format_fixed2, false, false, 0},
    {"gap closed %", "regret.closed_pct", hcp_cli_format_fixed1, false, false, 0},
};
static const hcp_cli_table RECORD_TABLE = {RECORD, G_N_ELEMENTS(RECORD)};

static const hcp_cli_column INPUTS[] = {
    {"INPUT", "name", NULL, false, false, 0},
    {"VALUE", "value", hcp_cli_format_price, true, false, 0},
    {"UNIT", "unit", NULL, false, false, 0},
    {"OBSERVED", "observed_at", hcp_cli_format_time, false, false, 0},
    {"QUALITY", "quality", NULL, false, true, 0},
    {"SOURCE", "source", NULL, false, false, 8},
};
static const hcp_cli_table INPUTS_TABLE = {INPUTS, G_N_ELEMENTS(INPUTS)};

static const hcp_cli_column PLAN[] = {
    {"CLASS", "class", NULL, false, false, 0},
    {"SERVE", "serve", hcp_cli_format_count, true, false, 0},
    {"MINE", "mine", hcp_cli_format_count, true, false, 0},
    {"IDLE", "idle", hcp_cli_format_count, true, false, 0},
    {"CURTAIL", "curtail", hcp_cli_format_count, true, false, 0},
    {"POWER MW", "power_w", hcp_cli_format_mw, true, false, 0},
    {"USD/h", "usd_micro_per_h", hcp_cli_format_usd, true, false, 0},
    {"USD/MWh", "usd_per_mwh", hcp_cli_format_fixed2, true, false, 0},
};
static const hcp_cli_table PLAN_TABLE = {PLAN, G_N_ELEMENTS(PLAN)};

static const hcp_cli_column COSTS[] = {
    {"CLASS", "class", NULL, false, false, 0},
    {"FROM", "from", NULL, false, false, 0},
    {"TO", "to", NULL, false, false, 0},
    {"SWITCHES", "switches", hcp_cli_format_count, true, false, 0},
    {"MEAN", "mean_duration_ms", hcp_cli_format_ms, true, false, 0},
    {"USD", "mean_usd", hcp_cli_format_price, true, false, 0},
    {"95 % FROM", "low_usd", hcp_cli_format_price, true, false, 0},
    {"TO", "high_usd", hcp_cli_format_price, true, false, 0},
    {"USED", "used", hcp_cli_format_yes, false, false, 0},
};
static const hcp_cli_table COSTS_TABLE = {COSTS, G_N_ELEMENTS(COSTS)};

static const hcp_cli_column CHANCES[] = {
    {"DECISION", "decision_id", NULL, false, false, 0},
    {"TIME", "time", hcp_cli_format_time, false, false, 0},
    {"FACILITY", "facility", NULL, false, false, 0},
    {"RECOMMENDATION", "recommendation", NULL, false, false, 0},
    {"TAKEN", "moved", hcp_cli_format_yes, false, false, 0},
    {"GAP USD/h", "gap_usd_micro_per_h", hcp_cli_format_usd, true, false, 0},
    {"REASON", "reason", NULL, false, false, 8},
};
static const hcp_cli_table CHANCES_TABLE = {CHANCES, G_N_ELEMENTS(CHANCES)};

static void show_rows(const char *title, const hcp_cli_table *table, const json_t *rows)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    if (json_array_size(rows) == 0)
        return;
    printf("\n%s\n", title);
    hcp_cli_table_print(table, rows, &style);
}

static void show_plans(const json_t *decision)
{
    show_rows("Inputs", &INPUTS_TABLE, json_object_get(decision, "inputs"));
    show_rows("Chosen plan, devices by use", &PLAN_TABLE, json_object_get(decision, "chosen"));
    show_rows("Best rejected plan", &PLAN_TABLE, json_object_get(decision, "rejected"));
}

/* A record of the past: as a recommendation, without what only the present one has. */
static void show_decision(const json_t *decision)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    g_autoptr(json_t) record = json_copy((json_t *)decision);
    json_object_set(record, "decision", (json_t *)decision);
    hcp_cli_table_print_object(&RECORD_TABLE, record, &style);
    show_plans(decision);
}

static void show_why(const json_t *recommendation)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_table_print_object(&RECORD_TABLE, recommendation, &style);
    show_plans(json_object_get(recommendation, "decision"));
    show_rows("Cost of a switch, measured, a device", &COSTS_TABLE,
              json_object_get(recommendation, "switch_costs"));
    puts("\nMerit order now");
    hcp_cli_merit_print(json_object_get(recommendation, "merit_order"));
}

static void show_one(const json_t *body)
{
    g_autoptr(json_t) rows = json_pack("[O]", body);
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_table_print(&SUMMARY_TABLE, rows, &style);
}

static void show_every_why(const json_t *body)
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(body, "recommendations"), i, item)
    {
        if (i > 0)
            putchar('\n');
        show_why(item);
    }
}

/* The decisions since midnight (UTC, by the platform's clock) that wanted to move devices. */
static int show_today(hcp_cli_client *client, const arguments *args)
{
    g_autoptr(json_t) status = NULL;
    int code = hcp_cli_client_get(client, "/api/v1/status", &status);
    if (code != HCP_EXIT_OK)
        return code;
    const json_t *since = hcp_cli_table_at(status, "switching_opportunities.since");
    g_autoptr(GString) path = g_string_new("/api/v1/decisions?switch_recommended=true");
    hcp_cli_path_add(path, "from", json_string_value(since));
    hcp_cli_path_add(path, "facility", args->facility);
    const hcp_cli_page_options all = {.all = TRUE};
    return hcp_cli_show_list(
        client, &(hcp_cli_listing){.path = path->str,
                                   .member = "decisions",
                                   .none = "no decision has wanted to move devices today",
                                   .table = &CHANCES_TABLE,
                                   .page = &all,
                                   .json = args->client.json});
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("recommend", &args->client);
    if (args->today)
        return show_today(client, args);
    if (args->decision != NULL) {
        g_autofree char *record = hcp_cli_path_of("/api/v1/decisions/", args->decision, "");
        return hcp_cli_show_object(client, record, args->client.json, show_decision);
    }
    if (args->facility != NULL) {
        g_autoptr(GString) path = g_string_new("/api/v1/recommendation");
        hcp_cli_path_add(path, "facility", args->facility);
        return hcp_cli_show_object(client, path->str, args->client.json,
                                   args->why ? show_why : show_one);
    }
    static const char every[] = "/api/v1/recommendations";
    if (args->why && !args->client.json)
        return hcp_cli_show_object(client, every, false, show_every_why);
    const hcp_cli_page_options all = {.all = TRUE};
    return hcp_cli_show_list(client, &(hcp_cli_listing){.path = every,
                                                        .member = "recommendations",
                                                        .none = "no decision has been made yet",
                                                        .table = &SUMMARY_TABLE,
                                                        .page = &all,
                                                        .json = args->client.json});
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"facility", 'f', HCP_CLI_STRING, AT(facility), "Only this one", "FACILITY", NULL},
    {"today", 't', HCP_CLI_FLAG, AT(today), "Today's decisions that wanted to move devices", NULL,
     NULL},
    {"decision", 'd', HCP_CLI_STRING, AT(decision), "The record of this decision", "ID", NULL},
    {"why", 'w', HCP_CLI_FLAG, AT(why),
     "The decision record: inputs, chosen plan, best rejected plan, what would change it", NULL,
     NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_RECOMMEND = {
    .name = "recommend",
    .summary = "show what each facility should do now, and why",
    .groups = {{&OPTIONS, 0}, {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp grid`: events of the grid listed, announced, shown with their report, cancelled. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

#include "base/json.h"
#include "base/timefmt.h"

#include <stdio.h>
#include <string.h>

typedef struct {
    hcp_cli_client_options client;
    hcp_cli_page_options page;
    char *facility, *kind, *program, *start, *duration, *respond_by, *margin, *reason, *key,
        *products;
    double share_pct, call_usd_per_mwh;
    double reduce_mw, at_most_mw, payment, availability, penalty;
    int ramp_min, restore_min, interval_min;
    gboolean open, evict;
} arguments;

static const arguments DEFAULTS = {
    .ramp_min = 10, .restore_min = 15, .interval_min = 15, .call_usd_per_mwh = -1};

static const hcp_cli_column LIST[] = {
    {"EVENT", "grid_event_id", NULL, false, false, 0},
    {"FACILITY", "facility", NULL, false, false, 10},
    {"KIND", "kind", NULL, false, false, 9},
    {"STAGE", "stage", NULL, false, true, 0},
    {"START", "start", hcp_cli_format_time, false, false, 0},
    {"END", "end", hcp_cli_format_time, false, false, 0},
    {"LESS MW", "reduce_mw", hcp_cli_format_fixed2, true, false, 0},
    {"TARGET MW", "target_mw", hcp_cli_format_fixed2, true, false, 0},
    {"LEFT MWH", "report.paid_mwh", hcp_cli_format_fixed2, true, false, 0},
    {"USD", "report.income_usd_micro", hcp_cli_format_usd, true, false, 0},
    {"VERDICT", "report.verdict", NULL, false, true, 0},
};
static const hcp_cli_table LIST_TABLE = {LIST, G_N_ELEMENTS(LIST)};

static const hcp_cli_column ONE[] = {
    {"event", "grid_event_id", NULL, false, false, 0},
    {"facility", "facility", NULL, false, false, 0},
    {"kind", "kind", NULL, false, false, 0},
    {"program", "program", NULL, false, false, 0},
    {"announced by", "source", NULL, false, false, 0},
    {"stage", "stage", NULL, false, true, 0},
    {"reason", "reason", NULL, false, false, 0},
    {"answer until", "respond_by", NULL, false, false, 0},
    {"worth when answered USD", "assessment.worth.expected_usd_micro", hcp_cli_format_usd, false,
     false, 0},
    {"start", "start", NULL, false, false, 0},
    {"end", "end", NULL, false, false, 0},
    {"notice min", "notice_min", NULL, false, false, 0},
    {"ramp min", "ramp_min", NULL, false, false, 0},
    {"baseline MW", "baseline_mw", NULL, false, false, 0},
    {"full hours of the baseline", "baseline_hours", NULL, false, false, 0},
    {"target MW", "target_mw", NULL, false, false, 0},
    {"actual MW", "report.actual_mw", NULL, false, false, 0},
    {"s to target", "report.time_to_target_s", NULL, false, false, 0},
    {"asked MWh", "report.committed_mwh", NULL, false, false, 0},
    {"delivered MWh", "report.delivered_mwh", NULL, false, false, 0},
    {"delivered", "report.ratio", hcp_cli_format_percent, false, false, 0},
    {"payment USD", "report.payment_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"availability USD", "report.availability_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"penalty USD", "report.penalty_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"income USD", "report.income_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"verdict", "report.verdict", NULL, false, true, 0},
};
static const hcp_cli_table ONE_TABLE = {ONE, G_N_ELEMENTS(ONE)};

static const hcp_cli_column ASSESSMENT[] = {
    {"recommendation", "recommendation", NULL, false, true, 0},
    {"worth USD", "worth.expected_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"  80 % from", "worth.low_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"  80 % to", "worth.high_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"chance of a gain", "gain_chance", hcp_cli_format_percent, false, false, 0},
    {"break-even payment USD/MWh", "break_even_usd_per_mwh", hcp_cli_format_fixed2, false, false,
     0},
    {"payment USD", "payment_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"availability USD", "availability_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"electricity saved USD", "electricity_saved.expected_usd_micro", hcp_cli_format_usd, false,
     false, 0},
    {"  80 % from", "electricity_saved.low_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"  80 % to", "electricity_saved.high_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"mining foregone USD", "mining_foregone.expected_usd_micro", hcp_cli_format_usd, false, false,
     0},
    {"reserve foregone USD", "reserve_foregone_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"AI foregone USD", "ai_foregone_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"leases ended", "leases_ended", NULL, false, false, 0},
    {"switching USD", "switching_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"penalty expected USD", "penalty_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"chance to fall short", "shortfall.chance", hcp_cli_format_percent, false, false, 0},
    {"  at stake at most USD", "shortfall.at_stake_usd_micro", hcp_cli_format_usd, false, false, 0},
    {"electricity USD/MWh", "electricity_usd_per_mwh", hcp_cli_format_fixed2, false, false, 0},
    {"baseline MW", "baseline_mw", NULL, false, false, 0},
    {"target MW", "target_mw", NULL, false, false, 0},
    {"asked MWh", "energy.asked_mwh", NULL, false, false, 0},
    {"drawn without it MWh", "energy.without_event_mwh", NULL, false, false, 0},
    {"drawn with it MWh", "energy.with_event_mwh", NULL, false, false, 0},
};
static const hcp_cli_table ASSESSMENT_TABLE = {ASSESSMENT, G_N_ELEMENTS(ASSESSMENT)};

static const hcp_cli_column RULE[] = {
    {"facility", "key", NULL, false, false, 0},
    {"accepts offers worth more than USD", "grid_rule.margin_usd_micro", hcp_cli_format_usd, false,
     false, 0},
};
static const hcp_cli_table RULE_TABLE = {RULE, G_N_ELEMENTS(RULE)};

static const hcp_cli_column PARTS[] = {
    {"FROM", "from", hcp_cli_format_time, false, false, 0},
    {"UNTIL", "until", hcp_cli_format_time, false, false, 0},
    {"BASELINE MW", "baseline_mw", hcp_cli_format_fixed2, true, false, 0},
    {"TARGET MW", "target_mw", hcp_cli_format_fixed2, true, false, 0},
    {"ACTUAL MW", "actual_mw", hcp_cli_format_fixed2, true, false, 0},
    {"DELIVERED MWH", "delivered_mwh", hcp_cli_format_fixed2, true, false, 0},
    {"PAYMENT USD", "payment_usd_micro", hcp_cli_format_usd, true, false, 0},
    {"PENALTY USD", "penalty_usd_micro", hcp_cli_format_usd, true, false, 0},
};
static const hcp_cli_table PARTS_TABLE = {PARTS, G_N_ELEMENTS(PARTS)};

static void show_assessment(const json_t *body)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_table_print_object(&ASSESSMENT_TABLE, body, &style);
    printf("\n%s\n", hcp_json_string(body, "reason", ""));
}

static void show_rule(const json_t *body)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_table_print_object(&RULE_TABLE, body, &style);
    if (json_is_null(json_object_get(body, "grid_rule")))
        puts("\noffers are answered by people");
}

static void show_event(const json_t *body)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    const json_t *parts = json_object_get(body, "intervals");
    hcp_cli_table_print_object(&ONE_TABLE, body, &style);
    if (json_array_size(parts) == 0)
        return;
    putchar('\n');
    hcp_cli_table_print(&PARTS_TABLE, parts, &style);
}

static int list(hcp_cli_client *client, const arguments *args)
{
    g_autoptr(GString) path = g_string_new("/api/v1/grid/events");
    hcp_cli_path_add(path, "facility", args->facility);
    hcp_cli_path_add(path, "open", args->open ? "true" : NULL);
    return hcp_cli_show_list(client, &(hcp_cli_listing){.path = path->str,
                                                        .member = "grid_events",
                                                        .none = "no grid events",
                                                        .table = &LIST_TABLE,
                                                        .page = &args->page,
                                                        .json = args->client.json});
}

/* --- announcing ------------------------------------------------------------------------------------------------------ */

static void set_number(json_t *body, const char *key, double value)
{
    if (value != 0)
        hcp_json_set_number(body, key, value);
}

/* RFC 3339, or "+30min" from the platform's now, which runs faster than ours with --speed. */
static int read_time(hcp_cli_client *client, const char *option, const char *text, int64_t *ret_us)
{
    g_autoptr(GError) error = NULL;
    int64_t later_us = 0;
    bool later = text[0] == '+';
    if (later ? !hcp_duration_parse(text + 1, &later_us, &error)
              : !hcp_time_parse(text, ret_us, &error))
        return hcp_cli_usage_error("grid", "--%s: %s", option, error->message);
    if (!later)
        return HCP_EXIT_OK;
    g_autoptr(json_t) body = NULL;
    int status = hcp_cli_client_get(client, "/api/v1/status", &body);
    if (status != HCP_EXIT_OK)
        return status;
    if (!hcp_time_parse(hcp_json_string(body, "timestamp", ""), ret_us, &error))
        return hcp_cli_usage_error("grid", "the platform's time: %s", error->message);
    *ret_us += later_us;
    return HCP_EXIT_OK;
}

static int set_times(hcp_cli_client *client, const arguments *args, json_t *body)
{
    int64_t start_us = 0, respond_by_us = 0, length_us = 0;
    g_autoptr(GError) error = NULL;
    if (!hcp_duration_parse(args->duration, &length_us, &error))
        return hcp_cli_usage_error("grid", "--duration: %s", error->message);
    int status = read_time(client, "start", args->start, &start_us);
    hcp_json_set_time(body, "start", start_us);
    hcp_json_set_time(body, "end", start_us + length_us);
    if (status != HCP_EXIT_OK || args->respond_by == NULL)
        return status;
    status = read_time(client, "respond-by", args->respond_by, &respond_by_us);
    hcp_json_set_time(body, "respond_by", respond_by_us);
    return status;
}

typedef void (*show_fn)(const json_t *body);

/* Calls and shows the answer. */
static int call(hcp_cli_client *client, const arguments *args, const hcp_cli_call *request,
                show_fn show)
{
    g_autoptr(json_t) answer = NULL;
    int status = hcp_cli_client_call(client, request, &answer);
    if (status != HCP_EXIT_OK)
        return status;
    if (args->client.json)
        hcp_cli_print_json(answer);
    else
        show(answer);
    return HCP_EXIT_OK;
}

/* What is announced or assessed, in `body`. */
static int fill_event(hcp_cli_client *client, const arguments *args, const char *verb, json_t *body)
{
    if (args->facility == NULL || args->start == NULL || args->duration == NULL)
        return hcp_cli_usage_error(
            "grid", "%s needs --facility, --start (a time or +30min) and --duration (1h)", verb);
    hcp_json_set_string(body, "facility", args->facility);
    if (args->kind != NULL)
        hcp_json_set_string(body, "kind", args->kind);
    if (args->program != NULL)
        hcp_json_set_string(body, "program", args->program);
    int status = set_times(client, args, body);
    if (status != HCP_EXIT_OK)
        return status;
    hcp_json_set_int(body, "ramp_min", args->ramp_min);
    hcp_json_set_int(body, "restore_min", args->restore_min);
    hcp_json_set_int(body, "interval_min", args->interval_min);
    set_number(body, "reduce_mw", args->reduce_mw);
    set_number(body, "at_most_mw", args->at_most_mw);
    set_number(body, "payment_usd_per_mwh", args->payment);
    set_number(body, "availability_usd_per_mw", args->availability);
    set_number(body, "penalty_usd_per_mwh", args->penalty);
    if (args->evict)
        hcp_json_set_bool(body, "evict", true);
    return HCP_EXIT_OK;
}

static int announce(hcp_cli_client *client, const arguments *args)
{
    g_autoptr(json_t) body = json_object();
    int status = fill_event(client, args, "announce", body);
    const hcp_cli_call request = {
        .path = "/api/v1/grid/events", .body = body, .idempotency_key = args->key};
    return status == HCP_EXIT_OK ? call(client, args, &request, show_event) : status;
}

static int assess(hcp_cli_client *client, const arguments *args)
{
    g_autoptr(json_t) body = json_object();
    int status = fill_event(client, args, "assess", body);
    const hcp_cli_call request = {.path = "/api/v1/grid/events/assess", .body = body};
    return status == HCP_EXIT_OK ? call(client, args, &request, show_assessment) : status;
}

/* accept, decline and cancel are operations of the event. */
static int change(hcp_cli_client *client, const arguments *args, const char *verb,
                  const char *event)
{
    g_autofree char *end = g_strconcat("/", verb, NULL);
    g_autofree char *path = hcp_cli_path_of("/api/v1/grid/events/", event, end);
    g_autoptr(json_t) body = json_object();
    if (args->reason != NULL)
        hcp_json_set_string(body, "reason", args->reason);
    const hcp_cli_call request = {.path = path, .body = body};
    return call(client, args, &request, show_event);
}

/* --- reserve --------------------------------------------------------------------------------------------------------- */

static const hcp_cli_column RESERVE[] = {
    {"sold now", "reserve.product", NULL, false, true, 0},
    {"MW", "reserve.ready_mw", NULL, false, false, 0},
    {"USD/(MW h)", "reserve.usd_per_mw_h", hcp_cli_format_fixed2, false, false, 0},
    {"share %", "reserve.share_pct", NULL, false, false, 0},
    {"called from USD/MWh", "reserve.call_usd_per_mwh", NULL, false, false, 0},
    {"income USD", "reserve_revenue_usd_micro", hcp_cli_format_usd, false, false, 0},
};
static const hcp_cli_table RESERVE_TABLE = {RESERVE, G_N_ELEMENTS(RESERVE)};

static void show_reserve(const json_t *body)
{
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_table_print_object(&RESERVE_TABLE, body, &style);
}

static json_t *products_json(const char *names)
{
    json_t *list = json_array();
    g_auto(GStrv) split = g_strsplit(names, ",", -1);
    for (guint i = 0; split[i] != NULL && !g_str_equal(names, "none"); i++)
        json_array_append_new(list, json_string(split[i]));
    return list;
}

/* Shows what a facility sells, and sets it first when an option says so. */
static int reserve(hcp_cli_client *client, const arguments *args, const char *facility)
{
    g_autofree char *path = hcp_cli_path_of("/api/v1/facilities/", facility, "/reserve");
    g_autofree char *shown = hcp_cli_path_of("/api/v1/facilities/", facility, "");
    g_autoptr(json_t) body = json_object();
    if (args->products != NULL)
        json_object_set_new(body, "products", products_json(args->products));
    set_number(body, "share_pct", args->share_pct);
    if (args->call_usd_per_mwh >= 0)
        hcp_json_set_number(body, "call_usd_per_mwh", args->call_usd_per_mwh);
    if (json_object_size(body) > 0) {
        g_autoptr(json_t) answer = NULL;
        int status = hcp_cli_client_call(
            client, &(hcp_cli_call){.method = "PUT", .path = path, .body = body}, &answer);
        if (status != HCP_EXIT_OK)
            return status;
    }
    return hcp_cli_show_object(client, shown, args->client.json, show_reserve);
}

/* Shows the rule by which a facility answers offers; with --margin sets it, or with "off" takes it away. */
static int rule(hcp_cli_client *client, const arguments *args)
{
    if (args->facility == NULL)
        return hcp_cli_usage_error("grid", "rule needs --facility");
    if (args->margin == NULL) {
        g_autofree char *path = hcp_cli_path_of("/api/v1/facilities/", args->facility, "");
        return hcp_cli_show_object(client, path, args->client.json, show_rule);
    }
    g_autofree char *path = hcp_cli_path_of("/api/v1/facilities/", args->facility, "/grid-rule");
    g_autoptr(json_t) body = json_object();
    char *end = NULL;
    double margin_usd = g_ascii_strtod(args->margin, &end);
    if (*args->margin == '\0' || (*end != '\0' && !g_str_equal(args->margin, "off")))
        return hcp_cli_usage_error("grid", "--margin is an amount in USD, or off");
    if (!g_str_equal(args->margin, "off"))
        hcp_json_set_number(body, "margin_usd", margin_usd);
    const hcp_cli_call request = {.path = path, .method = "PUT", .body = body};
    return call(client, args, &request, show_rule);
}

#define VERBS "events announce assess show accept decline cancel rule reserve"

static int run(const void *given, char **operands)
{
    const arguments *args = given;
    const char *verb = operands[0] != NULL ? operands[0] : "events";
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("grid", &args->client);
    if (g_str_equal(verb, "events"))
        return list(client, args);
    if (g_str_equal(verb, "announce"))
        return announce(client, args);
    if (g_str_equal(verb, "reserve") && operands[1] == NULL)
        return hcp_cli_usage_error("grid", "reserve needs the key of a facility");
    if (g_str_equal(verb, "reserve"))
        return reserve(client, args, operands[1]);
    if (g_str_equal(verb, "assess"))
        return assess(client, args);
    if (g_str_equal(verb, "rule"))
        return rule(client, args);
    if (operands[1] == NULL)
        return hcp_cli_usage_error("grid", "%s needs the id of an event: `hcp grid events`", verb);
    if (g_str_equal(verb, "accept") || g_str_equal(verb, "decline") || g_str_equal(verb, "cancel"))
        return change(client, args, verb, operands[1]);
    if (!g_str_equal(verb, "show"))
        return hcp_cli_usage_error("grid", "\"%s\" is none of %s", verb, VERBS);
    g_autofree char *path = hcp_cli_path_of("/api/v1/grid/events/", operands[1], "/report");
    return hcp_cli_show_object(client, path, args->client.json, show_event);
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"facility", 'f', HCP_CLI_STRING, AT(facility), "Whose event, or only of this one", "FACILITY",
     NULL},
    {"open", 'o', HCP_CLI_FLAG, AT(open), "events: only what is not over", NULL, NULL},
    {"start", 's', HCP_CLI_STRING, AT(start), "announce, assess: RFC 3339, or +30min from now",
     "TIME", NULL},
    {"duration", 'd', HCP_CLI_STRING, AT(duration), "announce: how long, such as 1h30min",
     "DURATION", NULL},
    {"reduce-mw", 'r', HCP_CLI_NUMBER, AT(reduce_mw), "announce: by how much, at the meter", "MW",
     NULL},
    {"at-most-mw", 0, HCP_CLI_NUMBER, AT(at_most_mw), "announce: or the level to stay below", "MW",
     NULL},
    {"kind", 0, HCP_CLI_STRING, AT(kind), "announce: what it is", "KIND",
     "demand_response reserve_call"},
    {"program", 0, HCP_CLI_STRING, AT(program), "announce: of which programme", "TEXT", NULL},
    {"ramp-min", 0, HCP_CLI_INT, AT(ramp_min), "announce: load goes that long before (10)", "N",
     NULL},
    {"restore-min", 0, HCP_CLI_INT, AT(restore_min), "announce: the cap comes back over (15)", "N",
     NULL},
    {"interval-min", 0, HCP_CLI_INT, AT(interval_min), "announce: measured every 5 or 15", "N",
     "5 15"},
    {"payment", 0, HCP_CLI_NUMBER, AT(payment), "announce: for energy left to the grid", "USD/MWh",
     NULL},
    {"availability", 0, HCP_CLI_NUMBER, AT(availability), "announce: for the whole event", "USD/MW",
     NULL},
    {"penalty", 0, HCP_CLI_NUMBER, AT(penalty), "announce: for energy not left", "USD/MWh", NULL},
    {"evict", 0, HCP_CLI_FLAG, AT(evict), "announce: leases may be ended for it", NULL, NULL},
    {"respond-by", 0, HCP_CLI_STRING, AT(respond_by), "announce: only offered, to be answered by",
     "TIME", NULL},
    {"reason", 0, HCP_CLI_STRING, AT(reason), "accept, decline, cancel: why", "TEXT", NULL},
    {"margin", 0, HCP_CLI_STRING, AT(margin), "rule: accept offers worth more, or off", "USD",
     "off"},
    {"products", 0, HCP_CLI_STRING, AT(products), "reserve: what to sell, comma-separated, or none",
     "LIST", "rrs ecrs nspin regup none"},
    {"share", 0, HCP_CLI_NUMBER, AT(share_pct), "reserve: of what stands ready", "PERCENT", NULL},
    {"called-from", 0, HCP_CLI_NUMBER, AT(call_usd_per_mwh),
     "reserve: settled price from which a call is assumed; 0 = never", "USD/MWh", NULL},
    {"idempotency-key", 'k', HCP_CLI_STRING, AT(key), "announce: makes repeating it safe", "KEY",
     NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_GRID = {
    .name = "grid",
    .summary = "events of the grid weighed, answered and measured; reserve",
    .description =
        "During an event a facility draws no more than its target: miners stop first, then idle "
        "devices; leases only with --evict. What was left against the baseline is measured every "
        "interval and paid; show has the report. reserve shows or sets what a facility's running "
        "miners sell for standing ready to stop.\n\n"
        "assess takes the options of announce and says what the event would be worth, against the "
        "plan without it. With --respond-by an event is only offered: accept or decline answers "
        "it; with a rule the facility answers by itself.\n\n"
        "  hcp grid announce -f texas-north -s +30min -d 2h -r 5 --payment 300 --penalty 600\n"
        "  hcp grid rule -f texas-north --margin 200\n"
        "  hcp grid reserve texas-north --products rrs,ecrs --called-from 1000",
    .operands = "[VERB [EVENT|FACILITY]]",
    .verbs = VERBS,
    .max_operands = 2,
    .groups = {{&OPTIONS, 0},
               {&HCP_CLI_PAGE_OPTIONS, AT(page)},
               {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .defaults = &DEFAULTS,
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* The economic optimizer: profitability on request, the decision in force, the record of decisions. */
#include "base/timefmt.h"
#include "base/units.h"
#include "core/power.h"
#include "economics/formula.h"
#include "http/page.h"
#include "services/internal.h"
#include "services/list.h"
#include "services/merit.h"
#include "services/prices.h"
#include "services/regret.h"
#include "services/switch_costs.h"

#include <math.h>

/* What a calculation rests on, each value given with the question or taken from the market. */
typedef struct {
    double usd_per_kwh, btc_usd, gpu_spot_usd_per_h, difficulty, reward_btc, pue;
    double power_w, ths, count;
} basis;

static double given(const json_t *question, const char *key, double fallback)
{
    return hcp_json_number(question, key, fallback);
}

static double latest(const hcp_state *state, hcp_price_kind kind)
{
    return state->market.global[kind].value;
}

/* Power and hashrate come from the class's datasheet unless the question says otherwise. */
static void class_figures(const hcp_state *state, uint32_t class_ix, basis *b)
{
    const hcp_class_defined *class = &hcp_state_class(state, class_ix)->def;
    b->power_w = (double)class->tdp_w;
    if (class->power_targets.count == 0)
        return;
    const hcp_power_target *target =
        &((const hcp_power_target *)class->power_targets.items)[class->default_target];
    b->ths = target->ths;
    if (class->kind == HCP_DEVICE_ASIC)
        b->power_w = (double)target->power_w;
}

static basis basis_of(hcp_services *services, const json_t *question, uint32_t facility,
                      uint32_t class_ix)
{
    const hcp_state *state = hcp_services_state(services);
    uint32_t site = facility != HCP_NO_INDEX ? facility : 0;
    basis b = {.pue = facility != HCP_NO_INDEX
                          ? (double)hcp_state_facility(state, site)->def.pue_milli / 1000.0
                          : 1.0};
    if (class_ix != HCP_NO_INDEX)
        class_figures(state, class_ix, &b);
    b.usd_per_kwh = given(question, "electricity_usd_per_kwh",
                          hcp_prices_electricity(state, site)->value / 1000.0);
    b.btc_usd = given(question, "btc_usd", latest(state, HCP_PRICE_BTC));
    b.gpu_spot_usd_per_h = given(question, "gpu_spot_usd_per_h", latest(state, HCP_PRICE_GPU_SPOT));
    b.difficulty = given(question, "difficulty", latest(state, HCP_PRICE_DIFFICULTY));
    b.reward_btc =
        given(question, "block_reward_btc",
              latest(state, HCP_PRICE_BLOCK_SUBSIDY) + latest(state, HCP_PRICE_BLOCK_FEES));
    b.power_w = given(question, "power_draw_w", b.power_w);
    b.ths = given(question, "hash_rate_ths", b.ths);
    b.count = given(question, "count", 1);
    return b;
}

static double revenue_usd_per_h(const json_t *question, const basis *b)
{
    const char *kind = hcp_json_string(question, "resource_type", "");
    const char *workload = hcp_json_string(question, "workload_type", "");
    bool mines = g_ascii_strcasecmp(kind, "asic") == 0 || g_str_equal(workload, "bitcoin_mining");
    if (!mines)
        return hcp_formula_ai_usd_per_h(0, b->gpu_spot_usd_per_h,
                                        given(question, "utilization", 1.0));
    if (b->difficulty <= 0)
        return 0;
    return hcp_formula_mining_usd_per_h(
        b->ths, hcp_formula_hashprice(b->difficulty, b->reward_btc, b->btc_usd), 0);
}

static json_t *basis_json(const basis *b)
{
    return json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "electricity_usd_per_kwh",
                     b->usd_per_kwh, "btc_usd", b->btc_usd, "gpu_spot_usd_per_h",
                     b->gpu_spot_usd_per_h, "difficulty", b->difficulty, "block_reward_btc",
                     b->reward_btc, "pue", b->pue, "power_draw_w", b->power_w, "hash_rate_ths",
                     b->ths, "count", b->count);
}

static void calculate(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const json_t *question = hcp_http_request_body(request);
    const char *site = hcp_json_string(question, "facility", NULL);
    const char *class_key = hcp_json_string(question, "class", NULL);
    const hcp_core *core = hcp_services_core(services);
    uint32_t facility = site != NULL ? hcp_core_find_facility(core, site) : HCP_NO_INDEX;
    uint32_t class_ix = class_key != NULL ? hcp_core_find_class(core, class_key) : HCP_NO_INDEX;
    if (site != NULL && facility == HCP_NO_INDEX) {
        hcp_http_reply_not_found(request, "facility", site);
        return;
    }
    if (class_key != NULL && class_ix == HCP_NO_INDEX) {
        hcp_http_reply_not_found(request, "device class", class_key);
        return;
    }
    const basis b = basis_of(services, question, facility, class_ix);
    double revenue = b.count * revenue_usd_per_h(question, &b);
    double cost = b.count * hcp_formula_power_usd_per_h(b.power_w, b.pue, b.usd_per_kwh * 1000.0);
    double net = revenue - cost;
    json_t *body = json_pack(
        "{s:f, s:f, s:f, s:f, s:s, s:f, s:o}", "score", hcp_formula_score(revenue, cost),
        "expected_revenue", revenue, "estimated_cost", cost, "net_profit", net, "recommendation",
        net > 0 ? "allocate" : "hold", "usd_per_mwh",
        hcp_formula_usd_per_mwh(net, b.count * b.power_w, b.pue), "inputs", basis_json(&b));
    hcp_http_reply_json(request, 200, body);
}

static json_t *plans_json(const hcp_state *state, uint32_t facility, const hcp_array *plans)
{
    const hcp_facility_defined *site = &hcp_state_facility(state, facility)->def;
    json_t *list = json_array();
    const hcp_class_plan *plan = plans->items;
    for (uint32_t i = 0; i < plans->count; i++, plan++) {
        json_t *object = json_pack(
            "{s:s, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:f}", "class",
            hcp_state_class(state, plan->class_ix)->def.key, "serve", (int)plan->serve, "mine",
            (int)plan->mine, "idle", (int)plan->idle, "curtail", (int)plan->curtail, "power_target",
            (int)plan->power_target, "power_w", (json_int_t)plan->power_w, "usd_micro_per_h",
            (json_int_t)plan->usd_micro_per_h, "usd_per_mwh", plan->usd_per_mwh);
        hcp_json_set_string(object, "feeder", hcp_power_feeder_name(site, plan->feeder));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *inputs_json(const hcp_array *inputs)
{
    json_t *list = json_array();
    const hcp_decision_input *input = inputs->items;
    for (uint32_t i = 0; i < inputs->count; i++, input++) {
        json_t *object = json_object();
        hcp_json_set_string(object, "name", input->name);
        hcp_json_set_number(object, "value", input->value);
        hcp_json_set_string(object, "unit", input->unit);
        hcp_json_set_string(object, "source", input->source);
        hcp_json_set_time(object, "observed_at", input->observed_us);
        hcp_json_set_string(object, "quality",
                            hcp_enum_name(&HCP_QUALITY_NAMES, (int)input->quality));
        json_array_append_new(list, object);
    }
    return list;
}

/* Decisions recorded before they told a horizon compared what the two plans earn now. */
static void set_worth(json_t *object, const hcp_decision_recorded *decision)
{
    bool told = decision->horizon_us > 0;
    hcp_json_set_int(object, "gap_usd_micro_per_h",
                     told ? decision->gap_usd_micro_per_h
                          : decision->chosen_usd_micro_per_h - decision->rejected_usd_micro_per_h);
    if (!told)
        return;
    hcp_json_set_string(object, "source", decision->source);
    hcp_json_set_int(object, "gain_usd_micro", decision->gain_usd_micro);
    hcp_json_set_int(object, "gain_low_usd_micro", decision->gain_low_usd_micro);
    hcp_json_set_int(object, "gain_high_usd_micro", decision->gain_high_usd_micro);
    hcp_json_set_number(object, "horizon_hours",
                        (double)decision->horizon_us / (double)HCP_US_PER_H);
    hcp_json_set_number(object, "forecast_usd_per_mwh", decision->forecast_usd_per_mwh);
    hcp_json_set_number(object, "forecast_low_usd_per_mwh", decision->forecast_low_usd_per_mwh);
    hcp_json_set_number(object, "forecast_high_usd_per_mwh", decision->forecast_high_usd_per_mwh);
}

static json_t *decision_json(const hcp_state *state, const hcp_decision_recorded *decision,
                             int64_t at_us)
{
    json_t *object = json_object();
    hcp_services_set_id(object, "decision_id", HCP_ID_DECISION, decision->id.value);
    hcp_json_set_string(object, "facility", hcp_state_facility(state, decision->facility)->def.key);
    hcp_json_set_string(object, "policy", decision->policy);
    hcp_json_set_time(object, "time", at_us);
    hcp_json_set_time(object, "expires_at", decision->expires_us);
    hcp_json_set_string(object, "recommendation", decision->recommendation);
    hcp_json_set_string(object, "reason", decision->reason);
    hcp_json_set_string(object, "flip", decision->flip);
    hcp_json_set_number(object, "flip_usd_per_mwh", decision->flip_value);
    hcp_json_set_number(object, "confidence", decision->confidence);
    hcp_json_set_int(object, "chosen_usd_micro_per_h", decision->chosen_usd_micro_per_h);
    hcp_json_set_int(object, "rejected_usd_micro_per_h", decision->rejected_usd_micro_per_h);
    set_worth(object, decision);
    hcp_json_set_int(object, "reserve_usd_micro_per_h", decision->reserve_usd_micro_per_h);
    hcp_json_set_int(object, "switch_cost_usd_micro", decision->switch_cost_usd_micro);
    hcp_json_set_bool(object, "switch_recommended", decision->switch_recommended);
    hcp_json_set_bool(object, "moved", decision->moved);
    json_object_set_new(object, "inputs", inputs_json(&decision->inputs));
    json_object_set_new(object, "chosen", plans_json(state, decision->facility, &decision->chosen));
    json_object_set_new(object, "rejected",
                        plans_json(state, decision->facility, &decision->rejected));
    return object;
}

static json_t *recommendation_json(hcp_services *services, uint32_t facility)
{
    const hcp_state *state = hcp_services_state(services);
    const hcp_facility *site = hcp_state_facility(state, facility);
    const hcp_decision_recorded *decision = &site->decision;
    json_t *object = json_object();
    hcp_json_set_string(object, "recommendation", decision->recommendation);
    hcp_json_set_string(object, "facility", site->def.key);
    hcp_json_set_number(object, "btc_profit_per_hour",
                        hcp_money_to_usd(decision->btc_usd_micro_per_h));
    hcp_json_set_number(object, "ai_profit_per_hour",
                        hcp_money_to_usd(decision->ai_usd_micro_per_h));
    hcp_merit_set_planned(object, state, decision);
    hcp_json_set_number(object, "confidence", decision->confidence);
    hcp_json_set_bool(object, "switch_recommended", decision->switch_recommended);
    hcp_json_set_string(object, "reason", decision->reason);
    hcp_json_set_string(object, "flip", decision->flip);
    hcp_services_set_id(object, "decision_id", HCP_ID_DECISION, decision->id.value);
    hcp_json_set_time(object, "expires_at", decision->expires_us);
    json_object_set_new(object, "decision", decision_json(state, decision, site->decided_us));
    json_object_set_new(object, "merit_order", hcp_merit_json(services, facility));
    json_object_set_new(object, "switch_costs", hcp_switch_costs_json(state, facility));
    json_object_set_new(object, "regret", hcp_regret_day_json(services, facility));
    return object;
}

static bool decided(const hcp_state *state, uint32_t facility)
{
    return hcp_state_facility(state, facility)->decision.id.value != 0;
}

static void get_recommendation(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_state *state = hcp_services_state(services);
    const char *name = hcp_http_request_query(request, "facility");
    uint32_t facility =
        name != NULL ? hcp_core_find_facility(hcp_services_core(services), name) : 0;
    if (facility >= state->fleet.facilities->len) {
        hcp_http_reply_not_found(request, "facility", name != NULL ? name : "(none is defined)");
        return;
    }
    if (!decided(state, facility)) {
        hcp_http_reply_error(
            request, 503, "no-decision-yet",
            "no decision has been made for %s yet; the first follows the first prices",
            hcp_state_facility(state, facility)->def.key);
        return;
    }
    hcp_http_reply_json(request, 200, recommendation_json(services, facility));
}

static void list_recommendations(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_state *state = hcp_services_state(services);
    json_t *list = json_array();
    for (uint32_t facility = 0; facility < state->fleet.facilities->len; facility++)
        if (decided(state, facility))
            json_array_append_new(list, recommendation_json(services, facility));
    json_t *body = json_pack("{s:o}", "recommendations", list);
    hcp_page_finish(request, body, NULL);
    hcp_http_reply_json(request, 200, body);
}

/* Columns: time, payload of the decision's journal entry. */
static json_t *decision_row(void *data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    hcp_services *services = data;
    const char *payload = hcp_list_column_text(&values[1]);
    int64_t at_us = hcp_list_column_int(&values[0]);
    hcp_event event;
    g_autoptr(GError) error = NULL;
    if (!hcp_event_parse(hcp_event_type_name(HCP_EVENT_DECISION_RECORDED), at_us, payload,
                         strlen(payload), &event, &error))
        return json_pack("{s:s}", "error", error->message);
    json_t *object = decision_json(hcp_services_state(services), &event.decision_recorded, at_us);
    hcp_event_clear(&event);
    return object;
}

/* A query parameter as 0 or 1, NULL when absent. */
static hcp_projection_value flag(const hcp_http_request *request, const char *name)
{
    return hcp_http_request_query(request, name) == NULL
               ? hcp_projection_null()
               : hcp_projection_int(hcp_http_request_query_bool(request, name, false));
}

static void list_decisions(hcp_http_request *request, void *data)
{
    /* Newest first: the position is what has been seen, so the next page lies below it. */
    static const char sql[] =
        "SELECT d.id, d.at_us, e.payload FROM decision d JOIN journal_entry e ON e.seq = d.seq"
        " WHERE (?1 = '' OR d.id < ?1) AND (?3 IS NULL OR d.facility = ?3)"
        " AND (?4 IS NULL OR d.moved = ?4) AND (?5 IS NULL OR d.switch_recommended = ?5)"
        " AND d.at_us >= ?6 ORDER BY d.id DESC LIMIT ?2";
    hcp_list_reply(data, request,
                   &(hcp_list){
                       .sql = sql,
                       .values = {hcp_list_facility(data, request), flag(request, "moved"),
                                  flag(request, "switch_recommended"),
                                  hcp_projection_int(hcp_list_time(request, "from", 0))},
                       .n_values = 4,
                       .member = "decisions",
                       .row = decision_row,
                       .data = data,
                   });
}

static bool take_decision(void *user_data, const hcp_projection_value *values, int n_values)
{
    void **context = user_data;
    context[1] = decision_row(context[0], values, n_values);
    return false;
}

static void get_decision(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const char *id = hcp_http_request_param(request, "id");
    const hcp_projection_value value = hcp_projection_text(id);
    void *context[2] = {services, NULL};
    g_autoptr(GError) error = NULL;
    const hcp_journal_query_spec spec = {
        .sql = "SELECT d.at_us, e.payload FROM decision d JOIN journal_entry e ON e.seq = d.seq"
               " WHERE d.id = ?1",
        .values = &value,
        .n_values = 1};
    if (!hcp_journal_query(hcp_platform_journal(services->platform), &spec, take_decision, context,
                           &error))
        hcp_http_reply_error(request, 503, "history-unavailable", "%s", error->message);
    else if (context[1] == NULL)
        hcp_http_reply_not_found(request, "decision", id);
    else
        hcp_http_reply_json(request, 200, context[1]);
}

static const hcp_http_binding BINDINGS[] = {
    {"calculateProfitability", calculate},
    {"getRecommendation", get_recommendation},
    {"listRecommendations", list_recommendations},
    {"listDecisions", list_decisions},
    {"getDecision", get_decision},
};

bool hcp_services_bind_optimizer(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "services/merit.h"

#include "core/power.h"
#include "economics/formula.h"
#include "runtime/merit.h"
#include "services/prices.h"

#include <math.h>

/* At the edge money per MWh has cents. */
#define MARGIN_DIGITS 2

static const char *const USES[] = {[HCP_MERIT_SERVE] = "ai",
                                   [HCP_MERIT_MINE] = "mining",
                                   [HCP_MERIT_RESERVE] = "reserve",
                                   [HCP_MERIT_OFF] = "off"};

static const char *const RESTS[] = {[HCP_MERIT_RUNS] = NULL,
                                    [HCP_MERIT_UNTRUSTED] = "price_not_trusted",
                                    [HCP_MERIT_STRUCK] = "by_order",
                                    [HCP_MERIT_NO_PROFIT] = "no_profit"};

/* A class stands once for each feeder that its devices hang on. */
static void set_class(json_t *object, const hcp_state *state, const hcp_platform_merit *merit,
                      const hcp_merit *row)
{
    uint32_t class_ix = hcp_platform_merit_class(merit, row);
    if (class_ix == HCP_NO_INDEX) {
        json_object_set_new(object, "class", json_null());
        return;
    }
    const hcp_facility_defined *site = &hcp_state_facility(state, merit->facility)->def;
    const hcp_class_defined *cls = &hcp_state_class(state, class_ix)->def;
    int feeder = merit->input.classes[row->class_ix].feeder;
    hcp_json_set_string(object, "class", cls->key);
    hcp_json_set_string(object, "feeder", hcp_power_feeder_name(site, (uint32_t)feeder));
    if (row->use != HCP_MERIT_MINE)
        return;
    hcp_json_set_int(object, "power_target", row->target);
    hcp_json_set_int(object, "power_target_w",
                     hcp_power_device_w(cls, HCP_MODE_MINING, (uint32_t)row->target));
    hcp_json_set_bool(object, "labelled_simulation", cls->kind != HCP_DEVICE_ASIC);
}

static json_t *row_json(const hcp_state *state, const hcp_platform_merit *merit,
                        const hcp_merit *row)
{
    json_t *object = json_object();
    hcp_json_set_string(object, "use", USES[row->use]);
    set_class(object, state, merit, row);
    hcp_services_set_rounded(object, "margin_usd_per_mwh", row->margin_usd_per_mwh, MARGIN_DIGITS);
    hcp_services_set_rounded(object, "break_even_usd_per_mwh",
                             row->use == HCP_MERIT_OFF ? NAN : row->strike_usd_per_mwh,
                             MARGIN_DIGITS);
    if (row->use == HCP_MERIT_MINE) {
        const hcp_dispatch_class *class_ = &merit->input.classes[row->class_ix];
        hcp_services_set_rounded(object, "strike_usd_per_mwh",
                                 class_->struck ? class_->strike_usd_per_mwh : NAN, MARGIN_DIGITS);
        hcp_json_set_string(object, "rests", RESTS[hcp_merit_rests(&merit->input, row)]);
    }
    hcp_json_set_int(object, "available_w", llround(row->available_w));
    hcp_json_set_int(object, "used_w", llround(row->used_w));
    hcp_json_set_int(object, "usd_micro_per_h", hcp_money_from_usd(row->usd_per_h));
    return object;
}

json_t *hcp_merit_json(hcp_services *services, uint32_t facility)
{
    const hcp_state *state = hcp_services_state(services);
    const hcp_facility *site = hcp_state_facility(state, facility);
    const hcp_price_observed *price = hcp_prices_electricity(state, facility);
    hcp_platform_merit merit;
    hcp_platform_merit_order(services->platform, facility, &merit);
    json_t *rows = json_array();
    for (int i = 0; i < merit.n_rows; i++)
        json_array_append_new(rows, row_json(state, &merit, &merit.rows[i]));
    json_t *object = json_object();
    hcp_json_set_string(object, "facility", site->def.key);
    hcp_services_set_rounded(object, "electricity_usd_per_mwh", price->value, MARGIN_DIGITS);
    hcp_json_set_string(object, "electricity_quality",
                        hcp_enum_name(&HCP_QUALITY_NAMES, (int)price->quality));
    hcp_json_set_int(object, "cap_w", site->def.cap_w);
    hcp_json_set_int(object, "power_w", hcp_power_meter_w(&site->def, site->it_power_w));
    hcp_json_set_int(object, "switching_w", llround(merit.switching_w));
    json_object_set_new(object, "rows", rows);
    return object;
}

/* Profit and power, to be divided. */
typedef struct {
    double usd_per_h, power_w;
} margin;

static void set_margin(json_t *object, const char *key, const margin *sum, double pue)
{
    double usd_per_mwh =
        sum->power_w > 0 ? hcp_formula_usd_per_mwh(sum->usd_per_h, sum->power_w, pue) : NAN;
    hcp_services_set_rounded(object, key, usd_per_mwh, MARGIN_DIGITS);
}

void hcp_merit_set_margins(json_t *object, hcp_services *services, uint32_t facility)
{
    hcp_platform_merit merit;
    margin uses[G_N_ELEMENTS(USES)] = {0}, all = {0};
    hcp_platform_merit_order(services->platform, facility, &merit);
    for (int i = 0; i < merit.n_rows; i++) {
        const hcp_merit *row = &merit.rows[i];
        uses[row->use].usd_per_h += row->usd_per_h;
        uses[row->use].power_w += row->used_w;
        all.usd_per_h += row->usd_per_h;
        all.power_w += row->used_w;
    }
    /* The rows are at the meter already. */
    set_margin(object, "usd_per_mwh", &all, 1);
    set_margin(object, "ai_usd_per_mwh", &uses[HCP_MERIT_SERVE], 1);
    set_margin(object, "mining_usd_per_mwh", &uses[HCP_MERIT_MINE], 1);
}

void hcp_merit_set_planned(json_t *object, const hcp_state *state,
                           const hcp_decision_recorded *decision)
{
    const hcp_facility_defined *site = &hcp_state_facility(state, decision->facility)->def;
    margin all = {.usd_per_h = hcp_money_to_usd(decision->chosen_usd_micro_per_h)};
    margin ai = {.usd_per_h = hcp_money_to_usd(decision->ai_usd_micro_per_h)};
    margin mining = {.usd_per_h = hcp_money_to_usd(decision->btc_usd_micro_per_h)};
    const hcp_class_plan *plan = decision->chosen.items;
    for (uint32_t i = 0; i < decision->chosen.count; i++, plan++) {
        const hcp_class_defined *cls = &hcp_state_class(state, plan->class_ix)->def;
        all.power_w += (double)plan->power_w;
        ai.power_w += (double)(plan->serve * hcp_power_device_w(cls, HCP_MODE_SERVING, 0));
        mining.power_w +=
            (double)(plan->mine * hcp_power_device_w(cls, HCP_MODE_MINING, plan->power_target));
    }
    double pue = (double)site->pue_milli / 1000.0;
    set_margin(object, "usd_per_mwh", &all, pue);
    set_margin(object, "ai_usd_per_mwh", &ai, pue);
    set_margin(object, "btc_usd_per_mwh", &mining, pue);
}

static void get_merit_order(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_state *state = hcp_services_state(services);
    const char *name = hcp_http_request_query(request, "facility");
    uint32_t only =
        name != NULL ? hcp_core_find_facility(hcp_services_core(services), name) : HCP_NO_INDEX;
    if (name != NULL && only == HCP_NO_INDEX) {
        hcp_http_reply_not_found(request, "facility", name);
        return;
    }
    json_t *facilities = json_array();
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++)
        if (only == HCP_NO_INDEX || only == f)
            json_array_append_new(facilities, hcp_merit_json(services, f));
    json_t *body = json_object();
    hcp_json_set_time(body, "timestamp", hcp_platform_now(services->platform));
    json_object_set_new(body, "facilities", facilities);
    hcp_http_reply_json(request, 200, body);
}

static const hcp_http_binding BINDINGS[] = {
    {"getMeritOrder", get_merit_order},
};

bool hcp_services_bind_merit(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Facilities: power by use under the cap, what they have used and earned; and the cap itself. */
#include "base/units.h"
#include "core/metering.h"
#include "core/power.h"
#include "core/reserve.h"
#include "http/page.h"
#include "services/carbon.h"
#include "services/feeder_view.h"
#include "services/fleet_tally.h"
#include "services/grid_view.h"
#include "services/internal.h"
#include "services/prices.h"
#include "services/reserve_view.h"
#include "services/revenue.h"

#include <math.h>

static void set_power(json_t *object, const hcp_facility *site, int64_t cap_w)
{
    json_t *by_use = json_object();
    int64_t power_w = hcp_power_meter_w(&site->def, site->it_power_w);
    for (int use = 0; use < HCP_USES; use++)
        hcp_json_set_int(by_use, hcp_enum_name(&HCP_USE_NAMES, use),
                         hcp_power_meter_w(&site->def, site->use_power_w[use]));
    hcp_json_set_int(object, "cap_w", site->def.cap_w);
    hcp_json_set_int(object, "power_w", power_w);
    hcp_json_set_int(object, "cap_in_force_w", cap_w);
    hcp_json_set_int(object, "headroom_w", cap_w - power_w);
    hcp_services_set_rounded(object, "cap_used_pct",
                             100.0 * (double)power_w / (double)site->def.cap_w, 2);
    hcp_json_set_int(object, "it_power_w", site->it_power_w);
    hcp_json_set_number(object, "pue", (double)site->def.pue_milli / 1000.0);
    json_object_set_new(object, "power_by_use_w", by_use);
    hcp_services_set_rounded(object, "hashrate_ths", site->mining_ths, 1);
}

static void set_meter(json_t *object, const hcp_state *state, uint32_t facility, int64_t now_us)
{
    hcp_meter meter;
    hcp_meter_read(state, facility, now_us, &meter);
    json_t *by_use = json_object();
    for (int use = 0; use < HCP_USES; use++)
        hcp_json_set_int(by_use, hcp_enum_name(&HCP_USE_NAMES, use), meter.energy_j[use]);
    json_object_set_new(object, "energy_j", by_use);
    hcp_services_set_rounded(object, "energy_mwh", hcp_units_mwh(hcp_meter_energy_j(&meter)), 3);
    hcp_services_set_money(object, "energy_cost", meter.energy_cost_usd_micro);
    hcp_services_set_money(object, "true_up", meter.true_up_usd_micro);
    hcp_services_set_money(object, "peak_charge", meter.peak_charge_usd_micro);
    hcp_services_set_money(object, "mining_revenue", meter.mining_usd_micro);
    hcp_services_set_money(object, "pool_fee", meter.pool_fee_usd_micro);
    hcp_services_set_money(object, "ai_revenue", meter.ai_usd_micro);
    hcp_services_set_money(object, "grid_revenue", meter.grid_usd_micro);
    hcp_services_set_money(object, "reserve_revenue", meter.reserve_usd_micro);
    hcp_json_set_int(object, "reserve_w", hcp_power_reserve_w(state, facility));
    json_object_set_new(object, "reserve", hcp_reserve_json(state, facility, &meter));
    hcp_services_set_money(object, "profit", hcp_meter_profit(&meter));
    json_object_set_new(object, "revenue", hcp_revenue_json(&meter));
    hcp_services_set_money(object, "mining_revenue_per_h",
                           hcp_meter_mining_usd_micro_per_h(state, facility));
    hcp_services_set_money(object, "ai_revenue_per_h",
                           hcp_state_facility(state, facility)->ai_usd_micro_per_h);
    json_object_set_new(object, "carbon",
                        hcp_carbon_json(&hcp_state_facility(state, facility)->def, &meter));
    hcp_json_set_time(object, "metered_at", meter.at_us);
}

static void set_place(json_t *object, const hcp_facility_defined *def)
{
    hcp_services_set_id(object, "facility_id", HCP_ID_FACILITY, def->id.value);
    hcp_json_set_string(object, "key", def->key);
    hcp_json_set_string(object, "name", def->name);
    hcp_json_set_string(object, "location", def->location);
    hcp_json_set_string(object, "region", def->region);
    hcp_json_set_string(object, "hub", def->hub);
    hcp_json_set_int(object, "backbone_gbps", def->backbone_gbps);
    hcp_services_set_rounded(object, "network_rtt_ms",
                             (double)def->network_rtt_us / (double)HCP_US_PER_MS, 3);
}

/* What offers of the grid must be worth to be accepted without people; null = people answer. */
static json_t *grid_rule_json(const hcp_facility *site)
{
    if (!site->grid_rule)
        return json_null();
    json_t *object = json_object();
    hcp_services_set_money(object, "margin", site->grid_margin_usd_micro);
    return object;
}

/* Strike prices that operators have set, by class: one is set for the class on all feeders. */
static json_t *strikes_json(const hcp_state *state, uint32_t facility)
{
    json_t *list = json_array();
    uint64_t told = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (group->facility != facility || !group->struck || ((told >> group->class_ix) & 1) != 0)
            continue;
        told |= UINT64_C(1) << group->class_ix;
        json_t *row = json_object();
        hcp_json_set_string(row, "class", hcp_state_class(state, group->class_ix)->def.key);
        hcp_json_set_number(row, "usd_per_mwh", group->strike_usd_per_mwh);
        json_array_append_new(list, row);
    }
    return list;
}

static json_t *facility_json(hcp_services *services, uint32_t ix)
{
    const hcp_state *state = hcp_services_state(services);
    const hcp_facility *site = hcp_state_facility(state, ix);
    int64_t now_us = hcp_platform_now(services->platform);
    json_t *object = json_object();
    set_place(object, &site->def);
    hcp_json_set_bool(object, "emergency", site->emergency);
    hcp_json_set_time(object, "safe_at", site->safe_us);
    json_object_set_new(object, "grid_event", hcp_grid_summary_json(state, ix));
    json_object_set_new(object, "grid_rule", grid_rule_json(site));
    json_object_set_new(object, "strikes", strikes_json(state, ix));
    set_power(object, site, hcp_power_cap_w(state, ix));
    json_object_set_new(object, "feeders", hcp_feeders_json(hcp_services_core(services), ix));
    set_meter(object, state, ix, now_us);
    json_object_set_new(
        object, "electricity",
        hcp_prices_json(state, hcp_prices_electricity(state, ix), HCP_PRICE_ELECTRICITY, now_us));
    json_object_set_new(object, "devices", hcp_fleet_tally_by_kind(state, ix));
    return object;
}

static void list(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    g_auto(hcp_page) page = {0};
    if (!hcp_page_read(request, &page))
        return;
    guint n = hcp_services_state(services)->fleet.facilities->len;
    guint ix = (guint)g_ascii_strtoull(page.after, NULL, 10);
    guint end = (guint)MIN((guint64)n, (guint64)ix + (guint)page.limit);
    json_t *items = json_array();
    for (; ix < end; ix++)
        json_array_append_new(items, facility_json(services, ix));
    char last[16];
    g_snprintf(last, sizeof last, "%u", end);
    json_t *body = json_pack("{s:o, s:i}", "facilities", items, "total", (int)n);
    hcp_page_finish(request, body, end < n ? last : NULL);
    hcp_http_reply_json(request, 200, body);
}

/* False: the request has been answered. */
static bool find(hcp_services *services, hcp_http_request *request, uint32_t *ret_ix)
{
    const char *text = hcp_http_request_param(request, "id");
    *ret_ix = hcp_core_find_facility(hcp_services_core(services), text);
    if (*ret_ix == HCP_NO_INDEX)
        hcp_http_reply_not_found(request, "facility", text);
    return *ret_ix != HCP_NO_INDEX;
}

static void get(hcp_http_request *request, void *data)
{
    uint32_t ix;
    if (find(data, request, &ix))
        hcp_http_reply_json(request, 200, facility_json(data, ix));
}

static void set_cap(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    hcp_command command = {.type = HCP_COMMAND_SET_CAP};
    if (!find(services, request, &command.cap.facility))
        return;
    command.cap.cap_w = hcp_json_int(hcp_http_request_body(request), "cap_w", 0);
    hcp_outcome outcome = {0};
    if (!hcp_services_execute(services, request, &command, &outcome))
        return;
    hcp_outcome_clear(&outcome);
    hcp_http_reply_json(request, 200, facility_json(services, command.cap.facility));
}

/* Without a margin people answer again. */
static void set_grid_rule(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const json_t *margin = json_object_get(hcp_http_request_body(request), "margin_usd");
    hcp_command command = {
        .type = HCP_COMMAND_SET_GRID_RULE,
        .grid_rule = {.active = json_is_number(margin),
                      .margin_usd_micro = hcp_money_from_usd(json_number_value(margin))}};
    hcp_outcome outcome = {0};
    if (!find(services, request, &command.grid_rule.facility) ||
        !hcp_services_execute(services, request, &command, &outcome))
        return;
    hcp_outcome_clear(&outcome);
    hcp_http_reply_json(request, 200, facility_json(services, command.grid_rule.facility));
}

static void set_strike(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const json_t *body = hcp_http_request_body(request);
    const char *class_ = hcp_json_string(body, "class", NULL);
    const json_t *price = json_object_get(body, "usd_per_mwh");
    hcp_command command = {.type = HCP_COMMAND_SET_STRIKE,
                           .strike = {.class_ix = HCP_NO_INDEX,
                                      .active = json_is_number(price),
                                      .usd_per_mwh = json_number_value(price)}};
    if (!find(services, request, &command.strike.facility))
        return;
    if (class_ != NULL) {
        command.strike.class_ix = hcp_core_find_class(hcp_services_core(services), class_);
        if (command.strike.class_ix == HCP_NO_INDEX) {
            hcp_services_reply_refusal(
                request, &(hcp_refusal){.code = HCP_REFUSAL_INVALID,
                                        .field = "class",
                                        .message = "there is no such class; GET "
                                                   "/api/v1/capacity/summary lists them"});
            return;
        }
    }
    hcp_outcome outcome = {0};
    if (!hcp_services_execute(services, request, &command, &outcome))
        return;
    hcp_outcome_clear(&outcome);
    hcp_http_reply_json(request, 200, facility_json(services, command.strike.facility));
}

/* Products by name, as the schema allows them. */
static uint32_t products_of(const json_t *names)
{
    uint32_t mask = 0;
    size_t i;
    json_t *name;
    json_array_foreach(names, i, name) mask |= hcp_reserve_bit_of(json_string_value(name));
    return mask;
}

/* What the request leaves out stays as it is. */
static void set_reserve(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const json_t *body = hcp_http_request_body(request);
    const json_t *products = json_object_get(body, "products");
    hcp_command command = {.type = HCP_COMMAND_SET_RESERVE};
    hcp_reserve_changed *wanted = &command.reserve;
    if (!find(services, request, &wanted->facility))
        return;
    const hcp_facility_defined *def =
        &hcp_state_facility(hcp_services_state(services), wanted->facility)->def;
    double share_pct =
        hcp_json_number(body, "share_pct", (double)hcp_reserve_share_milli(def) / 10.0);
    wanted->products = products != NULL ? products_of(products) : def->reserve_products;
    wanted->share_milli = (uint32_t)MAX(1, lround(share_pct * 10.0));
    wanted->call_usd_per_mwh = hcp_json_number(body, "call_usd_per_mwh", def->call_usd_per_mwh);
    hcp_outcome outcome = {0};
    if (!hcp_services_execute(services, request, &command, &outcome))
        return;
    hcp_outcome_clear(&outcome);
    hcp_http_reply_json(request, 200, facility_json(services, wanted->facility));
}

static const hcp_http_binding BINDINGS[] = {
    {"listFacilities", list},
    {"getFacility", get},
    {"setFacilityCap", set_cap},
    {"setFacilityStrike", set_strike},
    {"setFacilityReserve", set_reserve},
    {"setFacilityGridRule", set_grid_rule},
};

bool hcp_services_bind_facilities(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

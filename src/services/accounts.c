/* SPDX-License-Identifier: Apache-2.0 */
/* What each facility did interval by interval: prices, power, income, and what the devices that dispatch moves did. */
#include "core/account.h"
#include "core/power.h"

#include "base/timefmt.h"
#include "base/units.h"
#include "services/carbon.h"
#include "services/internal.h"
#include "services/list.h"

#include <math.h>
#include <string.h>

/* Mean watts and devices are shown to a thousandth. */
#define DIGITS 3

static json_t *target_json(const hcp_class_defined *cls, const hcp_mined_target *mined, double us)
{
    json_t *object = json_object();
    int64_t power_w =
        mined->target < cls->power_targets.count
            ? ((const hcp_power_target *)cls->power_targets.items)[mined->target].power_w
            : cls->tdp_w;
    hcp_json_set_int(object, "power_target", mined->target);
    hcp_json_set_int(object, "power_w", power_w);
    hcp_services_set_rounded(object, "devices", (double)mined->mined_us / us, DIGITS);
    return object;
}

static json_t *class_json(const hcp_state *state, uint32_t facility, const hcp_class_account *row,
                          double us)
{
    const hcp_class_defined *cls = &hcp_state_class(state, row->class_ix)->def;
    const hcp_mined_target *mined = row->mined.items;
    json_t *object = json_object(), *targets = json_array();
    int64_t mined_us = 0;
    for (uint32_t i = 0; i < row->mined.count; i++) {
        mined_us += mined[i].mined_us;
        json_array_append_new(targets, target_json(cls, &mined[i], us));
    }
    hcp_json_set_string(object, "class", cls->key);
    hcp_json_set_string(
        object, "feeder",
        hcp_power_feeder_name(&hcp_state_facility(state, facility)->def, row->feeder));
    hcp_services_set_rounded(object, "at_hand", (double)row->at_hand_us / us, DIGITS);
    hcp_services_set_rounded(object, "mining", (double)mined_us / us, DIGITS);
    json_object_set_new(object, "mining_at", targets);
    hcp_json_set_int(object, "starts", row->starts);
    hcp_json_set_int(object, "stops", row->stops);
    hcp_services_set_money(object, "switching", row->switch_usd_micro);
    return object;
}

static void set_energy(json_t *object, const hcp_interval_closed *row, double us)
{
    static const char *const names[HCP_USES][2] = {
        [HCP_USE_AI] = {"energy_ai_mwh", "ai_mw"},
        [HCP_USE_MINING] = {"energy_mining_mwh", "mining_mw"},
        [HCP_USE_IDLE] = {"energy_idle_mwh", "idle_mw"},
    };
    double hours = us / (double)HCP_US_PER_H, carbon_mg = 0;
    for (int use = 0; use < HCP_USES; use++) {
        carbon_mg += (double)row->carbon_mg[use];
        double mwh = (double)row->energy_j[use] / (double)HCP_J_PER_MWH;
        hcp_json_set_number(object, names[use][0], mwh);
        hcp_services_set_rounded(object, names[use][1], mwh / hours, DIGITS);
    }
    hcp_services_set_rounded(object, "carbon_kg", carbon_mg / HCP_CARBON_MG_PER_KG, DIGITS);
}

static json_t *account_json(const hcp_state *state, const hcp_interval_closed *row)
{
    double us = (double)(row->until_us - row->from_us);
    const hcp_class_account *classes = row->classes.items;
    json_t *object = json_object(), *list = json_array();
    hcp_json_set_string(object, "facility", hcp_state_facility(state, row->facility)->def.key);
    hcp_json_set_time(object, "from", row->from_us);
    hcp_json_set_time(object, "to", row->until_us);
    hcp_json_set_number(object, "usd_per_mwh", row->usd_per_mwh);
    hcp_services_set_rounded(object, "settled_usd_per_mwh",
                             row->settled ? row->settled_usd_per_mwh : NAN, 6);
    hcp_json_set_number(object, "hashprice", row->hashprice);
    hcp_services_set_rounded(object, "cap_mw", row->cap_w / (double)HCP_W_PER_MW, DIGITS);
    hcp_services_set_rounded(object, "stale_s", (double)row->stale_us / (double)HCP_US_PER_S,
                             DIGITS);
    set_energy(object, row, us);
    hcp_services_set_money(object, "mining", row->mining_usd_micro);
    hcp_services_set_money(object, "ai", row->ai_usd_micro);
    hcp_services_set_money(object, "grid", row->grid_usd_micro);
    hcp_services_set_money(object, "pool_fee", row->pool_fee_usd_micro);
    hcp_services_set_money(object, "energy_cost", row->energy_cost_usd_micro);
    hcp_services_set_money(object, "true_up", row->true_up_usd_micro);
    hcp_services_set_money(object, "peak_charge", row->peak_charge_usd_micro);
    hcp_services_set_money(object, "profit", hcp_account_profit(row));
    for (uint32_t i = 0; i < row->classes.count; i++)
        json_array_append_new(list, class_json(state, row->facility, &classes[i], us));
    json_object_set_new(object, "classes", list);
    return object;
}

/* Columns: time and payload of the interval's journal entry, and what settled later. */
static json_t *account_row(void *data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    const char *payload = hcp_list_column_text(&values[1]);
    hcp_event event;
    g_autoptr(GError) error = NULL;
    if (!hcp_event_parse(hcp_event_type_name(HCP_EVENT_INTERVAL_CLOSED),
                         hcp_list_column_int(&values[0]), payload, strlen(payload), &event, &error))
        return json_pack("{s:s}", "error", error->message);
    event.interval_closed.settled = values[2].kind != HCP_PROJECTION_NULL;
    event.interval_closed.settled_usd_per_mwh = hcp_list_column_number(&values[2]);
    event.interval_closed.true_up_usd_micro = hcp_list_column_int(&values[3]);
    json_t *object = account_json(hcp_services_state(data), &event.interval_closed);
    hcp_event_clear(&event);
    return object;
}

static void list_accounts(hcp_http_request *request, void *data)
{
    /* Newest first, as decisions are. Facilities close at the same moment, so the position names both. */
    static const char sql[] =
        "SELECT printf('%020d %s', i.from_us, i.facility) AS position, e.time_us, e.payload,"
        " i.settled_usd_per_mwh, i.true_up_usd_micro"
        " FROM interval i JOIN journal_entry e ON e.seq = i.seq"
        " WHERE (?1 = '' OR position < ?1) AND (?3 IS NULL OR i.facility = ?3)"
        " AND i.until_us > ?4 AND i.from_us < ?5 ORDER BY i.from_us DESC, i.facility DESC LIMIT ?2";
    hcp_list_reply(data, request,
                   &(hcp_list){
                       .sql = sql,
                       .values = {hcp_list_facility(data, request),
                                  hcp_projection_int(hcp_list_time(request, "from", 0)),
                                  hcp_projection_int(hcp_list_time(request, "to", INT64_MAX))},
                       .n_values = 3,
                       .member = "accounts",
                       .row = account_row,
                       .data = data,
                   });
}

static const hcp_http_binding BINDINGS[] = {
    {"listAccounts", list_accounts},
};

bool hcp_services_bind_accounts(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

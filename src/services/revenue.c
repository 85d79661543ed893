/* SPDX-License-Identifier: Apache-2.0 */
#include "services/revenue.h"

#include "base/units.h"
#include "services/list.h"

#include <math.h>

enum { BTC, AI, GRID, CURTAILED, PARTS };

static const char *const PART_KEYS[PARTS] = {"btc", "ai", "grid", "curtailed_loss"};

static void set_amount(json_t *object, const char *key, hcp_usd_micro amount, int64_t cents)
{
    g_autofree char *micro = g_strconcat(key, "_usd_micro", NULL);
    g_autofree char *usd = g_strconcat(key, "_usd", NULL);
    hcp_json_set_int(object, micro, amount);
    hcp_json_set_number(object, usd, (double)cents / 100.0);
}

json_t *hcp_revenue_json(const hcp_meter *meter)
{
    const hcp_usd_micro parts[PARTS] = {[BTC] = meter->mining_usd_micro,
                                        [AI] = meter->ai_usd_micro,
                                        [GRID] = meter->grid_usd_micro,
                                        [CURTAILED] = meter->foregone_usd_micro};
    int64_t cents[PARTS], potential_cents = 0;
    hcp_usd_micro potential = 0, revenue = hcp_meter_revenue(meter);
    json_t *object = json_object();
    hcp_money_split_cents(parts, PARTS, cents);
    for (int i = 0; i < PARTS; i++) {
        set_amount(object, PART_KEYS[i], parts[i], cents[i]);
        potential += parts[i];
        potential_cents += cents[i];
    }
    set_amount(object, "potential", potential, potential_cents);
    set_amount(object, "total", revenue, potential_cents - cents[CURTAILED]);
    hcp_json_set_int(object, "btc_gross_usd_micro",
                     meter->mining_usd_micro + meter->pool_fee_usd_micro);
    hcp_json_set_int(object, "pool_fee_usd_micro", meter->pool_fee_usd_micro);
    hcp_json_set_int(object, "energy_cost_usd_micro", meter->energy_cost_usd_micro);
    hcp_json_set_int(object, "true_up_usd_micro", meter->true_up_usd_micro);
    hcp_json_set_int(object, "peak_charge_usd_micro", meter->peak_charge_usd_micro);
    hcp_json_set_int(object, "avoided_energy_cost_usd_micro", meter->avoided_usd_micro);
    hcp_json_set_int(object, "profit_usd_micro", hcp_meter_profit(meter));
    double margin_pct =
        revenue > 0 ? 100.0 * (double)hcp_meter_profit(meter) / (double)revenue : NAN;
    hcp_services_set_rounded(object, "margin_pct", margin_pct, 2);
    return object;
}

typedef struct {
    int64_t wanted, taken;
} opportunities;

static bool take_counts(void *user_data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    opportunities *found = user_data;
    found->wanted = hcp_list_column_int(&values[0]);
    found->taken = hcp_list_column_int(&values[1]);
    return false;
}

json_t *hcp_opportunities_json(hcp_services *services)
{
    int64_t now_us = hcp_platform_now(services->platform);
    int64_t midnight_us = now_us - now_us % HCP_US_PER_DAY;
    opportunities found = {0};
    const hcp_projection_value value = hcp_projection_int(midnight_us);
    const hcp_journal_query_spec spec = {
        .sql = "SELECT count(*), coalesce(sum(moved), 0) FROM decision"
               " WHERE at_us >= ?1 AND switch_recommended",
        .values = &value,
        .n_values = 1};
    if (!hcp_journal_query(hcp_platform_journal(services->platform), &spec, take_counts, &found,
                           NULL)) /* the answer says null */
        return json_null();
    json_t *object = json_object();
    hcp_json_set_int(object, "today", found.wanted);
    hcp_json_set_int(object, "taken", found.taken);
    hcp_json_set_time(object, "since", midnight_us);
    return object;
}

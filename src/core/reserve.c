/* SPDX-License-Identifier: Apache-2.0 */
/* What a facility sells as reserve, at which price, and orders that change it. */
#include "core/reserve.h"

#include "base/units.h"
#include "core/grid.h"
#include "core/internal.h"
#include "core/prices.h"

#include <math.h>

/* Nobody is called at a price below zero or beyond every market's offer cap. */
#define MOST_CALL_USD_PER_MWH 10000.0

/* --- prices -------------------------------------------------------------------------------------------------------- */

static bool is_dearer(double usd_per_mw, const hcp_reserve_price *best)
{
    return !isnan(usd_per_mw) && (isnan(best->usd_per_mw) || usd_per_mw > best->usd_per_mw);
}

int hcp_reserve_ahead(const hcp_state *state, uint32_t facility, int64_t at_us, int64_t step_us,
                      hcp_reserve_price *ret_prices, int n)
{
    uint32_t sold = hcp_state_facility(state, facility)->def.reserve_products;
    g_autofree double *values = g_new(double, n);
    int known = 0;
    for (int k = 0; k < n; k++)
        ret_prices[k] = (hcp_reserve_price){.usd_per_mw = NAN};
    for (int product = HCP_RESERVE_RRS; product < HCP_RESERVES; product++) {
        if ((sold & HCP_RESERVE_BIT(product)) == 0)
            continue;
        const hcp_price_series series = {HCP_PRICE_RESERVE, facility, (hcp_reserve)product};
        known = MAX(known, hcp_prices_ahead(state, &series, at_us, step_us, values, n));
        for (int k = 0; k < n; k++)
            if (is_dearer(values[k], &ret_prices[k]))
                ret_prices[k] = (hcp_reserve_price){values[k], (hcp_reserve)product};
    }
    return known;
}

int64_t hcp_reserve_share_milli(const hcp_facility_defined *facility)
{
    return facility->reserve_share_milli > 0 ? facility->reserve_share_milli : HCP_SHARE_WHOLE;
}

double hcp_reserve_of_share(const hcp_facility_defined *facility, double usd_per_mw)
{
    return MAX(0, usd_per_mw) * (double)hcp_reserve_share_milli(facility) / HCP_SHARE_WHOLE;
}

bool hcp_reserve_at_usd_per_mw(const hcp_state *state, uint32_t facility, int64_t at_us,
                               double *ret_usd_per_mw)
{
    hcp_reserve_price price;
    bool known = hcp_reserve_ahead(state, facility, at_us, 1, &price, 1) > 0;
    *ret_usd_per_mw =
        known ? hcp_reserve_of_share(&hcp_state_facility(state, facility)->def, price.usd_per_mw)
              : 0;
    return known;
}

const hcp_price_observed *hcp_reserve_in_force(const hcp_state *state, uint32_t facility)
{
    static const hcp_price_observed none;
    bool sells = hcp_state_facility(state, facility)->def.reserve_products != 0;
    return sells && facility < state->market.reserve->len
               ? &g_array_index(state->market.reserve, hcp_price_observed, facility)
               : &none;
}

double hcp_reserve_usd_per_mw(const hcp_state *state, uint32_t facility)
{
    const hcp_facility *row = hcp_state_facility(state, facility);
    const hcp_price_observed *price = hcp_reserve_in_force(state, facility);
    if (price->quality < HCP_QUALITY_SUSPECT || row->emergency ||
        hcp_grid_in_force(state, facility) != NULL)
        return 0;
    return hcp_reserve_of_share(&row->def, price->value);
}

uint32_t hcp_reserve_bit_of(const char *name)
{
    int product = hcp_enum_value(&HCP_RESERVE_NAMES, name);
    return product > HCP_RESERVE_NONE ? HCP_RESERVE_BIT(product) : 0;
}

/* --- orders -------------------------------------------------------------------------------------------------------- */

const char *hcp_reserve_fault(uint32_t products, double call_usd_per_mwh, uint32_t share_milli)
{
    if ((products & ~HCP_RESERVE_EVERY) != 0)
        return "it sells a product that does not exist";
    if (!isfinite(call_usd_per_mwh) || call_usd_per_mwh < 0 ||
        call_usd_per_mwh > MOST_CALL_USD_PER_MWH)
        return "the price it is called from is out of range";
    return share_milli > HCP_SHARE_WHOLE ? "its share is more than all" : NULL;
}

const char *hcp_reserve_apply_changed(hcp_core *core, const hcp_event *event)
{
    const hcp_reserve_changed *changed = &event->reserve_changed;
    if (changed->facility >= core->state.fleet.facilities->len)
        return "its facility is unknown";
    const char *fault =
        hcp_reserve_fault(changed->products, changed->call_usd_per_mwh, changed->share_milli);
    if (fault != NULL)
        return fault;
    hcp_metering_advance(core, changed->facility, event->time_us);
    hcp_facility_defined *def = &hcp_core_facility(core, changed->facility)->def;
    def->reserve_products = changed->products;
    def->call_usd_per_mwh = changed->call_usd_per_mwh;
    def->reserve_share_milli = changed->share_milli;
    return NULL;
}

/* The price in force is that of what is sold from now on: the dearest published for this hour, or none. */
static void reprice(hcp_txn *txn, uint32_t facility)
{
    hcp_reserve_price best;
    bool known =
        hcp_reserve_ahead(&txn->core->state, facility, txn->now_us, HCP_US_PER_H, &best, 1) > 0;
    hcp_event event = {
        .type = HCP_EVENT_PRICE_OBSERVED,
        .price_observed = {.kind = HCP_PRICE_RESERVE,
                           .facility = facility,
                           .source = g_strdup("published the day before"),
                           .observed_us = txn->now_us,
                           .quality = known ? HCP_QUALITY_GOOD : HCP_QUALITY_MISSING},
    };
    hcp_price_observed *price = &event.price_observed;
    if (known) {
        const hcp_price_series series = {HCP_PRICE_RESERVE, facility, best.product};
        price->value = price->low = price->high = best.usd_per_mw;
        price->product = best.product;
        price->simulated = hcp_prices_at(&txn->core->state, &series, txn->now_us)->simulated;
    }
    hcp_txn_emit(txn, &event);
}

bool hcp_reserve_decide_set(hcp_txn *txn, const hcp_command *command)
{
    const hcp_reserve_changed *wanted = &command->reserve;
    const hcp_state *state = &txn->core->state;
    if (wanted->facility >= state->fleet.facilities->len)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "facility", "unknown facility");
    const char *fault =
        hcp_reserve_fault(wanted->products, wanted->call_usd_per_mwh, wanted->share_milli);
    if (fault != NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "products", "%s", fault);
    const hcp_facility_defined *def = &hcp_state_facility(state, wanted->facility)->def;
    bool resold = def->reserve_products != wanted->products;
    if (!resold && def->call_usd_per_mwh == wanted->call_usd_per_mwh &&
        hcp_reserve_share_milli(def) ==
            (wanted->share_milli == 0 ? HCP_SHARE_WHOLE : wanted->share_milli))
        return true;
    hcp_txn_emit(txn, &(hcp_event){.type = HCP_EVENT_RESERVE_CHANGED, .reserve_changed = *wanted});
    if (resold)
        reprice(txn, wanted->facility);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reserve: which of the products' prices a facility is paid now, and its calls. Nobody records calls beside the prices, so a
 * facility may be given the settled price from which it is ASSUMED to be called; the events say that they are assumed.
 */
#include "base/units.h"
#include "core/grid.h"
#include "core/power.h"
#include "runtime/platform_internal.h"

hcp_reserve hcp_reserve_product_of(hcp_feed_kind kind)
{
    switch (kind) {
    case HCP_FEED_AS_RRS:
        return HCP_RESERVE_RRS;
    case HCP_FEED_AS_ECRS:
        return HCP_RESERVE_ECRS;
    case HCP_FEED_AS_NSPIN:
        return HCP_RESERVE_NSPIN;
    case HCP_FEED_AS_REGUP:
        return HCP_RESERVE_REGUP;
    default:
        return HCP_RESERVE_NONE;
    }
}

bool hcp_reserve_is_best(const hcp_platform *platform, const hcp_price_observed *price)
{
    const hcp_state *state = hcp_core_state(platform->core);
    uint32_t sold = hcp_state_facility(state, price->facility)->def.reserve_products;
    const hcp_price_observed *now =
        &g_array_index(state->market.reserve, hcp_price_observed, price->facility);
    if (price->product == HCP_RESERVE_NONE || (sold & HCP_RESERVE_BIT(price->product)) == 0)
        return false;
    return now->observed_us != price->observed_us || now->quality != price->quality ||
           price->value > now->value;
}

void hcp_reserve_call(hcp_platform *platform, const hcp_price_observed *price)
{
    const hcp_state *state = hcp_core_state(platform->core);
    const hcp_facility *facility = hcp_state_facility(state, price->facility);
    int64_t ready_w = hcp_power_reserve_w(state, price->facility);
    double call_usd_per_mwh = facility->def.call_usd_per_mwh;
    if (call_usd_per_mwh <= 0 || price->value < call_usd_per_mwh || ready_w <= 0 ||
        price->quality != HCP_QUALITY_GOOD || facility->grid_open > 0)
        return;
    int64_t now_us = hcp_clock_now(platform->options.clock);
    int64_t start_us = now_us + HCP_US_PER_MIN;
    int64_t length_us = CLAMP(price->interval_us, 15 * HCP_US_PER_MIN, HCP_US_PER_H);
    int64_t power_w = hcp_power_meter_w(&facility->def, facility->it_power_w);
    g_autofree char *source =
        g_strdup_printf("assumed: the settled price is at or above %.2f USD/MWh", call_usd_per_mwh);
    const hcp_grid_announced call = {
        .facility = price->facility,
        .kind = HCP_GRID_RESERVE_CALL,
        .source = source,
        .start_us = start_us,
        /* Over before the next price, which may call again. */
        .end_us = now_us + length_us - HCP_US_PER_MIN,
        .interval_us = 15 * HCP_US_PER_MIN,
        .target_w = MAX(1, power_w - ready_w),
    };
    hcp_platform_command(platform,
                         &(hcp_command){.type = HCP_COMMAND_ANNOUNCE_GRID, .grid = &call});
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Observations and settlements of a recorded market. */
#include "economics/market.h"

#include "base/units.h"
#include "economics/formula.h"

#include <math.h>

size_t hcp_market_published(const hcp_market *market, size_t t)
{
    double local_h = (double)market->steps[t].ts_us / (double)HCP_US_PER_H + market->utc_offset_h;
    double hour = local_h - 24.0 * floor(local_h / 24.0);
    double end = floor(hour) >= market->publication_hour ? 48.0 : 24.0;
    /* The remaining hours are counted whole, as the published settlement rules do. */
    double left_h = floor(end - hour);
    size_t left = (size_t)(left_h * round(1.0 / market->step_h));
    return MIN(market->n, t + MAX((size_t)1, left));
}

/* The charge of a peak per MWh drawn in its step. */
static double peak_usd_per_mwh(const hcp_market *market)
{
    return hcp_peak_usd_per_mw(&market->peak) / market->step_h;
}

void hcp_market_assume_peaks(hcp_market *market)
{
    hcp_peak_tracker tracker;
    hcp_peak_tracker_init(&tracker, &market->peak);
    for (size_t t = 0; t < market->n; t++) {
        hcp_market_step *s = &market->steps[t];
        int month = tracker.date.month;
        bool counted = tracker.counts;
        size_t at = tracker.at;
        hcp_peak_track(&tracker, t, s->ts_us, s->dam_usd_per_mwh);
        if (counted && tracker.date.month != month)
            market->steps[at].peak_usd_per_mwh = peak_usd_per_mwh(market);
        s->peak_usd_per_mwh = 0.0;
        s->peak_so_far = tracker.at;
        s->peak_chance = tracker.chance;
    }
    if (tracker.counts)
        market->steps[tracker.at].peak_usd_per_mwh = peak_usd_per_mwh(market);
}

/* Expected charges of the steps [t, end), all of which are published: in each month among them the highest step so far has
 * its chance. */
static void expect_peaks(const hcp_market *market, size_t t, size_t end, double *ret_usd_per_mwh)
{
    for (size_t u = t; u < end; u++)
        ret_usd_per_mwh[u - t] = 0.0;
    for (size_t last = end; last > t;) {
        const hcp_market_step *s = &market->steps[--last];
        if (s->peak_chance > 0.0 && s->peak_so_far >= t)
            ret_usd_per_mwh[s->peak_so_far - t] = s->peak_chance * peak_usd_per_mwh(market);
        /* On to the last step of the month before. */
        int month = hcp_date_of(s->ts_us, market->peak.utc_offset_h).month;
        while (last > t &&
               hcp_date_of(market->steps[last - 1].ts_us, market->peak.utc_offset_h).month == month)
            last--;
    }
}

void hcp_market_observe(const hcp_market *market, size_t t, hcp_market_published_prices *prices,
                        hcp_policy_observation *ret_observation)
{
    const hcp_market_step *now = &market->steps[t];
    size_t end = MIN(hcp_market_published(market, t), t + HCP_MARKET_DAM_MAX);
    for (size_t u = t; u < end; u++) {
        prices->dam[u - t] = market->steps[u].dam_usd_per_mwh;
        prices->reserve[u - t] = market->steps[u].reserve_usd_per_mw;
    }
    if (market->avoids_peaks)
        expect_peaks(market, t, end, prices->peak);
    *ret_observation = (hcp_policy_observation){
        .step = (int64_t)t,
        .ts_us = now->ts_us,
        .dam_usd_per_mwh = prices->dam,
        .n_dam = end - t,
        .reserve_usd_per_mw = market->sells_reserve ? prices->reserve : NULL,
        .peak_usd_per_mwh = market->avoids_peaks ? prices->peak : NULL,
        .call_usd_per_mwh = market->sells_reserve ? market->call_usd_per_mwh : INFINITY,
        .hashprice = hcp_formula_hashprice(
            now->difficulty, now->subsidy_btc + now->fee_previous_btc_per_block, now->btc_usd),
    };
    if (t == 0)
        return;
    const hcp_market_step *last = &market->steps[t - 1];
    ret_observation->has_last = true;
    ret_observation->last_price_usd_per_mwh = last->price_usd_per_mwh;
    ret_observation->last_demand = last->demand;
    ret_observation->last_rate_usd_per_gpu_h = last->rate_usd_per_gpu_h;
}

hcp_plant_inputs hcp_market_settled(const hcp_market *market, size_t t)
{
    const hcp_market_step *s = &market->steps[t];
    return (hcp_plant_inputs){
        .price_usd_per_mwh = s->price_usd_per_mwh,
        .hashprice =
            hcp_formula_hashprice(s->difficulty, s->subsidy_btc + s->fee_btc_per_block, s->btc_usd),
        .demand = s->demand,
        .rate_usd_per_gpu_h = s->rate_usd_per_gpu_h,
        .reserve_usd_per_mw = market->sells_reserve ? s->reserve_usd_per_mw : 0.0,
        .peak_usd_per_mwh = s->peak_usd_per_mwh,
        .called = market->sells_reserve && s->price_usd_per_mwh >= market->call_usd_per_mwh,
    };
}

double *hcp_market_rewards(const hcp_market *market, const hcp_plant *plant)
{
    size_t states = (size_t)plant->n_states;
    double *rewards = g_new0(double, market->n *states);
    for (size_t t = 0; t < market->n; t++) {
        hcp_plant_inputs in = hcp_market_settled(market, t);
        double row[HCP_PLANT_STATES_MAX];
        hcp_plant_rewards(plant, &in, row);
        for (size_t s = 0; s < states; s++)
            rewards[t * states + s] = row[s];
    }
    return rewards;
}

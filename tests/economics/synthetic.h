/* SPDX-License-Identifier: Apache-2.0 */
/* A small synthetic market for tests: a daily day-ahead shape, an AR(1) surprise, rare evening spikes, daily demand. */
#ifndef HCP_TESTS_ECONOMICS_SYNTHETIC_H
#define HCP_TESTS_ECONOMICS_SYNTHETIC_H

#include "economics/market.h"

/* Fills a market of `n` steps from `seed`. Free its steps with g_free. */
static inline hcp_market synthetic_market(uint64_t seed, size_t n, double step_h);

#include "base/rng.h"
#include "base/units.h"

#include <math.h>

static inline hcp_market synthetic_market(uint64_t seed, size_t n, double step_h)
{
    hcp_market market = {.step_h = step_h, .n = n, .utc_offset_h = -6.0, .publication_hour = 14.0};
    market.steps = g_new0(hcp_market_step, n);
    hcp_rng rng;
    hcp_rng_init(&rng, seed, 0);
    double surprise = 0.0, spike = 0.0;
    for (size_t t = 0; t < n; t++) {
        hcp_market_step *s = &market.steps[t];
        s->ts_us = (int64_t)1704088800 * HCP_US_PER_S + (int64_t)((double)t * step_h * 3.6e9);
        double hour = fmod((double)t * step_h, 24.0);
        surprise = 0.8 * surprise + 4.0 * hcp_rng_normal(&rng);
        bool evening = hour >= 18.0 && hour < 20.0;
        if (spike <= 0.0 && evening && hcp_rng_uniform(&rng) < 0.05 * step_h)
            spike = 1500.0;
        s->dam_usd_per_mwh =
            25.0 + 15.0 * sin((hour - 12.0) / 24.0 * 2.0 * G_PI) + (evening ? 25.0 : 0.0);
        s->price_usd_per_mwh = s->dam_usd_per_mwh + surprise + spike;
        spike = spike > 100.0 ? spike * pow(0.4, step_h) : 0.0;
        s->btc_usd = 60000.0;
        s->difficulty = 9e13;
        s->subsidy_btc = 3.125;
        s->fee_btc_per_block = 0.1;
        s->fee_previous_btc_per_block = 0.1;
        s->demand = CLAMP(0.5 + 0.4 * sin(hour / 24.0 * 2.0 * G_PI) + 0.03 * hcp_rng_normal(&rng),
                          0.0, 1.0);
        s->rate_usd_per_gpu_h = 0.08;
    }
    return market;
}

#endif

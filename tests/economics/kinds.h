/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Synthetic markets of several kinds, unlike the recorded one that the built-in price model has seen: what holds for all of
 * them is not a habit of one file. One seed and one kind give one market.
 */
#ifndef HCP_TESTS_ECONOMICS_KINDS_H
#define HCP_TESTS_ECONOMICS_KINDS_H

#include "base/rng.h"
#include "base/units.h"
#include "economics/market.h"

#include <math.h>

typedef enum {
    MARKET_REVERTING, /* the surprise is an AR(1) process and nothing else */
    MARKET_SPIKY,     /* spikes at any hour, more of them on days that the auction priced dear */
    MARKET_EVENING,   /* spikes in the evening that the auction does not see coming */
    MARKET_REGIMES,   /* calm, dear and wild weeks follow each other */
    MARKET_NEGATIVE,  /* cheap at noon, often below zero, surprises both ways */
    MARKET_KINDS
} market_kind;

static const char *const MARKET_KIND_NAMES[MARKET_KINDS] = {"reverting", "spiky", "evening",
                                                            "regimes", "negative"};

typedef struct {
    hcp_rng rng;
    market_kind kind;
    double step_h;
    double surprise, spike, daily; /* daily: what the auction adds to the whole day */
    double level, noise, spike_per_h;
} market_walk;

/* A regime lasts about nine days. */
static inline void market_regime(market_walk *w, bool begin)
{
    static const double level[] = {22, 45, 60}, noise[] = {3, 8, 25}, spikes[] = {0, 0.002, 0.02};
    if (!begin && hcp_rng_uniform(&w->rng) >= w->step_h / 216.0)
        return;
    int regime = (int)hcp_rng_below(&w->rng, 3);
    w->level = level[regime];
    w->noise = noise[regime];
    w->spike_per_h = spikes[regime];
}

static inline void market_day(market_walk *w)
{
    w->daily = 10.0 * hcp_rng_normal(&w->rng);
    if (w->kind == MARKET_SPIKY)
        w->daily += hcp_rng_uniform(&w->rng) < 0.1 ? 60.0 : 0.0;
}

static inline double market_spike_chance(const market_walk *w, double hour)
{
    bool evening = hour >= 18.0 && hour < 20.0;
    if (w->kind == MARKET_EVENING)
        return evening ? 0.03 : 0.0;
    if (w->kind == MARKET_SPIKY)
        return w->daily > 30.0 ? 0.05 : 0.003;
    return w->kind == MARKET_REGIMES ? w->spike_per_h : 0.0;
}

static inline double market_shape(const market_walk *w, double hour)
{
    double wave = sin((hour - 12.0) / 24.0 * 2.0 * G_PI);
    if (w->kind == MARKET_NEGATIVE)
        return 15.0 + 35.0 * cos(hour / 24.0 * 2.0 * G_PI) * cos(hour / 24.0 * 2.0 * G_PI) -
               20.0 * wave * wave;
    return w->level + 15.0 * wave + (hour >= 18.0 && hour < 20.0 ? 20.0 : 0.0);
}

static inline void market_step(market_walk *w, double hour, hcp_market_step *s)
{
    double keep = pow(0.8, w->step_h);
    w->surprise =
        keep * w->surprise + w->noise * sqrt((1 - keep * keep) / 0.36) * hcp_rng_normal(&w->rng);
    if (w->spike <= 0.0 && hcp_rng_uniform(&w->rng) < market_spike_chance(w, hour) * w->step_h)
        w->spike = hcp_rng_exponential(&w->rng, 600.0);
    s->dam_usd_per_mwh = market_shape(w, hour) + w->daily;
    s->price_usd_per_mwh = s->dam_usd_per_mwh + w->surprise + w->spike;
    w->spike = w->spike > 50.0 ? w->spike * pow(0.6, w->step_h) : 0.0;
}

/* Fills a market of `n` steps. Free its steps with g_free. */
static inline hcp_market market_of_kind(market_kind kind, uint64_t seed, size_t n, double step_h)
{
    hcp_market market = {.step_h = step_h, .n = n, .utc_offset_h = -6.0, .publication_hour = 14.0};
    market_walk w = {.kind = kind, .step_h = step_h, .level = 35.0, .noise = 6.0};
    hcp_rng_init(&w.rng, seed, (uint64_t)kind + 1);
    if (kind == MARKET_NEGATIVE)
        w.noise = 12.0;
    if (kind == MARKET_REGIMES)
        market_regime(&w, true);
    market.steps = g_new0(hcp_market_step, n);
    for (size_t t = 0; t < n; t++) {
        hcp_market_step *s = &market.steps[t];
        double hour = fmod((double)t * step_h, 24.0);
        if (hour < step_h / 2)
            market_day(&w);
        if (kind == MARKET_REGIMES)
            market_regime(&w, false);
        *s = (hcp_market_step){.ts_us = (int64_t)1704088800 * HCP_US_PER_S +
                                        (int64_t)((double)t * step_h * 3.6e9),
                               .btc_usd = 60000.0,
                               .difficulty = 9e13,
                               .subsidy_btc = 3.125,
                               .fee_btc_per_block = 0.1,
                               .fee_previous_btc_per_block = 0.1};
        market_step(&w, hour, s);
    }
    return market;
}

/* The same market where nobody publishes prices ahead. */
static inline void market_hide_day_ahead(hcp_market *market)
{
    for (size_t t = 0; t < market->n; t++)
        market->steps[t].dam_usd_per_mwh = NAN;
}

#endif

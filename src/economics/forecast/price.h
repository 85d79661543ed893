/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power price forecast: day-ahead prices as far as they are published, the same hour of the day before beyond that, and
 * where none are published what has lately settled at the hour; around them the Markov chain of the real-time surprise.
 * Learns from every step it is shown.
 */
#ifndef HCP_ECONOMICS_FORECAST_PRICE_H
#define HCP_ECONOMICS_FORECAST_PRICE_H

#include "economics/forecast/chain.h"
#include "economics/forecast/model.h"

#include <stdint.h>

#define HCP_PRICE_STEPS_MAX 192

/* What is known of prices when a step begins. */
typedef struct {
    int64_t ts_us;                 /* start of the step, UTC */
    const double *dam_usd_per_mwh; /* this step on, as far as published; NAN = not available */
    size_t n_dam;
    bool has_last; /* false: the last price has not arrived */
    double last_price_usd_per_mwh;
} hcp_price_known;

/* The price of the coming steps as a chain: step k is reached from grid point b by row b of matrix[k], and its price
 * at grid point b is usd_per_mwh[k][b]. */
typedef struct {
    int n;
    float first[HCP_CHAIN_STRIDE]; /* distribution over the grid points in step 0 */
    hcp_chain_matrix matrix[HCP_PRICE_STEPS_MAX];
    float usd_per_mwh[HCP_PRICE_STEPS_MAX][HCP_CHAIN_STRIDE];
    double base_usd_per_mwh[HCP_PRICE_STEPS_MAX]; /* day-ahead price, or what stands for it */
    double stretch_low, stretch_high; /* of step 0's range, by what earlier ranges missed */
} hcp_price_outlook;

typedef struct hcp_price_forecast hcp_price_forecast;

/* Prices in the interconnection's standard time at `utc_offset_h`; `model` may be NULL (learn from nothing). */
hcp_price_forecast *hcp_price_forecast_new(double step_h, double utc_offset_h,
                                           const hcp_price_model *model);

/* Releases the forecast; NULL is allowed. */
void hcp_price_forecast_free(hcp_price_forecast *forecast);

/* Takes in what is known at the start of a step: learns from the last price, remembers the day-ahead prices. */
void hcp_price_forecast_step(hcp_price_forecast *forecast, const hcp_price_known *known);

/* Hours since a price last settled, beyond the one step that is always unknown: 0 when the feed is in time. The chain
 * runs on without them, so the outlook widens with every missing price. */
double hcp_price_forecast_stale_h(const hcp_price_forecast *forecast);

/* Fills the outlook over `n` steps (1..HCP_PRICE_STEPS_MAX) from the step last taken in. */
void hcp_price_forecast_outlook(hcp_price_forecast *forecast, int n,
                                hcp_price_outlook *ret_outlook);

/* Fills first step and range of an outlook of this forecast as if the last settled price had been `usd_per_mwh`: a newer
 * quote of the same interval. Without effect while prices are missing. */
void hcp_price_forecast_given(const hcp_price_forecast *forecast, double usd_per_mwh,
                              hcp_price_outlook *outlook);

/* The same by grid point: the outlook's first step follows from row `ret_bin` of its first matrix and, by
 * `ret_upper_weight`, from the next one. False while prices are missing and the step before is not known. */
bool hcp_price_forecast_locate(const hcp_price_forecast *forecast, double usd_per_mwh, int *ret_bin,
                               double *ret_upper_weight);

/* Expected price of step `k` of the outlook's continuation, k from 0 at the step last taken in: the published or repeated
 * day-ahead price, or the hour's habit where none is published. */
double hcp_price_forecast_base(const hcp_price_forecast *forecast, int k);

/* What that was for the step before the one last taken in; NAN when there was none. */
double hcp_price_forecast_base_before(const hcp_price_forecast *forecast);

/* Expected price of step 0 of the outlook, USD/MWh. */
double hcp_price_outlook_mean(const hcp_price_outlook *outlook);

/* Quantile `q` (0..1) of step 0, USD/MWh, its distance from the median stretched so that the 80 % range has lately
 * held 80 % of the prices. */
double hcp_price_outlook_quantile(const hcp_price_outlook *outlook, double q);

/* Chance that the price of step 0 is at most `usd_per_mwh`, 0..1, by the distribution plans are made on. */
double hcp_price_outlook_below(const hcp_price_outlook *outlook, double usd_per_mwh);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_price_forecast, hcp_price_forecast_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far the stated 80 % range of the price must be stretched so that it holds 80 % of the prices: a factor for each
 * side that follows what settled, by price level (quantile tracking, Gibbs and Candès, "Adaptive conformal inference
 * under distribution shift", NeurIPS 2021). It moves the ends of the range only; the forecast's distribution, on which
 * plans are made, is not touched.
 */
#ifndef HCP_ECONOMICS_FORECAST_RANGE_H
#define HCP_ECONOMICS_FORECAST_RANGE_H

#include <stdbool.h>

#define HCP_PRICE_RANGE_LEVELS 4

/* Logarithms of the factors at each level; the caller owns the storage. */
typedef struct {
    double log_low[HCP_PRICE_RANGE_LEVELS];
    double log_high[HCP_PRICE_RANGE_LEVELS];
} hcp_price_range;

/* Starts narrow in calm hours and wide in storms, where the chain has seen few moves. */
void hcp_price_range_init(hcp_price_range *range);

/* Factors by which the distances from the median to the 10 % and to the 90 % quantile, both squashed, are multiplied
 * when the expected price is `expected_usd_per_mwh`. */
void hcp_price_range_factors(const hcp_price_range *range, double expected_usd_per_mwh,
                             double *ret_low, double *ret_high);

/* Learns from one step: whether its price fell below or above the range stated. */
void hcp_price_range_observe(hcp_price_range *range, double expected_usd_per_mwh, bool below,
                             bool above);

#endif

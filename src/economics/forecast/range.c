/* SPDX-License-Identifier: Apache-2.0 */
/* Quantile tracking on four levels of price, interpolated between them. */
#include "economics/forecast/range.h"

#include "economics/forecast/chain.h"

#include <math.h>

/* What either side may miss: a tenth each. */
#define MISS 0.1

/* Step of the tracker: a price outside moves its side by 9 %, one inside by 1 % the other way. */
#define GAIN 0.1

/* A factor stays within 1/LIMIT and LIMIT. */
#define LIMIT 4.5

static const double levels_usd_per_mwh[HCP_PRICE_RANGE_LEVELS] = {20, 60, 160, 400};
static const double start[HCP_PRICE_RANGE_LEVELS] = {-0.2, 0.0, 0.2, 0.5};

void hcp_price_range_init(hcp_price_range *range)
{
    for (int i = 0; i < HCP_PRICE_RANGE_LEVELS; i++)
        range->log_low[i] = range->log_high[i] = start[i];
}

/* The level below the price and how far it is on the way to the next. */
static int locate(double expected_usd_per_mwh, double *ret_upper_weight)
{
    double x = hcp_chain_squash(expected_usd_per_mwh);
    int i = 0;
    while (i < HCP_PRICE_RANGE_LEVELS - 2 && x >= hcp_chain_squash(levels_usd_per_mwh[i + 1]))
        i++;
    double low = hcp_chain_squash(levels_usd_per_mwh[i]);
    double high = hcp_chain_squash(levels_usd_per_mwh[i + 1]);
    *ret_upper_weight = CLAMP((x - low) / (high - low), 0.0, 1.0);
    return i;
}

void hcp_price_range_factors(const hcp_price_range *range, double expected_usd_per_mwh,
                             double *ret_low, double *ret_high)
{
    double upper;
    int i = locate(expected_usd_per_mwh, &upper);
    *ret_low = exp((1.0 - upper) * range->log_low[i] + upper * range->log_low[i + 1]);
    *ret_high = exp((1.0 - upper) * range->log_high[i] + upper * range->log_high[i + 1]);
}

static void move(double *log_factor, double weight, bool missed)
{
    double v = *log_factor + GAIN * weight * ((missed ? 1.0 : 0.0) - MISS);
    *log_factor = CLAMP(v, -log(LIMIT), log(LIMIT));
}

void hcp_price_range_observe(hcp_price_range *range, double expected_usd_per_mwh, bool below,
                             bool above)
{
    double upper;
    int i = locate(expected_usd_per_mwh, &upper);
    move(&range->log_low[i], 1.0 - upper, below);
    move(&range->log_low[i + 1], upper, below);
    move(&range->log_high[i], 1.0 - upper, above);
    move(&range->log_high[i + 1], upper, above);
}

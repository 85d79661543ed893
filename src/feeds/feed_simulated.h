/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated market as a feed: BTC every 10 s, rent every minute, power every 5 minutes, the
 * next local day's prices at 13:30. Quality is `simulated`. */
#ifndef HCP_FEEDS_FEED_SIMULATED_H
#define HCP_FEEDS_FEED_SIMULATED_H

#include "feeds/feed.h"
#include "sim/market.h"

typedef struct {
    hcp_market_params market;
    const char *const *hubs;        /* market.n_hubs names; copied */
    const char *const *gpu_classes; /* n_gpu_classes names; copied */
    const double *gpu_factors;      /* rent of each class against the market's; NULL = 1; copied */
    int n_gpu_classes;
    int64_t min_interval_us; /* publish each kind at most this often; 0 = at its own cadence */
    const char *source;      /* name of the venue; NULL = "simulated"; copied */
    double btc_spread, rent_spread; /* deviation of the venue's quotes from the market's, log */
    uint64_t seed;                  /* venues of one market share it */
    int64_t start_us;
} hcp_feed_simulated_config;

/* A feed whose first observations are due at start_us. */
hcp_feed *hcp_feed_simulated_new(const hcp_feed_simulated_config *config);

/* The market behind a simulated feed, as of the last poll. */
const hcp_market_sim *hcp_feed_simulated_market(const hcp_feed *feed);

#endif

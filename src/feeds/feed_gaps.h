/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Silence, injected: a feed in front of another one, in which each stream (a kind and subject) is
 * silent for stretches drawn from a seed. What was due then comes as the last value growing stale,
 * then as missing; an auction for a future interval is missing at once.
 */
#ifndef HCP_FEEDS_FEED_GAPS_H
#define HCP_FEEDS_FEED_GAPS_H

#include "feeds/feed.h"
#include "sim/faults.h"

/* Takes over `inner` and frees it with itself. Only the feed_gap rates of `params` are used. */
hcp_feed *hcp_feed_gaps_new(hcp_feed *inner, const hcp_faults_params *params, uint64_t seed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Several sources of the same market as one feed: the median of those that can be trusted, with the
 * band in which they lie. A source is left out while it is stale, missing, silent, frozen (it repeats
 * itself while others move) or, of three and more, far from the median. An auction has one result:
 * it comes when the first source tells it, from the first that knows it.
 */
#ifndef HCP_FEEDS_FEED_MEDIAN_H
#define HCP_FEEDS_FEED_MEDIAN_H

#include "feeds/feed.h"

#define HCP_FEED_MEDIAN_SOURCES 8

typedef struct {
    double max_deviation; /* of a source from the median, as a ratio; 0 = 0.05. Not for power, whose
                             price may be near zero */
    int frozen_after;     /* equal values in a row, while another source moved; 0 = 12 */
} hcp_feed_median_params;

/* Takes over the `n_inners` feeds (1 to HCP_FEED_MEDIAN_SOURCES) and frees them with itself. NULL
 * `params` = all defaults. */
hcp_feed *hcp_feed_median_new(hcp_feed *const *inners, int n_inners,
                              const hcp_feed_median_params *params);

#endif

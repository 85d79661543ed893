/* SPDX-License-Identifier: Apache-2.0 */
/* What every market feed must do, whatever is behind it. */
#ifndef HCP_TESTS_FEEDS_CONFORMANCE_H
#define HCP_TESTS_FEEDS_CONFORMANCE_H

#include "feeds/feed.h"

/* A feed under test; two made alike say the same. It is watched for `span_us` from `start_us`. */
typedef struct {
    const char *name;
    int64_t start_us, span_us;
    hcp_feed *(*make)(void);
} conformance_fixture;

/* Adds the suite under "/feed/<name>/"; the fixture must outlive the tests. */
void conformance_add(const conformance_fixture *fixture);

/* Everything that `feed` publishes up to `until_us`, polled every `step_us` from `start_us`. */
GArray *conformance_collect(hcp_feed *feed, int64_t start_us, int64_t until_us, int64_t step_us);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Recorded prices and job traces: any bytes end in a sound feed or in one error. */
#include "feeds/feed_replay.h"
#include "feeds/workload_replay.h"

#include <math.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay_prices(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    hcp_feed_replay_config config = {
        .text = (const char *)data, .text_size = size, .anchor_us = INT64_MIN};
    g_autoptr(hcp_feed) feed = hcp_feed_replay_new(&config, &error);
    g_assert_true((feed == NULL) == (error != NULL));
    if (!feed)
        return;
    g_autoptr(GArray) seen = hcp_feed_observations_new();
    int64_t last_us = INT64_MIN;
    hcp_feed_poll(feed, INT64_MAX - 1, seen);
    for (guint i = 0; i < seen->len; i++) {
        const hcp_feed_observation *value = &g_array_index(seen, hcp_feed_observation, i);
        g_assert_cmpint(value->published_us, >=, last_us);
        g_assert_true(isfinite(value->value) == (value->quality != HCP_FEED_MISSING));
        last_us = value->published_us;
    }
    g_assert_cmpint(hcp_feed_next_due(feed), ==, INT64_MAX);
}

static void replay_jobs(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    hcp_workload_replay_config config = {
        .text = (const char *)data, .text_size = size, .n_customers = 3};
    g_autoptr(hcp_workload_source) source = hcp_workload_replay_new(&config, &error);
    g_assert_true((source == NULL) == (error != NULL));
    if (!source)
        return;
    hcp_arrivals_item item;
    int64_t last_us = INT64_MIN;
    while (hcp_workload_source_take(source, INT64_MAX - 1, &item)) {
        g_assert_cmpint(item.at_us, >=, last_us);
        g_assert_cmpint(item.duration_us, >=, 0);
        g_assert_cmpuint(item.gpu_count, >=, 1);
        last_us = item.at_us;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    replay_prices(data, size);
    replay_jobs(data, size);
    return 0;
}

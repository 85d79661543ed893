/* SPDX-License-Identifier: Apache-2.0 */
/* Injected silence, over the simulated and the replayed feed. */
#include "feeds/feed_gaps.h"

#include "conformance.h"
#include "feeds/feed_replay.h"
#include "feeds/feed_simulated.h"

#include <math.h>
#include <string.h>

#define S INT64_C(1000000)
#define H (3600 * S)
#define DAY (24 * H)
#define START_US (20000 * DAY)

static hcp_feed *simulated(void)
{
    static const char *const hubs[] = {"HB_WEST"};
    static const char *const classes[] = {"h100"};
    hcp_feed_simulated_config config = {
        .hubs = hubs, .gpu_classes = classes, .n_gpu_classes = 1, .seed = 4, .start_us = START_US};
    hcp_market_preset_params(HCP_MARKET_FREE, &config.market);
    return hcp_feed_simulated_new(&config);
}

static hcp_feed *with_gaps(hcp_feed *inner, double per_day, int64_t mean_us)
{
    hcp_faults_params params;
    hcp_faults_no_params(&params);
    params.feed_gap_per_day = per_day;
    params.feed_gap_mean_us = mean_us;
    return hcp_feed_gaps_new(inner, &params, 9);
}

static hcp_feed *make(void)
{
    return with_gaps(simulated(), 3, H / 2);
}

/* Without gaps the feed is the one behind it. */
static void test_transparent(void)
{
    g_autoptr(hcp_feed) plain = simulated();
    g_autoptr(hcp_feed) same = with_gaps(simulated(), 0, H);
    g_autoptr(GArray) a = conformance_collect(plain, START_US, START_US + DAY, H);
    g_autoptr(GArray) b = conformance_collect(same, START_US, START_US + DAY, H);
    g_assert_cmpuint(a->len, ==, b->len);
    for (guint i = 0; i < a->len; i++) {
        const hcp_feed_observation *left = &g_array_index(a, hcp_feed_observation, i);
        const hcp_feed_observation *right = &g_array_index(b, hcp_feed_observation, i);
        g_assert_cmpint(left->kind, ==, right->kind);
        g_assert_cmpfloat(left->value, ==, right->value);
    }
}

/* A kind goes stale, then missing, then comes back; a stale value is the last one. */
static void test_silence(void)
{
    g_autoptr(hcp_feed) feed = make();
    g_autoptr(GArray) all = conformance_collect(feed, START_US, START_US + 4 * DAY, H);
    int stale = 0;
    int missing = 0;
    int heard = 0;
    double last = NAN;
    for (guint i = 0; i < all->len; i++) {
        const hcp_feed_observation *seen = &g_array_index(all, hcp_feed_observation, i);
        if (seen->kind != HCP_FEED_BTC)
            continue;
        heard++;
        if (seen->quality == HCP_FEED_STALE) {
            g_assert_cmpfloat(seen->value, ==, last);
            g_assert_cmpint(seen->published_us - seen->observed_us, ==, 20 * S);
            stale++;
        } else if (seen->quality == HCP_FEED_MISSING) {
            g_assert_true(isnan(seen->value));
            g_assert_cmpint(seen->published_us - seen->observed_us, ==, 70 * S);
            missing++;
        } else {
            last = seen->value;
        }
    }
    g_assert_cmpint(stale, >, 3);
    g_assert_cmpint(missing, >, 2);
    g_assert_cmpint(missing, <=, stale);
    /* About 3 x 30 of the day's 1,440 minutes are silent. */
    g_assert_cmpint(heard, <, 4 * 8640 * 99 / 100);
    g_assert_cmpint(heard, >, 4 * 8640 * 80 / 100);
}

/* Always silent: nothing but "missing" is ever heard, of auctions hour by hour. */
static void test_always_silent(void)
{
    static const char text[] = "ts_utc,dam_usd_mwh,btc_usd\n"
                               "2024-01-01T00:00:00Z,10,100\n"
                               "2024-01-01T01:00:00Z,11,101\n"
                               "2024-01-01T02:00:00Z,12,102\n";
    hcp_feed_replay_config config = {
        .text = text, .text_size = strlen(text), .start_us = START_US, .anchor_us = INT64_MIN};
    /* Four gaps a day that last for years. */
    g_autoptr(hcp_feed) feed = with_gaps(hcp_feed_replay_new(&config, NULL), 4, 10000 * DAY);
    g_autoptr(GArray) all = conformance_collect(feed, START_US, START_US + DAY, H);
    int auctions = 0;
    g_assert_cmpuint(all->len, >, 0);
    for (guint i = 0; i < all->len; i++) {
        const hcp_feed_observation *seen = &g_array_index(all, hcp_feed_observation, i);
        g_assert_cmpint(seen->quality, ==, HCP_FEED_MISSING);
        g_assert_true(isnan(seen->value));
        auctions += seen->kind == HCP_FEED_POWER_DAM && seen->until_us > seen->from_us;
    }
    g_assert_cmpint(auctions, ==, 1); /* of 02:00; the hour in progress is no future interval */
}

static const conformance_fixture FIXTURE = {
    .name = "gaps", .start_us = START_US, .span_us = 2 * DAY, .make = make};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    conformance_add(&FIXTURE);
    g_test_add_func("/feed-gaps/transparent", test_transparent);
    g_test_add_func("/feed-gaps/silence", test_silence);
    g_test_add_func("/feed-gaps/always-silent", test_always_silent);
    return g_test_run();
}

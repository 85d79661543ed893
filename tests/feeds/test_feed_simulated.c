/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated feed: conformance, cadence, the day-ahead publication, silence. */
#include "feeds/feed_simulated.h"

#include "conformance.h"

#define S INT64_C(1000000)
#define H (3600 * S)
#define DAY (24 * H)
#define START_US (20000 * DAY + 6 * H) /* local midnight */

static hcp_feed *make(int64_t min_interval_us)
{
    static const char *const hubs[] = {"HB_WEST", "HB_NORTH"};
    static const char *const classes[] = {"h100", "l40s"};
    static const double factors[] = {1, 0.48};
    hcp_feed_simulated_config config = {.hubs = hubs,
                                        .gpu_classes = classes,
                                        .gpu_factors = factors,
                                        .n_gpu_classes = 2,
                                        .min_interval_us = min_interval_us,
                                        .seed = 4,
                                        .start_us = START_US};
    hcp_market_preset_params(HCP_MARKET_FREE, &config.market);
    config.market.n_hubs = 2;
    return hcp_feed_simulated_new(&config);
}

static hcp_feed *make_plain(void)
{
    return make(0);
}

static hcp_feed *make_slow(void)
{
    return make(15 * 60 * S);
}

static int count(const GArray *all, hcp_feed_kind kind, const char *subject)
{
    int n = 0;
    for (guint i = 0; i < all->len; i++) {
        const hcp_feed_observation *seen = &g_array_index(all, hcp_feed_observation, i);
        n += seen->kind == kind && g_strcmp0(seen->subject, subject) == 0;
    }
    return n;
}

static void test_cadence(void)
{
    g_autoptr(hcp_feed) feed = make_plain();
    g_autoptr(GArray) all = conformance_collect(feed, START_US, START_US + H, H);
    g_assert_cmpint(count(all, HCP_FEED_BTC, ""), ==, 361);
    g_assert_cmpint(count(all, HCP_FEED_POWER_RTM, "HB_WEST"), ==, 13);
    g_assert_cmpint(count(all, HCP_FEED_POWER_RTM, "HB_NORTH"), ==, 13);
    g_assert_cmpint(count(all, HCP_FEED_GPU_RENT, "h100"), ==, 61);
    g_assert_cmpint(count(all, HCP_FEED_GPU_RENT, "l40s"), ==, 61);
    g_assert_cmpint(count(all, HCP_FEED_DIFFICULTY, ""), ==, 2);

    g_autoptr(hcp_feed) slow = make_slow();
    g_autoptr(GArray) few = conformance_collect(slow, START_US, START_US + H, H);
    g_assert_cmpint(count(few, HCP_FEED_BTC, ""), ==, 5);
    g_assert_cmpint(count(few, HCP_FEED_POWER_RTM, "HB_WEST"), ==, 5);
}

/* At the start the current local day is known; at 13:30 the next one comes, hour by hour. */
static void test_day_ahead(void)
{
    g_autoptr(hcp_feed) feed = make_plain();
    g_autoptr(GArray) all = conformance_collect(feed, START_US, START_US + 3 * DAY, DAY);
    int64_t until_us = 0;
    int n = 0;
    for (guint i = 0; i < all->len; i++) {
        const hcp_feed_observation *seen = &g_array_index(all, hcp_feed_observation, i);
        if (seen->kind != HCP_FEED_POWER_DAM || g_strcmp0(seen->subject, "HB_WEST") != 0)
            continue;
        if (n == 0)
            g_assert_cmpint(seen->from_us, ==, START_US);
        else
            g_assert_cmpint(seen->from_us, ==, until_us);
        g_assert_cmpint(seen->until_us - seen->from_us, ==, H);
        if (n >= 24) /* published at 13:30 local time of the day before */
            g_assert_cmpint(seen->published_us, ==,
                            START_US + (n / 24 - 1) * DAY + 13 * H + 30 * 60 * S);
        until_us = seen->until_us;
        n++;
    }
    g_assert_cmpint(n, ==, 24 * 4);
    /* Reserve of the whole system comes with it. */
    g_assert_cmpint(count(all, HCP_FEED_AS_RRS, "*"), ==, 24 * 4);
    g_assert_cmpint(count(all, HCP_FEED_AS_ECRS, "*"), ==, 24 * 4);
    g_assert_cmpint(count(all, HCP_FEED_AS_NSPIN, "*"), ==, 24 * 4);
}

static void test_everything_is_labelled(void)
{
    g_autoptr(hcp_feed) feed = make_plain();
    g_autoptr(GArray) all = conformance_collect(feed, START_US, START_US + DAY, H);
    for (guint i = 0; i < all->len; i++) {
        const hcp_feed_observation *seen = &g_array_index(all, hcp_feed_observation, i);
        g_assert_cmpint(seen->quality, ==, HCP_FEED_SIMULATED);
        g_assert_cmpstr(seen->source, ==, "simulated");
    }
    g_assert_cmpfloat(hcp_feed_simulated_market(feed)->prices.btc_usd, >, 0);
}

static void test_names(void)
{
    g_assert_cmpstr(hcp_feed_kind_name(HCP_FEED_POWER_RTM), ==, "power_rtm");
    g_assert_cmpstr(hcp_feed_kind_unit(HCP_FEED_GPU_RENT), ==, "USD/GPU-hour");
    g_assert_cmpstr(hcp_feed_kind_name((hcp_feed_kind)99), ==, "unknown");
    g_assert_cmpstr(hcp_feed_quality_name(HCP_FEED_STALE), ==, "stale");
    for (int kind = 0; kind < HCP_FEED_KINDS; kind++) {
        g_assert_nonnull(hcp_feed_kind_name((hcp_feed_kind)kind));
        g_assert_nonnull(hcp_feed_kind_unit((hcp_feed_kind)kind));
    }
}

static const conformance_fixture PLAIN = {
    .name = "simulated", .start_us = START_US, .span_us = 2 * DAY, .make = make_plain};
static const conformance_fixture SLOW = {
    .name = "simulated-slow", .start_us = START_US, .span_us = 2 * DAY, .make = make_slow};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    conformance_add(&PLAIN);
    conformance_add(&SLOW);
    g_test_add_func("/feed-simulated/cadence", test_cadence);
    g_test_add_func("/feed-simulated/day-ahead", test_day_ahead);
    g_test_add_func("/feed-simulated/labels", test_everything_is_labelled);
    g_test_add_func("/feed-simulated/names", test_names);
    return g_test_run();
}

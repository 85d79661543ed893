/* SPDX-License-Identifier: Apache-2.0 */
/* The consensus of several sources: median, band, outliers, frozen and silent sources. */
#include "feeds/feed_median.h"

#include "conformance.h"
#include "feeds/feed_gaps.h"
#include "feeds/feed_replay.h"
#include "feeds/feed_simulated.h"

#include <math.h>
#include <string.h>

#define S INT64_C(1000000)
#define MIN_US (60 * S)
#define H (3600 * S)
#define DAY (24 * H)
#define START_US (20000 * DAY)

/* A source that quotes BTC every minute: the numbers of `quotes`, separated by spaces, "-" = none. */
static hcp_feed *quotes(const char *list)
{
    g_auto(GStrv) words = g_strsplit(list, " ", -1);
    GString *text = g_string_new("ts_utc,btc_usd\n");
    for (int i = 0; words[i]; i++)
        g_string_append_printf(text, "2024-01-01T%02d:%02d:00Z,%s\n", i / 60, i % 60,
                               strcmp(words[i], "-") == 0 ? "" : words[i]);
    hcp_feed_replay_config config = {.text = text->str,
                                     .text_size = text->len,
                                     .start_us = START_US,
                                     .anchor_us = INT64_C(1704067200) * S};
    hcp_feed *feed = hcp_feed_replay_new(&config, NULL);
    g_assert_nonnull(feed);
    g_string_free(text, TRUE);
    return feed;
}

/* The consensus of up to four sources, minute by minute. */
static GArray *consensus(const char *const *lists, int n, int minutes)
{
    hcp_feed *inners[HCP_FEED_MEDIAN_SOURCES];
    for (int i = 0; i < n; i++)
        inners[i] = quotes(lists[i]);
    g_autoptr(hcp_feed) feed = hcp_feed_median_new(inners, n, NULL);
    GArray *all = conformance_collect(feed, START_US, START_US + (minutes - 1) * MIN_US, MIN_US);
    g_assert_cmpuint(all->len, ==, (guint)minutes);
    for (guint i = 0; i < all->len; i++) /* the feed and its strings are about to go */
        g_array_index(all, hcp_feed_observation, i).source = NULL;
    return all;
}

static const hcp_feed_observation *at(const GArray *all, guint minute)
{
    return &g_array_index(all, hcp_feed_observation, minute);
}

static void test_median_and_band(void)
{
    static const char *const lists[] = {"100 110 120", "102 108 121", "101 111 119"};
    g_autoptr(GArray) all = consensus(lists, 3, 3);
    g_assert_cmpfloat(at(all, 0)->value, ==, 101);
    g_assert_cmpfloat(at(all, 0)->low, ==, 100);
    g_assert_cmpfloat(at(all, 0)->high, ==, 102);
    g_assert_cmpfloat(at(all, 1)->value, ==, 110);
    g_assert_cmpfloat(at(all, 2)->value, ==, 120);
    g_assert_cmpint(at(all, 2)->sources, ==, 3);
    g_assert_cmpint(at(all, 2)->quality, ==, HCP_FEED_GOOD);

    static const char *const two[] = {"100 110", "102 112"};
    g_autoptr(GArray) pair = consensus(two, 2, 2);
    g_assert_cmpfloat(at(pair, 1)->value, ==, 111);
}

/* A source that is 50 % off is left out of value and band; two cannot say who is wrong. */
static void test_outlier(void)
{
    static const char *const lists[] = {"100 100.5", "101 101.5", "150 50"};
    g_autoptr(GArray) all = consensus(lists, 3, 2);
    for (guint i = 0; i < 2; i++) {
        g_assert_cmpfloat_with_epsilon(at(all, i)->value, 100.5 + 0.5 * i, 1e-9);
        g_assert_cmpfloat(at(all, i)->high - at(all, i)->low, ==, 1);
        g_assert_cmpint(at(all, i)->sources, ==, 2);
    }
    static const char *const two[] = {"100", "150"};
    g_autoptr(GArray) pair = consensus(two, 2, 1);
    g_assert_cmpfloat(at(pair, 0)->value, ==, 125);
    g_assert_cmpfloat(at(pair, 0)->low, ==, 100);
    g_assert_cmpfloat(at(pair, 0)->high, ==, 150);
}

/* The third source repeats itself while the others move: after 12 repetitions it is left out. */
static void test_frozen(void)
{
    GString *moving = g_string_new("100");
    GString *frozen = g_string_new("100");
    for (int i = 1; i < 20; i++) {
        g_string_append_printf(moving, " %g", 100 + 0.1 * i);
        g_string_append(frozen, " 100");
    }
    const char *const lists[] = {moving->str, moving->str, frozen->str};
    g_autoptr(GArray) all = consensus(lists, 3, 20);
    g_assert_cmpfloat(at(all, 11)->low, ==, 100);
    g_assert_cmpfloat(at(all, 12)->low, ==, at(all, 12)->value);
    g_assert_cmpfloat(at(all, 19)->low, ==, at(all, 19)->value);

    /* When the whole market stands still nobody is frozen. */
    const char *const still[] = {frozen->str, frozen->str};
    g_autoptr(GArray) quiet = consensus(still, 2, 20);
    g_assert_cmpint(at(quiet, 19)->quality, ==, HCP_FEED_GOOD);
    g_assert_cmpfloat(at(quiet, 19)->value, ==, 100);
    g_string_free(moving, TRUE);
    g_string_free(frozen, TRUE);
}

static void test_missing_sources(void)
{
    static const char *const lists[] = {"100 - - - - - - -", "102 103 - - - - - -"};
    g_autoptr(GArray) all = consensus(lists, 2, 8);
    g_assert_cmpfloat(at(all, 0)->value, ==, 101);
    g_assert_cmpfloat(at(all, 1)->value, ==, 103); /* one source is left */
    g_assert_cmpint(at(all, 1)->quality, ==, HCP_FEED_GOOD);
    g_assert_cmpint(at(all, 2)->quality, ==, HCP_FEED_STALE);
    g_assert_cmpfloat(at(all, 2)->value, ==, 103);
    g_assert_cmpint(at(all, 2)->published_us - at(all, 2)->observed_us, ==, MIN_US);
    g_assert_cmpint(at(all, 7)->quality, ==, HCP_FEED_MISSING);
    g_assert_true(isnan(at(all, 7)->value));
}

/* The first source was silent when the auction came out; the second knows it. */
static void test_auction(void)
{
    static const char *const texts[] = {
        "ts_utc,dam_usd_mwh\n2024-01-01T00:00:00Z,\n2024-01-01T01:00:00Z,11\n",
        "ts_utc,dam_usd_mwh\n2024-01-01T00:00:00Z,20\n2024-01-01T01:00:00Z,21\n",
    };
    hcp_feed *inners[2];
    for (int i = 0; i < 2; i++) {
        hcp_feed_replay_config config = {.text = texts[i],
                                         .text_size = strlen(texts[i]),
                                         .start_us = START_US,
                                         .anchor_us = INT64_C(1704067200) * S};
        inners[i] = hcp_feed_replay_new(&config, NULL);
    }
    g_autoptr(hcp_feed) feed = hcp_feed_median_new(inners, 2, NULL);
    g_autoptr(GArray) all = conformance_collect(feed, START_US, START_US, S);
    g_assert_cmpuint(all->len, ==, 2);
    g_assert_cmpfloat(at(all, 0)->value, ==, 20);
    g_assert_cmpfloat(at(all, 1)->value, ==, 11);
}

/* Three simulated venues of one market, each with its own noise and gaps. */
static hcp_feed *venues(void)
{
    static const char *const names[] = {"venue-a", "venue-b", "venue-c"};
    static const char *const hubs[] = {"HB_WEST"};
    static const char *const classes[] = {"h100"};
    hcp_faults_params gaps;
    hcp_feed *inners[3];
    hcp_faults_no_params(&gaps);
    gaps.feed_gap_per_day = 3;
    gaps.feed_gap_mean_us = H;
    for (int i = 0; i < 3; i++) {
        hcp_feed_simulated_config config = {.hubs = hubs,
                                            .gpu_classes = classes,
                                            .n_gpu_classes = 1,
                                            .min_interval_us = MIN_US,
                                            .source = names[i],
                                            .btc_spread = 0.0005,
                                            .rent_spread = 0.03,
                                            .seed = 7,
                                            .start_us = START_US};
        hcp_market_preset_params(HCP_MARKET_FREE, &config.market);
        inners[i] = hcp_feed_gaps_new(hcp_feed_simulated_new(&config), &gaps, (uint64_t)i + 1);
    }
    return hcp_feed_median_new(inners, 3, NULL);
}

/* With three venues a price is nearly always there, and nearer the market than one venue's. */
static void test_venues(void)
{
    static const char *const hubs[] = {"HB_WEST"};
    hcp_feed_simulated_config plain = {
        .hubs = hubs, .min_interval_us = MIN_US, .seed = 7, .start_us = START_US};
    hcp_market_preset_params(HCP_MARKET_FREE, &plain.market);
    g_autoptr(hcp_feed) truth_feed = hcp_feed_simulated_new(&plain);
    g_autoptr(hcp_feed) feed = venues();
    g_autoptr(GArray) truth = conformance_collect(truth_feed, START_US, START_US + 2 * DAY, H);
    g_autoptr(GArray) all = conformance_collect(feed, START_US, START_US + 2 * DAY, H);
    double squares = 0;
    int n = 0;
    int untrusted = 0;
    int auctions = 0;
    guint t = 0;
    for (guint i = 0; i < all->len; i++) {
        const hcp_feed_observation *seen = at(all, i);
        auctions += seen->kind == HCP_FEED_POWER_DAM;
        if (seen->kind != HCP_FEED_BTC)
            continue;
        if (seen->quality != HCP_FEED_SIMULATED) {
            untrusted++;
            continue;
        }
        while (at(truth, t)->kind != HCP_FEED_BTC ||
               at(truth, t)->published_us < seen->published_us)
            t++;
        double off = log(seen->value / at(truth, t)->value);
        squares += off * off;
        n++;
        g_assert_cmpfloat(seen->low, <=, seen->value);
        g_assert_cmpfloat(seen->high, >=, seen->value);
    }
    g_assert_cmpint(n, >, 2800);
    g_assert_cmpint(untrusted, <, 30);
    g_assert_cmpfloat(sqrt(squares / n), <, 0.0004); /* one venue has 0.0005 */
    g_assert_cmpint(auctions, ==, 24 * 4);           /* one result each, not one per venue */
}

static const conformance_fixture FIXTURE = {
    .name = "median", .start_us = START_US, .span_us = DAY, .make = venues};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    conformance_add(&FIXTURE);
    g_test_add_func("/feed-median/median", test_median_and_band);
    g_test_add_func("/feed-median/outlier", test_outlier);
    g_test_add_func("/feed-median/frozen", test_frozen);
    g_test_add_func("/feed-median/missing", test_missing_sources);
    g_test_add_func("/feed-median/auction", test_auction);
    g_test_add_func("/feed-median/venues", test_venues);
    return g_test_run();
}

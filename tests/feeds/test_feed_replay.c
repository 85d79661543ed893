/* SPDX-License-Identifier: Apache-2.0 */
/* The replayed feed: conformance, when each value becomes known, gaps, damage, recorded files. */
#include "feeds/feed_replay.h"

#include "base/error.h"
#include "base/timefmt.h"
#include "conformance.h"

#include <math.h>
#include <string.h>

#define S INT64_C(1000000)
#define H (3600 * S)
#define DAY (24 * H)
#define START_US (20000 * DAY)

static int64_t at(const char *text)
{
    int64_t time_us = 0;
    g_assert_true(hcp_time_parse(text, &time_us, NULL));
    return time_us;
}

static hcp_feed *replay(const char *text, const char *anchor, GError **error)
{
    hcp_feed_replay_config config = {.text = text,
                                     .text_size = strlen(text),
                                     .start_us = START_US,
                                     .anchor_us = anchor ? at(anchor) : INT64_MIN,
                                     .hub = "HB_WEST"};
    return hcp_feed_replay_new(&config, error);
}

/* Four days of rows from 2024-03-09T06Z (US clocks change on the 10th); the row number is the price. */
static char *four_days(void)
{
    GString *text = g_string_new("ts_utc,dam_usd_mwh,rtm_usd_mwh,filled,btc_usd,subsidy_btc,fee_"
                                 "btc_per_block,as_rrs_usd_mw\n");
    int64_t first_us = at("2024-03-09T06:00:00Z");
    for (int row = 0; row < 96; row++) {
        char time[HCP_TIME_TEXT_SIZE];
        hcp_time_format(first_us + row * H, time);
        g_string_append_printf(text, "%s,%d,%d.5,0,%d,3.125,%d,1\n", time, row, row, 60000 + row,
                               row / 24);
    }
    return g_string_free(text, FALSE);
}

static hcp_feed *make_four_days(void)
{
    g_autofree char *text = four_days();
    return replay(text, NULL, NULL);
}

/* The one observation of `kind` for the interval that starts at `from` in file time. */
static hcp_feed_observation find(const GArray *all, hcp_feed_kind kind, int64_t from_us)
{
    hcp_feed_observation found = {.kind = HCP_FEED_KINDS};
    for (guint i = 0; i < all->len; i++) {
        const hcp_feed_observation *seen = &g_array_index(all, hcp_feed_observation, i);
        if (seen->kind != kind || seen->from_us != from_us || seen->until_us == from_us)
            continue;
        g_assert_cmpint(found.kind, ==, HCP_FEED_KINDS);
        found = *seen;
    }
    return found;
}

static void test_when_values_become_known(void)
{
    g_autoptr(hcp_feed) feed = make_four_days();
    g_autoptr(GArray) all = conformance_collect(feed, START_US, START_US + 5 * DAY, DAY);
    int64_t shift_us = START_US - at("2024-03-09T07:00:00Z"); /* the end of the first row */

    /* Real time: at the end of the hour; a quote: at its start. */
    int64_t hour_us = at("2024-03-10T15:00:00Z") + shift_us;
    hcp_feed_observation rtm = find(all, HCP_FEED_POWER_RTM, hour_us);
    g_assert_cmpfloat(rtm.value, ==, 33.5);
    g_assert_cmpint(rtm.published_us, ==, hour_us + H);
    g_assert_cmpint(rtm.observed_us, ==, hour_us + H);
    g_assert_cmpint(rtm.quality, ==, HCP_FEED_GOOD);
    g_assert_cmpstr(rtm.subject, ==, "HB_WEST");
    hcp_feed_observation btc = find(all, HCP_FEED_BTC, hour_us);
    g_assert_cmpfloat(btc.value, ==, 60033);
    g_assert_cmpint(btc.published_us, ==, hour_us);

    /* The local 11th starts at 05Z (summer time); its auction was out on the 10th at 13:30 = 18:30Z. */
    hcp_feed_observation first =
        find(all, HCP_FEED_POWER_DAM, at("2024-03-11T05:00:00Z") + shift_us);
    g_assert_cmpint(first.published_us, ==, at("2024-03-10T18:30:00Z") + shift_us);
    hcp_feed_observation last =
        find(all, HCP_FEED_POWER_DAM, at("2024-03-12T04:00:00Z") + shift_us);
    g_assert_cmpint(last.published_us, ==, at("2024-03-10T18:30:00Z") + shift_us);
    /* The local 10th starts at 06Z (winter time) and was out on the 9th at 19:30Z. */
    hcp_feed_observation tenth =
        find(all, HCP_FEED_POWER_DAM, at("2024-03-10T06:00:00Z") + shift_us);
    g_assert_cmpint(tenth.published_us, ==, at("2024-03-09T19:30:00Z") + shift_us);
    hcp_feed_observation reserve =
        find(all, HCP_FEED_AS_RRS, at("2024-03-10T06:00:00Z") + shift_us);
    g_assert_cmpint(reserve.published_us, ==, tenth.published_us);

    /* A day's own fee is known when the day is over. */
    hcp_feed_observation fee =
        find(all, HCP_FEED_FEE_SETTLED, at("2024-03-10T00:00:00Z") + shift_us);
    g_assert_cmpint(fee.published_us, ==, at("2024-03-11T00:00:00Z") + shift_us);
    g_assert_cmpint(fee.until_us - fee.from_us, ==, DAY);
}

/* At no moment is a real-time price known of an hour that is not over, or an auction of a day after
 * tomorrow. */
static void test_no_look_ahead(void)
{
    g_autoptr(hcp_feed) feed = make_four_days();
    g_autoptr(GArray) seen = hcp_feed_observations_new();
    for (int64_t now_us = START_US; now_us < START_US + 4 * DAY; now_us += 600 * S) {
        g_array_set_size(seen, 0);
        hcp_feed_poll(feed, now_us, seen);
        for (guint i = 0; i < seen->len; i++) {
            const hcp_feed_observation *value = &g_array_index(seen, hcp_feed_observation, i);
            if (value->kind == HCP_FEED_POWER_RTM || value->kind == HCP_FEED_FEE_SETTLED)
                g_assert_cmpint(value->until_us, <=, now_us);
            else if (value->kind == HCP_FEED_POWER_DAM)
                g_assert_cmpint(value->from_us, <, now_us + 36 * H);
            else
                g_assert_cmpint(value->from_us, <=,
                                now_us + (value->kind == HCP_FEED_AS_RRS) * 36 * H);
        }
    }
}

/* Starting in the middle: what was known then is published at once. */
static void test_anchor(void)
{
    g_autofree char *text = four_days();
    g_autoptr(hcp_feed) feed = replay(text, "2024-03-10T20:30:00Z", NULL);
    g_autoptr(GArray) seen = hcp_feed_observations_new();
    hcp_feed_poll(feed, START_US, seen);
    int rtm = 0;
    int dam = 0;
    int btc = 0;
    for (guint i = 0; i < seen->len; i++) {
        const hcp_feed_observation *value = &g_array_index(seen, hcp_feed_observation, i);
        g_assert_cmpint(value->published_us, ==, START_US);
        if (value->kind == HCP_FEED_POWER_RTM) {
            g_assert_cmpfloat(value->value, ==, 37.5); /* 19:00 to 20:00 */
            rtm++;
        } else if (value->kind == HCP_FEED_BTC) {
            g_assert_cmpfloat(value->value, ==, 60038); /* quoted at 20:00 */
            g_assert_cmpint(value->observed_us, ==, START_US - H / 2);
            btc++;
        }
        dam += value->kind == HCP_FEED_POWER_DAM;
    }
    g_assert_cmpint(rtm, ==, 1);
    g_assert_cmpint(btc, ==, 1);
    /* The rest of today (20Z to 05Z) and, as it is past 13:30, all of tomorrow. */
    g_assert_cmpint(dam, ==, 9 + 24);
}

/* Empty cells: stale for a while with the last value and its age, then missing; never zero. */
static void test_empty_cells(void)
{
    static const char text[] = "ts_utc,rtm_usd_mwh,btc_usd,filled\n"
                               "2024-01-01T00:00:00Z,10,100,0\n"
                               "2024-01-01T01:00:00Z,,100,0\n"
                               "2024-01-01T02:00:00Z,,100,0\n"
                               "2024-01-01T03:00:00Z,,100,0\n"
                               "2024-01-01T04:00:00Z,-5,100,0\n"
                               "2024-01-01T05:00:00Z,-5,100,1\n";
    static const hcp_feed_quality expected[] = {HCP_FEED_GOOD,    HCP_FEED_STALE, HCP_FEED_STALE,
                                                HCP_FEED_MISSING, HCP_FEED_GOOD,  HCP_FEED_STALE,
                                                HCP_FEED_MISSING};
    static const double values[] = {10, 10, 10, 0, -5, -5, 0};
    g_autoptr(hcp_feed) feed = replay(text, NULL, NULL);
    g_autoptr(GArray) all = conformance_collect(feed, START_US, START_US + DAY, H);
    guint n = 0;
    for (guint i = 0; i < all->len; i++) {
        const hcp_feed_observation *seen = &g_array_index(all, hcp_feed_observation, i);
        if (seen->kind != HCP_FEED_POWER_RTM)
            continue;
        g_assert_cmpuint(n, <, G_N_ELEMENTS(expected));
        g_assert_cmpint(seen->quality, ==, expected[n]);
        if (seen->quality == HCP_FEED_MISSING)
            g_assert_true(isnan(seen->value));
        else
            g_assert_cmpfloat(seen->value, ==, values[n]);
        if (seen->quality == HCP_FEED_STALE)
            g_assert_cmpint(seen->published_us - seen->observed_us, >=, H);
        n++;
    }
    g_assert_cmpuint(n, ==, G_N_ELEMENTS(expected)); /* the last one is the end of the file */
    g_assert_cmpint(hcp_feed_next_due(feed), ==, INT64_MAX);
    g_assert_cmpint(hcp_feed_replay_describe(feed).empty_cells, ==, 3);
}

/* Rows that the file skips are empty rows. */
static void test_skipped_rows(void)
{
    static const char text[] = "ts_utc,btc_usd\n"
                               "2024-01-01T00:00:00Z,100\n"
                               "2024-01-01T00:15:00Z,101\n"
                               "2024-01-01T02:00:00Z,102\n";
    g_autoptr(hcp_feed) feed = replay(text, NULL, NULL);
    hcp_feed_replay_info info = hcp_feed_replay_describe(feed);
    g_assert_cmpint(info.step_us, ==, 900 * S);
    g_assert_cmpint(info.rows, ==, 9);
    g_assert_cmpint(info.empty_cells, ==, 6);
    g_assert_cmpfloat(info.start_btc_usd, ==, 100);
    g_assert_cmpint(info.last_us - info.first_us, ==, 2 * H);
}

static void test_damage(void)
{
    static const struct {
        const char *text, *message;
    } rows[] = {
        {"", NULL},
        {"ts_utc,weather\n2024-01-01T00:00:00Z,3\n", "not a price file"},
        {"time,btc_usd\n2024-01-01T00:00:00Z,3\n", "not a price file"},
        {"ts_utc,btc_usd\n", "no rows"},
        {"ts_utc,btc_usd\nyesterday,3\n", "line 2"},
        {"ts_utc,btc_usd\n1969-01-01T00:00:00Z,3\n", "line 2"},
        {"ts_utc,btc_usd\n2024-01-01T00:00:00Z,3\n2024-01-01T00:00:00Z,3\n", "apart"},
        {"ts_utc,btc_usd\n2024-01-01T00:00:00Z,3\n2024-01-01T01:00:00Z,three\n", "line 3"},
        {"ts_utc,btc_usd\n2024-01-01T00:00:00Z,3\n2024-01-01T01:00:00Z,nan\n", "line 3"},
        {"ts_utc,btc_usd\n2024-01-01T00:00:00Z,3\n2024-01-01T01:00:00Z,0\n", "btc_usd"},
        {"ts_utc,btc_usd\n2024-01-01T00:00:00Z,3\n2024-01-01T01:00:00Z,3\n2024-01-01T00:30:00Z,3\n",
         "line 4"},
        {"ts_utc,btc_usd\n2024-01-01T00:00:00Z,3\n2024-01-01T01:00:00Z,3\n2024-09-01T00:00:00Z,3\n",
         "31 days"},
        {"ts_utc,btc_usd\n2024-01-01T00:00:00Z,3\n2024-01-01T01:00:00Z,3,9\n", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        g_assert_null(replay(rows[i].text, NULL, &error));
        g_assert_nonnull(error);
        if (rows[i].message)
            g_assert_nonnull(strstr(error->message, rows[i].message));
    }
    g_autofree char *text = four_days();
    g_autoptr(GError) error = NULL;
    g_assert_null(replay(text, "2025-01-01T00:00:00Z", &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);

    hcp_feed_replay_config absent = {.path = "no-such-file.csv"};
    g_assert_null(hcp_feed_replay_new(&absent, NULL));
    hcp_feed_replay_config zone = {
        .text = text, .text_size = strlen(text), .anchor_us = INT64_MIN, .time_zone = "Mars/Base"};
    g_assert_null(hcp_feed_replay_new(&zone, NULL));
}

static void test_central_europe(void)
{
    static const char text[] = "ts_utc,dam_usd_mwh\n"
                               "2023-06-01T22:00:00Z,50\n"
                               "2023-06-01T23:00:00Z,51\n"
                               "2023-06-02T00:00:00Z,52\n";
    hcp_feed_replay_config config = {.text = text,
                                     .text_size = strlen(text),
                                     .start_us = START_US,
                                     .anchor_us = at("2023-06-01T22:00:00Z"),
                                     .time_zone = "CET-1CEST,M3.5.0,M10.5.0/3",
                                     .dam_publish_us = 12 * H + 45 * 60 * S};
    g_autoptr(hcp_feed) feed = hcp_feed_replay_new(&config, NULL);
    g_autoptr(GArray) seen = hcp_feed_observations_new();
    hcp_feed_poll(feed, START_US, seen);
    g_assert_cmpuint(seen->len, ==, 3); /* the local 2nd starts at 22Z and is all known before */
    g_assert_cmpstr(g_array_index(seen, hcp_feed_observation, 0).subject, ==, "HUB");
}

/* The recorded files, when they are beside the source tree: each plays to its end. */
static void test_recorded_files(void)
{
    static const struct {
        const char *name;
        int64_t rows, step_us;
    } files[] = {
        {"ercot_hb_west_2024-01_2025-06.csv", 13127, H},
        {"ercot_hb_west_dam_2019-01_2020-12.csv", 17544, H},
        {"ercot_hb_west_15min_2019-02.csv", 2688, H / 4},
        {"ercot_hb_west_15min_2020-02.csv", 2784, H / 4},
        {"cz_ote_dam_2023.csv", 8760, H},
        {"aws_p3_2xlarge_spot_2019-12_2020-03.csv", 2184, H},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(g_getenv("G_TEST_SRCDIR"), "..", "shared",
                                                 "market", files[i].name, NULL);
        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            continue;
        g_autoptr(GError) error = NULL;
        hcp_feed_replay_config config = {
            .path = path, .start_us = START_US, .anchor_us = INT64_MIN};
        g_autoptr(hcp_feed) feed = hcp_feed_replay_new(&config, &error);
        g_assert_no_error(error);
        hcp_feed_replay_info info = hcp_feed_replay_describe(feed);
        g_assert_cmpint(info.rows, ==, files[i].rows);
        g_assert_cmpint(info.step_us, ==, files[i].step_us);
        g_autoptr(GArray) all = hcp_feed_observations_new();
        hcp_feed_poll(feed, INT64_MAX - 1, all);
        g_assert_cmpint((int64_t)all->len, >, info.rows - 48);
        g_assert_cmpint(hcp_feed_next_due(feed), ==, INT64_MAX);
    }
}

static const conformance_fixture FIXTURE = {
    .name = "replay", .start_us = START_US, .span_us = 5 * DAY, .make = make_four_days};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    conformance_add(&FIXTURE);
    g_test_add_func("/feed-replay/known", test_when_values_become_known);
    g_test_add_func("/feed-replay/no-look-ahead", test_no_look_ahead);
    g_test_add_func("/feed-replay/anchor", test_anchor);
    g_test_add_func("/feed-replay/empty-cells", test_empty_cells);
    g_test_add_func("/feed-replay/skipped-rows", test_skipped_rows);
    g_test_add_func("/feed-replay/damage", test_damage);
    g_test_add_func("/feed-replay/central-europe", test_central_europe);
    g_test_add_func("/feed-replay/recorded-files", test_recorded_files);
    return g_test_run();
}

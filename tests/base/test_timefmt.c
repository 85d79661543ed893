/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rng.h"
#include "base/timefmt.h"
#include "base/units.h"
#include "check.h"

static void test_time_golden(void)
{
    static const struct {
        int64_t time_us;
        const char *text;
    } CASES[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {INT64_C(1795251058123456), "2026-11-21T08:50:58.123456Z"},
        {INT64_C(1795251058123400), "2026-11-21T08:50:58.1234Z"},
        {INT64_C(1795251058123000), "2026-11-21T08:50:58.123Z"},
        {INT64_C(1795251058100000), "2026-11-21T08:50:58.100Z"},
        {INT64_C(1709164800000000), "2024-02-29T00:00:00.000Z"},
        {INT64_C(951782400000000), "2000-02-29T00:00:00.000Z"},
        {INT64_C(-62135596800000000), "0001-01-01T00:00:00.000Z"},
        {INT64_MIN, "0000-01-01T00:00:00.000Z"},
        {INT64_MAX, "9999-12-31T23:59:59.999999Z"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        char text[HCP_TIME_TEXT_SIZE];
        int64_t parsed;
        hcp_time_format(CASES[i].time_us, text);
        g_assert_cmpstr(text, ==, CASES[i].text);
        g_assert_true(hcp_time_parse(text, &parsed, NULL));
        if (CASES[i].time_us != INT64_MIN && CASES[i].time_us != INT64_MAX)
            g_assert_cmpint(parsed, ==, CASES[i].time_us);
    }
}

/* Against GLib's calendar, for any moment from year 1000 to 9999. */
static void test_time_against_glib(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 8, 0);
    for (int i = 0; i < 20000; i++) {
        int64_t seconds =
            (int64_t)hcp_rng_below(&rng, UINT64_C(284012524800)) - INT64_C(30610224000);
        char text[HCP_TIME_TEXT_SIZE];
        int64_t parsed;
        hcp_time_format(seconds * HCP_US_PER_S, text);
        g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(seconds);
        g_autofree char *expected = g_date_time_format(date, "%Y-%m-%dT%H:%M:%S.000Z");
        g_assert_cmpstr(text, ==, expected);
        g_assert_true(hcp_time_parse(text, &parsed, NULL));
        g_assert_cmpint(parsed, ==, seconds * HCP_US_PER_S);
    }
}

static void test_time_forms(void)
{
    static const struct {
        const char *text;
        int64_t time_us;
    } CASES[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01t00:00:00z", 0},
        {"1970-01-01 00:00:01+00:00", 1000000},
        {"1970-01-01T02:30:00+02:30", 0},
        {"1969-12-31T16:00:00-08:00", 0},
        {"1970-01-01T00:00:00-00:00", 0},
        {"1970-01-01T00:00:00.5Z", 500000},
        {"1970-01-01T00:00:00.000001Z", 1},
        {"1970-01-01T00:00:00.0000019999999999999999999Z", 1},
        {"2016-12-31T23:59:60Z", INT64_C(1483228800000000)},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GError) error = NULL;
        int64_t parsed = -1;
        hcp_time_parse(CASES[i].text, &parsed, &error);
        g_assert_no_error(error);
        g_assert_cmpint(parsed, ==, CASES[i].time_us);
    }
}

static void test_time_errors(void)
{
    static const char *const BAD[] = {
        "",
        "noon",
        "2026-11-21",
        "2026-11-21T08:50:58",
        "2026-11-21T08:50Z",
        "2026-11-21T08:50:58.Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T08:60:00Z",
        "2026-11-21T08:50:61Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "2026-04-31T00:00:00Z",
        "2026-04-00T00:00:00Z",
        "26-11-21T08:50:58Z",
        "2026-11-21T08:50:58+0100",
        "2026-11-21T08:50:58+24:00",
        "2026-11-21T08:50:58+01:60",
        "2026-11-21T08:50:58ZZ",
        "2026-11-21T08:50:58Z ",
        " 2026-11-21T08:50:58Z",
        "2026-W47-6T08:50:58Z",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        GError *error = NULL;
        int64_t parsed = 42;
        g_assert_false(hcp_time_parse(BAD[i], &parsed, &error));
        g_assert_cmpint(parsed, ==, 42);
        check_error(&error, HCP_ERROR_INVALID, "such as 2026-11-21T08:50:58Z");
    }
}

static void test_duration_parse(void)
{
    static const struct {
        const char *text;
        int64_t us;
    } CASES[] = {
        {"250ms", 250 * HCP_US_PER_MS},
        {"5s", 5 * HCP_US_PER_S},
        {"10min", 10 * HCP_US_PER_MIN},
        {"2h", 2 * HCP_US_PER_H},
        {"1d", HCP_US_PER_DAY},
        {"1h30min", 90 * HCP_US_PER_MIN},
        {"1d2h3min4s5ms", HCP_US_PER_DAY + 2 * HCP_US_PER_H + 3 * HCP_US_PER_MIN +
                              4 * HCP_US_PER_S + 5 * HCP_US_PER_MS},
        {"0s", 0},
        {"90min", 90 * HCP_US_PER_MIN},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(GError) error = NULL;
        int64_t us = -1;
        hcp_duration_parse(CASES[i].text, &us, &error);
        g_assert_no_error(error);
        g_assert_cmpint(us, ==, CASES[i].us);
    }
}

static void test_duration_errors(void)
{
    static const char *const BAD[] = {
        "",
        "5",
        "s",
        "5m",
        "5 s",
        "-5s",
        "1.5h",
        "5S",
        "30min1h",
        "1h1h",
        "5s5",
        "5sec",
        "5s ",
        "999999999999d",
        "99999999999999999999s",
        "106751991d9999999h",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        GError *error = NULL;
        int64_t us = 42;
        g_assert_false(hcp_duration_parse(BAD[i], &us, &error));
        g_assert_cmpint(us, ==, 42);
        check_error(&error, HCP_ERROR_INVALID, "such as 5s or 1h30min");
    }
}

static void test_duration_format(void)
{
    static const struct {
        int64_t us;
        const char *text;
    } CASES[] = {
        {0, "0 ms"},
        {999, "999 us"},
        {450 * HCP_US_PER_MS, "450 ms"},
        {999499, "999 ms"},
        {999500, "1.0 s"},
        {2 * HCP_US_PER_S, "2.0 s"},
        {9949999, "9.9 s"},
        {9950000, "10 s"},
        {59499999, "59 s"},
        {59500000, "1 min"},
        {12 * HCP_US_PER_MIN, "12 min"},
        {12 * HCP_US_PER_MIN + 30 * HCP_US_PER_S, "12 min 30 s"},
        {HCP_US_PER_H - 1, "1 h"},
        {2 * HCP_US_PER_H + 34 * HCP_US_PER_MIN, "2 h 34 min"},
        {HCP_US_PER_DAY - 1, "1 d"},
        {3 * HCP_US_PER_DAY + 4 * HCP_US_PER_H, "3 d 4 h"},
        {-2 * HCP_US_PER_S, "-2.0 s"},
        {INT64_MIN, "-53375995 d 14 h"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *text = hcp_duration_format(CASES[i].us);
        g_assert_cmpstr(text, ==, CASES[i].text);
    }
}

static void test_dates(void)
{
    const int64_t june_us = INT64_C(1717200000) * 1000000, day_us = INT64_C(86400) * 1000000;
    hcp_date date = hcp_date_of(june_us, 0);
    g_assert_cmpint(date.year, ==, 2024);
    g_assert_cmpint(date.month, ==, 6);
    g_assert_cmpint(date.day, ==, 1);
    g_assert_cmpint(date.days_in_month, ==, 30);
    date = hcp_date_of(june_us, -6); /* still May in Texas */
    g_assert_cmpint(date.month, ==, 5);
    g_assert_cmpint(date.day, ==, 31);
    date = hcp_date_of(june_us - 100 * day_us, 0);
    g_assert_cmpint(date.month, ==, 2);
    g_assert_cmpint(date.days_in_month, ==, 29);
    date = hcp_date_of(-1, 0); /* the last microsecond of 1969 */
    g_assert_cmpint(date.year, ==, 1969);
    g_assert_cmpint(date.day, ==, 31);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/timefmt/time/golden", test_time_golden);
    g_test_add_func("/timefmt/time/glib", test_time_against_glib);
    g_test_add_func("/timefmt/time/forms", test_time_forms);
    g_test_add_func("/timefmt/time/errors", test_time_errors);
    g_test_add_func("/timefmt/duration/parse", test_duration_parse);
    g_test_add_func("/timefmt/duration/errors", test_duration_errors);
    g_test_add_func("/timefmt/duration/format", test_duration_format);
    g_test_add_func("/timefmt/dates", test_dates);
    return g_test_run();
}

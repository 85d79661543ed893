/* SPDX-License-Identifier: Apache-2.0 */
/* The peak charges that plans are told to expect: from published prices, from the month's past, across its end. */
#include "site.h"

#include "base/units.h"
#include "runtime/platform_internal.h"

#define WEST 2
/* Noon of 28 June 2026 in Texas, standard time. */
#define NOON_US (INT64_C(1782669600) * HCP_US_PER_S)
#define NEAR(actual, expected) g_assert_cmpfloat_with_epsilon(actual, expected, 1e-9)

static void begin(site *s, hcp_usd_micro per_mw)
{
    site_init_empty(s);
    s->now_us = NOON_US;
    hcp_facility_defined west = site_west(s);
    west.peak_usd_micro_per_mw = per_mw;
    west.peak_months = 0x1E0;
    west.utc_offset_h = -6;
    site_define(s, &(hcp_event){.type = HCP_EVENT_FACILITY_DEFINED, .facility_defined = west});
}

/* Two days at 40, but one hour, `dear_h` from now. */
static void publish(site *s, uint32_t dear_h, double usd_per_mwh)
{
    hcp_coming_price prices[48];
    for (uint32_t h = 0; h < G_N_ELEMENTS(prices); h++)
        prices[h].value = h == dear_h ? usd_per_mwh : 40;
    const hcp_prices_published published = {
        .kind = HCP_PRICE_DAY_AHEAD,
        .facility = WEST,
        .source = (char *)"test",
        .from_us = s->now_us,
        .step_us = HCP_US_PER_H,
        .prices = {.items = prices, .count = G_N_ELEMENTS(prices)}};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_PUBLISH_PRICES, .prices = &published});
}

static int expect(const site *s, hcp_dispatch_peak *ret_peaks)
{
    return hcp_peaks_expect(hcp_core_state(s->core), WEST, s->now_us, HCP_US_PER_H, ret_peaks);
}

/* Published to noon of the 30th, so 30 of 30 days: what is highest by then is the peak. */
static void test_published(void)
{
    site s;
    hcp_dispatch_peak peaks[HCP_DISPATCH_MAX_PEAKS];
    begin(&s, 15000 * HCP_USD);
    g_assert_cmpint(expect(&s, peaks), ==, 0);
    publish(&s, 7, 90);
    g_assert_cmpint(expect(&s, peaks), ==, 1);
    g_assert_cmpint(peaks[0].from_us, ==, NOON_US + 7 * HCP_US_PER_H);
    g_assert_cmpint(peaks[0].until_us, ==, NOON_US + 8 * HCP_US_PER_H);
    NEAR(peaks[0].usd_per_mw, 15000);
    site_finish(&s);
    begin(&s, 0);
    publish(&s, 7, 90);
    g_assert_cmpint(expect(&s, peaks), ==, 0);
    site_finish(&s);
}

/* The dear hour is over: nothing that lies ahead is higher, so nothing is expected until July begins. */
static void test_past(void)
{
    site s;
    hcp_dispatch_peak peaks[HCP_DISPATCH_MAX_PEAKS];
    begin(&s, 15000 * HCP_USD);
    publish(&s, 1, 90);
    for (int quarter = 0; quarter < 8; quarter++)
        site_tick(&s, 15 * HCP_US_PER_MIN);
    g_assert_cmpint(expect(&s, peaks), ==, 0);
    for (int quarter = 0; quarter < 4 * 30; quarter++)
        site_tick(&s, 15 * HCP_US_PER_MIN);
    publish(&s, 30, 60); /* 20:00 of the 29th; the hour is of 02:00 on 1 July */
    g_assert_cmpint(expect(&s, peaks), ==, 1);
    g_assert_cmpint(peaks[0].from_us, ==, s.now_us + 30 * HCP_US_PER_H);
    NEAR(peaks[0].usd_per_mw, 15000 / 31.0);
    site_finish(&s);
}

/* Both months have their highest hour ahead. */
static void test_two_months(void)
{
    site s;
    hcp_dispatch_peak peaks[HCP_DISPATCH_MAX_PEAKS];
    begin(&s, 15000 * HCP_USD);
    s.now_us += 40 * HCP_US_PER_H; /* 04:00 on the 30th; July is 20 hours away */
    publish(&s, 10, 90);
    g_assert_cmpint(expect(&s, peaks), ==, 2);
    g_assert_cmpint(peaks[0].from_us, ==, s.now_us + 10 * HCP_US_PER_H);
    NEAR(peaks[0].usd_per_mw, 15000);
    g_assert_cmpint(peaks[1].from_us, ==, s.now_us + 20 * HCP_US_PER_H);
    NEAR(peaks[1].usd_per_mw, 2 * 15000 / 31.0);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/peaks/published", test_published);
    g_test_add_func("/peaks/past", test_past);
    g_test_add_func("/peaks/two_months", test_two_months);
    return g_test_run();
}

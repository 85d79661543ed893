/* SPDX-License-Identifier: Apache-2.0 */
/* Peak charges in the meter: which interval of a month is assumed, when it is booked, and that it is booked once. */
#include "site.h"

#include "base/units.h"
#include "core/account.h"
#include "core/metering.h"

#define WEST 2
/* Noon of 28 June 2026 in Texas, standard time. */
#define NOON_US (INT64_C(1782669600) * HCP_US_PER_S)

/* Ten S21 at 42,000 W, charged 15,000 USD for a MW in the peak of each of the months. */
static void begin(site *s, uint32_t months)
{
    site_init(s);
    s->now_us = NOON_US;
    hcp_facility_defined west = site_west(s);
    west.peak_usd_micro_per_mw = 15000 * HCP_USD;
    west.peak_months = months;
    west.utc_offset_h = -6;
    g_assert_cmpuint(site_add_west(s, &west), ==, WEST);
}

/* Day-ahead prices of the coming hours. */
static void publish(site *s, const double *usd_per_mwh, uint32_t n)
{
    hcp_coming_price prices[24];
    for (uint32_t i = 0; i < n; i++)
        prices[i].value = usd_per_mwh[i];
    const hcp_prices_published published = {.kind = HCP_PRICE_DAY_AHEAD,
                                            .facility = WEST,
                                            .source = (char *)"test",
                                            .from_us = s->now_us,
                                            .step_us = HCP_US_PER_H,
                                            .prices = {.items = prices, .count = n}};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_PUBLISH_PRICES, .prices = &published});
}

/* An hour of quarter-hour accounts; the number of events of the type. */
static uint32_t hour(site *s, hcp_event_type type)
{
    uint32_t n = 0;
    for (int quarter = 0; quarter < 4; quarter++) {
        site_tick(s, 15 * HCP_US_PER_MIN);
        n += site_events(s, type);
    }
    return n;
}

static hcp_meter read_meter(const site *s)
{
    hcp_meter meter;
    hcp_meter_read(hcp_core_state(s->core), WEST, s->now_us, &meter);
    return meter;
}

static const hcp_peak_assumed *peak(const site *s)
{
    return &hcp_state_facility(hcp_core_state(s->core), WEST)->peak;
}

/* Hours at 40, 90, 60 and 90: the first quarter of the first 90 is assumed. It is booked with July, local time. */
static void test_a_month(void)
{
    site s;
    static const double prices[] = {40, 90, 60, 90};
    begin(&s, 0x1E0);
    publish(&s, prices, 4);
    g_assert_cmpuint(hour(&s, HCP_EVENT_PEAK_ASSUMED), ==, 1);
    g_assert_cmpfloat(peak(&s)->usd_per_mwh, ==, 40);
    g_assert_cmpuint(hour(&s, HCP_EVENT_PEAK_ASSUMED), ==, 1);
    g_assert_cmpuint(hour(&s, HCP_EVENT_PEAK_ASSUMED), ==, 0);
    g_assert_cmpuint(hour(&s, HCP_EVENT_PEAK_ASSUMED), ==, 0);
    g_assert_cmpint(peak(&s)->from_us, ==, NOON_US + HCP_US_PER_H);
    g_assert_cmpint(peak(&s)->until_us, ==, NOON_US + 75 * HCP_US_PER_MIN);
    g_assert_cmpint(peak(&s)->energy_j, ==, 42000 * 15 * 60);
    site_check_same(&s);
    for (int h = 4; h < 60; h++) /* to midnight of 1 July */
        g_assert_cmpuint(hour(&s, HCP_EVENT_PEAK_CHARGED), ==, 0);
    g_assert_cmpint(read_meter(&s).peak_charge_usd_micro, ==, 0);
    site_tick(&s, 15 * HCP_US_PER_MIN);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_PEAK_CHARGED), ==, 1);
    g_assert_cmpint(peak(&s)->until_us, ==, 0);
    hcp_meter meter = read_meter(&s);
    g_assert_cmpint(meter.peak_charge_usd_micro, ==, 630 * HCP_USD); /* 0.042 MW x 15,000 */
    g_assert_cmpint(hcp_meter_profit(&meter), ==,
                    hcp_meter_revenue(&meter) - meter.energy_cost_usd_micro - 630 * HCP_USD);
    for (int h = 0; h < 48; h++)
        g_assert_cmpuint(hour(&s, HCP_EVENT_PEAK_CHARGED), ==, 0);
    g_assert_cmpint(read_meter(&s).peak_charge_usd_micro, ==, 630 * HCP_USD);
    site_check_same(&s);
    site_finish(&s);
}

/* The account that follows has the charge, once: accounts add up to the meter. */
static void test_accounts(void)
{
    site s;
    static const double prices[] = {40};
    hcp_usd_micro sum = 0, profit = 0;
    begin(&s, 0x1E0);
    publish(&s, prices, 1);
    for (int h = 0; h < 62; h++)
        hour(&s, HCP_EVENT_PEAK_CHARGED);
    const GArray *rows = hcp_core_state(s.core)->intervals;
    for (guint i = 0; i < rows->len; i++) {
        const hcp_interval_closed *row = &g_array_index(rows, hcp_interval_closed, i);
        sum += row->facility == WEST ? row->peak_charge_usd_micro : 0;
        profit += row->facility == WEST ? hcp_account_profit(row) : 0;
    }
    hcp_meter meter = read_meter(&s);
    g_assert_cmpint(sum, ==, 630 * HCP_USD);
    g_assert_cmpint(profit, ==, hcp_meter_profit(&meter));
    site_finish(&s);
}

/* June does not count, no price was published, the platform stood still: nothing is assumed. */
static void test_what_counts(void)
{
    site s;
    static const double prices[] = {40, 90};
    begin(&s, 0x1C0);
    publish(&s, prices, 2);
    g_assert_cmpuint(hour(&s, HCP_EVENT_PEAK_ASSUMED), ==, 0);
    site_finish(&s);
    begin(&s, 0x1E0);
    g_assert_cmpuint(hour(&s, HCP_EVENT_PEAK_ASSUMED), ==, 0);
    publish(&s, prices, 2);
    site_tick(&s, 3 * HCP_US_PER_H);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_PEAK_ASSUMED), ==, 0);
    site_finish(&s);
}

static void test_refusals(void)
{
    site s;
    site_init(&s);
    hcp_event event = {.type = HCP_EVENT_FACILITY_DEFINED,
                       .facility_defined =
                           hcp_state_facility(hcp_core_state(s.core), SITE_NORTH)->def};
    event.facility_defined.key = (char *)"west";
    const hcp_command define = {.type = HCP_COMMAND_DEFINE, .define = &event};
    event.facility_defined.peak_usd_micro_per_mw = -1;
    site_refused(&s, &define, HCP_REFUSAL_INVALID);
    event.facility_defined.peak_usd_micro_per_mw = 1;
    event.facility_defined.peak_months = 1U << 12;
    site_refused(&s, &define, HCP_REFUSAL_INVALID);
    event.facility_defined.peak_months = 1;
    event.facility_defined.utc_offset_h = 15;
    site_refused(&s, &define, HCP_REFUSAL_INVALID);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/peak/a_month", test_a_month);
    g_test_add_func("/peak/accounts", test_accounts);
    g_test_add_func("/peak/what_counts", test_what_counts);
    g_test_add_func("/peak/refusals", test_refusals);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Prices over time: what settled is kept once a slot, what is published is found again, and both outlive a restart. */
#include "site.h"

#include "base/units.h"
#include "core/prices.h"

#include <math.h>

static void observe(site *s, double usd_per_mwh, int64_t interval_us, hcp_quality quality)
{
    hcp_price_observed price = {
        .kind = HCP_PRICE_ELECTRICITY,
        .facility = SITE_NORTH,
        .value = usd_per_mwh,
        .source = (char *)"test",
        .observed_us = s->now_us,
        .quality = quality,
        .interval_us = interval_us,
    };
    site_must(s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
}

static hcp_prices_published publication(hcp_coming_price *prices, uint32_t n, int64_t from_us)
{
    return (hcp_prices_published){
        .kind = HCP_PRICE_DAY_AHEAD,
        .facility = SITE_NORTH,
        .source = (char *)"auction",
        .from_us = from_us,
        .step_us = HCP_US_PER_H,
        .prices = {.items = prices, .count = n},
    };
}

static void publish(site *s, const hcp_prices_published *prices)
{
    site_must(s, &(hcp_command){.type = HCP_COMMAND_PUBLISH_PRICES, .prices = prices});
}

static double ahead(const site *s, uint32_t facility, int64_t at_us)
{
    double value;
    const hcp_price_series series = {HCP_PRICE_DAY_AHEAD, facility, HCP_RESERVE_NONE};
    (void)hcp_prices_ahead(hcp_core_state(s->core), &series, at_us, HCP_US_PER_H, &value, 1);
    return value;
}

static const hcp_settled_price *settled(const site *s, guint i)
{
    return &g_array_index(hcp_core_state(s->core)->market.settled, hcp_settled_price, i);
}

static guint n_settled(const site *s)
{
    return hcp_core_state(s->core)->market.settled->len;
}

static void test_one_a_slot(void)
{
    site s;
    site_init(&s);
    s.now_us = SITE_EPOCH_US - SITE_EPOCH_US % HCP_US_PER_H + HCP_US_PER_H;
    observe(&s, 40, 0, HCP_QUALITY_GOOD);
    s.now_us += 5 * HCP_US_PER_MIN;
    observe(&s, 41, 0, HCP_QUALITY_GOOD);
    g_assert_cmpuint(n_settled(&s), ==, 1);
    s.now_us += 10 * HCP_US_PER_MIN;
    observe(&s, 42, 0, HCP_QUALITY_STALE);
    g_assert_cmpuint(n_settled(&s), ==, 1);
    observe(&s, -3.5, 0, HCP_QUALITY_GOOD);
    g_assert_cmpuint(n_settled(&s), ==, 2);
    g_assert_cmpfloat(settled(&s, 0)->usd_per_mwh, ==, 40);
    g_assert_cmpfloat(settled(&s, 1)->usd_per_mwh, ==, -3.5);
    g_assert_cmpint(settled(&s, 1)->at_us, ==, s.now_us);
    g_assert_cmpuint(hcp_prices_settled_since(hcp_core_state(s.core), s.now_us - 1), ==, 1);
    g_assert_cmpuint(hcp_prices_settled_since(hcp_core_state(s.core), s.now_us), ==, 2);
    site_finish(&s);
}

static void test_mean_of_the_hour_before(void)
{
    /* A mean that becomes known at the end belongs to the interval's start, and to the auction's price of that. */
    hcp_coming_price prices[] = {{30}, {35}};
    site s;
    site_init(&s);
    hcp_prices_published p = publication(prices, 2, s.now_us);
    publish(&s, &p);
    int64_t from_us = s.now_us;
    s.now_us += HCP_US_PER_H;
    observe(&s, 44, HCP_US_PER_H, HCP_QUALITY_GOOD);
    g_assert_cmpint(settled(&s, 0)->at_us, ==, from_us);
    g_assert_true(settled(&s, 0)->has_day_ahead);
    g_assert_cmpfloat(settled(&s, 0)->day_ahead_usd_per_mwh, ==, 30);
    site_finish(&s);
}

static void test_published_and_replaced(void)
{
    hcp_coming_price first[] = {{10}, {11}, {12}, {13}}, second[] = {{21}, {22}};
    site s;
    site_init(&s);
    int64_t from_us = s.now_us + HCP_US_PER_H;
    hcp_prices_published p = publication(first, 4, from_us), q = publication(second, 2, from_us);
    publish(&s, &p);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_PRICES_PUBLISHED), ==, 1);
    publish(&s, &p); /* said again, as after a restart */
    g_assert_cmpuint(site_events(&s, HCP_EVENT_PRICES_PUBLISHED), ==, 0);
    q.from_us += HCP_US_PER_H;
    publish(&s, &q);
    double values[6];
    const hcp_price_series series = {HCP_PRICE_DAY_AHEAD, SITE_NORTH, HCP_RESERVE_NONE};
    int n = hcp_prices_ahead(hcp_core_state(s.core), &series, s.now_us, HCP_US_PER_H, values, 6);
    g_assert_cmpint(n, ==, 5);
    g_assert_true(isnan(values[0]) && isnan(values[5]));
    const double expected[] = {10, 21, 22, 13};
    for (int i = 0; i < 4; i++)
        g_assert_cmpfloat(values[i + 1], ==, expected[i]);
    g_assert_true(isnan(ahead(&s, SITE_SOUTH, from_us)));
    p.facility = SITE_SOUTH;
    publish(&s, &p);
    g_assert_cmpfloat(ahead(&s, SITE_SOUTH, from_us + HCP_US_PER_MIN), ==, 10);
    site_finish(&s);
}

static void test_refusals(void)
{
    hcp_coming_price prices[] = {{10}, {NAN}};
    site s;
    site_init(&s);
    hcp_prices_published p = publication(prices, 2, s.now_us);
    const hcp_command command = {.type = HCP_COMMAND_PUBLISH_PRICES, .prices = &p};
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    prices[1].value = 11;
    p.step_us = 0;
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    p.step_us = HCP_US_PER_H;
    p.facility = 99;
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    p.facility = SITE_NORTH;
    p.kind = HCP_PRICE_BTC;
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    site_finish(&s);
}

static void test_window_and_restart(void)
{
    site s;
    site_init(&s);
    for (int hour = 0; hour < 10 * 24; hour++) {
        hcp_coming_price price = {hour};
        hcp_prices_published p = publication(&price, 1, s.now_us);
        publish(&s, &p);
        observe(&s, hour + 0.25, 0, HCP_QUALITY_GOOD);
        s.now_us += HCP_US_PER_H;
    }
    /* A week, and up to a day more until the old ones go in bulk. */
    g_assert_cmpuint(n_settled(&s), >=, 7 * 24);
    g_assert_cmpuint(n_settled(&s), <=, 8 * 24 + 1);
    g_assert_cmpfloat(settled(&s, n_settled(&s) - 1)->usd_per_mwh, ==, 239.25);
    g_assert_cmpuint(hcp_core_state(s.core)->market.published->len, <=, 26);
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(s.core);
    g_autoptr(GError) error = NULL;
    hcp_core *restored = hcp_core_restore(snapshot, &error), *replayed = site_replay(&s);
    g_assert_no_error(error);
    g_autofree char *live = hcp_core_hash(s.core), *a = hcp_core_hash(restored),
                    *b = hcp_core_hash(replayed);
    g_assert_cmpstr(a, ==, live);
    g_assert_cmpstr(b, ==, live);
    hcp_core_free(restored);
    hcp_core_free(replayed);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/prices/one_a_slot", test_one_a_slot);
    g_test_add_func("/prices/mean_of_the_hour_before", test_mean_of_the_hour_before);
    g_test_add_func("/prices/published_and_replaced", test_published_and_replaced);
    g_test_add_func("/prices/refusals", test_refusals);
    g_test_add_func("/prices/window_and_restart", test_window_and_restart);
    return g_test_run();
}

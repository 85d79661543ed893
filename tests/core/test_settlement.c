/* SPDX-License-Identifier: Apache-2.0 */
/* Settlement: what an interval's own price makes of its bill, by hand and over random days; and the pool's fee. */
#include "site.h"

#include "base/rng.h"
#include "base/units.h"
#include "core/account.h"
#include "core/metering.h"

#include <string.h>

__extension__ typedef __int128 wide;

/* What the north draws with everything mining, GPUs idle: (530,600 + 1,680) W * 1.2. */
#define NORTH_MWH 0.638736

static void observe(site *s, hcp_price_kind kind, double value, int64_t interval_us,
                    hcp_quality quality)
{
    const hcp_price_observed price = {.kind = kind,
                                      .facility = SITE_NORTH,
                                      .value = value,
                                      .source = (char *)"test",
                                      .observed_us = s->now_us,
                                      .quality = quality,
                                      .interval_us = interval_us};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
}

/* The price of the hour that is over. */
static void settle(site *s, double usd_per_mwh)
{
    observe(s, HCP_PRICE_ELECTRICITY, usd_per_mwh, HCP_US_PER_H, HCP_QUALITY_GOOD);
}

/* At a whole hour, with an account of the north just opened and these prices in force. */
static void begin(site *s, double usd_per_mwh, bool own_price, int64_t fee_ppm)
{
    site_init(s);
    site_bill(s, own_price, fee_ppm);
    s->now_us += HCP_US_PER_H - s->now_us % HCP_US_PER_H;
    settle(s, usd_per_mwh);
    observe(s, HCP_PRICE_HASHPRICE, 55, HCP_US_PER_H, HCP_QUALITY_GOOD);
    site_tick(s, 0);
}

static hcp_meter read_meter(const site *s)
{
    hcp_meter meter;
    hcp_meter_read(hcp_core_state(s->core), SITE_NORTH, s->now_us, &meter);
    return meter;
}

static const hcp_interval_closed *newest(const site *s)
{
    const GArray *rows = hcp_core_state(s->core)->intervals;
    for (guint i = rows->len; i > 0; i--)
        if (g_array_index(rows, hcp_interval_closed, i - 1).facility == SITE_NORTH)
            return &g_array_index(rows, hcp_interval_closed, i - 1);
    g_assert_not_reached();
}

static void sleep_all(site *s)
{
    hcp_class_plan plans[] = {{.class_ix = SITE_S21, .curtail = SITE_S21_COUNT},
                              {.class_ix = SITE_S19, .curtail = SITE_S19_COUNT}};
    hcp_decision_recorded decision = {.facility = SITE_NORTH,
                                      .policy = (char *)"test",
                                      .expires_us = s->now_us + HCP_US_PER_H,
                                      .chosen = {.items = plans, .count = 2},
                                      .recommendation = (char *)"CURTAIL",
                                      .reason = (char *)"because"};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &decision});
    site_drive(s, HCP_US_PER_S);
}

/* An hour charged at 30 settles at 41, then is corrected to 20: the account has the bill, the meter the sum. */
static void test_by_hand(void)
{
    site s;
    begin(&s, 30, true, 0);
    hcp_meter before = read_meter(&s);
    s.now_us += HCP_US_PER_H;
    settle(&s, 41);
    g_assert_cmpint(read_meter(&s).true_up_usd_micro, ==, before.true_up_usd_micro);
    site_tick(&s, 0);
    hcp_meter after = read_meter(&s);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_INTERVAL_SETTLED), ==, 1);
    g_assert_cmpint(after.energy_cost_usd_micro - before.energy_cost_usd_micro, ==, 19162080);
    g_assert_cmpint(after.true_up_usd_micro - before.true_up_usd_micro, ==, 7026096);
    g_assert_cmpint(hcp_meter_profit(&after), ==,
                    hcp_meter_revenue(&after) - after.energy_cost_usd_micro -
                        after.true_up_usd_micro);
    const hcp_interval_closed *row = newest(&s);
    g_assert_true(row->settled && row->own_price);
    g_assert_cmpint(row->true_up_usd_micro, ==, 7026096);
    g_assert_cmpint(hcp_account_profit(row), ==, 65083333 - 19162080 - 7026096);
    settle(&s, 41); /* the same once more */
    g_assert_cmpuint(site_events(&s, HCP_EVENT_INTERVAL_SETTLED), ==, 0);
    settle(&s, 20);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_INTERVAL_SETTLED), ==, 1);
    g_assert_cmpint(newest(&s)->true_up_usd_micro, ==, -6387360); /* 10 USD/MWh less */
    g_assert_cmpint(read_meter(&s).true_up_usd_micro - before.true_up_usd_micro, ==, -6387360);
    site_check_same(&s);
    site_finish(&s);
}

/* A contract at the price in force: the price that settles is noted and changes no bill. */
static void test_price_in_force(void)
{
    site s;
    begin(&s, 30, false, 0);
    s.now_us += HCP_US_PER_H;
    settle(&s, 41);
    site_tick(&s, 0);
    g_assert_true(newest(&s)->settled);
    g_assert_false(newest(&s)->own_price);
    g_assert_cmpint(newest(&s)->true_up_usd_micro, ==, 0);
    g_assert_cmpint(read_meter(&s).true_up_usd_micro, ==, 0);
    site_bill(&s, true, 0); /* another contract bills what comes, not what was */
    settle(&s, 41);
    g_assert_cmpint(read_meter(&s).true_up_usd_micro, ==, 0);
    site_finish(&s);
}

/* Quotes settle nothing, and a price that is not trusted settles nothing either. */
static void test_what_settles(void)
{
    site s;
    begin(&s, 30, true, 0);
    s.now_us += HCP_US_PER_H;
    observe(&s, HCP_PRICE_ELECTRICITY, 41, 0, HCP_QUALITY_GOOD);
    site_tick(&s, 0);
    g_assert_false(newest(&s)->settled);
    observe(&s, HCP_PRICE_ELECTRICITY, 41, HCP_US_PER_H, HCP_QUALITY_SUSPECT);
    g_assert_false(newest(&s)->settled);
    settle(&s, 41);
    g_assert_true(newest(&s)->settled);
    site_finish(&s);
}

/* Accounts of a quarter of an hour, under prices of quarters; then a price of the whole hour comes: all four settle at it. */
static void test_parts_of_an_hour(void)
{
    site s;
    begin(&s, 30, true, 0);
    hcp_usd_micro before = read_meter(&s).true_up_usd_micro;
    observe(&s, HCP_PRICE_ELECTRICITY, 30, 15 * HCP_US_PER_MIN, HCP_QUALITY_GOOD);
    site_tick(&s, HCP_US_PER_H); /* the open account is of an hour */
    for (int quarter = 0; quarter < 4; quarter++) {
        observe(&s, HCP_PRICE_ELECTRICITY, 30, 15 * HCP_US_PER_MIN, HCP_QUALITY_GOOD);
        site_tick(&s, 15 * HCP_US_PER_MIN);
    }
    settle(&s, 50);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_INTERVAL_SETTLED), ==, 4);
    g_assert_cmpint(read_meter(&s).true_up_usd_micro - before, ==,
                    hcp_money_from_usd(20 * NORTH_MWH));
    site_finish(&s);
}

/* Miners that sleep: what they did not buy is worth its own price too, and belongs to the hour that is over. */
static void test_not_bought(void)
{
    site s;
    begin(&s, 30, true, 0);
    sleep_all(&s);
    site_tick(&s, HCP_US_PER_H - s.now_us % HCP_US_PER_H);
    settle(&s, 30);
    s.now_us += HCP_US_PER_H;
    site_tick(&s, 0);
    g_assert_false(newest(&s)->settled);
    hcp_usd_micro before = newest(&s)->avoided_usd_micro;
    g_assert_cmpint(before, ==, 18957600); /* 530,600 W less 25 W each of 160, 1.2, at 30 */
    hcp_price_observed late = {.kind = HCP_PRICE_ELECTRICITY,
                               .facility = SITE_NORTH,
                               .value = 300,
                               .source = (char *)"test",
                               .observed_us = s.now_us,
                               .quality = HCP_QUALITY_GOOD,
                               .interval_us = HCP_US_PER_H};
    s.now_us += 20 * HCP_US_PER_MIN;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &late});
    g_assert_cmpint(newest(&s)->avoided_usd_micro, ==, 10 * before);
    site_tick(&s, 40 * HCP_US_PER_MIN);
    g_assert_cmpint(newest(&s)->avoided_usd_micro, ==, before / 3 + 2 * 10 * before / 3);
    site_check_same(&s);
    site_finish(&s);
}

/* Ten random days: what is charged and trued up is the exact bill, interval by interval and in sum. */
static void test_random_days(void)
{
    site s;
    hcp_rng rng;
    hcp_rng_init(&rng, 5, 0);
    begin(&s, 30, true, 12345);
    int64_t since_us = s.now_us;
    hcp_meter before = read_meter(&s);
    wide bill = 0;
    for (int hour = 0; hour < 240; hour++) {
        s.now_us += HCP_US_PER_H;
        observe(&s, HCP_PRICE_HASHPRICE, 40 + 20 * hcp_rng_uniform(&rng), 0, HCP_QUALITY_GOOD);
        settle(&s, -30 + 150 * hcp_rng_uniform(&rng));
        site_tick(&s, 0);
        const hcp_interval_closed *row = newest(&s);
        g_assert_true(row->own_price);
        int64_t energy_j = 0;
        for (int use = 0; use < HCP_USES; use++)
            energy_j += row->energy_j[use];
        bill += (wide)energy_j * hcp_money_from_usd(row->settled_usd_per_mwh);
    }
    hcp_meter after = read_meter(&s);
    hcp_usd_micro paid = after.energy_cost_usd_micro + after.true_up_usd_micro -
                         before.energy_cost_usd_micro - before.true_up_usd_micro;
    g_assert_cmpint(ABS(paid - (int64_t)(bill / HCP_J_PER_MWH)), <=, 1);
    hcp_usd_micro profit = 0;
    const GArray *rows = hcp_core_state(s.core)->intervals;
    for (guint i = 0; i < rows->len; i++) {
        const hcp_interval_closed *row = &g_array_index(rows, hcp_interval_closed, i);
        if (row->facility == SITE_NORTH && row->from_us >= since_us)
            profit += hcp_account_profit(row);
    }
    g_assert_cmpint(profit, ==, hcp_meter_profit(&after) - hcp_meter_profit(&before));
    site_check_same(&s);
    site_finish(&s);
}

/* 28.4 PH/s at 55: 65.083333 USD an hour, of which the pool keeps 1 %; from half past on 2 %. */
static void test_pool_fee(void)
{
    site s;
    begin(&s, 30, true, 10000);
    hcp_meter before = read_meter(&s);
    g_assert_cmpint(hcp_meter_mining_usd_micro_per_h(hcp_core_state(s.core), SITE_NORTH), ==,
                    64432500);
    s.now_us += HCP_US_PER_H / 2;
    site_bill(&s, true, 20000);
    s.now_us += HCP_US_PER_H / 2;
    hcp_meter after = read_meter(&s);
    hcp_usd_micro paid = after.mining_usd_micro - before.mining_usd_micro;
    hcp_usd_micro fee = after.pool_fee_usd_micro - before.pool_fee_usd_micro;
    g_assert_cmpint(fee, ==, 976250);
    g_assert_cmpint(paid, ==, 64107083);
    g_assert_cmpint(ABS(paid + fee - 65083333), <=, 1);
    hcp_event all = {.type = HCP_EVENT_SETTINGS_CHANGED,
                     .settings_changed = hcp_core_state(s.core)->settings};
    all.settings_changed.pool_fee_ppm = 1000001;
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = &all},
                 HCP_REFUSAL_INVALID);
    site_check_same(&s);
    site_finish(&s);
}

/* A journal of a version that knew neither: no fee, prices in force, and what it called settled. */
static void test_older_journal(void)
{
    hcp_event event;
    g_autoptr(GError) error = NULL;
    static const char settings[] = "{\"max_wait_p1_us\":1,\"price_disagreement_permille\":100}";
    g_assert_true(
        hcp_event_parse("settings_changed", 1, settings, sizeof settings - 1, &event, &error));
    g_assert_false(event.settings_changed.own_price);
    g_assert_cmpint(event.settings_changed.pool_fee_ppm, ==, 0);
    hcp_event_clear(&event);
    static const char closed[] =
        "{\"facility\":0,\"from_us\":1,\"until_us\":2,\"settled\":true,\"settled_usd_per_mwh\":41}";
    g_assert_true(hcp_event_parse("interval_closed", 2, closed, sizeof closed - 1, &event, &error));
    g_assert_true(event.interval_closed.settled);
    g_assert_false(event.interval_closed.own_price);
    g_assert_cmpint(event.interval_closed.true_up_usd_micro, ==, 0);
    hcp_event_clear(&event);
}

/* What cannot follow: an interval that nobody closed, a fraction beyond a whole. */
static void test_impossible(void)
{
    site s;
    begin(&s, 30, true, 0);
    const hcp_interval_closed *row = newest(&s);
    hcp_event event = {.type = HCP_EVENT_INTERVAL_SETTLED,
                       .time_us = s.now_us,
                       .interval_settled = {.facility = SITE_NORTH,
                                            .from_us = row->from_us + 1,
                                            .until_us = row->until_us}};
    g_autoptr(GError) error = NULL;
    g_assert_false(hcp_core_apply(s.core, &event, &error));
    g_clear_error(&error);
    event.interval_settled.from_us = row->from_us;
    event.interval_settled.true_up_rest = HCP_J_PER_MWH;
    g_assert_false(hcp_core_apply(s.core, &event, &error));
    g_clear_error(&error);
    event.interval_settled.true_up_rest = HCP_J_PER_MWH - 1;
    g_assert_true(hcp_core_apply(s.core, &event, &error));
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/settlement/by_hand", test_by_hand);
    g_test_add_func("/settlement/price_in_force", test_price_in_force);
    g_test_add_func("/settlement/what_settles", test_what_settles);
    g_test_add_func("/settlement/parts_of_an_hour", test_parts_of_an_hour);
    g_test_add_func("/settlement/not_bought", test_not_bought);
    g_test_add_func("/settlement/random_days", test_random_days);
    g_test_add_func("/settlement/pool_fee", test_pool_fee);
    g_test_add_func("/settlement/older_journal", test_older_journal);
    g_test_add_func("/settlement/impossible", test_impossible);
    return g_test_run();
}

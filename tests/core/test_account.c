/* SPDX-License-Identifier: Apache-2.0 */
/* Interval accounts: by hand, what they add up to, what counts as a start, and that they outlive a restart. */
#include "site.h"

#include "base/rng.h"
#include "base/units.h"
#include "core/account.h"
#include "core/metering.h"

#include <string.h>

#define PHASES 7
#define NEAR(actual, expected) g_assert_cmpfloat_with_epsilon(actual, expected, 1e-9)

static void observe_lasting(site *s, hcp_price_kind kind, double value, int64_t interval_us)
{
    const hcp_price_observed price = {.kind = kind,
                                      .facility = SITE_NORTH,
                                      .value = value,
                                      .source = (char *)"test",
                                      .observed_us = s->now_us,
                                      .quality = HCP_QUALITY_GOOD,
                                      .interval_us = interval_us};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
}

static void observe(site *s, hcp_price_kind kind, double value)
{
    observe_lasting(s, kind, value, HCP_US_PER_H);
}

/* All S21 of the north mine at the target, or sleep. */
static void move(site *s, bool mine, uint32_t target)
{
    hcp_class_plan plan = {.class_ix = SITE_S21, .power_target = target};
    *(mine ? &plan.mine : &plan.curtail) = SITE_S21_COUNT;
    hcp_decision_recorded decision = {.facility = SITE_NORTH,
                                      .policy = (char *)"test",
                                      .expires_us = s->now_us + HCP_US_PER_H,
                                      .chosen = {.items = &plan, .count = 1},
                                      .recommendation = (char *)"HYBRID",
                                      .reason = (char *)"because"};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &decision});
}

/* Closes what was open before, so that hourly intervals begin at s->now_us, a whole hour. */
static void begin(site *s, double usd_per_mwh, double hashprice)
{
    site_init(s);
    s->now_us += HCP_US_PER_H - s->now_us % HCP_US_PER_H;
    observe(s, HCP_PRICE_ELECTRICITY, usd_per_mwh);
    observe(s, HCP_PRICE_HASHPRICE, hashprice);
    site_tick(s, 0);
}

static guint count(const site *s)
{
    return hcp_core_state(s->core)->intervals->len;
}

/* The newest interval of the facility. */
static const hcp_interval_closed *newest(const site *s, uint32_t facility)
{
    for (guint i = count(s); i > 0; i--) {
        const hcp_interval_closed *row =
            &g_array_index(hcp_core_state(s->core)->intervals, hcp_interval_closed, i - 1);
        if (row->facility == facility)
            return row;
    }
    g_assert_not_reached();
}

static const hcp_class_account *class_row(const hcp_interval_closed *row, uint32_t class_ix)
{
    const hcp_class_account *classes = row->classes.items;
    for (uint32_t i = 0; i < row->classes.count; i++)
        if (classes[i].class_ix == class_ix)
            return &classes[i];
    g_assert_not_reached();
}

static const hcp_mined_target *mined(const hcp_class_account *row, uint32_t i)
{
    g_assert_cmpuint(i, <, row->mined.count);
    return (const hcp_mined_target *)row->mined.items + i;
}

/* An hour in which the price doubles after twenty minutes and the S21 sleep from half past on. */
static void test_by_hand(void)
{
    site s;
    begin(&s, 30, 55);
    int64_t from_us = s.now_us;
    s.now_us += 20 * HCP_US_PER_MIN;
    observe(&s, HCP_PRICE_ELECTRICITY, 60);
    s.now_us += 10 * HCP_US_PER_MIN;
    move(&s, false, 0);
    site_drive(&s, HCP_US_PER_S);
    site_tick(&s, from_us + HCP_US_PER_H - s.now_us);
    const hcp_interval_closed *row = newest(&s, SITE_NORTH);
    g_assert_cmpint(row->from_us, ==, from_us);
    g_assert_cmpint(row->until_us, ==, from_us + HCP_US_PER_H);
    NEAR(row->usd_per_mwh, (30 * 20 + 60 * 40) / 60.0);
    NEAR(row->hashprice, 55);
    NEAR(row->cap_w, 1000000);
    g_assert_cmpint(row->stale_us, ==, 0);
    const hcp_class_account *s21 = class_row(row, SITE_S21), *s19 = class_row(row, SITE_S19);
    g_assert_cmpint(s21->at_hand_us, ==, 100 * HCP_US_PER_H);
    g_assert_cmpuint(s21->mined.count, ==, 1);
    /* From the moment they are sent to sleep they count as asleep. */
    g_assert_cmpint(mined(s21, 0)->mined_us, ==, 100 * HCP_US_PER_H / 2);
    g_assert_cmpuint(s21->mining, ==, 0);
    g_assert_cmpuint(s21->at_hand, ==, 100);
    g_assert_cmpint(s21->stops, ==, 100);
    g_assert_cmpint(s21->starts, ==, 0);
    g_assert_cmpint(mined(s19, 0)->mined_us, ==, 60 * HCP_US_PER_H);
    g_assert_cmpint(s19->starts + s19->stops, ==, 0);
    /* 530,600 W of miners, the S21 of them 350,000 W for half an hour and seven seconds more. */
    int64_t mining_j = 60 * 3010 * 3600 + 100 * INT64_C(3500) * (1800 + PHASES);
    g_assert_cmpint(row->energy_j[HCP_USE_MINING], ==, mining_j * 12 / 10);
    site_finish(&s);
}

/* What was started and stopped is counted when it is decided; a change of power target is neither. */
static void test_starts_and_targets(void)
{
    site s;
    begin(&s, 30, 55);
    s.now_us += 10 * HCP_US_PER_MIN;
    int64_t lower_us = s.now_us;
    move(&s, true, 2);
    site_drive(&s, HCP_US_PER_S);
    s.now_us += 10 * HCP_US_PER_MIN;
    int64_t sleep_us = s.now_us;
    move(&s, false, 0);
    site_drive(&s, HCP_US_PER_S);
    s.now_us += 10 * HCP_US_PER_MIN;
    move(&s, true, 0);
    site_drive(&s, HCP_US_PER_S);
    site_tick(&s, HCP_US_PER_H);
    const hcp_class_account *s21 = class_row(newest(&s, SITE_NORTH), SITE_S21);
    g_assert_cmpint(s21->starts, ==, 100);
    g_assert_cmpint(s21->stops, ==, 100);
    g_assert_cmpuint(s21->mined.count, ==, 2);
    g_assert_cmpuint(mined(s21, 1)->target, ==, 2);
    g_assert_cmpint(mined(s21, 1)->mined_us, ==, 100 * (sleep_us - lower_us));
    g_assert_cmpuint(s21->mining, ==, 100);
    site_finish(&s);
}

/* Leased and failed devices are not at hand. A lease that takes devices away is no stop. */
static void test_leases(void)
{
    site s;
    begin(&s, 30, 55);
    s.now_us += 30 * HCP_US_PER_MIN;
    uint32_t lease = site_allocate(&s, SITE_H100, SITE_NORTH, 4);
    site_drive(&s, HCP_US_PER_S);
    site_health(&s, SITE_S21_FIRST, HCP_HEALTH_FAILED);
    int64_t failed_us = s.now_us;
    site_drive(&s, HCP_US_PER_S);
    site_tick(&s, HCP_US_PER_H - s.now_us % HCP_US_PER_H);
    g_assert_cmpuint(lease, !=, HCP_NO_INDEX);
    const hcp_interval_closed *row = newest(&s, SITE_NORTH);
    const hcp_class_account *h100 = class_row(row, SITE_H100), *s21 = class_row(row, SITE_S21);
    g_assert_cmpint(h100->at_hand_us, ==, (16 + 12) * HCP_US_PER_H / 2);
    g_assert_cmpuint(h100->at_hand, ==, 12);
    g_assert_cmpint(h100->stops, ==, 0);
    g_assert_cmpint(s21->at_hand_us, ==, 99 * HCP_US_PER_H + failed_us - row->from_us);
    g_assert_cmpuint(s21->at_hand, ==, 99);
    g_assert_cmpint(s21->stops, ==, 0);
    site_finish(&s);
}

/* The cap in force is a mean, and nothing while an emergency is. */
static void test_cap_and_stale(void)
{
    site s;
    begin(&s, 30, 55);
    s.now_us += 30 * HCP_US_PER_MIN;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = {SITE_NORTH, 900000}});
    s.now_us += 15 * HCP_US_PER_MIN;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_EMERGENCY,
                                 .emergency = {SITE_NORTH, true, (char *)"fire"}});
    site_drive(&s, HCP_US_PER_S);
    site_tick(&s, HCP_US_PER_H - s.now_us % HCP_US_PER_H);
    NEAR(newest(&s, SITE_NORTH)->cap_w, (2 * 1000000 + 900000) / 4.0);
    g_assert_cmpint(newest(&s, SITE_NORTH)->stale_us, ==, 0);
    g_assert_cmpint(newest(&s, SITE_SOUTH)->stale_us, ==, HCP_US_PER_H); /* has no price */
    site_tick(&s, HCP_US_PER_H);
    g_assert_cmpint(newest(&s, SITE_NORTH)->stale_us, ==, HCP_US_PER_H); /* after an hour */
    site_finish(&s);
}

/* Prices of a quarter of an hour give intervals of one; a platform that stood still gives one long one. */
static void test_lengths(void)
{
    site s;
    begin(&s, 30, 55);
    int64_t hour_us = s.now_us;
    observe_lasting(&s, HCP_PRICE_ELECTRICITY, 31, 15 * HCP_US_PER_MIN);
    site_tick(&s, HCP_US_PER_H);
    site_tick(&s, 15 * HCP_US_PER_MIN);
    g_assert_cmpint(newest(&s, SITE_NORTH)->from_us, ==, hour_us + HCP_US_PER_H);
    observe_lasting(&s, HCP_PRICE_ELECTRICITY, 31, 5 * HCP_US_PER_MIN);
    site_tick(&s, 17 * HCP_US_PER_MIN);
    g_assert_cmpint(newest(&s, SITE_NORTH)->until_us, ==, hour_us + 92 * HCP_US_PER_MIN);
    g_assert_cmpint(hcp_core_next_due(s.core), ==, hour_us + 105 * HCP_US_PER_MIN);
    site_tick(&s, 10 * HCP_US_PER_H);
    g_assert_cmpint(newest(&s, SITE_NORTH)->from_us, ==, hour_us + 92 * HCP_US_PER_MIN);
    g_assert_cmpint(newest(&s, SITE_NORTH)->until_us, ==, s.now_us);
    site_finish(&s);
}

/* The price of an hour comes as it ends, or later; one of another time settles nothing. */
static void test_settled(void)
{
    site s;
    begin(&s, 30, 55);
    s.now_us += HCP_US_PER_H;
    observe(&s, HCP_PRICE_ELECTRICITY, 41); /* before the tick that closes the hour */
    site_tick(&s, 0);
    g_assert_true(newest(&s, SITE_NORTH)->settled);
    NEAR(newest(&s, SITE_NORTH)->settled_usd_per_mwh, 41);
    NEAR(newest(&s, SITE_NORTH)->usd_per_mwh, 30);
    site_tick(&s, HCP_US_PER_H);
    g_assert_false(newest(&s, SITE_NORTH)->settled);
    observe_lasting(&s, HCP_PRICE_ELECTRICITY, 50, 15 * HCP_US_PER_MIN);
    g_assert_false(newest(&s, SITE_NORTH)->settled);
    s.now_us += 20 * HCP_US_PER_S;
    hcp_price_observed late = {.kind = HCP_PRICE_ELECTRICITY,
                               .facility = SITE_NORTH,
                               .value = 52,
                               .source = (char *)"test",
                               .observed_us = s.now_us - 20 * HCP_US_PER_S,
                               .quality = HCP_QUALITY_GOOD,
                               .interval_us = HCP_US_PER_H};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &late});
    g_assert_true(newest(&s, SITE_NORTH)->settled);
    NEAR(newest(&s, SITE_NORTH)->settled_usd_per_mwh, 52);
    hcp_core *replayed = site_replay(&s);
    g_autofree char *live = hcp_core_hash(s.core), *again = hcp_core_hash(replayed);
    g_assert_cmpstr(again, ==, live);
    hcp_core_free(replayed);
    site_finish(&s);
}

/* A snapshot of a version without accounts: they begin where its meters stand. */
static void test_older_snapshot(void)
{
    site s;
    begin(&s, 30, 55);
    site_tick(&s, 5 * HCP_US_PER_MIN);
    g_autoptr(GBytes) whole = hcp_core_snapshot(s.core);
    gsize size;
    const char *text = g_bytes_get_data(whole, &size);
    g_autofree char *copy = g_strndup(text, size);
    g_autoptr(GRegex) account = g_regex_new(",\"account\":\\{[^{}]*\\}", 0, 0, NULL);
    char *older = g_regex_replace_literal(account, copy, -1, 0, "", 0, NULL);
    g_assert_cmpuint(strlen(older), <, size);
    g_autoptr(GBytes) cut = g_bytes_new_take(older, strlen(older));
    g_autoptr(GError) error = NULL;
    hcp_core *restored = hcp_core_restore(cut, &error);
    g_assert_no_error(error);
    const hcp_facility *north = hcp_state_facility(hcp_core_state(restored), SITE_NORTH);
    g_assert_cmpint(north->account.from_us, ==, north->metered_us);
    g_assert_cmpint(north->account.mining_usd_micro, ==, north->mining_usd_micro);
    g_assert_cmpint(hcp_core_next_due(restored), <=, s.now_us + HCP_US_PER_H);
    hcp_core_free(restored);
    site_finish(&s);
}

static void add(hcp_meter *sum, const hcp_interval_closed *row)
{
    hcp_meter part = {.energy_cost_usd_micro = row->energy_cost_usd_micro,
                      .mining_usd_micro = row->mining_usd_micro,
                      .ai_usd_micro = row->ai_usd_micro,
                      .foregone_usd_micro = row->foregone_usd_micro,
                      .avoided_usd_micro = row->avoided_usd_micro,
                      .avoided_j = row->avoided_j,
                      .pool_fee_usd_micro = row->pool_fee_usd_micro,
                      .true_up_usd_micro = row->true_up_usd_micro};
    memcpy(part.energy_j, row->energy_j, sizeof part.energy_j);
    memcpy(part.carbon_mg, row->carbon_mg, sizeof part.carbon_mg);
    hcp_meter_add(sum, &part);
}

/* Ten random days: intervals leave no gap and add up to the meters, and a restart gives the same. */
static void test_adds_up(void)
{
    site s;
    hcp_rng rng;
    hcp_rng_init(&rng, 11, 0);
    site_init(&s);
    site_bill(&s, true, 10000);
    int64_t from_us = s.now_us, end_us = s.now_us + 10 * HCP_US_PER_DAY;
    while (s.now_us < end_us) {
        s.now_us += 1 + (int64_t)hcp_rng_below(&rng, 50 * HCP_US_PER_MIN);
        observe_lasting(&s, HCP_PRICE_ELECTRICITY, -20 + 100 * hcp_rng_uniform(&rng),
                        15 * HCP_US_PER_MIN);
        observe(&s, HCP_PRICE_HASHPRICE, 40 + 20 * hcp_rng_uniform(&rng));
        move(&s, hcp_rng_below(&rng, 2) != 0, (uint32_t)hcp_rng_below(&rng, 3));
        site_drive(&s, HCP_US_PER_S);
        site_tick(&s, 0);
    }
    site_tick(&s, HCP_US_PER_H);
    hcp_meter sum = {0}, meter;
    const GArray *rows = hcp_core_state(s.core)->intervals;
    for (guint i = 0; i < rows->len; i++) {
        const hcp_interval_closed *row = &g_array_index(rows, hcp_interval_closed, i);
        if (row->facility != SITE_NORTH)
            continue;
        g_assert_cmpint(row->from_us, ==, from_us);
        from_us = row->until_us;
        add(&sum, row);
    }
    g_assert_cmpint(from_us, ==, s.now_us);
    hcp_meter_read(hcp_core_state(s.core), SITE_NORTH, s.now_us, &meter);
    meter.at_us = sum.at_us;
    g_assert_true(memcmp(&sum, &meter, sizeof sum) == 0);
    g_assert_cmpint(sum.foregone_usd_micro, >, 0);
    g_assert_cmpint(sum.pool_fee_usd_micro, >, 0);
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(s.core);
    g_autoptr(GError) error = NULL;
    hcp_core *restored = hcp_core_restore(snapshot, &error), *replayed = site_replay(&s);
    g_assert_no_error(error);
    g_autofree char *live = hcp_core_hash(s.core), *a = hcp_core_hash(restored),
                    *b = hcp_core_hash(replayed);
    g_assert_cmpstr(a, ==, live);
    g_assert_cmpstr(b, ==, live);
    g_assert_cmpint(hcp_core_next_due(restored), ==, hcp_core_next_due(s.core));
    hcp_core_free(restored);
    hcp_core_free(replayed);
    site_finish(&s);
}

/* Thirty days, and up to a day more until the old ones go in bulk. */
static void test_window(void)
{
    site s;
    site_init_empty(&s);
    for (int hour = 0; hour < 33 * 24; hour++) {
        observe(&s, HCP_PRICE_ELECTRICITY, 30);
        site_tick(&s, HCP_US_PER_H);
    }
    g_assert_cmpint(newest(&s, SITE_NORTH)->until_us, ==, s.now_us);
    const hcp_state *state = hcp_core_state(s.core);
    int64_t first_us = g_array_index(state->intervals, hcp_interval_closed, 0).until_us;
    g_assert_cmpint(first_us, <=, s.now_us - 30 * HCP_US_PER_DAY + HCP_US_PER_H);
    g_assert_cmpint(first_us, >=, s.now_us - 31 * HCP_US_PER_DAY - HCP_US_PER_H);
    guint i = hcp_accounts_since(state, s.now_us - 10 * HCP_US_PER_H);
    g_assert_cmpuint(count(&s) - i, ==, 2 * 10); /* two facilities */
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/account/by_hand", test_by_hand);
    g_test_add_func("/account/starts_and_targets", test_starts_and_targets);
    g_test_add_func("/account/leases", test_leases);
    g_test_add_func("/account/cap_and_stale", test_cap_and_stale);
    g_test_add_func("/account/lengths", test_lengths);
    g_test_add_func("/account/settled", test_settled);
    g_test_add_func("/account/older_snapshot", test_older_snapshot);
    g_test_add_func("/account/adds_up", test_adds_up);
    g_test_add_func("/account/window", test_window);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Prices: age, doubt, refusals. Meters: exact energy and money whatever happens in between. */
#include "site.h"

#include "base/rng.h"
#include "base/units.h"
#include "core/metering.h"

#include <math.h>

static hcp_price_observed reading(const site *s, hcp_price_kind kind, double value)
{
    return (hcp_price_observed){
        .kind = kind,
        .facility = SITE_NORTH,
        .value = value,
        .source = (char *)"test",
        .observed_us = s->now_us,
        .quality = HCP_QUALITY_GOOD,
    };
}

static void observe(site *s, hcp_price_kind kind, double value)
{
    hcp_price_observed price = reading(s, kind, value);
    site_must(s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
}

static const hcp_price_observed *btc(const site *s)
{
    return &hcp_core_state(s->core)->market.global[HCP_PRICE_BTC];
}

static bool open_alert(const site *s, const char *kind, const char *subject)
{
    const GArray *alerts = hcp_core_state(s->core)->alerts;
    for (guint i = 0; i < alerts->len; i++) {
        const hcp_alert *alert = &g_array_index(alerts, hcp_alert, i);
        if (alert->cleared_us == 0 && g_str_equal(alert->def.kind, kind) &&
            g_str_equal(alert->def.subject, subject))
            return true;
    }
    return false;
}

static void test_stale(void)
{
    site s;
    site_init(&s);
    observe(&s, HCP_PRICE_BTC, 65000);
    site_tick(&s, HCP_US_PER_H - 1);
    g_assert_cmpint(btc(&s)->quality, ==, HCP_QUALITY_GOOD);
    int64_t observed_us = btc(&s)->observed_us;
    site_tick(&s, 1);
    g_assert_cmpint(btc(&s)->quality, ==, HCP_QUALITY_STALE);
    g_assert_cmpfloat(btc(&s)->value, ==, 65000);
    g_assert_cmpint(btc(&s)->observed_us, ==, observed_us);
    g_assert_true(open_alert(&s, "price_stale", "btc"));
    site_tick(&s, HCP_US_PER_H);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_PRICE_OBSERVED), ==, 0);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_ALERT_RAISED), ==, 0);
    observe(&s, HCP_PRICE_BTC, 66000);
    g_assert_cmpint(btc(&s)->quality, ==, HCP_QUALITY_GOOD);
    g_assert_false(open_alert(&s, "price_stale", "btc"));
    observe(&s, HCP_PRICE_ELECTRICITY, 45);
    site_tick(&s, HCP_US_PER_H);
    g_assert_true(open_alert(&s, "price_stale", "electricity north"));
    site_finish(&s);
}

static void test_suspect(void)
{
    site s;
    site_init(&s);
    observe(&s, HCP_PRICE_BTC, 65000);
    observe(&s, HCP_PRICE_BTC, 6500); /* a digit is missing */
    g_assert_cmpint(btc(&s)->quality, ==, HCP_QUALITY_SUSPECT);
    observe(&s, HCP_PRICE_BTC, 6600); /* or not: a second reading says the same */
    g_assert_cmpint(btc(&s)->quality, ==, HCP_QUALITY_GOOD);
    observe(&s, HCP_PRICE_ELECTRICITY, 30);
    observe(&s, HCP_PRICE_ELECTRICITY, 5000); /* a storm, not an error */
    const GArray *electricity = hcp_core_state(s.core)->market.electricity;
    g_assert_cmpint(g_array_index(electricity, hcp_price_observed, SITE_NORTH).quality, ==,
                    HCP_QUALITY_GOOD);
    site_finish(&s);
}

/* A price of `sources` sources between `low` and `high`. */
static hcp_price_observed band(const site *s, hcp_price_kind kind, double low, double high,
                               uint32_t sources)
{
    hcp_price_observed price = reading(s, kind, (low + high) / 2);
    price.low = low;
    price.high = high;
    price.sources = sources;
    return price;
}

static hcp_quality told(site *s, hcp_price_kind kind, double low, double high, uint32_t sources)
{
    hcp_price_observed price = band(s, kind, low, high, sources);
    site_must(s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
    const hcp_price_board *market = &hcp_core_state(s->core)->market;
    return kind == HCP_PRICE_ELECTRICITY
               ? g_array_index(market->electricity, hcp_price_observed, SITE_NORTH).quality
               : market->global[kind].quality;
}

/* At 10 %: of 100 the sources may lie 10 apart; of power near zero 5 USD/MWh. */
static void test_disagreement(void)
{
    site s;
    site_init(&s);
    hcp_event settings = {.type = HCP_EVENT_SETTINGS_CHANGED,
                          .settings_changed = hcp_core_state(s.core)->settings};
    settings.settings_changed.price_disagreement_permille = 100;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = &settings});
    g_assert_cmpint(told(&s, HCP_PRICE_BTC, 95, 105, 2), ==, HCP_QUALITY_GOOD);
    g_assert_cmpint(told(&s, HCP_PRICE_BTC, 94, 106, 2), ==, HCP_QUALITY_SUSPECT);
    g_assert_true(open_alert(&s, "price_disagreement", "btc"));
    g_assert_cmpint(told(&s, HCP_PRICE_BTC, 94, 106, 1), ==, HCP_QUALITY_GOOD);
    g_assert_false(open_alert(&s, "price_disagreement", "btc"));
    g_assert_cmpint(told(&s, HCP_PRICE_ELECTRICITY, -2, 2.9, 3), ==, HCP_QUALITY_GOOD);
    g_assert_cmpint(told(&s, HCP_PRICE_ELECTRICITY, -3, 2.1, 3), ==, HCP_QUALITY_SUSPECT);
    g_assert_cmpint(told(&s, HCP_PRICE_ELECTRICITY, 95, 105, 2), ==, HCP_QUALITY_GOOD);
    g_assert_cmpint(told(&s, HCP_PRICE_ELECTRICITY, 40, 78, 2), ==, HCP_QUALITY_SUSPECT);
    g_assert_true(open_alert(&s, "price_disagreement", "electricity north"));
    /* A suspect price is not one that settled. */
    const GArray *settled = hcp_core_state(s.core)->market.settled;
    for (guint i = 0; i < settled->len; i++)
        g_assert_cmpfloat(g_array_index(settled, hcp_settled_price, i).usd_per_mwh, !=, 59);
    hcp_price_observed outside = band(&s, HCP_PRICE_BTC, 94, 106, 2);
    outside.value = 107;
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &outside},
                 HCP_REFUSAL_INVALID);
    settings.settings_changed.price_disagreement_permille = 0;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = &settings});
    g_assert_cmpint(told(&s, HCP_PRICE_ELECTRICITY, 40, 78, 2), ==, HCP_QUALITY_GOOD);
    site_finish(&s);
}

static void refuse(site *s, hcp_price_kind kind, double value, int64_t at_us)
{
    hcp_price_observed price = reading(s, kind, value);
    price.observed_us = at_us;
    site_refused(s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price},
                 HCP_REFUSAL_INVALID);
}

static void test_refusals(void)
{
    site s;
    site_init(&s);
    refuse(&s, HCP_PRICE_BTC, NAN, s.now_us);
    refuse(&s, HCP_PRICE_BTC, INFINITY, s.now_us);
    refuse(&s, HCP_PRICE_BTC, 0, s.now_us);
    refuse(&s, HCP_PRICE_BTC, -1, s.now_us);
    refuse(&s, HCP_PRICE_ELECTRICITY, 1e12, s.now_us);
    refuse(&s, HCP_PRICE_BTC, 65000, s.now_us + 1);
    observe(&s, HCP_PRICE_ELECTRICITY, -25);
    hcp_price_observed nowhere = reading(&s, HCP_PRICE_ELECTRICITY, 10);
    nowhere.facility = 7;
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &nowhere},
                 HCP_REFUSAL_NOT_FOUND);
    /* An older reading that comes late is dropped. */
    s.now_us += HCP_US_PER_S;
    observe(&s, HCP_PRICE_BTC, 65000);
    hcp_price_observed late = reading(&s, HCP_PRICE_BTC, 64000);
    late.observed_us -= 1;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &late});
    g_assert_cmpuint(s.outcome.events->len, ==, 0);
    g_assert_cmpfloat(btc(&s)->value, ==, 65000);
    site_finish(&s);
}

static void meter(const site *s, hcp_meter *ret_meter)
{
    hcp_meter_read(hcp_core_state(s->core), SITE_NORTH, s->now_us, ret_meter);
}

/* One hour of the north at rest, by hand: energy, its cost and the income of the miners. */
static void test_one_hour(void)
{
    site s;
    site_init(&s);
    observe(&s, HCP_PRICE_ELECTRICITY, 50);
    observe(&s, HCP_PRICE_HASHPRICE, 55);
    hcp_meter before, after;
    meter(&s, &before);
    s.now_us += HCP_US_PER_H;
    meter(&s, &after);
    int64_t mining_w = 100 * 3500 + 60 * 3010, idle_w = 24 * 70;
    g_assert_cmpint(after.energy_j[HCP_USE_MINING] - before.energy_j[HCP_USE_MINING], ==,
                    mining_w * 12 / 10 * 3600);
    g_assert_cmpint(after.energy_j[HCP_USE_IDLE] - before.energy_j[HCP_USE_IDLE], ==,
                    idle_w * 12 / 10 * 3600);
    /* 636.72 kWh and 2.016 kWh at 350 g */
    g_assert_cmpint(after.carbon_mg[HCP_USE_MINING] - before.carbon_mg[HCP_USE_MINING], ==,
                    222852000);
    g_assert_cmpint(after.carbon_mg[HCP_USE_IDLE] - before.carbon_mg[HCP_USE_IDLE], ==, 705600);
    /* (530,600 + 1,680) W * 1.2 = 0.638736 MWh at $50 = $31.9368 */
    g_assert_cmpint(after.energy_cost_usd_micro - before.energy_cost_usd_micro, ==, 31936800);
    /* 28.4 PH/s at $55 per PH/s and day, an hour of it: $65.083333 */
    g_assert_cmpint(after.mining_usd_micro - before.mining_usd_micro, ==, 65083333);
    g_assert_cmpint(hcp_meter_mining_usd_micro_per_h(hcp_core_state(s.core), SITE_NORTH), ==,
                    65083333);
    site_finish(&s);
}

/* A hundred S21 asleep for an hour: what they would have mined at their default target and what that would have cost. */
static void test_sleeping_miners(void)
{
    site s;
    site_init(&s);
    observe(&s, HCP_PRICE_ELECTRICITY, 50);
    observe(&s, HCP_PRICE_HASHPRICE, 55);
    hcp_class_plan plan = {.class_ix = SITE_S21, .curtail = 100};
    hcp_decision_recorded decision = {.facility = SITE_NORTH,
                                      .policy = (char *)"test",
                                      .expires_us = s.now_us + HCP_US_PER_H,
                                      .chosen = {.items = &plan, .count = 1},
                                      .recommendation = (char *)"CURTAIL",
                                      .reason = (char *)"because"};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &decision});
    site_drive(&s, HCP_US_PER_S);
    hcp_meter before, after;
    meter(&s, &before);
    s.now_us += HCP_US_PER_H;
    meter(&s, &after);
    /* 20 PH/s at $55 per PH/s and day for an hour; 100 x (3,500 - 25) W x 1.2 at $50 per MWh. */
    g_assert_cmpint(after.foregone_usd_micro - before.foregone_usd_micro, ==, 45833333);
    g_assert_cmpint(after.avoided_usd_micro - before.avoided_usd_micro, ==, 20850000);
    g_assert_cmpint(hcp_meter_revenue(&after), ==, after.mining_usd_micro + after.ai_usd_micro);
    /* One that fails cannot be woken and loses nothing more. */
    site_health(&s, SITE_S21_FIRST, HCP_HEALTH_FAILED);
    g_assert_cmpint(hcp_state_facility(hcp_core_state(s.core), SITE_NORTH)->asleep_ghs, ==,
                    99 * 200000);
    hcp_core *replayed = site_replay(&s);
    g_autofree char *mine = hcp_core_hash(s.core), *theirs = hcp_core_hash(replayed);
    g_assert_cmpstr(mine, ==, theirs);
    hcp_core_free(replayed);
    site_finish(&s);
}

/* A meter advanced at random moments shows what one read once shows, to the last micro-dollar. */
static void test_splitting_is_exact(void)
{
    site once, often;
    hcp_rng rng;
    hcp_rng_init(&rng, 7, 0);
    site_init(&once);
    site_init(&often);
    site *both[] = {&once, &often};
    for (int i = 0; i < 2; i++) {
        observe(both[i], HCP_PRICE_ELECTRICITY, -13.7);
        observe(both[i], HCP_PRICE_HASHPRICE, 47.123457);
    }
    int64_t end_us = once.now_us + 3 * HCP_US_PER_H;
    while (often.now_us < end_us) {
        /* The same price again: the meter is advanced and nothing changes. */
        often.now_us = MIN(end_us, often.now_us + 1 + (int64_t)hcp_rng_below(&rng, 60000000));
        observe(&often, HCP_PRICE_ELECTRICITY, -13.7);
    }
    once.now_us = end_us;
    hcp_meter a, b;
    meter(&once, &a);
    meter(&often, &b);
    for (int use = 0; use < HCP_USES; use++) {
        g_assert_cmpint(a.energy_j[use], ==, b.energy_j[use]);
        g_assert_cmpint(a.carbon_mg[use], ==, b.carbon_mg[use]);
    }
    g_assert_cmpint(a.energy_cost_usd_micro, ==, b.energy_cost_usd_micro);
    g_assert_cmpint(a.energy_cost_usd_micro, <, 0);
    g_assert_cmpint(a.mining_usd_micro, ==, b.mining_usd_micro);
    g_assert_cmpint(a.foregone_usd_micro, ==, b.foregone_usd_micro);
    g_assert_cmpint(a.avoided_usd_micro, ==, b.avoided_usd_micro);
    site_finish(&once);
    site_finish(&often);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/market/stale", test_stale);
    g_test_add_func("/core/market/suspect", test_suspect);
    g_test_add_func("/core/market/disagreement", test_disagreement);
    g_test_add_func("/core/market/refusals", test_refusals);
    g_test_add_func("/core/metering/one_hour", test_one_hour);
    g_test_add_func("/core/metering/sleeping_miners", test_sleeping_miners);
    g_test_add_func("/core/metering/splitting_is_exact", test_splitting_is_exact);
    return g_test_run();
}

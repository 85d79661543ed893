/* SPDX-License-Identifier: Apache-2.0 */
/* Peak charges: the chances, and a worked example with and without avoidance. */
#include "economics/peak.h"

#include "base/units.h"
#include "economics/backtest.h"
#include "economics/policy/plan.h"

#include <math.h>
#include <string.h>

#define JUNE_2024_US (INT64_C(1717200000) * 1000000) /* 00:00 UTC */

static const hcp_peak_rule RULE = {.usd_per_mw_year = 60000, .months = HCP_PEAK_SUMMER};

static void test_a_mw(void)
{
    g_assert_cmpfloat(hcp_peak_usd_per_mw(&RULE), ==, 15000); /* four peaks a year */
    const hcp_peak_rule none = {.usd_per_mw_year = 60000};
    g_assert_cmpfloat(hcp_peak_usd_per_mw(&none), ==, 0);
}

static void test_chances(void)
{
    hcp_peak_tracker tracker;
    hcp_peak_tracker_init(&tracker, &RULE);
    hcp_peak_track(&tracker, 0, JUNE_2024_US - HCP_US_PER_H, 500); /* May does not count */
    g_assert_false(tracker.counts);
    g_assert_cmpfloat(tracker.chance, ==, 0);
    hcp_peak_track(&tracker, 1, JUNE_2024_US, NAN);
    g_assert_false(tracker.counts);
    hcp_peak_track(&tracker, 2, JUNE_2024_US + HCP_US_PER_H, 40);
    g_assert_cmpuint(tracker.at, ==, 2);
    g_assert_cmpfloat_with_epsilon(tracker.chance, 1 / 30.0, 1e-12);
    hcp_peak_track(&tracker, 3, JUNE_2024_US + 9 * HCP_US_PER_DAY, 40); /* as high, not higher */
    g_assert_cmpuint(tracker.at, ==, 2);
    g_assert_cmpfloat_with_epsilon(tracker.chance, 10 / 30.0, 1e-12);
    hcp_peak_track(&tracker, 4, JUNE_2024_US + 29 * HCP_US_PER_DAY, 90);
    g_assert_cmpuint(tracker.at, ==, 4);
    g_assert_cmpfloat_with_epsilon(tracker.chance, 1, 1e-12);
    hcp_peak_track(&tracker, 5, JUNE_2024_US + 30 * HCP_US_PER_DAY, 10); /* July begins anew */
    g_assert_cmpuint(tracker.at, ==, 5);
    g_assert_cmpfloat_with_epsilon(tracker.chance, 1 / 31.0, 1e-12);
}

/* Chance and truth agree when the highest prices of days come in any order: over all records of random months, the mean
 * stated chance is the share that became the peak. */
static void test_chances_are_calibrated(void)
{
    g_autoptr(GRand) random = g_rand_new_with_seed(7);
    double stated = 0, right = 0, records = 0;
    for (int month = 0; month < 4000; month++) {
        hcp_peak_tracker tracker;
        hcp_peak_tracker_init(&tracker, &RULE);
        size_t record[30], n = 0, last = SIZE_MAX;
        for (size_t day = 0; day < 30; day++) {
            int64_t ts_us = JUNE_2024_US + (int64_t)day * HCP_US_PER_DAY;
            hcp_peak_track(&tracker, day, ts_us, g_rand_double(random));
            if (tracker.at != last) {
                stated += tracker.chance;
                record[n++] = last = tracker.at;
            }
        }
        for (size_t i = 0; i < n; i++)
            right += record[i] == tracker.at;
        records += (double)n;
    }
    g_assert_cmpfloat_with_epsilon(stated / records, right / records, 0.01);
}

/* --- a worked month ------------------------------------------------------------------------------------------------ */

/* June 2024 at 20 USD/MWh all day and 60 at 17:00, 100 on the 15th; settled as published. */
static hcp_market month_of(void)
{
    hcp_market market = {.step_h = 1.0, .n = 720, .publication_hour = 14.0, .peak = RULE};
    market.steps = g_new0(hcp_market_step, market.n);
    for (size_t t = 0; t < market.n; t++) {
        hcp_market_step *s = &market.steps[t];
        s->ts_us = JUNE_2024_US + (int64_t)t * HCP_US_PER_H;
        s->dam_usd_per_mwh = t % 24 == 17 ? (t / 24 == 14 ? 100 : 60) : 20;
        s->price_usd_per_mwh = s->dam_usd_per_mwh;
        s->btc_usd = 60000;
        s->difficulty = 9e13;
        s->subsidy_btc = 3.125;
    }
    hcp_market_assume_peaks(&market);
    return market;
}

static hcp_plant *miners(void)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    spec.asic_start_usd_per_mw = 0;
    hcp_plant *plant = hcp_plant_new(&spec, NULL);
    g_assert_nonnull(plant);
    return plant;
}

static hcp_backtest_result play(const hcp_market *market, const hcp_plant *plant, const char *name)
{
    hcp_policy_config config = hcp_policy_config_default();
    config.utc_offset_h = 0;
    g_autoptr(hcp_policy) policy = hcp_policy_new(name, plant, &config, NULL);
    return hcp_backtest_play(market, plant, policy, NULL, NULL);
}

static double sum_of(const hcp_backtest_result *r)
{
    const hcp_plant_account *a = &r->account;
    return a->income_usd - a->energy_usd + a->reserve_usd - a->call_usd - a->peak_usd -
           r->switching_usd;
}

static void test_a_worked_month(void)
{
    hcp_market market = month_of();
    g_autoptr(hcp_plant) plant = miners();
    size_t peak = 14 * 24 + 17;
    for (size_t t = 0; t < market.n; t++)
        g_assert_cmpfloat(market.steps[t].peak_usd_per_mwh, ==, t == peak ? 15000 : 0);
    hcp_backtest_result blind = play(&market, plant, "static");
    g_assert_cmpfloat_with_epsilon(blind.account.peak_usd, 10 * 15000, 1e-6);
    g_assert_cmpfloat_with_epsilon(blind.profit_usd, sum_of(&blind), 1e-6);

    /* What is expected at 00:00 on the 3rd, before the next day is published: the first of the equal evenings may be the
     * peak, 3 of 30 days are known; at 17:00 on the 15th it is that hour, with 16 days known. */
    hcp_market_published_prices prices;
    hcp_policy_observation seen;
    market.avoids_peaks = true;
    hcp_market_observe(&market, 2 * 24, &prices, &seen);
    for (size_t k = 0; k < seen.n_dam; k++)
        g_assert_cmpfloat(seen.peak_usd_per_mwh[k], ==, 0);
    hcp_market_observe(&market, 17, &prices, &seen);
    g_assert_cmpfloat_with_epsilon(seen.peak_usd_per_mwh[0], 15000 * 2 / 30.0, 1e-9);
    hcp_market_observe(&market, peak, &prices, &seen);
    g_assert_cmpfloat_with_epsilon(seen.peak_usd_per_mwh[0], 15000 * 16 / 30.0, 1e-9);

    /* The plan rests in those two hours and nowhere else: the charge is gone for two hours of mining. */
    hcp_backtest_result avoided = play(&market, plant, "hcp");
    hcp_plant_terms terms[HCP_PLANT_STATES_MAX];
    const hcp_plant_inputs in = hcp_market_settled(&market, 17);
    hcp_plant_terms_get(plant, &in, terms);
    g_assert_cmpuint(avoided.steps_in[hcp_plant_state(plant, "idle")], ==, 2);
    g_assert_cmpfloat(avoided.account.peak_usd, ==, 0);
    g_assert_cmpfloat_with_epsilon(blind.account.income_usd - avoided.account.income_usd,
                                   2 * terms[0].fixed_usd, 1e-6);
    g_assert_cmpfloat_with_epsilon(blind.account.energy_usd - avoided.account.energy_usd,
                                   10 * (60 + 100), 1e-6);
    g_assert_cmpfloat_with_epsilon(avoided.profit_usd, sum_of(&avoided), 1e-6);
    g_free(market.steps);
}

/* Reserve, calls, charge and switching in one run: the account adds up to the profit, to the cent. */
static void test_accounts_add_up(void)
{
    hcp_market market = month_of();
    hcp_plant_spec spec = hcp_plant_spec_default();
    spec.gpus = 1000;
    g_autoptr(hcp_plant) plant = hcp_plant_new(&spec, NULL);
    market.avoids_peaks = market.sells_reserve = true;
    market.call_usd_per_mwh = 60;
    for (size_t t = 0; t < market.n; t++) {
        market.steps[t].reserve_usd_per_mw = 3 + (double)(t % 7);
        market.steps[t].demand = 0.5;
        market.steps[t].rate_usd_per_gpu_h = 2;
        if (t % 50 == 0)
            market.steps[t].price_usd_per_mwh = 300;
    }
    static const char *const names[] = {"static", "threshold", "mpc", "hcp"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        hcp_backtest_result r = play(&market, plant, names[i]);
        g_assert_cmpfloat_with_epsilon(r.profit_usd, sum_of(&r), 0.005);
        g_assert_cmpfloat_with_epsilon(r.account.reserve_usd, r.reserve_usd, 0.005);
        g_assert_cmpuint(r.called_steps, >, 0);
        g_assert_cmpfloat(r.account.call_usd, >, 0);
    }
    g_free(market.steps);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/economics/peak/a_mw", test_a_mw);
    g_test_add_func("/economics/peak/chances", test_chances);
    g_test_add_func("/economics/peak/calibrated", test_chances_are_calibrated);
    g_test_add_func("/economics/peak/worked_month", test_a_worked_month);
    g_test_add_func("/economics/peak/accounts", test_accounts_add_up);
    return g_test_run();
}

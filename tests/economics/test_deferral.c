/* SPDX-License-Identifier: Apache-2.0 */
/* When to start work that can wait: figures by hand, and never worse than at once. */
#include "base/rng.h"
#include "base/units.h"
#include "economics/deferral.h"

#include <glib.h>
#include <math.h>

#define NEAR(actual, expected) g_assert_cmpfloat_with_epsilon(actual, expected, 1e-9)

static const double DAY[] = {78, 78, 60, 40, 31.2, 31.2, 50, 90};

static hcp_deferral_input input_of(int64_t duration_us, int64_t latest_us)
{
    return (hcp_deferral_input){.latest_start_us = latest_us,
                                .duration_us = duration_us,
                                .step_us = HCP_US_PER_H,
                                .usd_per_mwh = DAY,
                                .n_steps = G_N_ELEMENTS(DAY),
                                .mw = 0.05};
}

static void test_by_hand(void)
{
    /* Two hours of 50 kW: 78 now, 31.20 from the fourth hour on: 0.1 MWh x 46.80. */
    hcp_deferral_input input = input_of(2 * HCP_US_PER_H, 10 * HCP_US_PER_H);
    hcp_deferral_plan plan;
    g_assert_true(hcp_deferral_find(&input, &plan));
    g_assert_cmpint(plan.start_us, ==, 4 * HCP_US_PER_H);
    NEAR(plan.now_usd_per_mwh, 78);
    NEAR(plan.then_usd_per_mwh, 31.2);
    NEAR(plan.saving_usd, 4.68);
    /* The deadline allows the third hour only: 40 and 31.20. */
    input.latest_start_us = 4 * HCP_US_PER_H - 1;
    g_assert_true(hcp_deferral_find(&input, &plan));
    g_assert_cmpint(plan.start_us, ==, 3 * HCP_US_PER_H);
    NEAR(plan.then_usd_per_mwh, 35.6);
    /* Ninety minutes: an hour at 40, half of one at 31.20. */
    input = input_of(90 * HCP_US_PER_MIN, 3 * HCP_US_PER_H);
    g_assert_true(hcp_deferral_find(&input, &plan));
    NEAR(plan.then_usd_per_mwh, (40 + 31.2 / 2) / 1.5);
}

static void test_not_worth_it(void)
{
    hcp_deferral_plan plan;
    hcp_deferral_input input = input_of(2 * HCP_US_PER_H, 10 * HCP_US_PER_H);
    input.mw = 0.0001; /* less than a cent */
    g_assert_false(hcp_deferral_find(&input, &plan));
    input.mw = 0.05;
    input.latest_start_us = -1; /* late already */
    g_assert_false(hcp_deferral_find(&input, &plan));
    static const double flat[] = {50, 49.5, 49.5, 49.5}; /* one per cent */
    input = input_of(HCP_US_PER_H, 10 * HCP_US_PER_H);
    input.usd_per_mwh = flat;
    input.n_steps = G_N_ELEMENTS(flat);
    g_assert_false(hcp_deferral_find(&input, &plan));
    input.n_steps = 0; /* nothing known */
    g_assert_false(hcp_deferral_find(&input, &plan));
}

/* A run reaches into hours whose price is not known: no plan rests on them. */
static void test_only_known_prices(void)
{
    static const double known[] = {78, 60, NAN, 10, 10};
    hcp_deferral_plan plan;
    hcp_deferral_input input = input_of(HCP_US_PER_H, 10 * HCP_US_PER_H);
    input.usd_per_mwh = known;
    input.n_steps = G_N_ELEMENTS(known);
    g_assert_true(hcp_deferral_find(&input, &plan));
    g_assert_cmpint(plan.start_us, ==, HCP_US_PER_H);
    input.duration_us = 9 * HCP_US_PER_H;
    g_assert_false(hcp_deferral_find(&input, &plan));
}

/* Negative prices are cheap too; every plan is in time, saves what it says and beats every other start. */
static void test_laws(void)
{
    hcp_rng rng;
    g_test_message("seed 3");
    hcp_rng_init(&rng, 3, 0);
    int found = 0;
    for (int i = 0; i < 3000; i++) {
        double prices[24];
        for (int h = 0; h < 24; h++)
            prices[h] = 120 * hcp_rng_uniform(&rng) - 30;
        int hours = 1 + (int)hcp_rng_below(&rng, 12);
        hcp_deferral_input input =
            input_of(hours * HCP_US_PER_H, (int64_t)hcp_rng_below(&rng, 24) * HCP_US_PER_H);
        input.usd_per_mwh = prices;
        input.n_steps = 24;
        hcp_deferral_plan plan;
        if (!hcp_deferral_find(&input, &plan))
            continue;
        found++;
        g_assert_cmpint(plan.start_us, >, 0);
        g_assert_cmpint(plan.start_us, <=, input.latest_start_us);
        NEAR(plan.saving_usd, (plan.now_usd_per_mwh - plan.then_usd_per_mwh) * 0.05 * hours);
        for (int s = 0; s + hours <= 24 && s * HCP_US_PER_H <= input.latest_start_us; s++) {
            double sum = 0;
            for (int h = s; h < s + hours; h++)
                sum += prices[h];
            g_assert_cmpfloat(sum / hours, >=, plan.then_usd_per_mwh - 1e-9);
        }
    }
    g_assert_cmpint(found, >, 1000);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/deferral/by_hand", test_by_hand);
    g_test_add_func("/deferral/not_worth_it", test_not_worth_it);
    g_test_add_func("/deferral/only_known_prices", test_only_known_prices);
    g_test_add_func("/deferral/laws", test_laws);
    return g_test_run();
}

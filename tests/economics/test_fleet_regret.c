/* SPDX-License-Identifier: Apache-2.0 */
/* Regret of a facility: by hand, and never negative for what devices could have done. */
#include "base/rng.h"
#include "economics/fleet_regret.h"

#include <math.h>
#include <string.h>

#define NEAR(actual, expected) g_assert_cmpfloat_with_epsilon(actual, expected, 1e-6)

static const hcp_dispatch_target S21[] = {{3500, 200}, {2000, 125}};

/* A hundred S21 at hashprice 48: 0.40 USD/h each at full power. PUE 1, no pool fee. */
typedef struct {
    hcp_fleet_regret_class class_;
    hcp_fleet_regret_did did[8];
    hcp_fleet_regret_step steps[8];
    double mining;
    hcp_fleet_regret_problem problem;
} fixture;

static void fill(fixture *f, size_t n, const double *usd_per_mwh, const double *mined,
                 double switch_usd)
{
    *f = (fixture){.class_ = {.targets = S21, .n_targets = 1, .switch_usd = switch_usd},
                   .mining = 100};
    double before = 100;
    for (size_t t = 0; t < n; t++) {
        f->did[t] = (hcp_fleet_regret_did){.at_hand = 100, .mined = {mined[t]}};
        f->did[t].starts = MAX(0, mined[t] - before);
        f->did[t].stops = MAX(0, before - mined[t]);
        before = mined[t];
        f->steps[t] = (hcp_fleet_regret_step){.hours = 1,
                                              .usd_per_mwh = usd_per_mwh[t],
                                              .hashprice = 48,
                                              .cap_mw = 10,
                                              .drawn_mw = mined[t] * 0.0035,
                                              .classes = &f->did[t]};
    }
    f->problem = (hcp_fleet_regret_problem){
        .classes = &f->class_, .n_classes = 1, .steps = f->steps, .n = n, .pue = 1};
    f->problem.mining = &f->mining;
}

static hcp_fleet_regret solve(const fixture *f)
{
    hcp_fleet_regret regret;
    bool solved = hcp_fleet_regret_solve(&f->problem, &regret);
    g_assert_true(solved);
    return regret;
}

/* Prices 30, 300, 30 USD/MWh: an hour is worth 0.295, -0.65, 0.295 USD a device; a start or stop costs 0.10. */
static void test_by_hand(void)
{
    fixture f;
    fill(&f, 3, (double[]){30, 300, 30}, (double[]){100, 100, 100}, 0.1);
    hcp_fleet_regret stayed = solve(&f);
    NEAR(stayed.hours, 3);
    NEAR(stayed.earned_usd, 29.5 - 65 + 29.5);
    NEAR(stayed.optimum_usd, 29.5 - 10 - 10 + 29.5);
    NEAR(stayed.bound_usd, stayed.optimum_usd);
    NEAR(stayed.static_usd, -6);
    NEAR(stayed.ideal_usd, 59);
    NEAR(stayed.unhurried_usd, 39);
    NEAR(hcp_fleet_regret_closed_pct(&stayed), 0);
    /* Half of the devices stop for the dear hour. */
    fill(&f, 3, (double[]){30, 300, 30}, (double[]){100, 50, 100}, 0.1);
    hcp_fleet_regret half = solve(&f);
    NEAR(half.switching_usd, 10);
    NEAR(half.earned_usd, 29.5 - 32.5 + 29.5 - 10);
    NEAR(hcp_fleet_regret_closed_pct(&half), 50);
    hcp_fleet_regret_add(&half, &stayed);
    NEAR(half.hours, 6);
    NEAR(half.optimum_usd, 78);
    NEAR(half.earned_usd, 16.5 - 6);
}

/* Rest costs 25 W, whatever the plan; a second target pays at a price at which the first does not. */
static void test_rest_and_targets(void)
{
    fixture f;
    fill(&f, 1, (double[]){120}, (double[]){100}, 0);
    f.class_.rest_w = 25;
    f.class_.n_targets = 2;
    hcp_fleet_regret regret = solve(&f);
    /* 0.40 - 0.42 at full power; 0.25 - 0.24 at 2,000 W. */
    NEAR(regret.earned_usd, -2);
    NEAR(regret.optimum_usd, 1);
    NEAR(regret.static_usd, 1);
    g_assert_true(isnan(hcp_fleet_regret_closed_pct(&regret)));
    fill(&f, 1, (double[]){200}, (double[]){0}, 0);
    f.class_.rest_w = 25;
    f.mining = 0;
    NEAR(solve(&f).earned_usd, -0.5);
    NEAR(solve(&f).optimum_usd, -0.5);
}

/* The room is what was drawn and what was free: with 0.1 MW free, 0.1 / 0.0035 more devices fit. */
static void test_cap(void)
{
    fixture f;
    fill(&f, 1, (double[]){30}, (double[]){40}, 0);
    f.mining = 40;
    f.steps[0].cap_mw = f.steps[0].drawn_mw + 0.1;
    hcp_fleet_regret regret = solve(&f);
    NEAR(regret.earned_usd, 40 * 0.295);
    g_assert_cmpfloat_with_epsilon(regret.optimum_usd, (40 + 0.1 / 0.0035) * 0.295, 0.01);
    NEAR(regret.unhurried_usd, 29.5);
    NEAR(regret.static_usd, (40 + 0.1 / 0.0035) * 0.295);
    f.steps[0].cap_mw = 0; /* an emergency: nothing more than was there */
    NEAR(solve(&f).optimum_usd, 40 * 0.295);
}

/* Devices that a lease took away and gave back come back at rest: starting them again is paid by everybody. */
static void test_layers(void)
{
    fixture f;
    fill(&f, 3, (double[]){30, 30, 30}, (double[]){100, 60, 100}, 0.1);
    f.did[1].at_hand = 60;
    f.did[1].stops = 0;
    hcp_fleet_regret regret = solve(&f);
    NEAR(regret.earned_usd, 260 * 0.295 - 40 * 0.1);
    NEAR(regret.optimum_usd, regret.earned_usd);
    NEAR(regret.static_usd, regret.earned_usd);
}

/* A dwell of two hours forbids the stop for one. */
static void test_minimum_times(void)
{
    fixture f;
    fill(&f, 4, (double[]){30, 300, 30, 30}, (double[]){100, 100, 100, 100}, 0.1);
    f.problem.min_dwell_h = 2;
    hcp_fleet_regret regret = solve(&f);
    NEAR(regret.unhurried_usd, 3 * 29.5 - 20);
    /* Two hours at rest: one of them would have earned 29.5. */
    NEAR(regret.optimum_usd, 2 * 29.5 - 20);
    f.problem.min_dwell_h = 1.9; /* not two whole steps */
    NEAR(solve(&f).optimum_usd, 3 * 29.5 - 20);
}

/* --- whatever devices do, hindsight does no worse ------------------------------------------------------------------ */

#define STEPS 40
#define PARTS 6 /* moments of a step at which devices move */
#define CLASSES 3

/* Random devices: they mine, rest, are taken away and come back at rest, any number at any moment. */
static void do_something(hcp_rng *rng, double *at_hand, double *mining, hcp_fleet_regret_did *did)
{
    for (int part = 0; part < PARTS; part++) {
        double wanted = (double)hcp_rng_below(rng, (uint32_t)*at_hand + 1);
        int target = (int)hcp_rng_below(rng, 2);
        if (hcp_rng_below(rng, 4) == 0) {
            did->starts += MAX(0, wanted - *mining);
            did->stops += MAX(0, *mining - wanted);
            *mining = wanted;
        }
        if (hcp_rng_below(rng, 10) == 0) {
            *at_hand = (double)hcp_rng_below(rng, 21);
            *mining = MIN(*mining, *at_hand);
        }
        did->at_hand += *at_hand / PARTS;
        did->mined[target] += *mining / PARTS;
    }
}

static void test_never_negative(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 5, 0);
    for (int round = 0; round < 60; round++) {
        hcp_fleet_regret_class classes[CLASSES];
        hcp_fleet_regret_did did[STEPS][CLASSES] = {0};
        hcp_fleet_regret_step steps[STEPS];
        double mining[CLASSES], begun[CLASSES], at_hand[CLASSES], price = 50;
        for (int c = 0; c < CLASSES; c++) {
            classes[c] = (hcp_fleet_regret_class){.targets = S21,
                                                  .n_targets = 2,
                                                  .rest_w = 25,
                                                  .switch_usd = 0.2 * hcp_rng_uniform(&rng)};
            at_hand[c] = (double)hcp_rng_below(&rng, 21);
            begun[c] = mining[c] = (double)hcp_rng_below(&rng, (uint32_t)at_hand[c] + 1);
        }
        for (int t = 0; t < STEPS; t++) {
            price = hcp_rng_below(&rng, 3) == 0 ? -20 + 200 * hcp_rng_uniform(&rng) : price;
            steps[t] = (hcp_fleet_regret_step){.hours = hcp_rng_below(&rng, 5) == 0 ? 0.3 : 1,
                                               .usd_per_mwh = price,
                                               .hashprice = 48,
                                               .classes = did[t]};
            for (int c = 0; c < CLASSES; c++) {
                do_something(&rng, &at_hand[c], &mining[c], &did[t][c]);
                steps[t].drawn_mw += 0.0035 * did[t][c].mined[0] + 0.002 * did[t][c].mined[1];
            }
            steps[t].cap_mw =
                steps[t].drawn_mw + (round % 2 != 0 ? 0.05 * hcp_rng_uniform(&rng) : 1);
        }
        const hcp_fleet_regret_problem problem = {.classes = classes,
                                                  .n_classes = CLASSES,
                                                  .steps = steps,
                                                  .n = STEPS,
                                                  .mining = begun,
                                                  .pue = 1.1,
                                                  .pool_fee = 0.01};
        hcp_fleet_regret regret;
        g_assert_true(hcp_fleet_regret_solve(&problem, &regret));
        g_test_message("round %d: earned %.4f static %.4f optimum %.4f bound %.4f", round,
                       regret.earned_usd, regret.static_usd, regret.optimum_usd, regret.bound_usd);
        /* The optimum beats it by itself, not by being set to it. */
        g_assert_cmpfloat(regret.optimum_usd, >, regret.earned_usd);
        g_assert_cmpfloat(regret.optimum_usd, >=, regret.static_usd - 0.02);
        g_assert_cmpfloat(regret.bound_usd - regret.optimum_usd, <=,
                          0.02 + 1e-3 * fabs(regret.bound_usd));
        g_assert_cmpfloat(regret.unhurried_usd, >=, regret.optimum_usd - 1e-6);
        g_assert_cmpfloat(regret.ideal_usd, >=, regret.unhurried_usd - 1e-6);
    }
}

/* At 140 USD/MWh an S21 loses 0.09 USD an hour; 40 USD/(MW h) for 3.5 kW is 0.14. Resting through it was the mistake, and
 * only where what it draws can be sold. */
static void test_reserve_counts_on_both_sides(void)
{
    const double prices[] = {60, 140, 60}, mined[] = {100, 0, 100};
    fixture f;
    fill(&f, 3, prices, mined, 0);
    for (int t = 0; t < 3; t++)
        f.steps[t].reserve_usd_per_mw = t == 1 ? 40 : 10;
    hcp_fleet_regret without = solve(&f);
    NEAR(without.reserve_usd, 0);
    NEAR(without.optimum_usd, without.earned_usd);
    f.class_.ready = true;
    hcp_fleet_regret with = solve(&f);
    NEAR(with.reserve_usd, 2 * 0.35 * 10);
    NEAR(with.earned_usd - without.earned_usd, with.reserve_usd);
    NEAR(with.optimum_usd - with.earned_usd, 40 - 0.35 * 140 + 0.35 * 40);
    NEAR(with.static_usd, with.optimum_usd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/fleet_regret/by_hand", test_by_hand);
    g_test_add_func("/fleet_regret/rest_and_targets", test_rest_and_targets);
    g_test_add_func("/fleet_regret/cap", test_cap);
    g_test_add_func("/fleet_regret/layers", test_layers);
    g_test_add_func("/fleet_regret/minimum_times", test_minimum_times);
    g_test_add_func("/fleet_regret/never_negative", test_never_negative);
    g_test_add_func("/fleet_regret/reserve", test_reserve_counts_on_both_sides);
    return g_test_run();
}

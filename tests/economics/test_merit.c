/* SPDX-License-Identifier: Apache-2.0 */
/* The merit order on figures worked out by hand, and its laws on random sites. */
#include "base/rng.h"
#include "economics/formula.h"
#include "economics/merit.h"

#include <glib.h>
#include <math.h>

#define NEAR(actual, expected) g_assert_cmpfloat_with_epsilon(actual, expected, 1e-9)

/* 20 and 17.5 J/TH: at 60 USD/(PH/s day) and no fee a TH/s earns 0.0025 USD an hour. */
static const hcp_dispatch_target ASIC[] = {{4000, 200}, {2800, 160}};
static const hcp_dispatch_target GPU[] = {{500, 0}};

static hcp_dispatch_class asic(void)
{
    return (hcp_dispatch_class){.asic = true,
                                .mining = 10,
                                .curtailed = 30,
                                .standby_w = 20,
                                .targets = ASIC,
                                .n_targets = G_N_ELEMENTS(ASIC)};
}

static hcp_dispatch_class gpu(double mining_usd_per_h)
{
    return (hcp_dispatch_class){.serving = 6,
                                .idle = 4,
                                .serving_w = 1000,
                                .idle_w = 100,
                                .targets = GPU,
                                .n_targets = 1,
                                .mining_usd_per_h = mining_usd_per_h,
                                .serve_usd_per_h = 3.0};
}

static hcp_dispatch_input site_of(const hcp_dispatch_class *classes, int n)
{
    return (hcp_dispatch_input){
        .pue = 1.25, .usd_per_mwh = 40, .hashprice = 60, .classes = classes, .n_classes = n};
}

static void test_by_hand(void)
{
    const hcp_dispatch_class classes[] = {asic(), gpu(0.05)};
    const hcp_dispatch_input input = site_of(classes, 2);
    const hcp_merit_draw draws[] = {{.mining_w = {40000}, .rest_w = 600},
                                    {.serving_w = 6000, .rest_w = 400}};
    hcp_merit rows[HCP_MERIT_MAX_ROWS];
    g_assert_cmpint(hcp_merit_order(&input, draws, rows), ==, 5);

    /* 3 USD for 1000 W * 1.25 = 0.00125 MW: 2400 USD/MWh; 6 of 10 serve. */
    g_assert_cmpint(rows[0].use, ==, HCP_MERIT_SERVE);
    g_assert_cmpint(rows[0].class_ix, ==, 1);
    NEAR(rows[0].strike_usd_per_mwh, 2400);
    NEAR(rows[0].margin_usd_per_mwh, 2360);
    NEAR(rows[0].available_w, 12500);
    NEAR(rows[0].used_w, 7500);
    NEAR(rows[0].usd_per_h, 17.7);

    /* 160 TH/s earn 0.40 USD for 0.0035 MW; the 40 free miners could draw 140 kW. */
    g_assert_cmpint(rows[1].target, ==, 1);
    NEAR(rows[1].strike_usd_per_mwh, 0.4 / 0.0035);
    NEAR(rows[1].available_w, 140000);
    NEAR(rows[1].used_w, 0);
    NEAR(rows[1].usd_per_h, 0);

    /* 200 TH/s earn 0.50 USD for 0.005 MW: 100 USD/MWh; ten run, at 60 USD/MWh on 0.05 MW. */
    g_assert_cmpint(rows[2].use, ==, HCP_MERIT_MINE);
    g_assert_cmpint(rows[2].target, ==, 0);
    NEAR(rows[2].strike_usd_per_mwh, 100);
    NEAR(rows[2].margin_usd_per_mwh, 60);
    NEAR(rows[2].available_w, 200000);
    NEAR(rows[2].used_w, 50000);
    NEAR(rows[2].usd_per_h, 3);

    /* 0.05 USD for 0.000625 MW: 80 USD/MWh. */
    g_assert_cmpint(rows[3].class_ix, ==, 1);
    NEAR(rows[3].strike_usd_per_mwh, 80);

    /* 1 kW sleeps and costs 0.05 USD/h; ten miners more could be shed. */
    g_assert_cmpint(rows[4].use, ==, HCP_MERIT_OFF);
    NEAR(rows[4].margin_usd_per_mwh, 0);
    NEAR(rows[4].used_w, 1250);
    NEAR(rows[4].available_w, 51250);
    NEAR(rows[4].usd_per_h, -0.05);
}

/* Off stands where the price puts it: below everything that pays, above what does not. */
static void test_off_is_the_reference(void)
{
    const hcp_dispatch_class classes[] = {asic()};
    const hcp_merit_draw draws[] = {{.mining_w = {40000}, .rest_w = 600}};
    hcp_dispatch_input input = site_of(classes, 1);
    hcp_merit rows[HCP_MERIT_MAX_ROWS];
    static const struct {
        double usd_per_mwh;
        int off_at;
    } cases[] = {{-30, 2}, {99.99, 2}, {100.01, 1}, {114.2, 1}, {114.3, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        input.usd_per_mwh = cases[i].usd_per_mwh;
        g_assert_cmpint(hcp_merit_order(&input, draws, rows), ==, 3);
        g_assert_cmpint(rows[cases[i].off_at].use, ==, HCP_MERIT_OFF);
    }
}

/* A GPU that is not configured to mine has no such row, and a class that nobody rents does not serve. */
static void test_only_what_can_be(void)
{
    hcp_dispatch_class classes[] = {gpu(0)};
    const hcp_merit_draw draws[] = {{0}};
    hcp_dispatch_input input = site_of(classes, 1);
    hcp_merit rows[HCP_MERIT_MAX_ROWS];
    g_assert_cmpint(hcp_merit_order(&input, draws, rows), ==, 2);
    classes[0].serve_usd_per_h = 0;
    g_assert_cmpint(hcp_merit_order(&input, draws, rows), ==, 1);
    g_assert_cmpint(rows[0].use, ==, HCP_MERIT_OFF);
}

/* Miners that no plan may move keep what they draw available. */
static void test_degraded_miners_count(void)
{
    hcp_dispatch_class classes[] = {asic()};
    classes[0].mining = 0;
    classes[0].curtailed = 1;
    const hcp_merit_draw draws[] = {{.mining_w = {8000}}};
    const hcp_dispatch_input input = site_of(classes, 1);
    hcp_merit rows[HCP_MERIT_MAX_ROWS];
    hcp_merit_order(&input, draws, rows);
    NEAR(rows[1].used_w, 10000);
    NEAR(rows[1].available_w, 10000);
    NEAR(rows[0].available_w, 3500);
}

static void test_laws(void)
{
    hcp_rng rng;
    g_test_message("seed 11");
    hcp_rng_init(&rng, 11, 0);
    for (int i = 0; i < 2000; i++) {
        hcp_dispatch_class classes[] = {asic(), gpu(0.1 * hcp_rng_uniform(&rng)), asic()};
        hcp_merit_draw draws[] = {{.mining_w = {1000 * hcp_rng_uniform(&rng), 5}},
                                  {.serving_w = 2000 * hcp_rng_uniform(&rng), .rest_w = 7},
                                  {.rest_w = 1}};
        hcp_dispatch_input input = site_of(classes, 3);
        hcp_merit rows[HCP_MERIT_MAX_ROWS];
        input.pue = 1 + hcp_rng_uniform(&rng);
        input.pool_fee = 0.1 * hcp_rng_uniform(&rng);
        input.hashprice = 120 * hcp_rng_uniform(&rng);
        input.usd_per_mwh = 400 * hcp_rng_uniform(&rng) - 100;
        int n = hcp_merit_order(&input, draws, rows), offs = 0;
        double used_w = 0;
        for (int r = 0; r < n; r++) {
            const hcp_merit *row = &rows[r];
            g_assert_true(r == 0 || rows[r - 1].margin_usd_per_mwh >= row->margin_usd_per_mwh);
            g_assert_cmpfloat(row->used_w, <=, row->available_w + 1e-9);
            used_w += row->used_w;
            offs += row->use == HCP_MERIT_OFF;
            /* The strike is the price at which a miner of that kind earns nothing. */
            if (row->use != HCP_MERIT_MINE || !classes[row->class_ix].asic)
                continue;
            const hcp_dispatch_target *at = &classes[row->class_ix].targets[row->target];
            double expected = hcp_formula_breakeven_usd_per_mwh(at->power_w / at->ths, input.pue,
                                                                input.hashprice, input.pool_fee);
            g_assert_cmpfloat_with_epsilon(row->strike_usd_per_mwh, expected, 1e-6);
        }
        g_assert_cmpint(offs, ==, 1);
        double drawn_w = draws[0].mining_w[0] + 5 + draws[1].serving_w + 7 + 1;
        g_assert_cmpfloat_with_epsilon(used_w, drawn_w * input.pue, 1e-6);
    }
}

/* Reserve at 4 USD per MW and hour: ten miners could leave 3,980 W each, times 1.25, and their rows have the income. */
static void test_reserve(void)
{
    const hcp_dispatch_class classes[] = {asic()};
    hcp_dispatch_input input = site_of(classes, 1);
    const hcp_merit_draw draws[] = {{.mining_w = {40000}, .rest_w = 600}};
    hcp_merit rows[HCP_MERIT_MAX_ROWS];
    g_assert_cmpint(hcp_merit_order(&input, draws, rows), ==, 3);
    double without = rows[1].margin_usd_per_mwh;
    input.reserve_usd_per_mw = 4;
    g_assert_cmpint(hcp_merit_order(&input, draws, rows), ==, 4);
    NEAR(rows[1].margin_usd_per_mwh, without + 4 * 3980.0 / 4000);
    g_assert_cmpint(rows[2].use, ==, HCP_MERIT_RESERVE);
    NEAR(rows[2].margin_usd_per_mwh, 4);
    NEAR(rows[2].available_w, 49750);
    NEAR(rows[2].used_w + rows[2].usd_per_h, 0);
    g_assert_true(isnan(rows[2].strike_usd_per_mwh));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/merit/by_hand", test_by_hand);
    g_test_add_func("/merit/reserve", test_reserve);
    g_test_add_func("/merit/off_is_the_reference", test_off_is_the_reference);
    g_test_add_func("/merit/only_what_can_be", test_only_what_can_be);
    g_test_add_func("/merit/degraded_miners_count", test_degraded_miners_count);
    g_test_add_func("/merit/laws", test_laws);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The threshold policy: starts, stops, dwells, holds, and never plans above the cap. */
#include "base/rng.h"
#include "economics/dispatch/dispatch.h"

#include <glib.h>
#include <math.h>

static const hcp_dispatch_target S21[] = {{3500, 200}, {2800, 170}};
static const hcp_dispatch_target H100[] = {{500, 0}};

static hcp_dispatch_class asic(uint32_t mining, uint32_t curtailed)
{
    return (hcp_dispatch_class){.asic = true,
                                .mining = mining,
                                .curtailed = curtailed,
                                .idle_w = 100,
                                .standby_w = 15,
                                .targets = S21,
                                .n_targets = G_N_ELEMENTS(S21)};
}

static hcp_dispatch_class gpu(uint32_t serving, uint32_t idle)
{
    return (hcp_dispatch_class){.serving = serving,
                                .idle = idle,
                                .serving_w = 700,
                                .idle_w = 80,
                                .standby_w = 20,
                                .targets = H100,
                                .n_targets = 1,
                                .serve_usd_per_h = 3.75};
}

static hcp_dispatch_input input_of(const hcp_dispatch_class *classes, int n, double usd_per_mwh)
{
    return (hcp_dispatch_input){.now_us = INT64_C(1000000000),
                                .cap_w = 1e9,
                                .pue = 1.1,
                                .usd_per_mwh = usd_per_mwh,
                                .usd_per_mwh_sd = 5,
                                .hashprice = 50,
                                .price_good = true,
                                .hashprice_good = true,
                                .min_dwell_us = INT64_C(300000000),
                                .threshold = 1.1,
                                .classes = classes,
                                .n_classes = n};
}

static hcp_dispatch_plan decide(const hcp_dispatch_input *input)
{
    const hcp_dispatch_config config = {.step_us = INT64_C(900000000)};
    g_autoptr(hcp_dispatch) dispatch = hcp_dispatch_new(&HCP_DISPATCH_THRESHOLD, &config);
    hcp_dispatch_plan plan;
    hcp_dispatch_ask(dispatch, input, &plan);
    return plan;
}

static void test_starts_when_it_pays(void)
{
    hcp_dispatch_class classes[] = {asic(0, 100)};
    hcp_dispatch_input input = input_of(classes, 1, 40);
    hcp_dispatch_plan plan = decide(&input);
    g_assert_cmpuint(plan.chosen[0].mine, ==, 100);
    g_assert_true(plan.moves);
    g_assert_cmpstr(plan.recommendation, ==, "BITCOIN_MINING");
    g_assert_cmpfloat(plan.chosen_usd_per_h, >, plan.rejected_usd_per_h);
    g_assert_cmpfloat(plan.gap_usd_per_h, ==, plan.chosen_usd_per_h - plan.rejected_usd_per_h);
    /* 100 miners draw 3,485 W more than asleep, 1.1 times that at the meter, and the price may move 1.2816 x 5. */
    g_assert_cmpfloat_with_epsilon(plan.gain_high_usd - plan.gain_usd, 0.38335 * 6.408, 1e-6);
    g_assert_cmpfloat(plan.forecast_low_usd_per_mwh, ==, 40 - 5 * 1.2816);
    g_assert_cmpstr(plan.source, ==, "rule");
}

static void test_band_between_start_and_stop(void)
{
    /* Between the two prices the rule keeps what is: that is what stops flapping. */
    hcp_dispatch_class on[] = {asic(100, 0)}, off[] = {asic(0, 100)};
    hcp_dispatch_input input = input_of(on, 1, 40);
    double stop = decide(&input).flip_usd_per_mwh;
    input.classes = off;
    double start = decide(&input).flip_usd_per_mwh;
    g_assert_cmpfloat(start, <, stop);
    input.usd_per_mwh = (start + stop) / 2;
    g_assert_cmpuint(decide(&input).chosen[0].mine, ==, 0);
    input.classes = on;
    g_assert_cmpuint(decide(&input).chosen[0].mine, ==, 100);
    input.usd_per_mwh = stop + 1;
    g_assert_cmpuint(decide(&input).chosen[0].mine, ==, 0);
    g_assert_cmpstr(decide(&input).recommendation, ==, "CURTAIL");
}

static void test_flip_price_flips(void)
{
    for (int on = 0; on <= 1; on++) {
        hcp_dispatch_class classes[] = {on ? asic(10, 0) : asic(0, 10)};
        hcp_dispatch_input input = input_of(classes, 1, 60);
        double flip = decide(&input).flip_usd_per_mwh;
        input.usd_per_mwh = flip - 0.5;
        uint32_t below = decide(&input).chosen[0].mine;
        input.usd_per_mwh = flip + 0.5;
        g_assert_cmpuint(decide(&input).chosen[0].mine, !=, below);
    }
}

static void test_dwell_holds(void)
{
    hcp_dispatch_class classes[] = {asic(100, 0)};
    hcp_dispatch_input input = input_of(classes, 1, 900);
    classes[0].moved_us = input.now_us - 1000000;
    hcp_dispatch_plan plan = decide(&input);
    g_assert_cmpuint(plan.chosen[0].mine, ==, 100);
    g_assert_nonnull(strstr(plan.reason, "dwell"));
    classes[0].moved_us = input.now_us - input.min_dwell_us;
    g_assert_cmpuint(decide(&input).chosen[0].mine, ==, 0);
}

static void test_stale_price_holds(void)
{
    hcp_dispatch_class classes[] = {asic(100, 0)};
    hcp_dispatch_input input = input_of(classes, 1, 900);
    input.price_good = false;
    hcp_dispatch_plan plan = decide(&input);
    g_assert_false(plan.moves);
    g_assert_cmpstr(plan.recommendation, ==, "HOLD");
    g_assert_cmpfloat(plan.confidence, ==, 0);
}

static void test_cap_prefers_better_merit(void)
{
    static const hcp_dispatch_target old[] = {{3250, 110}};
    hcp_dispatch_class classes[] = {asic(0, 100), asic(0, 100)};
    classes[0].targets = old;
    classes[0].n_targets = 1;
    hcp_dispatch_input input = input_of(classes, 2, 20);
    input.cap_w = (200 * 15 + 100 * (3500 - 15) + 10 * (3250 - 15) + 1) * input.pue;
    hcp_dispatch_plan plan = decide(&input);
    g_assert_cmpuint(plan.chosen[1].mine, ==, 100);
    g_assert_cmpuint(plan.chosen[0].mine, ==, 10);
}

static void test_serving_comes_first(void)
{
    hcp_dispatch_class classes[] = {gpu(1000, 24), asic(100, 0)};
    hcp_dispatch_input input = input_of(classes, 2, 20);
    input.cap_w = (1000 * 700 + 24 * 80 + 100 * 15 + 5 * (3500 - 15) + 1) * input.pue;
    hcp_dispatch_plan plan = decide(&input);
    g_assert_cmpuint(plan.chosen[1].mine, ==, 5);
    g_assert_cmpstr(plan.recommendation, ==, "HYBRID");
    g_assert_cmpuint(plan.chosen[0].mine, ==, 0);
}

static void test_plan_fits_cap(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 7, 0);
    for (int i = 0; i < 5000; i++) {
        hcp_dispatch_class classes[] = {
            asic((uint32_t)hcp_rng_below(&rng, 500), (uint32_t)hcp_rng_below(&rng, 500)),
            gpu((uint32_t)hcp_rng_below(&rng, 500), (uint32_t)hcp_rng_below(&rng, 500)),
            asic((uint32_t)hcp_rng_below(&rng, 500), (uint32_t)hcp_rng_below(&rng, 500))};
        hcp_dispatch_input input = input_of(classes, 3, hcp_rng_uniform(&rng) * 200 - 50);
        input.cap_w = 5e5 + hcp_rng_uniform(&rng) * 4e6;
        hcp_dispatch_plan plan = decide(&input);
        double power_w = 0, base_w = 0;
        for (int c = 0; c < 3; c++) {
            uint32_t free = classes[c].mining + classes[c].idle + classes[c].curtailed;
            const hcp_dispatch_choice *choice = &plan.chosen[c];
            g_assert_cmpuint(choice->mine + choice->idle + choice->curtail, ==, free);
            power_w += choice->power_w;
            base_w += classes[c].serving * classes[c].serving_w +
                      free * (classes[c].asic ? classes[c].standby_w : classes[c].idle_w);
        }
        g_assert_cmpfloat(power_w * input.pue, <=, MAX(input.cap_w, base_w * input.pue) + 1e-3);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dispatch/starts_when_it_pays", test_starts_when_it_pays);
    g_test_add_func("/dispatch/band_between_start_and_stop", test_band_between_start_and_stop);
    g_test_add_func("/dispatch/flip_price_flips", test_flip_price_flips);
    g_test_add_func("/dispatch/dwell_holds", test_dwell_holds);
    g_test_add_func("/dispatch/stale_price_holds", test_stale_price_holds);
    g_test_add_func("/dispatch/cap_prefers_better_merit", test_cap_prefers_better_merit);
    g_test_add_func("/dispatch/serving_comes_first", test_serving_comes_first);
    g_test_add_func("/dispatch/plan_fits_cap", test_plan_fits_cap);
    return g_test_run();
}

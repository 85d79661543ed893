/* SPDX-License-Identifier: Apache-2.0 */
/* Expected peak charges in plans: what they add to a price, that a dear one stops miners for its hour and no other, and that
 * reserve and charge are weighed in one plan. */
#include "economics/dispatch/dispatch.h"

#include "base/units.h"

#include <math.h>
#include <string.h>

/* A whole hour. */
#define NOW_US (INT64_C(1782669600) * HCP_US_PER_S)

#define NEAR(actual, expected) g_assert_cmpfloat_with_epsilon(actual, expected, 1e-9)

static const hcp_dispatch_target S21[] = {{3500, 200}};

typedef struct {
    hcp_dispatch *dispatch;
    hcp_dispatch_class class_;
    hcp_dispatch_input input;
    hcp_dispatch_peak peak;
} facility;

/* A hundred S21 that mine, after two days at 30 USD/MWh; at hashprice 55 they break even at about 119. */
static void open_facility(facility *f, const char *policy, bool late)
{
    *f = (facility){.class_ = {.asic = true,
                               .mining = 100,
                               .standby_w = 25,
                               .targets = S21,
                               .n_targets = 1,
                               .switch_usd = 0.002}};
    f->input = (hcp_dispatch_input){.cap_w = 2e6,
                                    .pue = 1.1,
                                    .usd_per_mwh = 30,
                                    .settles_late = late,
                                    .hashprice = 55,
                                    .price_good = true,
                                    .hashprice_good = true,
                                    .min_dwell_us = 10 * HCP_US_PER_MIN,
                                    .threshold = 1.1,
                                    .classes = &f->class_,
                                    .n_classes = 1,
                                    .peaks = &f->peak};
    f->dispatch =
        hcp_dispatch_new(hcp_dispatch_policy_find(policy),
                         &(hcp_dispatch_config){.step_us = HCP_US_PER_H, .utc_offset_h = -6});
    for (int h = -48; h < -1; h++)
        hcp_dispatch_observe(f->dispatch, &(hcp_dispatch_price){.at_us = NOW_US + h * HCP_US_PER_H,
                                                                .usd_per_mwh = 30,
                                                                .day_ahead_usd_per_mwh = NAN,
                                                                .reserve_usd_per_mw = NAN,
                                                                .hashprice = 55});
}

/* `hour` hours later the price of the hour before has just come; where prices do not come late, that of the hour that
 * begins. What was decided is carried out. */
static void ask(facility *f, int hour, hcp_dispatch_plan *ret_plan)
{
    hcp_dispatch_input *input = &f->input;
    input->now_us = NOW_US + hour * HCP_US_PER_H;
    input->price_known_us = input->now_us;
    input->price_at_us = input->now_us - (input->settles_late ? HCP_US_PER_H : 0);
    hcp_dispatch_observe(f->dispatch, &(hcp_dispatch_price){.at_us = input->price_at_us,
                                                            .usd_per_mwh = 30,
                                                            .day_ahead_usd_per_mwh = NAN,
                                                            .reserve_usd_per_mw = NAN,
                                                            .hashprice = 55});
    hcp_dispatch_ask(f->dispatch, input, ret_plan);
    f->class_.mining = ret_plan->chosen[0].mine;
    f->class_.curtailed = ret_plan->chosen[0].curtail;
}

static void expect_peak(facility *f, int hour, double usd_per_mw)
{
    f->peak = (hcp_dispatch_peak){.from_us = NOW_US + hour * HCP_US_PER_H,
                                  .until_us = NOW_US + (hour + 1) * HCP_US_PER_H,
                                  .usd_per_mw = usd_per_mw};
    f->input.n_peaks = 1;
}

static void test_what_it_adds(void)
{
    const hcp_dispatch_peak peaks[] = {{NOW_US, NOW_US + HCP_US_PER_H, 500},
                                       {NOW_US + HCP_US_PER_H, NOW_US + 2 * HCP_US_PER_H, 100}};
    const hcp_dispatch_input input = {.peaks = peaks, .n_peaks = 2};
    NEAR(hcp_dispatch_peak_usd_per_mwh(&input, NOW_US, NOW_US + HCP_US_PER_H), 500);
    NEAR(hcp_dispatch_peak_usd_per_mwh(&input, NOW_US, NOW_US + HCP_US_PER_H / 4), 500);
    NEAR(hcp_dispatch_peak_usd_per_mwh(&input, NOW_US, NOW_US + 2 * HCP_US_PER_H), 300);
    NEAR(hcp_dispatch_peak_usd_per_mwh(&input, NOW_US - HCP_US_PER_H, NOW_US), 0);
    NEAR(hcp_dispatch_peak_usd_per_mwh(&input, NOW_US, NOW_US), 0);
}

static const struct {
    const char *policy;
    bool late;
} KINDS[] = {{"hcp", true}, {"hcp", false}, {"mpc", true}, {"mpc", false}};

/* The peak lies two hours ahead: only its own hour is left to others. */
static void test_rests_in_its_hour(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        facility f;
        hcp_dispatch_plan plan;
        open_facility(&f, KINDS[i].policy, KINDS[i].late);
        expect_peak(&f, 2, 2000);
        for (int hour = 0; hour < 4; hour++) {
            ask(&f, hour, &plan);
            g_test_message("%s %d hour %d: %s", KINDS[i].policy, KINDS[i].late, hour, plan.reason);
            g_assert_cmpuint(plan.chosen[0].mine, ==, hour == 2 ? 0 : 100);
            g_assert_cmpint(strstr(plan.reason, "2000.00 USD/MWh for the assumed peak") != NULL, ==,
                            hour == 2);
        }
        hcp_dispatch_free(f.dispatch);
    }
}

/* A charge below what mining is worth stops nothing. */
static void test_a_small_one_is_paid(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        facility f;
        hcp_dispatch_plan plan;
        open_facility(&f, KINDS[i].policy, KINDS[i].late);
        expect_peak(&f, 0, 40);
        ask(&f, 0, &plan);
        g_assert_cmpuint(plan.chosen[0].mine, ==, 100);
        hcp_dispatch_free(f.dispatch);
    }
}

/* 150 USD/MW of charge are more than mining earns, and less than mining and standing ready at 100 together. */
static void test_one_plan_with_reserve(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++)
        for (int sold = 0; sold < 2; sold++) {
            facility f;
            hcp_dispatch_plan plan;
            open_facility(&f, KINDS[i].policy, KINDS[i].late);
            f.input.reserve_usd_per_mw = sold ? 100 : 0;
            expect_peak(&f, 0, 150);
            ask(&f, 0, &plan);
            g_assert_cmpuint(plan.chosen[0].mine, ==, sold ? 100 : 0);
            hcp_dispatch_free(f.dispatch);
        }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dispatch/peaks/what_it_adds", test_what_it_adds);
    g_test_add_func("/dispatch/peaks/rests_in_its_hour", test_rests_in_its_hour);
    g_test_add_func("/dispatch/peaks/a_small_one_is_paid", test_a_small_one_is_paid);
    g_test_add_func("/dispatch/peaks/one_plan_with_reserve", test_one_plan_with_reserve);
    return g_test_run();
}

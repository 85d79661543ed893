/* SPDX-License-Identifier: Apache-2.0 */
/* The guard's paper accounts: every rival pays for its switches, power targets included, and can be carried out. */
#include "economics/dispatch/paper.h"

#include "economics/policy/guard.h"

#include <math.h>

/* Rest, full power, and two lower targets of better efficiency; a retarget costs what a start does. */
static const hcp_dispatch_device DEVICE = {
    .n_modes = 4,
    .dwell_steps = 1,
    .usd_per_h = {0, 0.36, 0.31, 0.25},
    .extra_mw = {0, 0.0038, 0.0030, 0.0022},
    .start_usd = 0.2,
    .stop_usd = 0.2,
    .retarget_usd = 0.2,
};

/* Prices at which full power and the lowest target are best. */
#define CHEAP 30.0
#define DEAR 80.0

static hcp_dispatch_paper_step settled(double usd_per_mwh)
{
    return (hcp_dispatch_paper_step){
        .device = &DEVICE, .usd_per_mwh = usd_per_mwh, .step_h = 1.0, .late = true};
}

/* Expectations that want `mode` whatever the present one is. */
static void want(hcp_dispatch_row *ahead, int mode)
{
    for (int node = 0; node < DEVICE.n_modes; node++)
        for (int b = 0; b < HCP_CHAIN_STRIDE; b++)
            ahead[node].at[b] = node == mode ? 100.0F : 0.0F;
}

static void test_targets_are_paid_for(void)
{
    hcp_dispatch_paper paper;
    g_assert_cmpint(hcp_dispatch_device_best(&DEVICE, CHEAP), ==, 1);
    g_assert_cmpint(hcp_dispatch_device_best(&DEVICE, DEAR), ==, 3);
    hcp_dispatch_paper_init(&paper, 7, &DEVICE);
    double fade = exp(-1.0 / HCP_GUARD_MEMORY_H), full_usd = 0;
    for (int t = 0; t < 200; t++) {
        hcp_dispatch_paper_step step = settled(t % 2 == 0 ? CHEAP : DEAR);
        hcp_dispatch_paper_settle(&paper, &step);
        full_usd = fade * full_usd + hcp_dispatch_device_usd_per_h(&DEVICE, 1, step.usd_per_mwh);
    }
    /* going back and forth would cost 0.2 an hour and gain 0.02 */
    g_assert_cmpint(paper.at[HCP_DISPATCH_PAPER_LAZY].mode, >, 0);
    g_assert_cmpfloat(paper.earned_usd[HCP_DISPATCH_PAPER_LAZY], >, full_usd - 1.0);
    g_assert_cmpfloat_with_epsilon(paper.still_usd[1], full_usd, 1e-9);
    g_assert_cmpfloat(paper.still_usd[0], ==, 0.0);
}

static void test_lasting_change_is_followed(void)
{
    hcp_dispatch_paper paper;
    hcp_dispatch_paper_init(&paper, 7, &DEVICE);
    for (int t = 0; t < 80; t++) {
        hcp_dispatch_paper_step step = settled(DEAR);
        hcp_dispatch_paper_settle(&paper, &step);
    }
    g_assert_cmpint(paper.at[HCP_DISPATCH_PAPER_LAZY].mode, ==, 3);
    for (int t = 0; t < 5; t++) {
        hcp_dispatch_paper_step step = settled(900.0);
        hcp_dispatch_paper_settle(&paper, &step);
    }
    g_assert_cmpint(paper.at[HCP_DISPATCH_PAPER_LAZY].mode, ==, 0);
}

/* A plan that rests through good hours is left for the mode that earned most by staying, and taken up again when resting
 * turns out to have been right. */
static void test_bad_plan_is_left(void)
{
    hcp_dispatch_row ahead[4];
    hcp_dispatch_paper paper;
    hcp_dispatch_paper_init(&paper, 7, &DEVICE);
    want(ahead, 0);
    int hours = 0;
    while (paper.followed == HCP_DISPATCH_PAPER_PLAN) {
        hcp_dispatch_paper_step step = settled(CHEAP);
        step.ahead = ahead;
        hcp_dispatch_paper_settle(&paper, &step);
        g_assert_cmpint(++hours, <, 100);
    }
    g_assert_cmpint(hours, >, 5);
    double behind_usd = paper.still_usd[1] - paper.earned_usd[HCP_DISPATCH_PAPER_PLAN];
    g_assert_cmpfloat(behind_usd, >, hcp_dispatch_paper_bound_usd(&paper, &DEVICE, 1.0));
    g_assert_cmpint(paper.still, ==, 1);
    for (int t = 0; t < 3; t++) {
        hcp_dispatch_paper_step step = settled(900.0);
        step.ahead = ahead;
        hcp_dispatch_paper_settle(&paper, &step);
    }
    g_assert_cmpint(paper.followed, ==, HCP_DISPATCH_PAPER_PLAN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/dispatch_paper/targets_are_paid_for", test_targets_are_paid_for);
    g_test_add_func("/dispatch_paper/lasting_change_is_followed", test_lasting_change_is_followed);
    g_test_add_func("/dispatch_paper/bad_plan_is_left", test_bad_plan_is_left);
    return g_test_run();
}

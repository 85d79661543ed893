/* SPDX-License-Identifier: Apache-2.0 */
/* The guard leaves a planner that loses, waits for it to make good, and never lets the loss grow past its bound. */
#include "base/rng.h"
#include "economics/policy/guard.h"

#include <math.h>

static hcp_plant *mining_site(void)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    spec.asic_start_usd_per_mw = 60.0;
    return hcp_plant_new(&spec, NULL);
}

/* Mining earns about 770 USD an hour at 30 USD/MWh. */
static const hcp_plant_inputs good_hour = {.price_usd_per_mwh = 30.0, .hashprice = 48.0};
static const hcp_plant_inputs bad_hour = {.price_usd_per_mwh = 1500.0, .hashprice = 48.0};

static void settle(hcp_guard *guard, int hours, const hcp_plant_inputs *in)
{
    for (int h = 0; h < hours; h++)
        hcp_guard_settle(guard, in);
}

static void test_leaves_and_returns(void)
{
    g_autoptr(hcp_plant) plant = mining_site();
    int mine = hcp_plant_state(plant, "mine"), idle = hcp_plant_state(plant, "idle");
    hcp_guard guard;
    hcp_guard_init(&guard, plant, mine);
    settle(&guard, 200, &good_hour);
    g_assert_cmpint(guard.followed, ==, HCP_GUARD_PLANNER);

    hcp_guard_move(&guard, HCP_GUARD_PLANNER, idle); /* it idles through good hours */
    int hours = 0;
    while (guard.followed == HCP_GUARD_PLANNER) {
        hcp_guard_settle(&guard, &good_hour);
        g_assert_cmpint(++hours, <, 100);
    }
    g_assert_cmpint(hours, >, 2); /* one short mistake is within the bound */

    settle(&guard, 10, &bad_hour); /* idling was right after all */
    g_assert_cmpint(guard.followed, ==, HCP_GUARD_PLANNER);
}

static void test_equal_plans(void)
{
    g_autoptr(hcp_plant) plant = mining_site();
    hcp_guard guard;
    hcp_guard_init(&guard, plant, 0);
    for (int i = 0; i < 2000; i++) {
        hcp_guard_settle(&guard, i % 50 == 0 ? &bad_hour : &good_hour);
        g_assert_cmpint(guard.followed, ==, HCP_GUARD_PLANNER);
    }
}

/* A planner that switches at random: what is followed never falls behind the best rival by more than the bound, one
 * wrong hour and one return, in the guard's own fading account. */
static void test_bound_holds(void)
{
    g_autoptr(hcp_plant) plant = mining_site();
    hcp_rng rng;
    hcp_rng_init(&rng, 19, 0);
    hcp_guard guard;
    hcp_guard_init(&guard, plant, 0);
    double followed_usd = 0.0, worst = 0.0;
    for (int t = 0; t < 3000; t++) {
        const hcp_plant_inputs *in = hcp_rng_below(&rng, 60) == 0 ? &bad_hour : &good_hour;
        int state = plant->state_of[guard.node[guard.followed]];
        double usd[HCP_PLANT_STATES_MAX];
        hcp_plant_rewards(plant, in, usd);
        hcp_guard_plan was = guard.followed;
        hcp_guard_settle(&guard, in);
        followed_usd = guard.fade * followed_usd + usd[state];
        if (guard.followed != was)
            followed_usd -= guard.cycle_usd;
        worst = MAX(worst, guard.earned_usd[HCP_GUARD_STILL] - followed_usd);
        hcp_guard_move(&guard, HCP_GUARD_PLANNER, hcp_rng_below(&rng, 3) == 0 ? 1 : 0);
        /* the lazy plan stays at work here: it is the same as never switching */
    }
    double hour = 770.0 + 15000.0;
    g_assert_cmpfloat(worst, <=, 2.0 * (hcp_guard_bound_usd(&guard) + hour + guard.cycle_usd));
    g_assert_cmpint(guard.followed, !=, HCP_GUARD_PLANNER);
}

static void test_minimum_times(void)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    spec.asic_min_down_steps = 4;
    g_autoptr(hcp_plant) plant = hcp_plant_new(&spec, NULL);
    hcp_guard guard;
    hcp_guard_init(&guard, plant, 0);
    hcp_guard_move(&guard, HCP_GUARD_LAZY, 1);
    hcp_guard_move(&guard, HCP_GUARD_LAZY, 0); /* forbidden: stays */
    g_assert_cmpint(plant->state_of[guard.node[HCP_GUARD_LAZY]], ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/guard/leaves-and-returns", test_leaves_and_returns);
    g_test_add_func("/guard/equal-plans", test_equal_plans);
    g_test_add_func("/guard/bound-holds", test_bound_holds);
    g_test_add_func("/guard/minimum-times", test_minimum_times);
    return g_test_run();
}

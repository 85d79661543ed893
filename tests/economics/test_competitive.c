/* SPDX-License-Identifier: Apache-2.0 */
/* The empirical competitive ratio: a worked example, its limits, and that no random plan beats the optimum over a run. */
#include "base/rng.h"
#include "economics/competitive.h"
#include "economics/optimum.h"

#include <math.h>

#define DAY 24

/* Two days of two states. On the first the second state is better by 10 in six hours, on the second never. */
static void fill_example(double *rewards, double *optimum, double *earned)
{
    double best = 0, plan = 0;
    for (size_t t = 0; t < 2 * DAY; t++) {
        bool dear = t >= 6 && t < 12;
        rewards[2 * t] = 5;
        rewards[2 * t + 1] = dear ? 15 : 0;
        best += dear ? 15 : 5;
        best -= t == 6 || t == 12 ? 2 : 0; /* a switch costs 2 */
        plan += 5;
        optimum[t] = best;
        earned[t] = plan;
    }
}

static void test_example(void)
{
    double rewards[4 * DAY], optimum[2 * DAY], earned[2 * DAY];
    fill_example(rewards, optimum, earned);
    hcp_competitive c = hcp_competitive_ratio(
        &(hcp_competitive_run){.n = 2 * DAY, .step_h = 1, .n_states = 2, rewards, optimum, earned});
    g_assert_cmpfloat_with_epsilon(c.optimum_cost_usd, 4, 1e-9);
    g_assert_cmpfloat_with_epsilon(c.cost_usd, 60, 1e-9);
    g_assert_cmpfloat_with_epsilon(c.ratio, 15, 1e-9);
    /* The second day has nothing to lose, so it has no ratio. */
    g_assert_cmpuint(c.days, ==, 1);
    g_assert_cmpuint(c.max_day_step, ==, 0);
    g_assert_cmpfloat_with_epsilon(c.median_day, 15, 1e-9);
    g_assert_cmpfloat_with_epsilon(c.max_day, 15, 1e-9);
}

/* Costs of one state: none. Part of a day: no day. Nothing: no ratio. */
static void test_limits(void)
{
    double rewards[DAY], line[DAY];
    for (size_t t = 0; t < DAY; t++) {
        rewards[t] = 3;
        line[t] = 3 * (double)(t + 1);
    }
    hcp_competitive_run run = {
        .n = DAY, .step_h = 1, .n_states = 1, rewards, .optimum_usd = line, .earned_usd = line};
    hcp_competitive c = hcp_competitive_ratio(&run);
    g_assert_cmpfloat_with_epsilon(c.cost_usd, 0, 1e-9);
    g_assert_true(isnan(c.ratio) && isnan(c.median_day) && isnan(c.max_day));
    run.n = 0;
    c = hcp_competitive_ratio(&run);
    g_assert_true(isnan(c.ratio));
    g_assert_cmpuint(c.days, ==, 0);
}

/* A random walk over the states of a plant, with its profit. */
static void wander(hcp_rng *rng, const hcp_plant *plant, size_t n, uint8_t *states)
{
    int node = plant->settled[0];
    states[0] = 0;
    for (size_t t = 1; t < n; t++) {
        int first = plant->first_move[node], end = plant->first_move[node + 1];
        int stays = hcp_rng_below(rng, 5) > 0;
        int m = stays ? first : first + (int)hcp_rng_below(rng, (uint32_t)(end - first));
        node = plant->moves[m].node;
        states[t] = (uint8_t)plant->state_of[node];
    }
}

static void test_bounded(void)
{
    enum { N = 10 * DAY };
    double rewards[N * HCP_PLANT_STATES_MAX], best[N], plan[N];
    uint8_t states[N];
    hcp_rng rng;
    hcp_rng_init(&rng, 5, 0);
    for (int round = 0; round < 50; round++) {
        hcp_plant_spec spec = hcp_plant_spec_default();
        spec.asic_min_down_steps = 1 + (int)hcp_rng_below(&rng, 4);
        spec.asic_start_usd_per_mw = 60;
        g_autoptr(hcp_plant) plant = hcp_plant_new(&spec, NULL);
        size_t n_states = (size_t)plant->n_states;
        for (size_t t = 0; t < N; t++)
            for (size_t s = 0; s < n_states; s++)
                rewards[t * n_states + s] = s == 0 ? 0 : 400 * hcp_rng_normal(&rng);
        hcp_optimum optimum = hcp_optimum_solve(plant, rewards, N, -1, states);
        hcp_optimum_line(plant, rewards, N, states, best);
        g_assert_cmpfloat_with_epsilon(best[N - 1], optimum.profit_usd, 1e-6);
        wander(&rng, plant, N, states);
        hcp_optimum_line(plant, rewards, N, states, plan);
        hcp_competitive c = hcp_competitive_ratio(
            &(hcp_competitive_run){N, 1, plant->n_states, rewards, best, plan});
        g_assert_cmpfloat(c.optimum_cost_usd, >=, -1e-6);
        g_assert_cmpfloat(c.cost_usd, >=, c.optimum_cost_usd - 1e-6);
        g_assert_cmpfloat(c.median_day, <=, c.p90_day);
        g_assert_cmpfloat(c.p90_day, <=, c.max_day);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/competitive/example", test_example);
    g_test_add_func("/competitive/limits", test_limits);
    g_test_add_func("/competitive/bounded", test_bounded);
    return g_test_run();
}

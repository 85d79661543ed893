/* SPDX-License-Identifier: Apache-2.0 */
/* The exact optimum against every possible path of small random cases. */
#include "base/rng.h"
#include "economics/optimum.h"

#include <math.h>

#define STEPS 7

/* Best profit over all move sequences from `node`, from step t on. */
static double best_path(const hcp_plant *plant, const double *rewards, size_t t, int node)
{
    if (t == STEPS)
        return 0.0;
    double best = -INFINITY;
    for (int m = plant->first_move[node]; m < plant->first_move[node + 1]; m++) {
        const hcp_plant_move *move = &plant->moves[m];
        double here = rewards[t * (size_t)plant->n_states + (size_t)plant->state_of[move->node]];
        best = MAX(best, here - move->cost_usd + best_path(plant, rewards, t + 1, move->node));
    }
    return best;
}

static double best_free(const hcp_plant *plant, const double *rewards)
{
    double best = -INFINITY;
    for (int s = 0; s < plant->n_states; s++)
        best = MAX(best, rewards[s] + best_path(plant, rewards, 1, plant->settled[s]));
    return best;
}

static hcp_plant *random_plant(hcp_rng *rng)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    spec.kind = hcp_rng_below(rng, 2) != 0 ? HCP_PLANT_SITE : HCP_PLANT_SLOT;
    spec.asic_min_up_steps = 1 + (int)hcp_rng_below(rng, 3);
    spec.asic_min_down_steps = 1 + (int)hcp_rng_below(rng, 3);
    spec.gpu_min_up_steps = 1 + (int)hcp_rng_below(rng, 2);
    spec.gpus = hcp_rng_below(rng, 2) != 0 ? 3000 : 0;
    spec.asic_start_usd_per_mw = (double)hcp_rng_below(rng, 3) * 30.0;
    return hcp_plant_new(&spec, NULL);
}

static void fill_rewards(hcp_rng *rng, const hcp_plant *plant, double *rewards)
{
    static const double prices[] = {-20, 20, 60, 300, 3000};
    for (size_t t = 0; t < STEPS; t++) {
        hcp_plant_inputs in = {
            .price_usd_per_mwh = prices[hcp_rng_below(rng, G_N_ELEMENTS(prices))],
            .hashprice = 50.0,
            .demand = hcp_rng_uniform(rng),
            .rate_usd_per_gpu_h = hcp_rng_below(rng, 2) != 0 ? 0.05 : 2.0,
        };
        double row[HCP_PLANT_STATES_MAX];
        hcp_plant_rewards(plant, &in, row);
        for (int s = 0; s < plant->n_states; s++)
            rewards[t * (size_t)plant->n_states + (size_t)s] = row[s];
    }
}

static void test_brute_force(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 1, 0);
    for (int i = 0; i < 60; i++) {
        g_autoptr(hcp_plant) plant = random_plant(&rng);
        double rewards[STEPS * HCP_PLANT_STATES_MAX];
        fill_rewards(&rng, plant, rewards);
        hcp_optimum free_start = hcp_optimum_solve(plant, rewards, STEPS, -1, NULL);
        g_assert_cmpfloat_with_epsilon(free_start.profit_usd, best_free(plant, rewards), 1e-6);

        int node = (int)hcp_rng_below(&rng, (uint64_t)plant->n_nodes);
        hcp_optimum from_node = hcp_optimum_solve(plant, rewards, STEPS, node, NULL);
        g_assert_cmpfloat_with_epsilon(from_node.profit_usd, best_path(plant, rewards, 0, node),
                                       1e-6);
    }
}

/* The plan it returns earns what it says. */
static void test_plan(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 2, 0);
    for (int i = 0; i < 60; i++) {
        g_autoptr(hcp_plant) plant = random_plant(&rng);
        double rewards[STEPS * HCP_PLANT_STATES_MAX];
        uint8_t states[STEPS];
        fill_rewards(&rng, plant, rewards);
        hcp_optimum best = hcp_optimum_solve(plant, rewards, STEPS, -1, states);
        int node = plant->settled[states[0]], switches = 0;
        double profit = rewards[states[0]];
        for (size_t t = 1; t < STEPS; t++) {
            const hcp_plant_move *move = hcp_plant_move_to(plant, node, states[t]);
            g_assert_nonnull(move);
            switches += states[t] != states[t - 1];
            profit += rewards[t * (size_t)plant->n_states + states[t]] - move->cost_usd;
            node = move->node;
        }
        g_assert_cmpfloat_with_epsilon(profit, best.profit_usd, 1e-6);
        g_assert_cmpint(switches, ==, best.switches);
    }
}

static void test_empty(void)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    g_autoptr(hcp_plant) plant = hcp_plant_new(&spec, NULL);
    hcp_optimum none = hcp_optimum_solve(plant, NULL, 0, -1, NULL);
    g_assert_cmpfloat(none.profit_usd, ==, 0.0);
    double one[] = {-5.0, 0.0};
    g_assert_cmpfloat(hcp_optimum_solve(plant, one, 1, -1, NULL).profit_usd, ==, 0.0);
    g_assert_cmpfloat(hcp_optimum_solve(plant, one, 1, plant->settled[0], NULL).profit_usd, ==,
                      0.0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/optimum/brute-force", test_brute_force);
    g_test_add_func("/optimum/plan", test_plan);
    g_test_add_func("/optimum/empty", test_empty);
    return g_test_run();
}

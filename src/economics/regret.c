/* SPDX-License-Identifier: Apache-2.0 */
/* Optima of relaxed plants, and a ring of settled steps. */
#include "economics/regret.h"

#include "economics/optimum.h"

#include <math.h>
#include <string.h>

static double optimum_of(const hcp_market *market, const hcp_plant_spec *spec)
{
    g_autoptr(hcp_plant) plant = hcp_plant_new(spec, NULL);
    g_assert(plant != NULL); /* a relaxed copy of a valid plant */
    g_autofree double *rewards = hcp_market_rewards(market, plant);
    return hcp_optimum_solve(plant, rewards, market->n, -1, NULL).profit_usd;
}

hcp_regret hcp_regret_by_cause(const hcp_market *market, const hcp_plant *plant, double earned_usd)
{
    double bound = optimum_of(market, &plant->spec);
    hcp_plant_spec quick = plant->spec;
    quick.asic_min_up_steps = quick.asic_min_down_steps = 1;
    quick.gpu_min_up_steps = quick.gpu_min_down_steps = 1;
    double unhurried = optimum_of(market, &quick);
    quick.asic_start_usd_per_mw = quick.asic_stop_usd_per_mw = 0.0;
    quick.gpu_start_usd_per_mw = quick.gpu_stop_usd_per_mw = 0.0;
    quick.slot_switch_usd = 0.0;
    double ideal = optimum_of(market, &quick);
    return (hcp_regret){
        .ideal_usd = ideal,
        .switching_usd = ideal - unhurried,
        .constraints_usd = unhurried - bound,
        .forecast_usd = bound - earned_usd,
        .earned_usd = earned_usd,
    };
}

typedef struct {
    int node_before;
    double earned_usd;
    double rewards_usd[HCP_PLANT_STATES_MAX];
} settled_step;

struct hcp_regret_window {
    const hcp_plant *plant;
    size_t capacity;
    size_t count; /* steps ever added */
    settled_step *ring;
};

hcp_regret_window *hcp_regret_window_new(const hcp_plant *plant, size_t steps)
{
    g_assert(steps > 0);
    hcp_regret_window *window = g_new0(hcp_regret_window, 1);
    window->plant = plant;
    window->capacity = steps;
    window->ring = g_new0(settled_step, steps);
    return window;
}

void hcp_regret_window_free(hcp_regret_window *window)
{
    if (window == NULL)
        return;
    g_free(window->ring);
    g_free(window);
}

void hcp_regret_window_add(hcp_regret_window *window, int node_before, int state,
                           double switch_cost_usd, const hcp_plant_inputs *settled)
{
    settled_step *step = &window->ring[window->count++ % window->capacity];
    step->node_before = node_before;
    hcp_plant_rewards(window->plant, settled, step->rewards_usd);
    step->earned_usd = step->rewards_usd[state] - switch_cost_usd;
}

void hcp_regret_window_get(const hcp_regret_window *window, double *ret_earned_usd,
                           double *ret_best_usd)
{
    size_t n = MIN(window->count, window->capacity), states = (size_t)window->plant->n_states;
    *ret_earned_usd = 0.0;
    *ret_best_usd = 0.0;
    if (n == 0)
        return;
    size_t first = window->count - n;
    g_autofree double *rewards = g_new(double, n *states);
    for (size_t i = 0; i < n; i++) {
        const settled_step *step = &window->ring[(first + i) % window->capacity];
        memcpy(rewards + i * states, step->rewards_usd, states * sizeof(double));
        *ret_earned_usd += step->earned_usd;
    }
    int start = window->ring[first % window->capacity].node_before;
    *ret_best_usd = hcp_optimum_solve(window->plant, rewards, n, start, NULL).profit_usd;
}

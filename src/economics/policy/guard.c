/* SPDX-License-Identifier: Apache-2.0 */
/* Paper accounts of three plans. */
#include "economics/policy/guard.h"

#include <math.h>

static double dearest_cycle_usd(const hcp_plant *plant)
{
    double most = 0.0;
    for (int a = 0; a < plant->n_states; a++) {
        for (int b = 0; b < plant->n_states; b++) {
            const hcp_plant_move *out = hcp_plant_move_to(plant, plant->settled[a], b);
            const hcp_plant_move *back = hcp_plant_move_to(plant, plant->settled[b], a);
            if (out != NULL && back != NULL)
                most = MAX(most, out->cost_usd + back->cost_usd);
        }
    }
    return most;
}

void hcp_guard_init(hcp_guard *guard, const hcp_plant *plant, int initial_state)
{
    *guard = (hcp_guard){
        .plant = plant,
        .fade = exp(-plant->spec.step_h / HCP_GUARD_MEMORY_H),
        .cycle_usd = dearest_cycle_usd(plant),
        .followed = HCP_GUARD_PLANNER,
    };
    for (int p = 0; p < HCP_GUARD_PLANS; p++)
        guard->node[p] = plant->settled[initial_state];
}

double hcp_guard_bound_usd(const hcp_guard *guard)
{
    double steps = HCP_GUARD_MEMORY_H / guard->plant->spec.step_h;
    return HCP_GUARD_BOUND * guard->still_abs_usd * steps + 2.0 * guard->cycle_usd;
}

static void choose_plan(hcp_guard *guard)
{
    hcp_guard_plan rival = guard->earned_usd[HCP_GUARD_LAZY] > guard->earned_usd[HCP_GUARD_STILL]
                               ? HCP_GUARD_LAZY
                               : HCP_GUARD_STILL;
    double behind = guard->earned_usd[rival] - guard->earned_usd[HCP_GUARD_PLANNER];
    double bound = hcp_guard_bound_usd(guard);
    if (behind > bound)
        guard->followed = rival;
    else if (behind < bound / 2.0)
        guard->followed = HCP_GUARD_PLANNER;
}

void hcp_guard_settle(hcp_guard *guard, const hcp_plant_inputs *settled)
{
    double usd[HCP_PLANT_STATES_MAX];
    hcp_plant_rewards(guard->plant, settled, usd);
    for (int p = 0; p < HCP_GUARD_PLANS; p++) {
        double earned = usd[guard->plant->state_of[guard->node[p]]];
        guard->earned_usd[p] = guard->fade * guard->earned_usd[p] + earned;
    }
    double still = usd[guard->plant->state_of[guard->node[HCP_GUARD_STILL]]];
    guard->weight = guard->fade * guard->weight + 1.0;
    guard->still_abs_usd += (fabs(still) - guard->still_abs_usd) / guard->weight;
    choose_plan(guard);
}

void hcp_guard_move(hcp_guard *guard, hcp_guard_plan plan, int state)
{
    const hcp_plant *plant = guard->plant;
    const hcp_plant_move *move = hcp_plant_move_to(plant, guard->node[plan], state);
    if (move == NULL)
        move = &plant->moves[plant->first_move[guard->node[plan]]];
    guard->node[plan] = move->node;
    guard->earned_usd[plan] -= move->cost_usd;
}

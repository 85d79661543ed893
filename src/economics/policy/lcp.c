/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lazy capacity provisioning over the plant's states (see workfunction.h): moves only when the past proves it, so its
 * worst case is bounded. It is charged what each settled step really cost; the step being decided is estimated by the
 * one before. Minimum times, and the one step of delay, are outside the proof.
 */
#include "economics/policy/estimate.h"
#include "economics/policy/policies.h"
#include "economics/policy/workfunction.h"

#include <math.h>

typedef struct {
    const hcp_plant *plant;
    hcp_workfunction work;
    double last_hashprice; /* of the step before, NAN at first */
} lcp_policy;

/* Cost of a direct change, minimum times aside. */
static double change_usd(const hcp_plant *plant, int from, int to)
{
    const hcp_plant_move *move = hcp_plant_move_to(plant, plant->settled[from], to);
    return move != NULL ? move->cost_usd : 0.0;
}

static void *create(const hcp_plant *plant, const hcp_policy_config *config)
{
    lcp_policy *self = g_new0(lcp_policy, 1);
    double distance[HCP_WORKFUNCTION_MAX][HCP_WORKFUNCTION_MAX] = {{0}};
    for (int a = 0; a < plant->n_states; a++) {
        for (int b = 0; b < plant->n_states; b++)
            distance[a][b] = (change_usd(plant, a, b) + change_usd(plant, b, a)) / 2.0;
    }
    self->plant = plant;
    self->last_hashprice = NAN;
    hcp_workfunction_init(&self->work, plant->n_states, distance, config->initial_state);
    return self;
}

/* What each state loses against the best one. */
static void losses(const hcp_plant *plant, const hcp_plant_inputs *in, double *cost)
{
    hcp_plant_rewards(plant, in, cost);
    double best = -INFINITY;
    for (int s = 0; s < plant->n_states; s++)
        best = MAX(best, cost[s]);
    for (int s = 0; s < plant->n_states; s++)
        cost[s] = best - cost[s];
}

static void choose(void *data, const hcp_policy_observation *observation, int node,
                   hcp_policy_decision *ret_decision)
{
    lcp_policy *self = data;
    const hcp_plant *plant = self->plant;
    hcp_plant_inputs in = hcp_estimate_inputs(observation);
    double cost[HCP_WORKFUNCTION_MAX];
    int now = plant->state_of[node], state = now;
    if (observation->has_last) {
        hcp_plant_inputs settled = in;
        if (!isnan(self->last_hashprice))
            settled.hashprice = self->last_hashprice;
        losses(plant, &settled, cost);
        hcp_workfunction_charge(&self->work, cost);
        losses(plant, &in, cost);
        state = hcp_workfunction_choose(&self->work, cost, now);
    }
    if (hcp_plant_move_to(plant, node, state) == NULL)
        state = now;
    self->last_hashprice = observation->hashprice;
    hcp_estimate_explain(plant, node, &in, state, ret_decision);
    ret_decision->reason = state == now ? "staying has not yet cost as much as moving and back"
                                        : "staying has cost as much as moving and back";
}

const hcp_policy_ops hcp_policy_lcp_ops = {
    .name = "lcp",
    .summary = "moves only when the past proves it; worst case bounded",
    .create = create,
    .choose = choose,
    .destroy = g_free,
};

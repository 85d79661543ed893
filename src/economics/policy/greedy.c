/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever earns most in the step that now begins, whatever it costs to get there and back. */
#include "economics/policy/estimate.h"
#include "economics/policy/policies.h"

typedef struct {
    const hcp_plant *plant;
} greedy_policy;

static void *create(const hcp_plant *plant, const hcp_policy_config *config)
{
    (void)config;
    greedy_policy *self = g_new0(greedy_policy, 1);
    self->plant = plant;
    return self;
}

static void choose(void *data, const hcp_policy_observation *observation, int node,
                   hcp_policy_decision *ret_decision)
{
    greedy_policy *self = data;
    const hcp_plant *plant = self->plant;
    hcp_plant_inputs in = hcp_estimate_inputs(observation);
    double worth[HCP_PLANT_STATES_MAX];
    hcp_plant_rewards(plant, &in, worth);
    int best = plant->state_of[node];
    for (int m = plant->first_move[node]; m < plant->first_move[node + 1]; m++) {
        int s = plant->state_of[plant->moves[m].node];
        if (worth[s] > worth[best])
            best = s;
    }
    hcp_estimate_explain(plant, node, &in, best, ret_decision);
    ret_decision->reason = "no state it may go to earns more in this step";
}

const hcp_policy_ops hcp_policy_greedy_ops = {
    .name = "greedy",
    .summary = "takes the state whose estimated profit is highest now, whatever switching costs",
    .create = create,
    .choose = choose,
    .destroy = g_free,
};

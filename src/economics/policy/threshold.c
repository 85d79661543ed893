/* SPDX-License-Identifier: Apache-2.0 */
/* The 10 % rule: switch when the best state's estimated profit exceeds 1.1 times the current one's. */
#include "economics/policy/estimate.h"
#include "economics/policy/policies.h"

#define THRESHOLD 1.1

typedef struct {
    const hcp_plant *plant;
} threshold_policy;

static void *create(const hcp_plant *plant, const hcp_policy_config *config)
{
    (void)config;
    threshold_policy *self = g_new0(threshold_policy, 1);
    self->plant = plant;
    return self;
}

static void choose(void *data, const hcp_policy_observation *observation, int node,
                   hcp_policy_decision *ret_decision)
{
    threshold_policy *self = data;
    const hcp_plant *plant = self->plant;
    hcp_plant_inputs in = hcp_estimate_inputs(observation);
    double worth[HCP_PLANT_STATES_MAX];
    hcp_plant_rewards(plant, &in, worth);
    int now = plant->state_of[node], best = now;
    for (int m = plant->first_move[node]; m < plant->first_move[node + 1]; m++) {
        int s = plant->state_of[plant->moves[m].node];
        if (worth[s] > worth[best])
            best = s;
    }
    double bar = worth[now] > 0 ? THRESHOLD * worth[now] : worth[now];
    bool moves = worth[best] > bar;
    hcp_estimate_explain(plant, node, &in, moves ? best : now, ret_decision);
    ret_decision->reason = moves ? "the best state earns over 10 % more than this one"
                                 : "no state earns over 10 % more than this one";
}

const hcp_policy_ops hcp_policy_threshold_ops = {
    .name = "threshold",
    .summary = "switches when another state's estimated profit is 10 % higher",
    .create = create,
    .choose = choose,
    .destroy = g_free,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Stays where it started: the plan every other policy is measured against. */
#include "economics/policy/estimate.h"
#include "economics/policy/policies.h"

typedef struct {
    const hcp_plant *plant;
} static_policy;

static void *create(const hcp_plant *plant, const hcp_policy_config *config)
{
    (void)config;
    static_policy *self = g_new0(static_policy, 1);
    self->plant = plant;
    return self;
}

static void choose(void *data, const hcp_policy_observation *observation, int node,
                   hcp_policy_decision *ret_decision)
{
    static_policy *self = data;
    hcp_plant_inputs in = hcp_estimate_inputs(observation);
    hcp_estimate_explain(self->plant, node, &in, self->plant->state_of[node], ret_decision);
    ret_decision->reason = "this plan never switches";
}

const hcp_policy_ops hcp_policy_static_ops = {
    .name = "static",
    .summary = "stays in its initial state",
    .create = create,
    .choose = choose,
    .destroy = g_free,
};

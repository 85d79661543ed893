/* SPDX-License-Identifier: Apache-2.0 */
/* The table of policies, and the part all share: following the plant's node. */
#include "economics/policy/policy.h"

#include "base/error.h"
#include "economics/policy/policies.h"

#include <math.h>
#include <string.h>

struct hcp_policy {
    const hcp_policy_ops *ops;
    const hcp_plant *plant;
    void *self;
    int node;
};

static const hcp_policy_ops *const all[] = {
    &hcp_policy_static_ops, &hcp_policy_greedy_ops, &hcp_policy_threshold_ops, &hcp_policy_band_ops,
    &hcp_policy_lcp_ops,    &hcp_policy_mpc_ops,    &hcp_policy_hcp_ops,       NULL,
};

const hcp_policy_ops *const *hcp_policy_all(void)
{
    return all;
}

hcp_policy_config hcp_policy_config_default(void)
{
    return (hcp_policy_config){.utc_offset_h = HCP_UTC_OFFSET_DEFAULT_H};
}

hcp_policy *hcp_policy_new(const char *name, const hcp_plant *plant,
                           const hcp_policy_config *config, GError **error)
{
    g_autoptr(GString) names = g_string_new(NULL);
    for (int i = 0; all[i] != NULL; i++) {
        if (strcmp(all[i]->name, name) == 0)
            return hcp_policy_new_ops(all[i], plant, config);
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", all[i]->name);
    }
    g_set_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND, "no policy '%s'; there are: %s", name,
                names->str);
    return NULL;
}

hcp_policy *hcp_policy_new_ops(const hcp_policy_ops *ops, const hcp_plant *plant,
                               const hcp_policy_config *config)
{
    g_assert(config->initial_state >= 0 && config->initial_state < plant->n_states);
    hcp_policy *policy = g_new0(hcp_policy, 1);
    policy->ops = ops;
    policy->plant = plant;
    policy->node = plant->settled[config->initial_state];
    policy->self = ops->create(plant, config);
    return policy;
}

void hcp_policy_free(hcp_policy *policy)
{
    if (policy == NULL)
        return;
    policy->ops->destroy(policy->self);
    g_free(policy);
}

void hcp_policy_step(hcp_policy *policy, const hcp_policy_observation *observation,
                     hcp_policy_decision *ret_decision)
{
    *ret_decision = (hcp_policy_decision){
        .rejected_state = -1,
        .flip_price_usd_per_mwh = NAN,
        .confidence = NAN,
        .reason = "",
        .source = policy->ops->name,
    };
    policy->ops->choose(policy->self, observation, policy->node, ret_decision);
    const hcp_plant_move *move =
        hcp_plant_move_to(policy->plant, policy->node, ret_decision->state);
    g_assert(move != NULL);
    ret_decision->switch_cost_usd = move->cost_usd;
    policy->node = move->node;
}

int hcp_policy_node(const hcp_policy *policy)
{
    return policy->node;
}

const char *hcp_policy_name(const hcp_policy *policy)
{
    return policy->ops->name;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of dispatch policies and what mining earns. */
#include "economics/dispatch.h"

#include "economics/formula.h"

#include <glib.h>

static const hcp_dispatch_policy *const POLICIES[] = {&HCP_DISPATCH_THRESHOLD, &HCP_DISPATCH_MINE,
                                                      &HCP_DISPATCH_REST};

const hcp_dispatch_policy *hcp_dispatch_policy_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(POLICIES); i++)
        if (g_str_equal(POLICIES[i]->name, name))
            return POLICIES[i];
    return NULL;
}

double hcp_dispatch_mining_usd_per_h(const hcp_dispatch_input *input,
                                     const hcp_dispatch_class *class_, int target)
{
    const hcp_dispatch_target *point = &class_->targets[target];
    double income =
        class_->asic ? hcp_formula_mining_usd_per_h(point->ths, input->hashprice, input->pool_fee)
                     : class_->mining_usd_per_h;
    return income - hcp_formula_power_usd_per_h(point->power_w, input->pue, input->usd_per_mwh);
}

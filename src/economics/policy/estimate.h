/* SPDX-License-Identifier: Apache-2.0 */
/* What the simple rules take the step to be: last known price and demand, hash price of now. */
#ifndef HCP_ECONOMICS_POLICY_ESTIMATE_H
#define HCP_ECONOMICS_POLICY_ESTIMATE_H

#include "economics/policy/policy.h"

/* Inputs of the step with the step before standing in for what is not yet known; before anything is known, the
 * day-ahead price and no demand. */
hcp_plant_inputs hcp_estimate_inputs(const hcp_policy_observation *observation);

/* Fills forecast, best other state and gap of a rule that compares one step's estimated profit, for `chosen`. */
void hcp_estimate_explain(const hcp_plant *plant, int node, const hcp_plant_inputs *inputs,
                          int chosen, hcp_policy_decision *ret_decision);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The interfaces of the policies, for the table in policy.c and for policies that combine others. */
#ifndef HCP_ECONOMICS_POLICY_POLICIES_H
#define HCP_ECONOMICS_POLICY_POLICIES_H

#include "economics/policy/policy.h"

extern const hcp_policy_ops hcp_policy_static_ops;    /* stays in its initial state */
extern const hcp_policy_ops hcp_policy_greedy_ops;    /* the best state of the step */
extern const hcp_policy_ops hcp_policy_threshold_ops; /* the 10 % rule */
extern const hcp_policy_ops hcp_policy_band_ops;      /* two prices around the mining breakeven */
extern const hcp_policy_ops hcp_policy_lcp_ops;       /* work function: worst case bounded */
extern const hcp_policy_ops hcp_policy_mpc_ops;       /* a 24 h plan on one price path */
extern const hcp_policy_ops hcp_policy_hcp_ops;       /* stochastic plan, bounded by the lazy one */

#endif

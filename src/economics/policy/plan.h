/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The stochastic plan: what every move open now is worth over the coming steps, when each later step may react to the
 * price it sees. Exact for the price chain it is given (dynamic programming over plant node and price grid point).
 */
#ifndef HCP_ECONOMICS_POLICY_PLAN_H
#define HCP_ECONOMICS_POLICY_PLAN_H

#include "economics/forecast/price.h"
#include "economics/policy/policy.h"

#define HCP_PLAN_MOVES_MAX 4

/* The longest tail after the chain's horizon, in steps: a week of five-minute steps. */
#define HCP_PLAN_TAIL_MAX 2016

/* Profit terms of every state in every step of the chain's horizon, and the profits of the steps after it at expected
 * prices, where a plan only has to know which way the days lean. */
typedef struct {
    hcp_plant_terms at[HCP_PRICE_STEPS_MAX][HCP_PLANT_STATES_MAX];
    hcp_plant_terms called[HCP_PRICE_STEPS_MAX]
                          [HCP_PLANT_STATES_MAX]; /* from call_usd_per_mwh on */
    double call_usd_per_mwh;                      /* INFINITY: no reserve is sold */
    int n_tail;
    float tail_usd[HCP_PLAN_TAIL_MAX][HCP_PLANT_STATES_MAX];
} hcp_plan_terms;

typedef struct hcp_plan hcp_plan;

/* Sets step `k`: the observation's reserve price (the last published one beyond) and peak charge of that step, with `inputs` for the
 * rest. The price in `inputs` is not used. */
void hcp_plan_terms_set(hcp_plan_terms *terms, int k, const hcp_plant *plant,
                        const hcp_policy_observation *observation, hcp_plant_inputs inputs);

/* Working storage for `plant` (borrowed). Caller frees. */
hcp_plan *hcp_plan_new(const hcp_plant *plant);

/* Releases the storage; NULL is allowed. */
void hcp_plan_free(hcp_plan *plan);

/* Plans over the outlook's steps: what every node is worth after the first of them. */
void hcp_plan_solve(hcp_plan *plan, const hcp_price_outlook *outlook, const hcp_plan_terms *terms);

/* Writes the decision from `node` by the plan last solved, with the same outlook and terms: the best move, the best of
 * the others, and what lies between them. */
void hcp_plan_decide(const hcp_plan *plan, const hcp_price_outlook *outlook,
                     const hcp_plan_terms *terms, int node, hcp_policy_decision *ret_decision);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_plan, hcp_plan_free)

#endif

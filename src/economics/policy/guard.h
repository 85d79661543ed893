/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bound on a policy that plans: beside it run the lazy policy and the plan of never switching, on paper. When the
 * planner has lately earned less than the better of them by more than a stated bound, that one is followed until the
 * planner has made good half of it.
 */
#ifndef HCP_ECONOMICS_POLICY_GUARD_H
#define HCP_ECONOMICS_POLICY_GUARD_H

#include "economics/policy/policy.h"

typedef enum { HCP_GUARD_PLANNER, HCP_GUARD_LAZY, HCP_GUARD_STILL, HCP_GUARD_PLANS } hcp_guard_plan;

/* Memory of the comparison, and the bound as a fraction of what never switching earns in that time. */
#define HCP_GUARD_MEMORY_H 720.0
#define HCP_GUARD_BOUND 0.01

typedef struct {
    const hcp_plant *plant;
    double fade;                        /* per step */
    int node[HCP_GUARD_PLANS];          /* where each plan would be now */
    double earned_usd[HCP_GUARD_PLANS]; /* fading sums */
    double still_abs_usd; /* fading mean a step of what never switching earned or lost */
    double weight;        /* of that mean */
    double cycle_usd;     /* switching away and back */
    hcp_guard_plan followed;
} hcp_guard;

/* Starts with every plan in `initial_state`, following the planner. */
void hcp_guard_init(hcp_guard *guard, const hcp_plant *plant, int initial_state);

/* Credits the step that just settled, then decides whom to follow. */
void hcp_guard_settle(hcp_guard *guard, const hcp_plant_inputs *settled);

/* Moves `plan` on paper to `state`, or leaves it where its minimum times forbid that. */
void hcp_guard_move(hcp_guard *guard, hcp_guard_plan plan, int state);

/* The bound now in force, USD. */
double hcp_guard_bound_usd(const hcp_guard *guard);

#endif

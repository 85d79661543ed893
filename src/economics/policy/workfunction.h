/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The work function algorithm (Borodin, Linial and Saks 1992): which of n states to be in when every step charges each
 * state a cost and changing states costs a distance. For two states it is discrete lazy capacity provisioning: stay
 * until staying has cost as much as a return trip. Whatever the costs, its total is at most (2n - 1) times the
 * hindsight optimum plus a constant: 3 times for on/off.
 *
 * Costs are 0 or more; distances are symmetric and obey the triangle inequality (start and stop costs are split evenly,
 * which changes a total by at most one of them).
 */
#ifndef HCP_ECONOMICS_POLICY_WORKFUNCTION_H
#define HCP_ECONOMICS_POLICY_WORKFUNCTION_H

#define HCP_WORKFUNCTION_MAX 9

typedef struct {
    int n;
    double distance[HCP_WORKFUNCTION_MAX][HCP_WORKFUNCTION_MAX];
    double work[HCP_WORKFUNCTION_MAX]; /* least cost of the past that ends in each state */
} hcp_workfunction;

/* Starts in state `start`; `distance` is copied. */
void hcp_workfunction_init(hcp_workfunction *wf, int n,
                           double distance[HCP_WORKFUNCTION_MAX][HCP_WORKFUNCTION_MAX], int start);

/* Charges one step's costs. */
void hcp_workfunction_charge(hcp_workfunction *wf, const double cost[HCP_WORKFUNCTION_MAX]);

/* Where to be in a step with these costs, coming from `state`, before they are charged. */
int hcp_workfunction_choose(const hcp_workfunction *wf, const double cost[HCP_WORKFUNCTION_MAX],
                            int state);

/* The proven ratio: 2n - 1. */
double hcp_workfunction_ratio(const hcp_workfunction *wf);

#endif

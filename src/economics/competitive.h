/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The empirical competitive ratio: what a plan cost over what the perfect-foresight optimum cost. Cost is what the ideal (the
 * best state of every step, switching free and instant) earned beyond it, so it is never negative and both are measured
 * from the same line; the proven ratios of online algorithms are stated in these terms (Borodin, Linial, Saks, JACM 1992).
 * A bound holds for a whole run. By day it shows how evenly it is kept: on a single day a plan may cost less than the
 * optimum, which spends today to earn tomorrow.
 */
#ifndef HCP_ECONOMICS_COMPETITIVE_H
#define HCP_ECONOMICS_COMPETITIVE_H

#include <stddef.h>

/* A day on which the optimum cost less than this, USD, has no ratio: there was nothing to lose. */
#define HCP_COMPETITIVE_LEAST_USD 0.01

typedef struct {
    size_t n; /* steps */
    double step_h;
    int n_states;
    const double *rewards_usd; /* n rows of n_states */
    const double *optimum_usd; /* cumulative profit by step, switching paid */
    const double *earned_usd;  /* the same of the plan that is judged */
} hcp_competitive_run;

typedef struct {
    double cost_usd, optimum_cost_usd;
    double ratio;                        /* of the two; NAN where the optimum cost nothing */
    size_t days;                         /* of 24 h from the first step on, that have a ratio */
    double median_day, p90_day, max_day; /* of their ratios; NAN without any */
    size_t max_day_step;                 /* the worst day's first step */
} hcp_competitive;

/* Costs and ratios of a run. */
hcp_competitive hcp_competitive_ratio(const hcp_competitive_run *run);

#endif

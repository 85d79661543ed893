/* SPDX-License-Identifier: Apache-2.0 */
/* When to start work that can wait: at the cheapest of the moments that keep its deadline, if waiting is worth it. */
#ifndef HCP_ECONOMICS_DEFERRAL_H
#define HCP_ECONOMICS_DEFERRAL_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    int64_t latest_start_us; /* from now */
    int64_t duration_us;
    int64_t step_us;
    const double *usd_per_mwh; /* expected price by step from now on; NAN = not known */
    int n_steps;
    double mw; /* drawn at the meter while it runs, beyond what its devices draw without it */
} hcp_deferral_input;

typedef struct {
    int64_t start_us; /* from now, a whole number of steps */
    double now_usd_per_mwh,
        then_usd_per_mwh; /* mean over the run when it starts at once, when it is put off */
    double saving_usd;
} hcp_deferral_plan;

/* True with the plan when putting the start off saves a cent and 2 % or more. A start counts only when the whole run lies
 * in the steps whose price is known; of equal ones the earliest wins. */
bool hcp_deferral_find(const hcp_deferral_input *input, hcp_deferral_plan *ret_plan);

#endif

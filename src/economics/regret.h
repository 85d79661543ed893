/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regret: what hindsight would have earned over what was earned. By cause for a whole run, and live over a window of
 * the last steps.
 */
#ifndef HCP_ECONOMICS_REGRET_H
#define HCP_ECONOMICS_REGRET_H

#include "economics/market.h"

/* Where the money between an unbounded ideal and a policy went, USD. The parts sum to ideal_usd - earned_usd. */
typedef struct {
    double ideal_usd;       /* best state of every step, switching free and instant */
    double switching_usd;   /* taken from it by switching costs */
    double constraints_usd; /* and by minimum up and down times */
    double forecast_usd;    /* left by not knowing the future: optimum less earned */
    double earned_usd;
} hcp_regret;

/* Splits the regret of a policy that earned `earned_usd` on the market with this plant. */
hcp_regret hcp_regret_by_cause(const hcp_market *market, const hcp_plant *plant, double earned_usd);

/* Regret over the last steps, for a running site. */
typedef struct hcp_regret_window hcp_regret_window;

/* A window of `steps` steps of `plant` (borrowed). Caller frees. */
hcp_regret_window *hcp_regret_window_new(const hcp_plant *plant, size_t steps);

/* Releases the window; NULL is allowed. */
void hcp_regret_window_free(hcp_regret_window *window);

/* Takes in a settled step: the node the plant was in before it, the state it was in during it, what switching cost. */
void hcp_regret_window_add(hcp_regret_window *window, int node_before, int state,
                           double switch_cost_usd, const hcp_plant_inputs *settled);

/* What the window's steps earned, and what the best plan from the same start would have; both 0 when it is empty. */
void hcp_regret_window_get(const hcp_regret_window *window, double *ret_earned_usd,
                           double *ret_best_usd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_regret_window, hcp_regret_window_free)

#endif

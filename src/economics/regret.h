/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regret: what hindsight would have earned over what was earned. By cause, for a plant over a whole run; of a facility:
 * fleet_regret.h.
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

#endif

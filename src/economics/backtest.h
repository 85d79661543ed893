/* SPDX-License-Identifier: Apache-2.0 */
/* A policy played over a recorded market, step by step, and scored on what settled. */
#ifndef HCP_ECONOMICS_BACKTEST_H
#define HCP_ECONOMICS_BACKTEST_H

#include "economics/calibration.h"
#include "economics/market.h"

/* What one plan or policy made of the market. */
typedef struct {
    double profit_usd;
    int switches;
    size_t steps_in[HCP_PLANT_STATES_MAX];
    double switching_usd;
    double energy_mwh;
    hcp_plant_account account;       /* of the profit, but for the switching */
    double reserve_usd;              /* of the profit, paid for standing ready */
    size_t called_steps;             /* steps in which running miners were stopped by the grid */
    double forecast_mae_usd_per_mwh; /* 0 for plans without a forecast */
    hcp_calibration calibration;
} hcp_backtest_result;

/* The yardsticks of a market and plant. */
typedef struct {
    double static_usd[HCP_PLANT_STATES_MAX]; /* profit of staying in each state throughout */
    int best_static;                         /* state of the best static plan */
    hcp_backtest_result optimum;
} hcp_backtest_bounds;

/* Called after each step; false stops the run. */
typedef bool (*hcp_backtest_watch)(void *data, size_t t, const hcp_policy_decision *decision,
                                   double profit_usd);

/* Static plans and the perfect-foresight optimum. */
hcp_backtest_bounds hcp_backtest_bounds_get(const hcp_market *market, const hcp_plant *plant,
                                            const double *rewards_usd);

/* Plays `policy` (fresh) over the market. `watch` may be NULL. */
hcp_backtest_result hcp_backtest_play(const hcp_market *market, const hcp_plant *plant,
                                      hcp_policy *policy, hcp_backtest_watch watch, void *data);

/* Share of the gap between best static plan and optimum that `profit_usd` closes, in per cent; NAN where the gap is
 * nothing. */
double hcp_backtest_closed_pct(const hcp_backtest_bounds *bounds, double profit_usd);

#endif

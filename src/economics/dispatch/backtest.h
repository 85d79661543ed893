/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dispatch policy played over a recorded market at a facility with several device classes, one decision at the start of
 * every step, and the perfect-foresight optimum of the same devices at the same prices. Profit is that of mining; what the
 * devices draw at rest is left out everywhere, since no plan changes it.
 */
#ifndef HCP_ECONOMICS_DISPATCH_BACKTEST_H
#define HCP_ECONOMICS_DISPATCH_BACKTEST_H

#include "economics/dispatch/dispatch.h"
#include "economics/market.h"

/* The facility. The counts of the classes are those before the first step. */
typedef struct {
    const hcp_dispatch_class *classes;
    int n_classes;
    double cap_w, pue, pool_fee, threshold;
    int64_t min_dwell_us;
    const double *feeder_w; /* IT watts that each feeder carries */
    int n_feeders;
    /* a step is paid at its own price, which is known at its end; false: at the price in force
     * when it begins, which is that of the step before */
    bool settles_late;
    const struct hcp_price_model *model; /* as of hcp_dispatch_config */
} hcp_dispatch_site;

typedef struct {
    double profit_usd;    /* of mining over rest, switching paid */
    double switching_usd; /* of that, for switching */
    /* and for standing ready, where the market sells reserve; calls are left out */
    double reserve_usd;
    double mined_mwh; /* at the meter, beyond rest */
    int moves;        /* steps in which something moved */
    int kept;         /* steps decided by the guard, or held for lack of prices */
    size_t steps;
} hcp_dispatch_backtest_result;

/* Called after each step's decision; may be NULL. */
typedef void (*hcp_dispatch_backtest_watch)(void *data, const hcp_dispatch_input *input,
                                            const hcp_dispatch_plan *plan);

/* Plays `policy` over the market from its second step on: the first is what is known at the start. */
hcp_dispatch_backtest_result hcp_dispatch_backtest_play(const hcp_market *market,
                                                        const hcp_dispatch_site *site,
                                                        const hcp_dispatch_policy *policy,
                                                        hcp_dispatch_backtest_watch watch,
                                                        void *data);

/* Bounds of what any plan could earn over the same steps: of the plan found, and what none exceeds. False when the solver
 * failed. */
bool hcp_dispatch_backtest_optimum(const hcp_market *market, const hcp_dispatch_site *site,
                                   double tolerance_usd, double *ret_profit_usd,
                                   double *ret_bound_usd);

/* By how much the guard lets `hcp` trail lazy switching, or never switching, over these steps: its bound, once for the
 * start and once for every memory's length that goes by. */
double hcp_dispatch_backtest_bound_usd(const hcp_market *market, const hcp_dispatch_site *site);

#endif

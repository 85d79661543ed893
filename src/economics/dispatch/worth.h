/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one device of a class is worth in each of its modes over the coming steps, when every later step may react to the
 * price it sees: dynamic programming over mode, time spent in it, and price grid point. Everything is measured against
 * rest, which earns and costs nothing here. Devices of a class are alike, so one is enough.
 *
 * Where the site's cap binds, power is worth more than its price: the step's `floor` is the price at which the whole fleet
 * would just fit, and a device pays the larger of the two (the dual price of the cap). A MWh of
 * what also stands ready costs less by what that pays.
 */
#ifndef HCP_ECONOMICS_DISPATCH_WORTH_H
#define HCP_ECONOMICS_DISPATCH_WORTH_H

#include "economics/dispatch/device.h"
#include "economics/forecast/price.h"

#include <stdbool.h>

/* Worth by grid point of the price of one step. */
typedef struct {
    float at[HCP_CHAIN_STRIDE];
} hcp_dispatch_row;

/* What is planned with. */
typedef struct {
    const hcp_price_outlook *outlook;
    const double *floor_usd_per_mwh; /* a step; -INFINITY where the cap does not bind */
    double feeder_usd_per_mwh;       /* likewise of the feeder, in every step and without reserve */
    /* a step: what a device that can is paid for standing ready, an hour; NULL = none is sold */
    const double *reserve_usd_per_mw;
    const double *peak_usd_per_mwh; /* a step: the peak charge expected in it; NULL = none */
    double step_h;
    int from;  /* first step that is still to be decided on */
    bool late; /* a step's price is known when it is over, not when it begins */
} hcp_dispatch_horizon;

/* The node that a device in `mode` with its minimum time served is in after it goes to `to`. */
int hcp_dispatch_node_after(const hcp_dispatch_device *device, int mode, int to);

/* Fills, for every node, what the steps from horizon->from on are worth: `ret_values` by the price of that first step when
 * it is known (with a late price, the step is spent in the node's mode), `ret_ahead` the expectation of it by the grid
 * point of the step before. */
void hcp_dispatch_worth_solve(const hcp_dispatch_device *device,
                              const hcp_dispatch_horizon *horizon,
                              hcp_dispatch_row ret_values[HCP_DISPATCH_MAX_NODES],
                              hcp_dispatch_row ret_ahead[HCP_DISPATCH_MAX_NODES]);

#endif

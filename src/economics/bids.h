/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bid curve of a facility's miners: how much power they want at which price of electricity, the best paid first. The
 * steps of a class are the concave hull of its power targets, so a higher target is a bid of its own, for the power it
 * takes beyond the lower one. Shares of a class are real numbers: the error is less than a device a class.
 */
#ifndef HCP_ECONOMICS_BIDS_H
#define HCP_ECONOMICS_BIDS_H

#include "economics/dispatch/device.h"

/* Every power target of every class. */
#define HCP_BIDS_MAX (HCP_DISPATCH_MAX_CLASSES * (HCP_DISPATCH_MAX_MODES - 1))

typedef struct {
    double usd_per_mwh;        /* income of a MWh: bought while electricity costs less */
    double strike_usd_per_mwh; /* not bought above this price by order; INFINITY = no order */
    double mw;                 /* at the meter, beyond rest or beyond the bid before */
    int class_ix;
    double devices; /* that begin to mine with all of it; 0: they do already, at a lower target */
    bool asic;
} hcp_bid;

typedef struct {
    hcp_bid items[HCP_BIDS_MAX];
    int n;
} hcp_bids;

/* What of the curve is bought. */
typedef struct {
    double usd_per_h; /* income, electricity not paid */
    double mw, asic_mw;
    double devices[HCP_DISPATCH_MAX_CLASSES]; /* that mine, by class */
} hcp_bids_taken;

/* Fills the curve of the free devices of `input`, and of miners that are switching. Reserve that `input` sells is income. */
void hcp_bids_fill(const hcp_dispatch_input *input, hcp_bids *ret_bids);

/* Buys what is worth more than `usd_per_mwh`, in at most `room_mw` at the meter. */
void hcp_bids_take(const hcp_bids *bids, double usd_per_mwh, double room_mw,
                   hcp_bids_taken *ret_taken);

#endif

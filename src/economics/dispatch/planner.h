/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of the dispatch policies with a memory (band, lcp, mpc, hcp): prices and their forecast are one for the
 * facility, the worth of every mode one for each class. Both change when a price settles; in between a decision only looks
 * up what lies ahead and shares the room. Shared by planner.c and planner_why.c; not for others.
 */
#ifndef HCP_ECONOMICS_DISPATCH_PLANNER_H
#define HCP_ECONOMICS_DISPATCH_PLANNER_H

#include "economics/dispatch/paper.h"
#include "economics/dispatch/prices.h"
#include "economics/dispatch/room.h"
#include "economics/dispatch/share.h"

/* A plan looks so far. */
#define HCP_DISPATCH_HORIZON_H 24.0

/* Prices overdue for longer than this move nothing: the outlook has little left but the hour's habit. */
#define HCP_DISPATCH_STALE_H 6.0

/* What is planned for one class; `values` and `ahead` as of hcp_dispatch_worth_solve. */
typedef struct {
    hcp_dispatch_paper paper;
    bool known; /* the paper account is kept */
    hcp_dispatch_row values[HCP_DISPATCH_MAX_NODES];
    hcp_dispatch_row ahead[HCP_DISPATCH_MAX_NODES];
} hcp_dispatch_prospect;

/* What a solution depends on beside the prices; a change of it solves anew. */
typedef struct {
    hcp_dispatch_device devices[HCP_DISPATCH_MAX_CLASSES]; /* at the newest settled hashprice */
    uint32_t ids[HCP_DISPATCH_MAX_CLASSES];
    int n;
    int overdue;
    bool late;
    double floor_usd_per_mwh[HCP_PRICE_STEPS_MAX];
    /* in the step that the step's price is paid in */
    double reserve_usd_per_mw[HCP_PRICE_STEPS_MAX];
    double peak_usd_per_mwh[HCP_PRICE_STEPS_MAX]; /* expected, where the step's price is paid */
    double feeder_usd_per_mwh[HCP_DISPATCH_MAX_CLASSES]; /* least that its feeder makes it pay */
} hcp_dispatch_basis;

typedef struct {
    bool chain; /* plans on the price chain; else on one path */
    bool guarded;
    int n_steps;
    hcp_dispatch_prices *prices;
    hcp_price_outlook *outlook;
    hcp_dispatch_basis *basis, *scratch;
    bool solved;
    /* with late prices: the peak charge that was expected in the step whose price comes next */
    double expected_peak_usd_per_mwh;
    int64_t expected_at_us;
    hcp_dispatch_prospect *prospects[HCP_DISPATCH_MAX_CLASSES]; /* by place in the basis; owned */
} hcp_dispatch_planner;

/* Where expectations are read: at a price of the step before, or from what is believed of it. */
typedef struct {
    bool located;
    int bin;
    double upper;
} hcp_dispatch_outpost;

/* One question, as it is worked on. */
typedef struct {
    const hcp_dispatch_planner *planner;
    const hcp_dispatch_input *input;
    hcp_dispatch_device now[HCP_DISPATCH_MAX_CLASSES]; /* at the present hashprice */
    hcp_dispatch_offer offers[HCP_DISPATCH_MAX_CLASSES];
    hcp_dispatch_grant grants[HCP_DISPATCH_MAX_CLASSES];
    bool ruled[HCP_DISPATCH_MAX_CLASSES]; /* not the plan but the guard decides it */
    double left_h;                        /* of the step that the price in force is paid for */
    /* charge expected in what is paid now, or with late prices in this step */
    double peak_usd_per_mwh;
    double room_w[HCP_DISPATCH_SUPPLIES];
    bool late, stale;
} hcp_dispatch_case;

/* The outpost at a price of the present step. */
hcp_dispatch_outpost hcp_dispatch_outpost_at(const hcp_dispatch_planner *planner,
                                             double usd_per_mwh);

/* Fills the worths of class c's modes at `usd_per_mwh`. */
void hcp_dispatch_offer_fill(const hcp_dispatch_case *question, int c, double usd_per_mwh,
                             hcp_dispatch_offer *offer);

/* Fills everything of the plan that explains it; `chosen` and the sums are set. */
void hcp_dispatch_planner_explain(const hcp_dispatch_case *question, hcp_dispatch_plan *plan);

#endif

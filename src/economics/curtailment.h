/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an event of the grid is worth: what it pays, less what the facility gives up for it. Two baselines are told apart:
 *
 *   - what is PAID is measured against the baseline of the event's terms (what was drawn before), so miners that would have
 *     rested anyway are paid in full;
 *   - what is GIVEN UP is measured against the plan without the event: at each price of the forecast, the miners that would
 *     have run. At a price at which they rest, the event costs nothing.
 *
 * Expected values are exact over the price chain; the 80 % intervals come from paths drawn from it, always the same draws.
 */
#ifndef HCP_ECONOMICS_CURTAILMENT_H
#define HCP_ECONOMICS_CURTAILMENT_H

#include "economics/dispatch/dispatch.h"
#include "economics/forecast/price.h"

/* A stretch of the event over which cap and price stay as they are. Watts are at the meter. */
typedef struct {
    double h;
    double cap_w, open_cap_w; /* with the event, without it */
    bool paid;                /* between start and end; the ramp and the return are not */
    int step;                 /* of the outlook; -1: at the price in force */
} hcp_curtailment_part;

typedef struct {
    const hcp_dispatch_input *site;
    const hcp_price_outlook *outlook; /* NULL: every part is at the price in force */
    const hcp_curtailment_part *parts;
    int n_parts;
    double baseline_w, target_w;
    double payment_usd_per_mwh, availability_usd_per_mw, penalty_usd_per_mwh;
    double ready_w;            /* of a reserve call: what is paid on while it lasts */
    double ended_w, ended_usd; /* of leases that are ended: IT watts beyond sleep, and income */
    bool may_end;              /* leases may be ended, so new ones cannot make it fall short */
    /* by how much what leases draw, at the meter, has risen in as long a time */
    const double *rise_w;
    int n_rises;
} hcp_curtailment;

/* An expected value and its 80 % interval. */
typedef struct {
    double expected, low, high;
} hcp_expected;

typedef struct {
    double asked_mwh;                                  /* below the baseline, from start to end */
    double without_mwh, with_mwh;                      /* expected draw from start to end */
    hcp_expected mining_usd;                           /* not made */
    hcp_expected electricity_usd;                      /* not bought */
    double price_usd_per_mwh;                          /* expected, from start to end */
    double reserve_usd;                                /* not sold */
    double ai_usd;                                     /* of leases that are ended */
    double switch_usd;                                 /* of stopping, and of starting again */
    double payment_usd, availability_usd, penalty_usd; /* expected, by the share delivered */
    double short_chance; /* that new leases make it fall short; NAN = no history */
    double short_usd;    /* lost to payment and penalty if every free GPU were leased before it */
    hcp_expected worth_usd;
    double gain_chance;             /* that the worth is above 0, over prices */
    double break_even_usd_per_mwh;  /* payment at which the worth is 0; NAN = there is none */
    char reason[HCP_DISPATCH_TEXT]; /* the worth in a sentence */
} hcp_curtailment_worth;

/* Weighs the event. */
void hcp_curtailment_assess(const hcp_curtailment *event, hcp_curtailment_worth *ret_worth);

#endif

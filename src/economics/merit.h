/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The merit order of a facility: every use its power can be put to, in dollars per megawatt-hour at the meter, the best
 * first. All uses are measured alike - what a MWh brings in, less what it costs - so AI, mining at each power target and
 * rest stand in one list, and the place where the power cap cuts it off is where the next MWh goes.
 */
#ifndef HCP_ECONOMICS_MERIT_H
#define HCP_ECONOMICS_MERIT_H

#include "economics/dispatch/dispatch.h"

#define HCP_MERIT_MAX_TARGETS 8

/* Serving and mining of each class at each power target, reserve and off. */
#define HCP_MERIT_MAX_ROWS (HCP_DISPATCH_MAX_CLASSES * (1 + HCP_MERIT_MAX_TARGETS) + 2)

typedef enum {
    HCP_MERIT_SERVE,
    HCP_MERIT_MINE,
    HCP_MERIT_RESERVE, /* sold to the grid by miners that run: they stand ready to stop */
    HCP_MERIT_OFF
} hcp_merit_use;

/* IT watts that the devices of a class draw now, those inside switches left out. */
typedef struct {
    double serving_w;
    double mining_w[HCP_MERIT_MAX_TARGETS];
    double rest_w; /* idle, asleep, off */
} hcp_merit_draw;

/* One use of power. Watts are at the meter. */
typedef struct {
    hcp_merit_use use;
    int class_ix; /* into input->classes; -1: of the whole facility */
    int target;   /* power target of miners, else -1 */
    /* income of a MWh: the electricity price at which the use breaks even */
    double strike_usd_per_mwh;
    double margin_usd_per_mwh; /* strike less the electricity price; 0 of off, the reference */
    double available_w;        /* what runs it and what is free for it could draw */
    double used_w;             /* what runs it draws */
    double usd_per_h;          /* income less electricity of what runs it */
} hcp_merit;

/* Why miners of a row should not run at the price of now. */
typedef enum {
    HCP_MERIT_RUNS,      /* they may */
    HCP_MERIT_UNTRUSTED, /* nothing moves on a price that is not trusted */
    HCP_MERIT_STRUCK,    /* it is above the strike price that an operator set */
    HCP_MERIT_NO_PROFIT
} hcp_merit_rest;

/* That, of a row of HCP_MERIT_MINE. */
hcp_merit_rest hcp_merit_rests(const hcp_dispatch_input *input, const hcp_merit *row);

/*
 * Fills `ret_rows` (room for HCP_MERIT_MAX_ROWS) with the uses at this facility, the largest margin first; returns how
 * many. `draws` has one entry per class of `input`. Serving counts at the class's list price; it needs customers, which
 * the list cannot know. Where reserve is sold its row has the price of standing ready, per MW and hour, and the watts that
 * could; it draws nothing and earns nothing of its own, because the miners that sell it count that income in their rows.
 * Off has every watt that could be shed now, which leaves out leases. The `used_w` of all rows and
 * what switches add up to the power of the facility.
 */
int hcp_merit_order(const hcp_dispatch_input *input, const hcp_merit_draw *draws,
                    hcp_merit *ret_rows);

#endif

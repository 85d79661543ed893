/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard of a dispatch policy that plans (see guard.h for one plant): for each class, on paper and for one device, what
 * the plan, lazy switching, and staying in one mode for good would have made of the prices that settled, switching paid.
 * Where the plan has lately made less than the best of the others by more than a stated bound, that one is followed until
 * half is made good.
 */
#ifndef HCP_ECONOMICS_DISPATCH_PAPER_H
#define HCP_ECONOMICS_DISPATCH_PAPER_H

#include "economics/dispatch/worth.h"
#include "economics/policy/workfunction.h"

#include <stdint.h>

typedef enum {
    HCP_DISPATCH_PAPER_PLAN,
    HCP_DISPATCH_PAPER_LAZY,
    HCP_DISPATCH_PAPER_STILL, /* the best of staying in one mode */
} hcp_dispatch_paper_plan;

typedef struct {
    int mode, age; /* steps spent in the mode, up to the device's minimum */
} hcp_dispatch_paper_place;

typedef struct {
    uint32_t id;                              /* of the class */
    hcp_dispatch_paper_place at[2];           /* the plan's and the lazy one's device */
    double earned_usd[2];                     /* by them; fading sums */
    double still_usd[HCP_DISPATCH_MAX_MODES]; /* by staying in each mode; fading sums */
    double mined_usd, weight; /* fading mean of what mining on takes in, in a step */
    hcp_workfunction work;    /* its states are the modes */
    hcp_workfunction before;  /* the newest price not charged yet */
    hcp_dispatch_paper_plan followed;
    int still; /* the mode that earned most by staying */
} hcp_dispatch_paper;

/* What a settled price is judged with. */
typedef struct {
    const hcp_dispatch_device *device;
    /* by node; the plan's expectations after the price; NULL = no plan */
    const hcp_dispatch_row *ahead;
    int bin; /* grid point that they are read at */
    double upper;
    double usd_per_mwh, step_h;
    bool late;
} hcp_dispatch_paper_step;

/* A device of class `id` that mines, the plan followed. */
void hcp_dispatch_paper_init(hcp_dispatch_paper *paper, uint32_t id,
                             const hcp_dispatch_device *device);

/* Takes in a settled price: credits it, decides on paper, and chooses whom to follow. */
void hcp_dispatch_paper_settle(hcp_dispatch_paper *paper, const hcp_dispatch_paper_step *step);

/* Where lazy switching would have a device be that is now in `mode`, at the price that counts for the decision. */
int hcp_dispatch_paper_lazy(const hcp_dispatch_paper *paper, const hcp_dispatch_device *device,
                            int mode, double usd_per_mwh, double step_h);

/* By how much the best of the others may be ahead of the plan, USD a device. */
double hcp_dispatch_paper_bound_usd(const hcp_dispatch_paper *paper,
                                    const hcp_dispatch_device *device, double step_h);

/* Expectation at a place between two grid points. */
double hcp_dispatch_row_at(const hcp_dispatch_row *row, int bin, double upper);

#endif

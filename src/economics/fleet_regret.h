/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What hindsight would have made of the devices that dispatch could move, and what dispatch made of them: earned, the best
 * static plan, and the optimum of fleet_optimum.h on the same prices, under the same caps less what everything else drew,
 * with the same devices at hand, minimum times and cost of a switch.
 *
 * Both sides are counted alike: what a device's time in a mode was worth at the mean prices of the step, less what starts and
 * stops cost. What was done is a plan the optimum could have chosen, so regret is never negative. Earning more than the mean
 * price allows by moving within a step is not seen.
 *
 * Reserve counts on both sides: what runs stands ready, in every plan alike. What a call pays while it lasts depends on no plan
 * (its cap bounds all of them) and is left out of each.
 *
 * A class whose number changes is cut into layers, at most HCP_FLEET_REGRET_LAYERS, of devices that come and go together.
 * Where it has more numbers than that, they are rounded up; devices that were not there can only raise the optimum.
 */
#ifndef HCP_ECONOMICS_FLEET_REGRET_H
#define HCP_ECONOMICS_FLEET_REGRET_H

#include "economics/dispatch/dispatch.h"
#include "economics/fleet_optimum.h"

#define HCP_FLEET_REGRET_LAYERS 4
#define HCP_FLEET_REGRET_TARGETS (HCP_FLEET_MODES_MAX - 1)

/* A device class of the facility. */
typedef struct {
    const hcp_dispatch_target *targets;
    int n_targets; /* 0 = does not mine */
    double rest_w;
    double mining_usd_per_h; /* of a device at any target; 0 = what its hashrate earns */
    double switch_usd;       /* to start or to stop one device */
    bool ready;              /* what it draws beyond rest stands ready as reserve */
    int feeder;              /* that they hang on, from 1; 0 = none */
} hcp_fleet_regret_class;

/* What the devices of a class did in one step: means over its time. */
typedef struct {
    double at_hand;
    double mined[HCP_FLEET_REGRET_TARGETS]; /* of those, by power target */
    double starts, stops;                   /* devices */
    double drawn_mw;                        /* by all of the class, at hand or not, with overhead */
} hcp_fleet_regret_did;

typedef struct {
    double hours;
    double usd_per_mwh, hashprice;       /* means */
    double reserve_usd_per_mw;           /* and hour, for standing ready; mean */
    double cap_mw, drawn_mw;             /* of the whole facility at the meter, means */
    const hcp_fleet_regret_did *classes; /* one for each class */
} hcp_fleet_regret_step;

/* A stretch of steps without a gap. */
typedef struct {
    const hcp_fleet_regret_class *classes;
    int n_classes;
    const hcp_fleet_regret_step *steps;
    size_t n;
    const double *mining; /* devices of each class that mine when it begins; NULL = unknown */
    double pue, pool_fee;
    double min_dwell_h;      /* whole steps of it are minimum times */
    const double *feeder_mw; /* what each feeder carries, with overhead; the first is feeder 1 */
    int n_feeders;
} hcp_fleet_regret_problem;

/* USD over `hours`. The electricity of the devices, at rest or not, is paid in every figure. */
typedef struct {
    double hours;
    double earned_usd, switching_usd; /* and what starts and stops took of it */
    double reserve_usd;               /* of earned, for standing ready */
    /* the best plan that leaves each class as it is: mining at one target, or at rest */
    double static_usd;
    double optimum_usd, bound_usd; /* no plan earns more than the bound */
    double unhurried_usd;          /* without minimum times and cap */
    double ideal_usd;              /* and with switching free */
} hcp_fleet_regret;

/* Solves a stretch. False when the solver of the linear program failed. */
bool hcp_fleet_regret_solve(const hcp_fleet_regret_problem *problem, hcp_fleet_regret *ret_regret);

/* Adds another stretch. */
void hcp_fleet_regret_add(hcp_fleet_regret *sum, const hcp_fleet_regret *part);

/* Share of the gap between the best static plan and the optimum that was closed, per cent; NAN where there is no gap to
 * speak of (a cent, or a millionth of what was at stake). */
double hcp_fleet_regret_closed_pct(const hcp_fleet_regret *regret);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The perfect-foresight optimum of a facility with several device classes under one power cap and those of its feeders.
 *
 * The fleet is a set of blocks: a number of like devices that are at hand in the same steps (a class whose count never
 * changes is one block). In every step a share of a block runs, in any mixture of its power targets, and the rest of it
 * rests. Starting and stopping cost money per block, what was started runs for its minimum time, what was stopped rests
 * for its own, and all blocks together draw no more than the room under the cap,
 * nor those of a feeder more than it has room for.
 *
 * Shares are real numbers, so this is a linear program; the starts and stops of a block with minimum times are described
 * by the inequalities of Rajan and Takriti (IBM RC23628, 2005), whose corners are the schedules of one device: a share is
 * a mixture of devices that each keep their times. Where the cap binds nowhere the blocks do not meet and dynamic
 * programming over one device of each is exact. Where it binds, the program is solved in overlapping windows of time,
 * which gives a plan that can be carried out and a price of power, USD/MWh, for every step. By weak duality no plan
 * whatever earns more than the blocks would if each alone bought power at that price, plus the room at that price; those
 * two figures are the plan's profit and the bound. When they differ by more than the tolerance the windows are doubled, at
 * last to the whole period, where they are equal by strong duality. So the result carries its own proof.
 */
#ifndef HCP_ECONOMICS_FLEET_OPTIMUM_H
#define HCP_ECONOMICS_FLEET_OPTIMUM_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HCP_FLEET_MODES_MAX 9 /* rest and power targets */

/* A block that is not at hand in a step earns and draws nothing and goes free of charge; it returns at rest, its minimum
 * time served. */
typedef struct {
    int n_modes;              /* mode 0 rests, the others run */
    const double *mw;         /* n_modes: power of the whole block at the meter */
    const double *reward_usd; /* n rows of n_modes: profit of the whole block in a step */
    const uint8_t *at_hand;   /* n flags; NULL = always */
    double start_usd, stop_usd;
    int min_up_steps, min_down_steps; /* at least 1 */
    /* share that runs when the first step begins, its minimum time served; negative = free
     * choice */
    double running;
    int feeder; /* that it hangs on, from 1; 0 = none */
} hcp_fleet_block;

typedef struct {
    const hcp_fleet_block *blocks;
    int n_blocks;
    size_t n;
    double step_h;
    size_t window_max; /* longest linear program to solve, steps; 0 = the whole period */
    /* n: what the cap leaves to the blocks; NULL = no cap. Less than all blocks draw at rest
     * counts as that. */
    const double *room_mw;
    int n_feeders;
    /* n_feeders rows of n: what each leaves to its blocks, likewise */
    const double *feeder_room_mw;
} hcp_fleet_problem;

typedef struct {
    double profit_usd;    /* of the plan found */
    double bound_usd;     /* no plan earns more */
    double switching_usd; /* of the profit, paid for starts and stops */
    size_t lp_steps; /* length of the longest linear program solved; 0 = the cap binds nowhere */
    double *share;   /* n rows of all blocks' modes, in order; owned */
    /* n_feeders + 1 rows of n: what one more MW of room would earn, of the cap and of each feeder; owned */
    double *price_usd_per_mwh;
} hcp_fleet_optimum;

/* Solves the problem to within `tolerance_usd`. The bound says how far that was reached where window_max stopped it. False
 * when the solver of the linear program failed. */
bool hcp_fleet_optimum_solve(const hcp_fleet_problem *problem, double tolerance_usd,
                             hcp_fleet_optimum *ret_optimum);

/* Releases what the result owns. */
void hcp_fleet_optimum_finish(hcp_fleet_optimum *optimum);

/* The most the blocks could earn without a cap; with `hurried` also without minimum times, and with `idle_switching` at no
 * cost of starting and stopping: the yardsticks that tell what each of them costs. */
double hcp_fleet_optimum_relaxed(const hcp_fleet_problem *problem, bool hurried,
                                 bool idle_switching);

/* Most MW the modes of all blocks draw in every step, `share` as in the result: what the cap must hold. Writes n values. */
void hcp_fleet_power(const hcp_fleet_problem *problem, const double *share, double *ret_mw);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_fleet_optimum, hcp_fleet_optimum_finish)

#endif

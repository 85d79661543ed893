/* SPDX-License-Identifier: Apache-2.0 */
/* One window of the fleet's linear program, solved with GLPK. Only fleet_optimum.c calls this. */
#ifndef HCP_ECONOMICS_FLEET_LP_H
#define HCP_ECONOMICS_FLEET_LP_H

#include "economics/fleet_optimum.h"

/* What a plan says, by block and step: rows of all steps of a block follow each other. */
typedef struct {
    double *share; /* as in hcp_fleet_optimum */
    double *start; /* n_blocks rows of n: share started in the step */
    double *stop;
} hcp_fleet_flow;

/* Column of `block`'s rest in a row of shares, and the length of a row (block = n_blocks). */
size_t hcp_fleet_column(const hcp_fleet_problem *problem, int block);

/* Share of `block` that runs in step t. */
double hcp_fleet_running(const hcp_fleet_problem *problem, const hcp_fleet_flow *flow, int block,
                         size_t t);

/* Whether the block draws from a supply: 0 is the cap, then come the feeders. */
bool hcp_fleet_draws_from(const hcp_fleet_block *block, int supply);

/* MW that its blocks at hand may draw from a supply in step t, at least their rest; INFINITY where nothing limits it. */
double hcp_fleet_room_mw(const hcp_fleet_problem *problem, int supply, size_t t);

/* First step of the stretch that `block` is at hand in and t belongs to, looking back no more than `reach` steps. */
size_t hcp_fleet_stretch_start(const hcp_fleet_block *block, size_t t, size_t reach);

/* Solves steps [first, end), the steps before `first` being what `flow` says, and writes flow and prices (a row of end - first
 * for each supply) for them. False,
 * with nothing written, when what was started before must run on into a step whose room it exceeds: the window before was
 * too short to see it. That cannot happen when first is 0. */
bool hcp_fleet_lp_solve(const hcp_fleet_problem *problem, size_t first, size_t end,
                        hcp_fleet_flow *flow, double *ret_price_usd_per_mwh);

#endif

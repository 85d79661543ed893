/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What switches have cost, learned from those that ended. A switch loses what an instantaneous one would not have: the
 * income of the mode it leads to, for as long as it took, and the energy drawn on the way beyond what that mode draws.
 * Durations are measured; income and price are those in force when it ended. Wear is not measured and not in it.
 */
#ifndef HCP_CORE_SWITCH_COST_H
#define HCP_CORE_SWITCH_COST_H

#include "core/state.h"

/* Switches each way from which on the measured cost is believed. */
#define HCP_SWITCH_COST_ENOUGH 5

/* Statistics of one pair, a device. The interval is the 95 % one of the mean, taken as normal; it is the mean itself with
 * fewer than two switches. */
typedef struct {
    double mean_usd, low_usd, high_usd;
    int64_t mean_duration_us;
} hcp_switch_cost_view;

/* Reads a row of state->switch_costs. */
void hcp_switch_cost_read(const hcp_switch_cost *row, hcp_switch_cost_view *ret_view);

/* Amortised cost of moving one device of the class at the facility to or from mining: half of the way there and back. False
 * while fewer than HCP_SWITCH_COST_ENOUGH switches each way were measured. Never negative. */
bool hcp_switch_cost_move(const hcp_state *state, uint32_t facility, uint32_t class_ix,
                          double *ret_usd);

#endif

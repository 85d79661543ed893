/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The perfect-foresight optimum: the most a plant could have earned on realised rewards, by exact dynamic programming
 * over its nodes. The yardstick of the backtest; no policy may use it.
 */
#ifndef HCP_ECONOMICS_OPTIMUM_H
#define HCP_ECONOMICS_OPTIMUM_H

#include "economics/plant.h"

#include <stddef.h>
#include <stdint.h>

typedef struct {
    double profit_usd;
    int switches;
} hcp_optimum;

/* Solves `n` steps; `rewards_usd` holds n rows of plant->n_states. With `start_node` -1 the first step's state is free,
 * otherwise it is a move from that node. `ret_states` (n entries, may be NULL) receives the plan. */
hcp_optimum hcp_optimum_solve(const hcp_plant *plant, const double *rewards_usd, size_t n,
                              int start_node, uint8_t *ret_states);

/* Fills `ret_usd` (n entries) with the profit so far, switching paid, of being in `states`, which begins with the first of
 * them in force. */
void hcp_optimum_line(const hcp_plant *plant, const double *rewards_usd, size_t n,
                      const uint8_t *states, double *ret_usd);

#endif

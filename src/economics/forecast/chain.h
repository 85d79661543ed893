/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real-time price as a Markov chain of its surprise over the day-ahead price.
 *
 * Prices are squashed, x = asinh(usd_per_mwh / 20): linear near zero (so negative prices are fine), logarithmic in a
 * spike. The chain's variable is z = x(real time) - x(day ahead), on a grid of HCP_CHAIN_BINS values. How z moves in
 * one step depends on the day-ahead level and the hour of the day; the moves are counted with kernels around each
 * grid point, first from a fitted model (prior), then from what the plant itself has seen, recent steps weighing more.
 */
#ifndef HCP_ECONOMICS_FORECAST_CHAIN_H
#define HCP_ECONOMICS_FORECAST_CHAIN_H

#include <glib.h>
#include <stdbool.h>

#define HCP_CHAIN_BINS 21
#define HCP_CHAIN_STRIDE 24 /* row length in memory; the tail stays zero */

/* One observed move: surprise `from` in the step before, `to` in the step with day-ahead level `level`. */
typedef struct {
    double level; /* squashed day-ahead price */
    int hour;     /* local hour of the day, 0..23 */
    double from;
    double to;
    double weight;
} hcp_chain_move;

/* Kernel widths and weights of evidence; hcp_chain_params_default() gives the validated ones. */
typedef struct {
    double level_width; /* squashed units */
    double hour_width;  /* hours */
    double from_width;  /* squashed units */
    double carry; /* share of the distance to the grid point that a counted move carries over */
    double pooled_weight; /* weight of the moves of all levels and hours together */
    double own_weight;    /* of a move seen here, against 1 for a move of the prior */
    double recent_weight; /* additional weight of a move seen just now ... */
    double recent_steps;  /* ... fading by 1/e in this many steps */
} hcp_chain_params;

/* Transition probabilities of one step: row = grid point before, column = grid point after. */
typedef struct {
    float to[HCP_CHAIN_BINS][HCP_CHAIN_STRIDE];
} hcp_chain_matrix;

typedef struct hcp_chain hcp_chain;

/* The parameters validated on recorded prices; `step_h` sets how fast experience fades. */
hcp_chain_params hcp_chain_params_default(double step_h);

/* An empty chain; until it has counted anything a surprise persists. Caller frees. */
hcp_chain *hcp_chain_new(const hcp_chain_params *params);

/* Releases the chain; NULL is allowed. */
void hcp_chain_free(hcp_chain *chain);

/* Counts a move of the fitted model. */
void hcp_chain_add_prior(hcp_chain *chain, const hcp_chain_move *move);

/* Counts a move seen here; call once a step. */
void hcp_chain_observe(hcp_chain *chain, const hcp_chain_move *move);

/* Writes the transition probabilities into a step with this day-ahead level and hour. */
void hcp_chain_transition(const hcp_chain *chain, double level, int hour,
                          hcp_chain_matrix *ret_matrix);

/* Where a surprise that was at each grid point with the chances of `belief` is one step on; `ret_belief` may be `belief`. Both
 * have HCP_CHAIN_STRIDE numbers. */
void hcp_chain_advance(const float *belief, const hcp_chain_matrix *matrix, float *ret_belief);

/* Surprise at grid point `bin`. */
double hcp_chain_surprise(int bin);

/* The two grid points around `surprise`: `ret_bin` and the next one, with the weight of the next one. Clamped. */
void hcp_chain_locate(double surprise, int *ret_bin, double *ret_upper_weight);

/* asinh(price / 20) and its inverse, USD/MWh. */
double hcp_chain_squash(double usd_per_mwh);
double hcp_chain_unsquash(double squashed);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_chain, hcp_chain_free)

#endif

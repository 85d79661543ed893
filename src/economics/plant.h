/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatch model of one site (ASIC fleet and GPU fleet under a power cap) or one device slot (mine, AI or idle).
 *
 * A state is what runs; a node is a state with the dwell age that minimum up and down times make necessary; a move is
 * an allowed step from node to node with its switching cost. The profit of a step is affine in the power price, which
 * is what lets a policy plan on expected prices: usd = fixed_usd - mwh * price.
 */
#ifndef HCP_ECONOMICS_PLANT_H
#define HCP_ECONOMICS_PLANT_H

#include <glib.h>
#include <stdbool.h>

#define HCP_PLANT_STATES_MAX 4

typedef enum { HCP_PLANT_SITE, HCP_PLANT_SLOT } hcp_plant_kind;

/* Everything the model needs to know of a plant. Powers are at the meter; minimum times count steps, at least 1. */
typedef struct {
    hcp_plant_kind kind;
    double step_h;
    double cap_mw;
    double asic_mw;
    double asic_j_per_th;
    double asic_pue;
    double pool_fee; /* fraction of mining revenue */
    double asic_start_usd_per_mw;
    double asic_stop_usd_per_mw;
    int asic_min_up_steps;
    int asic_min_down_steps;
    double gpus;
    double gpu_w;
    double gpu_pue;
    double gpu_idle; /* idle draw as a fraction of full draw */
    double ai_fee;   /* fraction of rental revenue */
    double gpu_start_usd_per_mw;
    double gpu_stop_usd_per_mw;
    int gpu_min_up_steps;
    int gpu_min_down_steps;
    double slot_kw;
    double slot_switch_usd;
} hcp_plant_spec;

/* What a step's profit depends on, besides the state. */
typedef struct {
    double price_usd_per_mwh;
    double hashprice; /* USD per PH/s and day, before the pool's share */
    double demand;    /* busy fraction of the GPUs, 0..1 */
    double rate_usd_per_gpu_h;
    /* paid per MW and hour for miners that stand ready to stop; 0 = none sold */
    double reserve_usd_per_mw;
    double peak_usd_per_mwh; /* charge, or expected charge, for drawing power in this step */
    /* the grid takes that reserve: the miners stop for the step and restart after it */
    bool called;
} hcp_plant_inputs;

/* Profit of one step in one state: fixed_usd - mwh * price. */
typedef struct {
    double fixed_usd;
    double mwh;
} hcp_plant_terms;

typedef struct {
    int node;
    double cost_usd;
} hcp_plant_move;

typedef struct {
    hcp_plant_spec spec;
    int n_states;
    const char *names[HCP_PLANT_STATES_MAX]; /* "both", "mine", "ai", "idle" */
    bool mines[HCP_PLANT_STATES_MAX];
    bool serves[HCP_PLANT_STATES_MAX];
    int settled[HCP_PLANT_STATES_MAX]; /* node of the state with its minimum time served */
    int n_nodes;
    int *state_of;   /* n_nodes */
    int *first_move; /* n_nodes + 1 indexes into moves; a node's first move is always to stay */
    hcp_plant_move *moves; /* first_move[n_nodes] */
} hcp_plant;

/* The specification of a 10 MW site of 17.5 J/TH machines, one-hour steps and no GPUs. */
hcp_plant_spec hcp_plant_spec_default(void);

/* Builds the model. HCP_ERROR_INVALID names the first field out of range. Caller frees. */
hcp_plant *hcp_plant_new(const hcp_plant_spec *spec, GError **error);

/* Releases the model; NULL is allowed. */
void hcp_plant_free(hcp_plant *plant);

/* Writes the terms of every state for one step; the price in `inputs` is not used. */
void hcp_plant_terms_get(const hcp_plant *plant, const hcp_plant_inputs *inputs,
                         hcp_plant_terms terms[HCP_PLANT_STATES_MAX]);

/* Where the profit of one step in one state comes from: income - energy + reserve - call - peak. */
typedef struct {
    double income_usd;  /* mining and AI */
    double energy_usd;  /* paid for electricity */
    double reserve_usd; /* for standing ready */
    double call_usd;    /* restarts after the grid took the reserve */
    double peak_usd;    /* peak charge */
} hcp_plant_account;

/* Adds the account of one step in `state` to `sum`. */
void hcp_plant_account_add(const hcp_plant *plant, const hcp_plant_inputs *inputs, int state,
                           hcp_plant_account *sum);

/* Writes the profit in USD of one step in every state. */
void hcp_plant_rewards(const hcp_plant *plant, const hcp_plant_inputs *inputs,
                       double rewards_usd[HCP_PLANT_STATES_MAX]);

/* Index of the state called `name`, or -1. */
int hcp_plant_state(const hcp_plant *plant, const char *name);

/* The move of `node` that ends in `state`, or NULL when minimum times forbid it. */
const hcp_plant_move *hcp_plant_move_to(const hcp_plant *plant, int node, int state);

/* True when `state` is one of the static plans (run it for ever): mining alone, AI alone, both. */
bool hcp_plant_is_static_plan(const hcp_plant *plant, int state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_plant, hcp_plant_free)

#endif

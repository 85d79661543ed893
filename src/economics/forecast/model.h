/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fitted price model as data: how often the surprise moved from one value to another at a day-ahead level and hour
 * of the day. Models are built into the program (generated from share/models at build time) or read from a file of the
 * same form; each carries a version, where its prices came from, and when it was fitted.
 */
#ifndef HCP_ECONOMICS_FORECAST_MODEL_H
#define HCP_ECONOMICS_FORECAST_MODEL_H

#include "economics/forecast/chain.h"

#include <stdint.h>

/* Units of a cell: squashed price over these steps. */
#define HCP_PRICE_MODEL_LEVEL_STEP 0.2
#define HCP_PRICE_MODEL_SURPRISE_STEP 0.1

typedef struct hcp_price_model hcp_price_model;

typedef struct {
    int8_t level; /* in HCP_PRICE_MODEL_LEVEL_STEP */
    int8_t hour;
    int8_t from; /* in HCP_PRICE_MODEL_SURPRISE_STEP */
    int8_t to;
    uint16_t count;
} hcp_price_model_cell;

struct hcp_price_model {
    const char *name;
    int version;
    const char *provenance;
    const char *fitted; /* date, YYYY-MM-DD */
    double step_h;
    size_t n_cells;
    const hcp_price_model_cell *cells;
};

/* The built-in model for steps of `step_h`, or NULL when none was fitted for that length. */
const hcp_price_model *hcp_price_model_builtin(double step_h);

/* Counts every cell of the model into `chain` as its prior. */
void hcp_price_model_load(const hcp_price_model *model, hcp_chain *chain);

/* The cell a move falls into, with count 1. */
hcp_price_model_cell hcp_price_model_cell_of(const hcp_chain_move *move);

#endif

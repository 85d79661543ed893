/* SPDX-License-Identifier: Apache-2.0 */
/* Between model cells and chain moves; the built-in tables themselves are generated. */
#include "economics/forecast/model.h"

#include "economics/forecast/model-builtin.h"

#include <math.h>

const hcp_price_model *hcp_price_model_builtin(double step_h)
{
    for (size_t i = 0; i < hcp_price_models_builtin_count; i++) {
        if (fabs(hcp_price_models_builtin[i].step_h - step_h) < 1e-9)
            return &hcp_price_models_builtin[i];
    }
    return NULL;
}

void hcp_price_model_load(const hcp_price_model *model, hcp_chain *chain)
{
    for (size_t i = 0; i < model->n_cells; i++) {
        const hcp_price_model_cell *cell = &model->cells[i];
        hcp_chain_move move = {
            .level = cell->level * HCP_PRICE_MODEL_LEVEL_STEP,
            .hour = cell->hour,
            .from = cell->from * HCP_PRICE_MODEL_SURPRISE_STEP,
            .to = cell->to * HCP_PRICE_MODEL_SURPRISE_STEP,
            .weight = cell->count,
        };
        hcp_chain_add_prior(chain, &move);
    }
}

static int8_t to_cell(double value, double step)
{
    return (int8_t)CLAMP(lround(value / step), -100, 100);
}

hcp_price_model_cell hcp_price_model_cell_of(const hcp_chain_move *move)
{
    return (hcp_price_model_cell){
        .level = to_cell(move->level, HCP_PRICE_MODEL_LEVEL_STEP),
        .hour = (int8_t)move->hour,
        .from = to_cell(move->from, HCP_PRICE_MODEL_SURPRISE_STEP),
        .to = to_cell(move->to, HCP_PRICE_MODEL_SURPRISE_STEP),
        .count = 1,
    };
}

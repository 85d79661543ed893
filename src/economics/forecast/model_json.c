/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing models, every cell checked against its range. */
#include "economics/forecast/model_json.h"

#include "base/error.h"

#include <math.h>

static bool invalid(GError **error, const char *message)
{
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "price model: %s", message);
    return false;
}

static bool read_cell(const json_t *row, hcp_price_model_cell *ret_cell)
{
    static const int lo[5] = {-100, 0, -100, -100, 1};
    static const int hi[5] = {100, 23, 100, 100, UINT16_MAX};
    int v[5];
    if (json_array_size(row) != 5)
        return false;
    for (size_t i = 0; i < 5; i++) {
        const json_t *value = json_array_get(row, i);
        if (!json_is_integer(value) || json_integer_value(value) < lo[i] ||
            json_integer_value(value) > hi[i])
            return false;
        v[i] = (int)json_integer_value(value);
    }
    *ret_cell = (hcp_price_model_cell){(int8_t)v[0], (int8_t)v[1], (int8_t)v[2], (int8_t)v[3],
                                       (uint16_t)v[4]};
    return true;
}

static bool read_cells(const json_t *rows, hcp_price_model_owned *owned, GError **error)
{
    if (!json_is_array(rows))
        return invalid(error, "\"cells\" must be an array");
    size_t n = json_array_size(rows);
    owned->cells = g_new0(hcp_price_model_cell, MAX(n, (size_t)1));
    for (size_t i = 0; i < n; i++) {
        if (read_cell(json_array_get(rows, i), &owned->cells[i]))
            continue;
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "price model: cell %zu must be [level, hour, from, to, count] in range", i);
        return false;
    }
    owned->model.n_cells = n;
    owned->model.cells = owned->cells;
    return true;
}

static bool has_known_units(const json_t *object)
{
    return fabs(hcp_json_number(object, "level_step", 0) - HCP_PRICE_MODEL_LEVEL_STEP) < 1e-9 &&
           fabs(hcp_json_number(object, "surprise_step", 0) - HCP_PRICE_MODEL_SURPRISE_STEP) < 1e-9;
}

hcp_price_model_owned *hcp_price_model_from_json(const json_t *object, GError **error)
{
    g_autoptr(hcp_price_model_owned) owned = g_new0(hcp_price_model_owned, 1);
    owned->name = g_strdup(hcp_json_string(object, "name", ""));
    owned->provenance = g_strdup(hcp_json_string(object, "provenance", ""));
    owned->fitted = g_strdup(hcp_json_string(object, "fitted", ""));
    owned->model.name = owned->name;
    owned->model.provenance = owned->provenance;
    owned->model.fitted = owned->fitted;
    owned->model.version = (int)hcp_json_int(object, "version", 0);
    owned->model.step_h = hcp_json_number(object, "step_h", 0);
    if (owned->model.version != 1)
        invalid(error, "\"version\" must be 1");
    else if (!(owned->model.step_h > 0 && owned->model.step_h <= 24))
        invalid(error, "\"step_h\" must be more than 0 and at most 24");
    else if (!has_known_units(object))
        invalid(error, "\"level_step\" must be 0.2 and \"surprise_step\" 0.1");
    else if (read_cells(json_object_get(object, "cells"), owned, error))
        return g_steal_pointer(&owned);
    return NULL;
}

void hcp_price_model_owned_free(hcp_price_model_owned *owned)
{
    if (owned == NULL)
        return;
    g_free(owned->name);
    g_free(owned->provenance);
    g_free(owned->fitted);
    g_free(owned->cells);
    g_free(owned);
}

json_t *hcp_price_model_to_json(const hcp_price_model *model)
{
    json_t *object = json_object();
    hcp_json_set_string(object, "name", model->name);
    hcp_json_set_int(object, "version", model->version);
    hcp_json_set_string(object, "fitted", model->fitted);
    hcp_json_set_string(object, "provenance", model->provenance);
    hcp_json_set_number(object, "step_h", model->step_h);
    hcp_json_set_number(object, "level_step", HCP_PRICE_MODEL_LEVEL_STEP);
    hcp_json_set_number(object, "surprise_step", HCP_PRICE_MODEL_SURPRISE_STEP);
    json_t *cells = json_array();
    for (size_t i = 0; i < model->n_cells; i++) {
        const hcp_price_model_cell *c = &model->cells[i];
        json_array_append_new(
            cells, json_pack("[i,i,i,i,i]", c->level, c->hour, c->from, c->to, c->count));
    }
    json_object_set_new(object, "cells", cells);
    return object;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Price models as JSON: the form of share/models and of what `hcp fit` writes. */
#ifndef HCP_ECONOMICS_FORECAST_MODEL_JSON_H
#define HCP_ECONOMICS_FORECAST_MODEL_JSON_H

#include "base/json.h"
#include "economics/forecast/model.h"

/* A model that owns what it points to. */
typedef struct {
    hcp_price_model model;
    char *name;
    char *provenance;
    char *fitted;
    hcp_price_model_cell *cells;
} hcp_price_model_owned;

/* Reads a model; HCP_ERROR_INVALID says what is wrong with it. Caller frees. */
hcp_price_model_owned *hcp_price_model_from_json(const json_t *object, GError **error);

/* Releases a model that was read; NULL is allowed. */
void hcp_price_model_owned_free(hcp_price_model_owned *owned);

/* The JSON of a model; new reference. */
json_t *hcp_price_model_to_json(const hcp_price_model *model);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_price_model_owned, hcp_price_model_owned_free)

#endif

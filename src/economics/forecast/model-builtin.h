/* SPDX-License-Identifier: Apache-2.0 */
/* The models generated at build time from share/models; used by model.c alone. */
#ifndef HCP_ECONOMICS_FORECAST_MODEL_BUILTIN_H
#define HCP_ECONOMICS_FORECAST_MODEL_BUILTIN_H

#include "economics/forecast/model.h"

extern const hcp_price_model hcp_price_models_builtin[];
extern const size_t hcp_price_models_builtin_count;

#endif

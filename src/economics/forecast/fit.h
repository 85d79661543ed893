/* SPDX-License-Identifier: Apache-2.0 */
/* Fitting a price model to recorded markets: the moves of the surprise, counted by cell. */
#ifndef HCP_ECONOMICS_FORECAST_FIT_H
#define HCP_ECONOMICS_FORECAST_FIT_H

#include "economics/forecast/model.h"
#include "economics/market.h"

typedef struct hcp_price_fit hcp_price_fit;

/* An empty fit for steps of `step_h`. Caller frees. */
hcp_price_fit *hcp_price_fit_new(double step_h);

/* Releases the fit and every model taken from it; NULL is allowed. */
void hcp_price_fit_free(hcp_price_fit *fit);

/* Step length it counts. */
double hcp_price_fit_step_h(const hcp_price_fit *fit);

/* Counts the moves of steps [from, to) of a market with the same step length. Steps without a price are gaps. */
void hcp_price_fit_add(hcp_price_fit *fit, const hcp_market *market, size_t from, size_t to);

/* The model fitted so far, its cells sorted; name, version, provenance and date are the caller's to set. Its cells
 * belong to the fit. */
hcp_price_model hcp_price_fit_model(hcp_price_fit *fit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_price_fit, hcp_price_fit_free)

#endif

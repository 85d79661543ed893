/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GPU demand forecast: the busy fraction of the coming steps. Each model is a profile (flat, by hour of the day, by
 * hour of the week) to which today's deviation returns; they run side by side with plain persistence, and the one with
 * the least recent error speaks, so a profile that loses to persistence is switched off.
 */
#ifndef HCP_ECONOMICS_FORECAST_DEMAND_H
#define HCP_ECONOMICS_FORECAST_DEMAND_H

#include <glib.h>

typedef struct hcp_demand_forecast hcp_demand_forecast;

/* A forecast for steps of `step_h` that has seen nothing. Caller frees. */
hcp_demand_forecast *hcp_demand_forecast_new(double step_h);

/* Releases the forecast; NULL is allowed. */
void hcp_demand_forecast_free(hcp_demand_forecast *forecast);

/* Takes in the busy fraction of the step that just ended. */
void hcp_demand_forecast_observe(hcp_demand_forecast *forecast, double demand);

/* Expected busy fraction `k` steps after the last observed one, k >= 1; 0 before anything was seen. */
double hcp_demand_forecast_at(const hcp_demand_forecast *forecast, int k);

/* Name of the model that speaks: "persistence", "flat", "day", "week". */
const char *hcp_demand_forecast_model(const hcp_demand_forecast *forecast);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_demand_forecast, hcp_demand_forecast_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The usual rolling plan: every step, 24 hours ahead on one price path (day-ahead price plus a fading last surprise),
 * as if that path were certain.
 */
#include "economics/forecast/demand.h"
#include "economics/policy/estimate.h"
#include "economics/policy/plan.h"
#include "economics/policy/policies.h"

#include <math.h>

#define HORIZON_H 24.0
#define SURPRISE_CARRY_PER_H 0.7

typedef struct {
    const hcp_plant *plant;
    hcp_plan *plan;
    hcp_demand_forecast *demand;
    hcp_price_outlook *path; /* a chain with one price a step */
    hcp_plan_terms *terms;
    double last_dam; /* of the step before */
} mpc_policy;

static void *create(const hcp_plant *plant, const hcp_policy_config *config)
{
    (void)config;
    mpc_policy *self = g_new0(mpc_policy, 1);
    self->plant = plant;
    self->plan = hcp_plan_new(plant);
    self->demand = hcp_demand_forecast_new(plant->spec.step_h);
    self->path = g_new0(hcp_price_outlook, 1);
    self->terms = g_new0(hcp_plan_terms, 1);
    self->last_dam = NAN;
    return self;
}

static void destroy(void *data)
{
    mpc_policy *self = data;
    hcp_plan_free(self->plan);
    hcp_demand_forecast_free(self->demand);
    g_free(self->path);
    g_free(self->terms);
    g_free(self);
}

/* `stand_in` is the price where no day-ahead price is known. */
static void fill_path(mpc_policy *self, const hcp_policy_observation *observation, double surprise,
                      double stand_in)
{
    const double step_h = self->plant->spec.step_h;
    int n = MIN((int)lround(HORIZON_H / step_h), (int)observation->n_dam);
    n = CLAMP(n, 1, HCP_PRICE_STEPS_MAX);
    self->path->n = n;
    for (int k = 0; k < n; k++) {
        double dam = (size_t)k < observation->n_dam ? observation->dam_usd_per_mwh[k] : NAN;
        if (isnan(dam))
            dam = stand_in;
        double price = dam + surprise * pow(SURPRISE_CARRY_PER_H, (k + 1) * step_h);
        for (int b = 0; b < HCP_CHAIN_BINS; b++) {
            self->path->matrix[k].to[b][0] = 1.0F;
            self->path->usd_per_mwh[k][b] = (float)price;
        }
    }
    self->path->first[0] = 1.0F;
}

static void choose(void *data, const hcp_policy_observation *observation, int node,
                   hcp_policy_decision *ret_decision)
{
    mpc_policy *self = data;
    hcp_plant_inputs in = hcp_estimate_inputs(observation);
    double surprise = 0.0;
    if (observation->has_last) {
        hcp_demand_forecast_observe(self->demand, observation->last_demand);
        if (!isnan(self->last_dam))
            surprise = observation->last_price_usd_per_mwh - self->last_dam;
    }
    fill_path(self, observation, surprise, in.price_usd_per_mwh);
    for (int k = 0; k < self->path->n; k++) {
        in.demand = hcp_demand_forecast_at(self->demand, k + 1);
        hcp_plan_terms_set(self->terms, k, self->plant, observation, in);
    }
    hcp_plan_solve(self->plan, self->path, self->terms);
    hcp_plan_decide(self->plan, self->path, self->terms, node, ret_decision);
    ret_decision->reason = "best plan on the expected price path";
    self->last_dam = observation->n_dam > 0 ? observation->dam_usd_per_mwh[0] : NAN;
}

const hcp_policy_ops hcp_policy_mpc_ops = {
    .name = "mpc",
    .summary = "plans 24 h on one price path, every step",
    .create = create,
    .choose = choose,
    .destroy = destroy,
};

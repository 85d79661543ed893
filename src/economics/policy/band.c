/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two prices around the mining breakeven: stop above the upper, restart below the lower, on a blend of day-ahead and
 * last price. Plants that can do more than mine or idle stay where they are.
 */
#include "economics/formula.h"
#include "economics/policy/estimate.h"
#include "economics/policy/policies.h"

#include <math.h>

/* Tuned by the publishers of the settlement rules on one hub and plant, and left alone. */
#define STOP_AT 1.5
#define START_AT 1.5
#define DAM_WEIGHT 0.3

typedef struct {
    const hcp_plant *plant;
    bool mines_only;
} band_policy;

static void *create(const hcp_plant *plant, const hcp_policy_config *config)
{
    (void)config;
    band_policy *self = g_new0(band_policy, 1);
    self->plant = plant;
    self->mines_only = plant->n_states == 2 && plant->mines[0];
    return self;
}

static int band_state(const band_policy *self, double price, double breakeven, int node)
{
    bool on = self->plant->mines[self->plant->state_of[node]];
    bool want = on ? price <= STOP_AT * breakeven : price < START_AT * breakeven;
    return want ? 0 : 1;
}

static void choose(void *data, const hcp_policy_observation *observation, int node,
                   hcp_policy_decision *ret_decision)
{
    band_policy *self = data;
    const hcp_plant *plant = self->plant;
    hcp_plant_inputs in = hcp_estimate_inputs(observation);
    if (observation->n_dam > 0 && !isnan(observation->dam_usd_per_mwh[0]))
        in.price_usd_per_mwh =
            DAM_WEIGHT * observation->dam_usd_per_mwh[0] + (1 - DAM_WEIGHT) * in.price_usd_per_mwh;
    double breakeven = hcp_formula_breakeven_usd_per_mwh(
        plant->spec.asic_j_per_th, plant->spec.asic_pue, in.hashprice, plant->spec.pool_fee);
    int state = plant->state_of[node];
    if (self->mines_only)
        state = band_state(self, in.price_usd_per_mwh, breakeven, node);
    if (hcp_plant_move_to(plant, node, state) == NULL)
        state = plant->state_of[node];
    hcp_estimate_explain(plant, node, &in, state, ret_decision);
    ret_decision->reason = state == 0 ? "price inside the band above breakeven"
                                      : "price above the band around breakeven";
}

const hcp_policy_ops hcp_policy_band_ops = {
    .name = "band",
    .summary = "stops mining above one price, restarts below another",
    .create = create,
    .choose = choose,
    .destroy = g_free,
};

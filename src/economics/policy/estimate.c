/* SPDX-License-Identifier: Apache-2.0 */
/* One-step estimates, shared by the rules that look no further. */
#include "economics/policy/estimate.h"

#include <math.h>

hcp_plant_inputs hcp_estimate_inputs(const hcp_policy_observation *observation)
{
    hcp_plant_inputs in = {.hashprice = observation->hashprice};
    if (observation->has_last) {
        in.price_usd_per_mwh = observation->last_price_usd_per_mwh;
        in.demand = observation->last_demand;
        in.rate_usd_per_gpu_h = observation->last_rate_usd_per_gpu_h;
    } else if (observation->n_dam > 0 && !isnan(observation->dam_usd_per_mwh[0])) {
        in.price_usd_per_mwh = observation->dam_usd_per_mwh[0];
    }
    if (observation->reserve_usd_per_mw != NULL && observation->n_dam > 0) {
        in.reserve_usd_per_mw = observation->reserve_usd_per_mw[0];
        in.called = in.price_usd_per_mwh >= observation->call_usd_per_mwh;
    }
    if (observation->peak_usd_per_mwh != NULL && observation->n_dam > 0)
        in.peak_usd_per_mwh = observation->peak_usd_per_mwh[0];
    return in;
}

void hcp_estimate_explain(const hcp_plant *plant, int node, const hcp_plant_inputs *inputs,
                          int chosen, hcp_policy_decision *ret_decision)
{
    hcp_plant_terms terms[HCP_PLANT_STATES_MAX];
    hcp_plant_terms_get(plant, inputs, terms);
    double price = inputs->price_usd_per_mwh, worth[HCP_PLANT_STATES_MAX];
    int other = -1;
    for (int m = plant->first_move[node]; m < plant->first_move[node + 1]; m++) {
        int s = plant->state_of[plant->moves[m].node];
        worth[s] = terms[s].fixed_usd - terms[s].mwh * price;
        if (s != chosen && (other < 0 || worth[s] > worth[other]))
            other = s;
    }
    ret_decision->state = chosen;
    ret_decision->forecast_usd_per_mwh = price;
    ret_decision->forecast_low_usd_per_mwh = price;
    ret_decision->forecast_high_usd_per_mwh = price;
    ret_decision->rejected_state = other;
    if (other < 0)
        return;
    ret_decision->gain_usd = worth[chosen] - worth[other];
    ret_decision->gain_low_usd = ret_decision->gain_usd;
    ret_decision->gain_high_usd = ret_decision->gain_usd;
    ret_decision->gap_usd_per_h = ret_decision->gain_usd / plant->spec.step_h;
    double mwh_more = terms[chosen].mwh - terms[other].mwh;
    if (fabs(mwh_more) > 1e-9)
        ret_decision->flip_price_usd_per_mwh = price + ret_decision->gain_usd / mwh_more;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Optima of relaxed plants. */
#include "economics/regret.h"

#include "economics/optimum.h"

static double optimum_of(const hcp_market *market, const hcp_plant_spec *spec)
{
    g_autoptr(hcp_plant) plant = hcp_plant_new(spec, NULL);
    g_assert(plant != NULL); /* a relaxed copy of a valid plant */
    g_autofree double *rewards = hcp_market_rewards(market, plant);
    return hcp_optimum_solve(plant, rewards, market->n, -1, NULL).profit_usd;
}

hcp_regret hcp_regret_by_cause(const hcp_market *market, const hcp_plant *plant, double earned_usd)
{
    double bound = optimum_of(market, &plant->spec);
    hcp_plant_spec quick = plant->spec;
    quick.asic_min_up_steps = quick.asic_min_down_steps = 1;
    quick.gpu_min_up_steps = quick.gpu_min_down_steps = 1;
    double unhurried = optimum_of(market, &quick);
    quick.asic_start_usd_per_mw = quick.asic_stop_usd_per_mw = 0.0;
    quick.gpu_start_usd_per_mw = quick.gpu_stop_usd_per_mw = 0.0;
    quick.slot_switch_usd = 0.0;
    double ideal = optimum_of(market, &quick);
    return (hcp_regret){
        .ideal_usd = ideal,
        .switching_usd = ideal - unhurried,
        .constraints_usd = unhurried - bound,
        .forecast_usd = bound - earned_usd,
        .earned_usd = earned_usd,
    };
}

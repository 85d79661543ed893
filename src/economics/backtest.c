/* SPDX-License-Identifier: Apache-2.0 */
/* The loop of observation, decision and settlement. */
#include "economics/backtest.h"

#include "economics/optimum.h"

#include <math.h>

static void count_optimum(const hcp_market *market, const hcp_plant *plant, const uint8_t *states,
                          hcp_backtest_result *result)
{
    for (size_t t = 0; t < market->n; t++) {
        hcp_plant_terms terms[HCP_PLANT_STATES_MAX];
        hcp_plant_inputs in = hcp_market_settled(market, t);
        hcp_plant_terms_get(plant, &in, terms);
        result->steps_in[states[t]]++;
        result->energy_mwh += terms[states[t]].mwh;
    }
}

hcp_backtest_bounds hcp_backtest_bounds_get(const hcp_market *market, const hcp_plant *plant,
                                            const double *rewards_usd)
{
    hcp_backtest_bounds bounds = {.best_static = -1};
    for (int s = 0; s < plant->n_states; s++) {
        for (size_t t = 0; t < market->n; t++)
            bounds.static_usd[s] += rewards_usd[t * (size_t)plant->n_states + (size_t)s];
        if (!hcp_plant_is_static_plan(plant, s))
            continue;
        if (bounds.best_static < 0 || bounds.static_usd[s] > bounds.static_usd[bounds.best_static])
            bounds.best_static = s;
    }
    g_autofree uint8_t *states = g_new0(uint8_t, market->n);
    hcp_optimum best = hcp_optimum_solve(plant, rewards_usd, market->n, -1, states);
    bounds.optimum.profit_usd = best.profit_usd;
    bounds.optimum.switches = best.switches;
    count_optimum(market, plant, states, &bounds.optimum);
    return bounds;
}

static void count_reserve(const hcp_plant *plant, hcp_plant_inputs in, int state,
                          hcp_backtest_result *result)
{
    hcp_plant_terms with[HCP_PLANT_STATES_MAX], without[HCP_PLANT_STATES_MAX];
    if (in.reserve_usd_per_mw == 0.0 && !in.called)
        return;
    hcp_plant_terms_get(plant, &in, with);
    in.reserve_usd_per_mw = 0.0;
    hcp_plant_terms_get(plant, &in, without);
    result->reserve_usd += with[state].fixed_usd - without[state].fixed_usd;
    result->called_steps += in.called && plant->mines[state];
}

/* A decision is right when its rejected plan would not have been worth more at the price that settled. */
static void count_confidence(const hcp_policy_decision *decision, const hcp_plant_terms *terms,
                             double settled_usd_per_mwh, hcp_calibration *calibration)
{
    if (isnan(decision->confidence) || isnan(decision->flip_price_usd_per_mwh))
        return;
    double mwh_more = terms[decision->state].mwh - terms[decision->rejected_state].mwh;
    bool below = settled_usd_per_mwh <= decision->flip_price_usd_per_mwh;
    hcp_calibration_add_confidence(calibration, decision->confidence, below == (mwh_more > 0.0));
}

hcp_backtest_result hcp_backtest_play(const hcp_market *market, const hcp_plant *plant,
                                      hcp_policy *policy, hcp_backtest_watch watch, void *data)
{
    hcp_backtest_result result = {0};
    hcp_market_published_prices prices;
    double error = 0.0;
    int state = plant->state_of[hcp_policy_node(policy)];
    size_t t = 0;
    for (; t < market->n; t++) {
        hcp_policy_observation observation;
        hcp_policy_decision decision;
        hcp_market_observe(market, t, &prices, &observation);
        hcp_policy_step(policy, &observation, &decision);

        hcp_plant_inputs in = hcp_market_settled(market, t);
        hcp_plant_terms terms[HCP_PLANT_STATES_MAX];
        hcp_plant_terms_get(plant, &in, terms);
        const hcp_plant_terms *now = &terms[decision.state];
        result.profit_usd +=
            now->fixed_usd - now->mwh * in.price_usd_per_mwh - decision.switch_cost_usd;
        result.switching_usd += decision.switch_cost_usd;
        count_reserve(plant, in, decision.state, &result);
        hcp_plant_account_add(plant, &in, decision.state, &result.account);
        result.energy_mwh += now->mwh;
        result.switches += decision.state != state;
        result.steps_in[decision.state]++;
        hcp_calibration_add(&result.calibration, decision.forecast_usd_per_mwh,
                            decision.forecast_low_usd_per_mwh, decision.forecast_high_usd_per_mwh,
                            in.price_usd_per_mwh);
        count_confidence(&decision, terms, in.price_usd_per_mwh, &result.calibration);
        error += fabs(decision.forecast_usd_per_mwh - in.price_usd_per_mwh);
        state = decision.state;
        if (watch != NULL && !watch(data, t, &decision, result.profit_usd))
            break;
    }
    result.forecast_mae_usd_per_mwh = t > 0 ? error / (double)t : 0.0;
    return result;
}

double hcp_backtest_closed_pct(const hcp_backtest_bounds *bounds, double profit_usd)
{
    double base = bounds->static_usd[bounds->best_static];
    double gap = bounds->optimum.profit_usd - base;
    if (gap <= 1e-6 * MAX(1.0, fabs(bounds->optimum.profit_usd)))
        return NAN;
    return 100.0 * (profit_usd - base) / gap;
}

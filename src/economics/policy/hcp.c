/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our policy: a plan over the price chain in which every later step may react to the price it sees, so that waiting
 * has its worth; bounded by the guard, which follows the lazy policy or none when the plan has lately lost to them.
 */
#include "economics/forecast/demand.h"
#include "economics/policy/estimate.h"
#include "economics/policy/guard.h"
#include "economics/policy/plan.h"
#include "economics/policy/policies.h"

#include <math.h>

#define HORIZON_H 24.0
#define TAIL_END_H 168.0

/* Prices overdue for longer than this move nothing: the outlook has little left but the hour's habit. */
#define STALE_LIMIT_H 6.0

typedef struct {
    const hcp_plant *plant;
    hcp_plan *plan;
    hcp_price_forecast *price;
    hcp_demand_forecast *demand;
    hcp_price_outlook *outlook;
    hcp_plan_terms *terms;
    hcp_guard guard;
    hcp_policy *lazy;
    double last_rate;
    double last_hashprice;
    double last_reserve_usd_per_mw, last_peak_usd_per_mwh;
    bool informed; /* a step has settled */
} best_policy;

static void *create(const hcp_plant *plant, const hcp_policy_config *config)
{
    best_policy *self = g_new0(best_policy, 1);
    double step_h = plant->spec.step_h;
    const hcp_price_model *model =
        config->model != NULL ? config->model : hcp_price_model_builtin(step_h);
    self->plant = plant;
    self->plan = hcp_plan_new(plant);
    self->price = hcp_price_forecast_new(step_h, config->utc_offset_h, model);
    self->demand = hcp_demand_forecast_new(step_h);
    self->outlook = g_new0(hcp_price_outlook, 1);
    self->terms = g_new0(hcp_plan_terms, 1);
    self->lazy = hcp_policy_new_ops(&hcp_policy_lcp_ops, plant, config);
    hcp_guard_init(&self->guard, plant, config->initial_state);
    return self;
}

static void destroy(void *data)
{
    best_policy *self = data;
    hcp_plan_free(self->plan);
    hcp_price_forecast_free(self->price);
    hcp_demand_forecast_free(self->demand);
    hcp_policy_free(self->lazy);
    g_free(self->outlook);
    g_free(self->terms);
    g_free(self);
}

static void take_in(best_policy *self, const hcp_policy_observation *observation)
{
    hcp_price_known known = {
        .ts_us = observation->ts_us,
        .dam_usd_per_mwh = observation->dam_usd_per_mwh,
        .n_dam = observation->n_dam,
        .has_last = observation->has_last,
        .last_price_usd_per_mwh = observation->last_price_usd_per_mwh,
    };
    hcp_price_forecast_step(self->price, &known);
    if (!observation->has_last)
        return;
    hcp_demand_forecast_observe(self->demand, observation->last_demand);
    hcp_plant_inputs settled = hcp_estimate_inputs(observation);
    if (self->informed)
        settled.hashprice = self->last_hashprice;
    settled.reserve_usd_per_mw = self->last_reserve_usd_per_mw;
    settled.peak_usd_per_mwh = self->last_peak_usd_per_mwh;
    hcp_guard_settle(&self->guard, &settled);
    self->informed = true;
    self->last_rate = observation->last_rate_usd_per_gpu_h;
}

/* After the chain's horizon: a week at the day-ahead shape, for what is worth switching only if it lasts. */
static void fill_tail(best_policy *self, hcp_plant_inputs in, int n)
{
    int end = (int)lround(TAIL_END_H / self->plant->spec.step_h);
    self->terms->n_tail = CLAMP(end - n, 0, HCP_PLAN_TAIL_MAX);
    for (int k = 0; k < self->terms->n_tail; k++) {
        double usd[HCP_PLANT_STATES_MAX];
        in.demand = hcp_demand_forecast_at(self->demand, n + k + 1);
        in.price_usd_per_mwh = hcp_price_forecast_base(self->price, n + k);
        in.called = in.price_usd_per_mwh >= self->terms->call_usd_per_mwh;
        hcp_plant_rewards(self->plant, &in, usd);
        for (int s = 0; s < self->plant->n_states; s++)
            self->terms->tail_usd[k][s] = (float)usd[s];
    }
}

static void make_plan(best_policy *self, const hcp_policy_observation *observation)
{
    int n = (int)lround(HORIZON_H / self->plant->spec.step_h);
    n = CLAMP(n, 1, HCP_PRICE_STEPS_MAX);
    hcp_price_forecast_outlook(self->price, n, self->outlook);
    hcp_plant_inputs in = {
        .hashprice = observation->hashprice,
        .rate_usd_per_gpu_h = self->last_rate,
    };
    for (int k = 0; k < n; k++) {
        in.demand = hcp_demand_forecast_at(self->demand, k + 1);
        hcp_plan_terms_set(self->terms, k, self->plant, observation, in);
    }
    in.reserve_usd_per_mw = hcp_estimate_inputs(observation).reserve_usd_per_mw;
    fill_tail(self, in, n);
    hcp_plan_solve(self->plan, self->outlook, self->terms);
}

/* Before anything has settled only the price is known: stay. */
static void stay_uninformed(best_policy *self, const hcp_policy_observation *observation, int node,
                            hcp_policy_decision *ret_decision)
{
    hcp_plant_inputs in = hcp_estimate_inputs(observation);
    hcp_estimate_explain(self->plant, node, &in, self->plant->state_of[node], ret_decision);
    ret_decision->forecast_usd_per_mwh = hcp_price_outlook_mean(self->outlook);
    ret_decision->forecast_low_usd_per_mwh = hcp_price_outlook_quantile(self->outlook, 0.1);
    ret_decision->forecast_high_usd_per_mwh = hcp_price_outlook_quantile(self->outlook, 0.9);
    ret_decision->reason = "nothing has settled yet";
}

/* Puts `state` in place of what the plan chose, which becomes the rejected one: the gain turns into its opposite. */
static void overrule(hcp_policy_decision *decision, int state)
{
    double low = decision->gain_low_usd;
    decision->rejected_state = decision->state;
    decision->state = state;
    decision->gain_usd = -decision->gain_usd;
    decision->gap_usd_per_h = -decision->gap_usd_per_h;
    decision->gain_low_usd = -decision->gain_high_usd;
    decision->gain_high_usd = -low;
    decision->flip_price_usd_per_mwh = NAN;
    decision->confidence = 1.0 - decision->confidence;
}

/* Where the guard says not to follow the plan: the lazy policy's state, or the one held all along. */
static void follow_guard(best_policy *self, int node, hcp_policy_decision *ret_decision)
{
    int wanted = self->plant->state_of[self->guard.node[self->guard.followed]];
    if (wanted != ret_decision->state && hcp_plant_move_to(self->plant, node, wanted) != NULL)
        overrule(ret_decision, wanted);
    ret_decision->source = self->guard.followed == HCP_GUARD_LAZY ? "lcp" : "static";
    ret_decision->reason = "the plan has lately lost to it by more than its bound";
}

/* Stays, and says what the plan would have done. */
static void stay_while_stale(best_policy *self, int node, hcp_policy_decision *ret_decision)
{
    int now = self->plant->state_of[node];
    if (ret_decision->state != now)
        overrule(ret_decision, now);
    ret_decision->source = "stale";
    ret_decision->reason = "settled prices are overdue: nothing moves until they arrive";
}

static void choose(void *data, const hcp_policy_observation *observation, int node,
                   hcp_policy_decision *ret_decision)
{
    best_policy *self = data;
    hcp_policy_decision paper;
    take_in(self, observation);
    make_plan(self, observation);
    hcp_policy_step(self->lazy, observation, &paper);
    hcp_guard_move(&self->guard, HCP_GUARD_LAZY, paper.state);
    self->last_hashprice = observation->hashprice;
    self->last_reserve_usd_per_mw = hcp_estimate_inputs(observation).reserve_usd_per_mw;
    self->last_peak_usd_per_mwh = hcp_estimate_inputs(observation).peak_usd_per_mwh;
    if (!self->informed) {
        stay_uninformed(self, observation, node, ret_decision);
        return;
    }
    hcp_plan_decide(self->plan, self->outlook, self->terms, self->guard.node[HCP_GUARD_PLANNER],
                    &paper);
    hcp_guard_move(&self->guard, HCP_GUARD_PLANNER, paper.state);

    hcp_plan_decide(self->plan, self->outlook, self->terms, node, ret_decision);
    ret_decision->stale_h = hcp_price_forecast_stale_h(self->price);
    ret_decision->source = "plan";
    ret_decision->reason = ret_decision->state == self->plant->state_of[node]
                               ? "staying is worth most over the coming hours"
                               : "switching is worth most over the coming hours";
    if (ret_decision->stale_h > STALE_LIMIT_H)
        stay_while_stale(self, node, ret_decision);
    else if (self->guard.followed != HCP_GUARD_PLANNER)
        follow_guard(self, node, ret_decision);
}

const hcp_policy_ops hcp_policy_hcp_ops = {
    .name = "hcp",
    .summary = "plans over the price chain with recourse, bounded by lcp and static",
    .create = create,
    .choose = choose,
    .destroy = destroy,
};

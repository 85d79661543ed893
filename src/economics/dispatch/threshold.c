/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seeds' rule as a dispatch policy. Each class is asked alone what its free devices should do (mine or rest); then the
 * power cap is shared out, best profit per MWh first. The same sharing prices the two alternatives "all mine" and "all
 * rest", so that the best plan not taken is known as well.
 */
#include "economics/dispatch/dispatch.h"
#include "economics/dispatch/explain.h"
#include "economics/dispatch/share.h"
#include "economics/formula.h"

#include <glib.h>
#include <math.h>

/* Extra electricity cost in USD/h of one device mining at `target` instead of resting. */
static double extra_cost(const hcp_dispatch_input *input, const hcp_dispatch_class *class_,
                         int target)
{
    return hcp_formula_power_usd_per_h(class_->targets[target].power_w -
                                           hcp_dispatch_rest_w(class_),
                                       input->pue, input->usd_per_mwh);
}

/* Income exceeds the extra cost by the threshold: worth starting at this target. */
static bool starts(const hcp_dispatch_input *input, const hcp_dispatch_class *class_, int target)
{
    double cost = extra_cost(input, class_, target);
    double income = hcp_dispatch_mining_usd_per_h(input, class_, target) -
                    hcp_dispatch_rest_usd_per_h(input, class_) + cost;
    return income > (cost > 0 ? cost * input->threshold : cost);
}

/* The target with the best profit, among those worth starting when there are any. */
static int best_target(const hcp_dispatch_input *input, const hcp_dispatch_class *class_)
{
    int best = 0;
    for (int t = 1; t < class_->n_targets; t++) {
        bool startable = starts(input, class_, t), best_startable = starts(input, class_, best);
        bool better = hcp_dispatch_mining_usd_per_h(input, class_, t) >
                      hcp_dispatch_mining_usd_per_h(input, class_, best);
        if (startable == best_startable ? better : startable)
            best = t;
    }
    return best;
}

/* `better` beats `current` by the threshold; a current use that loses money is beaten by anything better. */
static bool beats(const hcp_dispatch_input *input, double better, double current)
{
    return current > 0 ? better > current * input->threshold : better > current;
}

static int wished_target(const hcp_dispatch_input *input, const hcp_dispatch_class *class_)
{
    int best = best_target(input, class_);
    if (class_->mining == 0)
        return best;
    int now = CLAMP(class_->current_target, 0, class_->n_targets - 1);
    return beats(input, hcp_dispatch_mining_usd_per_h(input, class_, best),
                 hcp_dispatch_mining_usd_per_h(input, class_, now))
               ? best
               : now;
}

static bool wants_to_mine(const hcp_dispatch_input *input, const hcp_dispatch_class *class_,
                          const hcp_dispatch_wish *w)
{
    return class_->mining > 0 ? w->mining_usd_per_h >= w->rest_usd_per_h
                              : starts(input, class_, w->target);
}

static hcp_dispatch_wish wish_of(const hcp_dispatch_input *input, const hcp_dispatch_class *class_)
{
    hcp_dispatch_wish w = {.rest_usd_per_h = hcp_dispatch_rest_usd_per_h(input, class_)};
    if (!hcp_dispatch_can_mine(class_))
        return w;
    w.keep = hcp_dispatch_is_held(input, class_);
    w.target = w.keep ? CLAMP(class_->current_target, 0, class_->n_targets - 1)
                      : wished_target(input, class_);
    w.mining_usd_per_h = hcp_dispatch_mining_usd_per_h(input, class_, w.target);
    w.mine = w.keep ? class_->mining > 0 : wants_to_mine(input, class_, &w);
    return w;
}

/* Electricity price at which the free devices of a class stop (or start) mining: the best of its targets decides. */
static double flip_price(const hcp_dispatch_input *input, const hcp_dispatch_class *class_)
{
    double best = -INFINITY;
    for (int t = 0; t < class_->n_targets; t++) {
        double extra_mw =
            (class_->targets[t].power_w - hcp_dispatch_rest_w(class_)) * input->pue / 1e6;
        double gain = hcp_dispatch_mining_usd_per_h(input, class_, t) -
                      hcp_dispatch_rest_usd_per_h(input, class_);
        if (extra_mw > 0)
            best = MAX(best, input->usd_per_mwh + gain / extra_mw);
    }
    return class_->mining > 0 ? best : best / input->threshold;
}

static void decide(void *self, const hcp_dispatch_input *input, hcp_dispatch_plan *ret_plan)
{
    hcp_dispatch_wish wishes[HCP_DISPATCH_MAX_CLASSES];
    double flips[HCP_DISPATCH_MAX_CLASSES];
    (void)self;
    for (int c = 0; c < input->n_classes; c++) {
        wishes[c] = wish_of(input, &input->classes[c]);
        flips[c] = flip_price(input, &input->classes[c]);
    }
    ret_plan->chosen_usd_per_h = hcp_dispatch_share(input, wishes, ret_plan->chosen);
    hcp_dispatch_sum(input, wishes, ret_plan);
    hcp_dispatch_explain_rule(input, flips, ret_plan);
}

const hcp_dispatch_policy HCP_DISPATCH_THRESHOLD = {
    .name = "threshold",
    .summary = "move when the other use is better by 10 %, never before the minimum dwell",
    .decide = decide,
};

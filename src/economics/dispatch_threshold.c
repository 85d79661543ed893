/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seeds' rule as a dispatch policy. Each class is asked alone what its free devices should do (mine or rest); then the
 * power cap is shared out, best profit per MWh first. The same sharing prices the two alternatives "all mine" and "all
 * rest", so that the best plan not taken is known as well.
 */
#include "economics/dispatch.h"
#include "economics/dispatch_share.h"
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
    bool dwelling = class_->moved_us != 0 && input->now_us - class_->moved_us < input->min_dwell_us;
    w.keep = dwelling || !input->price_good || (class_->asic && !input->hashprice_good);
    w.target = w.keep ? CLAMP(class_->current_target, 0, class_->n_targets - 1)
                      : wished_target(input, class_);
    w.mining_usd_per_h = hcp_dispatch_mining_usd_per_h(input, class_, w.target);
    w.mine = w.keep ? class_->mining > 0 : wants_to_mine(input, class_, &w);
    return w;
}

static bool same_plan(const hcp_dispatch_input *input, const hcp_dispatch_choice *a,
                      const hcp_dispatch_choice *b)
{
    for (int c = 0; c < input->n_classes; c++)
        if (a[c].mine != b[c].mine || (a[c].mine > 0 && a[c].target != b[c].target))
            return false;
    return true;
}

/* The better of "all mine" and "all rest" that is not the chosen plan. */
static void fill_rejected(const hcp_dispatch_input *input, hcp_dispatch_plan *plan)
{
    bool found = false;
    for (int mine = 0; mine <= 1; mine++) {
        hcp_dispatch_wish wishes[HCP_DISPATCH_MAX_CLASSES];
        hcp_dispatch_choice choices[HCP_DISPATCH_MAX_CLASSES];
        hcp_dispatch_fixed_wishes(input, mine, wishes);
        double usd_per_h = hcp_dispatch_share(input, wishes, choices);
        if (same_plan(input, choices, plan->chosen) ||
            (found && usd_per_h <= plan->rejected_usd_per_h))
            continue;
        found = true;
        plan->rejected_usd_per_h = usd_per_h;
        for (int c = 0; c < input->n_classes; c++)
            plan->rejected[c] = choices[c];
    }
    if (found)
        return;
    plan->rejected_usd_per_h = plan->chosen_usd_per_h;
    for (int c = 0; c < input->n_classes; c++)
        plan->rejected[c] = plan->chosen[c];
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

static void explain_flip(const hcp_dispatch_input *input, hcp_dispatch_plan *plan)
{
    double nearest = INFINITY;
    for (int c = 0; c < input->n_classes; c++) {
        if (!hcp_dispatch_can_mine(&input->classes[c]) ||
            hcp_dispatch_class_free(&input->classes[c]) == 0)
            continue;
        double price = flip_price(input, &input->classes[c]);
        if (fabs(price - input->usd_per_mwh) < fabs(nearest - input->usd_per_mwh))
            nearest = price;
    }
    if (isinf(nearest)) {
        g_strlcpy(plan->flip, "nothing: no free device here can mine", sizeof plan->flip);
        plan->confidence = 1.0;
        return;
    }
    plan->flip_usd_per_mwh = nearest;
    g_snprintf(plan->flip, sizeof plan->flip, "electricity %s %.2f USD/MWh (now %.2f)",
               nearest >= input->usd_per_mwh ? "above" : "below", nearest, input->usd_per_mwh);
    double distance = fabs(nearest - input->usd_per_mwh);
    plan->confidence =
        input->usd_per_mwh_sd > 0 ? erf(distance / input->usd_per_mwh_sd / sqrt(2.0)) : 1.0;
    if (!input->price_good)
        plan->confidence = 0.0;
}

static void explain_reason(const hcp_dispatch_input *input, const hcp_dispatch_wish *wishes,
                           hcp_dispatch_plan *plan)
{
    bool kept = false;
    for (int c = 0; c < input->n_classes; c++)
        kept |= wishes[c].keep;
    double gap = plan->chosen_usd_per_h - plan->rejected_usd_per_h;
    if (!input->price_good)
        g_strlcpy(plan->reason,
                  "held: the electricity price is stale or missing, nothing moves on it",
                  sizeof plan->reason);
    else if (!input->hashprice_good)
        g_strlcpy(plan->reason, "held: the hashprice is stale or missing, miners do not move on it",
                  sizeof plan->reason);
    else if (kept)
        g_snprintf(plan->reason, sizeof plan->reason,
                   "held: the minimum dwell is not over; the alternative is worth %.2f USD/h %s",
                   fabs(gap), gap >= 0 ? "less" : "more");
    else
        g_snprintf(plan->reason, sizeof plan->reason,
                   "best by %.2f USD/h at %.2f USD/MWh and hashprice %.2f USD/(PH/s day)", gap,
                   input->usd_per_mwh, input->hashprice);
}

static void decide(void *self, const hcp_dispatch_input *input, hcp_dispatch_plan *ret_plan)
{
    hcp_dispatch_wish wishes[HCP_DISPATCH_MAX_CLASSES];
    (void)self;
    for (int c = 0; c < input->n_classes; c++)
        wishes[c] = wish_of(input, &input->classes[c]);
    ret_plan->chosen_usd_per_h = hcp_dispatch_share(input, wishes, ret_plan->chosen);
    fill_rejected(input, ret_plan);
    hcp_dispatch_sum(input, wishes, ret_plan);
    hcp_dispatch_compare_now(input, ret_plan);
    ret_plan->source = input->price_good ? "rule" : "stale";
    explain_flip(input, ret_plan);
    explain_reason(input, wishes, ret_plan);
}

const hcp_dispatch_policy HCP_DISPATCH_THRESHOLD = {
    .name = "threshold",
    .summary = "move when the other use is better by 10 %, never before the minimum dwell",
    .decide = decide,
};

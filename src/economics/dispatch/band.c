/* SPDX-License-Identifier: Apache-2.0 */
/* Two prices around each class's break-even, apart by the threshold both ways: between them everything stays as it is. */
#include "economics/dispatch/explain.h"
#include "economics/dispatch/share.h"

#include <math.h>

/* Electricity price at which mining at the best target earns what rest does. */
static double break_even(const hcp_dispatch_input *input, const hcp_dispatch_class *class_,
                         int *ret_target)
{
    double best = -INFINITY;
    for (int t = 0; t < class_->n_targets; t++) {
        double extra_mw =
            (class_->targets[t].power_w - hcp_dispatch_rest_w(class_)) * input->pue / 1e6;
        double gain = hcp_dispatch_mining_usd_per_h(input, class_, t) -
                      hcp_dispatch_rest_usd_per_h(input, class_);
        if (extra_mw > 0 && input->usd_per_mwh + gain / extra_mw > best) {
            best = input->usd_per_mwh + gain / extra_mw;
            *ret_target = t;
        }
    }
    return best;
}

/* The target that earns most at the price in force: the most efficient one where none earns anything. */
static int target_of(const hcp_dispatch_input *input, const hcp_dispatch_class *class_,
                     int efficient)
{
    int best = efficient;
    for (int t = 0; t < class_->n_targets; t++)
        if (hcp_dispatch_mining_usd_per_h(input, class_, t) >
            hcp_dispatch_mining_usd_per_h(input, class_, best))
            best = t;
    return best;
}

static hcp_dispatch_wish wish_of(const hcp_dispatch_input *input, const hcp_dispatch_class *class_,
                                 double *ret_flip)
{
    hcp_dispatch_wish w = {.rest_usd_per_h = hcp_dispatch_rest_usd_per_h(input, class_)};
    *ret_flip = INFINITY;
    if (!hcp_dispatch_can_mine(class_))
        return w;
    int efficient = 0;
    double middle = break_even(input, class_, &efficient);
    double stop = middle * input->threshold, start = middle / input->threshold;
    bool held = hcp_dispatch_is_held(input, class_);
    bool stays = input->usd_per_mwh <= stop, starts = input->usd_per_mwh < start;
    *ret_flip = class_->mining > 0 ? stop : start;
    w.keep = held || (stays && !starts);
    w.mine = held ? class_->mining > 0 : class_->mining > 0 ? stays : starts;
    w.target = w.keep ? CLAMP(class_->current_target, 0, class_->n_targets - 1)
                      : target_of(input, class_, efficient);
    w.mining_usd_per_h = hcp_dispatch_mining_usd_per_h(input, class_, w.target);
    return w;
}

static void decide(void *self, const hcp_dispatch_input *input, hcp_dispatch_plan *ret_plan)
{
    hcp_dispatch_wish wishes[HCP_DISPATCH_MAX_CLASSES];
    double flips[HCP_DISPATCH_MAX_CLASSES];
    (void)self;
    for (int c = 0; c < input->n_classes; c++)
        wishes[c] = wish_of(input, &input->classes[c], &flips[c]);
    ret_plan->chosen_usd_per_h = hcp_dispatch_share(input, wishes, ret_plan->chosen);
    hcp_dispatch_sum(input, wishes, ret_plan);
    hcp_dispatch_explain_rule(input, flips, ret_plan);
}

const hcp_dispatch_policy HCP_DISPATCH_BAND = {
    .name = "band",
    .summary = "stops mining above one price, starts below another, around each break-even",
    .decide = decide,
};

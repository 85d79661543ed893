/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/dispatch/strike.h"

#include "economics/dispatch/share.h"

#include <glib.h>
#include <string.h>

bool hcp_dispatch_is_struck(const hcp_dispatch_input *input, const hcp_dispatch_class *class_)
{
    return class_->struck && input->price_good && hcp_dispatch_can_mine(class_) &&
           input->usd_per_mwh > class_->strike_usd_per_mwh;
}

bool hcp_dispatch_strike_hide(const hcp_dispatch_input *input, hcp_dispatch_class *classes,
                              hcp_dispatch_input *ret_left)
{
    bool any = false;
    for (int c = 0; c < input->n_classes; c++)
        any |= hcp_dispatch_is_struck(input, &input->classes[c]);
    if (!any)
        return false;
    memcpy(classes, input->classes, (size_t)input->n_classes * sizeof *classes);
    for (int c = 0; c < input->n_classes; c++) {
        hcp_dispatch_class *class_ = &classes[c];
        if (!hcp_dispatch_is_struck(input, class_))
            continue;
        class_->switching_w += hcp_dispatch_class_free(class_) * hcp_dispatch_rest_w(class_);
        class_->mining = class_->idle = class_->curtailed = 0;
    }
    *ret_left = *input;
    ret_left->classes = classes;
    return true;
}

/* What was hidden counted its resting watts among those that switch: power is right already, profit is not. */
static double rest(const hcp_dispatch_input *input, const hcp_dispatch_class *class_,
                   hcp_dispatch_choice *choice)
{
    uint32_t free = hcp_dispatch_class_free(class_);
    double usd_per_h = free * hcp_dispatch_rest_usd_per_h(input, class_);
    choice->mine = 0;
    choice->curtail = class_->asic ? free : 0;
    choice->idle = class_->asic ? 0 : free;
    choice->usd_per_h += usd_per_h;
    return usd_per_h;
}

void hcp_dispatch_strike_show(const hcp_dispatch_input *input, hcp_dispatch_plan *plan)
{
    for (int c = 0; c < input->n_classes; c++) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        if (!hcp_dispatch_is_struck(input, class_))
            continue;
        plan->chosen_usd_per_h += rest(input, class_, &plan->chosen[c]);
        plan->rejected_usd_per_h += rest(input, class_, &plan->rejected[c]);
        plan->switch_cost_usd += class_->mining * class_->switch_usd;
        plan->moves |= class_->mining > 0;
        size_t used = strlen(plan->reason);
        g_snprintf(plan->reason + used, sizeof plan->reason - used,
                   "%sa class rests by order: %.2f USD/MWh is above its strike price of %.2f",
                   used > 0 ? "; " : "", input->usd_per_mwh, class_->strike_usd_per_mwh);
    }
}

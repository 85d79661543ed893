/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/dispatch/explain.h"

#include "economics/dispatch/share.h"

#include <glib.h>
#include <math.h>

/* Four fifths of a normal distribution lie within so many standard deviations. */
static const double NORMAL_80 = 1.2816;

bool hcp_dispatch_same_choices(const hcp_dispatch_input *input, const hcp_dispatch_choice *a,
                               const hcp_dispatch_choice *b)
{
    for (int c = 0; c < input->n_classes; c++)
        if (a[c].mine != b[c].mine || (a[c].mine > 0 && a[c].target != b[c].target))
            return false;
    return true;
}

static void reject_fixed(const hcp_dispatch_input *input, hcp_dispatch_plan *plan)
{
    bool found = false;
    for (int mine = 0; mine <= 1; mine++) {
        hcp_dispatch_wish wishes[HCP_DISPATCH_MAX_CLASSES];
        hcp_dispatch_choice choices[HCP_DISPATCH_MAX_CLASSES];
        hcp_dispatch_fixed_wishes(input, mine, wishes);
        double usd_per_h = hcp_dispatch_share(input, wishes, choices);
        if (hcp_dispatch_same_choices(input, choices, plan->chosen) ||
            (found && usd_per_h <= plan->rejected_usd_per_h))
            continue;
        found = true;
        plan->rejected_usd_per_h = usd_per_h;
        for (int c = 0; c < input->n_classes; c++)
            plan->rejected[c] = choices[c];
    }
    plan->alternative = found;
    if (found)
        return;
    plan->rejected_usd_per_h = plan->chosen_usd_per_h;
    for (int c = 0; c < input->n_classes; c++)
        plan->rejected[c] = plan->chosen[c];
}

/* Megawatts at the meter that the chosen plan draws beyond the rejected one. */
static double extra_mw(const hcp_dispatch_input *input, const hcp_dispatch_plan *plan)
{
    double extra_w = 0;
    for (int c = 0; c < input->n_classes; c++)
        extra_w += plan->chosen[c].power_w - plan->rejected[c].power_w;
    return extra_w * input->pue / 1e6;
}

void hcp_dispatch_compare_now(const hcp_dispatch_input *input, hcp_dispatch_plan *plan)
{
    double range = NORMAL_80 * input->usd_per_mwh_sd;
    double spread = fabs(extra_mw(input, plan)) * range;
    plan->horizon_h = 1.0;
    plan->gap_usd_per_h = plan->chosen_usd_per_h - plan->rejected_usd_per_h;
    plan->gain_usd = plan->gap_usd_per_h;
    plan->gain_low_usd = plan->gain_usd - spread;
    plan->gain_high_usd = plan->gain_usd + spread;
    plan->forecast_usd_per_mwh = input->usd_per_mwh;
    plan->forecast_low_usd_per_mwh = input->usd_per_mwh - range;
    plan->forecast_high_usd_per_mwh = input->usd_per_mwh + range;
}

void hcp_dispatch_explain_flip(const hcp_dispatch_input *input, const double *prices,
                               hcp_dispatch_plan *plan)
{
    double nearest = INFINITY;
    for (int c = 0; c < input->n_classes; c++) {
        if (!hcp_dispatch_can_mine(&input->classes[c]) ||
            hcp_dispatch_class_free(&input->classes[c]) == 0)
            continue;
        double price = prices[c];
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

/* Whether a class that could be moved is held back by its dwell or by prices. */
static bool any_held(const hcp_dispatch_input *input)
{
    for (int c = 0; c < input->n_classes; c++)
        if (hcp_dispatch_can_mine(&input->classes[c]) &&
            hcp_dispatch_class_free(&input->classes[c]) > 0 &&
            hcp_dispatch_is_held(input, &input->classes[c]))
            return true;
    return false;
}

bool hcp_dispatch_explain_held(const hcp_dispatch_input *input, double gap_usd_per_h,
                               hcp_dispatch_plan *plan)
{
    if (!plan->alternative)
        g_strlcpy(plan->reason,
                  "there is no alternative: nothing free here can mine within the cap",
                  sizeof plan->reason);
    else if (!input->price_good)
        g_strlcpy(plan->reason,
                  "held: the electricity price is stale or missing, nothing moves on it",
                  sizeof plan->reason);
    else if (!input->hashprice_good)
        g_strlcpy(plan->reason, "held: the hashprice is stale or missing, miners do not move on it",
                  sizeof plan->reason);
    else if (any_held(input))
        g_snprintf(plan->reason, sizeof plan->reason,
                   "held: the minimum dwell is not over; the alternative is worth %.2f USD/h %s",
                   fabs(gap_usd_per_h), gap_usd_per_h >= 0 ? "less" : "more");
    else
        return false;
    return true;
}

void hcp_dispatch_explain_rule(const hcp_dispatch_input *input, const double *flip_usd_per_mwh,
                               hcp_dispatch_plan *plan)
{
    reject_fixed(input, plan);
    hcp_dispatch_compare_now(input, plan);
    hcp_dispatch_explain_flip(input, flip_usd_per_mwh, plan);
    plan->source = input->price_good ? "rule" : "stale";
    double gap = plan->chosen_usd_per_h - plan->rejected_usd_per_h;
    if (!hcp_dispatch_explain_held(input, gap, plan))
        g_snprintf(plan->reason, sizeof plan->reason,
                   "best by %.2f USD/h at %.2f USD/MWh and hashprice %.2f USD/(PH/s day)", gap,
                   input->usd_per_mwh, input->hashprice);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The table of dispatch policies, their instances, and what mining earns. */
#include "economics/dispatch/dispatch.h"

#include "base/units.h"
#include "economics/dispatch/strike.h"
#include "economics/formula.h"

#include <string.h>

static const hcp_dispatch_policy *const POLICIES[] = {
    &HCP_DISPATCH_THRESHOLD, &HCP_DISPATCH_BAND, &HCP_DISPATCH_LCP,  &HCP_DISPATCH_MPC,
    &HCP_DISPATCH_HCP,       &HCP_DISPATCH_MINE, &HCP_DISPATCH_REST,
};

const hcp_dispatch_policy *hcp_dispatch_policy_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(POLICIES); i++)
        if (g_str_equal(POLICIES[i]->name, name))
            return POLICIES[i];
    return NULL;
}

char *hcp_dispatch_policy_names(void)
{
    GString *names = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(POLICIES); i++)
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", POLICIES[i]->name);
    return g_string_free(names, FALSE);
}

struct hcp_dispatch {
    const hcp_dispatch_policy *policy;
    void *self;
};

hcp_dispatch *hcp_dispatch_new(const hcp_dispatch_policy *policy, const hcp_dispatch_config *config)
{
    g_assert(config->step_us > 0);
    hcp_dispatch *dispatch = g_new0(hcp_dispatch, 1);
    dispatch->policy = policy;
    if (policy->create != NULL)
        dispatch->self = policy->create(config);
    return dispatch;
}

void hcp_dispatch_free(hcp_dispatch *dispatch)
{
    if (dispatch == NULL)
        return;
    if (dispatch->policy->destroy != NULL)
        dispatch->policy->destroy(dispatch->self);
    g_free(dispatch);
}

void hcp_dispatch_observe(hcp_dispatch *dispatch, const hcp_dispatch_price *price)
{
    if (dispatch->policy->observe != NULL)
        dispatch->policy->observe(dispatch->self, price);
}

/* What is not sure of the price in force is not sure of what follows from it either. */
static void widen(const hcp_dispatch_input *input, hcp_dispatch_plan *plan)
{
    if (input->usd_per_mwh_low >= input->usd_per_mwh_high)
        return;
    plan->forecast_low_usd_per_mwh -= MAX(0, input->usd_per_mwh - input->usd_per_mwh_low);
    plan->forecast_high_usd_per_mwh += MAX(0, input->usd_per_mwh_high - input->usd_per_mwh);
}

/* Says what of the plan's income standing ready pays. */
static void name_reserve(const hcp_dispatch_input *input, hcp_dispatch_plan *plan)
{
    for (int c = 0; c < input->n_classes; c++)
        if (plan->chosen[c].mine > 0)
            plan->reserve_usd_per_h +=
                plan->chosen[c].mine *
                hcp_dispatch_reserve_usd_per_h(input, &input->classes[c], plan->chosen[c].target);
    if (plan->reserve_usd_per_h <= 0)
        return;
    size_t used = strlen(plan->reason);
    g_snprintf(plan->reason + used, sizeof plan->reason - used,
               "; what mines stands ready and is paid %.2f USD/h for it, %.2f USD/MW",
               plan->reserve_usd_per_h, input->reserve_usd_per_mw);
}

void hcp_dispatch_ask(hcp_dispatch *dispatch, const hcp_dispatch_input *input,
                      hcp_dispatch_plan *ret_plan)
{
    g_assert(input->n_classes <= HCP_DISPATCH_MAX_CLASSES && input->pue > 0);
    hcp_dispatch_class classes[HCP_DISPATCH_MAX_CLASSES];
    hcp_dispatch_input left;
    *ret_plan = (hcp_dispatch_plan){0};
    bool struck = hcp_dispatch_strike_hide(input, classes, &left);
    dispatch->policy->decide(dispatch->self, struck ? &left : input, ret_plan);
    widen(input, ret_plan);
    if (struck)
        hcp_dispatch_strike_show(input, ret_plan);
    name_reserve(input, ret_plan);
}

double hcp_dispatch_reserve_usd_per_h(const hcp_dispatch_input *input,
                                      const hcp_dispatch_class *class_, int target)
{
    double ready_w = class_->targets[target].power_w - class_->standby_w;
    return class_->asic ? MAX(0, ready_w) * input->pue / 1e6 * input->reserve_usd_per_mw : 0;
}

double hcp_dispatch_peak_usd_per_mwh(const hcp_dispatch_input *input, int64_t from_us,
                                     int64_t until_us)
{
    double usd_per_mw = 0;
    if (until_us <= from_us)
        return 0;
    for (int i = 0; i < input->n_peaks; i++) {
        const hcp_dispatch_peak *peak = &input->peaks[i];
        int64_t common_us = MIN(until_us, peak->until_us) - MAX(from_us, peak->from_us);
        if (common_us > 0)
            usd_per_mw +=
                peak->usd_per_mw * (double)common_us / (double)(peak->until_us - peak->from_us);
    }
    return usd_per_mw / ((double)(until_us - from_us) / (double)HCP_US_PER_H);
}

double hcp_dispatch_mining_usd_per_h(const hcp_dispatch_input *input,
                                     const hcp_dispatch_class *class_, int target)
{
    const hcp_dispatch_target *point = &class_->targets[target];
    double income =
        class_->asic ? hcp_formula_mining_usd_per_h(point->ths, input->hashprice, input->pool_fee)
                     : class_->mining_usd_per_h;
    income += hcp_dispatch_reserve_usd_per_h(input, class_, target);
    return income - hcp_formula_power_usd_per_h(point->power_w, input->pue, input->usd_per_mwh);
}

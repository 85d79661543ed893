/* SPDX-License-Identifier: Apache-2.0 */
/* Plans the start of a submission that can wait, from the published prices of the facility where it would be placed. */
#include "base/timefmt.h"
#include "base/units.h"
#include "core/prices.h"
#include "economics/deferral.h"
#include "runtime/platform_internal.h"

#include <math.h>

/* Quarters of an hour over the longest that an auction is ahead. */
#define STEP_US (15 * HCP_US_PER_MIN)
#define STEPS 160

/* May the platform put it off at all? */
static bool can_wait(const hcp_state *state, const hcp_submit *submit)
{
    return submit->duration_us > 0 &&
           ((submit->deferrable && submit->finish_by_us > 0) ||
            (submit->finish_by_us == 0 && state->settings.deferral_slack_us > 0));
}

/* Watts at the meter of the gang at work beyond its idling. */
static double extra_mw(const hcp_state *state, const hcp_preview *preview)
{
    const hcp_class_defined *cls = &hcp_state_class(state, preview->class_ix)->def;
    double pue = (double)hcp_state_facility(state, preview->facility)->def.pue_milli / 1000.0;
    return (double)((cls->tdp_w - cls->idle_w) * preview->def.count) * pue / (double)HCP_W_PER_MW;
}

/* Day-ahead prices where published; what is paid now stands for the first step. */
static int expect_prices(const hcp_state *state, uint32_t facility, int64_t now_us,
                         double usd_per_mwh[STEPS])
{
    const hcp_price_observed *paid =
        &g_array_index(state->market.electricity, hcp_price_observed, facility);
    const hcp_price_series day_ahead = {HCP_PRICE_DAY_AHEAD, facility, HCP_RESERVE_NONE};
    int n = hcp_prices_ahead(state, &day_ahead, now_us, STEP_US, usd_per_mwh, STEPS);
    if (n == 0 || paid->quality != HCP_QUALITY_GOOD)
        return 0;
    usd_per_mwh[0] = paid->value;
    return n;
}

static void describe(hcp_deferral_text text, const hcp_deferral_plan *plan, int64_t finish_by_us)
{
    char deadline[HCP_TIME_TEXT_SIZE];
    hcp_time_format(finish_by_us, deadline);
    (void)g_snprintf(text, sizeof(hcp_deferral_text),
                     "%.2f instead of %.2f USD/MWh, saves about %.2f USD; deadline %.16s UTC",
                     plan->then_usd_per_mwh, plan->now_usd_per_mwh, plan->saving_usd, deadline);
}

void hcp_defer_plan(hcp_platform *platform, hcp_submit *submit, hcp_deferral_text ret_text)
{
    const hcp_state *state = hcp_core_state(platform->core);
    int64_t now_us = hcp_clock_now(platform->options.clock);
    g_auto(hcp_preview) preview = {0};
    hcp_refusal refusal;
    if (!can_wait(state, submit) || !hcp_platform_preview(platform, submit, &preview, &refusal) ||
        preview.wait != HCP_WAIT_NONE)
        return; /* what cannot start now is not put off */
    double usd_per_mwh[STEPS];
    hcp_deferral_plan plan;
    const hcp_deferral_input input = {
        .latest_start_us = hcp_workload_latest_start_us(&preview.def) - now_us,
        .duration_us = preview.def.duration_us,
        .step_us = STEP_US,
        .usd_per_mwh = usd_per_mwh,
        .n_steps = expect_prices(state, preview.facility, now_us, usd_per_mwh),
        .mw = extra_mw(state, &preview),
    };
    if (!hcp_deferral_find(&input, &plan))
        return;
    describe(ret_text, &plan, preview.def.finish_by_us);
    submit->deferral.not_before_us = now_us + plan.start_us;
    submit->deferral.saving_usd_micro = hcp_money_from_usd(plan.saving_usd);
    submit->deferral.reason = ret_text;
}

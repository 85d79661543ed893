/* SPDX-License-Identifier: Apache-2.0 */
/* The peak charges that plans reckon with: the rule of economics/peak.h fed with what the core has of published prices. */
#include "base/units.h"
#include "core/prices.h"
#include "economics/peak.h"
#include "runtime/platform_internal.h"

#include <math.h>

typedef struct {
    hcp_peak_tracker tracker;
    double usd_per_mw;
    int64_t from_us, step_us; /* step 1 of the tracker begins at from_us; step 0 is the past */
    hcp_dispatch_peak *peaks;
    int n;
} expectation;

/* Of the month that the tracker is in: its highest step, if that is not over. */
static void note(expectation *e)
{
    if (e->tracker.chance <= 0 || e->tracker.at == 0 || e->n == HCP_DISPATCH_MAX_PEAKS)
        return;
    int64_t from_us = e->from_us + ((int64_t)e->tracker.at - 1) * e->step_us;
    e->peaks[e->n++] = (hcp_dispatch_peak){.from_us = from_us,
                                           .until_us = from_us + e->step_us,
                                           .usd_per_mw = e->tracker.chance * e->usd_per_mw};
}

static bool same_month(const hcp_date *a, const hcp_date *b)
{
    return a->year == b->year && a->month == b->month;
}

int hcp_peaks_expect(const hcp_state *state, uint32_t facility, int64_t now_us, int64_t step_us,
                     hcp_dispatch_peak ret_peaks[HCP_DISPATCH_MAX_PEAKS])
{
    const hcp_facility_defined *def = &hcp_state_facility(state, facility)->def;
    const hcp_peak_assumed *past = &hcp_state_facility(state, facility)->peak;
    double usd_per_mwh[HCP_DAY_AHEAD_STEPS];
    expectation e = {.usd_per_mw = hcp_money_to_usd(def->peak_usd_micro_per_mw),
                     .from_us = now_us - now_us % step_us,
                     .step_us = step_us,
                     .peaks = ret_peaks};
    if (def->peak_usd_micro_per_mw == 0)
        return 0;
    hcp_peak_tracker_init(&e.tracker, &(hcp_peak_rule){.months = def->peak_months,
                                                       .utc_offset_h = def->utc_offset_h});
    if (past->until_us != 0)
        hcp_peak_track(&e.tracker, 0, past->from_us, past->usd_per_mwh);
    const hcp_price_series day_ahead = {HCP_PRICE_DAY_AHEAD, facility, HCP_RESERVE_NONE};
    int n = hcp_prices_ahead(state, &day_ahead, e.from_us, step_us, usd_per_mwh,
                             (int)(HCP_DAY_AHEAD_SPAN_US / step_us));
    for (int k = 0; k < n; k++) {
        int64_t at_us = e.from_us + k * step_us;
        hcp_date date = hcp_date_of(at_us, def->utc_offset_h);
        if (k > 0 && !same_month(&date, &e.tracker.date))
            note(&e);
        hcp_peak_track(&e.tracker, (size_t)k + 1, at_us, usd_per_mwh[k]);
    }
    if (n > 0)
        note(&e);
    return e.n;
}

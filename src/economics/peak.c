/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/peak.h"

#include <math.h>

double hcp_peak_usd_per_mw(const hcp_peak_rule *rule)
{
    unsigned peaks = 0;
    for (int m = 0; m < 12; m++)
        peaks += (rule->months >> m) & 1U;
    return peaks > 0 ? rule->usd_per_mw_year / peaks : 0;
}

void hcp_peak_tracker_init(hcp_peak_tracker *tracker, const hcp_peak_rule *rule)
{
    *tracker = (hcp_peak_tracker){.rule = *rule};
}

void hcp_peak_track(hcp_peak_tracker *tracker, size_t step, int64_t ts_us, double dam_usd_per_mwh)
{
    hcp_date date = hcp_date_of(ts_us, tracker->rule.utc_offset_h);
    if (date.month != tracker->date.month || date.year != tracker->date.year)
        tracker->counts = false;
    tracker->date = date;
    bool month_counts = ((tracker->rule.months >> (date.month - 1)) & 1U) != 0;
    if (month_counts && !isnan(dam_usd_per_mwh) &&
        (!tracker->counts || dam_usd_per_mwh > tracker->highest_usd_per_mwh)) {
        tracker->counts = true;
        tracker->highest_usd_per_mwh = dam_usd_per_mwh;
        tracker->at = step;
    }
    tracker->chance = tracker->counts ? (double)date.day / date.days_in_month : 0;
}

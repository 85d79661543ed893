/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/peak.h"

#include "base/units.h"

#include <glib.h>
#include <math.h>

/* Julian day of 1 January 1970. */
#define EPOCH_JULIAN 719163

double hcp_peak_usd_per_mw(const hcp_peak_rule *rule)
{
    unsigned peaks = 0;
    for (int m = 0; m < 12; m++)
        peaks += (rule->months >> m) & 1U;
    return peaks > 0 ? rule->usd_per_mw_year / peaks : 0;
}

hcp_peak_date hcp_peak_date_of(int64_t ts_us, double utc_offset_h)
{
    double days = floor(((double)ts_us / (double)HCP_US_PER_H + utc_offset_h) / 24.0);
    GDate date;
    g_date_clear(&date, 1);
    g_date_set_julian(&date, (guint32)(EPOCH_JULIAN + (int64_t)days));
    return (hcp_peak_date){
        .year = g_date_get_year(&date),
        .month = (int)g_date_get_month(&date),
        .day = g_date_get_day(&date),
        .days_in_month = g_date_get_days_in_month(g_date_get_month(&date), g_date_get_year(&date)),
    };
}

void hcp_peak_tracker_init(hcp_peak_tracker *tracker, const hcp_peak_rule *rule)
{
    *tracker = (hcp_peak_tracker){.rule = *rule};
}

void hcp_peak_track(hcp_peak_tracker *tracker, size_t step, int64_t ts_us, double dam_usd_per_mwh)
{
    hcp_peak_date date = hcp_peak_date_of(ts_us, tracker->rule.utc_offset_h);
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

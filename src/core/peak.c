/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peak charges (4CP and its kin), estimated. A charge falls on the mean power drawn in the peak of each of a few months. No
 * record of the system's load exists here, so the peak of a month is ASSUMED to be the interval with its highest day-ahead
 * price (economics/peak.h), which is known when the month is over; then it is booked.
 */
#include "base/timefmt.h"
#include "base/units.h"
#include "core/account.h"
#include "core/internal.h"
#include "core/prices.h"

static hcp_date date_of(const hcp_facility *facility, int64_t from_us, int64_t until_us)
{
    return hcp_date_of(from_us + (until_us - from_us) / 2, facility->def.utc_offset_h);
}

static void charge(hcp_txn *txn, const hcp_facility *facility)
{
    const hcp_peak_assumed *peak = &facility->peak;
    /* Joules a microsecond are megawatts. */
    hcp_usd_micro amount = hcp_units_muldiv(peak->energy_j, facility->def.peak_usd_micro_per_mw,
                                            peak->until_us - peak->from_us);
    hcp_event event = {.type = HCP_EVENT_PEAK_CHARGED,
                       .peak_charged = {.facility = peak->facility,
                                        .from_us = peak->from_us,
                                        .until_us = peak->until_us,
                                        .usd_per_mwh = peak->usd_per_mwh,
                                        .energy_j = peak->energy_j,
                                        .charge_usd_micro = amount}};
    hcp_txn_emit(txn, &event);
}

/* The day-ahead price of the interval; false when none was published. */
static bool published(const hcp_state *state, const hcp_interval_closed *interval,
                      double *ret_usd_per_mwh)
{
    int64_t middle_us = interval->from_us + (interval->until_us - interval->from_us) / 2;
    const hcp_price_series series = {HCP_PRICE_DAY_AHEAD, interval->facility, HCP_RESERVE_NONE};
    const hcp_published_price *price = hcp_prices_at(state, &series, middle_us);
    *ret_usd_per_mwh = price != NULL ? price->value : 0;
    return price != NULL;
}

void hcp_peak_watch(hcp_txn *txn, const hcp_interval_closed *interval)
{
    const hcp_state *state = &txn->core->state;
    const hcp_facility *facility = hcp_state_facility(state, interval->facility);
    const hcp_peak_assumed *peak = &facility->peak;
    hcp_date date = date_of(facility, interval->from_us, interval->until_us);
    if (facility->def.peak_usd_micro_per_mw == 0)
        return;
    hcp_date before = date_of(facility, peak->from_us, peak->until_us);
    if (peak->until_us != 0 && (before.month != date.month || before.year != date.year))
        charge(txn, facility);
    double usd_per_mwh = 0;
    bool counts = ((facility->def.peak_months >> (date.month - 1)) & 1U) != 0 &&
                  !hcp_account_stood_still(interval);
    if (!counts || !published(state, interval, &usd_per_mwh) ||
        (peak->until_us != 0 && usd_per_mwh <= peak->usd_per_mwh))
        return;
    hcp_event event = {.type = HCP_EVENT_PEAK_ASSUMED,
                       .peak_assumed = {.facility = interval->facility,
                                        .from_us = interval->from_us,
                                        .until_us = interval->until_us,
                                        .usd_per_mwh = usd_per_mwh,
                                        .energy_j = hcp_account_energy_j(interval)}};
    hcp_txn_emit(txn, &event);
}

const char *hcp_peak_apply_assumed(hcp_core *core, const hcp_event *event)
{
    const hcp_peak_assumed *assumed = &event->peak_assumed;
    if (assumed->facility >= core->state.fleet.facilities->len)
        return "its facility is unknown";
    if (assumed->from_us >= assumed->until_us || assumed->until_us > event->time_us)
        return "its times are impossible";
    hcp_core_facility(core, assumed->facility)->peak = *assumed;
    return NULL;
}

const char *hcp_peak_apply_charged(hcp_core *core, const hcp_event *event)
{
    const hcp_peak_charged *charged = &event->peak_charged;
    if (charged->facility >= core->state.fleet.facilities->len)
        return "its facility is unknown";
    hcp_facility *facility = hcp_core_facility(core, charged->facility);
    facility->peak_charge_usd_micro += charged->charge_usd_micro;
    facility->peak = (hcp_peak_assumed){0};
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which grid events may be announced, and what is filled in that was not said. */
#include "core/grid.h"

#include "base/units.h"
#include "core/account.h"
#include "core/internal.h"

#include <math.h>

/* Bounds of what may be asked. */
#define MOST_RAMP_US (4 * HCP_US_PER_H)
#define MOST_USD_PER_UNIT (1000000 * HCP_USD)

static bool check_times(hcp_txn *txn, const hcp_grid_announced *def)
{
    if (def->start_us < txn->now_us)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "start", "the start is in the past");
    if (def->end_us <= def->start_us || def->end_us - def->start_us > HCP_US_PER_DAY)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "end",
                              "the end comes after the start, by a day at most");
    if (def->interval_us != 5 * HCP_US_PER_MIN && def->interval_us != 15 * HCP_US_PER_MIN)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "interval_min",
                              "an event is measured every 5 or 15 minutes");
    if (def->ramp_us < 0 || def->ramp_us > MOST_RAMP_US)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "ramp_min", "a ramp is 0 to 240 minutes");
    if (def->restore_us < 0 || def->restore_us > MOST_RAMP_US)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "restore_min",
                              "the restoration takes 0 to 240 minutes");
    return true;
}

static bool is_amount(int64_t usd_micro)
{
    return usd_micro >= 0 && usd_micro <= MOST_USD_PER_UNIT;
}

static bool check_terms(hcp_txn *txn, const hcp_grid_announced *def)
{
    if (def->kind >= HCP_GRID_KINDS)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "kind", "there is no such kind of event");
    if ((def->reduce_w > 0) == (def->target_w > 0) || def->reduce_w < 0 || def->target_w < 0)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "reduce_mw",
                              "say either by how much to reduce (reduce_mw) or the level to stay "
                              "at or below (at_most_mw), above 0");
    if (!is_amount(def->payment_usd_micro_per_mwh))
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "payment_usd_per_mwh",
                              "a payment is 0 to 1,000,000 USD/MWh");
    if (!is_amount(def->availability_usd_micro_per_mw))
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "availability_usd_per_mw",
                              "a payment for availability is 0 to 1,000,000 USD/MW");
    if (!is_amount(def->penalty_usd_micro_per_mwh))
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "penalty_usd_per_mwh",
                              "a penalty is 0 to 1,000,000 USD/MWh");
    return true;
}

/* The longest that load of the facility takes to go. */
static int64_t slowest_ramp_us(const hcp_state *state, uint32_t facility)
{
    int64_t slowest_us = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (group->facility == facility)
            slowest_us = MAX(slowest_us, hcp_state_class(state, group->class_ix)->def.ramp_down_us);
    }
    return slowest_us;
}

static bool overlaps(const hcp_grid_announced *a, const hcp_grid_announced *b)
{
    return a->facility == b->facility && hcp_grid_begin_us(a) < hcp_grid_over_us(b) &&
           hcp_grid_begin_us(b) < hcp_grid_over_us(a);
}

static bool check_overlap(hcp_txn *txn, const hcp_grid_announced *def)
{
    const GArray *events = txn->core->state.grid_events;
    for (guint i = 0; i < events->len; i++) {
        const hcp_grid_event *other = &g_array_index(events, hcp_grid_event, i);
        if (!hcp_grid_is_agreed(other) || !overlaps(&other->def, def))
            continue;
        char id[HCP_ID_TEXT_SIZE];
        hcp_id_format(HCP_ID_GRID, other->def.id.value, id);
        return hcp_txn_refuse(txn, HCP_REFUSAL_CONFLICT, "start",
                              "%s takes the same power at that time; cancel it or choose another "
                              "time",
                              id);
    }
    return true;
}

/* What the facility would draw without the event: the mean of what its accounts of the last full hours hold, or the power at
 * the announcement when that is not an hour yet. */
static void fill_baseline(const hcp_txn *txn, hcp_grid_announced *def)
{
    const hcp_state *state = &txn->core->state;
    const hcp_facility *facility = hcp_state_facility(state, def->facility);
    int64_t until_us = txn->now_us - txn->now_us % HCP_US_PER_H;
    int64_t from_us = until_us - HCP_GRID_BASELINE_H * HCP_US_PER_H, measured_us = 0;
    double energy_j = 0;
    for (guint i = hcp_accounts_since(state, from_us); i < state->intervals->len; i++) {
        const hcp_interval_closed *part = &g_array_index(state->intervals, hcp_interval_closed, i);
        if (part->facility != def->facility || part->from_us < from_us || part->until_us > until_us)
            continue;
        measured_us += part->until_us - part->from_us;
        energy_j += (double)hcp_account_energy_j(part);
    }
    def->baseline_h = (uint32_t)(measured_us / HCP_US_PER_H);
    def->baseline_w = def->baseline_h > 0
                          ? llround(energy_j / ((double)measured_us / (double)HCP_US_PER_S))
                          : hcp_power_meter_w(&facility->def, facility->it_power_w);
}

/* Refuses what physics cannot do: fewer watts can go to sleep than are asked for. */
static bool check_physics(hcp_txn *txn, const hcp_grid_announced *def)
{
    const hcp_state *state = &txn->core->state;
    const hcp_facility_defined *site = &hcp_state_facility(state, def->facility)->def;
    int64_t settled_w = hcp_power_settled_w(txn->core, def->facility, 0);
    int64_t movable_w = hcp_power_movable_w(txn->core, def->facility, def->evict);
    int64_t floor_w = hcp_power_meter_w(site, settled_w - movable_w);
    if (def->target_w > 0 && def->target_w >= floor_w)
        return true;
    return hcp_txn_refuse(
        txn, HCP_REFUSAL_CAPACITY, def->reduce_w > 0 ? "reduce_mw" : "at_most_mw",
        "%s cannot go below %.3f MW (baseline %.3f MW, %.3f MW can be moved now), and %.3f MW is "
        "asked for; ask for less%s",
        site->key, (double)floor_w / 1e6, (double)def->baseline_w / 1e6,
        (double)hcp_power_meter_w(site, movable_w) / 1e6, (double)def->target_w / 1e6,
        def->evict ? "" : " or allow leases to be ended (evict)");
}

/* What stood ready is paid its reserve price through the call; the same MW are not paid again for having been available, nor
 * for the energy that they leave. */
static bool check_paid_once(hcp_txn *txn, const hcp_grid_announced *def)
{
    bool paid = def->payment_usd_micro_per_mwh > 0;
    if (def->reserve_w == 0 || (!paid && def->availability_usd_micro_per_mw == 0))
        return true;
    return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID,
                          paid ? "payment_usd_per_mwh" : "availability_usd_per_mw",
                          "%.3f MW are sold as reserve and paid its price during the call too; "
                          "leave the payment out",
                          (double)def->reserve_w / 1e6);
}

bool hcp_grid_check_possible(hcp_txn *txn, const hcp_grid_announced *def)
{
    if (hcp_state_facility(&txn->core->state, def->facility)->emergency)
        return hcp_txn_refuse(txn, HCP_REFUSAL_EMERGENCY, "facility",
                              "the facility is shut down by an emergency: nothing can be reduced");
    return check_overlap(txn, def) && check_physics(txn, def);
}

/* An answer is wanted before the load has to go. */
static bool check_answer(hcp_txn *txn, const hcp_grid_announced *def)
{
    if (def->respond_by_us == 0 ||
        (def->respond_by_us > txn->now_us && def->respond_by_us <= hcp_grid_begin_us(def)))
        return true;
    return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "respond_by",
                          "an answer is wanted after now and before the ramp begins, %.0f min from "
                          "now",
                          (double)(hcp_grid_begin_us(def) - txn->now_us) / 60e6);
}

/* Fills in what is not asked but known, and refuses what cannot be. The strings of `wanted` stay the caller's. */
static bool prepare(hcp_txn *txn, const hcp_grid_announced *wanted, hcp_grid_announced *ret_def)
{
    const hcp_state *state = &txn->core->state;
    hcp_grid_announced def = *wanted;
    if (def.facility >= state->fleet.facilities->len)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "facility", "unknown facility");
    if (!check_times(txn, &def) || !check_terms(txn, &def))
        return false;
    int64_t slowest_us = slowest_ramp_us(state, def.facility);
    if (def.start_us - txn->now_us < slowest_us)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "start",
                              "the load of this facility takes %.0f s to go, the start is %.0f s "
                              "away",
                              (double)slowest_us / 1e6, (double)(def.start_us - txn->now_us) / 1e6);
    def.ramp_us = MIN(MAX(def.ramp_us, slowest_us), def.start_us - txn->now_us);
    fill_baseline(txn, &def);
    if (def.reduce_w > 0)
        def.target_w = def.baseline_w - def.reduce_w;
    if (def.target_w > def.baseline_w)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "at_most_mw",
                              "the baseline is %.3f MW: staying at or below %.3f MW asks for "
                              "nothing",
                              (double)def.baseline_w / 1e6, (double)def.target_w / 1e6);
    def.reserve_w =
        def.kind == HCP_GRID_RESERVE_CALL ? hcp_power_reserve_w(state, def.facility) : 0;
    if (!check_paid_once(txn, &def) || !check_answer(txn, &def) ||
        !hcp_grid_check_possible(txn, &def))
        return false;
    *ret_def = def;
    return true;
}

static void run_due(hcp_txn *txn, uint64_t id)
{
    if (hcp_grid_due(txn->core, 0, id) <= txn->now_us)
        hcp_grid_fire(txn, 0, id);
}

bool hcp_grid_decide_announce(hcp_txn *txn, const hcp_command *command)
{
    hcp_grid_announced def;
    if (!prepare(txn, command->grid, &def))
        return false;
    hcp_event event = {.type = HCP_EVENT_GRID_ANNOUNCED};
    hcp_record_copy(hcp_event_record(event.type), &def, &event.grid_announced);
    uint64_t id = hcp_core_new_id(txn);
    event.grid_announced.id.value = txn->outcome->id = id;
    hcp_txn_emit(txn, &event);
    run_due(txn, id);
    return true;
}

bool hcp_grid_preview(const hcp_core *core, const hcp_grid_announced *wanted, int64_t now_us,
                      hcp_grid_announced *ret_def, hcp_refusal *ret_refusal)
{
    hcp_outcome outcome = {0};
    /* A transaction can write, but preparing does not. */
    hcp_txn txn = {
        .core = (hcp_core *)core, .outcome = &outcome, .now_us = MAX(now_us, core->state.now_us)};
    if (prepare(&txn, wanted, ret_def))
        return true;
    *ret_refusal = outcome.refusal;
    return false;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Emergency shutdown, and standing orders for devices that come to rest. */
#include "core/emergency.h"

#include "core/lease.h"
#include "core/pick.h"
#include "core/runs.h"
#include "core/switching.h"

/* --- apply --------------------------------------------------------------------------------------------------------- */

static bool asleep(const hcp_core *core, uint32_t facility)
{
    const hcp_fleet *fleet = &core->state.fleet;
    for (uint32_t g = 0; g < fleet->groups->len; g++) {
        const hcp_group *group = hcp_state_group(&core->state, g);
        uint32_t sleeping = group->by_mode[HCP_MODE_CURTAILED] + group->by_mode[HCP_MODE_OFF];
        if (group->facility == facility && (sleeping != group->count || group->switching > 0))
            return false;
    }
    return true;
}

void hcp_emergency_note_safe(hcp_core *core, uint32_t facility)
{
    hcp_facility *row = hcp_core_facility(core, facility);
    if (row->emergency && row->safe_us == 0 && asleep(core, facility))
        row->safe_us = core->state.now_us;
}

const char *hcp_emergency_apply_changed(hcp_core *core, const hcp_event *event)
{
    const hcp_emergency_changed *changed = &event->emergency_changed;
    uint32_t n = core->state.fleet.facilities->len;
    if (changed->facility != HCP_NO_INDEX && changed->facility >= n)
        return "its facility is unknown";
    for (uint32_t f = 0; f < n; f++) {
        hcp_facility *row = hcp_core_facility(core, f);
        bool meant = changed->facility == HCP_NO_INDEX || changed->facility == f;
        if (!meant || row->emergency == changed->active)
            continue;
        hcp_metering_advance(core, f, event->time_us);
        row->emergency = changed->active;
        if (changed->active) {
            row->emergency_us = event->time_us;
            row->safe_us = 0;
            hcp_emergency_note_safe(core, f);
        }
    }
    return NULL;
}

/* --- decide -------------------------------------------------------------------------------------------------------- */

/* Where standing orders want a device that runs nothing. */
static hcp_mode ordered_mode(const hcp_state *state, uint32_t device)
{
    const hcp_fleet *fleet = &state->fleet;
    hcp_mode mode = (hcp_mode)fleet->mode[device];
    uint32_t facility = hcp_state_group(state, fleet->group[device])->facility;
    if (fleet->admin[device] == HCP_ADMIN_MAINTENANCE)
        return HCP_MODE_OFF;
    if (hcp_state_facility(state, facility)->emergency && mode != HCP_MODE_OFF)
        return HCP_MODE_CURTAILED;
    return mode;
}

/* It runs nothing and could be moved. */
static bool at_rest(const hcp_fleet *fleet, uint32_t device)
{
    return fleet->lease[device] == HCP_NO_INDEX && fleet->active_switch[device] == HCP_NO_INDEX &&
           fleet->health[device] != HCP_HEALTH_FAILED;
}

/* Starts one switch for the devices of the ranges that are where `device` is and are ordered where it is. */
static void follow_orders(hcp_txn *txn, const hcp_switch_started *def, uint32_t device)
{
    const hcp_state *state = &txn->core->state;
    const hcp_fleet *fleet = &state->fleet;
    hcp_mode to = ordered_mode(state, device);
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(hcp_range));
    for (uint32_t r = 0; r < def->ranges.count; r++) {
        hcp_range range = ((const hcp_range *)def->ranges.items)[r];
        uint32_t end = range.first + range.count;
        for (uint32_t first = range.first, next; first < end; first = next) {
            next = hcp_runs_end(fleet, first, end);
            if (at_rest(fleet, first) && fleet->mode[first] == fleet->mode[device] &&
                fleet->target[first] == fleet->target[device] && ordered_mode(state, first) == to)
                hcp_ranges_add(ranges, (hcp_range){first, next - first});
        }
    }
    hcp_switch_started order = {
        .cause = g_strdup(to == HCP_MODE_OFF ? "maintenance" : "emergency"),
        .facility = def->facility,
        .class_ix = def->class_ix,
        .from = (hcp_mode)fleet->mode[device],
        .to = to,
    };
    (void)hcp_ranges_take(ranges, &order.ranges);
    hcp_switch_begin(txn, &order);
}

void hcp_emergency_settle(hcp_txn *txn, const hcp_switch_started *def)
{
    const hcp_state *state = &txn->core->state;
    const hcp_fleet *fleet = &state->fleet;
    for (uint32_t r = 0; r < def->ranges.count; r++) {
        hcp_range range = ((const hcp_range *)def->ranges.items)[r];
        uint32_t end = range.first + range.count;
        for (uint32_t first = range.first, next; first < end; first = next) {
            next = hcp_runs_end(fleet, first, end);
            if (at_rest(fleet, first) && ordered_mode(state, first) != (hcp_mode)fleet->mode[first])
                follow_orders(txn, def, first);
        }
    }
}

static void turn_back(hcp_txn *txn, uint32_t facility)
{
    const hcp_state *state = &txn->core->state;
    for (uint32_t i = 0; i < state->switches.items->len; i++) {
        const hcp_switch *sw = hcp_state_switch(state, i);
        if (!sw->live || sw->def.facility != facility || sw->def.lease.value != 0)
            continue;
        const hcp_class_defined *cls = &hcp_state_class(state, sw->def.class_ix)->def;
        if (hcp_power_device_w(cls, sw->def.to, sw->def.power_target) >
            hcp_power_device_w(cls, sw->def.from, sw->from_target))
            hcp_switch_abort(txn, i, "emergency");
    }
}

static void sleep_mode(hcp_txn *txn, uint32_t facility, hcp_mode mode)
{
    const hcp_state *state = &txn->core->state;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        if (hcp_state_group(state, g)->facility != facility)
            continue;
        uint32_t targets = mode == HCP_MODE_MINING ? HCP_MAX_POWER_TARGETS : 1;
        for (uint32_t t = 0; t < targets; t++)
            (void)hcp_pick_and_switch(
                txn,
                &(hcp_pick){
                    .group = g, .mode = mode, .target = t, .unfit = true, .limit = HCP_NO_INDEX},
                &(hcp_switch_started){.cause = (char *)"emergency", .to = HCP_MODE_CURTAILED});
    }
}

static void lose_leases(hcp_txn *txn, uint32_t facility, const char *reason)
{
    const hcp_state *state = &txn->core->state;
    g_autofree char *why = g_strdup_printf("emergency: %s", reason);
    for (uint32_t i = 0; i < state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, i);
        if (lease->live && lease->def.facility == facility)
            hcp_lease_evict(txn, i, why);
    }
}

static void alert(hcp_txn *txn, uint32_t facility, bool active, const char *reason)
{
    const hcp_facility_defined *def = &hcp_state_facility(&txn->core->state, facility)->def;
    if (!active) {
        hcp_alert_clear(txn, "emergency", def->key, reason);
        return;
    }
    hcp_alert_raised raised = {
        .severity = HCP_SEVERITY_CRITICAL,
        .category = HCP_ALERT_SYSTEM,
        .kind = g_strdup("emergency"),
        .message = g_strdup_printf("emergency shutdown of %s: %s", def->name, reason),
        .subject = g_strdup(def->key),
        .facility = facility,
        .customer = HCP_NO_INDEX,
    };
    hcp_alert_raise(txn, &raised);
}

static void shut_down(hcp_txn *txn, uint32_t facility, const char *reason)
{
    turn_back(txn, facility);
    sleep_mode(txn, facility, HCP_MODE_MINING);
    sleep_mode(txn, facility, HCP_MODE_IDLE);
    lose_leases(txn, facility, reason);
}

bool hcp_emergency_decide(hcp_txn *txn, const hcp_command *command)
{
    const hcp_emergency_changed *order = &command->emergency;
    const hcp_state *state = &txn->core->state;
    uint32_t n = state->fleet.facilities->len;
    if (order->facility != HCP_NO_INDEX && order->facility >= n)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "facility", "unknown facility");
    const char *reason = order->reason != NULL ? order->reason : "ordered";
    bool meant[HCP_MAX_FACILITIES] = {false};
    bool any = false;
    for (uint32_t f = 0; f < n; f++) {
        meant[f] = (order->facility == HCP_NO_INDEX || order->facility == f) &&
                   hcp_state_facility(state, f)->emergency != order->active;
        any |= meant[f];
    }
    if (!any)
        return true;
    hcp_event event = {
        .type = HCP_EVENT_EMERGENCY_CHANGED,
        .emergency_changed = {.facility = order->facility,
                              .active = order->active,
                              .reason = g_strdup(reason)},
    };
    hcp_txn_emit(txn, &event);
    for (uint32_t f = 0; f < n; f++) {
        if (meant[f] && order->active)
            shut_down(txn, f, reason);
        if (meant[f])
            alert(txn, f, order->active, reason);
    }
    return true;
}

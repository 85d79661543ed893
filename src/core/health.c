/* SPDX-License-Identifier: Apache-2.0 */
/* Health reports and operator orders. */
#include "core/health.h"

#include "core/emergency.h"
#include "core/lease.h"
#include "core/runs.h"
#include "core/switching.h"
#include "core/xid.h"

#include <string.h>

#define ALERTS_PER_REPORT                                                                          \
    8 /* a report about more devices than this raises one alert for all of them */

/* Length of the run of consecutive indices that starts at `devices[i]`. */
static uint32_t run_length(const uint32_t *devices, uint32_t count, uint32_t i)
{
    uint32_t n = 1;
    while (i + n < count && devices[i + n] == devices[i] + n)
        n++;
    return n;
}

static bool in_order(const hcp_fleet *fleet, const uint32_t *devices, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (devices[i] >= fleet->n_devices || (i > 0 && devices[i] <= devices[i - 1]))
            return false;
    return count > 0;
}

/* --- apply --------------------------------------------------------------------------------------------------------- */

static void apply_failed(hcp_core *core, hcp_range run)
{
    const hcp_fleet *fleet = &core->state.fleet;
    uint32_t end = run.first + run.count;
    for (uint32_t first = run.first, next; first < end; first = next) {
        next = hcp_runs_end(fleet, first, end);
        if (fleet->active_switch[first] != HCP_NO_INDEX)
            hcp_core_switch(core, fleet->active_switch[first])->left -= next - first;
    }
    hcp_fleet_change(core, run,
                     &(hcp_row_change){
                         .set = HCP_ROW_HEALTH | HCP_ROW_MODE | HCP_ROW_SWITCH | HCP_ROW_RESIDENT,
                         .health = HCP_HEALTH_FAILED,
                         .mode = HCP_MODE_OFF,
                         .active_switch = HCP_NO_INDEX,
                         .resident = HCP_NO_INDEX,
                     });
}

void hcp_health_wake_up(hcp_core *core, hcp_range range)
{
    const hcp_fleet *fleet = &core->state.fleet;
    uint32_t end = range.first + range.count;
    for (uint32_t first = range.first, next; first < end; first = next) {
        next = hcp_runs_end(fleet, first, end);
        if (fleet->mode[first] == HCP_MODE_OFF && fleet->health[first] != HCP_HEALTH_FAILED &&
            fleet->admin[first] != HCP_ADMIN_MAINTENANCE &&
            fleet->active_switch[first] == HCP_NO_INDEX)
            hcp_fleet_change(core, (hcp_range){first, next - first},
                             &(hcp_row_change){.set = HCP_ROW_MODE, .mode = HCP_MODE_CURTAILED});
    }
}

const char *hcp_health_apply_changed(hcp_core *core, const hcp_event *event)
{
    const hcp_health_changed *changed = &event->health_changed;
    const uint32_t *devices = changed->devices.items;
    if (changed->health >= HCP_HEALTHS)
        return "the health is unknown";
    if (!in_order(&core->state.fleet, devices, changed->devices.count))
        return "its devices are unknown or out of order";
    for (uint32_t i = 0, n; i < changed->devices.count; i += n) {
        n = run_length(devices, changed->devices.count, i);
        hcp_range run = {devices[i], n};
        if (changed->health == HCP_HEALTH_FAILED) {
            apply_failed(core, run);
            continue;
        }
        hcp_fleet_change(core, run,
                         &(hcp_row_change){.set = HCP_ROW_HEALTH, .health = changed->health});
        hcp_health_wake_up(core, run);
    }
    for (uint32_t f = 0; f < core->state.fleet.facilities->len; f++)
        hcp_emergency_note_safe(core, f);
    return NULL;
}

const char *hcp_health_apply_admin(hcp_core *core, const hcp_event *event)
{
    const hcp_admin_changed *changed = &event->admin_changed;
    const uint32_t *devices = changed->devices.items;
    if (changed->admin >= HCP_ADMINS)
        return "the order is unknown";
    if (!in_order(&core->state.fleet, devices, changed->devices.count))
        return "its devices are unknown or out of order";
    for (uint32_t i = 0, n; i < changed->devices.count; i += n) {
        n = run_length(devices, changed->devices.count, i);
        hcp_range run = {devices[i], n};
        hcp_fleet_change(core, run,
                         &(hcp_row_change){.set = HCP_ROW_ADMIN, .admin = changed->admin});
        hcp_health_wake_up(core, run);
    }
    return NULL;
}

/* --- decide -------------------------------------------------------------------------------------------------------- */

static void add_once(GArray *set, uint32_t value)
{
    if (value == HCP_NO_INDEX)
        return;
    for (guint i = set->len; i-- > 0;)
        if (g_array_index(set, uint32_t, i) == value)
            return;
    g_array_append_val(set, value);
}

static void alert_device(hcp_txn *txn, uint32_t device, const hcp_health_changed *changed)
{
    const hcp_state *state = &txn->core->state;
    const hcp_group *group = hcp_state_group(state, state->fleet.group[device]);
    hcp_device_kind device_kind = hcp_state_class(state, group->class_ix)->def.kind;
    const char *name = hcp_enum_name(&HCP_DEVICE_KIND_NAMES, (int)device_kind);
    g_autofree char *kind = g_strdup_printf("%s_failure", name);
    g_autofree char *subject = hcp_state_device_name(state, device);
    if (changed->health == HCP_HEALTH_OK) {
        hcp_alert_clear(txn, kind, subject, changed->reason);
        return;
    }
    hcp_alert_raised alert = {
        .severity = changed->health == HCP_HEALTH_FAILED && device_kind != HCP_DEVICE_ASIC
                        ? HCP_SEVERITY_CRITICAL
                        : HCP_SEVERITY_WARNING,
        .category = HCP_ALERT_INFRASTRUCTURE,
        .kind = g_steal_pointer(&kind),
        .message = g_strdup_printf("%s %s: %s", subject,
                                   hcp_enum_name(&HCP_HEALTH_NAMES, (int)changed->health),
                                   changed->reason),
        .subject = g_strdup(subject),
        .facility = group->facility,
        .customer = HCP_NO_INDEX,
    };
    hcp_alert_raise(txn, &alert);
}

static void alert_mass(hcp_txn *txn, const uint32_t *devices, const hcp_health_changed *changed)
{
    const hcp_state *state = &txn->core->state;
    const hcp_group *group = hcp_state_group(state, state->fleet.group[devices[0]]);
    const char *facility = hcp_state_facility(state, group->facility)->def.key;
    if (changed->health == HCP_HEALTH_OK) {
        hcp_alert_clear(txn, "mass_failure", facility, changed->reason);
        return;
    }
    hcp_alert_raised alert = {
        .severity = HCP_SEVERITY_CRITICAL,
        .category = HCP_ALERT_INFRASTRUCTURE,
        .kind = g_strdup("mass_failure"),
        .message = g_strdup_printf("%u devices %s at %s: %s", changed->devices.count,
                                   hcp_enum_name(&HCP_HEALTH_NAMES, (int)changed->health), facility,
                                   changed->reason),
        .subject = g_strdup(facility),
        .facility = group->facility,
        .customer = HCP_NO_INDEX,
    };
    hcp_alert_raise(txn, &alert);
}

static void alert(hcp_txn *txn, const hcp_health_changed *changed)
{
    const uint32_t *devices = changed->devices.items;
    if (changed->devices.count > ALERTS_PER_REPORT) {
        alert_mass(txn, devices, changed);
        return;
    }
    for (uint32_t i = 0; i < changed->devices.count; i++)
        alert_device(txn, devices[i], changed);
}

/* What failed devices were part of goes on without them, or not at all. */
static void abandon(hcp_txn *txn, const GArray *switches, const GArray *leases, const char *reason)
{
    for (guint i = 0; i < switches->len; i++)
        hcp_switch_end_if_empty(txn, g_array_index(switches, uint32_t, i));
    for (guint i = 0; i < leases->len; i++) {
        uint32_t lease = g_array_index(leases, uint32_t, i);
        if (hcp_state_lease(&txn->core->state, lease)->live)
            hcp_lease_lose(txn, lease, reason);
    }
}

static void change_health(hcp_txn *txn, const GArray *devices, const hcp_health_report *report)
{
    const hcp_fleet *fleet = &txn->core->state.fleet;
    g_autoptr(GArray) switches = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_autoptr(GArray) leases = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (guint i = 0; i < devices->len && report->health == HCP_HEALTH_FAILED; i++) {
        uint32_t device = g_array_index(devices, uint32_t, i);
        add_once(switches, fleet->active_switch[device]);
        add_once(leases, fleet->lease[device]);
    }
    hcp_event event = {
        .type = HCP_EVENT_HEALTH_CHANGED,
        .health_changed = {.health = report->health,
                           .reason = g_strdup(report->reason),
                           .xid = report->xid},
    };
    uint32_t *items = hcp_array_init(&event.health_changed.devices, devices->len, sizeof *items);
    memcpy(items, devices->data, devices->len * sizeof *items);
    hcp_event told = hcp_event_copy(&event);
    hcp_txn_emit(txn, &event);
    abandon(txn, switches, leases, report->reason);
    alert(txn, &told.health_changed);
    hcp_event_clear(&told);
}

void hcp_health_fail(hcp_txn *txn, const GArray *devices, const char *reason)
{
    if (devices->len > 0)
        change_health(txn, devices,
                      &(hcp_health_report){.health = HCP_HEALTH_FAILED, .reason = reason});
}

static bool check_listed(hcp_txn *txn, const uint32_t *devices, uint32_t count)
{
    if (!in_order(&txn->core->state.fleet, devices, count))
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "devices",
                              "name existing devices once each, in ascending order");
    return true;
}

/* A code decides at least how bad it is; the reporter may know worse. */
static hcp_health decoded(const hcp_health_report *report, const hcp_xid *xid)
{
    return xid != NULL && xid->health > report->health ? xid->health : report->health;
}

bool hcp_health_decide_report(hcp_txn *txn, const hcp_command *command)
{
    hcp_health_report report = command->health;
    if (!check_listed(txn, report.devices, report.count))
        return false;
    if (report.health >= HCP_HEALTHS)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "health", "unknown health");
    const hcp_xid *xid = hcp_xid_find(report.xid);
    report.health = decoded(&report, xid);
    g_autofree char *reason =
        xid != NULL ? g_strdup_printf("XID %d: %s; %s", xid->xid, xid->name, xid->action)
                    : g_strdup(report.reason != NULL ? report.reason : "reported");
    report.reason = reason;
    g_autoptr(GArray) changed = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint32_t i = 0; i < report.count; i++)
        if (txn->core->state.fleet.health[report.devices[i]] != report.health)
            g_array_append_val(changed, report.devices[i]);
    if (changed->len > 0)
        change_health(txn, changed, &report);
    return true;
}

/* Starts taking devices out of service, those that run nothing; the others follow when they come to rest. */
static void drain(hcp_txn *txn, const GArray *devices)
{
    const hcp_state *state = &txn->core->state;
    for (guint i = 0; i < devices->len;) {
        uint32_t group_ix = state->fleet.group[g_array_index(devices, uint32_t, i)];
        const hcp_group *group = hcp_state_group(state, group_ix);
        hcp_switch_started def = {.facility = group->facility, .class_ix = group->class_ix};
        GArray *ranges = g_array_new(FALSE, FALSE, sizeof(hcp_range));
        for (; i < devices->len; i++) {
            uint32_t device = g_array_index(devices, uint32_t, i);
            if (state->fleet.group[device] != group_ix)
                break;
            hcp_ranges_add(ranges, (hcp_range){device, 1});
        }
        (void)hcp_ranges_take(ranges, &def.ranges);
        hcp_emergency_settle(txn, &def);
        hcp_record_clear(hcp_event_record(HCP_EVENT_SWITCH_STARTED), &def);
    }
}

bool hcp_health_decide_admin(hcp_txn *txn, const hcp_command *command)
{
    const hcp_admin_order *order = &command->admin;
    if (!check_listed(txn, order->devices, order->count))
        return false;
    if (order->admin >= HCP_ADMINS)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "admin", "unknown order");
    g_autoptr(GArray) changed = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint32_t i = 0; i < order->count; i++)
        if (txn->core->state.fleet.admin[order->devices[i]] != order->admin)
            g_array_append_val(changed, order->devices[i]);
    if (changed->len == 0)
        return true;
    hcp_event event = {
        .type = HCP_EVENT_ADMIN_CHANGED,
        .admin_changed = {.admin = order->admin, .reason = g_strdup(order->reason)},
    };
    uint32_t *items = hcp_array_init(&event.admin_changed.devices, changed->len, sizeof *items);
    memcpy(items, changed->data, changed->len * sizeof *items);
    hcp_txn_emit(txn, &event);
    if (order->admin == HCP_ADMIN_MAINTENANCE)
        drain(txn, changed);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Running switches: begin, report, deadline, rollback, end. Their rows change in switching_apply.c. */
#include "core/switching.h"

#include "core/emergency.h"
#include "core/health.h"
#include "core/lease.h"
#include "core/residency.h"

#include <string.h>

void hcp_ranges_add(GArray *ranges, hcp_range range)
{
    hcp_range *last = ranges->len > 0 ? &g_array_index(ranges, hcp_range, ranges->len - 1) : NULL;
    if (last != NULL && last->first + last->count == range.first)
        last->count += range.count;
    else
        g_array_append_val(ranges, range);
}

uint32_t hcp_ranges_take(GArray *ranges, hcp_array *array)
{
    uint32_t devices = 0;
    hcp_range *items = hcp_array_init(array, ranges->len, sizeof *items);
    for (guint i = 0; i < ranges->len; i++) {
        items[i] = g_array_index(ranges, hcp_range, i);
        devices += items[i].count;
    }
    g_array_unref(ranges);
    return devices;
}

void hcp_switch_begin(hcp_txn *txn, hcp_switch_started *def)
{
    hcp_event event = {.type = HCP_EVENT_SWITCH_STARTED, .switch_started = *def};
    event.switch_started.id.value = hcp_core_new_id(txn);
    event.switch_started.count = 0;
    for (uint32_t i = 0; i < def->ranges.count; i++)
        event.switch_started.count += ((const hcp_range *)def->ranges.items)[i].count;
    memset(def, 0, sizeof *def);
    hcp_txn_emit(txn, &event);
}

/* The devices of the list that come from where `device` comes from. */
static GArray *same_origin(const hcp_fleet *fleet, const hcp_array *devices, uint32_t device)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(hcp_range));
    for (uint32_t i = 0; i < devices->count; i++) {
        uint32_t other = ((const uint32_t *)devices->items)[i];
        if (fleet->active_switch[other] == HCP_NO_INDEX &&
            fleet->mode[other] == fleet->mode[device] &&
            fleet->target[other] == fleet->target[device])
            hcp_ranges_add(ranges, (hcp_range){other, 1});
    }
    return ranges;
}

void hcp_switch_begin_devices(hcp_txn *txn, const hcp_array *devices, const hcp_switch_started *def)
{
    const hcp_fleet *fleet = &txn->core->state.fleet;
    for (uint32_t i = 0; i < devices->count; i++) {
        uint32_t device = ((const uint32_t *)devices->items)[i];
        /* Those already taken along with an earlier one are switching by now. */
        if (fleet->active_switch[device] != HCP_NO_INDEX || fleet->mode[device] == def->to)
            continue;
        hcp_switch_started part = *def;
        part.from = (hcp_mode)fleet->mode[device];
        part.cause = g_strdup(def->cause);
        part.model = g_strdup(def->model);
        (void)hcp_ranges_take(same_origin(fleet, devices, device), &part.ranges);
        part.residency = hcp_residency_find(&txn->core->state, &part);
        hcp_switch_begin(txn, &part);
    }
}

static void end(hcp_txn *txn, uint32_t ix, bool ok)
{
    const hcp_switch *sw = hcp_state_switch(&txn->core->state, ix);
    hcp_switch_started def = {0};
    hcp_record_copy(hcp_event_record(HCP_EVENT_SWITCH_STARTED), &sw->def, &def);
    hcp_event event = {
        .type = HCP_EVENT_SWITCH_ENDED,
        .switch_ended =
            {
                .id = sw->def.id,
                .ok = ok,
                .failed_phase = sw->phase == HCP_PHASE_ROLLBACK ? sw->failed_phase : sw->phase,
                .reason = ok ? NULL : g_strdup(sw->reason ? sw->reason : "every device was lost"),
                .duration_us = txn->now_us - sw->started_us,
            },
    };
    hcp_txn_emit(txn, &event);
    uint32_t lease = hcp_core_find_lease(txn->core, def.lease);
    if (ok && lease != HCP_NO_INDEX)
        hcp_lease_note_serving(txn, lease);
    hcp_emergency_settle(txn, &def);
    hcp_power_enforce_cap(txn, def.facility);
    hcp_record_clear(hcp_event_record(HCP_EVENT_SWITCH_STARTED), &def);
}

void hcp_switch_end_if_empty(hcp_txn *txn, uint32_t ix)
{
    const hcp_switch *sw = hcp_state_switch(&txn->core->state, ix);
    if (sw->live && sw->left == 0)
        end(txn, ix, false);
}

/* The phase in progress ends, well or not, at the time of the transaction. */
static void end_phase(hcp_txn *txn, uint32_t ix, const char *failure,
                      const hcp_phase_report *report)
{
    const hcp_switch *sw = hcp_state_switch(&txn->core->state, ix);
    hcp_event event = {
        .type = HCP_EVENT_SWITCH_PHASE_ENDED,
        .switch_phase_ended =
            {
                .id = sw->def.id,
                .phase = sw->phase,
                .started_us = sw->phase_started_us,
                .ended_us = txn->now_us,
                .failed = failure != NULL,
                .reason = g_strdup(failure),
            },
    };
    if (report != NULL && report->n_lost > 0) {
        uint32_t *lost =
            hcp_array_init(&event.switch_phase_ended.lost, report->n_lost, sizeof *lost);
        memcpy(lost, report->lost, report->n_lost * sizeof *lost);
    }
    hcp_txn_emit(txn, &event);
}

/* Takes everything still in the switch out of service. */
static void lose_devices(hcp_txn *txn, uint32_t ix, const char *reason)
{
    const hcp_state *state = &txn->core->state;
    const hcp_switch *sw = hcp_state_switch(state, ix);
    g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint32_t r = 0; r < sw->def.ranges.count; r++) {
        hcp_range range = ((const hcp_range *)sw->def.ranges.items)[r];
        for (uint32_t d = range.first; d < range.first + range.count; d++)
            if (state->fleet.active_switch[d] == ix)
                g_array_append_val(devices, d);
    }
    hcp_health_fail(txn, devices, reason);
}

void hcp_switch_abort(hcp_txn *txn, uint32_t ix, const char *reason)
{
    const hcp_switch *sw = hcp_state_switch(&txn->core->state, ix);
    if (!sw->live || sw->phase == HCP_PHASE_ROLLBACK || sw->def.from == HCP_MODE_SERVING)
        return;
    if (sw->left == 0)
        end(txn, ix, false);
    else
        end_phase(txn, ix, reason, NULL);
}

/* The phase in progress failed for every device. */
static void fail(hcp_txn *txn, uint32_t ix, const char *reason)
{
    const hcp_switch *sw = hcp_state_switch(&txn->core->state, ix);
    if (sw->phase == HCP_PHASE_ROLLBACK || sw->def.from == HCP_MODE_SERVING) {
        lose_devices(txn, ix, reason);
        return;
    }
    hcp_lease_id lease = sw->def.lease;
    uint32_t facility = sw->def.facility;
    hcp_switch_abort(txn, ix, reason);
    uint32_t lease_ix = hcp_core_find_lease(txn->core, lease);
    if (lease_ix != HCP_NO_INDEX)
        hcp_lease_lose(txn, lease_ix, reason);
    hcp_power_enforce_cap(txn, facility);
}

static bool check_report(hcp_txn *txn, const hcp_phase_report *report, uint32_t ix)
{
    const hcp_state *state = &txn->core->state;
    if (ix == HCP_NO_INDEX)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "switch", "this switch is not running");
    const hcp_switch *sw = hcp_state_switch(state, ix);
    if (report->phase != sw->phase)
        return hcp_txn_refuse(txn, HCP_REFUSAL_CONFLICT, "phase",
                              "the switch is in phase %s, the report is about %s",
                              hcp_enum_name(&HCP_PHASE_NAMES, (int)sw->phase),
                              hcp_enum_name(&HCP_PHASE_NAMES, (int)report->phase));
    for (uint32_t i = 0; i < report->n_lost; i++) {
        uint32_t device = report->lost[i];
        bool twice = i > 0 && device <= report->lost[i - 1];
        if (twice || device >= state->fleet.n_devices || state->fleet.active_switch[device] != ix)
            return hcp_txn_refuse(
                txn, HCP_REFUSAL_INVALID, "lost",
                "lost devices come in ascending order and are part of the switch");
    }
    return true;
}

bool hcp_switch_decide_report(hcp_txn *txn, const hcp_command *command)
{
    const hcp_phase_report *report = &command->phase;
    uint32_t ix = hcp_core_find_switch(txn->core, report->id);
    if (!check_report(txn, report, ix))
        return false;
    txn->outcome->id = report->id.value;
    if (!report->ok) {
        fail(txn, ix, report->reason != NULL ? report->reason : "the driver reported a failure");
        return true;
    }
    if (report->phase != HCP_PHASE_ROLLBACK)
        end_phase(txn, ix, NULL, report);
    if (report->n_lost > 0) {
        g_autoptr(GArray) lost = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        g_array_append_vals(lost, report->lost, report->n_lost);
        hcp_health_fail(txn, lost, report->reason ? report->reason : "lost while switching");
    }
    /* Losing devices may have ended the switch, or turned it back with its gang. */
    if (hcp_core_find_switch(txn->core, report->id) != ix)
        return true;
    const hcp_switch *sw = hcp_state_switch(&txn->core->state, ix);
    if (report->phase == sw->phase &&
        (report->phase == HCP_PHASE_SERVE || report->phase == HCP_PHASE_ROLLBACK))
        end(txn, ix, report->phase == HCP_PHASE_SERVE);
    else
        hcp_switch_end_if_empty(txn, ix);
    return true;
}

int64_t hcp_switch_phase_limit_us(const hcp_state *state, const hcp_switch *sw)
{
    const hcp_class_defined *cls = &hcp_state_class(state, sw->def.class_ix)->def;
    int64_t limit_us = cls->kind == HCP_DEVICE_ASIC ? state->settings.asic_phase_deadline_us
                                                    : state->settings.gpu_phase_deadline_us;
    if (limit_us <= 0)
        return INT64_MAX;
    int64_t from_w = hcp_power_device_w(cls, sw->def.from, sw->from_target);
    int64_t to_w = hcp_power_device_w(cls, sw->def.to, sw->def.power_target);
    bool back = sw->phase == HCP_PHASE_ROLLBACK;
    if ((sw->phase == HCP_PHASE_QUIESCE && to_w < from_w) || back)
        limit_us += cls->ramp_down_us;
    if ((sw->phase == HCP_PHASE_ACTIVATE && to_w > from_w) || back)
        limit_us += cls->ramp_up_us;
    if (sw->phase == HCP_PHASE_ACTIVATE)
        limit_us += hcp_residency_transfer_us(state, sw->def.facility, sw->def.class_ix,
                                              sw->def.residency, sw->def.bytes);
    if (sw->phase == HCP_PHASE_ACTIVATE && sw->def.residency == HCP_RESIDENCY_COLD)
        limit_us += state->settings.cold_start_us;
    return limit_us;
}

int64_t hcp_switch_due(const hcp_core *core, uint32_t row, uint64_t id)
{
    if (row >= core->state.switches.items->len)
        return INT64_MAX;
    const hcp_switch *sw = hcp_state_switch(&core->state, row);
    if (!sw->live || sw->def.id.value != id)
        return INT64_MAX;
    int64_t limit_us = hcp_switch_phase_limit_us(&core->state, sw);
    return limit_us == INT64_MAX ? INT64_MAX : sw->phase_started_us + limit_us;
}

void hcp_switch_fire(hcp_txn *txn, uint32_t row, uint64_t id G_GNUC_UNUSED)
{
    const hcp_switch *sw = hcp_state_switch(&txn->core->state, row);
    g_autofree char *reason =
        g_strdup_printf("phase %s was not confirmed within %" G_GINT64_FORMAT " ms",
                        hcp_enum_name(&HCP_PHASE_NAMES, (int)sw->phase),
                        hcp_switch_phase_limit_us(&txn->core->state, sw) / 1000);
    fail(txn, row, reason);
}

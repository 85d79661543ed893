/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Alerts, raised and cleared by transitions. A condition has at most one open alert per kind and subject, so a fault that
 * repeats is one line, not a thousand. A success is a notice: it is closed the moment it is raised.
 */
#include "core/internal.h"

#include "base/timefmt.h"
#include "base/units.h"

/* An alert is raised above the one share of the cap and cleared below the other, so that it does not flap. */
#define POWER_NEAR_PERCENT 95
#define POWER_FAR_PERCENT 90

/* What may be open once: "queue_wait\nP2". Caller frees. */
static char *open_key(const char *kind, const char *subject)
{
    return g_strconcat(kind, "\n", subject, NULL);
}

static hcp_alert *alert_at(const hcp_core *core, guint ix)
{
    return &g_array_index(core->state.alerts, hcp_alert, ix);
}

/* Row of an alert, by bisection: ids grow. NULL when it is unknown or forgotten. */
static hcp_alert *find(const hcp_core *core, hcp_alert_id id)
{
    guint low = 0, high = core->state.alerts->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (alert_at(core, middle)->def.id.value < id.value)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < core->state.alerts->len && alert_at(core, low)->def.id.value == id.value;
    return found ? alert_at(core, low) : NULL;
}

static hcp_alert *find_open(const hcp_core *core, const char *kind, const char *subject)
{
    g_autofree char *key = open_key(kind, subject);
    gpointer value = g_hash_table_lookup(core->open_alerts, key);
    return value == NULL ? NULL : find(core, (hcp_alert_id){(uint64_t)(guintptr)value});
}

static bool is_expired(const hcp_core *core, const hcp_alert *alert)
{
    int64_t limit_us = core->state.settings.finished_retention_us;
    return alert->cleared_us != 0 && alert->cleared_us + limit_us < core->state.now_us;
}

/* Forgets cleared alerts past their retention, each time the table has grown by 64: a moment the state alone decides, so
 * that a restored core forgets the same ones. */
static void expire(hcp_core *core)
{
    GArray *alerts = core->state.alerts;
    guint kept = 0;
    if (alerts->len % 64 != 0)
        return;
    for (guint i = 0; i < alerts->len; i++) {
        hcp_alert *alert = alert_at(core, i);
        if (is_expired(core, alert)) {
            g_free(alert->note);
            hcp_record_clear(hcp_event_record(HCP_EVENT_ALERT_RAISED), &alert->def);
        } else {
            *alert_at(core, kept++) = *alert;
        }
    }
    g_array_set_size(alerts, kept);
}

const char *hcp_alert_apply_raised(hcp_core *core, const hcp_event *event)
{
    const hcp_alert_raised *def = &event->alert_raised;
    if (def->id.value <= core->state.last_id || def->kind == NULL || def->subject == NULL)
        return "its id is not new or it says nothing";
    if (find_open(core, def->kind, def->subject) != NULL)
        return "an alert of this kind and subject is open";
    hcp_alert alert = {.raised_us = event->time_us};
    hcp_record_copy(hcp_event_record(event->type), def, &alert.def);
    bool notice = def->severity == HCP_SEVERITY_SUCCESS;
    alert.cleared_us = notice ? event->time_us : 0;
    g_array_append_val(core->state.alerts, alert);
    hcp_core_note_id(core, def->id.value);
    if (!notice)
        g_hash_table_insert(core->open_alerts, open_key(def->kind, def->subject),
                            (gpointer)(guintptr)def->id.value);
    expire(core);
    return NULL;
}

const char *hcp_alert_apply_changed(hcp_core *core, const hcp_event *event)
{
    const hcp_alert_changed *changed = &event->alert_changed;
    hcp_alert *alert = find(core, changed->id);
    if (alert == NULL)
        return "it names an alert that does not exist";
    if (changed->cleared && alert->cleared_us != 0)
        return "the alert is already closed";
    if (changed->acknowledged && alert->acknowledged_us == 0)
        alert->acknowledged_us = event->time_us;
    if (changed->cleared) {
        g_autofree char *key = open_key(alert->def.kind, alert->def.subject);
        g_hash_table_remove(core->open_alerts, key);
        alert->cleared_us = event->time_us;
    }
    if (changed->note != NULL) {
        g_free(alert->note);
        alert->note = g_strdup(changed->note);
    }
    return NULL;
}

void hcp_alert_rebuild(hcp_core *core)
{
    for (guint i = 0; i < core->state.alerts->len; i++) {
        const hcp_alert *alert = alert_at(core, i);
        if (alert->cleared_us == 0)
            g_hash_table_insert(core->open_alerts, open_key(alert->def.kind, alert->def.subject),
                                (gpointer)(guintptr)alert->def.id.value);
    }
}

/* --- decisions --------------------------------------------------------------------------------------------------- */

void hcp_alert_raise(hcp_txn *txn, hcp_alert_raised *alert)
{
    hcp_event event = {.type = HCP_EVENT_ALERT_RAISED, .alert_raised = *alert};
    *alert = (hcp_alert_raised){0};
    if (find_open(txn->core, event.alert_raised.kind, event.alert_raised.subject) != NULL) {
        hcp_event_clear(&event);
        return;
    }
    event.alert_raised.id.value = hcp_core_new_id(txn);
    hcp_txn_emit(txn, &event);
}

static void change(hcp_txn *txn, hcp_alert_id id, bool acknowledged, const char *note)
{
    hcp_event event = {.type = HCP_EVENT_ALERT_CHANGED};
    event.alert_changed = (hcp_alert_changed){
        .id = id,
        .acknowledged = acknowledged,
        .cleared = !acknowledged,
        .note = g_strdup(note),
    };
    hcp_txn_emit(txn, &event);
}

void hcp_alert_clear(hcp_txn *txn, const char *kind, const char *subject, const char *note)
{
    const hcp_alert *alert = find_open(txn->core, kind, subject);
    if (alert != NULL)
        change(txn, alert->def.id, false, note);
}

bool hcp_alert_decide_acknowledge(hcp_txn *txn, const hcp_command *command)
{
    const hcp_alert *alert = find(txn->core, command->acknowledge.alert);
    if (alert == NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "alert_id", "there is no such alert");
    txn->outcome->id = alert->def.id.value;
    if (alert->acknowledged_us == 0 || command->acknowledge.note != NULL)
        change(txn, alert->def.id, true, command->acknowledge.note);
    return true;
}

/* --- alerts about readings --------------------------------------------------------------------------------------- */

bool hcp_alert_decide_anomaly(hcp_txn *txn, const hcp_command *command)
{
    const hcp_anomaly_report *report = &command->anomaly;
    const hcp_state *state = &txn->core->state;
    if (report->device >= state->fleet.n_devices)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "device", "there is no such device");
    g_autofree char *subject = hcp_state_device_name(state, report->device);
    if (!report->found) {
        hcp_alert_clear(txn, "device_anomaly", subject, "its readings fit together again");
        return true;
    }
    hcp_alert_raised alert = {
        .severity = HCP_SEVERITY_WARNING,
        .category = HCP_ALERT_INFRASTRUCTURE,
        .kind = g_strdup("device_anomaly"),
        .message = g_strdup_printf(
            "%s: its %s is not what its power explains (score %.1f); check fans and boards",
            subject, report->cause, report->score),
        .subject = g_strdup(subject),
        .facility = hcp_state_group(state, state->fleet.group[report->device])->facility,
        .customer = HCP_NO_INDEX,
    };
    hcp_alert_raise(txn, &alert);
    return true;
}

bool hcp_alert_decide_drift(hcp_txn *txn, const hcp_command *command)
{
    const hcp_drift_report *report = &command->drift;
    if (report->model == NULL || report->model[0] == '\0')
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "model", "the report names no model");
    if (report->what == NULL) {
        hcp_alert_clear(txn, "classifier_drift", report->model, "it does not apply any more");
        return true;
    }
    hcp_alert_raised alert = {
        .severity = HCP_SEVERITY_WARNING,
        .category = HCP_ALERT_SYSTEM,
        .kind = g_strdup("classifier_drift"),
        .message =
            g_strdup_printf("The rules classify instead of %s: %s", report->model, report->what),
        .subject = g_strdup(report->model),
        .facility = HCP_NO_INDEX,
        .customer = HCP_NO_INDEX,
    };
    hcp_alert_raise(txn, &alert);
    return true;
}

/* --- alerts about power ------------------------------------------------------------------------------------------ */

static void raise_power(hcp_txn *txn, uint32_t facility)
{
    const hcp_facility *row = hcp_state_facility(&txn->core->state, facility);
    hcp_alert_raised alert = {
        .severity = HCP_SEVERITY_WARNING,
        .category = HCP_ALERT_INFRASTRUCTURE,
        .kind = g_strdup("power_cap"),
        .message =
            g_strdup_printf("%s draws %.1f kW of the %.1f kW that its cap allows", row->def.name,
                            (double)hcp_power_meter_w(&row->def, row->it_power_w) / 1e3,
                            (double)row->def.cap_w / 1e3),
        .subject = g_strdup(row->def.key),
        .facility = facility,
        .customer = HCP_NO_INDEX,
    };
    hcp_alert_raise(txn, &alert);
}

void hcp_alert_watch_power(hcp_txn *txn)
{
    const hcp_state *state = &txn->core->state;
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++) {
        const hcp_facility *row = hcp_state_facility(state, f);
        /* During a grid event a facility is meant to be at its limit. */
        if (row->grid_event != 0)
            continue;
        int64_t cap_w = hcp_power_cap_it_w(state, f);
        bool near = row->it_power_w > cap_w / 100 * POWER_NEAR_PERCENT;
        bool far = row->it_power_w < cap_w / 100 * POWER_FAR_PERCENT;
        if (near && find_open(txn->core, "power_cap", row->def.key) == NULL)
            raise_power(txn, f);
        else if (far && g_hash_table_size(txn->core->open_alerts) > 0)
            hcp_alert_clear(txn, "power_cap", row->def.key, "well below the cap again");
    }
}

/* --- alerts about workloads -------------------------------------------------------------------------------------- */

static void fill_workload_alert(const hcp_workload *row, hcp_alert_raised *alert)
{
    char id[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_WORKLOAD, row->def.id.value, id);
    alert->category = HCP_ALERT_CUSTOMER;
    alert->subject = g_strdup(id);
    alert->facility = HCP_NO_INDEX;
    alert->customer = row->def.customer;
    alert->workload = row->def.id;
}

void hcp_alert_workload_ended(hcp_txn *txn, uint32_t workload)
{
    const hcp_workload *row = hcp_state_workload(&txn->core->state, workload);
    hcp_alert_raised alert = {0};
    fill_workload_alert(row, &alert);
    const char *name = row->def.name != NULL ? row->def.name : alert.subject;
    if (row->status == HCP_WORKLOAD_COMPLETED) {
        g_autofree char *cost = hcp_money_format(row->cost_usd_micro);
        g_autofree char *served = hcp_duration_format(row->served_us);
        alert.severity = HCP_SEVERITY_SUCCESS;
        alert.kind = g_strdup("workload_complete");
        alert.message =
            g_strdup_printf("Workload Complete: %s served %s for $%s", name, served, cost);
    } else {
        alert.severity = HCP_SEVERITY_CRITICAL;
        alert.kind = g_strdup("workload_failed");
        alert.message = g_strdup_printf("%s failed: %s", name, row->reason);
    }
    hcp_alert_raise(txn, &alert);
}

void hcp_alert_queue_wait(hcp_txn *txn, uint32_t workload)
{
    const hcp_workload *row = hcp_state_workload(&txn->core->state, workload);
    const char *priority = hcp_enum_name(&HCP_PRIORITY_NAMES, (int)row->def.priority);
    char id[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_WORKLOAD, row->def.id.value, id);
    if (find_open(txn->core, "queue_wait", priority) != NULL)
        return;
    g_autofree char *waited = hcp_duration_format(txn->now_us - row->queued_us);
    hcp_alert_raised alert = {
        .severity = HCP_SEVERITY_WARNING,
        .category = HCP_ALERT_SYSTEM,
        .kind = g_strdup("queue_wait"),
        .message =
            g_strdup_printf("%s waits beyond its limit: %s has waited %s, %u are queued", priority,
                            id, waited, hcp_queue_depth(txn->core->queue, row->def.priority)),
        .subject = g_strdup(priority),
        .facility = HCP_NO_INDEX,
        .customer = HCP_NO_INDEX,
        .workload = row->def.id,
    };
    hcp_alert_raise(txn, &alert);
}

void hcp_alert_queue_drained(hcp_txn *txn)
{
    if (g_hash_table_size(txn->core->open_alerts) == 0)
        return;
    for (int p = HCP_PRIORITY_P1; p < HCP_PRIORITIES; p++)
        if (!hcp_queue_is_overdue(txn->core->queue, (hcp_priority)p, txn->now_us))
            hcp_alert_clear(txn, "queue_wait", hcp_enum_name(&HCP_PRIORITY_NAMES, p),
                            "nobody of the class waits beyond its limit");
}

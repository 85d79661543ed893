/* SPDX-License-Identifier: Apache-2.0 */
/* The cycle of the core: which function decides a command, which applies an event, and what a tick does. */
#include "core/internal.h"

#include "base/error.h"

#include <string.h>

typedef struct {
    const char *(*apply)(hcp_core *core, const hcp_event *event);
    bool wakes; /* a queued workload may start because of it */
} event_ops;

static const event_ops APPLY[HCP_EVENT_TYPES] = {
    [HCP_EVENT_SETTINGS_CHANGED] = {hcp_settings_apply_changed, true},
    [HCP_EVENT_CLASS_DEFINED] = {hcp_fleet_apply_class, false},
    [HCP_EVENT_FACILITY_DEFINED] = {hcp_fleet_apply_facility, false},
    [HCP_EVENT_CUSTOMER_DEFINED] = {hcp_identity_apply_customer, false},
    [HCP_EVENT_DEVICES_REGISTERED] = {hcp_fleet_apply_devices, true},
    [HCP_EVENT_PRICE_OBSERVED] = {hcp_market_apply_price, false},
    [HCP_EVENT_WORKLOAD_ACCEPTED] = {hcp_workload_apply_accepted, false},
    [HCP_EVENT_WORKLOAD_STARTED] = {hcp_workload_apply_started, false},
    [HCP_EVENT_WORKLOAD_REQUEUED] = {hcp_workload_apply_requeued, true},
    [HCP_EVENT_WORKLOAD_ENDED] = {hcp_workload_apply_ended, true},
    [HCP_EVENT_WAIT_CHANGED] = {hcp_workload_apply_wait, false},
    [HCP_EVENT_LEASE_GRANTED] = {hcp_lease_apply_granted, false},
    [HCP_EVENT_LEASE_RELEASED] = {hcp_lease_apply_released, true},
    [HCP_EVENT_SWITCH_STARTED] = {hcp_switch_apply_started, false},
    [HCP_EVENT_SWITCH_PHASE_ENDED] = {hcp_switch_apply_phase_ended, false},
    [HCP_EVENT_SWITCH_ENDED] = {hcp_switch_apply_ended, true},
    [HCP_EVENT_HEALTH_CHANGED] = {hcp_health_apply_changed, true},
    [HCP_EVENT_ADMIN_CHANGED] = {hcp_health_apply_admin, true},
    [HCP_EVENT_CAP_CHANGED] = {hcp_power_apply_cap, true},
    [HCP_EVENT_EMERGENCY_CHANGED] = {hcp_emergency_apply_changed, true},
    [HCP_EVENT_DECISION_RECORDED] = {hcp_dispatch_apply_decision, false},
    [HCP_EVENT_ALERT_RAISED] = {hcp_alert_apply_raised, false},
    [HCP_EVENT_ALERT_CHANGED] = {hcp_alert_apply_changed, false},
    [HCP_EVENT_REPLY_REMEMBERED] = {hcp_reply_apply_remembered, false},
    [HCP_EVENT_WORKLOAD_DEFERRED] = {hcp_workload_apply_deferred, false},
    [HCP_EVENT_PRICES_PUBLISHED] = {hcp_prices_apply_published, false},
    [HCP_EVENT_INTERVAL_CLOSED] = {hcp_account_apply_closed, false},
    [HCP_EVENT_GRID_ANNOUNCED] = {hcp_grid_apply_announced, false},
    [HCP_EVENT_GRID_CHANGED] = {hcp_grid_apply_changed, true},
    [HCP_EVENT_GRID_MEASURED] = {hcp_grid_apply_measured, false},
    [HCP_EVENT_STRIKE_CHANGED] = {hcp_strike_apply_changed, false},
    [HCP_EVENT_INTERVAL_SETTLED] = {hcp_settlement_apply_settled, false},
    [HCP_EVENT_PEAK_ASSUMED] = {hcp_peak_apply_assumed, false},
    [HCP_EVENT_PEAK_CHARGED] = {hcp_peak_apply_charged, false},
    [HCP_EVENT_RESERVE_CHANGED] = {hcp_reserve_apply_changed, false},
    [HCP_EVENT_GRID_RULE_CHANGED] = {hcp_grid_apply_rule, false},
};

static const struct {
    int64_t (*due)(const hcp_core *core, uint32_t row, uint64_t id);
    void (*fire)(hcp_txn *txn, uint32_t row, uint64_t id);
} TIMERS[HCP_TIMERS] = {
    [HCP_TIMER_SWITCH_PHASE] = {hcp_switch_due, hcp_switch_fire},
    [HCP_TIMER_WORKLOAD_END] = {hcp_workload_due, hcp_workload_fire},
    [HCP_TIMER_WORKLOAD_BACKOFF] = {hcp_workload_backoff_due, hcp_workload_backoff_fire},
    [HCP_TIMER_WORKLOAD_DEADLINE] = {hcp_workload_deadline_due, hcp_workload_deadline_fire},
    [HCP_TIMER_PRICE_STALE] = {hcp_market_due, hcp_market_fire},
    [HCP_TIMER_ACCOUNT] = {hcp_account_due, hcp_account_fire},
    [HCP_TIMER_GRID] = {hcp_grid_due, hcp_grid_fire},
};

static bool decide_tick(hcp_txn *txn, const hcp_command *command);
static bool decide_define(hcp_txn *txn, const hcp_command *command);

typedef bool (*decide_fn)(hcp_txn *txn, const hcp_command *command);

static const decide_fn DECIDE[HCP_COMMANDS] = {
    [HCP_COMMAND_TICK] = decide_tick,
    [HCP_COMMAND_DEFINE] = decide_define,
    [HCP_COMMAND_OBSERVE_PRICE] = hcp_market_decide_price,
    [HCP_COMMAND_PUBLISH_PRICES] = hcp_prices_decide_publish,
    [HCP_COMMAND_SUBMIT] = hcp_admission_decide_submit,
    [HCP_COMMAND_CANCEL] = hcp_workload_decide_cancel,
    [HCP_COMMAND_ALLOCATE] = hcp_lease_decide_allocate,
    [HCP_COMMAND_RELEASE] = hcp_lease_decide_release,
    [HCP_COMMAND_REPORT_PHASE] = hcp_switch_decide_report,
    [HCP_COMMAND_REPORT_HEALTH] = hcp_health_decide_report,
    [HCP_COMMAND_REPORT_ANOMALY] = hcp_alert_decide_anomaly,
    [HCP_COMMAND_REPORT_DRIFT] = hcp_alert_decide_drift,
    [HCP_COMMAND_SET_ADMIN] = hcp_health_decide_admin,
    [HCP_COMMAND_SET_CAP] = hcp_power_decide_cap,
    [HCP_COMMAND_EMERGENCY] = hcp_emergency_decide,
    [HCP_COMMAND_DISPATCH] = hcp_dispatch_decide,
    [HCP_COMMAND_ACKNOWLEDGE] = hcp_alert_decide_acknowledge,
    [HCP_COMMAND_REMEMBER_REPLY] = hcp_reply_decide_remember,
    [HCP_COMMAND_ANNOUNCE_GRID] = hcp_grid_decide_announce,
    [HCP_COMMAND_ANSWER_GRID] = hcp_grid_decide_answer,
    [HCP_COMMAND_CANCEL_GRID] = hcp_grid_decide_cancel,
    [HCP_COMMAND_SET_GRID_RULE] = hcp_grid_decide_rule,
    [HCP_COMMAND_SET_STRIKE] = hcp_strike_decide_set,
    [HCP_COMMAND_SET_RESERVE] = hcp_reserve_decide_set,
};

static bool decide_define(hcp_txn *txn, const hcp_command *command)
{
    const hcp_event *event = command->define;
    switch (event->type) {
    case HCP_EVENT_SETTINGS_CHANGED:
        return hcp_settings_decide_define(txn, event);
    case HCP_EVENT_CLASS_DEFINED:
        return hcp_fleet_decide_class(txn, event);
    case HCP_EVENT_FACILITY_DEFINED:
        return hcp_fleet_decide_facility(txn, event);
    case HCP_EVENT_CUSTOMER_DEFINED:
        return hcp_identity_decide_define(txn, event);
    case HCP_EVENT_DEVICES_REGISTERED:
        return hcp_fleet_decide_devices(txn, event);
    default:
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, NULL, "%s cannot be defined",
                              hcp_event_type_name(event->type));
    }
}

/* Fires what is due. An entry whose row is due later (or never) was overtaken and is dropped. */
static bool decide_tick(hcp_txn *txn, const hcp_command *command G_GNUC_UNUSED)
{
    hcp_core *core = txn->core;
    const hcp_timer *first;
    while ((first = hcp_timers_first(&core->timers)) != NULL && first->due_us <= txn->now_us) {
        hcp_timer timer;
        (void)hcp_timers_pop(&core->timers, &timer);
        if (TIMERS[timer.kind].due(core, timer.row, timer.id) > txn->now_us)
            continue;
        TIMERS[timer.kind].fire(txn, timer.row, timer.id);
        /* A timer that stays due would be lost here and spin there. */
        g_assert(TIMERS[timer.kind].due(core, timer.row, timer.id) > txn->now_us);
    }
    return true;
}

static const char *apply(hcp_core *core, const hcp_event *event)
{
    if (event->type >= HCP_EVENT_TYPES)
        return "its type is unknown";
    if (event->time_us < core->state.now_us)
        return "it is older than the event before it";
    int64_t before_us = core->state.now_us;
    core->state.now_us = event->time_us;
    const char *why = APPLY[event->type].apply(core, event);
    if (why != NULL)
        core->state.now_us = before_us;
    return why;
}

void hcp_txn_emit(hcp_txn *txn, hcp_event *event)
{
    event->time_us = txn->now_us;
    const char *why = apply(txn->core, event);
    if (why != NULL)
        g_error("core: decided an impossible %s: %s", hcp_event_type_name(event->type), why);
    txn->wake |= APPLY[event->type].wakes;
    g_array_append_vals(txn->outcome->events, event, 1);
    memset(event, 0, sizeof *event);
}

hcp_event hcp_event_copy(const hcp_event *event)
{
    hcp_event copy = {.type = event->type, .time_us = event->time_us};
    hcp_record_copy(hcp_event_record(event->type), hcp_event_payload((hcp_event *)event),
                    hcp_event_payload(&copy));
    return copy;
}

bool hcp_txn_refuse(hcp_txn *txn, hcp_refusal_code code, const char *field, const char *format, ...)
{
    hcp_refusal *refusal = &txn->outcome->refusal;
    refusal->code = code;
    refusal->field = field;
    va_list args;
    va_start(args, format);
    (void)g_vsnprintf(refusal->message, sizeof refusal->message, format, args);
    va_end(args);
    return false;
}

uint64_t hcp_core_new_id(const hcp_txn *txn)
{
    return hcp_id_next(txn->core->state.last_id, txn->now_us);
}

void hcp_core_note_id(hcp_core *core, uint64_t value)
{
    core->state.last_id = MAX(core->state.last_id, value);
}

bool hcp_core_decide(hcp_core *core, const hcp_command *command, int64_t now_us,
                     const hcp_telemetry_view *view, hcp_outcome *outcome)
{
    g_assert(command->type < HCP_COMMANDS);
    if (outcome->events == NULL)
        outcome->events = g_array_new(FALSE, FALSE, sizeof(hcp_event));
    hcp_txn txn = {
        .core = core,
        .outcome = outcome,
        .now_us = MAX(now_us, core->state.now_us),
        .view = view,
    };
    guint before = outcome->events->len;
    bool ok = DECIDE[command->type](&txn, command);
    g_assert(ok || outcome->events->len == before);
    if (ok && txn.wake)
        hcp_schedule_pass(&txn);
    if (ok && outcome->events->len > before) {
        hcp_alert_watch_power(&txn);
        hcp_grid_watch(&txn);
    }
    return ok;
}

bool hcp_core_apply(hcp_core *core, const hcp_event *event, GError **error)
{
    const char *why = apply(core, event);
    hcp_schedule_mark_stale(core);
    if (why == NULL)
        return true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_CORRUPT, "the %s event cannot follow this state: %s",
                hcp_event_type_name(event->type), why);
    return false;
}

int64_t hcp_core_next_due(const hcp_core *core)
{
    const hcp_timer *first = hcp_timers_first(&core->timers);
    return first == NULL ? INT64_MAX : first->due_us;
}

hcp_core *hcp_core_new(void)
{
    hcp_core *core = g_new0(hcp_core, 1);
    hcp_state_init(&core->state);
    hcp_timers_init(&core->timers);
    core->tallies = g_array_new(FALSE, TRUE, sizeof(hcp_group_tally));
    core->workload_ids = g_hash_table_new(NULL, NULL);
    core->lease_ids = g_hash_table_new(NULL, NULL);
    core->switch_ids = g_hash_table_new(NULL, NULL);
    core->class_keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    core->facility_keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    core->customer_keys = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    core->batch_prefixes =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_array_unref);
    core->open_alerts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    core->finished = g_queue_new();
    core->queue = hcp_queue_new();
    core->schedule = hcp_schedule_new();
    core->releases = hcp_releases_new();
    core->replies = hcp_replies_new();
    return core;
}

void hcp_core_free(hcp_core *core)
{
    if (core == NULL)
        return;
    GHashTable *tables[] = {core->workload_ids,   core->lease_ids,     core->switch_ids,
                            core->class_keys,     core->facility_keys, core->customer_keys,
                            core->batch_prefixes, core->open_alerts};
    for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
        g_hash_table_unref(tables[i]);
    g_queue_free(core->finished);
    hcp_queue_free(core->queue);
    hcp_schedule_free(core->schedule);
    hcp_releases_free(core->releases);
    hcp_replies_free(core->replies);
    g_array_unref(core->tallies);
    hcp_timers_finish(&core->timers);
    hcp_state_finish(&core->state);
    g_free(core);
}

void hcp_core_rebuild(hcp_core *core)
{
    hcp_fleet_rebuild(core);
    hcp_lease_rebuild(core);
    hcp_switch_rebuild(core);
    hcp_identity_rebuild(core);
    hcp_workload_rebuild(core);
    hcp_schedule_rebuild(core);
    hcp_market_rebuild(core);
    hcp_account_rebuild(core);
    hcp_alert_rebuild(core);
    hcp_grid_rebuild(core);
}

const hcp_state *hcp_core_state(const hcp_core *core)
{
    return &core->state;
}

void hcp_outcome_clear(hcp_outcome *outcome)
{
    if (outcome->events != NULL) {
        for (guint i = 0; i < outcome->events->len; i++)
            hcp_event_clear(&g_array_index(outcome->events, hcp_event, i));
        g_array_unref(outcome->events);
    }
    memset(outcome, 0, sizeof *outcome);
}

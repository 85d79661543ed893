/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a workload. NEXT below is the whole state table: apply refuses every other transition, so an illegal one can
 * come neither from a decision nor from a journal.
 *
 * Service time is counted from the moment every device of the gang serves; money and requests are products of it, rounded
 * once. Work since the last checkpoint is lost with a lease, done again, and never charged.
 */
#include "core/internal.h"

#include "base/timefmt.h"
#include "base/units.h"
#include "core/metering.h"

/* Training and processing save their progress this often, so that is the most a preemption costs. */
#define CHECKPOINT_US (10 * HCP_US_PER_MIN)
/* A workload that was put off starts this much before the last moment: a switch with all its phases late, and another. */
#define DEFERRAL_RESERVE_US (15 * HCP_US_PER_MIN)
/* Back-off doubles at most this often. */
#define MAX_DOUBLINGS 10

#define TO(status) (1u << HCP_WORKLOAD_##status)

static const unsigned NEXT[HCP_WORKLOAD_STATUSES] = {
    [HCP_WORKLOAD_QUEUED] = TO(STARTING) | TO(FAILED) | TO(CANCELLED),
    [HCP_WORKLOAD_STARTING] = TO(RUNNING) | TO(QUEUED) | TO(FAILED) | TO(CANCELLED),
    [HCP_WORKLOAD_RUNNING] = TO(QUEUED) | TO(COMPLETED) | TO(FAILED) | TO(CANCELLED),
};

bool hcp_workload_may_become(hcp_workload_status from, hcp_workload_status to)
{
    return from < HCP_WORKLOAD_STATUSES && to < HCP_WORKLOAD_STATUSES &&
           (NEXT[from] & (1u << to)) != 0;
}

static bool is_finished(const hcp_workload *workload)
{
    return workload->status >= HCP_WORKLOAD_COMPLETED;
}

static bool is_inference(const hcp_workload *workload)
{
    return workload->def.kind == HCP_WORKLOAD_AI_INFERENCE_REALTIME ||
           workload->def.kind == HCP_WORKLOAD_AI_INFERENCE_BATCH;
}

/* Service time of the current run, never past what the workload asked for. */
static int64_t run_us(const hcp_workload *workload, int64_t now_us)
{
    if (workload->status != HCP_WORKLOAD_RUNNING)
        return 0;
    int64_t us = now_us - workload->started_us;
    if (workload->def.duration_us > 0)
        us = MIN(us, workload->def.duration_us - workload->served_us);
    return us;
}

/* What of a run of `us` is lost with its lease. Inference has answered what it answered. */
static int64_t lost_us(const hcp_workload *workload, int64_t us)
{
    return is_inference(workload) ? 0 : us % CHECKPOINT_US;
}

int64_t hcp_workload_loss_us(const hcp_workload *workload, int64_t now_us)
{
    return lost_us(workload, run_us(workload, now_us));
}

/* Requests served by the gang in `us` of its current run. */
static int64_t run_requests(const hcp_state *state, const hcp_workload *workload, int64_t us)
{
    if (!is_inference(workload) || workload->lease == HCP_NO_INDEX)
        return 0;
    const hcp_lease *lease = hcp_state_lease(state, workload->lease);
    const hcp_class *cls = hcp_state_class(state, lease->def.class_ix);
    return hcp_units_muldiv(cls->def.requests_milli_per_s * workload->def.count, us,
                            1000 * HCP_US_PER_S);
}

static hcp_usd_micro charge(const hcp_workload *workload, int64_t served_us)
{
    return hcp_money_accrue(workload->def.rate_usd_micro_per_h, served_us, workload->def.count);
}

void hcp_workload_accrued(const hcp_state *state, uint32_t ix, int64_t now_us,
                          hcp_accrual *ret_accrual)
{
    const hcp_workload *workload = hcp_state_workload(state, ix);
    int64_t us = run_us(workload, now_us);
    *ret_accrual = (hcp_accrual){
        .served_us = workload->served_us + us,
        .requests = workload->requests + run_requests(state, workload, us),
        .cost_usd_micro = is_finished(workload) ? workload->cost_usd_micro
                                                : charge(workload, workload->served_us + us),
    };
}

/* --- events ------------------------------------------------------------------------------------------------------ */

/* The row an event speaks of, if it may become `to`; otherwise NULL and the reason. */
static hcp_workload *row_for(hcp_core *core, hcp_workload_id id, hcp_workload_status to,
                             const char **ret_why)
{
    uint32_t ix = hcp_core_find_workload(core, id);
    *ret_why = "it names a workload that does not exist";
    if (ix == HCP_NO_INDEX)
        return NULL;
    hcp_workload *row = hcp_core_workload(core, ix);
    *ret_why = "the workload is not in a state that allows it";
    return hcp_workload_may_become(row->status, to) ? row : NULL;
}

static void arm(hcp_core *core, hcp_timer_kind kind, uint32_t ix, int64_t due_us)
{
    uint64_t id = hcp_core_workload(core, ix)->def.id.value;
    hcp_timers_arm(&core->timers, (hcp_timer){.due_us = due_us, .kind = kind, .row = ix, .id = id});
}

static void enqueue(hcp_core *core, uint32_t ix)
{
    const hcp_workload *row = hcp_core_workload(core, ix);
    hcp_queue_insert(core->queue, ix, row);
    arm(core, HCP_TIMER_WORKLOAD_DEADLINE, ix,
        hcp_workload_deadline_due(core, ix, row->def.id.value));
    if (row->wait == HCP_WAIT_BACKOFF || row->wait == HCP_WAIT_DEFERRED)
        arm(core, HCP_TIMER_WORKLOAD_BACKOFF, ix, row->not_before_us);
}

/* Older first, then by id: an order that a restored core finds again, because it decides which slots are reused. */
static int finished_before(gconstpointer a, gconstpointer b, gpointer core)
{
    const hcp_workload *left = hcp_core_workload(core, GPOINTER_TO_UINT(a));
    const hcp_workload *right = hcp_core_workload(core, GPOINTER_TO_UINT(b));
    if (left->finished_us != right->finished_us)
        return left->finished_us < right->finished_us ? -1 : 1;
    return left->def.id.value < right->def.id.value ? -1 : 1;
}

/* Queues a finished workload for oblivion. It is the newest but for those that ended at the same moment. */
static void remember_finished(hcp_core *core, uint32_t ix)
{
    GList *after = core->finished->tail;
    while (after != NULL && finished_before(GUINT_TO_POINTER(ix), after->data, core) < 0)
        after = after->prev;
    if (after == NULL)
        g_queue_push_head(core->finished, GUINT_TO_POINTER(ix));
    else
        g_queue_insert_after(core->finished, after, GUINT_TO_POINTER(ix));
}

/* Forgets workloads that finished longer ago than they are kept. */
static void expire(hcp_core *core)
{
    const int64_t limit_us = core->state.settings.finished_retention_us;
    while (!g_queue_is_empty(core->finished)) {
        uint32_t ix = GPOINTER_TO_UINT(g_queue_peek_head(core->finished));
        hcp_workload *row = hcp_core_workload(core, ix);
        if (row->finished_us + limit_us >= core->state.now_us)
            return;
        hcp_ids_drop(core->workload_ids, row->def.id.value);
        g_free(row->reason);
        hcp_record_clear(hcp_event_record(HCP_EVENT_WORKLOAD_ACCEPTED), &row->def);
        hcp_slots_give(&core->state.workloads, ix);
        (void)g_queue_pop_head(core->finished);
    }
}

const char *hcp_workload_apply_accepted(hcp_core *core, const hcp_event *event)
{
    const hcp_workload_accepted *def = &event->workload_accepted;
    hcp_state *state = &core->state;
    if (def->id.value <= state->last_id)
        return "its id is not new";
    if (def->customer >= state->fleet.customers->len || def->count == 0 ||
        def->count > HCP_MAX_GANG || def->priority == HCP_PRIORITY_NONE ||
        def->priority >= HCP_PRIORITIES || def->kind >= HCP_WORKLOAD_KINDS)
        return "a member is out of range";
    hcp_customer *customer = hcp_core_customer(core, def->customer);
    bool limited = customer->quota_left_device_us >= 0;
    if (def->quota_device_us < 0 ||
        (limited && def->quota_device_us > customer->quota_left_device_us))
        return "it reserves more than the customer's quota";
    expire(core);
    uint32_t ix = hcp_slots_take(&state->workloads);
    hcp_workload *row = hcp_core_workload(core, ix);
    hcp_record_copy(hcp_event_record(event->type), def, &row->def);
    row->status = HCP_WORKLOAD_QUEUED;
    row->wait = hcp_queue_is_ahead(core->queue, def) ? HCP_WAIT_BEHIND : HCP_WAIT_DEVICES;
    row->lease = HCP_NO_INDEX;
    row->accepted_us = row->queued_us = event->time_us;
    row->due_us = def->deadline_us;
    if (limited)
        customer->quota_left_device_us -= def->quota_device_us;
    customer->active++;
    state->submitted_count++;
    hcp_core_note_id(core, def->id.value);
    hcp_ids_put(core->workload_ids, def->id.value, ix);
    enqueue(core, ix);
    return NULL;
}

void hcp_workload_bind_lease(hcp_core *core, uint32_t workload, uint32_t lease)
{
    hcp_workload *row = hcp_core_workload(core, workload);
    g_assert(hcp_workload_may_become(row->status, HCP_WORKLOAD_STARTING));
    hcp_queue_remove(core->queue, workload);
    row->status = HCP_WORKLOAD_STARTING;
    row->wait = HCP_WAIT_NONE;
    row->lease = lease;
    hcp_schedule_note_lease(core, row, true);
}

void hcp_workload_unbind_lease(hcp_core *core, uint32_t workload, uint32_t lease)
{
    hcp_workload *row = hcp_core_workload(core, workload);
    if (row->lease == lease)
        row->lease = HCP_NO_INDEX;
}

static hcp_usd_micro gang_rate(const hcp_workload *row)
{
    return row->def.rate_usd_micro_per_h * row->def.count;
}

const char *hcp_workload_apply_started(hcp_core *core, const hcp_event *event)
{
    const hcp_workload_started *started = &event->workload_started;
    const char *why;
    hcp_workload *row = row_for(core, started->id, HCP_WORKLOAD_RUNNING, &why);
    if (row == NULL)
        return why;
    row->status = HCP_WORKLOAD_RUNNING;
    row->started_us = event->time_us;
    row->ends_us = started->ends_us;
    hcp_releases_invalidate(core);
    if (row->first_started_us == 0)
        row->first_started_us = event->time_us;
    hcp_metering_charge(core, hcp_core_lease(core, row->lease)->def.facility, gang_rate(row));
    if (row->ends_us > 0)
        arm(core, HCP_TIMER_WORKLOAD_END, hcp_core_find_workload(core, started->id), row->ends_us);
    return NULL;
}

/* Ends the current run, of which `counted_us` are charged: the meter stops and takes back the rest. */
static void end_run(hcp_core *core, hcp_workload *row, int64_t counted_us)
{
    if (row->status != HCP_WORKLOAD_RUNNING)
        return;
    uint32_t facility = hcp_core_lease(core, row->lease)->def.facility;
    int64_t ran_us = core->state.now_us - row->started_us;
    hcp_metering_charge(core, facility, -gang_rate(row));
    hcp_metering_credit(core, facility, gang_rate(row), ran_us - counted_us);
    row->served_us += counted_us;
    row->started_us = 0;
    row->ends_us = 0;
}

/* Time waited counts, time served does not: what was left of the limit when the devices came is left again. */
static int64_t due_again_us(const hcp_core *core, const hcp_workload *row)
{
    if (row->due_us == 0)
        return 0;
    int64_t left_us = row->due_us - hcp_state_lease(&core->state, row->lease)->granted_us;
    return core->state.now_us + left_us;
}

int64_t hcp_workload_latest_start_us(const hcp_workload_accepted *def)
{
    if (!def->deferrable || def->finish_by_us == 0 || def->duration_us == 0)
        return 0;
    return def->finish_by_us - def->duration_us - DEFERRAL_RESERVE_US;
}

int64_t hcp_workload_gpu_us(const hcp_workload_accepted *def, uint32_t count, int64_t us)
{
    uint32_t share = def->share_milli > 0 ? def->share_milli : HCP_SHARE_WHOLE;
    return hcp_units_muldiv(us * count, share, HCP_SHARE_WHOLE);
}

const char *hcp_workload_apply_deferred(hcp_core *core, const hcp_event *event)
{
    const hcp_workload_deferred *deferred = &event->workload_deferred;
    uint32_t ix = hcp_core_find_workload(core, deferred->id);
    if (ix == HCP_NO_INDEX)
        return "it names a workload that does not exist";
    hcp_workload *row = hcp_core_workload(core, ix);
    if (row->status != HCP_WORKLOAD_QUEUED || deferred->not_before_us <= event->time_us ||
        deferred->not_before_us > hcp_workload_latest_start_us(&row->def))
        return "the workload cannot be put off until then";
    row->wait = HCP_WAIT_DEFERRED;
    row->not_before_us = deferred->not_before_us;
    row->deferral_usd_micro = deferred->saving_usd_micro;
    g_free(row->reason);
    row->reason = g_strdup(deferred->reason);
    arm(core, HCP_TIMER_WORKLOAD_BACKOFF, ix, row->not_before_us);
    hcp_schedule_note_deferred(core, ix);
    return NULL;
}

const char *hcp_workload_apply_requeued(hcp_core *core, const hcp_event *event)
{
    const hcp_workload_requeued *requeued = &event->workload_requeued;
    const char *why;
    hcp_workload *row = row_for(core, requeued->id, HCP_WORKLOAD_QUEUED, &why);
    if (row == NULL)
        return why;
    int64_t us = run_us(row, event->time_us);
    if (requeued->lost_us < 0 || requeued->lost_us > us)
        return "it loses more than was served";
    hcp_schedule_note_lease(core, row, false);
    row->requests += run_requests(&core->state, row, us - requeued->lost_us);
    end_run(core, row, us - requeued->lost_us);
    row->status = HCP_WORKLOAD_QUEUED;
    row->due_us = due_again_us(core, row);
    row->queued_us = event->time_us;
    row->not_before_us = requeued->not_before_us;
    row->wait = requeued->not_before_us > event->time_us ? HCP_WAIT_BACKOFF : HCP_WAIT_BEHIND;
    row->preemptions += requeued->preempted ? 1 : 0;
    row->retries += requeued->preempted ? 0 : 1;
    core->state.preemption_count += requeued->preempted ? 1 : 0;
    g_free(row->reason);
    row->reason = g_strdup(requeued->reason);
    enqueue(core, hcp_core_find_workload(core, requeued->id));
    return NULL;
}

/* Returns what was reserved and not used, and books what was. */
static void settle(hcp_core *core, const hcp_workload *row)
{
    hcp_customer *customer = hcp_core_customer(core, row->def.customer);
    int64_t used_us = hcp_workload_gpu_us(&row->def, row->def.count, row->served_us);
    if (customer->quota_left_device_us >= 0)
        customer->quota_left_device_us += MAX(row->def.quota_device_us - used_us, 0);
    customer->used_device_us += used_us;
    customer->spent_usd_micro += row->cost_usd_micro;
    customer->active--;
}

static void count_end(hcp_state *state, hcp_workload_status status)
{
    state->completed_count += status == HCP_WORKLOAD_COMPLETED;
    state->failed_count += status == HCP_WORKLOAD_FAILED;
    state->cancelled_count += status == HCP_WORKLOAD_CANCELLED;
}

const char *hcp_workload_apply_ended(hcp_core *core, const hcp_event *event)
{
    const hcp_workload_ended *ended = &event->workload_ended;
    const char *why;
    hcp_workload *row = row_for(core, ended->id, ended->status, &why);
    if (row == NULL || ended->status < HCP_WORKLOAD_COMPLETED)
        return why;
    if (ended->served_us < row->served_us ||
        ended->served_us - row->served_us > run_us(row, event->time_us))
        return "it charges service that was not given";
    uint32_t ix = hcp_core_find_workload(core, ended->id);
    if (row->status == HCP_WORKLOAD_QUEUED)
        hcp_queue_remove(core->queue, ix);
    else
        hcp_schedule_note_lease(core, row, false);
    end_run(core, row, ended->served_us - row->served_us);
    row->status = ended->status;
    row->wait = HCP_WAIT_NONE;
    row->requests = ended->requests;
    row->cost_usd_micro = ended->cost_usd_micro;
    row->finished_us = event->time_us;
    g_free(row->reason);
    row->reason = g_strdup(ended->reason);
    settle(core, row);
    count_end(&core->state, ended->status);
    expire(core);
    remember_finished(core, ix);
    return NULL;
}

const char *hcp_workload_apply_wait(hcp_core *core, const hcp_event *event)
{
    const hcp_wait_changed *changed = &event->wait_changed;
    uint32_t ix = hcp_core_find_workload(core, changed->id);
    if (ix == HCP_NO_INDEX || hcp_core_workload(core, ix)->status != HCP_WORKLOAD_QUEUED)
        return "it names a workload that is not queued";
    hcp_core_workload(core, ix)->wait = changed->wait;
    return NULL;
}

/* --- decisions --------------------------------------------------------------------------------------------------- */

/* Ends a workload, charging its checkpointed service, and says so to its customer. The lease is the caller's. */
static void finish(hcp_txn *txn, uint32_t ix, hcp_workload_status status, const char *reason)
{
    const hcp_state *state = &txn->core->state;
    const hcp_workload *row = hcp_state_workload(state, ix);
    int64_t us = run_us(row, txn->now_us);
    if (status == HCP_WORKLOAD_FAILED)
        us -= lost_us(row, us);
    hcp_event event = {.type = HCP_EVENT_WORKLOAD_ENDED};
    event.workload_ended = (hcp_workload_ended){
        .id = row->def.id,
        .status = status,
        .reason = g_strdup(reason),
        .served_us = row->served_us + us,
        .requests = row->requests + run_requests(state, row, us),
        .cost_usd_micro = charge(row, row->served_us + us),
    };
    hcp_txn_emit(txn, &event);
    if (status != HCP_WORKLOAD_CANCELLED)
        hcp_alert_workload_ended(txn, ix);
}

void hcp_workload_lease_ready(hcp_txn *txn, uint32_t lease)
{
    uint32_t ix = hcp_state_lease(&txn->core->state, lease)->workload;
    if (ix == HCP_NO_INDEX)
        return;
    const hcp_workload *row = hcp_state_workload(&txn->core->state, ix);
    hcp_event event = {.type = HCP_EVENT_WORKLOAD_STARTED};
    event.workload_started.id = row->def.id;
    if (row->def.duration_us > 0)
        event.workload_started.ends_us = txn->now_us + row->def.duration_us - row->served_us;
    hcp_txn_emit(txn, &event);
}

static void requeue(hcp_txn *txn, uint32_t ix, const char *reason, bool preempted,
                    int64_t not_before_us)
{
    const hcp_workload *row = hcp_state_workload(&txn->core->state, ix);
    hcp_event event = {.type = HCP_EVENT_WORKLOAD_REQUEUED};
    event.workload_requeued = (hcp_workload_requeued){
        .id = row->def.id,
        .reason = g_strdup(reason),
        .preempted = preempted,
        .lost_us = hcp_workload_loss_us(row, txn->now_us),
        .not_before_us = not_before_us,
    };
    hcp_txn_emit(txn, &event);
}

/* Back-off before the next try: doubles with each, and is spread by up to a quarter so that the victims of one failure do
 * not all return at once. The spread comes from the id: no randomness, and the same on every run. */
static int64_t backoff_us(const hcp_settings *settings, const hcp_workload *row)
{
    int64_t us = settings->retry_backoff_us << MIN(row->retries, MAX_DOUBLINGS);
    uint64_t mixed = (row->def.id.value ^ row->retries) * UINT64_C(0x9e3779b97f4a7c15);
    return us + hcp_units_muldiv(us / 4, (int64_t)(mixed >> 40), 1 << 24);
}

void hcp_workload_lease_lost(hcp_txn *txn, uint32_t lease, const char *reason)
{
    const hcp_state *state = &txn->core->state;
    uint32_t ix = hcp_state_lease(state, lease)->workload;
    if (ix == HCP_NO_INDEX)
        return;
    const hcp_workload *row = hcp_state_workload(state, ix);
    if (row->ends_us > 0 && txn->now_us >= row->ends_us) {
        finish(txn, ix, HCP_WORKLOAD_COMPLETED, "served in full");
    } else if (row->retries >= state->settings.max_retries) {
        g_autofree char *why =
            g_strdup_printf("%s; given up after %u retries", reason, row->retries);
        finish(txn, ix, HCP_WORKLOAD_FAILED, why);
    } else {
        requeue(txn, ix, reason, false, txn->now_us + backoff_us(&state->settings, row));
    }
}

void hcp_workload_evicted(hcp_txn *txn, uint32_t ix, const char *reason)
{
    const hcp_workload *row = hcp_state_workload(&txn->core->state, ix);
    if (row->ends_us > 0 && txn->now_us >= row->ends_us)
        finish(txn, ix, HCP_WORKLOAD_COMPLETED, "served in full");
    else
        requeue(txn, ix, reason, true, 0);
}

void hcp_workload_preempt(hcp_txn *txn, uint32_t ix, hcp_workload_id by)
{
    char id[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_WORKLOAD, by.value, id);
    g_autofree char *reason = g_strdup_printf("preempted by %s", id);
    uint32_t lease = hcp_state_workload(&txn->core->state, ix)->lease;
    requeue(txn, ix, reason, true, 0);
    hcp_lease_release(txn, lease, reason);
}

bool hcp_workload_decide_cancel(hcp_txn *txn, const hcp_command *command)
{
    uint32_t ix = hcp_core_find_workload(txn->core, command->cancel);
    if (ix == HCP_NO_INDEX)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "workload_id",
                              "there is no such workload");
    const hcp_workload *row = hcp_state_workload(&txn->core->state, ix);
    if (is_finished(row))
        return hcp_txn_refuse(txn, HCP_REFUSAL_CONFLICT, "status",
                              "the workload has already ended: it is %s",
                              hcp_enum_name(&HCP_WORKLOAD_STATUS_NAMES, (int)row->status));
    uint32_t lease = row->lease;
    finish(txn, ix, HCP_WORKLOAD_CANCELLED, "cancelled on request");
    if (lease != HCP_NO_INDEX)
        hcp_lease_release(txn, lease, "workload cancelled");
    return true;
}

/* --- timers ------------------------------------------------------------------------------------------------------ */

/* The row a timer means, unless its slot has been reused. */
static const hcp_workload *timer_row(const hcp_core *core, uint32_t row, uint64_t id)
{
    if (row >= core->state.workloads.items->len)
        return NULL;
    const hcp_workload *workload = hcp_state_workload(&core->state, row);
    return workload->def.id.value == id ? workload : NULL;
}

int64_t hcp_workload_due(const hcp_core *core, uint32_t row, uint64_t id)
{
    const hcp_workload *workload = timer_row(core, row, id);
    bool ends =
        workload != NULL && workload->status == HCP_WORKLOAD_RUNNING && workload->ends_us > 0;
    return ends ? workload->ends_us : INT64_MAX;
}

void hcp_workload_fire(hcp_txn *txn, uint32_t row, uint64_t id G_GNUC_UNUSED)
{
    uint32_t lease = hcp_state_workload(&txn->core->state, row)->lease;
    finish(txn, row, HCP_WORKLOAD_COMPLETED, "served in full");
    hcp_lease_release(txn, lease, "workload completed");
}

/* A back-off ends by itself: the entry only brings the scheduler back to it. */
int64_t hcp_workload_backoff_due(const hcp_core *core, uint32_t row, uint64_t id)
{
    const hcp_workload *workload = timer_row(core, row, id);
    bool waits = workload != NULL && workload->status == HCP_WORKLOAD_QUEUED &&
                 (workload->wait == HCP_WAIT_BACKOFF || workload->wait == HCP_WAIT_DEFERRED);
    return waits ? workload->not_before_us : INT64_MAX;
}

void hcp_workload_backoff_fire(hcp_txn *txn, uint32_t row, uint64_t id G_GNUC_UNUSED)
{
    if (hcp_state_workload(&txn->core->state, row)->wait == HCP_WAIT_DEFERRED) {
        hcp_schedule_end_deferral(txn, row);
        return;
    }
    hcp_event event = {.type = HCP_EVENT_WAIT_CHANGED};
    event.wait_changed.id = hcp_state_workload(&txn->core->state, row)->def.id;
    event.wait_changed.wait = HCP_WAIT_BEHIND;
    hcp_txn_emit(txn, &event);
    hcp_schedule_wake(txn);
}

/* Two moments change what a queued workload may claim: the promised start (it then keeps devices for itself, and people
 * are told), and old age (it goes first). How far it got is derived: after a restart both may fire again, harmlessly. */
int64_t hcp_workload_deadline_due(const hcp_core *core, uint32_t row, uint64_t id)
{
    const hcp_workload *workload = timer_row(core, row, id);
    if (workload == NULL || !hcp_queue_holds(core->queue, row) ||
        hcp_queue_aged_us(core->queue, workload) == INT64_MAX)
        return INT64_MAX; /* not waiting, or of a class without a limit */
    switch (hcp_queue_stage(core->queue, row)) {
    case 0:
        return hcp_queue_overdue_us(core->queue, row);
    case 1:
        return hcp_queue_aged_us(core->queue, workload);
    default:
        return INT64_MAX;
    }
}

void hcp_workload_deadline_fire(hcp_txn *txn, uint32_t row, uint64_t id)
{
    hcp_core *core = txn->core;
    while (hcp_workload_deadline_due(core, row, id) <= txn->now_us)
        hcp_queue_set_stage(core->queue, row, (uint8_t)(hcp_queue_stage(core->queue, row) + 1));
    arm(core, HCP_TIMER_WORKLOAD_DEADLINE, row, hcp_workload_deadline_due(core, row, id));
    hcp_alert_queue_wait(txn, row);
    hcp_schedule_wake(txn);
}

/* --- after a restore --------------------------------------------------------------------------------------------- */

void hcp_workload_rebuild(hcp_core *core)
{
    hcp_queue_configure(core->queue, &core->state.settings);
    for (uint32_t ix = 0; ix < core->state.workloads.items->len; ix++) {
        const hcp_workload *row = hcp_core_workload(core, ix);
        if (row->def.id.value == 0)
            continue;
        hcp_ids_put(core->workload_ids, row->def.id.value, ix);
        if (row->status == HCP_WORKLOAD_QUEUED)
            enqueue(core, ix);
        else if (is_finished(row))
            g_queue_push_tail(core->finished, GUINT_TO_POINTER(ix));
        else if (row->ends_us > 0)
            arm(core, HCP_TIMER_WORKLOAD_END, ix, row->ends_us);
    }
    g_queue_sort(core->finished, finished_before, core);
}

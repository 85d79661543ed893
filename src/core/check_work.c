/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants of workloads, the queue, customers and alerts, each recomputed row by row. */
#include "core/internal.h"

static char *broken(const char *format, ...) G_GNUC_PRINTF(1, 2);

static char *broken(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return text;
}

/* --- workloads --------------------------------------------------------------------------------------------------- */

static bool is_leased(const hcp_workload *row)
{
    return row->status == HCP_WORKLOAD_STARTING || row->status == HCP_WORKLOAD_RUNNING;
}

static char *check_workload(const hcp_core *core, uint32_t ix)
{
    const hcp_state *state = &core->state;
    const hcp_workload *row = hcp_state_workload(state, ix);
    if (hcp_core_find_workload(core, row->def.id) != ix)
        return broken("workload %u is not found by its id", ix);
    if (is_leased(row) != (row->lease != HCP_NO_INDEX))
        return broken("workload %u is %s and its lease disagrees", ix,
                      hcp_enum_name(&HCP_WORKLOAD_STATUS_NAMES, (int)row->status));
    if (row->lease != HCP_NO_INDEX) {
        const hcp_lease *lease = hcp_state_lease(state, row->lease);
        if (!lease->live || lease->workload != ix || lease->def.devices.count != row->def.count)
            return broken("the lease of workload %u is not a live one of its whole gang", ix);
    }
    if ((row->status == HCP_WORKLOAD_RUNNING) != (row->started_us > 0))
        return broken("workload %u is running without a start, or the reverse", ix);
    if (row->def.duration_us > 0 && row->served_us > row->def.duration_us)
        return broken("workload %u was served longer than it asked for", ix);
    if (hcp_queue_holds(core->queue, ix) != (row->status == HCP_WORKLOAD_QUEUED))
        return broken("workload %u and the queue disagree", ix);
    return NULL;
}

/* What every facility charges now must be what its running workloads and allocations pay. */
static char *check_rates(const hcp_state *state)
{
    uint32_t n = state->fleet.facilities->len;
    g_autofree hcp_usd_micro *rates = g_new0(hcp_usd_micro, n + 1);
    for (uint32_t i = 0; i < state->workloads.items->len; i++) {
        const hcp_workload *row = hcp_state_workload(state, i);
        if (row->status == HCP_WORKLOAD_RUNNING)
            rates[hcp_state_lease(state, row->lease)->def.facility] +=
                row->def.rate_usd_micro_per_h * row->def.count;
    }
    for (uint32_t i = 0; i < state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, i);
        if (lease->live)
            rates[lease->def.facility] += lease->rate_usd_micro_per_h * lease->def.devices.count;
    }
    for (uint32_t f = 0; f < n; f++)
        if (rates[f] != hcp_state_facility(state, f)->ai_usd_micro_per_h)
            return broken("facility %u charges another rate than its customers pay", f);
    return NULL;
}

char *hcp_check_workloads(const hcp_core *core)
{
    const hcp_state *state = &core->state;
    int64_t open = 0;
    for (uint32_t i = 0; i < state->workloads.items->len; i++) {
        const hcp_workload *row = hcp_state_workload(state, i);
        char *fault = row->def.id.value == 0 ? NULL : check_workload(core, i);
        if (fault != NULL)
            return fault;
        open += row->def.id.value != 0 && row->status < HCP_WORKLOAD_COMPLETED;
    }
    int64_t ended = state->completed_count + state->failed_count + state->cancelled_count;
    if (state->submitted_count != open + ended)
        return broken("%" G_GINT64_FORMAT " workloads came, %" G_GINT64_FORMAT
                      " are here and %" G_GINT64_FORMAT " have ended",
                      state->submitted_count, open, ended);
    return check_rates(state);
}

/* --- the queue --------------------------------------------------------------------------------------------------- */

static char *check_demand(const hcp_core *core)
{
    uint64_t devices[HCP_PRIORITIES] = {0};
    uint32_t depth[HCP_PRIORITIES] = {0};
    for (uint32_t i = 0; i < core->state.workloads.items->len; i++) {
        const hcp_workload *row = hcp_state_workload(&core->state, i);
        if (row->def.id.value == 0 || row->status != HCP_WORKLOAD_QUEUED)
            continue;
        devices[row->def.priority] += row->def.count;
        depth[row->def.priority]++;
    }
    for (int p = HCP_PRIORITY_P1; p < HCP_PRIORITIES; p++)
        if (devices[p] != hcp_queue_devices(core->queue, (hcp_priority)p) ||
            depth[p] != hcp_queue_depth(core->queue, (hcp_priority)p))
            return broken("the queue of P%d does not count its workloads", p);
    return NULL;
}

/* In reach of the scheduler nobody waits for what is there: not the first at all, nobody else beside what is kept. */
static char *check_idle_capacity(const hcp_core *core)
{
    const hcp_state *state = &core->state;
    hcp_queue_iter iter;
    hcp_queue_iter_init(&iter, core->queue, state->now_us);
    uint32_t ix, place = 0;
    while ((ix = hcp_queue_iter_next(&iter)) != HCP_NO_INDEX &&
           place <= state->settings.backfill_depth) {
        if (hcp_queue_position(core->queue, ix, state->now_us) != ++place)
            return broken("workload %u is %u. in line and counts itself elsewhere", ix, place);
        const hcp_workload *row = hcp_state_workload(state, ix);
        bool may_start = row->wait != HCP_WAIT_BACKOFF && row->wait != HCP_WAIT_POWER &&
                         row->wait != HCP_WAIT_DEFERRED;
        if (row->wait == HCP_WAIT_DEFERRED && row->not_before_us < state->now_us)
            return broken("workload %u was put off and its time has passed", ix);
        if (row->wait == HCP_WAIT_DEFERRED &&
            row->not_before_us > hcp_workload_latest_start_us(&row->def))
            return broken("workload %u was put off beyond its deadline", ix);
        if (may_start && hcp_placement_would_fit(core, ix))
            return broken("workload %u could start and waits (%s)", ix,
                          hcp_enum_name(&HCP_WAIT_NAMES, (int)row->wait));
    }
    return NULL;
}

char *hcp_check_queue(const hcp_core *core)
{
    char *fault = check_demand(core);
    return fault != NULL || hcp_schedule_is_stale(core) ? fault : check_idle_capacity(core);
}

/* --- customers and alerts ---------------------------------------------------------------------------------------- */

char *hcp_check_customers(const hcp_core *core)
{
    const hcp_state *state = &core->state;
    uint32_t n = state->fleet.customers->len;
    g_autofree uint32_t *active = g_new0(uint32_t, n + 1);
    for (uint32_t i = 0; i < state->workloads.items->len; i++) {
        const hcp_workload *row = hcp_state_workload(state, i);
        if (row->def.id.value != 0 && row->status < HCP_WORKLOAD_COMPLETED)
            active[row->def.customer]++;
    }
    for (uint32_t c = 0; c < n; c++) {
        const hcp_customer *customer = hcp_state_customer(state, c);
        if (customer->active != active[c])
            return broken("customer %s counts %u active workloads, %u are", customer->def.key,
                          customer->active, active[c]);
        bool limited = customer->def.quota_device_us >= 0;
        if (limited ? customer->quota_left_device_us < 0 : customer->quota_left_device_us != -1)
            return broken("the quota of customer %s is impossible", customer->def.key);
    }
    return NULL;
}

char *hcp_check_alerts(const hcp_core *core)
{
    uint64_t last = 0;
    uint32_t open = 0;
    for (guint i = 0; i < core->state.alerts->len; i++) {
        const hcp_alert *alert = &g_array_index(core->state.alerts, hcp_alert, i);
        if (alert->def.id.value <= last)
            return broken("alert %u is out of order", i);
        last = alert->def.id.value;
        open += alert->cleared_us == 0;
    }
    /* The table has one entry per kind and subject, so equal numbers mean that no two open alerts share them. */
    if (open != g_hash_table_size(core->open_alerts))
        return broken("%u alerts are open, %u kinds and subjects are known", open,
                      g_hash_table_size(core->open_alerts));
    return NULL;
}

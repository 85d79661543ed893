/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/tally.h"

#include <stdlib.h>

static GArray *times_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(int64_t));
}

void hcp_tally_init(hcp_tally *tally)
{
    *tally = (hcp_tally){.gpu_switches = times_new(), .fleet_switches = times_new()};
    tally->leased_switches = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    for (int p = 0; p < HCP_PRIORITIES; p++)
        tally->waits[p] = times_new();
}

void hcp_tally_finish(hcp_tally *tally)
{
    for (int p = 0; p < HCP_PRIORITIES; p++)
        g_array_unref(tally->waits[p]);
    g_array_unref(tally->gpu_switches);
    g_array_unref(tally->fleet_switches);
    g_hash_table_unref(tally->leased_switches);
}

/* The wait ends when the workload gets its devices; the switch that follows is counted as a switch. */
static void note_lease(hcp_tally *tally, const hcp_core *core, const hcp_event *event)
{
    uint32_t ix = hcp_core_find_workload(core, event->lease_granted.workload);
    if (ix == HCP_NO_INDEX)
        return;
    const hcp_workload *workload = hcp_state_workload(hcp_core_state(core), ix);
    if (workload->first_started_us != 0 || workload->retries > 0 || workload->preemptions > 0)
        return; /* not its first one */
    if (workload->deferral_usd_micro != 0)
        return; /* it was put off on purpose, which is no wait */
    int64_t wait_us = event->time_us - workload->accepted_us;
    g_array_append_val(tally->waits[workload->def.priority], wait_us);
}

static void note_switch_ended(hcp_tally *tally, const hcp_switch_ended *sw)
{
    bool leased = g_hash_table_remove(tally->leased_switches, &sw->id.value);
    if (!sw->ok)
        *(leased ? &tally->gpu_rolled_back : &tally->fleet_rolled_back) += 1;
    else
        g_array_append_val(leased ? tally->gpu_switches : tally->fleet_switches, sw->duration_us);
}

/* Only of what was put off: others have their deadline from the request alone. */
static void note_end(hcp_tally *tally, const hcp_core *core, const hcp_event *event)
{
    uint32_t ix = hcp_core_find_workload(core, event->workload_ended.id);
    if (ix == HCP_NO_INDEX)
        return;
    const hcp_workload *workload = hcp_state_workload(hcp_core_state(core), ix);
    tally->deadlines_missed += workload->deferral_usd_micro != 0 &&
                               event->workload_ended.status == HCP_WORKLOAD_COMPLETED &&
                               event->time_us > workload->def.finish_by_us;
}

void hcp_tally_note(hcp_tally *tally, const hcp_core *core, const hcp_event *event)
{
    switch (event->type) {
    case HCP_EVENT_LEASE_GRANTED:
        note_lease(tally, core, event);
        break;
    case HCP_EVENT_WORKLOAD_DEFERRED:
        tally->deferred++;
        tally->deferral_usd_micro += event->workload_deferred.saving_usd_micro;
        break;
    case HCP_EVENT_WORKLOAD_ENDED:
        note_end(tally, core, event);
        break;
    case HCP_EVENT_WORKLOAD_REQUEUED:
        tally->preempted += event->workload_requeued.preempted;
        break;
    case HCP_EVENT_SWITCH_STARTED:
        if (g_str_equal(event->switch_started.cause, "placement") ||
            g_str_equal(event->switch_started.cause, "release"))
            g_hash_table_add(tally->leased_switches,
                             g_memdup2(&event->switch_started.id.value, sizeof(uint64_t)));
        break;
    case HCP_EVENT_SWITCH_ENDED:
        note_switch_ended(tally, &event->switch_ended);
        break;
    case HCP_EVENT_HEALTH_CHANGED:
        if (event->health_changed.health == HCP_HEALTH_FAILED)
            tally->device_failures += event->health_changed.devices.count;
        break;
    case HCP_EVENT_DECISION_RECORDED:
        tally->decisions++;
        break;
    default:
        break;
    }
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

typedef struct {
    int64_t mean_us, p50_us, p99_us, max_us;
} spread;

static spread spread_of(GArray *times)
{
    const guint n = times->len;
    if (n == 0)
        return (spread){0};
    g_array_sort(times, by_time);
    const int64_t *us = (const int64_t *)times->data;
    int64_t sum_us = 0;
    for (guint i = 0; i < n; i++)
        sum_us += us[i];
    return (spread){.mean_us = sum_us / n,
                    .p50_us = us[(n - 1) / 2],
                    .p99_us = us[(guint64)(n - 1) * 99 / 100],
                    .max_us = us[n - 1]};
}

static int64_t limit_us(const hcp_settings *settings, int priority)
{
    const int64_t limits[HCP_PRIORITIES] = {[HCP_PRIORITY_P1] = settings->max_wait_p1_us,
                                            [HCP_PRIORITY_P2] = settings->max_wait_p2_us,
                                            [HCP_PRIORITY_P3] = settings->max_wait_p3_us,
                                            [HCP_PRIORITY_P4] = INT64_MAX};
    return limits[priority];
}

static void report_waits(GArray *times, int64_t limit, hcp_simulate_waits *ret_waits)
{
    spread s = spread_of(times);
    *ret_waits = (hcp_simulate_waits){.started = times->len,
                                      .limit_us = limit,
                                      .mean_us = s.mean_us,
                                      .p50_us = s.p50_us,
                                      .p99_us = s.p99_us,
                                      .max_us = s.max_us};
    for (guint i = 0; i < times->len; i++)
        ret_waits->within_limit += g_array_index(times, int64_t, i) <= limit;
}

static void report_switches(GArray *times, uint64_t rolled_back,
                            hcp_simulate_switches *ret_switches)
{
    spread s = spread_of(times);
    *ret_switches = (hcp_simulate_switches){.ended = times->len,
                                            .rolled_back = rolled_back,
                                            .mean_us = s.mean_us,
                                            .p50_us = s.p50_us,
                                            .p99_us = s.p99_us,
                                            .max_us = s.max_us};
}

void hcp_tally_report(hcp_tally *tally, const hcp_state *state, hcp_simulate_report *report)
{
    for (int p = 0; p < HCP_PRIORITIES; p++)
        report_waits(tally->waits[p], limit_us(&state->settings, p), &report->waits[p]);
    report_switches(tally->gpu_switches, tally->gpu_rolled_back, &report->gpu_switches);
    report_switches(tally->fleet_switches, tally->fleet_rolled_back, &report->fleet_switches);
    report->preempted = tally->preempted;
    report->device_failures = tally->device_failures;
    report->decisions = tally->decisions;
    report->deferred = tally->deferred;
    report->deadlines_missed = tally->deadlines_missed;
    report->deferral_usd_micro = tally->deferral_usd_micro;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Counting requests and commits as they happen, and answering /metrics. */
#include "services/metrics.h"

#include "base/units.h"
#include "services/internal.h"

#include <string.h>

static double seconds(int64_t duration_us)
{
    return (double)duration_us / (double)HCP_US_PER_S;
}

static void on_request(void *data, const hcp_http_observation *request)
{
    hcp_services *services = data;
    char status[12];
    g_snprintf(status, sizeof status, "%u", request->status);
    const char *operation = request->operation != NULL ? request->operation->id : "none";
    const char *const labels[] = {operation, status};
    hcp_metrics_add(services->metrics, HCP_METRICS_REQUESTS, labels, 1);
    hcp_metrics_observe(services->metrics, HCP_METRICS_REQUEST_DURATION, labels,
                        seconds(request->duration_us));
    hcp_metrics_add(services->metrics, HCP_METRICS_RECEIVED, NULL, (double)request->received_bytes);
    hcp_metrics_add(services->metrics, HCP_METRICS_SENT, NULL, (double)request->sent_bytes);
}

/* --- what commits tell ----------------------------------------------------------------------------------------------- */

/* Only first starts: a workload that was preempted keeps the wait it had. */
static void note_started(hcp_services *services, const hcp_event *event)
{
    const hcp_state *state = hcp_services_state(services);
    uint32_t ix = hcp_core_find_workload(hcp_services_core(services), event->workload_started.id);
    if (ix == HCP_NO_INDEX)
        return;
    const hcp_workload *row = hcp_state_workload(state, ix);
    if (row->first_started_us != event->time_us)
        return;
    const char *priority = hcp_enum_name(&HCP_PRIORITY_NAMES, (int)row->def.priority);
    hcp_metrics_observe(services->metrics, HCP_METRICS_WAIT, &priority,
                        seconds(event->time_us - row->accepted_us));
    if (row->def.deadline_us != 0 && event->time_us > row->def.deadline_us)
        hcp_metrics_add(services->metrics, HCP_METRICS_LATE, &priority, 1);
}

static void note_phase(hcp_services *services, const hcp_event *event)
{
    const hcp_switch_phase_ended *phase = &event->switch_phase_ended;
    const char *name = hcp_enum_name(&HCP_PHASE_NAMES, (int)phase->phase);
    hcp_metrics_observe(services->metrics, HCP_METRICS_PHASE_DURATION, &name,
                        seconds(phase->ended_us - phase->started_us));
}

static void note_switch(hcp_services *services, const hcp_event *event)
{
    const char *result = event->switch_ended.ok ? "ok" : "rolled_back";
    hcp_metrics_add(services->metrics, HCP_METRICS_SWITCHES, &result, 1);
    if (event->switch_ended.ok)
        hcp_metrics_observe(services->metrics, HCP_METRICS_SWITCH_DURATION, NULL,
                            seconds(event->switch_ended.duration_us));
}

static const struct {
    hcp_event_type type;
    void (*note)(hcp_services *services, const hcp_event *event);
} NOTES[] = {
    {HCP_EVENT_WORKLOAD_STARTED, note_started},
    {HCP_EVENT_SWITCH_PHASE_ENDED, note_phase},
    {HCP_EVENT_SWITCH_ENDED, note_switch},
};

static void note_entry(hcp_services *services, const hcp_journal_entry *entry)
{
    hcp_metrics_add(services->metrics, HCP_METRICS_ENTRIES, &entry->type, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(NOTES); i++) {
        hcp_event event;
        if (!g_str_equal(entry->type, hcp_event_type_name(NOTES[i].type)) ||
            !hcp_event_parse(entry->type, entry->time_us, entry->payload, entry->payload_size,
                             &event, NULL))
            continue;
        NOTES[i].note(services, &event);
        hcp_event_clear(&event);
    }
}

static void on_commit(void *data, const hcp_journal_batch *batch)
{
    hcp_services *services = data;
    guint n = hcp_journal_batch_count(batch);
    hcp_metrics_add(services->metrics, HCP_METRICS_COMMITS, NULL, 1);
    for (guint i = 0; i < n; i++)
        note_entry(services, hcp_journal_batch_entry(batch, i));
}

/* --- exposition ------------------------------------------------------------------------------------------------------ */

static void get_metrics(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const char *accept = hcp_http_request_header(request, "Accept");
    bool openmetrics = accept != NULL && strstr(accept, "application/openmetrics-text") != NULL;
    GString *text = g_string_sized_new(16384);
    hcp_metrics_collect(services, services->metrics);
    hcp_metrics_print(services->metrics, openmetrics, text);
    size_t size = text->len;
    hcp_http_reply_text(request, 200,
                        openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                    : "text/plain; version=0.0.4; charset=utf-8",
                        g_string_free(text, FALSE), size);
}

static const hcp_http_binding BINDINGS[] = {
    {"getMetrics", get_metrics},
};

bool hcp_services_bind_metrics(hcp_services *services, GError **error)
{
    services->metrics = hcp_metrics_new(HCP_METRICS_FAMILY, HCP_METRICS_FAMILIES);
    hcp_daemon_observe_requests(services->daemon, on_request, services);
    hcp_daemon_subscribe(services->daemon, on_commit, services);
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

void hcp_services_unbind_metrics(hcp_services *services)
{
    if (services->metrics == NULL)
        return;
    hcp_daemon_observe_requests(services->daemon, NULL, NULL);
    hcp_daemon_unsubscribe(services->daemon, on_commit, services);
    g_clear_pointer(&services->metrics, hcp_metrics_free);
}

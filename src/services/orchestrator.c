/* SPDX-License-Identifier: Apache-2.0 */
/* The orchestrator: submitting and cancelling workloads. */
#include "base/json_write.h"
#include "core/queue.h"
#include "services/internal.h"
#include "services/submission.h"
#include "services/workload_view.h"

/* Most answers to a submission fit without growing. */
#define ACCEPTED_SIZE 1024

static void write_links(GString *out, const char *id)
{
    static const char *const names[] = {"self", "explain", "cancel"};
    static const char *const ends[] = {"", "/explain", "/cancel"};
    char url[sizeof "/api/v1/workloads//explain" + HCP_ID_TEXT_SIZE];
    hcp_json_write_object(out, "links");
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        char *at = g_stpcpy(g_stpcpy(url, "/api/v1/workloads/"), id);
        g_stpcpy(at, ends[i]);
        hcp_json_write_string(out, names[i], url);
    }
    hcp_json_write_end(out);
}

/* `status` is what the acceptance made of it; `status_now` is where the same commit has already taken it. */
static void write_accepted(GString *out, hcp_services *services, uint32_t ix)
{
    const hcp_core *core = hcp_services_core(services);
    const hcp_workload *row = hcp_state_workload(hcp_services_state(services), ix);
    int64_t now_us = hcp_platform_now(services->platform);
    char id[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_WORKLOAD, row->def.id.value, id);
    hcp_json_write_object(out, NULL);
    hcp_json_write_string(out, "workload_id", id);
    hcp_json_write_string(out, "status", "queued");
    hcp_json_write_int(out, "priority", (int)row->def.priority);
    hcp_json_write_int(out, "queue_position", hcp_queue_position(hcp_core_queue(core), ix, now_us));
    hcp_json_write_string(out, "status_now",
                          hcp_enum_name(&HCP_WORKLOAD_STATUS_NAMES, (int)row->status));
    hcp_json_write_string(out, "classified_by", row->def.classified_by);
    hcp_json_write_time(out, "start_by", row->def.deadline_us);
    hcp_workload_view_write_eta(out, core, ix, now_us);
    hcp_workload_view_write_quote(out, &row->def);
    write_links(out, id);
    hcp_json_write_end(out);
}

static void submit(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const json_t *body = hcp_http_request_body(request);
    hcp_command command = {.type = HCP_COMMAND_SUBMIT};
    if (!hcp_submission_read(services, request, body, &command.submit))
        return;
    const hcp_actor who = {.actor = hcp_http_request_caller(request),
                           .trace_id = hcp_http_request_trace_id(request)};
    hcp_outcome outcome = {0};
    if (!hcp_platform_execute(services->platform, &command, &who, &outcome)) {
        hcp_submission_refuse(request, body, &outcome.refusal);
    } else {
        const hcp_workload_id id = {outcome.id};
        uint32_t ix = hcp_core_find_workload(hcp_services_core(services), id);
        GString *text = g_string_sized_new(ACCEPTED_SIZE);
        write_accepted(text, services, ix);
        hcp_http_reply_string(request, 201, text);
    }
    hcp_outcome_clear(&outcome);
}

/* Cancelling needs a workload of the state; one that has left it ended long ago, which the core words as a conflict. */
static void cancel(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const char *text = hcp_http_request_param(request, "id");
    hcp_command command = {.type = HCP_COMMAND_CANCEL};
    if (!hcp_id_parse(HCP_ID_WORKLOAD, text, &command.cancel.value)) {
        hcp_http_reply_not_found(request, "workload", text);
        return;
    }
    hcp_outcome outcome = {0};
    if (!hcp_services_execute(services, request, &command, &outcome))
        return;
    uint32_t ix = hcp_core_find_workload(hcp_services_core(services), command.cancel);
    hcp_http_reply_json(request, 200, hcp_workload_view(services, ix));
    hcp_outcome_clear(&outcome);
}

static const hcp_http_binding BINDINGS[] = {
    {"submitWorkload", submit},
    {"cancelWorkload", cancel},
    {"deleteWorkload", cancel},
};

bool hcp_services_bind_orchestrator(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Where a workload would be placed now; nothing is reserved. */
#include "services/internal.h"
#include "services/placement_view.h"
#include "services/submission.h"
#include "services/workload_view.h"

static const char *reason_of(const hcp_preview *preview)
{
    switch (preview->wait) {
    case HCP_WAIT_NONE:
        return "it would start now on these devices";
    case HCP_WAIT_POWER:
        return "the devices are free, but the power cap of their facility leaves no room until "
               "mining gives way";
    case HCP_WAIT_EMERGENCY:
        return "every facility with such devices is shut down";
    default:
        return "too few devices of the accepted classes are free in one facility; it would wait";
    }
}

static json_t *placement_json(const hcp_state *state, const hcp_preview *preview)
{
    bool chosen = preview->facility != HCP_NO_INDEX;
    json_t *body = json_object();
    hcp_json_set_bool(body, "placeable", preview->wait == HCP_WAIT_NONE);
    hcp_json_set_string(body, "reason", reason_of(preview));
    hcp_json_set_string(body, "wait_reason", hcp_enum_name(&HCP_WAIT_NAMES, (int)preview->wait));
    hcp_json_set_int(body, "priority", (int)preview->def.priority);
    hcp_json_set_string(body, "classified_by", preview->def.classified_by);
    hcp_json_set_string(body, "facility",
                        chosen ? hcp_state_facility(state, preview->facility)->def.key : NULL);
    hcp_json_set_string(body, "class",
                        chosen ? hcp_state_class(state, preview->class_ix)->def.key : NULL);
    json_object_set_new(body, "devices", hcp_placement_view_devices(state, &preview->devices));
    json_object_set_new(body, "scores", hcp_placement_view_scores(state, &preview->scores));
    json_object_set_new(body, "rejections", hcp_placement_view_rejections(&preview->rejections));
    json_object_set_new(body, "quote", hcp_workload_view_quote(&preview->def));
    return body;
}

static void route(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const json_t *body = hcp_http_request_body(request);
    hcp_submit submit;
    if (!hcp_submission_read(services, request, body, &submit))
        return;
    g_auto(hcp_preview) preview = {0};
    hcp_refusal refusal = {0};
    if (hcp_platform_preview(services->platform, &submit, &preview, &refusal))
        hcp_http_reply_json(request, 200, placement_json(hcp_services_state(services), &preview));
    else
        hcp_submission_refuse(request, body, &refusal);
}

static const hcp_http_binding BINDINGS[] = {
    {"routeWorkload", route},
};

bool hcp_services_bind_route(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

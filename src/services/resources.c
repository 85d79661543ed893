/* SPDX-License-Identifier: Apache-2.0 */
/* Devices: the list with its filters, one of them, and the orders of operators about it. */
#include "services/device_list.h"
#include "services/device_view.h"
#include "services/internal.h"

static void list(hcp_http_request *request, void *data)
{
    if (hcp_http_reply_not_modified(request, hcp_services_version(data)))
        return;
    const hcp_device_view view = hcp_device_view_now(data);
    hcp_device_list_reply(&view, request, "resources", hcp_device_view_json);
}

static void get(hcp_http_request *request, void *data)
{
    const hcp_device_view view = hcp_device_view_now(data);
    uint32_t device;
    if (hcp_device_view_find(&view, request, &device))
        hcp_http_reply_json(request, 200, hcp_device_view_detail(&view, device));
}

static void order(hcp_http_request *request, hcp_services *services, hcp_admin admin)
{
    hcp_device_view view = hcp_device_view_now(services);
    uint32_t device;
    if (!hcp_device_view_find(&view, request, &device))
        return;
    const hcp_command command = {
        .type = HCP_COMMAND_SET_ADMIN,
        .admin = {.devices = &device,
                  .count = 1,
                  .admin = admin,
                  .reason = hcp_json_string(hcp_http_request_body(request), "reason", NULL)}};
    hcp_outcome outcome = {0};
    if (!hcp_services_execute(services, request, &command, &outcome))
        return;
    hcp_outcome_clear(&outcome);
    view = hcp_device_view_now(services);
    json_t *object = hcp_device_view_detail(&view, device);
    json_object_del(object,
                    "changes"); /* the history does not have this one before it is durable */
    hcp_http_reply_json(request, 200, object);
}

static void cordon(hcp_http_request *request, void *data)
{
    order(request, data, HCP_ADMIN_CORDONED);
}

static void uncordon(hcp_http_request *request, void *data)
{
    order(request, data, HCP_ADMIN_NONE);
}

static void maintain(hcp_http_request *request, void *data)
{
    order(request, data, HCP_ADMIN_MAINTENANCE);
}

static const hcp_http_binding BINDINGS[] = {
    {"listResources", list},        {"getResource", get},           {"cordonResource", cordon},
    {"uncordonResource", uncordon}, {"maintainResource", maintain},
};

bool hcp_services_bind_resources(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

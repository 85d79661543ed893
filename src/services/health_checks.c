/* SPDX-License-Identifier: Apache-2.0 */
/* Health of devices, the worst first, with the reason of what is wrong and the age of what is known. */
#include "http/page.h"
#include "services/device_list.h"
#include "services/internal.h"

#include <string.h>

/* Enough to find the report that made a device what it is among orders of operators. */
#define CHANGES_LOOKED_AT 20

/* The latest change that brought the device into its health; NULL for one that was never anything but well. Borrowed. */
static const json_t *cause_of(const json_t *changes, const char *health)
{
    size_t i;
    json_t *change;
    json_array_foreach(changes, i, change)
    {
        if (strcmp(hcp_json_string(change, "what", ""), health) == 0)
            return change;
    }
    return NULL;
}

static void set_cause(const hcp_device_view *view, uint32_t device, json_t *object)
{
    static const char *const keys[] = {"xid", "xid_name", "action"};
    hcp_health health = (hcp_health)view->state->fleet.health[device];
    json_t *changes = health != HCP_HEALTH_OK
                          ? hcp_device_view_changes(view, device, CHANGES_LOOKED_AT)
                          : json_null();
    const json_t *cause = cause_of(changes, hcp_enum_name(&HCP_HEALTH_NAMES, (int)health));
    hcp_json_set_string(object, "reason", hcp_json_string(cause, "reason", NULL));
    hcp_json_set_string(object, "since", hcp_json_string(cause, "time", NULL));
    for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
        if (json_object_get(cause, keys[i]) != NULL)
            json_object_set(object, keys[i], json_object_get(cause, keys[i]));
    json_decref(changes);
}

static json_t *check_json(const hcp_device_view *view, uint32_t device)
{
    const hcp_fleet *fleet = &view->state->fleet;
    json_t *object = json_object();
    hcp_device_view_set_identity(view, device, object);
    hcp_json_set_string(object, "health", hcp_enum_name(&HCP_HEALTH_NAMES, fleet->health[device]));
    hcp_json_set_string(
        object, "status",
        hcp_enum_name(&HCP_DEVICE_STATUS_NAMES, (int)hcp_device_view_status(view, device)));
    hcp_json_set_string(object, "admin", hcp_enum_name(&HCP_ADMIN_NAMES, fleet->admin[device]));
    set_cause(view, device, object);
    hcp_device_view_set_readings(view, device, object);
    return object;
}

/* A position is "health:device": pages go from failed over degraded to healthy devices. */
typedef struct {
    const hcp_device_view *view;
    json_t *items;
    int limit;
    bool more;
    uint32_t last;
} collector;

static bool collect(void *data, uint32_t device)
{
    collector *c = data;
    c->more = (int)json_array_size(c->items) == c->limit;
    if (c->more)
        return false;
    json_array_append_new(c->items, check_json(c->view, device));
    c->last = device;
    return true;
}

static void list(hcp_http_request *request, void *data)
{
    const hcp_device_view view = hcp_device_view_now(data);
    hcp_device_filter filter;
    g_auto(hcp_page) page = {0};
    if (!hcp_device_filter_read(&view, request, &filter) || !hcp_page_read(request, &page))
        return;
    int wanted = filter.health, health = HCP_HEALTH_FAILED;
    uint32_t first = 0;
    if (sscanf(page.after, "%d:%u", &health, &first) == 2)
        first++;
    health = CLAMP(health, HCP_HEALTH_OK, HCP_HEALTH_FAILED);
    collector c = {.view = &view, .items = json_array(), .limit = page.limit};
    char last[32] = "";
    for (; health >= HCP_HEALTH_OK && !c.more; health--, first = 0) {
        size_t before = json_array_size(c.items);
        filter.health = health;
        if (wanted == HCP_DEVICE_ANY || wanted == health)
            hcp_device_list_each(&view, &filter, first, collect, &c);
        if (json_array_size(c.items) > before)
            g_snprintf(last, sizeof last, "%d:%u", health, c.last);
    }
    json_t *body = json_pack("{s:o}", "health_checks", c.items);
    hcp_page_finish(request, body, c.more ? last : NULL);
    hcp_http_reply_json(request, 200, body);
}

static void get(hcp_http_request *request, void *data)
{
    const hcp_device_view view = hcp_device_view_now(data);
    uint32_t device;
    if (!hcp_device_view_find(&view, request, &device))
        return;
    json_t *object = check_json(&view, device);
    json_object_set_new(object, "changes",
                        hcp_device_view_changes(&view, device, CHANGES_LOOKED_AT));
    hcp_http_reply_json(request, 200, object);
}

static const hcp_http_binding BINDINGS[] = {
    {"listHealthChecks", list},
    {"getHealthCheck", get},
};

bool hcp_services_bind_health_checks(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

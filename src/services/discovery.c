/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery: what the drivers find against what the state knows. It reads, and may be repeated; devices are registered by
 * configuration, never by a scan. */
#include "services/internal.h"

#include <string.h>

/* A scan as it goes: runs of devices that are alike in what the comparison says of them. */
typedef struct {
    const hcp_state *state;
    uint32_t facility; /* HCP_NO_INDEX = all */
    json_t *groups;
    uint32_t found, known, added, changed, missing;
} scan;

typedef struct {
    const char *status, *driver_class;
    uint32_t first, count;
} finding;

static void report(scan *s, const finding *f)
{
    json_t *item = json_object();
    bool registered = f->first < s->state->fleet.n_devices;
    hcp_json_set_string(item, "status", f->status);
    hcp_json_set_int(item, "count", f->count);
    hcp_json_set_string(item, "found_class", f->driver_class);
    if (registered) {
        const hcp_group *group = hcp_state_group(s->state, s->state->fleet.group[f->first]);
        g_autofree char *first = hcp_state_device_name(s->state, f->first);
        g_autofree char *last = hcp_state_device_name(s->state, f->first + f->count - 1);
        hcp_json_set_string(item, "class", hcp_state_class(s->state, group->class_ix)->def.key);
        hcp_json_set_string(item, "facility",
                            hcp_state_facility(s->state, group->facility)->def.key);
        hcp_json_set_string(item, "first", first);
        hcp_json_set_string(item, "last", last);
    }
    json_array_append_new(s->groups, item);
}

/* The part of [first, end) that lies in one batch of the state, or beyond all of them. */
static uint32_t part_end(const scan *s, uint32_t first, uint32_t end)
{
    if (first >= s->state->fleet.n_devices)
        return end;
    const hcp_device_batch *batch = hcp_state_device_batch(s->state, first);
    return MIN(end, batch->first + batch->def.count);
}

static bool in_scope(const scan *s, uint32_t device)
{
    return s->facility == HCP_NO_INDEX ||
           (device < s->state->fleet.n_devices &&
            hcp_state_group(s->state, s->state->fleet.group[device])->facility == s->facility);
}

static void compare(scan *s, const hcp_driver_group *seen)
{
    uint32_t end = seen->range.first + seen->range.count;
    for (uint32_t first = seen->range.first, next; first < end; first = next) {
        next = part_end(s, first, end);
        if (!in_scope(s, first))
            continue;
        finding f = {"known", seen->class_name, first, next - first};
        s->found += f.count;
        if (first >= s->state->fleet.n_devices) {
            f.status = "new";
            s->added += f.count;
        } else {
            const hcp_group *group = hcp_state_group(s->state, s->state->fleet.group[first]);
            const char *class_key = hcp_state_class(s->state, group->class_ix)->def.key;
            bool same = strncmp(class_key, seen->class_name, sizeof seen->class_name - 1) == 0;
            f.status = same ? "known" : "changed";
            *(same ? &s->known : &s->changed) += f.count;
        }
        report(s, &f);
    }
}

/* Devices of the state in [first, end) that no driver has spoken of. */
static void miss(scan *s, uint32_t first, uint32_t end)
{
    for (uint32_t next; first < end; first = next) {
        next = part_end(s, first, end);
        if (!in_scope(s, first))
            continue;
        s->missing += next - first;
        report(s, &(finding){"missing", NULL, first, next - first});
    }
}

static void compare_all(scan *s, const GArray *groups)
{
    uint32_t seen_until = 0;
    for (guint i = 0; i < groups->len; i++) {
        const hcp_driver_group *seen = &g_array_index(groups, hcp_driver_group, i);
        miss(s, seen_until, MIN(seen->range.first, s->state->fleet.n_devices));
        compare(s, seen);
        seen_until = seen->range.first + seen->range.count;
    }
    miss(s, seen_until, s->state->fleet.n_devices);
}

static json_t *scan_json(hcp_services *services, uint32_t facility)
{
    scan s = {.state = hcp_services_state(services), .facility = facility, .groups = json_array()};
    int64_t began_us = hcp_platform_now(services->platform);
    g_autoptr(GArray) groups = hcp_platform_discover(services->platform);
    compare_all(&s, groups);
    json_t *object = json_object();
    hcp_json_set_string(object, "status", "completed");
    hcp_json_set_string(object, "driver", hcp_platform_driver_name(services->platform));
    hcp_json_set_string(object, "facility",
                        facility != HCP_NO_INDEX ? hcp_state_facility(s.state, facility)->def.key
                                                 : NULL);
    hcp_json_set_time(object, "started_at", began_us);
    hcp_json_set_time(object, "finished_at", hcp_platform_now(services->platform));
    hcp_json_set_int(object, "found", s.found);
    hcp_json_set_int(object, "known", s.known);
    hcp_json_set_int(object, "new", s.added);
    hcp_json_set_int(object, "changed", s.changed);
    hcp_json_set_int(object, "missing", s.missing);
    hcp_json_set_int(object, "added", 0); /* a scan registers nothing */
    json_object_set_new(object, "groups", s.groups);
    return object;
}

static void order_scan(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const json_t *body = hcp_http_request_body(request);
    const char *site = hcp_json_string(body, "facility", NULL);
    const char *driver = hcp_json_string(body, "driver", NULL);
    uint32_t facility =
        site != NULL ? hcp_core_find_facility(hcp_services_core(services), site) : HCP_NO_INDEX;
    if (site != NULL && facility == HCP_NO_INDEX) {
        hcp_http_reply_not_found(request, "facility", site);
        return;
    }
    if (driver != NULL && g_strcmp0(driver, hcp_platform_driver_name(services->platform)) != 0) {
        hcp_http_reply_not_found(request, "driver", driver);
        return;
    }
    json_decref(services->discovery);
    services->discovery = scan_json(services, facility);
    hcp_http_reply_json(request, 202, json_incref(services->discovery));
}

static void get_status(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    json_t *latest = services->discovery != NULL ? json_incref(services->discovery)
                                                 : json_pack("{s:s, s:n, s:n}", "status", "never",
                                                             "started_at", "finished_at");
    hcp_http_reply_json(request, 200, latest);
}

static const hcp_http_binding BINDINGS[] = {
    {"scanDiscovery", order_scan},
    {"getDiscoveryStatus", get_status},
};

bool hcp_services_bind_discovery(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

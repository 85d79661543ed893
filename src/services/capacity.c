/* SPDX-License-Identifier: Apache-2.0 */
/* Capacity: what there is, how much of it works, and when it comes free or runs out. Everything is added up from the state,
 * the readings and the record of leases; there is no constant in any answer. */
#include "base/units.h"
#include "core/power.h"
#include "services/device_view.h"
#include "services/fleet_tally.h"
#include "services/forecast.h"
#include "services/internal.h"

#include <math.h>

/* The facility of the query; HCP_NO_INDEX without one. False: the request has been answered. */
static bool read_facility(hcp_services *services, hcp_http_request *request, uint32_t *ret_facility)
{
    const char *text = hcp_http_request_query(request, "facility");
    *ret_facility = HCP_NO_INDEX;
    if (text == NULL)
        return true;
    *ret_facility = hcp_core_find_facility(hcp_services_core(services), text);
    if (*ret_facility == HCP_NO_INDEX)
        hcp_http_reply_not_found(request, "facility", text);
    return *ret_facility != HCP_NO_INDEX;
}

static bool in_scope(uint32_t scope, uint32_t facility)
{
    return scope == HCP_NO_INDEX || scope == facility;
}

/* --- what there is ----------------------------------------------------------------------------------------------------- */

/* Power and hashrate at this moment of the facilities in scope. */
static void set_power(json_t *object, const hcp_state *state, uint32_t scope)
{
    int64_t cap_w = 0, power_w = 0;
    double ths = 0;
    for (guint f = 0; f < state->fleet.facilities->len; f++) {
        const hcp_facility *site = hcp_state_facility(state, f);
        if (!in_scope(scope, f))
            continue;
        cap_w += site->def.cap_w;
        power_w += hcp_power_meter_w(&site->def, site->it_power_w);
        ths += site->mining_ths;
    }
    hcp_json_set_int(object, "cap_w", cap_w);
    hcp_json_set_int(object, "power_w", power_w);
    hcp_json_set_int(object, "headroom_w", cap_w - power_w);
    hcp_services_set_rounded(object, "hashrate_ths", ths, 1);
}

/* One row per class; with scope HCP_NO_INDEX a class counts over all facilities. */
static json_t *classes_json(const hcp_state *state, uint32_t scope)
{
    json_t *list = json_array();
    for (guint c = 0; c < state->fleet.classes->len; c++) {
        const hcp_class_defined *class = &hcp_state_class(state, c)->def;
        hcp_fleet_tally tally = {0};
        for (guint g = 0; g < state->fleet.groups->len; g++) {
            const hcp_group *group = hcp_state_group(state, g);
            if (group->class_ix == c && in_scope(scope, group->facility))
                hcp_fleet_tally_add(&tally, state, group);
        }
        if (tally.count == 0)
            continue;
        json_t *item = json_object();
        hcp_json_set_string(item, "class", class->key);
        hcp_json_set_string(item, "label", class->label);
        hcp_json_set_string(item, "type", hcp_enum_name(&HCP_DEVICE_KIND_NAMES, (int)class->kind));
        hcp_fleet_tally_set(item, &tally);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *scope_json(const hcp_state *state, uint32_t scope)
{
    json_t *object = json_object();
    hcp_fleet_tally tally = {0};
    for (guint g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (in_scope(scope, group->facility))
            hcp_fleet_tally_add(&tally, state, group);
    }
    hcp_fleet_tally_set(object, &tally);
    set_power(object, state, scope);
    json_object_set_new(object, "by_kind", hcp_fleet_tally_by_kind(state, scope));
    json_object_set_new(object, "classes", classes_json(state, scope));
    return object;
}

static void get_summary(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_state *state = hcp_services_state(services);
    uint32_t scope;
    if (!read_facility(services, request, &scope))
        return;
    json_t *facilities = json_array();
    for (guint f = 0; f < state->fleet.facilities->len; f++) {
        if (!in_scope(scope, f))
            continue;
        const hcp_facility_defined *def = &hcp_state_facility(state, f)->def;
        json_t *object = scope_json(state, f);
        hcp_json_set_string(object, "facility", def->key);
        hcp_json_set_string(object, "name", def->name);
        json_array_append_new(facilities, object);
    }
    json_t *body = json_object();
    hcp_json_set_time(body, "timestamp", hcp_platform_now(services->platform));
    json_object_set_new(body, "totals", scope_json(state, scope));
    json_object_set_new(body, "facilities", facilities);
    hcp_http_reply_json(request, 200, body);
}

/* --- how much of it works ---------------------------------------------------------------------------------------------- */

#define UTILIZATION_DEFINITION                                                                     \
    "utilization_pct: mean of the measured utilisation (miners: hashrate over rated hashrate) of " \
    "all devices with a current reading, each weighted by its rated power. useful_work_pct: the "  \
    "same, counting only devices that serve a customer or hash. occupancy_pct: leased devices "    \
    "over devices in service. power_pct: power at the meter over the cap."

typedef struct {
    double rated_w, used_w, useful_w; /* watts as weights */
    uint32_t devices, leased, in_service, read;
} use;

static void add_device(use *sum, const hcp_device_view *view, uint32_t device,
                       const hcp_class_defined *class)
{
    const hcp_latest *latest = view->latest;
    double rated_ths = hcp_fleet_rated_ths(class);
    double share = rated_ths > 0 ? latest->hashrate_ths[device] / rated_ths
                                 : (double)latest->utilization[device];
    if (hcp_device_view_is_stale(view, device))
        return;
    double weight_w = (double)hcp_fleet_rated_w(class);
    hcp_mode mode = (hcp_mode)view->state->fleet.mode[device];
    bool useful =
        mode == HCP_MODE_SERVING || (mode == HCP_MODE_MINING && class->kind == HCP_DEVICE_ASIC);
    double used_w = isfinite(share) ? share * weight_w : 0;
    sum->read++;
    sum->rated_w += weight_w;
    sum->used_w += used_w;
    sum->useful_w += useful ? used_w : 0;
}

static void add_use(use *sum, const use *part)
{
    sum->rated_w += part->rated_w;
    sum->used_w += part->used_w;
    sum->useful_w += part->useful_w;
    sum->devices += part->devices;
    sum->leased += part->leased;
    sum->in_service += part->in_service;
    sum->read += part->read;
}

/* Devices of failed health or under an order are out of service whatever else they are. */
static bool is_in_service(const hcp_fleet *fleet, uint32_t device)
{
    return fleet->health[device] != HCP_HEALTH_FAILED && fleet->admin[device] == HCP_ADMIN_NONE;
}

/* One linear pass over the fleet; `ret_uses` has HCP_DEVICE_KINDS rows per facility. */
static void measure(const hcp_device_view *view, use *ret_uses)
{
    const hcp_fleet *fleet = &view->state->fleet;
    uint32_t n = MIN(fleet->n_devices, view->latest->n_devices);
    for (uint32_t device = 0; device < n; device++) {
        const hcp_group *group = hcp_state_group(view->state, fleet->group[device]);
        const hcp_class_defined *class = &hcp_state_class(view->state, group->class_ix)->def;
        use *sum = &ret_uses[group->facility * HCP_DEVICE_KINDS + class->kind];
        sum->devices++;
        sum->leased += fleet->lease[device] != HCP_NO_INDEX;
        sum->in_service += is_in_service(fleet, device);
        add_device(sum, view, device, class);
    }
}

static void set_share(json_t *object, const char *key, double part, double whole)
{
    hcp_services_set_rounded(object, key, whole > 0 ? 100 * part / whole : NAN, 2);
}

static json_t *use_json(const use *sum)
{
    json_t *object = json_object();
    hcp_json_set_int(object, "devices", sum->devices);
    hcp_json_set_int(object, "in_service", sum->in_service);
    hcp_json_set_int(object, "leased", sum->leased);
    hcp_json_set_int(object, "with_current_reading", sum->read);
    set_share(object, "utilization_pct", sum->used_w, sum->rated_w);
    set_share(object, "useful_work_pct", sum->useful_w, sum->rated_w);
    set_share(object, "occupancy_pct", sum->leased, sum->in_service);
    return object;
}

/* Of the facilities in scope. */
static json_t *uses_json(const hcp_state *state, const use *uses, uint32_t scope)
{
    use kinds[HCP_DEVICE_KINDS] = {0}, total = {0};
    int64_t power_w = 0, cap_w = 0;
    for (guint f = 0; f < state->fleet.facilities->len; f++) {
        const hcp_facility *site = hcp_state_facility(state, f);
        if (!in_scope(scope, f))
            continue;
        power_w += hcp_power_meter_w(&site->def, site->it_power_w);
        cap_w += site->def.cap_w;
        for (int kind = 0; kind < HCP_DEVICE_KINDS; kind++)
            add_use(&kinds[kind], &uses[f * HCP_DEVICE_KINDS + (guint)kind]);
    }
    for (int kind = 0; kind < HCP_DEVICE_KINDS; kind++)
        add_use(&total, &kinds[kind]);
    json_t *object = use_json(&total);
    json_t *by_kind = json_object();
    for (int kind = 0; kind < HCP_DEVICE_KINDS; kind++)
        if (kinds[kind].devices > 0)
            json_object_set_new(by_kind, hcp_enum_name(&HCP_DEVICE_KIND_NAMES, kind),
                                use_json(&kinds[kind]));
    json_object_set_new(object, "by_kind", by_kind);
    hcp_json_set_int(object, "power_w", power_w);
    hcp_json_set_int(object, "cap_w", cap_w);
    set_share(object, "power_pct", (double)power_w, (double)cap_w);
    return object;
}

static void get_utilization(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_device_view view = hcp_device_view_now(services);
    const hcp_state *state = view.state;
    uint32_t scope;
    if (!read_facility(services, request, &scope))
        return;
    g_autofree use *uses = g_new0(use, MAX(state->fleet.facilities->len, 1) * HCP_DEVICE_KINDS);
    measure(&view, uses);
    json_t *facilities = json_array();
    for (guint f = 0; f < state->fleet.facilities->len; f++) {
        if (!in_scope(scope, f))
            continue;
        json_t *object = uses_json(state, uses, f);
        hcp_json_set_string(object, "facility", hcp_state_facility(state, f)->def.key);
        json_array_append_new(facilities, object);
    }
    json_t *body = json_object();
    hcp_json_set_time(body, "timestamp", view.now_us);
    hcp_json_set_time(body, "sampled_at", view.latest->sampled_us);
    json_object_set_new(body, "totals", uses_json(state, uses, scope));
    json_object_set_new(body, "facilities", facilities);
    hcp_json_set_string(body, "definition", UTILIZATION_DEFINITION);
    hcp_json_set_bool(body, "simulated", true);
    hcp_http_reply_json(request, 200, body);
}

/* --- when it comes free ------------------------------------------------------------------------------------------------ */

static void get_forecast(hcp_http_request *request, void *data)
{
    uint32_t scope;
    if (read_facility(data, request, &scope))
        hcp_forecast_reply(data, request, scope,
                           (int)hcp_http_request_query_int(request, "hours", 24));
}

static const hcp_http_binding BINDINGS[] = {
    {"getCapacitySummary", get_summary},
    {"getCapacityUtilization", get_utilization},
    {"getCapacityForecast", get_forecast},
};

bool hcp_services_bind_capacity(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

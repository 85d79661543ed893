/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated site: its clock and seed, its devices as their models have them now, and faults on demand. */
#include "base/units.h"
#include "runtime/inject.h"
#include "services/device_list.h"
#include "services/fleet_tally.h"
#include "services/internal.h"

#include <math.h>

/* --- status ------------------------------------------------------------------------------------------------------------ */

static json_t *silences_json(hcp_services *services)
{
    json_t *list = json_array();
    for (int kind = 0; kind < HCP_PRICE_KINDS; kind++) {
        int64_t until_us = hcp_platform_silent_until(services->platform, (hcp_price_kind)kind);
        if (until_us == 0)
            continue;
        json_t *item = json_object();
        hcp_json_set_string(item, "feed", hcp_enum_name(&HCP_PRICE_KIND_NAMES, kind));
        hcp_json_set_time(item, "until", until_us != INT64_MAX ? until_us : 0);
        json_array_append_new(list, item);
    }
    return list;
}

static void get_status(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_world *world = hcp_daemon_world(services->daemon);
    const hcp_state *state = hcp_services_state(services);
    const hcp_platform_counters *counters = hcp_platform_count(services->platform);
    const char *detail = NULL;
    bool stopped = hcp_platform_read_only(services->platform, &detail);
    json_t *body = json_object();
    hcp_json_set_string(body, "status", stopped ? "read_only" : "running");
    hcp_json_set_string(body, "scenario", world->scenario);
    hcp_json_set_int(body, "seed", world->seed);
    hcp_json_set_time(body, "time", hcp_platform_now(services->platform));
    hcp_json_set_number(body, "speed", world->speed);
    hcp_json_set_string(body, "driver", hcp_platform_driver_name(services->platform));
    hcp_json_set_int(body, "facilities", state->fleet.facilities->len);
    json_object_set_new(body, "devices", hcp_fleet_tally_by_kind(state, HCP_NO_INDEX));
    json_object_set_new(body, "silent_feeds", silences_json(services));
    hcp_json_set_int(body, "steps", (int64_t)counters->steps);
    hcp_json_set_int(body, "events", (int64_t)counters->events);
    hcp_json_set_int(body, "arrivals_refused", (int64_t)counters->arrivals_refused);
    hcp_json_set_bool(body, "simulated", true);
    hcp_http_reply_json(request, 200, body);
}

/* --- devices ----------------------------------------------------------------------------------------------------------- */

/* One device as its model has it at this moment; the mode is the device's own, which lags behind the platform's while it
 * ramps. */
static json_t *device_json(const hcp_device_view *view, uint32_t device)
{
    float temp_c = NAN, power_w = NAN, utilization = NAN, hashrate_ths = NAN;
    int64_t observed_us = 0, memory_bytes = 0;
    double energy_j = NAN;
    uint64_t accepted = 0, rejected = 0;
    uint8_t mode = HCP_DRIVER_OFF;
    hcp_platform_read_devices(view->services->platform,
                              &(hcp_driver_columns){.first = device,
                                                    .count = 1,
                                                    .observed_us = &observed_us,
                                                    .temp_c = &temp_c,
                                                    .power_w = &power_w,
                                                    .utilization = &utilization,
                                                    .hashrate_ths = &hashrate_ths,
                                                    .memory_bytes = &memory_bytes,
                                                    .energy_j = &energy_j,
                                                    .shares_accepted = &accepted,
                                                    .shares_rejected = &rejected,
                                                    .mode = &mode});
    json_t *object = json_object();
    hcp_device_view_set_identity(view, device, object);
    hcp_json_set_string(object, "device_mode", hcp_driver_mode_name((hcp_driver_mode)mode));
    hcp_services_set_rounded(object, "temperature_c", temp_c, 2);
    hcp_services_set_rounded(object, "power_w", power_w, 2);
    hcp_services_set_rounded(object, "utilization_pct", utilization * 100, 2);
    hcp_services_set_rounded(object, "hashrate_ths", hashrate_ths, 2);
    hcp_json_set_int(object, "memory_used_bytes", memory_bytes);
    hcp_services_set_rounded(object, "energy_j", energy_j, 0);
    hcp_json_set_int(object, "shares_accepted", (int64_t)accepted);
    hcp_json_set_int(object, "shares_rejected", (int64_t)rejected);
    hcp_json_set_time(object, "observed_at", observed_us);
    hcp_json_set_bool(object, "simulated", true);
    return object;
}

static void list_devices(hcp_http_request *request, void *data)
{
    const hcp_device_view view = hcp_device_view_now(data);
    hcp_device_list_reply(&view, request, "devices", device_json);
}

/* --- faults ------------------------------------------------------------------------------------------------------------ */

static void refuse(hcp_http_request *request, const char *pointer, const char *detail)
{
    hcp_problem *problem = hcp_problem_new(422, "invalid-value", "%s", detail);
    hcp_problem_add(problem, pointer, detail);
    hcp_http_reply_problem(request, problem);
}

/* What the fault is about: a device, or a price. False: the request has been answered. */
static bool read_subject(hcp_services *services, hcp_http_request *request, hcp_inject *fault)
{
    const json_t *body = hcp_http_request_body(request);
    const hcp_core *core = hcp_services_core(services);
    bool of_feed = fault->kind >= HCP_INJECT_FEED_STALE;
    const char *name = hcp_json_string(body, of_feed ? "feed" : "device", NULL);
    if (name == NULL) {
        refuse(request, of_feed ? "/feed" : "/device",
               of_feed ? "name the feed that falls silent or recovers"
                       : "name the device, by id or name");
        return false;
    }
    if (of_feed) {
        fault->feed = (hcp_price_kind)hcp_enum_value(&HCP_PRICE_KIND_NAMES, name);
        if (fault->feed == HCP_PRICE_HASHPRICE)
            refuse(request, "/feed",
                   "hashprice is derived: silence btc, difficulty or block_subsidy");
        return fault->feed != HCP_PRICE_HASHPRICE;
    }
    hcp_device_id id = {0};
    fault->device = hcp_id_parse(HCP_ID_DEVICE, name, &id.value)
                        ? hcp_core_find_device(core, id)
                        : hcp_core_find_device_name(core, name);
    if (fault->device == HCP_NO_INDEX)
        hcp_http_reply_not_found(request, "device", name);
    return fault->device != HCP_NO_INDEX;
}

static bool read_fault(hcp_services *services, hcp_http_request *request, hcp_inject *ret_fault)
{
    const json_t *body = hcp_http_request_body(request);
    *ret_fault = (hcp_inject){
        .kind =
            (hcp_inject_kind)hcp_enum_value(&HCP_INJECT_NAMES, hcp_json_string(body, "kind", "")),
        .xid = (int)hcp_json_int(body, "xid", 0),
        .duration_us = (int64_t)(hcp_json_number(body, "duration_s", 0) * (double)HCP_US_PER_S),
    };
    if (!read_subject(services, request, ret_fault))
        return false;
    if (hcp_json_string(body, "facility", NULL) != NULL) {
        refuse(request, "/facility", "a fault is about a device or a feed, not a facility");
        return false;
    }
    if (ret_fault->kind != HCP_INJECT_COMMAND_LATE || ret_fault->duration_us > 0)
        return true;
    refuse(request, "/duration_s", "say by how much the command is late");
    return false;
}

static void inject(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    hcp_inject fault;
    g_autoptr(GError) error = NULL;
    if (!read_fault(services, request, &fault))
        return;
    if (!hcp_platform_inject(services->platform, &fault, &error)) {
        hcp_http_reply_error(request, 409, "not-simulated", "%s", error->message);
        return;
    }
    json_t *body = json_object();
    hcp_json_set_string(body, "kind", hcp_enum_name(&HCP_INJECT_NAMES, (int)fault.kind));
    hcp_json_set_string(body, "status", "injected");
    if (fault.kind >= HCP_INJECT_FEED_STALE) {
        hcp_json_set_string(body, "subject", hcp_enum_name(&HCP_PRICE_KIND_NAMES, (int)fault.feed));
    } else {
        g_autofree char *name = hcp_state_device_name(hcp_services_state(services), fault.device);
        hcp_json_set_string(body, "subject", name);
    }
    hcp_json_set_time(body, "time", hcp_platform_now(services->platform));
    hcp_http_reply_json(request, 202, body);
}

static const hcp_http_binding BINDINGS[] = {
    {"getSimulatorStatus", get_status},
    {"listSimulatorDevices", list_devices},
    {"injectFault", inject},
};

bool hcp_services_bind_simulator(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The platform at a glance, added up from its live state. */
#include "base/units.h"
#include "core/metering.h"
#include "core/power.h"
#include "core/queue.h"
#include "services/carbon.h"
#include "services/feeder_view.h"
#include "services/grid_view.h"
#include "services/internal.h"
#include "services/merit.h"
#include "services/regret.h"
#include "services/revenue.h"

#include <math.h>

static int64_t at_meter_w(const hcp_facility *site, int64_t it_w)
{
    return hcp_units_muldiv(it_w, site->def.pue_milli, 1000);
}

static json_t *by_use(const int64_t values[HCP_USES])
{
    json_t *object = json_object();
    for (int use = 0; use < HCP_USES; use++)
        hcp_json_set_int(object, hcp_enum_name(&HCP_USE_NAMES, use), values[use]);
    return object;
}

/* Devices of a facility (HCP_NO_INDEX = all) by kind and by mode. */
static json_t *devices_json(const hcp_state *state, uint32_t facility)
{
    uint32_t kinds[HCP_DEVICE_KINDS] = {0}, modes[HCP_MODES] = {0}, switching = 0, unhealthy = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (facility != HCP_NO_INDEX && group->facility != facility)
            continue;
        kinds[hcp_state_class(state, group->class_ix)->def.kind] += group->count;
        for (int mode = 0; mode < HCP_MODES; mode++)
            modes[mode] += group->by_mode[mode];
        switching += group->switching;
        unhealthy += group->unhealthy;
    }
    json_t *by_kind = json_object(), *by_mode = json_object();
    for (int kind = 0; kind < HCP_DEVICE_KINDS; kind++)
        hcp_json_set_int(by_kind, hcp_enum_name(&HCP_DEVICE_KIND_NAMES, kind), kinds[kind]);
    for (int mode = 0; mode < HCP_MODES; mode++)
        hcp_json_set_int(by_mode, hcp_enum_name(&HCP_MODE_NAMES, mode), modes[mode]);
    return json_pack("{s:o, s:o, s:i, s:i}", "by_kind", by_kind, "by_mode", by_mode, "switching",
                     (int)switching, "unhealthy", (int)unhealthy);
}

static void set_meter(json_t *object, const hcp_meter *meter)
{
    json_object_set_new(object, "energy_j", by_use(meter->energy_j));
    hcp_services_set_money(object, "energy_cost", meter->energy_cost_usd_micro);
    hcp_services_set_money(object, "true_up", meter->true_up_usd_micro);
    hcp_services_set_money(object, "peak_charge", meter->peak_charge_usd_micro);
    hcp_services_set_money(object, "mining_revenue", meter->mining_usd_micro);
    hcp_services_set_money(object, "pool_fee", meter->pool_fee_usd_micro);
    hcp_services_set_money(object, "ai_revenue", meter->ai_usd_micro);
    hcp_services_set_money(object, "grid_revenue", meter->grid_usd_micro);
    hcp_services_set_money(object, "profit", hcp_meter_profit(meter));
    json_object_set_new(object, "revenue", hcp_revenue_json(meter));
}

static const char *status_of(const hcp_facility *site)
{
    if (site->emergency)
        return "emergency";
    return site->grid_event != 0 ? "grid_event" : "operational";
}

static json_t *facility_json(hcp_services *services, uint32_t facility, int64_t now_us)
{
    const hcp_state *state = hcp_services_state(services);
    const hcp_facility *site = hcp_state_facility(state, facility);
    json_t *object = json_object();
    hcp_services_set_id(object, "facility_id", HCP_ID_FACILITY, site->def.id.value);
    hcp_json_set_string(object, "facility", site->def.key);
    hcp_json_set_string(object, "name", site->def.name);
    hcp_json_set_string(object, "status", status_of(site));
    hcp_json_set_int(object, "cap_w", site->def.cap_w);
    hcp_json_set_int(object, "cap_in_force_w", hcp_power_cap_w(state, facility));
    json_object_set_new(object, "grid_event", hcp_grid_summary_json(state, facility));
    hcp_json_set_int(object, "power_w", at_meter_w(site, site->it_power_w));
    int64_t watts[HCP_USES];
    for (int use = 0; use < HCP_USES; use++)
        watts[use] = at_meter_w(site, site->use_power_w[use]);
    json_object_set_new(object, "power_by_use_w", by_use(watts));
    hcp_json_set_number(object, "mining_ths", site->mining_ths);
    json_object_set_new(object, "feeders", hcp_feeders_json(hcp_services_core(services), facility));
    json_object_set_new(object, "devices", devices_json(state, facility));
    hcp_meter meter;
    hcp_meter_read(state, facility, now_us, &meter);
    set_meter(object, &meter);
    json_object_set_new(object, "carbon", hcp_carbon_json(&site->def, &meter));
    hcp_merit_set_margins(object, services, facility);
    json_object_set_new(object, "regret", hcp_regret_day_json(services, facility));
    return object;
}

static json_t *power_json(const hcp_state *state)
{
    int64_t total_w = 0, cap_w = 0, watts[HCP_USES] = {0};
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++) {
        const hcp_facility *site = hcp_state_facility(state, f);
        total_w += at_meter_w(site, site->it_power_w);
        cap_w += site->def.cap_w;
        for (int use = 0; use < HCP_USES; use++)
            watts[use] += at_meter_w(site, site->use_power_w[use]);
    }
    json_t *object = json_object();
    hcp_json_set_int(object, "power_w", total_w);
    hcp_json_set_int(object, "cap_w", cap_w);
    hcp_json_set_number(object, "utilization_pct",
                        cap_w > 0 ? round(1e4 * (double)total_w / (double)cap_w) / 100 : 0);
    json_object_set_new(object, "by_use_w", by_use(watts));
    return object;
}

/* Those that are there by status, and what became of all since the journal began. */
static json_t *workloads_json(hcp_services *services)
{
    const hcp_state *state = hcp_services_state(services);
    uint32_t active[HCP_WORKLOAD_STATUSES] = {0};
    hcp_services_count_placed(state, active);
    json_t *object = json_object();
    hcp_json_set_int(
        object, "queued",
        hcp_queue_depth(hcp_core_queue(hcp_services_core(services)), HCP_PRIORITY_NONE));
    hcp_json_set_int(object, "starting", active[HCP_WORKLOAD_STARTING]);
    hcp_json_set_int(object, "running", active[HCP_WORKLOAD_RUNNING]);
    hcp_json_set_int(object, "submitted", state->submitted_count);
    hcp_json_set_int(object, "completed", state->completed_count);
    hcp_json_set_int(object, "failed", state->failed_count);
    hcp_json_set_int(object, "cancelled", state->cancelled_count);
    hcp_json_set_int(object, "preemptions", state->preemption_count);
    return object;
}

static json_t *services_json(hcp_services *services)
{
    json_t *list = json_array();
    bool down = hcp_platform_read_only(services->platform, NULL);
    for (int s = 0; s < HCP_SERVICES; s++) {
        int port = hcp_daemon_port(services->daemon, (hcp_service)s);
        if (port != 0)
            json_array_append_new(list, json_pack("{s:s, s:i, s:s}", "service",
                                                  hcp_service_name((hcp_service)s), "port", port,
                                                  "status", down ? "unhealthy" : "healthy"));
    }
    return list;
}

static int open_alerts(const hcp_state *state)
{
    int open = 0;
    for (guint i = 0; i < state->alerts->len; i++)
        open += g_array_index(state->alerts, hcp_alert, i).cleared_us == 0;
    return open;
}

static const char *overall(const hcp_services *services, const hcp_state *state)
{
    if (hcp_platform_read_only(services->platform, NULL))
        return "read_only";
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++)
        if (hcp_state_facility(state, f)->emergency)
            return "emergency";
    return "operational";
}

/* Of the whole platform. */
static json_t *revenue_json(const hcp_state *state, int64_t now_us)
{
    hcp_meter sum = {0};
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++) {
        hcp_meter meter;
        hcp_meter_read(state, f, now_us, &meter);
        hcp_meter_add(&sum, &meter);
    }
    return hcp_revenue_json(&sum);
}

static void get_status(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    if (hcp_http_reply_not_modified(request, hcp_services_version(services)))
        return;
    const hcp_state *state = hcp_services_state(services);
    int64_t now_us = hcp_platform_now(services->platform);
    json_t *facilities = json_array();
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++)
        json_array_append_new(facilities, facility_json(services, f, now_us));
    json_t *body = json_object();
    hcp_json_set_string(body, "status", overall(services, state));
    hcp_json_set_time(body, "timestamp", now_us);
    hcp_json_set_string(body, "version", HCP_VERSION);
    json_object_set_new(body, "facilities", facilities);
    json_object_set_new(body, "devices", devices_json(state, HCP_NO_INDEX));
    json_object_set_new(body, "workloads", workloads_json(services));
    json_object_set_new(body, "power", power_json(state));
    json_object_set_new(body, "revenue", revenue_json(state, now_us));
    json_object_set_new(body, "switching_opportunities", hcp_opportunities_json(services));
    hcp_json_set_int(body, "switches", state->switch_count);
    hcp_json_set_int(body, "open_alerts", open_alerts(state));
    json_object_set_new(body, "services", services_json(services));
    hcp_json_set_bool(body, "simulated", true);
    hcp_http_reply_json(request, 200, body);
}

static const hcp_http_binding BINDINGS[] = {
    {"getStatus", get_status},
};

bool hcp_services_bind_status(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

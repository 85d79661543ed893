/* SPDX-License-Identifier: Apache-2.0 */
#include "services/device_view.h"

#include "base/units.h"
#include "core/xid.h"
#include "services/list.h"

#include <math.h>

/* Readings older than this many sample intervals are stale. */
#define STALE_SAMPLES 3

#define CHANGES_SHOWN 10

hcp_device_view hcp_device_view_now(hcp_services *services)
{
    int64_t interval_us = hcp_platform_sample_interval(services->platform);
    return (hcp_device_view){
        .services = services,
        .core = hcp_services_core(services),
        .state = hcp_services_state(services),
        .latest = hcp_platform_latest(services->platform),
        .now_us = hcp_platform_now(services->platform),
        .stale_us = interval_us > 0 ? STALE_SAMPLES * interval_us : INT64_MAX,
    };
}

static const hcp_group *group_of(const hcp_device_view *view, uint32_t device)
{
    return hcp_state_group(view->state, view->state->fleet.group[device]);
}

static const hcp_class_defined *class_of(const hcp_device_view *view, uint32_t device)
{
    return &hcp_state_class(view->state, group_of(view, device)->class_ix)->def;
}

/* --- status ------------------------------------------------------------------------------------------------------------ */

bool hcp_device_view_is_stale(const hcp_device_view *view, uint32_t device)
{
    return view->stale_us != INT64_MAX &&
           hcp_latest_is_stale(view->latest, device, view->now_us, view->stale_us);
}

bool hcp_device_view_is_available(const hcp_device_view *view, uint32_t device)
{
    return hcp_state_device_is_free(view->state, device) &&
           !hcp_state_facility(view->state, group_of(view, device)->facility)->emergency;
}

/* A device whose tenant is leaving drains; any other switch is a ramp. */
static hcp_device_status switching_status(const hcp_device_view *view, uint32_t device)
{
    const hcp_switch *sw = hcp_state_switch(view->state, view->state->fleet.active_switch[device]);
    bool leaves = sw->def.from == HCP_MODE_SERVING && sw->def.to != HCP_MODE_SERVING;
    return leaves ? HCP_DEVICE_STATUS_DRAINING : HCP_DEVICE_STATUS_RAMPING;
}

static hcp_device_status mode_status(hcp_mode mode)
{
    switch (mode) {
    case HCP_MODE_SERVING:
    case HCP_MODE_MINING:
        return HCP_DEVICE_STATUS_ACTIVE;
    case HCP_MODE_IDLE:
        return HCP_DEVICE_STATUS_IDLE;
    default:
        return HCP_DEVICE_STATUS_CURTAILED;
    }
}

hcp_device_status hcp_device_view_status(const hcp_device_view *view, uint32_t device)
{
    const hcp_fleet *fleet = &view->state->fleet;
    bool switches = fleet->active_switch[device] != HCP_NO_INDEX;
    if (fleet->health[device] == HCP_HEALTH_FAILED)
        return HCP_DEVICE_STATUS_FAILED;
    if (fleet->admin[device] == HCP_ADMIN_MAINTENANCE)
        return switches || fleet->lease[device] != HCP_NO_INDEX ? HCP_DEVICE_STATUS_DRAINING
                                                                : HCP_DEVICE_STATUS_MAINTENANCE;
    if (hcp_device_view_is_stale(view, device))
        return HCP_DEVICE_STATUS_STALE;
    if (fleet->health[device] == HCP_HEALTH_DEGRADED)
        return HCP_DEVICE_STATUS_DEGRADED;
    return switches ? switching_status(view, device) : mode_status((hcp_mode)fleet->mode[device]);
}

/* --- a row ------------------------------------------------------------------------------------------------------------- */

void hcp_device_view_set_identity(const hcp_device_view *view, uint32_t device, json_t *object)
{
    const hcp_group *group = group_of(view, device);
    const hcp_class_defined *class = class_of(view, device);
    g_autofree char *name = hcp_state_device_name(view->state, device);
    hcp_services_set_id(object, "resource_id", HCP_ID_DEVICE,
                        hcp_state_device_id(view->state, device).value);
    hcp_json_set_string(object, "name", name);
    hcp_json_set_string(object, "type", hcp_enum_name(&HCP_DEVICE_KIND_NAMES, (int)class->kind));
    hcp_json_set_string(object, "class", class->key);
    hcp_json_set_string(object, "label", class->label);
    hcp_json_set_string(object, "facility",
                        hcp_state_facility(view->state, group->facility)->def.key);
}

static void set_condition(const hcp_device_view *view, uint32_t device, json_t *object)
{
    const hcp_fleet *fleet = &view->state->fleet;
    hcp_json_set_string(
        object, "status",
        hcp_enum_name(&HCP_DEVICE_STATUS_NAMES, (int)hcp_device_view_status(view, device)));
    hcp_json_set_string(object, "mode", hcp_enum_name(&HCP_MODE_NAMES, fleet->mode[device]));
    hcp_json_set_string(object, "health", hcp_enum_name(&HCP_HEALTH_NAMES, fleet->health[device]));
    hcp_json_set_string(object, "admin", hcp_enum_name(&HCP_ADMIN_NAMES, fleet->admin[device]));
    hcp_json_set_bool(object, "available", hcp_device_view_is_available(view, device));
}

/* Who and what is on it; a device in a lease is never without its holder. */
static void set_tenant(const hcp_device_view *view, uint32_t device, json_t *object)
{
    uint32_t ix = view->state->fleet.lease[device];
    const hcp_lease_granted *lease =
        ix != HCP_NO_INDEX ? &hcp_state_lease(view->state, ix)->def : NULL;
    const hcp_customer_defined *customer =
        lease != NULL ? &hcp_state_customer(view->state, lease->customer)->def : NULL;
    uint32_t workload = lease != NULL ? hcp_state_lease(view->state, ix)->workload : HCP_NO_INDEX;
    hcp_services_set_id(object, "allocation_id", HCP_ID_LEASE, lease != NULL ? lease->id.value : 0);
    hcp_services_set_id(object, "workload_id", HCP_ID_WORKLOAD,
                        lease != NULL ? lease->workload.value : 0);
    hcp_json_set_string(
        object, "workload_name",
        workload != HCP_NO_INDEX ? hcp_state_workload(view->state, workload)->def.name : NULL);
    hcp_json_set_string(object, "customer_id", customer != NULL ? customer->key : NULL);
    hcp_json_set_string(object, "customer_name", customer != NULL ? customer->name : NULL);
}

/* Counters of work and energy: they only grow, so joules can be held against the bill. */
static void set_counters(const hcp_device_view *view, uint32_t device, json_t *object)
{
    const hcp_latest *latest = view->latest;
    const hcp_class_defined *class = class_of(view, device);
    hcp_services_set_rounded(object, "energy_j", latest->energy_j[device], 0);
    hcp_services_set_rounded(object, "energy_kwh", latest->energy_j[device] / (double)HCP_J_PER_KWH,
                             3);
    if (class->kind == HCP_DEVICE_ASIC) {
        hcp_services_set_rounded(object, "hashrate_ths", latest->hashrate_ths[device], 2);
        hcp_json_set_int(object, "shares_accepted", (int64_t)latest->shares_accepted[device]);
        hcp_json_set_int(object, "shares_rejected", (int64_t)latest->shares_rejected[device]);
    } else {
        hcp_json_set_int(object, "memory_used_bytes", latest->memory_bytes[device]);
        hcp_json_set_int(object, "memory_bytes", class->memory_bytes);
    }
}

void hcp_device_view_set_readings(const hcp_device_view *view, uint32_t device, json_t *object)
{
    static const char *const keys[] = {"utilization_pct", "temperature_c", "power_w",
                                       "energy_j",        "anomaly_score", "anomaly_cause"};
    const hcp_latest *latest = view->latest;
    int64_t observed_us = device < latest->n_devices ? latest->observed_us[device] : 0;
    hcp_json_set_time(object, "observed_at", observed_us);
    hcp_json_set_bool(object, "stale", hcp_device_view_is_stale(view, device));
    hcp_json_set_bool(object, "simulated", true);
    if (observed_us == 0) {
        json_object_set_new(object, "reading_age_ms", json_null());
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++)
            json_object_set_new(object, keys[i], json_null());
        return;
    }
    hcp_json_set_int(object, "reading_age_ms", MAX(0, view->now_us - observed_us) / HCP_US_PER_MS);
    hcp_services_set_rounded(object, "utilization_pct", latest->utilization[device] * 100, 1);
    hcp_services_set_rounded(object, "temperature_c", latest->temp_c[device], 1);
    hcp_services_set_rounded(object, "power_w", latest->power_w[device], 1);
    const hcp_anomaly *anomaly = hcp_platform_anomaly(view->services->platform);
    hcp_services_set_rounded(object, "anomaly_score", hcp_anomaly_score(anomaly, device), 1);
    hcp_json_set_string(object, "anomaly_cause", hcp_anomaly_cause(anomaly, device));
    set_counters(view, device, object);
}

json_t *hcp_device_view_json(const hcp_device_view *view, uint32_t device)
{
    json_t *object = json_object();
    hcp_device_view_set_identity(view, device, object);
    set_condition(view, device, object);
    set_tenant(view, device, object);
    hcp_device_view_set_readings(view, device, object);
    return object;
}

/* --- one device -------------------------------------------------------------------------------------------------------- */

static json_t *targets_json(const hcp_class_defined *class)
{
    json_t *list = json_array();
    const hcp_power_target *target = class->power_targets.items;
    for (uint32_t i = 0; i < class->power_targets.count; i++, target++) {
        json_t *item = json_object();
        hcp_json_set_int(item, "power_w", target->power_w);
        hcp_services_set_rounded(item, "hashrate_ths", target->ths, 2);
        hcp_services_set_rounded(item, "j_per_th",
                                 target->ths > 0 ? (double)target->power_w / target->ths : NAN, 2);
        hcp_json_set_bool(item, "default", i == class->default_target);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *figures_json(const hcp_class_defined *class)
{
    json_t *figures = json_object();
    hcp_json_set_string(figures, "family", class->family);
    hcp_json_set_string(figures, "source", class->source);
    hcp_json_set_int(figures, "tdp_w", class->tdp_w);
    hcp_json_set_int(figures, "idle_w", class->idle_w);
    hcp_json_set_int(figures, "standby_w", class->standby_w);
    if (class->kind == HCP_DEVICE_ASIC) {
        json_object_set_new(figures, "power_targets", targets_json(class));
        return figures;
    }
    hcp_json_set_int(figures, "memory_bytes", class->memory_bytes);
    hcp_json_set_number(figures, "tflops", class->tflops);
    hcp_json_set_number(figures, "hbm_gb_per_s", class->hbm_gb_per_s);
    hcp_json_set_number(figures, "pcie_gb_per_s", class->pcie_gb_per_s);
    hcp_services_set_money(figures, "rate_per_h", class->rate_usd_micro_per_h);
    return figures;
}

static json_t *switch_json(const hcp_device_view *view, uint32_t device)
{
    uint32_t ix = view->state->fleet.active_switch[device];
    if (ix == HCP_NO_INDEX)
        return json_null();
    const hcp_switch *sw = hcp_state_switch(view->state, ix);
    json_t *object = json_object();
    hcp_services_set_id(object, "switch_id", HCP_ID_SWITCH, sw->def.id.value);
    hcp_json_set_string(object, "cause", sw->def.cause);
    hcp_json_set_string(object, "from", hcp_enum_name(&HCP_MODE_NAMES, (int)sw->def.from));
    hcp_json_set_string(object, "to", hcp_enum_name(&HCP_MODE_NAMES, (int)sw->def.to));
    hcp_json_set_string(object, "phase", hcp_enum_name(&HCP_PHASE_NAMES, (int)sw->phase));
    hcp_json_set_bool(object, "scrub", sw->def.scrub);
    hcp_json_set_time(object, "started_at", sw->started_us);
    return object;
}

/* Columns: at_us, what, reason, xid. */
static bool take_change(void *user_data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    json_t *item = json_object();
    const hcp_xid *xid = hcp_xid_find((int32_t)hcp_list_column_int(&values[3]));
    hcp_json_set_time(item, "time", hcp_list_column_int(&values[0]));
    hcp_json_set_string(item, "what", hcp_list_column_text(&values[1]));
    hcp_json_set_string(item, "reason", hcp_list_column_text(&values[2]));
    if (xid != NULL) {
        hcp_json_set_int(item, "xid", xid->xid);
        hcp_json_set_string(item, "xid_name", xid->name);
        hcp_json_set_string(item, "action", xid->action);
    }
    json_array_append_new(user_data, item);
    return true;
}

json_t *hcp_device_view_changes(const hcp_device_view *view, uint32_t device, int limit)
{
    const hcp_projection_value values[] = {hcp_projection_int(device), hcp_projection_int(limit)};
    const hcp_journal_query_spec spec = {
        .sql = "SELECT at_us, what, reason, xid FROM device_change WHERE device = ?1"
               " ORDER BY seq DESC LIMIT ?2",
        .values = values,
        .n_values = G_N_ELEMENTS(values)};
    json_t *list = json_array();
    g_autoptr(GError) error = NULL;
    if (hcp_journal_query(hcp_platform_journal(view->services->platform), &spec, take_change, list,
                          &error))
        return list;
    json_decref(list);
    return json_null(); /* the history cannot be read now; the device can */
}

json_t *hcp_device_view_detail(const hcp_device_view *view, uint32_t device)
{
    const hcp_fleet *fleet = &view->state->fleet;
    const hcp_class_defined *class = class_of(view, device);
    json_t *object = hcp_device_view_json(view, device);
    uint32_t model = fleet->resident[device];
    hcp_json_set_string(object, "resident_model",
                        model != HCP_NO_INDEX ? g_ptr_array_index(view->state->models, model)
                                              : NULL);
    if (class->kind == HCP_DEVICE_ASIC && fleet->target[device] < class->power_targets.count)
        hcp_json_set_int(
            object, "power_target_w",
            ((const hcp_power_target *)class->power_targets.items)[fleet->target[device]].power_w);
    json_object_set_new(object, "switch", switch_json(view, device));
    json_object_set_new(object, "figures", figures_json(class));
    json_object_set_new(object, "changes", hcp_device_view_changes(view, device, CHANGES_SHOWN));
    return object;
}

bool hcp_device_view_find(const hcp_device_view *view, hcp_http_request *request,
                          uint32_t *ret_device)
{
    const char *text = hcp_http_request_param(request, "id");
    hcp_device_id id = {0};
    uint32_t device = hcp_id_parse(HCP_ID_DEVICE, text, &id.value)
                          ? hcp_core_find_device(view->core, id)
                          : hcp_core_find_device_name(view->core, text);
    if (device == HCP_NO_INDEX) {
        hcp_http_reply_not_found(request, "device", text);
        return false;
    }
    *ret_device = device;
    return true;
}

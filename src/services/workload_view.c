/* SPDX-License-Identifier: Apache-2.0 */
#include "services/workload_view.h"

#include "base/json_write.h"
#include "base/timefmt.h"
#include "base/units.h"
#include "core/eta.h"
#include "core/metering.h"
#include "core/queue.h"
#include "services/list.h"
#include "services/placement_view.h"

#include <math.h>
#include <string.h>

json_t *hcp_workload_view_eta(const hcp_core *core, uint32_t ix, int64_t now_us)
{
    hcp_eta eta;
    hcp_eta_of(core, ix, now_us, &eta);
    if (eta.low_us == INT64_MAX)
        return json_null();
    json_t *object = json_object();
    hcp_json_set_int(object, "low_ms", MAX(0, eta.low_us - now_us) / HCP_US_PER_MS);
    if (eta.high_us == INT64_MAX)
        json_object_set_new(object, "high_ms", json_null());
    else
        hcp_json_set_int(object, "high_ms", MAX(0, eta.high_us - now_us) / HCP_US_PER_MS);
    return object;
}

void hcp_workload_view_write_eta(GString *out, const hcp_core *core, uint32_t ix, int64_t now_us)
{
    hcp_eta eta;
    hcp_eta_of(core, ix, now_us, &eta);
    if (eta.low_us == INT64_MAX) {
        hcp_json_write_null(out, "eta");
        return;
    }
    hcp_json_write_object(out, "eta");
    hcp_json_write_int(out, "low_ms", MAX(0, eta.low_us - now_us) / HCP_US_PER_MS);
    if (eta.high_us == INT64_MAX)
        hcp_json_write_null(out, "high_ms");
    else
        hcp_json_write_int(out, "high_ms", MAX(0, eta.high_us - now_us) / HCP_US_PER_MS);
    hcp_json_write_end(out);
}

json_t *hcp_workload_view_quote(const hcp_workload_accepted *def)
{
    json_t *quote = json_object();
    hcp_usd_micro rate = def->rate_usd_micro_per_h * def->count;
    hcp_json_set_int(quote, "rate_usd_micro_per_h", rate);
    hcp_json_set_number(quote, "rate_usd_per_h", hcp_money_to_usd(rate));
    if (def->duration_us > 0) {
        hcp_services_set_money(
            quote, "total",
            hcp_money_accrue(def->rate_usd_micro_per_h, def->duration_us, def->count));
    } else {
        json_object_set_new(quote, "total_usd_micro", json_null());
        json_object_set_new(quote, "total_usd", json_null());
    }
    return quote;
}

void hcp_workload_view_write_quote(GString *out, const hcp_workload_accepted *def)
{
    hcp_usd_micro rate = def->rate_usd_micro_per_h * def->count;
    hcp_json_write_object(out, "quote");
    hcp_json_write_int(out, "rate_usd_micro_per_h", rate);
    hcp_json_write_number(out, "rate_usd_per_h", hcp_money_to_usd(rate));
    if (def->duration_us > 0) {
        hcp_usd_micro total =
            hcp_money_accrue(def->rate_usd_micro_per_h, def->duration_us, def->count);
        hcp_json_write_int(out, "total_usd_micro", total);
        hcp_json_write_number(out, "total_usd", hcp_money_to_usd(total));
    } else {
        hcp_json_write_null(out, "total_usd_micro");
        hcp_json_write_null(out, "total_usd");
    }
    hcp_json_write_end(out);
}

/* --- live figures --------------------------------------------------------------------------------------------------- */

/* Mean of the readings that exist; NaN without any. */
typedef struct {
    double utilization, temperature_c, power_w;
    int64_t oldest_us;
} readings;

static readings read_devices(hcp_services *services, const hcp_array *devices)
{
    const hcp_latest *latest = hcp_platform_latest(services->platform);
    const uint32_t *device = devices->items;
    readings sum = {.oldest_us = INT64_MAX};
    uint32_t n = 0;
    for (uint32_t i = 0; i < devices->count; i++, device++) {
        if (*device >= latest->n_devices || latest->observed_us[*device] == 0)
            continue;
        sum.utilization += latest->utilization[*device];
        sum.temperature_c += latest->temp_c[*device];
        sum.power_w += latest->power_w[*device];
        sum.oldest_us = MIN(sum.oldest_us, latest->observed_us[*device]);
        n++;
    }
    sum.utilization = n > 0 ? sum.utilization / n : NAN;
    sum.temperature_c = n > 0 ? sum.temperature_c / n : NAN;
    return sum;
}

static void set_reading(json_t *object, const char *key, double value, int digits)
{
    double scale = pow(10, digits);
    if (isfinite(value))
        hcp_json_set_number(object, key, round(value * scale) / scale);
    else
        json_object_set_new(object, key, json_null());
}

/* Requests are served at the class's rate under the reference model, so the time of one follows from it; the network is
 * the facility's round trip. A model until requests are measured where they are served, and it says so. */
static void set_service(json_t *metrics, const hcp_state *state, const hcp_workload *row,
                        const hcp_lease *lease)
{
    const hcp_class_defined *class = &hcp_state_class(state, lease->def.class_ix)->def;
    const hcp_facility_defined *site = &hcp_state_facility(state, lease->def.facility)->def;
    bool serves = row->def.kind == HCP_WORKLOAD_AI_INFERENCE_REALTIME ||
                  row->def.kind == HCP_WORKLOAD_AI_INFERENCE_BATCH;
    double per_s = serves && row->status == HCP_WORKLOAD_RUNNING
                       ? (double)class->requests_milli_per_s / 1000.0
                       : NAN;
    set_reading(metrics, "throughput_per_s", per_s * row->def.count, 3);
    set_reading(metrics, "latency_ms",
                1000.0 / per_s + (double)site->network_rtt_us / HCP_US_PER_MS, 1);
    hcp_json_set_string(metrics, "latency_basis",
                        "modelled: service time of one request plus the facility's round trip");
}

static json_t *metrics_json(hcp_services *services, const hcp_workload *row, int64_t now_us)
{
    const hcp_state *state = hcp_services_state(services);
    json_t *metrics = json_object();
    if (row->lease == HCP_NO_INDEX)
        return metrics;
    const hcp_lease *lease = hcp_state_lease(state, row->lease);
    readings r = read_devices(services, &lease->def.devices);
    set_reading(metrics, "gpu_utilization_pct", r.utilization * 100, 1);
    set_reading(metrics, "temperature_c", r.temperature_c, 1);
    set_reading(metrics, "power_w", r.power_w, 1);
    if (r.oldest_us != INT64_MAX)
        hcp_json_set_int(metrics, "reading_age_ms", MAX(0, now_us - r.oldest_us) / HCP_US_PER_MS);
    set_service(metrics, state, row, lease);
    hcp_json_set_int(
        metrics, "rate_usd_micro_per_h",
        row->status == HCP_WORKLOAD_RUNNING ? row->def.rate_usd_micro_per_h * row->def.count : 0);
    hcp_json_set_bool(metrics, "simulated", true);
    return metrics;
}

/* --- one workload --------------------------------------------------------------------------------------------------- */

static const char *customer_key(const hcp_state *state, uint32_t customer)
{
    return customer != HCP_NO_INDEX ? hcp_state_customer(state, customer)->def.key : NULL;
}

static json_t *classes_json(const hcp_state *state, uint64_t mask)
{
    json_t *classes = json_array();
    for (uint64_t left = mask; left != 0; left &= left - 1)
        json_array_append_new(
            classes, json_string(hcp_state_class(state, (uint32_t)__builtin_ctzll(left))->def.key));
    return classes;
}

static json_t *requirements_json(const hcp_state *state, const hcp_workload_accepted *def)
{
    json_t *object = json_object();
    hcp_json_set_int(object, "gpu_count", def->count);
    if (def->share_milli > 0 && def->share_milli < HCP_SHARE_WHOLE)
        hcp_json_set_number(object, "gpu_fraction", (double)def->share_milli / HCP_SHARE_WHOLE);
    json_object_set_new(object, "classes", classes_json(state, def->classes));
    if (def->facility != HCP_NO_INDEX)
        hcp_json_set_string(object, "facility", hcp_state_facility(state, def->facility)->def.key);
    if (def->duration_us > 0)
        hcp_json_set_number(object, "duration_hours",
                            (double)def->duration_us / (double)HCP_US_PER_H);
    if (def->max_latency_us > 0)
        hcp_json_set_number(object, "max_latency_ms",
                            (double)def->max_latency_us / (double)HCP_US_PER_MS);
    if (def->model_bytes > 0)
        hcp_json_set_number(object, "model_gb", (double)def->model_bytes / 1e9);
    return object;
}

static void set_identity(json_t *object, const hcp_state *state, const hcp_workload *row)
{
    const hcp_workload_accepted *def = &row->def;
    hcp_services_set_id(object, "workload_id", HCP_ID_WORKLOAD, def->id.value);
    hcp_json_set_string(object, "name", def->name);
    hcp_json_set_string(object, "customer_id", customer_key(state, def->customer));
    hcp_json_set_string(object, "workload_type",
                        hcp_enum_name(&HCP_WORKLOAD_KIND_NAMES, (int)def->kind));
    hcp_json_set_string(object, "model", def->model);
    hcp_json_set_string(object, "status",
                        hcp_enum_name(&HCP_WORKLOAD_STATUS_NAMES, (int)row->status));
    hcp_json_set_int(object, "priority", (int)def->priority);
    hcp_json_set_string(object, "classified_by", def->classified_by);
    json_object_set_new(object, "requirements", requirements_json(state, def));
}

/* Where it runs, or where it ran last: "8x H100-80GB" at "texas-1". */
static void set_place(json_t *object, const hcp_state *state, const hcp_workload *row)
{
    json_t *devices = NULL;
    const char *facility = NULL;
    g_autofree char *resources = NULL;
    if (row->lease != HCP_NO_INDEX) {
        const hcp_lease_granted *lease = &hcp_state_lease(state, row->lease)->def;
        devices = hcp_placement_view_devices(state, &lease->devices);
        facility = hcp_state_facility(state, lease->facility)->def.key;
        resources = g_strdup_printf("%ux %s", row->def.count,
                                    hcp_state_class(state, lease->class_ix)->def.key);
        hcp_services_set_id(object, "allocation_id", HCP_ID_LEASE, lease->id.value);
    }
    hcp_json_set_string(object, "facility", facility);
    hcp_json_set_string(object, "resources", resources);
    json_object_set_new(object, "devices", devices != NULL ? devices : json_array());
}

static void set_wait(json_t *object, const hcp_core *core, uint32_t ix, int64_t now_us)
{
    const hcp_workload *row = hcp_state_workload(hcp_core_state(core), ix);
    bool waits = row->status == HCP_WORKLOAD_QUEUED;
    uint32_t position = hcp_queue_position(hcp_core_queue(core), ix, now_us);
    json_object_set_new(object, "queue_position", waits ? json_integer(position) : json_null());
    hcp_json_set_string(object, "wait_reason",
                        waits ? hcp_enum_name(&HCP_WAIT_NAMES, (int)row->wait) : NULL);
    bool ahead = waits || row->status == HCP_WORKLOAD_STARTING;
    json_object_set_new(object, "eta",
                        ahead ? hcp_workload_view_eta(core, ix, now_us) : json_null());
}

static void set_times(json_t *object, const hcp_workload *row)
{
    hcp_json_set_time(object, "submitted_at", row->accepted_us);
    hcp_json_set_time(object, "start_by", row->def.deadline_us);
    hcp_json_set_time(object, "deadline", row->def.finish_by_us);
    hcp_json_set_bool(object, "deferrable", row->def.deferrable);
    bool deferred = row->status == HCP_WORKLOAD_QUEUED && row->wait == HCP_WAIT_DEFERRED;
    hcp_json_set_time(object, "deferred_until", deferred ? row->not_before_us : 0);
    if (row->deferral_usd_micro != 0)
        hcp_services_set_money(object, "deferral_saving", row->deferral_usd_micro);
    hcp_json_set_time(object, "started_at", row->first_started_us);
    hcp_json_set_time(object, "ends_at", row->ends_us);
    hcp_json_set_time(object, "finished_at", row->finished_us);
}

static void set_progress(json_t *object, const hcp_workload *row, const hcp_accrual *accrual)
{
    g_autofree char *runtime = hcp_duration_format(accrual->served_us);
    hcp_json_set_number(object, "served_s", (double)accrual->served_us / (double)HCP_US_PER_S);
    hcp_json_set_string(object, "runtime", runtime);
    hcp_json_set_int(object, "requests", accrual->requests);
    hcp_services_set_money(object, "cost", accrual->cost_usd_micro);
    if (row->def.duration_us > 0)
        hcp_json_set_number(object, "progress_pct",
                            round(1e4 * (double)accrual->served_us / (double)row->def.duration_us) /
                                100);
    else
        json_object_set_new(object, "progress_pct", json_null());
    hcp_json_set_int(object, "preemptions", row->preemptions);
    hcp_json_set_int(object, "retries", row->retries);
    hcp_json_set_string(object, "reason", row->reason);
}

json_t *hcp_workload_view(hcp_services *services, uint32_t ix)
{
    const hcp_core *core = hcp_services_core(services);
    const hcp_state *state = hcp_services_state(services);
    const hcp_workload *row = hcp_state_workload(state, ix);
    int64_t now_us = hcp_platform_now(services->platform);
    hcp_accrual accrual;
    hcp_workload_accrued(state, ix, now_us, &accrual);
    json_t *object = json_object();
    set_identity(object, state, row);
    set_place(object, state, row);
    set_wait(object, core, ix, now_us);
    set_times(object, row);
    set_progress(object, row, &accrual);
    json_object_set_new(object, "quote", hcp_workload_view_quote(&row->def));
    json_object_set_new(object, "metrics", metrics_json(services, row, now_us));
    return object;
}

/* --- one that has left the state ------------------------------------------------------------------------------------- */

enum {
    ID,
    CUSTOMER,
    NAME,
    TYPE,
    MODEL,
    PRIORITY,
    STATUS,
    DEVICES,
    FACILITY,
    CLASS,
    ACCEPTED,
    STARTED,
    FINISHED,
    SERVED,
    REQUESTS,
    COST,
    REASON
};

static void set_row_texts(json_t *object, const hcp_projection_value *values)
{
    static const struct {
        const char *key;
        int column;
    } texts[] = {{"workload_id", ID},     {"customer_id", CUSTOMER}, {"name", NAME},
                 {"workload_type", TYPE}, {"model", MODEL},          {"status", STATUS},
                 {"facility", FACILITY},  {"reason", REASON}};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        hcp_json_set_string(object, texts[i].key, hcp_list_column_text(&values[texts[i].column]));
}

static json_t *row_json(const hcp_projection_value *values)
{
    json_t *object = json_object();
    const char *class_key = hcp_list_column_text(&values[CLASS]);
    int64_t devices = hcp_list_column_int(&values[DEVICES]);
    set_row_texts(object, values);
    hcp_json_set_int(object, "priority",
                     hcp_enum_value(&HCP_PRIORITY_NAMES, hcp_list_column_text(&values[PRIORITY])));
    g_autofree char *resources =
        class_key != NULL ? g_strdup_printf("%" G_GINT64_FORMAT "x %s", devices, class_key) : NULL;
    hcp_json_set_string(object, "resources", resources);
    json_object_set_new(object, "requirements",
                        json_pack("{s:I}", "gpu_count", (json_int_t)devices));
    json_object_set_new(object, "queue_position", json_null());
    hcp_json_set_time(object, "submitted_at", hcp_list_column_int(&values[ACCEPTED]));
    hcp_json_set_time(object, "started_at", hcp_list_column_int(&values[STARTED]));
    hcp_json_set_time(object, "finished_at", hcp_list_column_int(&values[FINISHED]));
    int64_t served_us = hcp_list_column_int(&values[SERVED]);
    g_autofree char *runtime = hcp_duration_format(served_us);
    hcp_json_set_number(object, "served_s", (double)served_us / (double)HCP_US_PER_S);
    hcp_json_set_string(object, "runtime", runtime);
    hcp_json_set_int(object, "requests", hcp_list_column_int(&values[REQUESTS]));
    hcp_services_set_money(object, "cost", hcp_list_column_int(&values[COST]));
    return object;
}

json_t *hcp_workload_view_row(hcp_services *services, const hcp_projection_value *values)
{
    hcp_workload_id id = {0};
    if (hcp_id_parse(HCP_ID_WORKLOAD, hcp_list_column_text(&values[ID]), &id.value)) {
        uint32_t ix = hcp_core_find_workload(hcp_services_core(services), id);
        if (ix != HCP_NO_INDEX)
            return hcp_workload_view(services, ix);
    }
    return row_json(values);
}

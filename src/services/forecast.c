/* SPDX-License-Identifier: Apache-2.0 */
#include "services/forecast.h"

#include "base/units.h"
#include "economics/forecast/occupancy.h"
#include "services/fleet_tally.h"
#include "services/list.h"

#include <math.h>
#include <stdlib.h>

#define HISTORY_US HCP_US_PER_DAY
#define STEPS_MAX 48
/* With fewer whole hours than this their quantiles say nothing; the mean stands for all three. */
#define HOURS_NEEDED 4
/* From less history than this no demand is told: a few arrivals would be anything per hour. */
#define WINDOW_NEEDED_US (15 * HCP_US_PER_MIN)

enum { LOW, EXPECTED, HIGH, CASES };

static const char *const CASE_NAMES[CASES] = {"low", "expected", "high"};
static const double CASE_QUANTILES[CASES] = {0.1, 0.5, 0.9};

/* Something of which `devices` devices have `us`: a hold, or a time until release. INT64_MAX = open-ended. */
typedef struct {
    int64_t us;
    uint32_t devices;
} weighted;

/* Everything the forecast of a class rests on. */
typedef struct {
    uint32_t class_ix;
    hcp_fleet_tally tally;
    GArray *releases;         /* weighted: time until the held devices are free */
    GArray *holds;            /* weighted: how long leases of the last day last */
    GArray *leases;           /* hcp_occupancy_lease: of two weeks, and those held */
    hcp_occupancy *occupancy; /* NULL: too little history */
    uint32_t hourly[HISTORY_US / HCP_US_PER_H]; /* devices leased, the latest hour first */
    uint32_t granted;                           /* devices leased in the last day */
    uint32_t queued;                            /* devices wanted by those who wait and accept it */
    double rate_per_h[CASES];
} outlook;

typedef struct {
    hcp_services *services;
    const hcp_state *state;
    uint32_t scope; /* facility, HCP_NO_INDEX = all */
    int64_t now_us;
    int64_t began_us;  /* of the platform */
    int64_t window_us; /* of the rates: a day, or since the platform began */
    int extra;         /* devices that each class is taken to have beyond its own */
    outlook *classes;
    guint n_classes;
} forecast;

/* --- what is known ----------------------------------------------------------------------------------------------------- */

static bool in_scope(const forecast *f, uint32_t facility)
{
    return f->scope == HCP_NO_INDEX || f->scope == facility;
}

/* When the lease ends as things stand, INT64_MAX when nobody has said. A workload that has not started will last as long
 * as it asked for. */
static int64_t planned_end_us(const forecast *f, const hcp_lease *lease)
{
    if (lease->workload == HCP_NO_INDEX)
        return INT64_MAX;
    const hcp_workload *row = hcp_state_workload(f->state, lease->workload);
    if (row->ends_us != 0)
        return MAX(row->ends_us, f->now_us);
    return row->def.duration_us != 0 ? f->now_us + row->def.duration_us - row->served_us
                                     : INT64_MAX;
}

static void gather_leases(forecast *f)
{
    for (guint i = 0; i < f->state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(f->state, i);
        if (!lease->live || !in_scope(f, lease->def.facility))
            continue;
        int64_t end_us = planned_end_us(f, lease);
        const weighted release = {end_us == INT64_MAX ? INT64_MAX : end_us - f->now_us,
                                  lease->def.devices.count};
        g_array_append_val(f->classes[lease->def.class_ix].releases, release);
    }
}

static void gather_queue(forecast *f)
{
    for (guint i = 0; i < f->state->workloads.items->len; i++) {
        const hcp_workload *row = hcp_state_workload(f->state, i);
        if (row->def.id.value == 0 || row->status != HCP_WORKLOAD_QUEUED)
            continue;
        for (uint64_t left = row->def.classes; left != 0; left &= left - 1)
            f->classes[__builtin_ctzll(left)].queued += row->def.count;
    }
}

/* What the last day's demand looked like. */
static void count_demand(const forecast *f, outlook *its, const hcp_occupancy_lease *lease)
{
    int64_t hour = MAX(0, f->now_us - lease->granted_us) / HCP_US_PER_H;
    if (hour >= (int64_t)G_N_ELEMENTS(its->hourly))
        return;
    int64_t end_us = lease->ended_us == INT64_MAX ? lease->planned_us : lease->ended_us;
    const weighted hold = {end_us == INT64_MAX ? INT64_MAX : MAX(0, end_us - lease->granted_us),
                           lease->devices};
    g_array_append_val(its->holds, hold);
    its->hourly[hour] += lease->devices;
    its->granted += lease->devices;
}

/* Columns: id, class, facility, devices, granted_us, released_us, workload. */
static bool take_lease(void *user_data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    forecast *f = user_data;
    const hcp_core *core = hcp_services_core(f->services);
    uint32_t class_ix = hcp_core_find_class(core, hcp_list_column_text(&values[1]));
    uint32_t facility = hcp_core_find_facility(core, hcp_list_column_text(&values[2]));
    if (class_ix == HCP_NO_INDEX || !in_scope(f, facility))
        return true;
    /* Work ends when it asked to, so its end was known; what was allocated until released was open-ended. */
    bool open_ended = values[6].kind == HCP_PROJECTION_NULL;
    hcp_occupancy_lease lease = {
        .granted_us = hcp_list_column_int(&values[4]),
        .ended_us = hcp_list_column_int(&values[5]),
        .devices = (uint32_t)hcp_list_column_int(&values[3]),
    };
    lease.planned_us = open_ended ? INT64_MAX : lease.ended_us;
    hcp_lease_id id = {0};
    (void)hcp_id_parse(HCP_ID_LEASE, hcp_list_column_text(&values[0]), &id.value);
    uint32_t held = hcp_core_find_lease(core, id);
    if (held != HCP_NO_INDEX) {
        lease.ended_us = INT64_MAX;
        lease.planned_us = planned_end_us(f, hcp_state_lease(f->state, held));
    }
    g_array_append_val(f->classes[class_ix].leases, lease);
    count_demand(f, &f->classes[class_ix], &lease);
    return true;
}

/* Ids sort by time, so the history is a range of the primary key. */
static bool gather_history(forecast *f, GError **error)
{
    char from[HCP_ID_TEXT_SIZE];
    int64_t from_ms = MAX(1, (f->now_us - HCP_OCCUPANCY_HISTORY_US) / HCP_US_PER_MS);
    hcp_id_format(HCP_ID_LEASE, (uint64_t)from_ms << 20, from);
    const hcp_projection_value value = hcp_projection_text(from);
    const hcp_journal_query_spec spec = {
        .sql = "SELECT id, class, facility, devices, granted_us, released_us, workload FROM lease"
               " WHERE id > ?1 OR released_us IS NULL",
        .values = &value,
        .n_values = 1};
    return hcp_journal_query(hcp_platform_journal(f->services->platform), &spec, take_lease, f,
                             error);
}

static bool take_began(void *user_data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    *(int64_t *)user_data = hcp_list_column_int(&values[0]);
    return false;
}

static bool gather_window(forecast *f, GError **error)
{
    int64_t began_us = f->now_us;
    const hcp_journal_query_spec spec = {.sql = "SELECT time_us FROM journal_entry WHERE seq = 1"};
    if (!hcp_journal_query(hcp_platform_journal(f->services->platform), &spec, take_began,
                           &began_us, error))
        return false;
    f->began_us = began_us;
    f->window_us = CLAMP(f->now_us - began_us, 1, HISTORY_US);
    return true;
}

/* --- arithmetic -------------------------------------------------------------------------------------------------------- */

static int compare_weighted(const void *a, const void *b)
{
    int64_t left = ((const weighted *)a)->us, right = ((const weighted *)b)->us;
    return (left > right) - (left < right);
}

/* Quantile `q` over devices of a sorted list: NaN when it is empty or the device at it is open-ended. */
static double quantile_h(const GArray *list, double q)
{
    uint64_t total = 0, sum = 0;
    for (guint i = 0; i < list->len; i++)
        total += g_array_index(list, weighted, i).devices;
    for (guint i = 0; i < list->len; i++) {
        const weighted *item = &g_array_index(list, weighted, i);
        sum += item->devices;
        if ((double)sum >= q * (double)total)
            return item->us == INT64_MAX ? NAN : (double)item->us / (double)HCP_US_PER_H;
    }
    return NAN;
}

/* Mean over devices, in hours; 0 without holds. */
static double mean_hold_h(const GArray *holds)
{
    double sum = 0, total = 0;
    for (guint i = 0; i < holds->len; i++) {
        const weighted *hold = &g_array_index(holds, weighted, i);
        sum += (double)hold->us * hold->devices;
        total += hold->devices;
    }
    return total > 0 ? sum / total / (double)HCP_US_PER_H : 0;
}

/* Held devices that will be free after `t_us` if nobody new comes. */
static uint32_t released_by(const outlook *its, int64_t t_us)
{
    uint32_t sum = 0;
    for (guint i = 0; i < its->releases->len; i++) {
        const weighted *release = &g_array_index(its->releases, weighted, i);
        sum += release->us <= t_us ? release->devices : 0;
    }
    return sum;
}

static int compare_counts(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

static void find_rates(outlook *its, int64_t window_us)
{
    size_t hours = (size_t)(window_us / HCP_US_PER_H);
    double mean = window_us >= WINDOW_NEEDED_US
                      ? (double)its->granted * (double)HCP_US_PER_H / (double)window_us
                      : NAN;
    if (hours >= HOURS_NEEDED)
        qsort(its->hourly, hours, sizeof *its->hourly, compare_counts);
    for (int c = 0; c < CASES; c++)
        its->rate_per_h[c] =
            hours >= HOURS_NEEDED
                ? its->hourly[(size_t)(CASE_QUANTILES[c] * (double)(hours - 1) + 0.5)]
                : mean;
}

/* Devices leased after `t_us` in each case; NaN without history. */
static void leased_after(const outlook *its, int64_t t_us, double ret_leased[CASES])
{
    hcp_occupancy_range range = {NAN, NAN, NAN};
    if (its->occupancy != NULL)
        range = hcp_occupancy_at(its->occupancy, t_us);
    ret_leased[LOW] = range.low;
    ret_leased[EXPECTED] = range.expected;
    ret_leased[HIGH] = range.high;
}

static double could_be_leased(const forecast *f, const outlook *its)
{
    return (double)its->tally.leased + its->tally.free + f->extra;
}

/* --- the answer -------------------------------------------------------------------------------------------------------- */

static json_t *steps_json(const forecast *f, const outlook *its, int hours, json_t *runs_out)
{
    json_t *list = json_array();
    int n = MIN(hours, STEPS_MAX);
    for (int step = 1; step <= n; step++) {
        int64_t t_us = hours * HCP_US_PER_H / n * step;
        json_t *item = json_object(), *available = json_object();
        hcp_json_set_time(item, "time", f->now_us + t_us);
        hcp_json_set_int(item, "released", released_by(its, t_us));
        double leased[CASES];
        leased_after(its, t_us, leased);
        for (int c = 0; c < CASES; c++) {
            double left = could_be_leased(f, its) - leased[c];
            hcp_services_set_rounded(available, CASE_NAMES[c], isnan(left) ? left : MAX(left, 0.0),
                                     1);
            if (left <= 0 && json_is_null(json_object_get(runs_out, CASE_NAMES[c])))
                hcp_json_set_time(runs_out, CASE_NAMES[c], f->now_us + t_us);
        }
        json_object_set_new(item, "available", available);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *demand_json(const outlook *its)
{
    json_t *rates = json_object(), *demand = json_object();
    double hold_h = mean_hold_h(its->holds);
    for (int c = 0; c < CASES; c++)
        hcp_services_set_rounded(rates, CASE_NAMES[c], its->rate_per_h[c], 2);
    hcp_json_set_int(demand, "leases_observed", its->holds->len);
    json_object_set_new(demand, "devices_per_h", rates);
    /* An open-ended lease lasts longer than any figure. */
    hcp_services_set_rounded(demand, "mean_hold_h",
                             its->holds->len > 0 && hold_h < 1e6 ? hold_h : NAN, 3);
    return demand;
}

/* For each horizon within `hours`: which model speaks, on how many forecasts of the past it was judged, and its mean absolute
 * error there beside that of persistence. */
static json_t *models_json(const outlook *its, int hours)
{
    json_t *list = json_array();
    for (int i = 0; its->occupancy != NULL && i < HCP_OCCUPANCY_HORIZONS; i++) {
        if (HCP_OCCUPANCY_HORIZON_H[i] > hours)
            break;
        uint32_t judged;
        double error[HCP_OCCUPANCY_MODELS];
        hcp_occupancy_model model = hcp_occupancy_speaks(
            its->occupancy, HCP_OCCUPANCY_HORIZON_H[i] * HCP_US_PER_H, &judged, error);
        json_t *item = json_object();
        hcp_json_set_int(item, "hours", HCP_OCCUPANCY_HORIZON_H[i]);
        hcp_json_set_string(item, "model", hcp_occupancy_model_name(model));
        hcp_json_set_int(item, "judged", judged);
        hcp_services_set_rounded(item, "error_devices", error[model], 2);
        hcp_services_set_rounded(item, "persistence_error_devices",
                                 error[HCP_OCCUPANCY_PERSISTENCE], 2);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *class_json(const forecast *f, outlook *its, int hours)
{
    static const struct {
        const char *key;
        double q;
    } quantiles[] = {{"p10", 0.1}, {"p50", 0.5}, {"p90", 0.9}};
    const hcp_class_defined *class = &hcp_state_class(f->state, its->class_ix)->def;
    json_t *object = json_object(), *free_in = json_object(), *runs_out = json_object();
    uint32_t open_ended = 0;
    g_array_sort(its->releases, compare_weighted);
    for (guint i = 0; i < its->releases->len; i++) {
        const weighted *release = &g_array_index(its->releases, weighted, i);
        open_ended += release->us == INT64_MAX ? release->devices : 0;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(quantiles); i++)
        hcp_services_set_rounded(free_in, quantiles[i].key,
                                 quantile_h(its->releases, quantiles[i].q), 3);
    for (int c = 0; c < CASES; c++)
        json_object_set_new(runs_out, CASE_NAMES[c], json_null());
    hcp_json_set_string(object, "class", class->key);
    hcp_json_set_string(object, "type", hcp_enum_name(&HCP_DEVICE_KIND_NAMES, (int)class->kind));
    hcp_json_set_int(object, "devices", its->tally.count);
    hcp_json_set_int(object, "available", its->tally.free);
    hcp_json_set_int(object, "leased", its->tally.leased);
    hcp_json_set_int(object, "open_ended", open_ended);
    hcp_json_set_int(object, "queued_devices", its->queued);
    json_object_set_new(object, "leased_free_in_h", free_in);
    json_object_set_new(object, "demand", demand_json(its));
    json_object_set_new(object, "models", models_json(its, hours));
    json_object_set_new(object, "steps", steps_json(f, its, hours, runs_out));
    json_object_set_new(object, "runs_out_at", runs_out);
    return object;
}

/* Classes that nobody rents and nobody has leased are not forecast. */
static bool is_rented(const forecast *f, const outlook *its)
{
    return its->tally.count > 0 &&
           (hcp_state_class(f->state, its->class_ix)->def.rate_usd_micro_per_h > 0 ||
            its->tally.leased > 0);
}

static const char *basis(int64_t window_us)
{
    if (window_us < WINDOW_NEEDED_US)
        return "ends of the leases held; no demand is told from less than 15 minutes of history";
    return "ends of the leases held, and new demand as the model says that was nearest on the past "
           "week; low and high hold 80 % of what came, by the errors of that model on the past "
           "week, and are a guess while fewer than 20 of its forecasts are judged; devices_per_h "
           "is "
           "the last day's demand by hour, its 10th, 50th and 90th percentile once there are four "
           "hours";
}

static json_t *forecast_json(forecast *f, int hours)
{
    json_t *classes = json_array();
    for (guint c = 0; c < f->n_classes; c++) {
        outlook *its = &f->classes[c];
        if (!is_rented(f, its))
            continue;
        find_rates(its, f->window_us);
        if (f->window_us >= WINDOW_NEEDED_US)
            its->occupancy =
                hcp_occupancy_new((const hcp_occupancy_lease *)(void *)its->leases->data,
                                  its->leases->len, f->began_us, f->now_us);
        json_array_append_new(classes, class_json(f, its, hours));
    }
    json_t *body = json_object();
    hcp_json_set_int(body, "hours", hours);
    hcp_json_set_int(body, "extra_devices", f->extra);
    hcp_json_set_time(body, "timestamp", f->now_us);
    hcp_services_set_rounded(body, "window_h", (double)f->window_us / (double)HCP_US_PER_H, 2);
    json_object_set_new(body, "classes", classes);
    hcp_json_set_string(body, "basis", basis(f->window_us));
    return body;
}

static void start(forecast *f)
{
    f->n_classes = f->state->fleet.classes->len;
    f->classes = g_new0(outlook, MAX(f->n_classes, 1));
    for (guint c = 0; c < f->n_classes; c++) {
        f->classes[c].class_ix = c;
        f->classes[c].releases = g_array_new(FALSE, FALSE, sizeof(weighted));
        f->classes[c].holds = g_array_new(FALSE, FALSE, sizeof(weighted));
        f->classes[c].leases = g_array_new(FALSE, FALSE, sizeof(hcp_occupancy_lease));
    }
    for (guint g = 0; g < f->state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(f->state, g);
        if (in_scope(f, group->facility))
            hcp_fleet_tally_add(&f->classes[group->class_ix].tally, f->state, group);
    }
    gather_leases(f);
    gather_queue(f);
}

static void finish(forecast *f)
{
    for (guint c = 0; c < f->n_classes; c++) {
        g_array_unref(f->classes[c].releases);
        g_array_unref(f->classes[c].holds);
        g_array_unref(f->classes[c].leases);
        hcp_occupancy_free(f->classes[c].occupancy);
    }
    g_free(f->classes);
}

void hcp_forecast_reply(hcp_services *services, hcp_http_request *request, uint32_t facility,
                        int hours)
{
    forecast f = {.services = services,
                  .state = hcp_services_state(services),
                  .scope = facility,
                  .extra = (int)hcp_http_request_query_int(request, "extra_devices", 0),
                  .now_us = hcp_platform_now(services->platform)};
    g_autoptr(GError) error = NULL;
    start(&f);
    if (gather_window(&f, &error) && gather_history(&f, &error))
        hcp_http_reply_json(request, 200, forecast_json(&f, hours));
    else
        hcp_http_reply_error(request, 503, "history-unavailable", "%s", error->message);
    finish(&f);
}

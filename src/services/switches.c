/* SPDX-License-Identifier: Apache-2.0 */
/* Switches of devices from one mode to another, with their measured phases. */
#include "base/units.h"
#include "services/internal.h"
#include "services/list.h"
#include "services/switch_costs.h"

#include <math.h>

/* Distributions are of so many of the latest switches, so that asking stays cheap however long the history is. */
#define WINDOW 5000

typedef struct {
    hcp_services *services;
    json_t *list;
} phase_list;

static double ms(int64_t duration_us)
{
    return (double)duration_us / (double)HCP_US_PER_MS;
}

static bool take_phase(void *user_data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    phase_list *phases = user_data;
    json_t *phase = json_object();
    int64_t started_us = hcp_list_column_int(&values[1]),
            ended_us = hcp_list_column_int(&values[2]);
    hcp_json_set_string(phase, "phase", hcp_list_column_text(&values[0]));
    hcp_json_set_time(phase, "started_at", started_us);
    hcp_json_set_number(phase, "duration_ms", ms(ended_us - started_us));
    hcp_json_set_int(phase, "lost_devices", hcp_list_column_int(&values[3]));
    json_array_append_new(phases->list, phase);
    return true;
}

static json_t *phases_json(hcp_services *services, const char *id)
{
    phase_list phases = {services, json_array()};
    const hcp_projection_value value = hcp_projection_text(id);
    const hcp_journal_query_spec spec = {
        .sql = "SELECT phase, started_us, ended_us, lost_devices FROM switch_phase"
               " WHERE switch = ?1 ORDER BY started_us, ended_us",
        .values = &value,
        .n_values = 1};
    (void)hcp_journal_query(hcp_platform_journal(services->platform), &spec, take_phase, &phases,
                            NULL); /* the list itself has just been read from the same file */
    return phases.list;
}

/* The phase a switch is in, from the state; null once it has ended. */
static const char *phase_now(const hcp_services *services, const char *id)
{
    hcp_switch_id value = {0};
    if (!hcp_id_parse(HCP_ID_SWITCH, id, &value.value))
        return NULL;
    uint32_t ix = hcp_core_find_switch(hcp_services_core(services), value);
    if (ix == HCP_NO_INDEX)
        return NULL;
    const hcp_switch *row = hcp_state_switch(hcp_services_state(services), ix);
    return row->live ? hcp_enum_name(&HCP_PHASE_NAMES, (int)row->phase) : NULL;
}

static void set_text(json_t *object, const char *key, const hcp_projection_value *value)
{
    hcp_json_set_string(object, key, hcp_list_column_text(value));
}

static json_t *switch_row(void *data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    hcp_services *services = data;
    const char *id = hcp_list_column_text(&values[0]);
    bool ended = values[8].kind == HCP_PROJECTION_INT;
    json_t *object = json_object();
    static const char *const texts[] = {"switch_id", "allocation_id", "cause", "facility",
                                        "class",     "from",          "to"};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        set_text(object, texts[i], &values[i]);
    hcp_json_set_int(object, "devices", hcp_list_column_int(&values[11]));
    hcp_json_set_time(object, "started_at", hcp_list_column_int(&values[7]));
    hcp_json_set_time(object, "ended_at", hcp_list_column_int(&values[8]));
    hcp_json_set_string(object, "phase", ended ? NULL : phase_now(services, id));
    json_object_set_new(object, "ok",
                        ended ? json_boolean(hcp_list_column_int(&values[9]) != 0) : json_null());
    json_object_set_new(object, "duration_ms",
                        ended ? json_real(ms(hcp_list_column_int(&values[10]))) : json_null());
    set_text(object, "failed_phase", &values[12]);
    set_text(object, "reason", &values[13]);
    json_object_set_new(object, "phases", phases_json(services, id));
    hcp_json_set_bool(object, "simulated", true);
    return object;
}

static void list(hcp_http_request *request, void *data)
{
    static const char sql[] =
        "SELECT id, id, lease, cause, facility, class, from_mode, to_mode, started_us, ended_us, "
        "ok,"
        " duration_us, devices, failed_phase, reason FROM switch"
        " WHERE (?1 = '' OR id < ?1) AND (?3 IS NULL OR (ended_us IS NULL) = ?3)"
        " ORDER BY id DESC LIMIT ?2";
    const char *running = hcp_http_request_query(request, "running");
    hcp_list_reply(data, request,
                   &(hcp_list){
                       .sql = sql,
                       .values = {running == NULL ? hcp_projection_null()
                                                  : hcp_projection_int(hcp_http_request_query_bool(
                                                        request, "running", false))},
                       .n_values = 1,
                       .member = "switches",
                       .row = switch_row,
                       .data = data,
                   });
}

/* --- distributions --------------------------------------------------------------------------------------------------- */

typedef struct {
    GArray *durations_us; /* int64_t */
    int64_t failed;
} sample;

static int compare(gconstpointer a, gconstpointer b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

/* Columns: duration, whether it ended well. */
static bool take_duration(void *user_data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    sample *s = user_data;
    int64_t duration_us = hcp_list_column_int(&values[0]);
    if (hcp_list_column_int(&values[1]) == 0)
        s->failed++;
    else
        g_array_append_val(s->durations_us, duration_us);
    return true;
}

/* Nearest rank. */
static int64_t quantile_us(const GArray *sorted, double q)
{
    guint rank = (guint)ceil(q * sorted->len);
    return g_array_index(sorted, int64_t, MAX(rank, 1) - 1);
}

static json_t *distribution_json(const sample *s)
{
    static const struct {
        const char *key;
        double q;
    } quantiles[] = {{"p50_ms", 0.5}, {"p90_ms", 0.9}, {"p99_ms", 0.99}, {"max_ms", 1.0}};
    json_t *object = json_object();
    hcp_json_set_int(object, "count", (int64_t)s->durations_us->len + s->failed);
    hcp_json_set_int(object, "failed", s->failed);
    double sum = 0;
    bool none = s->durations_us->len == 0;
    g_array_sort(s->durations_us, compare);
    for (guint i = 0; i < s->durations_us->len; i++)
        sum += (double)g_array_index(s->durations_us, int64_t, i);
    json_object_set_new(object, "mean_ms",
                        none ? json_null()
                             : json_real(sum / s->durations_us->len / (double)HCP_US_PER_MS));
    for (size_t i = 0; i < G_N_ELEMENTS(quantiles); i++)
        json_object_set_new(object, quantiles[i].key,
                            none ? json_null()
                                 : json_real(ms(quantile_us(s->durations_us, quantiles[i].q))));
    return object;
}

/* NULL with `error` when the query fails. */
static json_t *distribution(hcp_services *services, const char *sql, const char *phase,
                            GError **error)
{
    sample s = {.durations_us = g_array_new(FALSE, FALSE, sizeof(int64_t))};
    const hcp_projection_value values[] = {hcp_projection_int(WINDOW), hcp_projection_text(phase)};
    const hcp_journal_query_spec spec = {.sql = sql, .values = values, .n_values = phase ? 2 : 1};
    json_t *object = NULL;
    if (hcp_journal_query(hcp_platform_journal(services->platform), &spec, take_duration, &s,
                          error))
        object = distribution_json(&s);
    g_array_unref(s.durations_us);
    return object;
}

static void get_metrics(hcp_http_request *request, void *data)
{
    static const char whole_sql[] = "SELECT duration_us, ok FROM switch WHERE ended_us IS NOT NULL"
                                    " ORDER BY id DESC LIMIT ?1";
    static const char phase_sql[] =
        "SELECT p.ended_us - p.started_us, 1 FROM (SELECT id FROM switch WHERE ended_us IS NOT NULL"
        " ORDER BY id DESC LIMIT ?1) s JOIN switch_phase p ON p.switch = s.id WHERE p.phase = ?2";
    hcp_services *services = data;
    g_autoptr(GError) error = NULL;
    json_t *body = distribution(services, whole_sql, NULL, &error);
    json_t *phases = json_array();
    for (int phase = 0; error == NULL && phase < HCP_PHASES; phase++) {
        const char *name = hcp_enum_name(&HCP_PHASE_NAMES, phase);
        json_t *item = distribution(services, phase_sql, name, &error);
        if (item == NULL)
            break;
        hcp_json_set_string(item, "phase", name);
        json_object_del(item, "failed");
        json_array_append_new(phases, item);
    }
    if (error != NULL) {
        json_decref(body);
        json_decref(phases);
        hcp_http_reply_error(request, 503, "history-unavailable", "%s", error->message);
        return;
    }
    json_object_set_new(body, "phases", phases);
    json_object_set_new(body, "costs",
                        hcp_switch_costs_json(hcp_services_state(services), HCP_NO_INDEX));
    hcp_json_set_int(body, "window", WINDOW);
    hcp_json_set_int(body, "total", hcp_services_state(services)->switch_count);
    hcp_json_set_bool(body, "simulated", true);
    hcp_http_reply_json(request, 200, body);
}

static const hcp_http_binding BINDINGS[] = {
    {"listSwitches", list},
    {"getSwitchingMetrics", get_metrics},
};

bool hcp_services_bind_switches(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

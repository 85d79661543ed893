/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts: the list with its filters, one of them, and acknowledging it. */
#include "services/internal.h"
#include "services/list.h"

#define COLUMNS                                                                                    \
    "id, severity, category, kind, subject, message, facility, customer, workload, raised_us,"     \
    " acknowledged_us, cleared_us, note"

static json_t *alert_row(void *data, const hcp_projection_value *values, int n_values)
{
    (void)data;
    (void)n_values;
    static const char *const texts[] = {"alert_id", "severity",    "category",
                                        "kind",     "subject",     "message",
                                        "facility", "customer_id", "workload_id"};
    static const char *const times[] = {"raised_at", "acknowledged_at", "cleared_at"};
    json_t *object = json_object();
    const hcp_projection_value *value = values;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        hcp_json_set_string(object, texts[i], hcp_list_column_text(value++));
    hcp_json_set_bool(object, "acknowledged", hcp_list_column_int(&value[1]) != 0);
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++)
        hcp_json_set_time(object, times[i], hcp_list_column_int(value++));
    hcp_json_set_string(object, "note", hcp_list_column_text(value));
    return object;
}

static hcp_projection_value flag(const hcp_http_request *request, const char *name)
{
    return hcp_http_request_query(request, name) == NULL
               ? hcp_projection_null()
               : hcp_projection_int(hcp_http_request_query_bool(request, name, false));
}

static void list(hcp_http_request *request, void *data)
{
    static const char sql[] = "SELECT id, " COLUMNS " FROM alert"
                              " WHERE (?1 = '' OR id < ?1) AND (?3 IS NULL OR severity = ?3)"
                              " AND (?4 IS NULL OR category = ?4)"
                              " AND (?5 IS NULL OR (acknowledged_us IS NOT NULL) = ?5)"
                              " AND (?6 IS NULL OR (cleared_us IS NULL) = ?6)"
                              " ORDER BY id DESC LIMIT ?2";
    hcp_list_reply(
        data, request,
        &(hcp_list){
            .sql = sql,
            .values = {hcp_list_text(request, "severity"), hcp_list_text(request, "category"),
                       flag(request, "acknowledged"), flag(request, "open")},
            .n_values = 4,
            .member = "alerts",
            .row = alert_row,
        });
}

/* --- one ------------------------------------------------------------------------------------------------------------- */

/* From the state, which knows of changes before they are durable. NULL when the state has forgotten it. */
static const hcp_alert *find(const hcp_state *state, uint64_t id)
{
    for (guint i = state->alerts->len; i-- > 0;) {
        const hcp_alert *alert = &g_array_index(state->alerts, hcp_alert, i);
        if (alert->def.id.value == id)
            return alert;
    }
    return NULL;
}

static json_t *alert_json(const hcp_state *state, const hcp_alert *alert)
{
    const hcp_alert_raised *def = &alert->def;
    json_t *object = json_object();
    hcp_services_set_id(object, "alert_id", HCP_ID_ALERT, def->id.value);
    hcp_json_set_string(object, "severity", hcp_enum_name(&HCP_SEVERITY_NAMES, (int)def->severity));
    hcp_json_set_string(object, "category",
                        hcp_enum_name(&HCP_ALERT_CATEGORY_NAMES, (int)def->category));
    hcp_json_set_string(object, "kind", def->kind);
    hcp_json_set_string(object, "subject", def->subject);
    hcp_json_set_string(object, "message", def->message);
    hcp_json_set_string(
        object, "facility",
        def->facility != HCP_NO_INDEX ? hcp_state_facility(state, def->facility)->def.key : NULL);
    hcp_json_set_string(
        object, "customer_id",
        def->customer != HCP_NO_INDEX ? hcp_state_customer(state, def->customer)->def.key : NULL);
    hcp_services_set_id(object, "workload_id", HCP_ID_WORKLOAD, def->workload.value);
    hcp_json_set_bool(object, "acknowledged", alert->acknowledged_us != 0);
    hcp_json_set_time(object, "raised_at", alert->raised_us);
    hcp_json_set_time(object, "acknowledged_at", alert->acknowledged_us);
    hcp_json_set_time(object, "cleared_at", alert->cleared_us);
    hcp_json_set_string(object, "note", alert->note);
    return object;
}

static bool take_row(void *user_data, const hcp_projection_value *values, int n_values)
{
    json_t **row = user_data;
    *row = alert_row(NULL, values, n_values);
    return false;
}

static void get(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const char *text = hcp_http_request_param(request, "id");
    const hcp_state *state = hcp_services_state(services);
    uint64_t id = 0;
    const hcp_alert *alert = hcp_id_parse(HCP_ID_ALERT, text, &id) ? find(state, id) : NULL;
    if (alert != NULL) {
        hcp_http_reply_json(request, 200, alert_json(state, alert));
        return;
    }
    const hcp_projection_value value = hcp_projection_text(text);
    const hcp_journal_query_spec spec = {
        .sql = "SELECT " COLUMNS " FROM alert WHERE id = ?1", .values = &value, .n_values = 1};
    json_t *row = NULL;
    g_autoptr(GError) error = NULL;
    if (!hcp_journal_query(hcp_platform_journal(services->platform), &spec, take_row, &row, &error))
        hcp_http_reply_error(request, 503, "history-unavailable", "%s", error->message);
    else if (row == NULL)
        hcp_http_reply_not_found(request, "alert", text);
    else
        hcp_http_reply_json(request, 200, row);
}

static void acknowledge(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const char *text = hcp_http_request_param(request, "id");
    hcp_command command = {.type = HCP_COMMAND_ACKNOWLEDGE};
    command.acknowledge.note = hcp_json_string(hcp_http_request_body(request), "note", NULL);
    if (!hcp_id_parse(HCP_ID_ALERT, text, &command.acknowledge.alert.value)) {
        hcp_http_reply_not_found(request, "alert", text);
        return;
    }
    hcp_outcome outcome = {0};
    if (!hcp_services_execute(services, request, &command, &outcome))
        return;
    hcp_outcome_clear(&outcome);
    const hcp_state *state = hcp_services_state(services);
    hcp_http_reply_json(request, 200,
                        alert_json(state, find(state, command.acknowledge.alert.value)));
}

static const hcp_http_binding BINDINGS[] = {
    {"listAlerts", list},
    {"getAlert", get},
    {"acknowledgeAlert", acknowledge},
};

bool hcp_services_bind_alerts(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

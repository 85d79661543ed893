/* SPDX-License-Identifier: Apache-2.0 */
/* Looking at workloads: the list with its filters, one of them, and why it waits. */
#include "core/explain.h"
#include "http/page.h"
#include "services/internal.h"
#include "services/list.h"
#include "services/placement_view.h"
#include "services/workload_view.h"

#include <string.h>

typedef struct {
    hcp_services *services;
    hcp_http_request *request;
} listing;

static json_t *list_row(void *data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    listing *l = data;
    json_t *item = hcp_workload_view_row(l->services, values);
    hcp_page_select(l->request, item);
    return item;
}

static hcp_projection_value priority_filter(const hcp_http_request *request)
{
    int priority = (int)hcp_http_request_query_int(request, "priority", 0);
    return priority != 0 ? hcp_projection_text(hcp_enum_name(&HCP_PRIORITY_NAMES, priority))
                         : hcp_projection_null();
}

/* Ids sort by submission, so the newest page begins at the end and the next lies below its last. */
#define LIST_SQL(customer)                                                                         \
    "SELECT id, " HCP_WORKLOAD_VIEW_COLUMNS " FROM workload"                                       \
    " WHERE (?1 = '' OR id < ?1) AND (?3 IS NULL OR status = ?3)"                                  \
    " AND " customer " AND (?5 IS NULL OR type = ?5)"                                              \
    " AND (?6 IS NULL OR priority = ?6) AND (?7 IS NULL OR facility = ?7)"                         \
    " ORDER BY id DESC LIMIT ?2"

static void list(hcp_http_request *request, void *data)
{
    /* With a customer the index gives the newest of that customer; without, the order is the table's. */
    static const char of_one[] = LIST_SQL("customer = ?4");
    static const char of_all[] = LIST_SQL("?4 IS NULL");
    hcp_services *services = data;
    if (hcp_http_reply_not_modified(request, hcp_services_version(services)))
        return;
    listing l = {services, request};
    const hcp_projection_value customer = hcp_list_customer(services, request);
    hcp_list_reply(services, request,
                   &(hcp_list){
                       .sql = customer.kind == HCP_PROJECTION_NULL ? of_all : of_one,
                       .values = {hcp_list_text(request, "status"), customer,
                                  hcp_list_text(request, "workload_type"), priority_filter(request),
                                  hcp_list_facility(services, request)},
                       .n_values = 5,
                       .member = "workloads",
                       .row = list_row,
                       .data = &l,
                   });
}

static bool take_row(void *user_data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    void **context = user_data;
    context[1] = hcp_workload_view_row(context[0], values);
    return false;
}

/* From the state, else from the projection. NULL: the request has been answered. */
static json_t *find(hcp_services *services, hcp_http_request *request)
{
    const char *text = hcp_http_request_param(request, "id");
    hcp_workload_id id = {0};
    if (!hcp_id_parse(HCP_ID_WORKLOAD, text, &id.value)) {
        hcp_http_reply_not_found(request, "workload", text);
        return NULL;
    }
    uint32_t ix = hcp_core_find_workload(hcp_services_core(services), id);
    if (ix != HCP_NO_INDEX)
        return hcp_workload_view(services, ix);
    char canonical[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_WORKLOAD, id.value, canonical);
    const hcp_projection_value value = hcp_projection_text(canonical);
    const hcp_journal_query_spec spec = {.sql = "SELECT " HCP_WORKLOAD_VIEW_COLUMNS
                                                " FROM workload WHERE id = ?1",
                                         .values = &value,
                                         .n_values = 1};
    void *context[2] = {services, NULL};
    g_autoptr(GError) error = NULL;
    if (!hcp_journal_query(hcp_platform_journal(services->platform), &spec, take_row, context,
                           &error))
        hcp_http_reply_error(request, 503, "history-unavailable", "%s", error->message);
    else if (context[1] == NULL)
        hcp_http_reply_not_found(request, "workload", text);
    return context[1];
}

static void get(hcp_http_request *request, void *data)
{
    if (hcp_http_reply_not_modified(request, hcp_services_version(data)))
        return;
    json_t *workload = find(data, request);
    if (workload == NULL)
        return;
    hcp_page_select(request, workload);
    hcp_http_reply_json(request, 200, workload);
}

/* --- why ------------------------------------------------------------------------------------------------------------- */

static json_t *timeline_json(const GArray *timeline)
{
    json_t *list = json_array();
    for (guint i = 0; timeline != NULL && i < timeline->len; i++) {
        const hcp_moment *moment = &g_array_index(timeline, hcp_moment, i);
        json_t *item = json_object();
        hcp_json_set_time(item, "time", moment->at_us);
        hcp_json_set_string(item, "what", moment->what);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *remedies_json(const hcp_state *state, const GArray *remedies)
{
    json_t *list = json_array();
    for (guint i = 0; remedies != NULL && i < remedies->len; i++) {
        const hcp_remedy *remedy = &g_array_index(remedies, hcp_remedy, i);
        json_t *item = json_object();
        hcp_json_set_string(item, "remedy", hcp_enum_name(&HCP_REMEDY_NAMES, (int)remedy->kind));
        hcp_json_set_string(item, "text", remedy->text);
        if (remedy->facility != HCP_NO_INDEX)
            hcp_json_set_string(item, "facility",
                                hcp_state_facility(state, remedy->facility)->def.key);
        if (remedy->class_ix != HCP_NO_INDEX)
            hcp_json_set_string(item, "class", hcp_state_class(state, remedy->class_ix)->def.key);
        if (remedy->count > 0)
            hcp_json_set_int(item, "count", remedy->count);
        if (remedy->power_w > 0)
            hcp_json_set_int(item, "power_w", remedy->power_w);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *unavailable_json(const GArray *unavailable)
{
    json_t *list = json_array();
    for (guint i = 0; unavailable != NULL && i < unavailable->len; i++) {
        const hcp_unavailable *entry = &g_array_index(unavailable, hcp_unavailable, i);
        json_array_append_new(
            list, json_pack("{s:s, s:i}", "reason", entry->reason, "count", (int)entry->count));
    }
    return list;
}

static json_t *explanation_json(const hcp_core *core, uint32_t ix, int64_t now_us)
{
    const hcp_state *state = hcp_core_state(core);
    const hcp_workload *row = hcp_state_workload(state, ix);
    hcp_explanation e = {0};
    hcp_explain(core, ix, now_us, &e);
    json_t *body = json_object();
    hcp_services_set_id(body, "workload_id", HCP_ID_WORKLOAD, row->def.id.value);
    hcp_json_set_string(body, "status",
                        hcp_enum_name(&HCP_WORKLOAD_STATUS_NAMES, (int)row->status));
    hcp_json_set_string(body, "reason", e.sentence);
    hcp_json_set_string(body, "wait_reason", hcp_enum_name(&HCP_WAIT_NAMES, (int)e.wait));
    hcp_json_set_string(body, "classified_by", row->def.classified_by);
    json_object_set_new(body, "remedies", remedies_json(state, e.remedies));
    bool remedied = e.remedies != NULL && e.remedies->len > 0;
    hcp_json_set_string(body, "remedy",
                        remedied ? g_array_index(e.remedies, hcp_remedy, 0).text : NULL);
    bool ahead = row->status == HCP_WORKLOAD_QUEUED || row->status == HCP_WORKLOAD_STARTING;
    json_object_set_new(body, "eta", ahead ? hcp_workload_view_eta(core, ix, now_us) : json_null());
    hcp_json_set_int(body, "queue_position", e.position);
    hcp_json_set_int(body, "devices_needed", e.needed);
    hcp_json_set_int(body, "devices_ahead", (int64_t)e.devices_ahead);
    hcp_json_set_int(body, "devices_missing", e.missing);
    hcp_json_set_int(body, "power_short_w", e.power_short_w);
    json_object_set_new(body, "unavailable", unavailable_json(e.unavailable));
    json_object_set_new(body, "timeline", timeline_json(e.timeline));
    const hcp_lease_granted *lease =
        row->lease != HCP_NO_INDEX ? &hcp_state_lease(state, row->lease)->def : NULL;
    json_object_set_new(body, "scores",
                        lease != NULL ? hcp_placement_view_scores(state, &lease->scores)
                                      : json_array());
    json_object_set_new(body, "rejections",
                        lease != NULL ? hcp_placement_view_rejections(&lease->rejections)
                                      : json_array());
    hcp_explanation_clear(&e);
    return body;
}

static void explain(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const char *text = hcp_http_request_param(request, "id");
    hcp_workload_id id = {0};
    uint32_t ix = hcp_id_parse(HCP_ID_WORKLOAD, text, &id.value)
                      ? hcp_core_find_workload(hcp_services_core(services), id)
                      : HCP_NO_INDEX;
    if (ix == HCP_NO_INDEX) {
        hcp_http_reply_not_found(request, "workload in memory", text);
        return;
    }
    hcp_http_reply_json(
        request, 200,
        explanation_json(hcp_services_core(services), ix, hcp_platform_now(services->platform)));
}

static const hcp_http_binding BINDINGS[] = {
    {"listWorkloads", list},
    {"getWorkload", get},
    {"explainWorkload", explain},
};

bool hcp_services_bind_workloads(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

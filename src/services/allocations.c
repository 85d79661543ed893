/* SPDX-License-Identifier: Apache-2.0 */
/* Allocations: leases on devices, asked for by hand or held by workloads, with the scores and rejections behind them. */
#include "services/allocation_request.h"
#include "services/device_view.h"
#include "services/list.h"

#include <string.h>

/* --- a lease as JSON --------------------------------------------------------------------------------------------------- */

static void set_devices(json_t *object, const hcp_state *state, const hcp_array *devices)
{
    json_t *names = json_array(), *ids = json_array();
    const uint32_t *device = devices->items;
    for (uint32_t i = 0; i < devices->count; i++) {
        char id[HCP_ID_TEXT_SIZE];
        g_autofree char *name = hcp_state_device_name(state, device[i]);
        hcp_id_format(HCP_ID_DEVICE, hcp_state_device_id(state, device[i]).value, id);
        json_array_append_new(names, json_string(name));
        json_array_append_new(ids, json_string(id));
    }
    hcp_json_set_int(object, "count", devices->count);
    json_object_set_new(object, "resources", names);
    json_object_set_new(object, "resource_ids", ids);
}

/* The chosen come first in the list of the core; who was left out by the limit of what is kept was chosen too. */
static json_t *scores_json(const hcp_state *state, const hcp_lease_granted *def)
{
    json_t *list = json_array();
    const hcp_scored_device *scored = def->scores.items;
    for (uint32_t i = 0; i < def->scores.count; i++) {
        g_autofree char *name = hcp_state_device_name(state, scored[i].device);
        json_t *item = json_object();
        hcp_json_set_string(item, "resource", name);
        hcp_json_set_number(item, "score", scored[i].score_milli / 1000.0);
        hcp_json_set_bool(item, "chosen", i < def->devices.count);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *rejections_json(const hcp_array *rejections)
{
    json_t *list = json_array();
    const hcp_rejection *rejection = rejections->items;
    for (uint32_t i = 0; i < rejections->count; i++, rejection++) {
        json_t *item = json_object();
        hcp_json_set_string(item, "reason", rejection->reason);
        hcp_json_set_int(item, "count", rejection->count);
        json_array_append_new(list, item);
    }
    return list;
}

static json_t *grant_json(const hcp_state *state, const hcp_lease_granted *def, int64_t granted_us)
{
    const hcp_customer_defined *customer = &hcp_state_customer(state, def->customer)->def;
    json_t *object = json_object();
    hcp_services_set_id(object, "allocation_id", HCP_ID_LEASE, def->id.value);
    hcp_json_set_string(object, "status", "active");
    hcp_json_set_int(object, "fencing_token", (int64_t)def->fence);
    hcp_services_set_id(object, "workload_id", HCP_ID_WORKLOAD, def->workload.value);
    hcp_json_set_string(object, "customer_id", customer->key);
    hcp_json_set_string(object, "customer_name", customer->name);
    hcp_json_set_string(object, "facility", hcp_state_facility(state, def->facility)->def.key);
    hcp_json_set_string(object, "class", hcp_state_class(state, def->class_ix)->def.key);
    set_devices(object, state, &def->devices);
    hcp_json_set_time(object, "granted_at", granted_us);
    json_object_set_new(object, "scores", scores_json(state, def));
    json_object_set_new(object, "rejections", rejections_json(&def->rejections));
    return object;
}

/* A lease that is held; its devices serve once they have switched in. */
static json_t *lease_json(const hcp_state *state, uint32_t ix)
{
    const hcp_lease *lease = hcp_state_lease(state, ix);
    const uint32_t *device = lease->def.devices.items;
    uint32_t serving = 0;
    for (uint32_t i = 0; i < lease->def.devices.count; i++)
        serving += state->fleet.mode[device[i]] == HCP_MODE_SERVING;
    json_t *object = grant_json(state, &lease->def, lease->granted_us);
    hcp_json_set_int(object, "serving", serving);
    hcp_json_set_bool(object, "ready", serving == lease->def.devices.count);
    if (lease->workload == HCP_NO_INDEX)
        hcp_services_set_money(object, "rate_per_h",
                               lease->rate_usd_micro_per_h * lease->def.devices.count);
    hcp_json_set_time(object, "released_at", 0);
    return object;
}

/* --- leases that have ended -------------------------------------------------------------------------------------------- */

#define COLUMNS                                                                                    \
    "lease.id, granted_us, released_us, reason, (SELECT payload FROM journal_entry WHERE"          \
    " journal_entry.seq = lease.seq)"

/* The columns above; what is held is shown from the state. */
static json_t *row_json(void *data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    hcp_services *services = data;
    const hcp_state *state = hcp_services_state(services);
    hcp_lease_id id = {0};
    (void)hcp_id_parse(HCP_ID_LEASE, hcp_list_column_text(&values[0]), &id.value);
    uint32_t ix = hcp_core_find_lease(hcp_services_core(services), id);
    if (ix != HCP_NO_INDEX)
        return lease_json(state, ix);
    const char *payload = hcp_list_column_text(&values[4]);
    hcp_event event = {0};
    int64_t granted_us = hcp_list_column_int(&values[1]);
    if (payload == NULL || !hcp_event_parse(hcp_event_type_name(HCP_EVENT_LEASE_GRANTED),
                                            granted_us, payload, strlen(payload), &event, NULL))
        return json_object();
    json_t *object = grant_json(state, &event.lease_granted, granted_us);
    hcp_event_clear(&event);
    hcp_json_set_string(object, "status", "released");
    hcp_json_set_time(object, "released_at", hcp_list_column_int(&values[2]));
    hcp_json_set_string(object, "reason", hcp_list_column_text(&values[3]));
    return object;
}

/* Rows of a list go without the reasons for the choice; they are in the lease itself. */
static json_t *brief_row_json(void *data, const hcp_projection_value *values, int n_values)
{
    static const char *const details[] = {"scores", "rejections", "resource_ids"};
    json_t *object = row_json(data, values, n_values);
    for (size_t i = 0; i < G_N_ELEMENTS(details); i++)
        json_object_del(object, details[i]);
    return object;
}

static void list(hcp_http_request *request, void *data)
{
#define SELECT_LEASES "SELECT lease.id, " COLUMNS " FROM lease"
#define AND_FILTERS                                                                                \
    " AND (?1 = '' OR id < ?1) AND (?3 IS NULL OR customer = ?3)"                                  \
    " AND (?4 IS NULL OR facility = ?4) ORDER BY id DESC LIMIT ?2"
    static const struct {
        const char *status, *sql;
    } queries[] = {
        {"active", SELECT_LEASES " WHERE released_us IS NULL" AND_FILTERS},
        {"released", SELECT_LEASES " WHERE released_us IS NOT NULL" AND_FILTERS},
        {"all", SELECT_LEASES " WHERE TRUE" AND_FILTERS},
    };
    const char *status = hcp_http_request_query(request, "status");
    hcp_list wanted = {
        .values = {hcp_list_customer(data, request), hcp_list_facility(data, request)},
        .n_values = 2,
        .member = "allocations",
        .row = brief_row_json,
        .data = data,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(queries); i++)
        if (strcmp(queries[i].status, status) == 0)
            wanted.sql = queries[i].sql;
    hcp_list_reply(data, request, &wanted);
}

static bool take_row(void *user_data, const hcp_projection_value *values, int n_values)
{
    void **context = user_data;
    context[1] = row_json(context[0], values, n_values);
    return false;
}

static bool read_id(hcp_http_request *request, const char *text, hcp_lease_id *ret_id)
{
    if (hcp_id_parse(HCP_ID_LEASE, text, &ret_id->value))
        return true;
    hcp_http_reply_not_found(request, "allocation", text);
    return false;
}

static void get(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    hcp_lease_id id = {0};
    if (!read_id(request, hcp_http_request_param(request, "id"), &id))
        return;
    uint32_t ix = hcp_core_find_lease(hcp_services_core(services), id);
    if (ix != HCP_NO_INDEX) {
        hcp_http_reply_json(request, 200, lease_json(hcp_services_state(services), ix));
        return;
    }
    char text[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_LEASE, id.value, text);
    const hcp_projection_value value = hcp_projection_text(text);
    const hcp_journal_query_spec spec = {
        .sql = "SELECT " COLUMNS " FROM lease WHERE id = ?1", .values = &value, .n_values = 1};
    void *context[2] = {services, NULL};
    g_autoptr(GError) error = NULL;
    if (!hcp_journal_query(hcp_platform_journal(services->platform), &spec, take_row, context,
                           &error))
        hcp_http_reply_error(request, 503, "history-unavailable", "%s", error->message);
    else if (context[1] == NULL)
        hcp_http_reply_not_found(request, "allocation", text);
    else
        hcp_http_reply_json(request, 200, context[1]);
}

/* --- orders ------------------------------------------------------------------------------------------------------------ */

/* The core speaks of its own members; the client wrote others. */
static void refuse(hcp_http_request *request, hcp_refusal *refusal)
{
    static const char *const names[][2] = {
        {"lease", "allocation_id"}, {"fence", "fencing_token"}, {"devices", "resource_ids"}};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++)
        if (g_strcmp0(refusal->field, names[i][0]) == 0)
            refusal->field = names[i][1];
    if (refusal->code == HCP_REFUSAL_CAPACITY)
        refusal->code = HCP_REFUSAL_CONFLICT; /* another moment may have the devices */
    hcp_services_reply_refusal(request, refusal);
}

static bool execute(hcp_services *services, hcp_http_request *request, const hcp_command *command,
                    hcp_outcome *outcome)
{
    const hcp_actor who = {.actor = hcp_http_request_caller(request),
                           .trace_id = hcp_http_request_trace_id(request)};
    if (hcp_platform_execute(services->platform, command, &who, outcome))
        return true;
    refuse(request, &outcome->refusal);
    hcp_outcome_clear(outcome);
    return false;
}

static void create(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    g_auto(hcp_allocation_request) wanted = {0};
    if (!hcp_allocation_request_read(services, request, &wanted))
        return;
    const hcp_command command = {.type = HCP_COMMAND_ALLOCATE, .allocate = wanted.order};
    hcp_outcome outcome = {0};
    if (!execute(services, request, &command, &outcome))
        return;
    uint32_t ix =
        hcp_core_find_lease(hcp_services_core(services), (hcp_lease_id){.value = outcome.id});
    hcp_outcome_clear(&outcome);
    hcp_http_reply_json(request, 201, lease_json(hcp_services_state(services), ix));
}

/* The switches by which the release clears the devices: who gets them next finds nothing of this tenant. */
static json_t *scrubs_json(const GArray *events)
{
    json_t *list = json_array();
    for (guint i = 0; events != NULL && i < events->len; i++) {
        const hcp_event *event = &g_array_index(events, hcp_event, i);
        if (event->type != HCP_EVENT_SWITCH_STARTED || !event->switch_started.scrub)
            continue;
        json_t *item = json_object();
        hcp_services_set_id(item, "switch_id", HCP_ID_SWITCH, event->switch_started.id.value);
        hcp_json_set_int(item, "devices", event->switch_started.count);
        json_array_append_new(list, item);
    }
    return list;
}

static void release(hcp_http_request *request, hcp_services *services, const char *text,
                    uint64_t fence)
{
    hcp_command command = {.type = HCP_COMMAND_RELEASE, .release = {.fence = fence}};
    if (!read_id(request, text, &command.release.lease))
        return;
    uint32_t ix = hcp_core_find_lease(hcp_services_core(services), command.release.lease);
    json_t *lease =
        ix != HCP_NO_INDEX ? lease_json(hcp_services_state(services), ix) : json_object();
    hcp_outcome outcome = {0};
    if (!execute(services, request, &command, &outcome)) {
        json_decref(lease);
        return;
    }
    hcp_json_set_string(lease, "status", "released");
    hcp_json_set_time(lease, "released_at", hcp_services_state(services)->now_us);
    json_object_del(lease, "serving");
    json_object_del(lease, "ready");
    json_object_set_new(lease, "scrubs", scrubs_json(outcome.events));
    hcp_outcome_clear(&outcome);
    hcp_http_reply_json(request, 200, lease);
}

static void release_by_body(hcp_http_request *request, void *data)
{
    const json_t *body = hcp_http_request_body(request);
    release(request, data, hcp_json_string(body, "allocation_id", ""),
            (uint64_t)hcp_json_int(body, "fencing_token", 0));
}

static void release_by_path(hcp_http_request *request, void *data)
{
    release(request, data, hcp_http_request_param(request, "id"),
            (uint64_t)hcp_http_request_query_int(request, "fencing_token", 0));
}

static const hcp_http_binding BINDINGS[] = {
    {"createAllocation", create},
    {"listAllocations", list},
    {"getAllocation", get},
    {"deleteAllocation", release_by_path},
    {"releaseAllocation", release_by_body},
};

bool hcp_services_bind_allocations(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

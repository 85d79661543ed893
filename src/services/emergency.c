/* SPDX-License-Identifier: Apache-2.0 */
/* Emergency shutdown: ordering it, a second person's approval, how far it is, ending it. The order itself is the core's. */
#include "base/units.h"
#include "services/internal.h"

/* A shutdown that waits for a second person is forgotten after this, and at a restart: doing nothing is the safe side of
 * an order that nobody confirmed. */
#define APPROVAL_LIMIT_US (15 * HCP_US_PER_MIN)

struct hcp_shutdown_request {
    char *id, *requested_by, *reason;
    uint32_t facility; /* HCP_NO_INDEX = all */
    int64_t expires_us;
};

void hcp_shutdown_request_free(hcp_shutdown_request *pending)
{
    if (pending == NULL)
        return;
    g_free(pending->id);
    g_free(pending->requested_by);
    g_free(pending->reason);
    g_free(pending);
}

static hcp_shutdown_request *pending_of(hcp_services *services)
{
    if (services->shutdown != NULL &&
        services->shutdown->expires_us < hcp_platform_now(services->platform))
        g_clear_pointer(&services->shutdown, hcp_shutdown_request_free);
    return services->shutdown;
}

/* --- the answer ------------------------------------------------------------------------------------------------------ */

/* Devices of a facility that are not asleep yet, and how long the slowest of them takes to get there. */
typedef struct {
    uint32_t devices;
    int64_t ramp_us;
} awake;

static awake count_awake(const hcp_state *state, uint32_t facility)
{
    awake sum = {0};
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (group->facility != facility)
            continue;
        uint32_t up =
            group->count - group->by_mode[HCP_MODE_CURTAILED] - group->by_mode[HCP_MODE_OFF];
        sum.devices += up;
        if (up > 0)
            sum.ramp_us =
                MAX(sum.ramp_us, hcp_state_class(state, group->class_ix)->def.ramp_down_us);
    }
    return sum;
}

static int64_t power_w(const hcp_facility *site)
{
    return hcp_units_muldiv(site->it_power_w, site->def.pue_milli, 1000);
}

static const char *site_status(const hcp_facility *site)
{
    if (!site->emergency)
        return "normal";
    return site->safe_us != 0 ? "safe" : "shutting_down";
}

/* Measured where it is over, an expectation from the devices' ramps for a dry run, null while it is under way. */
static json_t *time_to_safe(const hcp_facility *site, const awake *up, bool dry_run)
{
    if (site->emergency && site->safe_us != 0)
        return json_integer((site->safe_us - site->emergency_us) / HCP_US_PER_MS);
    return dry_run ? json_integer(up->ramp_us / HCP_US_PER_MS) : json_null();
}

static json_t *site_json(const hcp_state *state, uint32_t facility, bool dry_run)
{
    const hcp_facility *site = hcp_state_facility(state, facility);
    awake up = count_awake(state, facility);
    json_t *object = json_object();
    hcp_json_set_string(object, "facility", site->def.key);
    hcp_json_set_string(object, "status", site_status(site));
    hcp_json_set_int(object, "devices_affected", up.devices);
    hcp_json_set_int(object, "power_w", power_w(site));
    hcp_json_set_time(object, "since", site->emergency ? site->emergency_us : 0);
    json_object_set_new(object, "time_to_safe_ms", time_to_safe(site, &up, dry_run));
    return object;
}

/* What was said when the emergency in force was ordered: the text of its alert. */
static const char *reason_of(const hcp_state *state)
{
    for (guint i = state->alerts->len; i-- > 0;) {
        const hcp_alert *alert = &g_array_index(state->alerts, hcp_alert, i);
        if (alert->cleared_us == 0 && g_str_equal(alert->def.kind, "emergency"))
            return alert->def.message;
    }
    return NULL;
}

static const char *overall(const hcp_state *state)
{
    bool any = false, all_safe = true;
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++) {
        const hcp_facility *site = hcp_state_facility(state, f);
        any |= site->emergency;
        all_safe &= !site->emergency || site->safe_us != 0;
    }
    return !any ? "normal" : all_safe ? "safe" : "shutting_down";
}

/* `status` NULL: what is. `facility` HCP_NO_INDEX: all. */
static json_t *emergency_json(hcp_services *services, const char *status, uint32_t facility)
{
    const hcp_state *state = hcp_services_state(services);
    const hcp_shutdown_request *pending = pending_of(services);
    json_t *sites = json_array();
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++)
        if (facility == HCP_NO_INDEX || facility == f)
            json_array_append_new(sites, site_json(state, f, g_strcmp0(status, "dry_run") == 0));
    const char *now = overall(state);
    if (status == NULL)
        status = g_str_equal(now, "normal") && pending != NULL ? "awaiting_approval" : now;
    json_t *body = json_object();
    hcp_json_set_string(body, "status", status);
    hcp_json_set_string(body, "shutdown_id", pending != NULL ? pending->id : NULL);
    hcp_json_set_string(body, "requested_by", pending != NULL ? pending->requested_by : NULL);
    hcp_json_set_time(body, "expires_at", pending != NULL ? pending->expires_us : 0);
    const char *reason = reason_of(state);
    hcp_json_set_string(body, "reason",
                        reason == NULL && pending != NULL ? pending->reason : reason);
    json_object_set_new(body, "facilities", sites);
    return body;
}

/* --- orders ---------------------------------------------------------------------------------------------------------- */

/* The facility an order names; false: it names one that is not there, and the request has been answered. */
static bool read_facility(hcp_services *services, hcp_http_request *request, uint32_t *ret_facility)
{
    const char *name = hcp_json_string(hcp_http_request_body(request), "facility", NULL);
    *ret_facility =
        name != NULL ? hcp_core_find_facility(hcp_services_core(services), name) : HCP_NO_INDEX;
    if (name == NULL || *ret_facility != HCP_NO_INDEX)
        return true;
    hcp_problem *problem = hcp_problem_new(422, "invalid-value", "there is no facility %s", name);
    hcp_problem_add(problem, "/facility", "there is no such facility");
    hcp_http_reply_problem(request, problem);
    return false;
}

static bool execute(hcp_services *services, hcp_http_request *request,
                    const hcp_emergency_changed *order)
{
    const hcp_command command = {.type = HCP_COMMAND_EMERGENCY, .emergency = *order};
    hcp_outcome outcome = {0};
    if (!hcp_services_execute(services, request, &command, &outcome))
        return false;
    hcp_outcome_clear(&outcome);
    return true;
}

static void ask_for_approval(hcp_services *services, hcp_http_request *request, uint32_t facility)
{
    const json_t *body = hcp_http_request_body(request);
    if (pending_of(services) != NULL) {
        hcp_http_reply_error(request, 409, "conflict",
                             "shutdown %s waits for approval already; approve or clear it first",
                             services->shutdown->id);
        return;
    }
    hcp_shutdown_request *pending = g_new0(hcp_shutdown_request, 1);
    pending->id = g_uuid_string_random();
    pending->requested_by =
        g_strdup(hcp_json_string(body, "requested_by", hcp_http_request_caller(request)));
    pending->reason = g_strdup(hcp_json_string(body, "reason", NULL));
    pending->facility = facility;
    pending->expires_us = hcp_platform_now(services->platform) + APPROVAL_LIMIT_US;
    services->shutdown = pending;
    hcp_http_reply_json(request, 202, emergency_json(services, "awaiting_approval", facility));
}

static void get(hcp_http_request *request, void *data)
{
    hcp_http_reply_json(request, 200, emergency_json(data, NULL, HCP_NO_INDEX));
}

static void shut_down(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const json_t *body = hcp_http_request_body(request);
    uint32_t facility;
    if (!read_facility(services, request, &facility))
        return;
    if (hcp_json_bool(body, "dry_run", false)) {
        hcp_http_reply_json(request, 200, emergency_json(services, "dry_run", facility));
        return;
    }
    if (hcp_json_bool(body, "require_approval", false)) {
        ask_for_approval(services, request, facility);
        return;
    }
    const hcp_emergency_changed order = {.facility = facility,
                                         .active = true,
                                         .reason = (char *)hcp_json_string(body, "reason", NULL)};
    if (execute(services, request, &order))
        hcp_http_reply_json(request, 202, emergency_json(services, NULL, facility));
}

static void approve(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const json_t *body = hcp_http_request_body(request);
    const char *id = hcp_json_string(body, "shutdown_id", "");
    const char *by = hcp_json_string(body, "approved_by", "");
    const hcp_shutdown_request *pending = pending_of(services);
    if (pending == NULL || !g_str_equal(pending->id, id)) {
        hcp_http_reply_not_found(request, "shutdown waiting for approval", id);
        return;
    }
    if (g_str_equal(pending->requested_by, by)) {
        hcp_http_reply_error(request, 409, "conflict",
                             "%s ordered this shutdown; somebody else has to approve it", by);
        return;
    }
    const hcp_emergency_changed order = {
        .facility = pending->facility, .active = true, .reason = pending->reason};
    uint32_t facility = pending->facility;
    if (!execute(services, request, &order))
        return;
    g_clear_pointer(&services->shutdown, hcp_shutdown_request_free);
    hcp_http_reply_json(request, 202, emergency_json(services, NULL, facility));
}

/* Also withdraws a shutdown that waits for approval. */
static void clear(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    uint32_t facility;
    if (!read_facility(services, request, &facility))
        return;
    const hcp_emergency_changed order = {
        .facility = facility,
        .active = false,
        .reason = (char *)hcp_json_string(hcp_http_request_body(request), "reason", NULL)};
    if (!execute(services, request, &order))
        return;
    g_clear_pointer(&services->shutdown, hcp_shutdown_request_free);
    hcp_http_reply_json(request, 200, emergency_json(services, NULL, facility));
}

static const hcp_http_binding BINDINGS[] = {
    {"getEmergency", get},
    {"shutdownEmergency", shut_down},
    {"approveEmergency", approve},
    {"clearEmergency", clear},
};

bool hcp_services_bind_emergency(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

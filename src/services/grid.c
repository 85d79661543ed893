/* SPDX-License-Identifier: Apache-2.0 */
/* Grid events: announced, listed, followed, cancelled, and what the meter says they came to. */
#include "base/json.h"
#include "base/timefmt.h"
#include "base/units.h"
#include "core/power.h"
#include "http/page.h"
#include "runtime/curtail.h"
#include "services/grid_view.h"
#include "services/internal.h"

#include <math.h>
#include <string.h>

/* --- reading ------------------------------------------------------------------------------------------------------- */

/* The event that the path names; NULL: the request has been answered. */
static const hcp_grid_event *find(hcp_services *services, hcp_http_request *request)
{
    const char *text = hcp_http_request_param(request, "id");
    hcp_grid_id id = {0};
    const hcp_grid_event *event = hcp_id_parse(HCP_ID_GRID, text, &id.value)
                                      ? hcp_grid_find(hcp_services_state(services), id)
                                      : NULL;
    if (event == NULL)
        hcp_http_reply_not_found(request, "grid event", text);
    return event;
}

static void get(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_grid_event *event = find(services, request);
    if (event != NULL)
        hcp_http_reply_json(request, 200, hcp_grid_event_json(hcp_services_state(services), event));
}

static void get_report(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_grid_event *event = find(services, request);
    if (event == NULL)
        return;
    if (g_strcmp0(hcp_http_request_query(request, "format"), "csv") == 0) {
        char *text = hcp_grid_report_csv(event);
        hcp_http_reply_text(request, 200, "text/csv", text, strlen(text));
        return;
    }
    json_t *body = hcp_grid_event_json(hcp_services_state(services), event);
    json_object_set_new(body, "intervals", hcp_grid_intervals_json(event));
    hcp_http_reply_json(request, 200, body);
}

/* Does the query ask for this event? */
static bool is_asked(const hcp_services *services, const hcp_http_request *request,
                     const hcp_grid_event *event)
{
    const char *facility = hcp_http_request_query(request, "facility");
    if (facility != NULL &&
        hcp_core_find_facility(hcp_services_core(services), facility) != event->def.facility)
        return false;
    return hcp_http_request_query(request, "open") == NULL ||
           hcp_http_request_query_bool(request, "open", false) == hcp_grid_is_open(event);
}

static void list(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_state *state = hcp_services_state(services);
    g_auto(hcp_page) page = {0};
    if (!hcp_page_read(request, &page))
        return;
    uint64_t before = UINT64_MAX, last = 0;
    (void)hcp_id_parse(HCP_ID_GRID, page.after, &before); /* "" is the first page */
    json_t *items = json_array();
    bool more = false;
    for (guint i = state->grid_events->len; i-- > 0 && !more;) {
        const hcp_grid_event *event = &g_array_index(state->grid_events, hcp_grid_event, i);
        if (event->def.id.value >= before || !is_asked(services, request, event))
            continue;
        more = (int)json_array_size(items) == page.limit;
        if (!more) {
            json_array_append_new(items, hcp_grid_event_json(state, event));
            last = event->def.id.value;
        }
    }
    char text[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_GRID, last, text);
    json_t *body = json_pack("{s:o}", "grid_events", items);
    hcp_page_finish(request, body, more ? text : NULL);
    hcp_http_reply_json(request, 200, body);
}

/* --- announcing and cancelling ------------------------------------------------------------------------------------- */

static int64_t watts_of(const json_t *body, const char *key)
{
    return llround(hcp_json_number(body, key, 0) * (double)HCP_W_PER_MW);
}

static int64_t minutes_of(const json_t *body, const char *key)
{
    return hcp_json_int(body, key, 0) * HCP_US_PER_MIN;
}

static hcp_usd_micro dollars_of(const json_t *body, const char *key)
{
    return hcp_money_from_usd(hcp_json_number(body, key, 0));
}

/* Fills `ret_def` with the body; its strings belong to the body. The contract has checked types and forms. */
static void read_event(const hcp_services *services, const json_t *body,
                       hcp_grid_announced *ret_def)
{
    const char *kind = hcp_json_string(body, "kind", "demand_response");
    *ret_def = (hcp_grid_announced){
        .facility = hcp_core_find_facility(hcp_services_core(services),
                                           hcp_json_string(body, "facility", "")),
        .kind = (hcp_grid_kind)hcp_enum_value(&HCP_GRID_KIND_NAMES, kind),
        .program = (char *)hcp_json_string(body, "program", NULL),
        .source = (char *)"api",
        .ramp_us = minutes_of(body, "ramp_min"),
        .restore_us = minutes_of(body, "restore_min"),
        .interval_us = minutes_of(body, "interval_min"),
        .reduce_w = watts_of(body, "reduce_mw"),
        .target_w = watts_of(body, "at_most_mw"),
        .payment_usd_micro_per_mwh = dollars_of(body, "payment_usd_per_mwh"),
        .availability_usd_micro_per_mw = dollars_of(body, "availability_usd_per_mw"),
        .penalty_usd_micro_per_mwh = dollars_of(body, "penalty_usd_per_mwh"),
        .evict = hcp_json_bool(body, "evict", false),
    };
    (void)hcp_time_parse(hcp_json_string(body, "start", ""), &ret_def->start_us, NULL);
    (void)hcp_time_parse(hcp_json_string(body, "end", ""), &ret_def->end_us, NULL);
    (void)hcp_time_parse(hcp_json_string(body, "respond_by", ""), &ret_def->respond_by_us, NULL);
}

static void assess(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    hcp_grid_announced wanted, def;
    hcp_grid_weighed weighed;
    hcp_refusal refusal;
    read_event(services, hcp_http_request_body(request), &wanted);
    if (!hcp_grid_preview(hcp_services_core(services), &wanted,
                          hcp_platform_now(services->platform), &def, &refusal) ||
        !hcp_platform_weigh_event(services->platform, &def, &weighed, &refusal)) {
        hcp_services_reply_refusal(request, &refusal);
        return;
    }
    hcp_http_reply_json(request, 200,
                        hcp_grid_assessment_json(hcp_services_state(services), &def, &weighed));
    hcp_record_clear(&HCP_GRID_WEIGHED_RECORD, &weighed);
}

static void announce(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    hcp_grid_announced def;
    read_event(services, hcp_http_request_body(request), &def);
    const hcp_command command = {.type = HCP_COMMAND_ANNOUNCE_GRID, .grid = &def};
    hcp_outcome outcome = {0};
    if (!hcp_services_execute(services, request, &command, &outcome))
        return;
    const hcp_state *state = hcp_services_state(services);
    const hcp_grid_event *event = hcp_grid_find(state, (hcp_grid_id){outcome.id});
    hcp_outcome_clear(&outcome);
    char text[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_GRID, event->def.id.value, text);
    g_autofree char *location = g_strconcat("/api/v1/grid/events/", text, NULL);
    hcp_http_header_add(request, "Location", location);
    hcp_http_reply_json(request, 201, hcp_grid_event_json(state, event));
}

/* Answers an offer for a person, and keeps what it was worth when they did. */
static void answer(hcp_services *services, hcp_http_request *request, hcp_answer yes_or_no)
{
    const hcp_grid_event *event = find(services, request);
    if (event == NULL)
        return;
    const hcp_grid_id id = event->def.id;
    hcp_grid_weighed weighed = {0};
    hcp_refusal refusal;
    bool known = event->stage == HCP_GRID_OFFERED &&
                 hcp_platform_weigh_event(services->platform, &event->def, &weighed, &refusal);
    const hcp_command command = {
        .type = HCP_COMMAND_ANSWER_GRID,
        .answer_grid = {.id = id,
                        .answer = yes_or_no,
                        .reason = hcp_json_string(hcp_http_request_body(request), "reason", NULL),
                        .weighed = known ? &weighed : NULL}};
    hcp_outcome outcome = {0};
    bool done = hcp_services_execute(services, request, &command, &outcome);
    hcp_record_clear(&HCP_GRID_WEIGHED_RECORD, &weighed);
    if (!done)
        return;
    hcp_outcome_clear(&outcome);
    const hcp_state *state = hcp_services_state(services);
    hcp_http_reply_json(request, 200, hcp_grid_event_json(state, hcp_grid_find(state, id)));
}

static void accept_offer(hcp_http_request *request, void *data)
{
    answer(data, request, HCP_ANSWER_ACCEPT);
}

static void decline_offer(hcp_http_request *request, void *data)
{
    answer(data, request, HCP_ANSWER_DECLINE);
}

static void cancel_for(hcp_services *services, hcp_http_request *request, const char *reason)
{
    const hcp_grid_event *event = find(services, request);
    if (event == NULL)
        return;
    const hcp_grid_id id = event->def.id;
    const hcp_command command = {.type = HCP_COMMAND_CANCEL_GRID,
                                 .cancel_grid = {.id = id, .reason = reason}};
    hcp_outcome outcome = {0};
    if (!hcp_services_execute(services, request, &command, &outcome))
        return;
    hcp_outcome_clear(&outcome);
    const hcp_state *state = hcp_services_state(services);
    hcp_http_reply_json(request, 200, hcp_grid_event_json(state, hcp_grid_find(state, id)));
}

static void cancel(hcp_http_request *request, void *data)
{
    cancel_for(data, request, hcp_json_string(hcp_http_request_body(request), "reason", NULL));
}

static void delete (hcp_http_request *request, void *data)
{
    cancel_for(data, request, NULL);
}

static const hcp_http_binding BINDINGS[] = {
    {"announceGridEvent", announce},
    {"listGridEvents", list},
    {"getGridEvent", get},
    {"getGridEventReport", get_report},
    {"cancelGridEvent", cancel},
    {"deleteGridEvent", delete},
    {"assessGridEvent", assess},
    {"acceptGridEvent", accept_offer},
    {"declineGridEvent", decline_offer},
};

bool hcp_services_bind_grid(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

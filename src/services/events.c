/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the journal as pages. */
#include "base/error.h"
#include "base/timefmt.h"
#include "http/page.h"
#include "services/event_stream.h"
#include "services/internal.h"
#include "services/list.h"

#include <string.h>

/* Most entries one request looks at; a filter that finds little in them gives a short page with a cursor. */
#define SCAN_MAX 20000

typedef struct {
    json_t *items;
    const char *type; /* NULL = all */
    int limit;
    int64_t scanned; /* last entry looked at */
    bool full;
} page_of_events;

/* Columns: seq, time_us, actor, type, trace_id, payload. */
static json_t *event_json(const hcp_projection_value *values)
{
    json_t *object = json_object();
    g_autoptr(GError) error = NULL;
    const char *payload = hcp_list_column_text(&values[5]);
    hcp_json_set_int(object, "sequence", hcp_list_column_int(&values[0]));
    hcp_json_set_string(object, "type", hcp_list_column_text(&values[3]));
    hcp_json_set_time(object, "time", hcp_list_column_int(&values[1]));
    hcp_json_set_string(object, "actor", hcp_list_column_text(&values[2]));
    hcp_json_set_string(object, "trace_id", hcp_list_column_text(&values[4]));
    json_t *data = hcp_json_parse(payload, strlen(payload), &error);
    json_object_set_new(object, "data", data != NULL ? data : json_object());
    return object;
}

static bool take_event(void *user_data, const hcp_projection_value *values, int n_values)
{
    (void)n_values;
    page_of_events *page = user_data;
    if ((int)json_array_size(page->items) == page->limit) {
        page->full = true;
        return false;
    }
    page->scanned = hcp_list_column_int(&values[0]);
    if (page->type == NULL || g_strcmp0(hcp_list_column_text(&values[3]), page->type) == 0)
        json_array_append_new(page->items, event_json(values));
    return true;
}

static void list_events(hcp_http_request *request, void *data)
{
    static const char sql[] = "SELECT seq, time_us, actor, type, trace_id, payload"
                              " FROM journal_entry WHERE seq > ?1 AND seq <= ?1 + ?2 ORDER BY seq";
    hcp_services *services = data;
    hcp_journal *journal = hcp_platform_journal(services->platform);
    g_auto(hcp_page) page = {0};
    if (!hcp_page_read(request, &page))
        return;
    int64_t after = g_ascii_strtoll(page.after, NULL, 10);
    page_of_events events = {.items = json_array(),
                             .type = hcp_http_request_query(request, "type"),
                             .limit = page.limit,
                             .scanned = after};
    const hcp_projection_value values[] = {hcp_projection_int(after), hcp_projection_int(SCAN_MAX)};
    const hcp_journal_query_spec spec = {.sql = sql, .values = values, .n_values = 2};
    g_autoptr(GError) error = NULL;
    if (!hcp_journal_query(journal, &spec, take_event, &events, &error)) {
        json_decref(events.items);
        hcp_http_reply_error(request, 503, "history-unavailable", "%s", error->message);
        return;
    }
    bool more = events.full || events.scanned == after + SCAN_MAX;
    g_autofree char *last = g_strdup_printf("%" G_GINT64_FORMAT, events.scanned);
    json_t *body = json_pack("{s:o}", "events", events.items);
    hcp_json_set_int(body, "last_sequence", (int64_t)hcp_journal_last(journal, NULL));
    hcp_page_finish(request, body, more ? last : NULL);
    hcp_http_reply_json(request, 200, body);
}

static void stream_events(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    hcp_event_streams_open(services->streams, request);
}

static const hcp_http_binding BINDINGS[] = {
    {"listEvents", list_events},
    {"streamEvents", stream_events},
};

bool hcp_services_bind_events(hcp_services *services, GError **error)
{
    services->streams = hcp_event_streams_new(services->daemon);
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

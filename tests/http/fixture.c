/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "http/page.h"

#include <stdlib.h>

/* More than any socket buffer takes. */
#define LARGE ((size_t)64 * 1024 * 1024)

static void get_health(hcp_http_request *request, void *data)
{
    (void)data;
    hcp_http_reply_json(request, 200,
                        json_pack("{s:s, s:s}", "status", "healthy", "service",
                                  hcp_service_name(hcp_http_request_service(request))));
}

/* Seven things, t1 to t7, page by page. */
static void list_things(hcp_http_request *request, void *data)
{
    (void)data;
    g_auto(hcp_page) page = {0};
    if (!hcp_page_read(request, &page))
        return;
    json_t *things = json_array();
    int first = page.after[0] != '\0' ? atoi(page.after + 1) + 1 : 1, last = first - 1;
    while (last < 7 && last - first + 1 < page.limit) {
        last++;
        g_autofree char *name = g_strdup_printf("t%d", last);
        json_t *thing = json_pack("{s:s, s:s, s:f, s:b}", "name", name, "color",
                                  hcp_http_request_query(request, "color"), "ratio",
                                  hcp_http_request_query_number(request, "ratio", 0.5), "open",
                                  hcp_http_request_query_bool(request, "open", false));
        hcp_page_select(request, thing);
        json_array_append_new(things, thing);
    }
    json_t *body = json_pack("{s:o}", "things", things);
    g_autofree char *position = g_strdup_printf("t%d", last);
    hcp_page_finish(request, body, last < 7 ? position : NULL);
    hcp_http_reply_json(request, 200, body);
}

static void create_thing(hcp_http_request *request, void *data)
{
    fixture *f = data;
    f->calls++;
    json_t *body = json_deep_copy(hcp_http_request_body(request));
    json_object_set_new(body, "call", json_integer(f->calls));
    hcp_http_reply_json(request, 201, body);
}

static void get_thing(hcp_http_request *request, void *data)
{
    (void)data;
    const char *id = hcp_http_request_param(request, "id");
    if (g_str_equal(id, "missing")) {
        hcp_http_reply_not_found(request, "thing", id);
        return;
    }
    if (g_str_equal(id, "large")) {
        hcp_http_reply_text(request, 200, "text/plain", g_strnfill(LARGE, 'x'), LARGE);
        return;
    }
    if (hcp_http_reply_stale(request, 0xabc) || hcp_http_reply_not_modified(request, 0xabc))
        return;
    hcp_http_reply_json(request, 200,
                        json_pack("{s:s, s:s}", "id", id, "path", hcp_http_request_path(request)));
}

static void delete_part(hcp_http_request *request, void *data)
{
    fixture *f = data;
    f->calls++;
    hcp_http_reply_empty(request, 204);
}

static void answer_later(hcp_http_request *request, void *data)
{
    fixture *f = data;
    f->calls++;
    g_ptr_array_add(f->waiting, request);
}

static void on_stream_closed(hcp_sse *stream, void *data)
{
    fixture *f = data;
    f->streams_closed++;
    if (f->stream == stream)
        f->stream = NULL;
}

static void stream_things(hcp_http_request *request, void *data)
{
    fixture *f = data;
    const char *resume = hcp_sse_resume_id(request);
    g_autofree char *from = g_strdup(resume != NULL ? resume : "start");
    hcp_sse_options options = {
        .buffer_bytes = f->stream_buffer_bytes,
        .heartbeat_s = 1,
        .closed = on_stream_closed,
        .data = f,
    };
    f->stream = hcp_sse_open(request, &options);
    if (f->stream != NULL)
        hcp_sse_send(f->stream, "0", "from", from, strlen(from));
}

static int64_t fixture_now(void *data)
{
    return ((fixture *)data)->now_us;
}

static uint64_t fixture_ticket(void *data, const hcp_http_request *request)
{
    (void)request;
    return ((fixture *)data)->ticket;
}

const hcp_http_gate_ops FIXTURE_GATE = {.ticket = fixture_ticket};

static void on_finished(void *data, const hcp_http_observation *observation)
{
    fixture *f = data;
    g_array_append_val(f->observations, *observation);
}

void fixture_init(fixture *f, const hcp_http_options *options)
{
    static const hcp_http_observer_ops OBSERVER = {.finished = on_finished};
    static const hcp_http_binding BINDINGS[] = {
        {"getHealth", get_health},       {"listThings", list_things}, {"createThing", create_thing},
        {"getThing", get_thing},         {"deletePart", delete_part}, {"answerLater", answer_later},
        {"streamThings", stream_things},
    };
    g_autoptr(GError) error = NULL;
    *f = (fixture){.now_us = 1};
    hcp_http_options all = options != NULL ? *options : (hcp_http_options){0};
    f->memory = hcp_idempotency_memory_new(100, fixture_now, f);
    f->waiting = g_ptr_array_new();
    f->observations = g_array_new(FALSE, FALSE, sizeof(hcp_http_observation));
    all.api = &TEST_API;
    all.idempotency = &HCP_IDEMPOTENCY_MEMORY_OPS;
    all.idempotency_data = f->memory;
    all.observer = &OBSERVER;
    all.observer_data = f;
    all.gate_data = f;
    f->server = hcp_http_server_new(&all, &error);
    g_assert_no_error(error);
    g_assert_true(hcp_http_server_bind(f->server, BINDINGS, G_N_ELEMENTS(BINDINGS), f, &error));
    g_assert_true(hcp_http_server_listen(f->server, HCP_SERVICE_ORCHESTRATOR, 0, &f->port, &error));
    g_assert_no_error(error);
}

static bool is_idle(void *data)
{
    const fixture *f = data;
    return hcp_http_server_pending(f->server) == 0 && hcp_http_server_connections(f->server) == 0;
}

void fixture_finish(fixture *f)
{
    hcp_http_server_stop(f->server);
    test_run_until(is_idle, f);
    hcp_http_server_free(f->server);
    g_assert_null(f->stream);
    hcp_idempotency_memory_free(f->memory);
    g_ptr_array_unref(f->waiting);
    g_array_unref(f->observations);
}

void fixture_answer(fixture *f)
{
    hcp_http_request *request = g_ptr_array_steal_index(f->waiting, 0);
    json_t *note = json_incref(json_object_get(hcp_http_request_body(request), "note"));
    hcp_http_reply_json(request, 202, json_pack("{s:i, s:o}", "calls", f->calls, "note", note));
}

typedef struct {
    fixture *f;
    guint count;
} wanted;

static bool has_requests(void *data)
{
    const wanted *w = data;
    return w->f->waiting->len >= w->count;
}

static bool has_pending(void *data)
{
    const wanted *w = data;
    return hcp_http_server_pending(w->f->server) == w->count;
}

void fixture_wait_for_pending(fixture *f, guint count)
{
    wanted w = {f, count};
    test_run_until(has_pending, &w);
}

void fixture_wait_for_requests(fixture *f, guint count)
{
    wanted w = {f, count};
    test_run_until(has_requests, &w);
}

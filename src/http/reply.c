/* SPDX-License-Identifier: Apache-2.0 */
#include "http/reply.h"

#include "base/json.h"
#include "http/internal.h"

#include <stdarg.h>
#include <string.h>

void hcp_http_header_add(hcp_http_request *request, const char *name, const char *value)
{
    if (request->headers == NULL)
        request->headers = g_ptr_array_new_with_free_func(g_free);
    g_ptr_array_add(request->headers, g_strdup(name));
    g_ptr_array_add(request->headers, g_strdup(value));
}

static void format_etag(uint64_t version, char ret_text[24])
{
    g_snprintf(ret_text, 24, "\"%" G_GINT64_MODIFIER "x\"", version);
}

void hcp_http_header_etag(hcp_http_request *request, uint64_t version)
{
    char etag[24];
    format_etag(version, etag);
    hcp_http_header_add(request, MHD_HTTP_HEADER_ETAG, etag);
}

/* Our tags hold only hexadecimal digits, so a quoted one cannot be part of another. */
static bool header_names(const hcp_http_request *request, const char *name, uint64_t version)
{
    const char *value = hcp_http_request_header(request, name);
    char etag[24];
    format_etag(version, etag);
    return value != NULL && (strcmp(value, "*") == 0 || strstr(value, etag) != NULL);
}

bool hcp_http_reply_not_modified(hcp_http_request *request, uint64_t version)
{
    hcp_http_header_etag(request, version);
    if (!header_names(request, MHD_HTTP_HEADER_IF_NONE_MATCH, version))
        return false;
    hcp_http_reply_empty(request, 304);
    return true;
}

bool hcp_http_reply_stale(hcp_http_request *request, uint64_t version)
{
    if (hcp_http_request_header(request, MHD_HTTP_HEADER_IF_MATCH) == NULL ||
        header_names(request, MHD_HTTP_HEADER_IF_MATCH, version))
        return false;
    hcp_http_reply_error(request, 412, "changed-meanwhile",
                         "it has changed since the version named in If-Match; read it again");
    return true;
}

static bool has_header(const hcp_http_request *request, const char *name)
{
    for (guint i = 0; request->headers != NULL && i < request->headers->len; i += 2) {
        if (strcmp(g_ptr_array_index(request->headers, i), name) == 0)
            return true;
    }
    return false;
}

/* FNV-1a: tells versions of an answer apart, nothing more. */
static uint64_t hash_bytes(const char *text, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void add_headers(hcp_http_request *request, struct MHD_Response *response)
{
    MHD_add_response_header(response, "X-Trace-Id", request->trace_id);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    for (guint i = 0; request->headers != NULL && i < request->headers->len; i += 2)
        MHD_add_response_header(response, g_ptr_array_index(request->headers, i),
                                g_ptr_array_index(request->headers, i + 1));
    hcp_http_cors_add(request, response);
}

static void observe(const hcp_http_request *request)
{
    const hcp_http_options *options = &request->listener->server->options;
    if (options->observer == NULL)
        return;
    hcp_http_observation observation = {
        .operation = request->operation,
        .service = request->listener->service,
        .status = request->status,
        .duration_us = g_get_monotonic_time() - request->received_us,
        .received_bytes = request->received_bytes,
        .sent_bytes = request->sent_bytes,
        .trace_id = request->trace_id,
    };
    options->observer->finished(options->observer_data, &observation);
}

void hcp_http_request_let_go(hcp_http_request *request)
{
    hcp_http_server *server = request->listener->server;
    request->stage = HCP_STAGE_ANSWERED;
    server->n_unanswered--;
    if (request->has_key)
        g_hash_table_remove(server->in_flight, request->key.id);
    observe(request);
    if (!request->in_callback)
        hcp_http_listener_resume(request->listener, request->mhd);
}

void hcp_http_request_answer(hcp_http_request *request, unsigned status,
                             struct MHD_Response *response)
{
    hcp_http_server *server = request->listener->server;
    g_assert(request->stage == HCP_STAGE_HANDLER); /* a request is answered once */
    add_headers(request, response);
    request->status = status;
    request->response = response;
    if (server->options.gate != NULL && request->handled)
        request->ticket = server->options.gate->ticket(server->options.gate_data, request);
    if (request->ticket <= server->released) {
        hcp_http_request_let_go(request);
        return;
    }
    request->stage = HCP_STAGE_GATE;
    g_queue_push_tail_link(&server->gate, &request->gate_link);
}

/* Keeps the answer for the idempotency key, inside the commit the answer will wait for. */
static void remember(const hcp_http_request *request, unsigned status, const char *text)
{
    const hcp_http_options *options = &request->listener->server->options;
    if (!request->has_key || status >= 500)
        return;
    hcp_idempotency_entry entry = {.status = status, .body = (char *)text};
    g_strlcpy(entry.fingerprint, request->key.fingerprint, sizeof entry.fingerprint);
    options->idempotency->store(options->idempotency_data, request->key.id, &entry);
}

static bool answer_unchanged(hcp_http_request *request, const char *text, size_t size)
{
    if (request->operation == NULL || !request->operation->etag ||
        has_header(request, MHD_HTTP_HEADER_ETAG))
        return false;
    return hcp_http_reply_not_modified(request, hash_bytes(text, size));
}

void hcp_http_reply_text(hcp_http_request *request, unsigned status, const char *content_type,
                         char *text, size_t size)
{
    if (status == 200 && answer_unchanged(request, text, size)) {
        g_free(text);
        return;
    }
    remember(request, status, text);
    request->sent_bytes = size;
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(size, text, g_free);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    hcp_http_request_answer(request, status, response);
}

void hcp_http_reply_json(hcp_http_request *request, unsigned status, json_t *body)
{
    size_t size;
    char *text = hcp_json_print(body, &size);
    json_decref(body);
    hcp_http_reply_text(request, status, "application/json", text, size);
}

void hcp_http_reply_string(hcp_http_request *request, unsigned status, GString *text)
{
    size_t size = text->len;
    hcp_http_reply_text(request, status, "application/json", g_string_free(text, FALSE), size);
}

void hcp_http_reply_static(hcp_http_request *request, const char *content_type, const void *data,
                           size_t size)
{
    if (answer_unchanged(request, data, size))
        return;
    request->sent_bytes = size;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, (void *)data, MHD_RESPMEM_PERSISTENT);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
    hcp_http_request_answer(request, 200, response);
}

void hcp_http_reply_empty(hcp_http_request *request, unsigned status)
{
    remember(request, status, NULL);
    hcp_http_request_answer(request, status,
                            MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT));
}

void hcp_http_reply_problem(hcp_http_request *request, hcp_problem *problem)
{
    size_t size;
    unsigned status = hcp_problem_status(problem);
    g_autoptr(json_t) document = hcp_problem_to_json(problem, request->path, request->trace_id);
    hcp_problem_free(problem);
    char *text = hcp_json_print(document, &size);
    hcp_http_reply_text(request, status, "application/problem+json", text, size);
}

void hcp_http_reply_error(hcp_http_request *request, unsigned status, const char *slug,
                          const char *detail_format, ...)
{
    va_list arguments;
    va_start(arguments, detail_format);
    g_autofree char *detail = g_strdup_vprintf(detail_format, arguments);
    va_end(arguments);
    hcp_http_reply_problem(request, hcp_problem_new(status, slug, "%s", detail));
}

void hcp_http_reply_not_found(hcp_http_request *request, const char *noun, const char *id)
{
    hcp_http_reply_error(request, 404, "not-found", "there is no %s %s", noun, id);
}

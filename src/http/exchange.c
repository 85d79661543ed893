/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a request: line → headers → body → handler → (gate) → answer. libmicrohttpd calls
 * `advance` once with the headers, then with each piece of the body, then once more when all is
 * there, and again after each resume.
 *
 * A request that cannot be served is still read to its end (within bounds) before it is answered:
 * closing a connection with unread input would make the kernel throw the answer away.
 */
#include "http/internal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* How many times the largest body is read and thrown away before the connection is cut instead. */
#define DISCARD_FACTOR 16
#define MAX_CLIENT_KEY 255

hcp_http_request *hcp_http_request_new(hcp_http_listener *listener, struct MHD_Connection *mhd,
                                       const char *uri)
{
    hcp_http_request *request = g_new0(hcp_http_request, 1);
    request->listener = listener;
    request->mhd = mhd;
    request->stage = HCP_STAGE_LINE;
    request->gate_link.data = request;
    request->path = g_strdup(uri);
    char *question = strchr(request->path, '?');
    if (question != NULL) {
        *question = '\0';
        request->query = question + 1;
    }
    return request;
}

void hcp_http_request_free(hcp_http_request *request)
{
    g_assert(request->stage != HCP_STAGE_HANDLER && request->stage != HCP_STAGE_GATE);
    if (request->stage >= HCP_STAGE_HANDLER)
        request->listener->server->n_pending--;
    if (request->response != NULL)
        MHD_destroy_response(request->response);
    hcp_problem_free(request->refusal);
    json_decref(request->body);
    if (request->bytes != NULL)
        g_byte_array_unref(request->bytes);
    for (int i = 0; i < request->n_params; i++)
        g_free(request->params[i]);
    if (request->operation != NULL && request->values != NULL) {
        for (int i = 0; i < request->operation->n_query; i++)
            g_free(request->values[i]);
        g_free(request->values);
    }
    if (request->headers != NULL)
        g_ptr_array_unref(request->headers);
    g_free(request->path);
    g_free(request);
}

/* The first refusal stands. */
static void refuse(hcp_http_request *request, hcp_problem *problem)
{
    if (request->refusal == NULL)
        request->refusal = problem;
    else
        hcp_problem_free(problem);
}

static void decode_params(hcp_http_request *request, const hcp_router_match *match)
{
    for (int i = 0; i < match->n_params; i++) {
        const hcp_router_param *raw = &match->params[i];
        char *text = g_uri_unescape_segment(raw->text, raw->text + raw->size, NULL);
        if (text == NULL || !g_utf8_validate(text, -1, NULL)) {
            g_free(text);
            refuse(request, hcp_problem_new(400, "invalid-path",
                                            "the path holds an invalid percent-encoding"));
            return;
        }
        request->params[request->n_params++] = text;
    }
}

/* No route: 404 when the path is unknown on this port, 405 when only the method is. */
static void refuse_route(hcp_http_request *request, const char *method, unsigned allowed)
{
    if (allowed == 0) {
        refuse(request,
               hcp_problem_new(404, "no-such-path", "there is nothing at %s on the %s port",
                               request->path, hcp_service_name(request->listener->service)));
        return;
    }
    g_autofree char *methods = hcp_http_cors_methods(allowed);
    hcp_http_header_add(request, "Allow", methods);
    refuse(request, hcp_problem_new(405, "method-not-allowed", "%s takes %s, not %s", request->path,
                                    methods, method));
}

static void find_route(hcp_http_request *request, const char *method_text)
{
    hcp_http_server *server = request->listener->server;
    hcp_http_method method = HCP_HTTP_METHODS;
    if (strcmp(method_text, MHD_HTTP_METHOD_HEAD) == 0)
        method = HCP_HTTP_GET;
    else
        (void)hcp_http_method_parse(method_text, &method); /* unknown ones match no route */
    hcp_router_match match;
    if (!hcp_router_find(server->router, request->listener->service, method, request->path,
                         &match)) {
        if (strcmp(method_text, MHD_HTTP_METHOD_OPTIONS) == 0 && match.allowed != 0)
            request->response = hcp_http_cors_options(request, match.allowed);
        else
            refuse_route(request, method_text, match.allowed);
        return;
    }
    request->operation_index = match.route->operation;
    request->operation = &server->options.api->operations[request->operation_index];
    decode_params(request, &match);
}

/* Whether the announced body is worth reading; false: answer now and close. */
static bool accept_length(hcp_http_request *request)
{
    size_t limit = request->listener->server->options.max_body_bytes;
    const char *text = hcp_http_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    guint64 length = text != NULL ? g_ascii_strtoull(text, NULL, 10) : 0;
    if (length <= limit)
        return true;
    refuse(request,
           hcp_problem_new(413, "body-too-large",
                           "the body has %" G_GUINT64_FORMAT " bytes; at most %zu are accepted",
                           length, limit));
    return length <= limit * DISCARD_FACTOR &&
           hcp_http_request_header(request, MHD_HTTP_HEADER_EXPECT) == NULL;
}

static void take_body(hcp_http_request *request, const char *data, size_t size)
{
    size_t limit = request->listener->server->options.max_body_bytes;
    request->received_bytes += size;
    if (request->received_bytes > limit) {
        g_clear_pointer(&request->bytes, g_byte_array_unref);
        refuse(request,
               hcp_problem_new(413, "body-too-large",
                               "the body is larger than the %zu bytes that are accepted", limit));
        if (request->received_bytes > limit * DISCARD_FACTOR)
            (void)shutdown(request->connection->fd, SHUT_RDWR);
    } else if (request->refusal == NULL) {
        if (request->bytes == NULL)
            request->bytes = g_byte_array_sized_new((guint)size);
        g_byte_array_append(request->bytes, (const guint8 *)data, (guint)size);
    }
}

/* A key seen before. True when the request has been answered. */
static bool answer_known_key(hcp_http_request *request, const hcp_idempotency_entry *entry)
{
    if (strcmp(entry->fingerprint, request->key.fingerprint) != 0) {
        hcp_http_reply_error(
            request, 422, "idempotency-key-reused",
            "this Idempotency-Key came with another request before; use a new key");
        return true;
    }
    hcp_http_header_add(request, "Idempotent-Replayed", "true");
    if (entry->body == NULL)
        hcp_http_reply_empty(request, entry->status);
    else
        hcp_http_reply_text(request, entry->status,
                            entry->status >= 400 ? "application/problem+json" : "application/json",
                            g_strdup(entry->body), strlen(entry->body));
    return true;
}

static bool answer_running_key(hcp_http_request *request, const hcp_http_request *running)
{
    hcp_idempotency_entry other = {0};
    g_strlcpy(other.fingerprint, running->key.fingerprint, sizeof other.fingerprint);
    if (strcmp(other.fingerprint, request->key.fingerprint) != 0)
        return answer_known_key(request, &other);
    hcp_http_reply_error(request, 409, "idempotency-key-in-use",
                         "the first request with this Idempotency-Key is still running; try again");
    return true;
}

static void fingerprint(hcp_http_request *request, const char *client_key)
{
    g_autofree char *subject =
        request->n_params > 0 ? g_strjoinv("/", request->params) : g_strdup("");
    hcp_idempotency_key_init(&request->key, hcp_http_request_caller(request),
                             request->operation->id, client_key);
    hcp_idempotency_key_set_body(&request->key, subject,
                                 request->bytes != NULL ? request->bytes->data : NULL,
                                 request->bytes != NULL ? request->bytes->len : 0);
}

/* Deals with the Idempotency-Key header. True when the request has been answered by it. */
static bool answer_by_key(hcp_http_request *request)
{
    hcp_http_server *server = request->listener->server;
    const char *client_key =
        request->operation->idempotent ? hcp_http_request_header(request, "Idempotency-Key") : NULL;
    if (client_key == NULL)
        return false;
    if (server->options.idempotency == NULL) {
        hcp_http_reply_error(request, 501, "no-idempotency", "this server keeps no answers");
        return true;
    }
    size_t size = strlen(client_key);
    if (size == 0 || size > MAX_CLIENT_KEY) {
        hcp_http_reply_error(request, 400, "invalid-idempotency-key",
                             "an Idempotency-Key has 1 to %d characters", MAX_CLIENT_KEY);
        return true;
    }
    fingerprint(request, client_key);
    const hcp_http_request *running = g_hash_table_lookup(server->in_flight, request->key.id);
    if (running != NULL)
        return answer_running_key(request, running);
    g_auto(hcp_idempotency_entry) entry = {0};
    if (server->options.idempotency->lookup(server->options.idempotency_data, request->key.id,
                                            &entry))
        return answer_known_key(request, &entry);
    request->has_key = true;
    g_hash_table_insert(server->in_flight, request->key.id, request);
    return false;
}

static void call_handler(hcp_http_request *request)
{
    const hcp_http_bound *bound = &request->listener->server->bound[request->operation_index];
    if (bound->handler == NULL) {
        hcp_http_reply_error(request, 501, "not-implemented", "%s has no handler in this process",
                             request->operation->id);
        return;
    }
    request->handled = true;
    bound->handler(request, bound->data);
}

static void serve(hcp_http_request *request)
{
    if (request->refusal == NULL && request->response == NULL)
        refuse(request, hcp_http_check_query(request));
    if (request->refusal == NULL && request->response == NULL)
        refuse(request, hcp_http_check_body(request));
    if (request->refusal != NULL)
        hcp_http_reply_problem(request, g_steal_pointer(&request->refusal));
    else if (request->response != NULL)
        hcp_http_request_answer(request, 204, g_steal_pointer(&request->response));
    else if (!answer_by_key(request))
        call_handler(request);
}

static enum MHD_Result send_answer(hcp_http_request *request)
{
    g_assert(request->stage == HCP_STAGE_ANSWERED);
    request->stage = HCP_STAGE_SENDING;
    if (!request->streaming)
        hcp_http_connection_set(request->connection, HCP_CONNECTION_SENDING);
    struct MHD_Response *response = g_steal_pointer(&request->response);
    /* A client that always has one more request must not keep a stopping server busy. */
    if (request->listener->server->stopping)
        MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
    enum MHD_Result result = MHD_queue_response(request->mhd, request->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result run(hcp_http_request *request)
{
    request->stage = HCP_STAGE_HANDLER;
    request->listener->server->n_unanswered++;
    request->listener->server->n_pending++;
    hcp_http_connection_set(request->connection, HCP_CONNECTION_BUSY);
    request->in_callback = true;
    serve(request);
    request->in_callback = false;
    if (request->stage == HCP_STAGE_ANSWERED)
        return send_answer(request);
    MHD_suspend_connection(request->mhd);
    return MHD_YES;
}

static enum MHD_Result begin(hcp_http_request *request, const char *method)
{
    request->stage = HCP_STAGE_BODY;
    request->received_us = g_get_monotonic_time();
    hcp_trace_id_init(request->trace_id, hcp_http_request_header(request, "traceparent"));
    find_route(request, method);
    return accept_length(request) ? MHD_YES : run(request);
}

enum MHD_Result hcp_http_request_advance(hcp_http_request *request, const char *method,
                                         const char *data, size_t *data_size)
{
    if (request->stage == HCP_STAGE_LINE)
        return begin(request, method);
    if (request->stage == HCP_STAGE_ANSWERED)
        return send_answer(request);
    if (request->stage != HCP_STAGE_BODY) { /* answered early: what still arrives is dropped */
        *data_size = 0;
        return MHD_YES;
    }
    if (*data_size > 0) {
        take_body(request, data, *data_size);
        *data_size = 0;
        return MHD_YES;
    }
    return run(request);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "http/server.h"

#include "base/error.h"
#include "http/internal.h"

#include <string.h>

#define DEFAULT_MAX_BODY ((size_t)1024 * 1024)
#define DEFAULT_MAX_CONNECTIONS 16384
#define SWEEP_S 1

static gboolean on_sweep(gpointer data)
{
    hcp_http_server *server = data;
    int64_t now_us = g_get_monotonic_time();
    hcp_http_connections_sweep(server, now_us);
    hcp_sse_sweep(server, now_us);
    return G_SOURCE_CONTINUE;
}

static void fill_options(hcp_http_options *options)
{
    if (options->api == NULL)
        options->api = &HCP_API;
    if (options->address == NULL)
        options->address = "127.0.0.1";
    if (options->max_body_bytes == 0)
        options->max_body_bytes = DEFAULT_MAX_BODY;
    if (options->max_connections == 0)
        options->max_connections = DEFAULT_MAX_CONNECTIONS;
    if (options->request_timeout_s == 0)
        options->request_timeout_s = 10;
    if (options->idle_timeout_s == 0)
        options->idle_timeout_s = 60;
}

hcp_http_server *hcp_http_server_new(const hcp_http_options *options, GError **error)
{
    if (MHD_is_feature_supported(MHD_FEATURE_EPOLL) != MHD_YES) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED,
                    "this libmicrohttpd was built without epoll");
        return NULL;
    }
    hcp_http_server *server = g_new0(hcp_http_server, 1);
    server->options = *options;
    fill_options(&server->options);
    server->max_connections = hcp_http_connections_budget(server->options.max_connections);
    server->context = options->context != NULL ? g_main_context_ref(options->context)
                                               : g_main_context_ref_thread_default();
    server->router = hcp_router_new(server->options.api);
    server->bound = g_new0(hcp_http_bound, (gsize)server->options.api->n_operations);
    server->listeners = g_ptr_array_new_with_free_func((GDestroyNotify)hcp_http_listener_free);
    server->patterns = hcp_schema_patterns_new();
    server->in_flight = g_hash_table_new(g_str_hash, g_str_equal);
    server->sweeper = g_timeout_source_new_seconds(SWEEP_S);
    g_source_set_callback(server->sweeper, on_sweep, server, NULL);
    g_source_attach(server->sweeper, server->context);
    return server;
}

static int find_operation(const hcp_http_api *api, const char *id)
{
    for (int i = 0; i < api->n_operations; i++) {
        if (strcmp(api->operations[i].id, id) == 0)
            return i;
    }
    return -1;
}

bool hcp_http_server_bind(hcp_http_server *server, const hcp_http_binding *bindings,
                          size_t n_bindings, void *data, GError **error)
{
    for (size_t i = 0; i < n_bindings; i++) {
        int index = find_operation(server->options.api, bindings[i].operation_id);
        if (index < 0 || server->bound[index].handler != NULL) {
            g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "operation '%s' %s",
                        bindings[i].operation_id,
                        index < 0 ? "is not in the contract" : "has two handlers");
            return false;
        }
        server->bound[index] = (hcp_http_bound){bindings[i].handler, data};
    }
    return true;
}

bool hcp_http_server_check(const hcp_http_server *server, GError **error)
{
    g_autoptr(GString) missing = g_string_new(NULL);
    const hcp_http_api *api = server->options.api;
    for (int i = 0; i < api->n_operations; i++) {
        if (server->bound[i].handler == NULL)
            g_string_append_printf(missing, " %s", api->operations[i].id);
    }
    if (missing->len == 0)
        return true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "operations without a handler:%s",
                missing->str);
    return false;
}

bool hcp_http_server_listen(hcp_http_server *server, hcp_service service, int port, int *ret_port,
                            GError **error)
{
    hcp_http_listener *listener = hcp_http_listener_new(server, service, port, ret_port, error);
    if (listener == NULL)
        return false;
    g_ptr_array_add(server->listeners, listener);
    return true;
}

/* The request at the head of the gate if its ticket is at most `ticket`, taken off; NULL otherwise.
 * */
static hcp_http_request *take_from_gate(hcp_http_server *server, uint64_t ticket)
{
    hcp_http_request *request = g_queue_peek_head(&server->gate);
    if (request == NULL || request->ticket > ticket)
        return NULL;
    g_queue_unlink(&server->gate, &request->gate_link);
    return request;
}

void hcp_http_server_release(hcp_http_server *server, uint64_t ticket)
{
    hcp_http_request *request;
    server->released = MAX(server->released, ticket);
    while ((request = take_from_gate(server, ticket)) != NULL)
        hcp_http_request_let_go(request);
}

static void forget_answer(const hcp_http_request *request)
{
    const hcp_http_options *options = &request->listener->server->options;
    if (request->has_key && options->idempotency->forget != NULL)
        options->idempotency->forget(options->idempotency_data, request->key.id);
}

void hcp_http_server_reject(hcp_http_server *server, uint64_t ticket, const char *detail)
{
    hcp_http_request *request;
    server->released = MAX(server->released, ticket);
    while ((request = take_from_gate(server, ticket)) != NULL) {
        forget_answer(request);
        g_clear_pointer(&request->response, MHD_destroy_response);
        g_clear_pointer(&request->headers, g_ptr_array_unref);
        request->stage = HCP_STAGE_HANDLER;
        request->handled = false; /* what it says now waits for no commit */
        request->ticket = 0;
        hcp_http_header_add(request, "Retry-After", "1");
        hcp_http_reply_error(request, 503, "not-durable", "%s", detail);
    }
}

unsigned hcp_http_server_pending(const hcp_http_server *server)
{
    return server->n_pending;
}

unsigned hcp_http_server_connections(const hcp_http_server *server)
{
    return server->n_connections;
}

void hcp_http_server_stop(hcp_http_server *server)
{
    if (server->stopping)
        return;
    server->stopping = true;
    for (guint i = 0; i < server->listeners->len; i++)
        hcp_http_listener_quiesce(g_ptr_array_index(server->listeners, i));
    hcp_sse_close_all(server);
    hcp_http_connections_sweep(server, g_get_monotonic_time());
}

void hcp_http_server_free(hcp_http_server *server)
{
    if (server == NULL)
        return;
    hcp_http_server_reject(server, UINT64_MAX, "the server stops");
    g_assert(server->n_unanswered == 0);
    hcp_sse_close_all(server);
    g_ptr_array_unref(server->listeners);
    g_assert(server->n_connections == 0);
    g_source_destroy(server->sweeper);
    g_source_unref(server->sweeper);
    g_hash_table_unref(server->in_flight);
    hcp_schema_patterns_free(server->patterns);
    hcp_router_free(server->router);
    g_free(server->bound);
    g_main_context_unref(server->context);
    g_free(server);
}

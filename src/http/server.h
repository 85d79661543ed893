/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server: libmicrohttpd without threads, one listening port per service, all on one GLib
 * main context. It parses and limits, routes by the generated contract, checks query and body,
 * keeps idempotency, and calls the bound handler. Everything happens on the thread that runs the
 * context.
 *
 *     static const hcp_http_binding BINDINGS[] = { { "getStatus", get_status }, … };
 *     server = hcp_http_server_new(&options, &error);
 *     hcp_http_server_bind(server, BINDINGS, G_N_ELEMENTS(BINDINGS), service, &error);
 *     hcp_http_server_check(server, &error);
 *     hcp_http_server_listen(server, HCP_SERVICE_ORCHESTRATOR, 8080, NULL, &error);
 *     … g_main_loop_run …
 *     hcp_http_server_stop(server);      then run the loop until hcp_http_server_pending() is 0
 *     hcp_http_server_free(server);
 */
#ifndef HCP_HTTP_SERVER_H
#define HCP_HTTP_SERVER_H

#include "http/api.h"
#include "http/idempotency.h"
#include "http/reply.h"
#include "http/request.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hcp_http_server hcp_http_server;

/* Carries out a request: replies (reply.h) now, or keeps the pointer and replies later. `data` is
 * the binding's. */
typedef void (*hcp_http_handler)(hcp_http_request *request, void *data);

typedef struct {
    const char *operation_id;
    hcp_http_handler handler;
} hcp_http_binding;

/* One finished request, for metrics. */
typedef struct {
    const hcp_http_operation *operation; /* NULL when no route matched */
    hcp_service service;
    unsigned status;
    int64_t duration_us; /* from complete headers to the reply */
    size_t received_bytes, sent_bytes;
    const char *trace_id;
} hcp_http_observation;

typedef struct {
    void (*finished)(void *data, const hcp_http_observation *observation);
} hcp_http_observer_ops;

/* The commit gate: no answer leaves before what it tells is durable. Each answer is given a ticket
 * when it is made; it leaves once hcp_http_server_release has been called with that ticket or a
 * higher one. So handlers reply at once, in plain code, and durability is enforced in one place. */
typedef struct {
    /* The commit that `request`'s answer has to wait for, a number that never falls; 0 when it may
     * leave now (nothing is uncommitted, or the answer tells nothing of the state: a health probe).
     * */
    uint64_t (*ticket)(void *data, const hcp_http_request *request);
} hcp_http_gate_ops;

/* Zero means the default given. Pointers must outlive the server. */
typedef struct {
    const hcp_http_api *api;  /* &HCP_API */
    GMainContext *context;    /* the thread's default */
    const char *address;      /* "127.0.0.1"; IPv4 or IPv6 literal */
    size_t max_body_bytes;    /* 1 MiB */
    unsigned max_connections; /* 16,384, less when the descriptor limit is lower; over all ports */
    unsigned request_timeout_s; /* 10: from the first line of a request to its last byte */
    unsigned idle_timeout_s;    /* 60: between requests of a connection, and to take an answer */
    const char *const *cors_origins;        /* exact origins, NULL-terminated; none */
    const hcp_idempotency_ops *idempotency; /* keys are refused with 501 when NULL */
    void *idempotency_data;
    const hcp_http_gate_ops *gate; /* answers leave at once */
    void *gate_data;
    const hcp_http_observer_ops *observer; /* none */
    void *observer_data;
} hcp_http_options;

/* A server that does not listen yet. Raises the soft limit of open files to the hard one. */
hcp_http_server *hcp_http_server_new(const hcp_http_options *options, GError **error);

/* Binds handlers to operations. Unknown ids and double ones are HCP_ERROR_INVALID. */
bool hcp_http_server_bind(hcp_http_server *server, const hcp_http_binding *bindings,
                          size_t n_bindings, void *data, GError **error);

/* Checks that every operation of the contract has a handler; the message lists those that have
 * none. An operation without one answers 501. */
bool hcp_http_server_check(const hcp_http_server *server, GError **error);

/* Opens `port` (0: any free one) for the operations of `service`. HCP_ERROR_BUSY names the port
 * when it is taken. */
bool hcp_http_server_listen(hcp_http_server *server, hcp_service service, int port, int *ret_port,
                            GError **error);

/* Lets go the answers with tickets up to `ticket`: their commit is durable. */
void hcp_http_server_release(hcp_http_server *server, uint64_t ticket);

/* The commits up to `ticket` failed: their answers are thrown away, and their clients get 503 with
 * the sentence `detail` instead. */
void hcp_http_server_reject(hcp_http_server *server, uint64_t ticket, const char *detail);

/* Number of requests whose answer has not been sent yet (with the handler, at the gate, or on its
 * way), and of open connections. */
unsigned hcp_http_server_pending(const hcp_http_server *server);
unsigned hcp_http_server_connections(const hcp_http_server *server);

/* Stops accepting, ends event streams and idle connections. Pending requests may still be replied
 * to. */
void hcp_http_server_stop(hcp_http_server *server);

/* Closes everything. Answers still at the gate become 503; a request still with its handler is a
 * bug. NULL is allowed. */
void hcp_http_server_free(hcp_http_server *server);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_http_server, hcp_http_server_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the server share and nobody else sees: the server, its listeners (one
 * libmicrohttpd daemon per port), connections, and the life of a request.
 */
#ifndef HCP_HTTP_INTERNAL_H
#define HCP_HTTP_INTERNAL_H

#include "http/router.h"
#include "http/server.h"
#include "http/trace.h"

#include <gio/gio.h>
#include <microhttpd.h>

/* Where a request is. It only moves forward. */
typedef enum {
    HCP_STAGE_LINE,     /* its first line has arrived */
    HCP_STAGE_BODY,     /* headers accepted, body arriving */
    HCP_STAGE_HANDLER,  /* with its handler; suspended once that has returned */
    HCP_STAGE_GATE,     /* answered, waits for its commit */
    HCP_STAGE_ANSWERED, /* the answer may leave */
    HCP_STAGE_SENDING,  /* libmicrohttpd has the answer */
} hcp_http_stage;

/* Which deadline a connection is under; each has a queue in the order of `since_us`. */
typedef enum {
    HCP_CONNECTION_IDLE,      /* between requests */
    HCP_CONNECTION_RECEIVING, /* new, or in the middle of a request */
    HCP_CONNECTION_SENDING,   /* an answer is on its way */
    HCP_CONNECTION_BUSY,      /* with a handler, or a stream: no deadline of the server's */
    HCP_CONNECTION_STATES
} hcp_connection_state;

typedef struct {
    hcp_http_server *server;
    GList link; /* in server->connections[state] */
    int fd;
    hcp_connection_state state;
    int64_t since_us; /* when it entered the state, monotonic */
    bool closing;     /* shut down by us; libmicrohttpd will notice and report its end */
} hcp_http_connection;

typedef struct {
    hcp_http_server *server;
    hcp_service service;
    struct MHD_Daemon *daemon;
    GSource *source;
} hcp_http_listener;

/* The handler bound to one operation. */
typedef struct {
    hcp_http_handler handler;
    void *data;
} hcp_http_bound;

struct hcp_http_server {
    hcp_http_options options;
    GMainContext *context;
    hcp_router *router;
    hcp_http_bound *bound; /* by operation */
    GPtrArray *listeners;  /* hcp_http_listener */
    GQueue connections[HCP_CONNECTION_STATES];
    unsigned n_connections; /* open, those being closed included */
    GQueue gate;            /* hcp_http_request in stage GATE, tickets ascending */
    uint64_t released;      /* highest ticket let go */
    unsigned n_unanswered;  /* requests in stages HANDLER and GATE */
    unsigned n_pending;     /* those, and the answers not sent yet */
    hcp_schema_patterns *patterns;
    GHashTable *in_flight; /* idempotency id → request being carried out */
    GQueue streams;        /* hcp_sse */
    unsigned max_connections;
    GSource *sweeper;
    bool stopping;
};

struct hcp_http_request {
    hcp_http_listener *listener;
    struct MHD_Connection *mhd;
    hcp_http_connection *connection;
    hcp_http_stage stage;
    bool in_callback;  /* the handler runs inside libmicrohttpd's call: no suspension needed yet */
    char *path;        /* as sent, owned */
    const char *query; /* into the same memory, NULL when there is none */
    int64_t received_us;
    char trace_id[HCP_TRACE_ID_SIZE];
    const hcp_http_operation *operation;
    uint16_t operation_index;
    char *params[HCP_ROUTER_MAX_PARAMS];
    int n_params;
    char **values; /* of the operation's query parameters, NULL where absent */
    GByteArray *bytes;
    size_t received_bytes;
    json_t *body;
    hcp_problem *refusal; /* known to be the answer: the rest of the body is thrown away */
    hcp_idempotency_key key;
    bool has_key;
    struct MHD_Response *response;
    GPtrArray *headers; /* name, value, name, value … of the answer; NULL while there are none */
    unsigned status;
    size_t sent_bytes;
    bool handled;   /* by its handler: the answer may tell of the state and waits at the gate */
    bool streaming; /* the answer is an event stream, which may take for ever */
    uint64_t ticket;
    GList gate_link;
};

/* connection.c */

/* Begins to watch a new connection; when the server is full makes room by closing the connection
 * that has been idle or receiving for longest, and answers 503 itself when there is none. */
hcp_http_connection *hcp_http_connection_open(hcp_http_server *server, int fd);

/* The connection is gone. */
void hcp_http_connection_closed(hcp_http_connection *connection);

/* Moves it to another state, with a fresh deadline. */
void hcp_http_connection_set(hcp_http_connection *connection, hcp_connection_state state);

/* Closes idle connections when the server stops, and those past their deadline otherwise. */
void hcp_http_connections_sweep(hcp_http_server *server, int64_t now_us);

/* The most connections this process may hold open for the server, from its options and the
 * descriptor limit. */
unsigned hcp_http_connections_budget(unsigned wanted);

/* listener.c */

/* Opens the port; its requests run on the server's context. */
hcp_http_listener *hcp_http_listener_new(hcp_http_server *server, hcp_service service, int port,
                                         int *ret_port, GError **error);

/* Lets a suspended connection go on, in the next turn of the loop. */
void hcp_http_listener_resume(hcp_http_listener *listener, struct MHD_Connection *mhd);

/* Stops accepting; open connections live on. */
void hcp_http_listener_quiesce(hcp_http_listener *listener);

/* Closes the port and its connections. */
void hcp_http_listener_free(hcp_http_listener *listener);

/* exchange.c: the life of a request, as libmicrohttpd reports it */

/* The first line has arrived. */
hcp_http_request *hcp_http_request_new(hcp_http_listener *listener, struct MHD_Connection *mhd,
                                       const char *uri);

/* libmicrohttpd's access handler for `request`. */
enum MHD_Result hcp_http_request_advance(hcp_http_request *request, const char *method,
                                         const char *data, size_t *data_size);

/* It is over, answered or not. */
void hcp_http_request_free(hcp_http_request *request);

/* reply.c */

/* Makes `response` (taken) the answer: adds the common headers, keeps it for the idempotency key,
 * waits for the gate. */
void hcp_http_request_answer(hcp_http_request *request, unsigned status,
                             struct MHD_Response *response);

/* The gate has opened, or there was none to wait for: lets the answer go. */
void hcp_http_request_let_go(hcp_http_request *request);

/* check.c: what the contract demands of a request. Each returns NULL or the problem to answer with.
 * */

/* Query parameters, into request->values. */
hcp_problem *hcp_http_check_query(hcp_http_request *request);

/* Body bytes, into request->body. */
hcp_problem *hcp_http_check_body(hcp_http_request *request);

/* sse.c */

/* Sends heartbeats and cuts off clients that do not take the end of their stream. */
void hcp_sse_sweep(hcp_http_server *server, int64_t now_us);

/* Ends all streams. */
void hcp_sse_close_all(hcp_http_server *server);

/* cors.c */

/* Adds the CORS headers of the answer when the request's Origin is on the allow-list. */
void hcp_http_cors_add(const hcp_http_request *request, struct MHD_Response *response);

/* The answer to OPTIONS: a preflight or a question about methods. `allowed` is a set of method
 * bits. */
struct MHD_Response *hcp_http_cors_options(const hcp_http_request *request, unsigned allowed);

/* "GET, HEAD, POST": the value of Allow. Caller frees. */
char *hcp_http_cors_methods(unsigned allowed);

#endif

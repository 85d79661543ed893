/* SPDX-License-Identifier: Apache-2.0 */
/* A server with the contract of test_api.yaml and handlers that show what they were given. */
#ifndef HCP_TESTS_HTTP_FIXTURE_H
#define HCP_TESTS_HTTP_FIXTURE_H

#include "client.h"
#include "http/server.h"
#include "http/sse.h"

extern const hcp_http_api TEST_API;

typedef struct {
    hcp_http_server *server;
    int port; /* orchestrator */
    hcp_idempotency_memory *memory;
    int64_t now_us;     /* of the memory's clock */
    GPtrArray *waiting; /* requests of answerLater, borrowed */
    int calls;          /* of createThing and answerLater */
    hcp_sse *stream;    /* the latest, NULL after it closed */
    int streams_closed;
    size_t stream_buffer_bytes;
    uint64_t ticket;      /* what the gate gives out */
    GArray *observations; /* hcp_http_observation, strings not kept */
} fixture;

/* Starts a server; `options` may be NULL and is completed. */
void fixture_init(fixture *f, const hcp_http_options *options);

/* Stops it, checks that nothing is left open. */
void fixture_finish(fixture *f);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(fixture, fixture_finish)

/* The gate that gives out fixture.ticket. */
extern const hcp_http_gate_ops FIXTURE_GATE;

/* Answers the oldest request of answerLater. */
void fixture_answer(fixture *f);

/* Runs the loop until `count` requests of answerLater wait. */
void fixture_wait_for_requests(fixture *f, guint count);

/* Runs the loop until `count` requests are pending. */
void fixture_wait_for_pending(fixture *f, guint count);

#endif

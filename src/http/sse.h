/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Server-sent events on a request whose operation is marked as a stream. Each event carries an id
 * from which a client resumes (`Last-Event-ID`, or `?cursor=`). Comments keep the line alive while
 * nothing happens. A client too slow for the bounded buffer gets a last event "overflow" in place
 * of the events that did not fit and is then disconnected; it resumes from the last id it has, so
 * nothing is lost silently.
 */
#ifndef HCP_HTTP_SSE_H
#define HCP_HTTP_SSE_H

#include "http/request.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct hcp_sse hcp_sse;

typedef struct {
    size_t buffer_bytes;  /* most unsent bytes kept for a slow client; 0: 1 MiB */
    unsigned heartbeat_s; /* silence after which a comment is sent; 0: 15 */
    /* Called once when the stream has ended for any reason (client gone, overflow, hcp_sse_close,
     * server stop); the stream is dead afterwards. Not called from inside hcp_sse_send. */
    void (*closed)(hcp_sse *stream, void *data);
    /* Called when everything sent has been handed to the kernel, so that a reader of history may
     * send its next batch. May be NULL. */
    void (*drained)(hcp_sse *stream, void *data);
    void *data;
} hcp_sse_options;

/* The id after which the client wants to resume: Last-Event-ID, else ?cursor=, else NULL. */
const char *hcp_sse_resume_id(const hcp_http_request *request);

/* Answers `request` with a stream; the request is over, the stream lives until `closed` is called.
 * NULL when there are too many streams: the request has then been answered with 503. */
hcp_sse *hcp_sse_open(hcp_http_request *request, const hcp_sse_options *options);

/* Queues one event. `id` and `event` may be NULL; `data` may contain line feeds. False when the
 * event did not fit: the stream is then ending, the caller stops sending and waits for `closed`. */
bool hcp_sse_send(hcp_sse *stream, const char *id, const char *event, const char *data,
                  size_t size);

/* Unsent bytes, for back-pressure while catching up. */
size_t hcp_sse_backlog(const hcp_sse *stream);

/* Ends the stream after what is queued has been sent. */
void hcp_sse_close(hcp_sse *stream);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journal entries as server-sent events. A client that resumes is first given what it missed, read from the journal in
 * bounded slices as fast as it takes them, and then every commit as it happens; between the two there is neither a gap nor
 * a repetition, because both number the same entries.
 */
#ifndef HCP_SERVICES_EVENT_STREAM_H
#define HCP_SERVICES_EVENT_STREAM_H

#include "http/request.h"
#include "runtime/daemon.h"

typedef struct hcp_event_streams hcp_event_streams;

/* Follows the commits of `daemon`, which outlives it. */
hcp_event_streams *hcp_event_streams_new(hcp_daemon *daemon);

/* Lets every stream go: those still open get nothing more. NULL is allowed. */
void hcp_event_streams_free(hcp_event_streams *streams);

/* Answers `request` (streamEvents) with a stream after its Last-Event-ID or cursor, without either from now on. */
void hcp_event_streams_open(hcp_event_streams *streams, hcp_http_request *request);

#endif

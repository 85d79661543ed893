/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answering a request, exactly once, in its handler or later from the loop's thread. The functions
 * named hcp_http_reply_* end the request: the pointer is dead afterwards. hcp_http_header_* may be
 * called before.
 */
#ifndef HCP_HTTP_REPLY_H
#define HCP_HTTP_REPLY_H

#include "http/problem.h"
#include "http/request.h"

#include <glib.h>

/* Adds a response header. */
void hcp_http_header_add(hcp_http_request *request, const char *name, const char *value);

/* Sets the ETag of the answer to `version` (a number that changes whenever the answer would). */
void hcp_http_header_etag(hcp_http_request *request, uint64_t version);

/* Answers with `body`, whose reference is taken. */
void hcp_http_reply_json(hcp_http_request *request, unsigned status, json_t *body);

/* Answers with the JSON text in `text`, which is taken. */
void hcp_http_reply_string(hcp_http_request *request, unsigned status, GString *text);

/* Answers with `size` bytes of `text`, which is taken and g_free()d. `content_type` must outlive
 * the request. */
void hcp_http_reply_text(hcp_http_request *request, unsigned status, const char *content_type,
                         char *text, size_t size);

/* Answers with `size` bytes that live as long as the process, e.g. an embedded file. */
void hcp_http_reply_static(hcp_http_request *request, const char *content_type, const void *data,
                           size_t size);

/* Answers without a body (204, 304). */
void hcp_http_reply_empty(hcp_http_request *request, unsigned status);

/* Answers with a problem document (RFC 9457) of the problem's own status; `problem` is taken. */
void hcp_http_reply_problem(hcp_http_request *request, hcp_problem *problem);

/* Short form for a problem with one sentence and no pointers. */
void hcp_http_reply_error(hcp_http_request *request, unsigned status, const char *slug,
                          const char *detail_format, ...) G_GNUC_PRINTF(4, 5);

/* 404 for a thing that is not there: "there is no workload wl_…". */
void hcp_http_reply_not_found(hcp_http_request *request, const char *noun, const char *id);

/* If the client already holds `version` (If-None-Match), answers 304 and returns true; otherwise
 * sets the ETag and returns false. Call it before building the answer. */
bool hcp_http_reply_not_modified(hcp_http_request *request, uint64_t version);

/* If the request carries an If-Match that does not name `version`, answers 412 and returns true. */
bool hcp_http_reply_stale(hcp_http_request *request, uint64_t version);

#endif

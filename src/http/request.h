/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request as its handler sees it: already routed, its query and body already checked against
 * openapi.yaml. A request lives from the handler's call until it is replied to (reply.h), which
 * happens exactly once, in the handler or any time later from the loop. Everything returned here is
 * borrowed and dies with the request.
 */
#ifndef HCP_HTTP_REQUEST_H
#define HCP_HTTP_REQUEST_H

#include "http/api.h"
#include "http/idempotency.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hcp_http_request hcp_http_request;

/* The operation the request matched. */
const hcp_http_operation *hcp_http_request_operation(const hcp_http_request *request);

/* The service on whose port the request arrived. */
hcp_service hcp_http_request_service(const hcp_http_request *request);

/* The path as sent, without the query. */
const char *hcp_http_request_path(const hcp_http_request *request);

/* The decoded path parameter `name` of the template; asserts that the template has it. */
const char *hcp_http_request_param(const hcp_http_request *request, const char *name);

/* The decoded query parameter `name`: as sent, else its default from the contract, else NULL. */
const char *hcp_http_request_query(const hcp_http_request *request, const char *name);

/* The same as a number or boolean; `fallback` when absent. Type and range were checked before. */
int64_t hcp_http_request_query_int(const hcp_http_request *request, const char *name,
                                   int64_t fallback);
double hcp_http_request_query_number(const hcp_http_request *request, const char *name,
                                     double fallback);
bool hcp_http_request_query_bool(const hcp_http_request *request, const char *name, bool fallback);

/* The body, valid by its schema and with the schema's defaults filled in. Never NULL for an
 * operation that takes one: an optional body that was not sent is an empty object with defaults. */
json_t *hcp_http_request_body(const hcp_http_request *request);

/* A request header, or NULL. */
const char *hcp_http_request_header(const hcp_http_request *request, const char *name);

/* W3C trace id, 32 lower-case hexadecimal digits: the caller's (traceparent) or a new one. */
const char *hcp_http_request_trace_id(const hcp_http_request *request);

/* Who calls, for audit and for the scope of idempotency keys; "anonymous" until there is
 * authentication. */
const char *hcp_http_request_caller(const hcp_http_request *request);

/* The request's idempotency key; NULL when it sent none or the operation is not idempotent. */
const hcp_idempotency_key *hcp_http_request_idempotency(const hcp_http_request *request);

/* When its headers arrived, on the monotonic clock (g_get_monotonic_time). */
int64_t hcp_http_request_received_us(const hcp_http_request *request);

#endif

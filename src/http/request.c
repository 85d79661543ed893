/* SPDX-License-Identifier: Apache-2.0 */
#include "http/internal.h"

#include <stdlib.h>
#include <string.h>

const hcp_http_operation *hcp_http_request_operation(const hcp_http_request *request)
{
    return request->operation;
}

hcp_service hcp_http_request_service(const hcp_http_request *request)
{
    return request->listener->service;
}

const char *hcp_http_request_path(const hcp_http_request *request)
{
    return request->path;
}

const char *hcp_http_request_param(const hcp_http_request *request, const char *name)
{
    int index = hcp_router_param_index(request->operation->path, name);
    g_assert(index >= 0 && index < request->n_params);
    return request->params[index];
}

const char *hcp_http_request_query(const hcp_http_request *request, const char *name)
{
    const hcp_http_operation *operation = request->operation;
    for (int i = 0; i < operation->n_query; i++) {
        if (strcmp(operation->query[i].name, name) == 0)
            return request->values[i];
    }
    g_assert_not_reached(); /* a handler asks only for what its contract has */
}

int64_t hcp_http_request_query_int(const hcp_http_request *request, const char *name,
                                   int64_t fallback)
{
    const char *text = hcp_http_request_query(request, name);
    return text != NULL ? g_ascii_strtoll(text, NULL, 10) : fallback;
}

double hcp_http_request_query_number(const hcp_http_request *request, const char *name,
                                     double fallback)
{
    const char *text = hcp_http_request_query(request, name);
    return text != NULL ? g_ascii_strtod(text, NULL) : fallback;
}

bool hcp_http_request_query_bool(const hcp_http_request *request, const char *name, bool fallback)
{
    const char *text = hcp_http_request_query(request, name);
    return text != NULL ? strcmp(text, "true") == 0 : fallback;
}

json_t *hcp_http_request_body(const hcp_http_request *request)
{
    return request->body;
}

const char *hcp_http_request_header(const hcp_http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->mhd, MHD_HEADER_KIND, name);
}

const char *hcp_http_request_trace_id(const hcp_http_request *request)
{
    return request->trace_id;
}

const char *hcp_http_request_caller(const hcp_http_request *request)
{
    (void)request;
    return "anonymous";
}

const hcp_idempotency_key *hcp_http_request_idempotency(const hcp_http_request *request)
{
    return request->has_key ? &request->key : NULL;
}

int64_t hcp_http_request_received_us(const hcp_http_request *request)
{
    return request->received_us;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Cross-origin requests: an exact allow-list of origins, nothing for anybody else. */
#include "http/internal.h"

#include <string.h>

#define ALLOWED_HEADERS                                                                            \
    "Content-Type, Idempotency-Key, If-Match, If-None-Match, Last-Event-ID, traceparent"
#define EXPOSED_HEADERS "ETag, Link, Retry-After, Idempotent-Replayed, X-Trace-Id"

static const char *allowed_origin(const hcp_http_request *request)
{
    const char *const *origins = request->listener->server->options.cors_origins;
    const char *origin = origins != NULL ? hcp_http_request_header(request, "Origin") : NULL;
    return origin != NULL && g_strv_contains(origins, origin) ? origin : NULL;
}

void hcp_http_cors_add(const hcp_http_request *request, struct MHD_Response *response)
{
    if (request->listener->server->options.cors_origins == NULL)
        return;
    MHD_add_response_header(response, "Vary", "Origin");
    const char *origin = allowed_origin(request);
    if (origin == NULL)
        return;
    MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
    MHD_add_response_header(response, "Access-Control-Expose-Headers", EXPOSED_HEADERS);
}

char *hcp_http_cors_methods(unsigned allowed)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < HCP_HTTP_METHODS; i++) {
        if ((allowed & (1u << i)) == 0)
            continue;
        g_string_append_printf(text, "%s, ", hcp_http_method_name((hcp_http_method)i));
        if (i == HCP_HTTP_GET)
            g_string_append(text, "HEAD, ");
    }
    g_string_append(text, "OPTIONS");
    return g_string_free(text, FALSE);
}

struct MHD_Response *hcp_http_cors_options(const hcp_http_request *request, unsigned allowed)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    g_autofree char *methods = hcp_http_cors_methods(allowed);
    MHD_add_response_header(response, "Allow", methods);
    if (allowed_origin(request) != NULL &&
        hcp_http_request_header(request, "Access-Control-Request-Method") != NULL) {
        MHD_add_response_header(response, "Access-Control-Allow-Methods", methods);
        MHD_add_response_header(response, "Access-Control-Allow-Headers", ALLOWED_HEADERS);
        MHD_add_response_header(response, "Access-Control-Max-Age", "600");
    }
    return response;
}

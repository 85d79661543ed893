/* SPDX-License-Identifier: Apache-2.0 */
#include "http/docs.h"

#include "http/internal.h"

#include <gio/gio.h>
#include <string.h>

/* Generated from api/docs/docs.gresource.xml. */
extern GResource *hcp_docs_get_resource(void);

static const char *content_type(const char *name)
{
    if (g_str_has_suffix(name, ".css"))
        return "text/css; charset=utf-8";
    if (g_str_has_suffix(name, ".js"))
        return "text/javascript; charset=utf-8";
    return "text/html; charset=utf-8";
}

static void reply_file(hcp_http_request *request, const char *name)
{
    g_autofree char *path = g_strconcat("/hcp/docs/", name, NULL);
    g_autoptr(GBytes) bytes =
        g_resource_lookup_data(hcp_docs_get_resource(), path, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
    if (bytes == NULL) {
        hcp_http_reply_not_found(request, "file", name);
        return;
    }
    gsize size;
    const void *data = g_bytes_get_data(bytes, &size);
    hcp_http_reply_text(request, 200, content_type(name), g_memdup2(data, size), size);
}

static void get_docs(hcp_http_request *request, void *data)
{
    (void)data;
    hcp_http_header_add(request, "Content-Security-Policy",
                        "default-src 'self'; style-src 'self' 'unsafe-inline'; "
                        "img-src 'self' data:; frame-ancestors 'none'");
    reply_file(request, "index.html");
}

static void get_docs_asset(hcp_http_request *request, void *data)
{
    (void)data;
    reply_file(request, hcp_http_request_param(request, "asset"));
}

static void get_openapi(hcp_http_request *request, void *data)
{
    const hcp_http_api *api = data;
    hcp_http_reply_static(request, "application/json", api->document, api->document_size);
}

bool hcp_http_docs_bind(hcp_http_server *server, GError **error)
{
    static const hcp_http_binding BINDINGS[] = {
        {"getDocs", get_docs},
        {"getDocsAsset", get_docs_asset},
        {"getOpenapi", get_openapi},
    };
    return hcp_http_server_bind(server, BINDINGS, G_N_ELEMENTS(BINDINGS),
                                (void *)server->options.api, error);
}

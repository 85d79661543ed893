/* SPDX-License-Identifier: Apache-2.0 */
/* Names and ports of methods and services. */
#include "http/api.h"

#include <glib.h>
#include <string.h>

static const char *const METHODS[HCP_HTTP_METHODS] = {
    [HCP_HTTP_GET] = "GET",     [HCP_HTTP_POST] = "POST",     [HCP_HTTP_PUT] = "PUT",
    [HCP_HTTP_PATCH] = "PATCH", [HCP_HTTP_DELETE] = "DELETE",
};

static const struct {
    const char *name;
    int port;
} SERVICES[HCP_SERVICES] = {
    [HCP_SERVICE_GATEWAY] = {"gateway", 8000},
    [HCP_SERVICE_ORCHESTRATOR] = {"orchestrator", 8080},
    [HCP_SERVICE_OPTIMIZER] = {"optimizer", 8081},
    [HCP_SERVICE_ROUTER] = {"router", 8082},
    [HCP_SERVICE_RESOURCES] = {"resources", 8083},
    [HCP_SERVICE_BILLING] = {"billing", 8084},
    [HCP_SERVICE_AUTH] = {"auth", 8085},
    [HCP_SERVICE_WEBSOCKET] = {"websocket", 8086},
    [HCP_SERVICE_NOTIFICATION] = {"notification", 8087},
    [HCP_SERVICE_USERS] = {"users", 8088},
    [HCP_SERVICE_SIMULATOR] = {"simulator", 8090},
    [HCP_SERVICE_UI] = {"ui", 3001},
};

const char *hcp_http_method_name(hcp_http_method method)
{
    g_assert(method < HCP_HTTP_METHODS);
    return METHODS[method];
}

bool hcp_http_method_parse(const char *text, hcp_http_method *ret_method)
{
    for (int i = 0; i < HCP_HTTP_METHODS; i++) {
        if (strcmp(text, METHODS[i]) == 0) {
            *ret_method = (hcp_http_method)i;
            return true;
        }
    }
    return false;
}

const char *hcp_service_name(hcp_service service)
{
    g_assert(service < HCP_SERVICES);
    return SERVICES[service].name;
}

bool hcp_service_parse(const char *text, hcp_service *ret_service)
{
    for (int i = 0; i < HCP_SERVICES; i++) {
        if (strcmp(text, SERVICES[i].name) == 0) {
            *ret_service = (hcp_service)i;
            return true;
        }
    }
    return false;
}

int hcp_service_port(hcp_service service)
{
    g_assert(service < HCP_SERVICES);
    return SERVICES[service].port;
}

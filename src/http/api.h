/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP contract as const data. The tables are generated from api/openapi.yaml by
 * scripts/generate-api: nothing about a route (path, parameters, body, ports) is written twice.
 * Handlers are bound to operations by operationId (server.h).
 */
#ifndef HCP_HTTP_API_H
#define HCP_HTTP_API_H

#include "base/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    HCP_HTTP_GET,
    HCP_HTTP_POST,
    HCP_HTTP_PUT,
    HCP_HTTP_PATCH,
    HCP_HTTP_DELETE,
    HCP_HTTP_METHODS
} hcp_http_method;

/* The services of the platform; each has a port of its own, the gateway carries every operation. */
typedef enum {
    HCP_SERVICE_GATEWAY,
    HCP_SERVICE_ORCHESTRATOR,
    HCP_SERVICE_OPTIMIZER,
    HCP_SERVICE_ROUTER,
    HCP_SERVICE_RESOURCES,
    HCP_SERVICE_BILLING,
    HCP_SERVICE_AUTH,
    HCP_SERVICE_WEBSOCKET,
    HCP_SERVICE_NOTIFICATION,
    HCP_SERVICE_USERS,
    HCP_SERVICE_SIMULATOR,
    HCP_SERVICE_UI,
    HCP_SERVICES
} hcp_service;

#define HCP_SERVICE_BIT(service) (UINT32_C(1) << (service))

/* One query parameter; its schema is a string, integer, number or boolean with enumeration, range
 * and default. */
typedef struct {
    const char *name;
    const hcp_schema *schema;
    bool required;
} hcp_http_parameter;

/* One operation of openapi.yaml. */
typedef struct {
    const char *id; /* operationId */
    hcp_http_method method;
    const char *path; /* canonical template, "/api/v1/workloads/{id}" */
    const hcp_http_parameter *query;
    int n_query;
    const hcp_schema *body; /* NULL when the operation takes none */
    bool body_required;
    bool idempotent; /* honours Idempotency-Key (x-hcp-idempotent) */
    bool stream;     /* answers with text/event-stream */
    bool etag; /* a 200 answer gets an ETag of its bytes unless the handler set one (x-hcp-etag) */
} hcp_http_operation;

/* One URL under which an operation is reachable, on the ports of `services` (bits). */
typedef struct {
    const char *path;
    uint32_t services;
    uint16_t operation; /* index into the operations */
} hcp_http_route;

/* A whole contract. */
typedef struct {
    const hcp_http_operation *operations;
    int n_operations;
    const hcp_http_route *routes;
    int n_routes;
    const char *document; /* the OpenAPI document as JSON text */
    size_t document_size;
} hcp_http_api;

/* The contract of the platform, from api/openapi.yaml. */
extern const hcp_http_api HCP_API;

/* "GET" … "DELETE". */
const char *hcp_http_method_name(hcp_http_method method);

/* Reads a method token; false for others (HEAD and OPTIONS are the server's own business). */
bool hcp_http_method_parse(const char *text, hcp_http_method *ret_method);

/* "gateway", "orchestrator", …: the names of x-hcp-services and of --services. */
const char *hcp_service_name(hcp_service service);

/* Reads a service name; false when there is none of that name. */
bool hcp_service_parse(const char *text, hcp_service *ret_service);

/* The port of `service` before --port-offset: 8000, 8080, … */
int hcp_service_port(hcp_service service);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The contract of the platform as the generator made it: complete, unambiguous, and served. */
#include "client.h"
#include "http/docs.h"
#include "http/router.h"

#include <string.h>

static const hcp_http_operation *find(hcp_service service, const char *request)
{
    g_autoptr(hcp_router) router = hcp_router_new(&HCP_API);
    g_auto(GStrv) words = g_strsplit(request, " ", 2);
    hcp_http_method method;
    hcp_router_match match;
    g_assert_true(hcp_http_method_parse(words[0], &method));
    if (!hcp_router_find(router, service, method, words[1], &match))
        return NULL;
    return &HCP_API.operations[match.route->operation];
}

/* Both URL families of the seeds, on their ports and on the gateway. */
static void test_seed_urls(void)
{
    static const struct {
        hcp_service service;
        const char *request, *operation;
    } CASES[] = {
        {HCP_SERVICE_ORCHESTRATOR, "POST /api/v1/workloads", "submitWorkload"},
        {HCP_SERVICE_ORCHESTRATOR, "POST /workload/submit", "submitWorkload"},
        {HCP_SERVICE_ROUTER, "POST /submit", "submitWorkload"},
        {HCP_SERVICE_ROUTER, "POST /api/v1/submit", "submitWorkload"},
        {HCP_SERVICE_ORCHESTRATOR, "GET /status", "getStatus"},
        {HCP_SERVICE_ORCHESTRATOR, "POST /emergency/shutdown", "shutdownEmergency"},
        {HCP_SERVICE_ORCHESTRATOR, "POST /api/v1/allocate", "createAllocation"},
        {HCP_SERVICE_ORCHESTRATOR, "POST /api/v1/release", "releaseAllocation"},
        {HCP_SERVICE_OPTIMIZER, "GET /prices", "getPrices"},
        {HCP_SERVICE_OPTIMIZER, "GET /api/v1/prices/current", "getPrices"},
        {HCP_SERVICE_OPTIMIZER, "POST /profitability/calculate", "calculateProfitability"},
        {HCP_SERVICE_OPTIMIZER, "POST /api/v1/profitability/calculate", "calculateProfitability"},
        {HCP_SERVICE_OPTIMIZER, "GET /recommendation", "getRecommendation"},
        {HCP_SERVICE_OPTIMIZER, "GET /api/v1/recommendations", "listRecommendations"},
        {HCP_SERVICE_ROUTER, "GET /queue", "listQueue"},
        {HCP_SERVICE_ROUTER, "GET /api/v1/queue/depth", "getQueueDepth"},
        {HCP_SERVICE_ROUTER, "GET /api/v1/queue/status", "getQueueStatus"},
        {HCP_SERVICE_ROUTER, "POST /workload/classify", "classifyWorkload"},
        {HCP_SERVICE_ROUTER, "POST /api/v1/workload/classify", "classifyWorkload"},
        {HCP_SERVICE_ROUTER, "POST /api/v1/route", "routeWorkload"},
        {HCP_SERVICE_RESOURCES, "GET /resources", "listResources"},
        {HCP_SERVICE_RESOURCES, "GET /resources/dev_1", "getResource"},
        {HCP_SERVICE_RESOURCES, "POST /discover", "scanDiscovery"},
        {HCP_SERVICE_RESOURCES, "POST /api/v1/discovery/scan", "scanDiscovery"},
        {HCP_SERVICE_RESOURCES, "POST /allocate", "createAllocation"},
        {HCP_SERVICE_RESOURCES, "POST /release", "releaseAllocation"},
        {HCP_SERVICE_RESOURCES, "GET /api/v1/capacity/forecast", "getCapacityForecast"},
        {HCP_SERVICE_SIMULATOR, "GET /status", "getSimulatorStatus"},
        {HCP_SERVICE_SIMULATOR, "GET /switching/metrics", "getSwitchingMetrics"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_test_message("%s", CASES[i].request);
        const hcp_http_operation *operation = find(CASES[i].service, CASES[i].request);
        g_assert_nonnull(operation);
        g_assert_cmpstr(operation->id, ==, CASES[i].operation);
        if (CASES[i].service != HCP_SERVICE_SIMULATOR)
            g_assert_true(find(HCP_SERVICE_GATEWAY, CASES[i].request) == operation);
    }
    g_assert_cmpstr(find(HCP_SERVICE_GATEWAY, "GET /status")->id, ==, "getStatus");
}

static void test_every_port(void)
{
    static const char *const EVERYWHERE[] = {"GET /health",  "GET /livez", "GET /readyz",
                                             "GET /metrics", "GET /docs",  "GET /openapi.json"};
    for (int service = 0; service < HCP_SERVICES; service++) {
        for (size_t i = 0; i < G_N_ELEMENTS(EVERYWHERE); i++)
            g_assert_nonnull(find((hcp_service)service, EVERYWHERE[i]));
    }
    g_assert_null(find(HCP_SERVICE_BILLING, "GET /api/v1/workloads"));
}

/* Every change to the platform can be retried safely; reading and simulating need no key. */
static void test_idempotent_operations(void)
{
    for (int i = 0; i < HCP_API.n_operations; i++) {
        const hcp_http_operation *operation = &HCP_API.operations[i];
        if (operation->method == HCP_HTTP_GET)
            g_assert_false(operation->idempotent || operation->body != NULL);
        g_assert_false(operation->body_required && operation->body == NULL);
        g_assert_false(operation->stream && operation->method != HCP_HTTP_GET);
    }
    g_assert_true(find(HCP_SERVICE_GATEWAY, "POST /api/v1/workloads")->idempotent);
    g_assert_false(find(HCP_SERVICE_GATEWAY, "POST /api/v1/route")->idempotent);
}

static void assert_body(const char *request, const char *text, const char *pointer)
{
    const hcp_http_operation *operation = find(HCP_SERVICE_GATEWAY, request);
    g_autoptr(json_t) body = hcp_json_parse(text, strlen(text), NULL);
    g_autoptr(GPtrArray) violations = hcp_schema_check(operation->body, body);
    g_test_message("%s %s", request, text);
    if (pointer == NULL) {
        g_assert_null(violations);
        return;
    }
    g_assert_nonnull(violations);
    const hcp_schema_violation *violation = g_ptr_array_index(violations, 0);
    g_assert_cmpstr(violation->pointer, ==, pointer);
}

/* The seeds' own requests, and near misses of them. */
static void test_seed_bodies(void)
{
    static const char SUBMIT[] = "POST /api/v1/workloads";
    assert_body(SUBMIT,
                "{\"customer_id\":\"cust-001\",\"workload_type\":\"ai_inference_realtime\","
                "\"priority\":1,\"requirements\":{\"gpu_type\":\"H100\",\"gpu_count\":1}}",
                NULL);
    assert_body(SUBMIT,
                "{\"type\":\"ai_inference_realtime\",\"model\":\"llama-3-70b\","
                "\"gpu_type\":\"H100\",\"max_latency_ms\":50,\"duration_hours\":2}",
                NULL);
    assert_body(SUBMIT, "{\"type\":\"model_training\",\"priority\":\"High\"}", NULL);
    assert_body(SUBMIT, "{\"type\":\"ai_inference\"}", "/type");
    assert_body(SUBMIT, "{\"type\":\"model_training\",\"priority\":5}", "/priority");
    assert_body(SUBMIT, "{\"type\":\"model_training\",\"gpu_count\":-1}", "/gpu_count");
    assert_body(SUBMIT, "{\"type\":\"model_training\",\"requirements\":{\"gpu_count\":0}}",
                "/requirements/gpu_count");
    assert_body(SUBMIT, "{\"type\":\"model_training\",\"duration_hours\":0}", "/duration_hours");
    assert_body(SUBMIT, "{\"type\":\"model_training\",\"gpus\":1}", "/gpus");
    assert_body(SUBMIT, "{\"model\":\"llama\"}", "/workload_type");
    assert_body("POST /api/v1/profitability/calculate",
                "{\"resource_type\":\"GPU\",\"workload_type\":\"ai_inference_realtime\","
                "\"power_draw_w\":700}",
                NULL);
}

static void test_names(void)
{
    for (int i = 0; i < HCP_SERVICES; i++) {
        hcp_service service;
        g_assert_true(hcp_service_parse(hcp_service_name((hcp_service)i), &service));
        g_assert_cmpint(service, ==, i);
        g_assert_cmpint(hcp_service_port(service), >, 1024);
    }
    g_assert_cmpint(hcp_service_port(HCP_SERVICE_GATEWAY), ==, 8000);
    hcp_service none;
    g_assert_false(hcp_service_parse("nobody", &none));
}

static void test_docs(void)
{
    g_autoptr(GError) error = NULL;
    hcp_http_options options = {0};
    hcp_http_server *server = hcp_http_server_new(&options, &error);
    int port;
    g_assert_no_error(error);
    g_assert_true(hcp_http_docs_bind(server, &error));
    g_assert_true(hcp_http_server_listen(server, HCP_SERVICE_GATEWAY, 0, &port, &error));
    static const struct {
        const char *head, *type, *text;
        size_t least;
    } FILES[] = {
        {"GET /docs", "text/html; charset=utf-8", "swagger-ui-bundle.js", 100},
        {"GET /docs/swagger-ui.css", "text/css; charset=utf-8", ".swagger-ui", 50000},
        {"GET /docs/swagger-ui-bundle.js", "text/javascript; charset=utf-8", "SwaggerUI", 500000},
        {"GET /docs/start.js", "text/javascript; charset=utf-8", "openapi.json", 100},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(FILES); i++) {
        g_auto(test_answer) answer = test_exchange(port, FILES[i].head, NULL);
        g_autofree char *type = test_answer_header(&answer, "Content-Type");
        g_assert_cmpint(answer.status, ==, 200);
        g_assert_cmpstr(type, ==, FILES[i].type);
        g_assert_cmpuint(answer.size, >, FILES[i].least);
        g_assert_nonnull(strstr(answer.body, FILES[i].text));
    }
    g_auto(test_answer) none = test_exchange(port, "GET /docs/passwd", NULL);
    test_assert_problem(&none, 404, "not-found");
    g_auto(test_answer) document = test_exchange(port, "GET /openapi.json", NULL);
    g_autoptr(json_t) openapi = test_answer_json(&document);
    g_autofree char *etag = test_answer_header(&document, "ETag");
    g_assert_cmpstr(hcp_json_string(openapi, "openapi", NULL), ==, "3.1.0");
    g_assert_cmpuint(json_object_size(json_object_get(openapi, "paths")), >, 40);
    g_assert_nonnull(etag);
    hcp_http_server_free(server);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/api/seed-urls", test_seed_urls);
    g_test_add_func("/http/api/every-port", test_every_port);
    g_test_add_func("/http/api/idempotent-operations", test_idempotent_operations);
    g_test_add_func("/http/api/seed-bodies", test_seed_bodies);
    g_test_add_func("/http/api/names", test_names);
    g_test_add_func("/http/api/docs", test_docs);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Routing and validation through a real socket: what a client sends, and what it is told. */
#include "fixture.h"

#include "base/error.h"

#include <string.h>

#define JSON "\r\nContent-Type: application/json"

static void test_get(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_auto(test_answer) answer = test_exchange(f.port, "GET /things/a%20b%c3%a4?", NULL);
    g_assert_cmpint(answer.status, ==, 200);
    g_autoptr(json_t) body = test_answer_json(&answer);
    g_assert_cmpstr(hcp_json_string(body, "id", NULL), ==, "a b\xc3\xa4");
    g_assert_cmpstr(hcp_json_string(body, "path", NULL), ==, "/things/a%20b%c3%a4");
    g_autofree char *type = test_answer_header(&answer, "Content-Type");
    g_autofree char *trace = test_answer_header(&answer, "X-Trace-Id");
    g_assert_cmpstr(type, ==, "application/json");
    g_assert_cmpuint(strlen(trace), ==, 32);
}

static void test_trace_id(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_auto(test_answer) answer = test_exchange(
        f.port,
        "GET /nowhere\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        NULL);
    test_assert_problem(&answer, 404, "no-such-path");
    g_autoptr(json_t) body = test_answer_json(&answer);
    g_assert_cmpstr(hcp_json_string(body, "trace_id", NULL), ==,
                    "4bf92f3577b34da6a3ce929d0e0e4736");
    g_assert_cmpstr(hcp_json_string(body, "instance", NULL), ==, "/nowhere");
}

static void test_methods(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    static const char *const WRONG[] = {"DELETE /things", "PATCH /things", "BREW /things"};
    for (size_t i = 0; i < G_N_ELEMENTS(WRONG); i++) {
        g_auto(test_answer) answer = test_exchange(f.port, WRONG[i], NULL);
        g_autofree char *allow = test_answer_header(&answer, "Allow");
        test_assert_problem(&answer, 405, "method-not-allowed");
        g_assert_cmpstr(allow, ==, "GET, HEAD, POST, OPTIONS");
    }
    g_auto(test_answer) options = test_exchange(f.port, "OPTIONS /things/x", NULL);
    g_autofree char *allow = test_answer_header(&options, "Allow");
    g_assert_cmpint(options.status, ==, 204);
    g_assert_cmpstr(allow, ==, "GET, HEAD, OPTIONS");
    g_auto(test_answer) nowhere = test_exchange(f.port, "OPTIONS /nowhere", NULL);
    test_assert_problem(&nowhere, 404, "no-such-path");
}

static void test_head(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autoptr(test_client) client = test_client_new(f.port);
    static const char HEAD[] = "HEAD /things/x HTTP/1.1\r\nHost: t\r\n\r\n";
    g_assert_true(test_client_send(client, HEAD, sizeof HEAD - 1));
    g_assert_true(test_client_wait_for(client, "\r\n\r\n"));
    g_assert_true(g_str_has_prefix(client->input->str, "HTTP/1.1 200"));
    g_autofree char *length =
        g_strdup_printf("Content-Length: %zu\r\n", strlen("{\"id\":\"x\",\"path\":\"/things/x\"}"));
    g_assert_nonnull(strstr(client->input->str, length));
    g_assert_true(g_str_has_suffix(client->input->str, "\r\n\r\n"));
}

static void test_query(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_auto(test_answer) answer =
        test_exchange(f.port, "GET /things?limit=1&color=red&ratio=0.25&open=true&verbose=", NULL);
    g_assert_cmpint(answer.status, ==, 200);
    g_autoptr(json_t) body = test_answer_json(&answer);
    json_t *thing = json_array_get(json_object_get(body, "things"), 0);
    g_assert_cmpuint(json_array_size(json_object_get(body, "things")), ==, 1);
    g_assert_cmpstr(hcp_json_string(thing, "color", NULL), ==, "red");
    g_assert_cmpfloat(hcp_json_number(thing, "ratio", 0), ==, 0.25);
    g_assert_true(hcp_json_bool(thing, "open", false));
}

static void test_query_defaults(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_auto(test_answer) answer = test_exchange(f.port, "GET /things?verbose", NULL);
    g_assert_cmpint(answer.status, ==, 200);
    g_autoptr(json_t) body = test_answer_json(&answer);
    json_t *things = json_object_get(body, "things");
    g_assert_cmpuint(json_array_size(things), ==, 7);
    g_assert_cmpstr(hcp_json_string(json_array_get(things, 0), "color", NULL), ==, "green");
}

static void test_bad_query(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    static const struct {
        const char *query, *pointer;
    } CASES[] = {
        {"limit=0", "?limit"},
        {"limit=1001", "?limit"},
        {"limit=ten", "?limit"},
        {"limit=", "?limit"},
        {"limit=1e2", "?limit"},
        {"limit=5&limit=6", "?limit"},
        {"color=blue", "?color"},
        {"ratio=-1", "?ratio"},
        {"ratio=nan", "?ratio"},
        {"ratio=inf", "?ratio"},
        {"open=1", "?open"},
        {"colour=red", "?colour"},
        {"limit=99999999999999999999", "?limit"},
        {"%zz=1", "?"},
        {"color=%ff", "?"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *head = g_strconcat("GET /things?", CASES[i].query, NULL);
        g_test_message("%s", head);
        g_auto(test_answer) answer = test_exchange(f.port, head, NULL);
        test_assert_problem(&answer, 400, "invalid-request");
        test_assert_pointer(&answer, CASES[i].pointer);
    }
}

static void test_bad_path(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    static const char *const PATHS[] = {"GET /things/%zz", "GET /things/%ff", "GET /things/%00"};
    for (size_t i = 0; i < G_N_ELEMENTS(PATHS); i++) {
        g_auto(test_answer) answer = test_exchange(f.port, PATHS[i], NULL);
        test_assert_problem(&answer, 400, "invalid-path");
    }
}

static void test_body(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_auto(test_answer) answer =
        test_exchange(f.port, "POST /things" JSON "; charset=utf-8", "{\"name\":\"lamp\"}");
    g_assert_cmpint(answer.status, ==, 201);
    g_autoptr(json_t) body = test_answer_json(&answer);
    g_assert_cmpstr(hcp_json_string(body, "name", NULL), ==, "lamp");
    g_assert_cmpint(hcp_json_int(body, "count", 0), ==, 7); /* the default of the contract */
}

static void test_bad_body(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    static const struct {
        const char *body, *pointer; /* pointer NULL: not even JSON */
    } CASES[] = {
        {"{\"name\":", NULL},
        {"{\"name\":\"x\",}", NULL},
        {"{\"name\":\"x\"} x", NULL},
        {"{\"name\":\"x\",\"count\":NaN}", NULL},
        {"{\"name\":\"\xff\"}", NULL},
        {"{\"name\":\"x\",\"name\":\"y\"}", NULL},
        {"null", ""},
        {"[]", ""},
        {"{}", "/name"},
        {"{\"name\":7}", "/name"},
        {"{\"name\":\"\"}", "/name"},
        {"{\"name\":\"x\",\"count\":0}", "/count"},
        {"{\"name\":\"x\",\"count\":-3}", "/count"},
        {"{\"name\":\"x\",\"count\":1.5}", "/count"},
        {"{\"name\":\"x\",\"count\":\"7\"}", "/count"},
        {"{\"name\":\"x\",\"nmae\":1}", "/nmae"},
        {"{\"name\":\"x\",\"parts\":[{},{\"size\":\"big\"}]}", "/parts/1/size"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_test_message("%s", CASES[i].body);
        g_auto(test_answer) answer = test_exchange(f.port, "POST /things" JSON, CASES[i].body);
        test_assert_problem(&answer, 400,
                            CASES[i].pointer != NULL ? "invalid-request" : "malformed-json");
        if (CASES[i].pointer != NULL)
            test_assert_pointer(&answer, CASES[i].pointer);
    }
    g_assert_cmpint(f.calls, ==, 0);
}

static void test_body_kind(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    static const char *const TYPES[] = {
        "POST /things", "POST /things\r\nContent-Type: text/plain",
        "POST /things\r\nContent-Type: application/jsonp",
        "POST /things\r\nContent-Type: application/x-www-form-urlencoded"};
    for (size_t i = 0; i < G_N_ELEMENTS(TYPES); i++) {
        g_auto(test_answer) answer = test_exchange(f.port, TYPES[i], "{\"name\":\"x\"}");
        test_assert_problem(&answer, 415, "not-json");
    }
    g_auto(test_answer) answer = test_exchange(f.port, "POST /things" JSON, NULL);
    test_assert_problem(&answer, 400, "body-missing");
}

static void test_cors(void)
{
    static const char *const ORIGINS[] = {"https://console.example", NULL};
    hcp_http_options options = {.cors_origins = ORIGINS};
    g_auto(fixture) f;
    fixture_init(&f, &options);
    g_auto(test_answer) preflight = test_exchange(
        f.port,
        "OPTIONS /things\r\nOrigin: https://console.example\r\nAccess-Control-Request-Method: POST",
        NULL);
    g_autofree char *origin = test_answer_header(&preflight, "Access-Control-Allow-Origin");
    g_autofree char *methods = test_answer_header(&preflight, "Access-Control-Allow-Methods");
    g_assert_cmpint(preflight.status, ==, 204);
    g_assert_cmpstr(origin, ==, "https://console.example");
    g_assert_cmpstr(methods, ==, "GET, HEAD, POST, OPTIONS");
    static const char *const STRANGERS[] = {"GET /things\r\nOrigin: https://console.example.evil",
                                            "GET /things\r\nOrigin: http://console.example",
                                            "GET /things\r\nOrigin: null"};
    for (size_t i = 0; i < G_N_ELEMENTS(STRANGERS); i++) {
        g_auto(test_answer) answer = test_exchange(f.port, STRANGERS[i], NULL);
        g_autofree char *none = test_answer_header(&answer, "Access-Control-Allow-Origin");
        g_autofree char *vary = test_answer_header(&answer, "Vary");
        g_assert_null(none);
        g_assert_cmpstr(vary, ==, "Origin");
    }
}

static void test_binding(void)
{
    g_auto(fixture) f;
    g_autoptr(GError) error = NULL;
    fixture_init(&f, NULL);
    static const hcp_http_binding UNKNOWN[] = {{"noSuchOperation", NULL}};
    static const hcp_http_binding TWICE[] = {{"getHealth", NULL}};
    g_assert_false(hcp_http_server_check(f.server, &error));
    g_assert_cmpstr(error->message, ==, "operations without a handler: unbound");
    g_clear_error(&error);
    g_assert_false(hcp_http_server_bind(f.server, UNKNOWN, 1, NULL, &error));
    g_assert_nonnull(strstr(error->message, "noSuchOperation"));
    g_clear_error(&error);
    g_assert_false(hcp_http_server_bind(f.server, TWICE, 1, NULL, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
}

static void test_ports(void)
{
    g_auto(fixture) f;
    g_autoptr(GError) error = NULL;
    fixture_init(&f, NULL);
    int port;
    g_assert_true(hcp_http_server_listen(f.server, HCP_SERVICE_OPTIMIZER, 0, &port, &error));
    g_auto(test_answer) health = test_exchange(port, "GET /health", NULL);
    g_assert_nonnull(strstr(health.body, "optimizer"));
    g_auto(test_answer) foreign = test_exchange(port, "GET /things", NULL);
    test_assert_problem(&foreign, 404, "no-such-path");
    g_auto(test_answer) unbound = test_exchange(port, "GET /unbound", NULL);
    test_assert_problem(&unbound, 501, "not-implemented");
    g_assert_false(hcp_http_server_listen(f.server, HCP_SERVICE_OPTIMIZER, port, NULL, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_BUSY);
    g_assert_nonnull(strstr(error->message, "--port-offset"));
}

static void test_observer(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_auto(test_answer) made = test_exchange(f.port, "POST /things" JSON, "{\"name\":\"x\"}");
    g_auto(test_answer) lost = test_exchange(f.port, "GET /nowhere", NULL);
    g_assert_cmpuint(f.observations->len, ==, 2);
    const hcp_http_observation *seen = (const hcp_http_observation *)f.observations->data;
    g_assert_cmpstr(seen[0].operation->id, ==, "createThing");
    g_assert_cmpuint(seen[0].status, ==, 201);
    g_assert_cmpuint(seen[0].received_bytes, ==, 12);
    g_assert_cmpuint(seen[0].sent_bytes, ==, made.size);
    g_assert_cmpint(seen[0].duration_us, >=, 0);
    g_assert_null(seen[1].operation);
    g_assert_cmpuint(seen[1].status, ==, 404);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/server/get", test_get);
    g_test_add_func("/http/server/trace-id", test_trace_id);
    g_test_add_func("/http/server/methods", test_methods);
    g_test_add_func("/http/server/head", test_head);
    g_test_add_func("/http/server/query", test_query);
    g_test_add_func("/http/server/query-defaults", test_query_defaults);
    g_test_add_func("/http/server/bad-query", test_bad_query);
    g_test_add_func("/http/server/bad-path", test_bad_path);
    g_test_add_func("/http/server/body", test_body);
    g_test_add_func("/http/server/bad-body", test_bad_body);
    g_test_add_func("/http/server/body-kind", test_body_kind);
    g_test_add_func("/http/server/cors", test_cors);
    g_test_add_func("/http/server/binding", test_binding);
    g_test_add_func("/http/server/ports", test_ports);
    g_test_add_func("/http/server/observer", test_observer);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "http/router.h"

#include <glib.h>
#include <string.h>

#define ALL (HCP_SERVICE_BIT(HCP_SERVICE_GATEWAY) | HCP_SERVICE_BIT(HCP_SERVICE_ORCHESTRATOR))
#define SIMULATOR HCP_SERVICE_BIT(HCP_SERVICE_SIMULATOR)

static const hcp_http_operation OPERATIONS[] = {
    {.id = "list", .method = HCP_HTTP_GET, .path = "/things"},
    {.id = "create", .method = HCP_HTTP_POST, .path = "/things"},
    {.id = "get", .method = HCP_HTTP_GET, .path = "/things/{id}"},
    {.id = "scan", .method = HCP_HTTP_POST, .path = "/things/scan"},
    {.id = "part", .method = HCP_HTTP_DELETE, .path = "/things/{id}/parts/{part}"},
    {.id = "status", .method = HCP_HTTP_GET, .path = "/status"},
    {.id = "simStatus", .method = HCP_HTTP_GET, .path = "/sim/status"},
};

static const hcp_http_route ROUTES[] = {
    {"/things", ALL, 0},
    {"/things", ALL, 1},
    {"/things/{id}", ALL, 2},
    {"/things/scan", ALL, 3},
    {"/things/{id}/parts/{part}", ALL, 4},
    {"/status", ALL, 5},
    {"/status", SIMULATOR, 6},
};

static const hcp_http_api API = {
    .operations = OPERATIONS,
    .n_operations = G_N_ELEMENTS(OPERATIONS),
    .routes = ROUTES,
    .n_routes = G_N_ELEMENTS(ROUTES),
};

static const char *found(hcp_service service, hcp_http_method method, const char *path,
                         hcp_router_match *match)
{
    g_autoptr(hcp_router) router = hcp_router_new(&API);
    if (!hcp_router_find(router, service, method, path, match)) {
        g_assert_null(match->route);
        return NULL;
    }
    return OPERATIONS[match->route->operation].id;
}

static void test_find(void)
{
    static const struct {
        hcp_service service;
        hcp_http_method method;
        const char *path, *id;
    } CASES[] = {
        {HCP_SERVICE_GATEWAY, HCP_HTTP_GET, "/things", "list"},
        {HCP_SERVICE_GATEWAY, HCP_HTTP_POST, "/things", "create"},
        {HCP_SERVICE_ORCHESTRATOR, HCP_HTTP_GET, "/things/t1", "get"},
        {HCP_SERVICE_ORCHESTRATOR, HCP_HTTP_POST, "/things/scan", "scan"},
        /* the fixed segment has no GET, so the parameter takes it */
        {HCP_SERVICE_ORCHESTRATOR, HCP_HTTP_GET, "/things/scan", "get"},
        {HCP_SERVICE_ORCHESTRATOR, HCP_HTTP_DELETE, "/things/scan/parts/x", "part"},
        {HCP_SERVICE_ORCHESTRATOR, HCP_HTTP_GET, "/status", "status"},
        {HCP_SERVICE_SIMULATOR, HCP_HTTP_GET, "/status", "simStatus"},
        {HCP_SERVICE_SIMULATOR, HCP_HTTP_GET, "/things", NULL},
        {HCP_SERVICE_GATEWAY, HCP_HTTP_GET, "/thing", NULL},
        {HCP_SERVICE_GATEWAY, HCP_HTTP_GET, "/things/", NULL},
        {HCP_SERVICE_GATEWAY, HCP_HTTP_GET, "/things/a/b", NULL},
        {HCP_SERVICE_GATEWAY, HCP_HTTP_GET, "/", NULL},
        {HCP_SERVICE_GATEWAY, HCP_HTTP_GET, "", NULL},
        {HCP_SERVICE_GATEWAY, HCP_HTTP_GET, "//things", NULL},
        {HCP_SERVICE_GATEWAY, HCP_HTTP_GET, "http://x/things", NULL},
        {HCP_SERVICE_GATEWAY, HCP_HTTP_METHODS, "/things", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        hcp_router_match match;
        const char *id = found(CASES[i].service, CASES[i].method, CASES[i].path, &match);
        g_test_message("%s", CASES[i].path);
        g_assert_cmpstr(id, ==, CASES[i].id);
    }
}

static void test_params(void)
{
    hcp_router_match match;
    g_assert_cmpstr(found(HCP_SERVICE_GATEWAY, HCP_HTTP_DELETE, "/things/a%20b/parts/left", &match),
                    ==, "part");
    g_assert_cmpint(match.n_params, ==, 2);
    g_autofree char *id = g_strndup(match.params[0].text, match.params[0].size);
    g_autofree char *part = g_strndup(match.params[1].text, match.params[1].size);
    g_assert_cmpstr(id, ==, "a%20b");
    g_assert_cmpstr(part, ==, "left");
    const char *path = match.route->path;
    g_assert_cmpint(hcp_router_param_index(path, "id"), ==, 0);
    g_assert_cmpint(hcp_router_param_index(path, "part"), ==, 1);
    g_assert_cmpint(hcp_router_param_index(path, "par"), ==, -1);
}

static void test_allowed(void)
{
    hcp_router_match match;
    g_assert_null(found(HCP_SERVICE_GATEWAY, HCP_HTTP_DELETE, "/things", &match));
    g_assert_cmpuint(match.allowed, ==, 1u << HCP_HTTP_GET | 1u << HCP_HTTP_POST);
    g_assert_null(found(HCP_SERVICE_SIMULATOR, HCP_HTTP_DELETE, "/things", &match));
    g_assert_cmpuint(match.allowed, ==, 0);
    g_assert_null(found(HCP_SERVICE_GATEWAY, HCP_HTTP_GET, "/nowhere", &match));
    g_assert_cmpuint(match.allowed, ==, 0);
}

/* Whatever the path, a lookup ends, and what it found really is that route. */
static void test_any_path(void)
{
    static const char *const PIECES[] = {"/", "things", "scan", "parts", "x", "%2f", "{id}", "?"};
    g_autoptr(hcp_router) router = hcp_router_new(&API);
    GRand *rand = g_rand_new_with_seed(7);
    for (int round = 0; round < 20000; round++) {
        g_autoptr(GString) path = g_string_new("/");
        for (int i = g_rand_int_range(rand, 0, 12); i > 0; i--)
            g_string_append(path, PIECES[g_rand_int_range(rand, 0, G_N_ELEMENTS(PIECES))]);
        hcp_router_match match;
        hcp_http_method method = (hcp_http_method)g_rand_int_range(rand, 0, HCP_HTTP_METHODS);
        bool hit = hcp_router_find(router, HCP_SERVICE_GATEWAY, method, path->str, &match);
        g_assert_cmpint(hit, ==, match.route != NULL);
        if (!hit)
            continue;
        g_auto(GStrv) have = g_strsplit(path->str, "/", -1);
        g_auto(GStrv) want = g_strsplit(match.route->path, "/", -1);
        g_assert_cmpuint(g_strv_length(have), ==, g_strv_length(want));
        for (guint i = 0; want[i] != NULL; i++)
            g_assert_true(want[i][0] == '{' || strcmp(want[i], have[i]) == 0);
        g_assert_true((match.allowed & 1u << method) != 0);
    }
    g_rand_free(rand);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/router/find", test_find);
    g_test_add_func("/http/router/params", test_params);
    g_test_add_func("/http/router/allowed", test_allowed);
    g_test_add_func("/http/router/any-path", test_any_path);
    return g_test_run();
}

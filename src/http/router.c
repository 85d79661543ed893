/* SPDX-License-Identifier: Apache-2.0 */
#include "http/router.h"

#include <glib.h>
#include <string.h>

typedef struct node {
    char *segment;       /* NULL for a parameter */
    size_t segment_size; /* of segment */
    GPtrArray *children; /* node, fixed segments */
    struct node *any;    /* parameter */
    GArray *routes;      /* index into the api's routes */
} node;

struct hcp_router {
    const hcp_http_api *api;
    node *root;
};

/* What a lookup carries down the trie. */
typedef struct {
    const hcp_router *router;
    uint32_t service_bit;
    hcp_http_method method;
    hcp_router_match *match;
} lookup;

static void node_free(node *n)
{
    if (n == NULL)
        return;
    node_free(n->any);
    g_ptr_array_unref(n->children);
    g_array_unref(n->routes);
    g_free(n->segment);
    g_free(n);
}

static node *node_new(const char *segment, size_t size)
{
    node *n = g_new0(node, 1);
    n->segment = g_strndup(segment, size);
    n->segment_size = size;
    n->children = g_ptr_array_new_with_free_func((GDestroyNotify)node_free);
    n->routes = g_array_new(FALSE, FALSE, sizeof(uint16_t));
    return n;
}

/* The segment that begins at `path` (after its slash) and the rest from the next slash, or NULL. */
static const char *next_segment(const char *path, size_t *ret_size)
{
    const char *slash = strchr(path, '/');
    *ret_size = slash != NULL ? (size_t)(slash - path) : strlen(path);
    return slash;
}

static node *find_fixed(const node *n, const char *segment, size_t size)
{
    for (guint i = 0; i < n->children->len; i++) {
        node *child = g_ptr_array_index(n->children, i);
        if (child->segment_size == size && memcmp(child->segment, segment, size) == 0)
            return child;
    }
    return NULL;
}

static node *descend(node *n, const char *segment, size_t size)
{
    if (segment[0] == '{') {
        if (n->any == NULL)
            n->any = node_new(segment, size);
        return n->any;
    }
    node *child = find_fixed(n, segment, size);
    if (child == NULL) {
        child = node_new(segment, size);
        g_ptr_array_add(n->children, child);
    }
    return child;
}

static void add_route(hcp_router *router, uint16_t index)
{
    const char *rest = router->api->routes[index].path;
    node *n = router->root;
    while (rest != NULL) {
        size_t size;
        g_assert(rest[0] == '/');
        const char *segment = rest + 1;
        rest = next_segment(segment, &size);
        n = descend(n, segment, size);
    }
    g_array_append_val(n->routes, index);
}

hcp_router *hcp_router_new(const hcp_http_api *api)
{
    hcp_router *router = g_new0(hcp_router, 1);
    router->api = api;
    router->root = node_new("", 0);
    for (int i = 0; i < api->n_routes; i++)
        add_route(router, (uint16_t)i);
    return router;
}

static bool take_route(const lookup *l, const node *n)
{
    const hcp_http_api *api = l->router->api;
    for (guint i = 0; i < n->routes->len; i++) {
        const hcp_http_route *route = &api->routes[g_array_index(n->routes, uint16_t, i)];
        if ((route->services & l->service_bit) == 0)
            continue;
        hcp_http_method method = api->operations[route->operation].method;
        l->match->allowed |= 1u << method;
        if (method == l->method) {
            l->match->route = route;
            return true;
        }
    }
    return false;
}

static bool walk(const lookup *l, const node *n, const char *rest)
{
    if (rest == NULL)
        return take_route(l, n);
    size_t size;
    const char *segment = rest + 1;
    rest = next_segment(segment, &size);
    const node *fixed = find_fixed(n, segment, size);
    if (fixed != NULL && walk(l, fixed, rest))
        return true;
    hcp_router_match *match = l->match;
    if (n->any == NULL || size == 0 || match->n_params == HCP_ROUTER_MAX_PARAMS)
        return false;
    match->params[match->n_params++] = (hcp_router_param){segment, size};
    if (walk(l, n->any, rest))
        return true;
    match->n_params--;
    return false;
}

bool hcp_router_find(const hcp_router *router, hcp_service service, hcp_http_method method,
                     const char *path, hcp_router_match *ret_match)
{
    *ret_match = (hcp_router_match){0};
    if (path[0] != '/')
        return false;
    lookup l = {router, HCP_SERVICE_BIT(service), method, ret_match};
    return walk(&l, router->root, path);
}

int hcp_router_param_index(const char *path, const char *name)
{
    size_t size = strlen(name);
    int index = 0;
    for (const char *open = strchr(path, '{'); open != NULL; open = strchr(open + 1, '{')) {
        if (strncmp(open + 1, name, size) == 0 && open[1 + size] == '}')
            return index;
        index++;
    }
    return -1;
}

void hcp_router_free(hcp_router *router)
{
    if (router == NULL)
        return;
    node_free(router->root);
    g_free(router);
}

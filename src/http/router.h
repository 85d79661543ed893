/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From method and path to an operation. The routes of a contract stand in a trie of path segments,
 * so a lookup costs the segments of the path and no allocation.
 */
#ifndef HCP_HTTP_ROUTER_H
#define HCP_HTTP_ROUTER_H

#include "http/api.h"

#include <stdbool.h>
#include <stddef.h>

#define HCP_ROUTER_MAX_PARAMS 4

typedef struct hcp_router hcp_router;

typedef struct {
    const char *text; /* inside the path, still percent-encoded */
    size_t size;
} hcp_router_param;

typedef struct {
    const hcp_http_route *route; /* NULL when nothing matched */
    unsigned allowed;            /* methods (bits) the path has on this service; 0: no such path */
    hcp_router_param params[HCP_ROUTER_MAX_PARAMS]; /* in template order */
    int n_params;
} hcp_router_match;

/* Builds the trie; the api must outlive it. */
hcp_router *hcp_router_new(const hcp_http_api *api);

/* Finds the route of `method` and `path` (without query) on the port of `service`. A fixed segment
 * wins over a parameter. False, with `allowed` filled in, when the path has no such method or does
 * not exist. */
bool hcp_router_find(const hcp_router *router, hcp_service service, hcp_http_method method,
                     const char *path, hcp_router_match *ret_match);

/* Which parameter `name` is in the template `path`, or -1. */
int hcp_router_param_index(const char *path, const char *name);

/* Frees the router; NULL is allowed. */
void hcp_router_free(hcp_router *router);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_router, hcp_router_free)

#endif

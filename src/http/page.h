/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pages of a list: `?limit=` (1 to 1000) and `?cursor=`, an opaque text the server gave out with
 * the page before. The next page is announced as `Link: <…>; rel="next"` and as `next_cursor` in
 * the body. A cursor holds a position (the last item's key), never an offset, so that insertions
 * neither repeat nor skip items.
 */
#ifndef HCP_HTTP_PAGE_H
#define HCP_HTTP_PAGE_H

#include "http/reply.h"

#define HCP_PAGE_LIMIT_MAX 1000

typedef struct {
    int limit;
    char *after; /* position after which the page begins, "" for the first page; owned */
} hcp_page;

/* Frees what `page` owns. */
void hcp_page_clear(hcp_page *page);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_page, hcp_page_clear)

/* Reads limit and cursor of `request`. A damaged cursor answers 400 and returns false: the request
 * is then over. */
bool hcp_page_read(hcp_http_request *request, hcp_page *ret_page);

/* Finishes a page: sets the Link header and member `next_cursor` of `body` to the page after
 * position `last`, or `next_cursor` to null when `last` is NULL (no further page). */
void hcp_page_finish(hcp_http_request *request, json_t *body, const char *last);

/* Keeps only the members of `item` named by the query parameter `fields`; all of them without it.
 * */
void hcp_page_select(const hcp_http_request *request, json_t *item);

/* The opaque text of a position and back; `hcp_page_decode` returns NULL for anything not made by
 * the former. Caller frees. */
char *hcp_page_encode(const char *position);
char *hcp_page_decode(const char *cursor);

#endif

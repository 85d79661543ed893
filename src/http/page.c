/* SPDX-License-Identifier: Apache-2.0 */
#include "http/page.h"

#include "base/json.h"
#include "http/internal.h"

#include <string.h>

#define CHECK_DIGITS 8

void hcp_page_clear(hcp_page *page)
{
    g_free(page->after);
    *page = (hcp_page){0};
}

static void format_check(const char *position, char ret_text[CHECK_DIGITS + 1])
{
    g_snprintf(ret_text, CHECK_DIGITS + 1, "%08x", g_str_hash(position));
}

char *hcp_page_encode(const char *position)
{
    char check[CHECK_DIGITS + 1];
    format_check(position, check);
    g_autofree char *plain = g_strconcat(check, position, NULL);
    char *text = g_base64_encode((const guchar *)plain, strlen(plain));
    g_strdelimit(g_strdelimit(text, "+", '-'), "/", '_');
    char *padding = strchr(text, '=');
    if (padding != NULL)
        *padding = '\0';
    return text;
}

char *hcp_page_decode(const char *cursor)
{
    g_autofree char *padded = g_strconcat(cursor, "===", NULL);
    padded[strlen(cursor) + (4 - strlen(cursor) % 4) % 4] = '\0';
    g_strdelimit(g_strdelimit(padded, "-", '+'), "_", '/');
    gsize size;
    g_autofree char *bytes = (char *)g_base64_decode(padded, &size);
    g_autofree char *plain = g_strndup(bytes, size);
    char check[CHECK_DIGITS + 1];
    if (strlen(plain) != size || size < CHECK_DIGITS)
        return NULL;
    format_check(plain + CHECK_DIGITS, check);
    if (memcmp(plain, check, CHECK_DIGITS) != 0)
        return NULL;
    return g_strdup(plain + CHECK_DIGITS);
}

bool hcp_page_read(hcp_http_request *request, hcp_page *ret_page)
{
    const char *cursor = hcp_http_request_query(request, "cursor");
    char *after = cursor != NULL ? hcp_page_decode(cursor) : g_strdup("");
    if (after == NULL) {
        hcp_problem *problem = hcp_problem_new(400, "invalid-cursor", "the cursor is damaged");
        hcp_problem_add(problem, "?cursor", "use next_cursor of the page before, unchanged");
        hcp_http_reply_problem(request, problem);
        return false;
    }
    ret_page->limit = (int)hcp_http_request_query_int(request, "limit", HCP_PAGE_LIMIT_MAX);
    ret_page->after = after;
    return true;
}

/* The request's own URL with another cursor. */
static char *next_url(const hcp_http_request *request, const char *cursor)
{
    GString *url = g_string_new(request->path);
    g_string_append_printf(url, "?cursor=%s", cursor);
    const hcp_http_operation *operation = request->operation;
    for (int i = 0; i < operation->n_query; i++) {
        const char *name = operation->query[i].name;
        if (request->values[i] == NULL || strcmp(name, "cursor") == 0)
            continue;
        g_autofree char *value = g_uri_escape_string(request->values[i], NULL, FALSE);
        g_string_append_printf(url, "&%s=%s", name, value);
    }
    return g_string_free(url, FALSE);
}

void hcp_page_finish(hcp_http_request *request, json_t *body, const char *last)
{
    if (last == NULL) {
        json_object_set_new(body, "next_cursor", json_null());
        return;
    }
    g_autofree char *cursor = hcp_page_encode(last);
    g_autofree char *url = next_url(request, cursor);
    g_autofree char *link = g_strdup_printf("<%s>; rel=\"next\"", url);
    hcp_json_set_string(body, "next_cursor", cursor);
    hcp_http_header_add(request, "Link", link);
}

void hcp_page_select(const hcp_http_request *request, json_t *item)
{
    const char *fields = hcp_http_request_query(request, "fields");
    if (fields == NULL)
        return;
    g_auto(GStrv) wanted = g_strsplit(fields, ",", -1);
    const char *name;
    json_t *value;
    void *next;
    json_object_foreach_safe(item, next, name, value)
    {
        if (!g_strv_contains((const char *const *)wanted, name))
            json_object_del(item, name);
    }
}

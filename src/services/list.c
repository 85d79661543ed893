/* SPDX-License-Identifier: Apache-2.0 */
#include "services/list.h"

#include "base/timefmt.h"
#include "http/page.h"

typedef struct {
    const hcp_list *list;
    json_t *items;
    int limit;
    bool more;
    char *last; /* position of the last item taken */
} collector;

static bool collect(void *user_data, const hcp_projection_value *values, int n_values)
{
    collector *c = user_data;
    if ((int)json_array_size(c->items) == c->limit) {
        c->more = true;
        return false;
    }
    g_free(c->last);
    c->last = values[0].kind == HCP_PROJECTION_INT
                  ? g_strdup_printf("%" G_GINT64_FORMAT, values[0].integer)
                  : g_strdup(hcp_list_column_text(&values[0]));
    json_array_append_new(c->items, c->list->row(c->list->data, values + 1, n_values - 1));
    return true;
}

void hcp_list_reply(hcp_services *services, hcp_http_request *request, const hcp_list *list)
{
    g_auto(hcp_page) page = {0};
    if (!hcp_page_read(request, &page))
        return;
    hcp_projection_value values[2 + HCP_LIST_MAX_VALUES] = {hcp_projection_text(page.after),
                                                            hcp_projection_int(page.limit + 1)};
    for (int i = 0; i < list->n_values; i++)
        values[2 + i] = list->values[i];
    const hcp_journal_query_spec spec = {
        .sql = list->sql, .values = values, .n_values = 2 + list->n_values};
    collector c = {.list = list, .items = json_array(), .limit = page.limit};
    g_autoptr(GError) error = NULL;
    if (!hcp_journal_query(hcp_platform_journal(services->platform), &spec, collect, &c, &error)) {
        json_decref(c.items);
        hcp_http_reply_error(request, 503, "history-unavailable", "%s", error->message);
    } else {
        json_t *body = json_pack("{s:o}", list->member, c.items);
        hcp_page_finish(request, body, c.more ? c.last : NULL);
        hcp_http_reply_json(request, 200, body);
    }
    g_free(c.last);
}

hcp_projection_value hcp_list_text(const hcp_http_request *request, const char *name)
{
    return hcp_projection_text(hcp_http_request_query(request, name));
}

hcp_projection_value hcp_list_customer(hcp_services *services, const hcp_http_request *request)
{
    const char *name = hcp_http_request_query(request, "customer_id");
    uint32_t ix =
        name != NULL ? hcp_core_find_customer(hcp_services_core(services), name) : HCP_NO_INDEX;
    return hcp_projection_text(
        ix != HCP_NO_INDEX ? hcp_state_customer(hcp_services_state(services), ix)->def.key : name);
}

hcp_projection_value hcp_list_facility(hcp_services *services, const hcp_http_request *request)
{
    const char *name = hcp_http_request_query(request, "facility");
    uint32_t ix =
        name != NULL ? hcp_core_find_facility(hcp_services_core(services), name) : HCP_NO_INDEX;
    return hcp_projection_text(
        ix != HCP_NO_INDEX ? hcp_state_facility(hcp_services_state(services), ix)->def.key : name);
}

int64_t hcp_list_time(const hcp_http_request *request, const char *name, int64_t fallback_us)
{
    const char *text = hcp_http_request_query(request, name);
    int64_t time_us = fallback_us;
    if (text != NULL)
        (void)hcp_time_parse(text, &time_us, NULL);
    return time_us;
}

const char *hcp_list_column_text(const hcp_projection_value *value)
{
    return value->kind == HCP_PROJECTION_TEXT ? value->text : NULL;
}

int64_t hcp_list_column_int(const hcp_projection_value *value)
{
    return value->kind == HCP_PROJECTION_INT ? value->integer : 0;
}

double hcp_list_column_number(const hcp_projection_value *value)
{
    return value->kind == HCP_PROJECTION_DOUBLE ? value->number
                                                : (double)hcp_list_column_int(value);
}

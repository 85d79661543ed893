/* SPDX-License-Identifier: Apache-2.0 */
#include "services/device_list.h"

#include "http/page.h"

#include <string.h>

#define NAME_SIZE 128

/* --- filters ----------------------------------------------------------------------------------------------------------- */

/* The parameter, NULL when it was not sent or the operation has none of that name. */
static const char *parameter(const hcp_http_request *request, const char *name)
{
    const hcp_http_operation *operation = hcp_http_request_operation(request);
    for (int i = 0; i < operation->n_query; i++)
        if (strcmp(operation->query[i].name, name) == 0)
            return hcp_http_request_query(request, name);
    return NULL;
}

/* Their words were checked with the request. */
static int word(const hcp_http_request *request, const char *name, const hcp_enum_names *names)
{
    const char *text = parameter(request, name);
    g_autofree char *lower = text != NULL ? g_ascii_strdown(text, -1) : NULL;
    return lower != NULL ? hcp_enum_value(names, lower) : HCP_DEVICE_ANY;
}

static uint64_t classes_of_kind(const hcp_state *state, int kind)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; i < state->fleet.classes->len; i++)
        if (kind == HCP_DEVICE_ANY || (int)hcp_state_class(state, i)->def.kind == kind)
            mask |= UINT64_C(1) << i;
    return mask;
}

bool hcp_device_filter_read(const hcp_device_view *view, hcp_http_request *request,
                            hcp_device_filter *ret_filter)
{
    const char *class_text = parameter(request, "class");
    const char *facility = parameter(request, "facility");
    const char *available = parameter(request, "available");
    *ret_filter = (hcp_device_filter){
        .classes = classes_of_kind(view->state, word(request, "type", &HCP_DEVICE_KIND_NAMES)),
        .facility = HCP_NO_INDEX,
        .status = word(request, "status", &HCP_DEVICE_STATUS_NAMES),
        .mode = word(request, "mode", &HCP_MODE_NAMES),
        .health = word(request, "health", &HCP_HEALTH_NAMES),
        .available = available != NULL ? strcmp(available, "true") == 0 : HCP_DEVICE_ANY,
        .text = parameter(request, "q"),
    };
    if (class_text != NULL) {
        uint64_t named = hcp_core_match_classes(view->core, class_text);
        ret_filter->classes &= named;
        if (named == 0) {
            hcp_http_reply_not_found(request, "device class", class_text);
            return false;
        }
    }
    if (facility == NULL)
        return true;
    ret_filter->facility = hcp_core_find_facility(view->core, facility);
    if (ret_filter->facility == HCP_NO_INDEX)
        hcp_http_reply_not_found(request, "facility", facility);
    return ret_filter->facility != HCP_NO_INDEX;
}

/* --- matching ---------------------------------------------------------------------------------------------------------- */

static bool group_in_scope(const hcp_group *group, const hcp_device_filter *filter)
{
    return ((filter->classes >> group->class_ix) & 1) != 0 &&
           (filter->facility == HCP_NO_INDEX || filter->facility == group->facility);
}

/* Whether the counters of the group leave a chance that one of its devices matches. */
static bool group_may_match(const hcp_group *group, const hcp_device_filter *filter)
{
    bool wants_unhealthy = filter->health > HCP_HEALTH_OK ||
                           filter->status == HCP_DEVICE_STATUS_FAILED ||
                           filter->status == HCP_DEVICE_STATUS_DEGRADED;
    return group_in_scope(group, filter) &&
           (filter->mode == HCP_DEVICE_ANY || group->by_mode[filter->mode] > 0) &&
           (filter->available != 1 || group->free > 0) &&
           (!wants_unhealthy || group->unhealthy > 0);
}

static bool name_matches(const hcp_device_batch *batch, uint32_t device, const char *text)
{
    char name[NAME_SIZE];
    if (strstr(batch->def.name_prefix, text) != NULL)
        return true;
    g_snprintf(name, sizeof name, "%s-%03u", batch->def.name_prefix,
               batch->def.first_ordinal + (device - batch->first));
    return strstr(name, text) != NULL;
}

static bool matches(const hcp_device_view *view, const hcp_device_filter *filter,
                    const hcp_device_batch *batch, uint32_t device)
{
    const hcp_fleet *fleet = &view->state->fleet;
    return (filter->mode == HCP_DEVICE_ANY || filter->mode == fleet->mode[device]) &&
           (filter->health == HCP_DEVICE_ANY || filter->health == fleet->health[device]) &&
           (filter->available == HCP_DEVICE_ANY ||
            filter->available == hcp_device_view_is_available(view, device)) &&
           (filter->status == HCP_DEVICE_ANY ||
            filter->status == (int)hcp_device_view_status(view, device)) &&
           (filter->text == NULL || name_matches(batch, device, filter->text));
}

void hcp_device_list_each(const hcp_device_view *view, const hcp_device_filter *filter,
                          uint32_t first, hcp_device_fn visit, void *data)
{
    const hcp_fleet *fleet = &view->state->fleet;
    for (guint b = 0; b < fleet->batches->len; b++) {
        const hcp_device_batch *batch = &g_array_index(fleet->batches, hcp_device_batch, b);
        uint32_t end = batch->first + batch->def.count;
        if (end <= first ||
            !group_may_match(hcp_state_group(view->state, fleet->group[batch->first]), filter))
            continue;
        for (uint32_t device = MAX(first, batch->first); device < end; device++)
            if (matches(view, filter, batch, device) && !visit(data, device))
                return;
    }
}

/* --- counting ---------------------------------------------------------------------------------------------------------- */

static uint32_t group_count(const hcp_device_view *view, const hcp_group *group,
                            const hcp_device_filter *filter)
{
    if (filter->mode != HCP_DEVICE_ANY)
        return group->by_mode[filter->mode];
    if (filter->available == HCP_DEVICE_ANY)
        return group->count;
    uint32_t free = hcp_state_facility(view->state, group->facility)->emergency ? 0 : group->free;
    return filter->available != 0 ? free : group->count - free;
}

static bool count_one(void *data, uint32_t device)
{
    (void)device;
    ++*(uint32_t *)data;
    return true;
}

uint32_t hcp_device_list_count(const hcp_device_view *view, const hcp_device_filter *filter)
{
    uint32_t count = 0;
    bool both = filter->mode != HCP_DEVICE_ANY && filter->available != HCP_DEVICE_ANY;
    if (both || filter->status != HCP_DEVICE_ANY || filter->health != HCP_DEVICE_ANY ||
        filter->text != NULL) {
        hcp_device_list_each(view, filter, 0, count_one, &count);
        return count;
    }
    for (guint i = 0; i < view->state->fleet.groups->len; i++) {
        const hcp_group *group = hcp_state_group(view->state, i);
        if (group_in_scope(group, filter))
            count += group_count(view, group, filter);
    }
    return count;
}

/* --- pages ------------------------------------------------------------------------------------------------------------- */

typedef struct {
    const hcp_device_view *view;
    hcp_http_request *request;
    hcp_device_row_fn row;
    json_t *items;
    int limit;
    uint32_t last;
    bool more;
} collector;

static bool collect(void *data, uint32_t device)
{
    collector *c = data;
    c->more = (int)json_array_size(c->items) == c->limit;
    if (c->more)
        return false;
    json_t *item = c->row(c->view, device);
    if (parameter(c->request, "fields") != NULL)
        hcp_page_select(c->request, item);
    json_array_append_new(c->items, item);
    c->last = device;
    return true;
}

void hcp_device_list_reply(const hcp_device_view *view, hcp_http_request *request,
                           const char *member, hcp_device_row_fn row)
{
    hcp_device_filter filter;
    g_auto(hcp_page) page = {0};
    if (!hcp_device_filter_read(view, request, &filter) || !hcp_page_read(request, &page))
        return;
    bool is_first = *page.after == '\0';
    uint32_t first = is_first ? 0 : (uint32_t)g_ascii_strtoull(page.after, NULL, 10) + 1;
    collector c = {
        .view = view, .request = request, .row = row, .items = json_array(), .limit = page.limit};
    hcp_device_list_each(view, &filter, first, collect, &c);
    char last[16];
    g_snprintf(last, sizeof last, "%u", c.last);
    json_t *body = json_pack("{s:o}", member, c.items);
    if (is_first)
        hcp_json_set_int(body, "total", hcp_device_list_count(view, &filter));
    hcp_page_finish(request, body, c.more ? last : NULL);
    hcp_http_reply_json(request, 200, body);
}

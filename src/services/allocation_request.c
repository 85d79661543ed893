/* SPDX-License-Identifier: Apache-2.0 */
#include "services/allocation_request.h"

#include <stdlib.h>

typedef struct {
    const hcp_core *core;
    const json_t *body;
    hcp_problem *problem; /* made with the first fault */
} reading;

G_GNUC_PRINTF(3, 4)
static void fault(reading *r, const char *pointer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *detail = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    if (r->problem == NULL)
        r->problem = hcp_problem_new(422, "invalid-value", "%s", detail);
    hcp_problem_add(r->problem, pointer, detail);
}

void hcp_allocation_request_clear(hcp_allocation_request *wanted)
{
    g_free(wanted->devices);
    *wanted = (hcp_allocation_request){0};
}

static void read_places(reading *r, hcp_allocate *order)
{
    const hcp_settings *settings = &hcp_core_state(r->core)->settings;
    const char *customer = hcp_json_string(r->body, "customer_id", NULL);
    const char *facility = hcp_json_string(r->body, "facility", NULL);
    order->customer =
        customer != NULL ? hcp_core_find_customer(r->core, customer) : settings->default_customer;
    if (order->customer == HCP_NO_INDEX)
        fault(r, "/customer_id", customer != NULL ? "there is no customer %s" : "%s",
              customer != NULL ? customer : "name the customer who gets the devices");
    order->facility = facility != NULL ? hcp_core_find_facility(r->core, facility) : HCP_NO_INDEX;
    if (facility != NULL && order->facility == HCP_NO_INDEX)
        fault(r, "/facility", "there is no facility %s", facility);
}

static uint64_t classes_of_kind(const hcp_state *state, const char *kind)
{
    uint64_t mask = 0;
    g_autofree char *lower = g_ascii_strdown(kind, -1);
    int wanted = hcp_enum_value(&HCP_DEVICE_KIND_NAMES, lower);
    for (uint32_t i = 0; i < state->fleet.classes->len; i++)
        if ((int)hcp_state_class(state, i)->def.kind == wanted)
            mask |= UINT64_C(1) << i;
    return mask;
}

/* Each word narrows the classes; together they must leave one. */
static void read_classes(reading *r, hcp_allocate *order)
{
    static const char *const words[] = {"gpu_type", "class"};
    const char *kind = hcp_json_string(r->body, "resource_type", NULL);
    uint64_t classes = kind != NULL ? classes_of_kind(hcp_core_state(r->core), kind) : UINT64_MAX;
    bool named = kind != NULL;
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        const char *text = hcp_json_string(r->body, words[i], NULL);
        if (text == NULL)
            continue;
        named = true;
        classes &= hcp_core_match_classes(r->core, text);
        g_autofree char *pointer = g_strconcat("/", words[i], NULL);
        if (classes == 0)
            fault(r, pointer, "there is no device class %s%s%s", text,
                  kind != NULL ? " of type " : "", kind != NULL ? kind : "");
    }
    order->classes = named ? classes : 0;
}

static int compare_devices(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

/* The devices by name, in the ascending order that the core wants; one named twice is a fault. */
static void read_devices(reading *r, hcp_allocation_request *wanted)
{
    const json_t *names = json_object_get(r->body, "resource_ids");
    size_t n = json_array_size(names);
    if (n == 0)
        return;
    wanted->devices = g_new0(uint32_t, n);
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        hcp_device_id id = {0};
        wanted->devices[i] = hcp_id_parse(HCP_ID_DEVICE, name, &id.value)
                                 ? hcp_core_find_device(r->core, id)
                                 : hcp_core_find_device_name(r->core, name);
        g_autofree char *pointer = g_strdup_printf("/resource_ids/%zu", i);
        if (wanted->devices[i] == HCP_NO_INDEX)
            fault(r, pointer, "there is no device %s", name);
    }
    qsort(wanted->devices, n, sizeof *wanted->devices, compare_devices);
    for (size_t i = 1; i < n; i++)
        if (wanted->devices[i] == wanted->devices[i - 1] && r->problem == NULL)
            fault(r, "/resource_ids", "a device is named twice");
    wanted->order.devices = wanted->devices;
    wanted->order.count = (uint32_t)n;
}

static void read_count(reading *r, hcp_allocate *order)
{
    int64_t gpus = hcp_json_int(r->body, "gpu_count", 0);
    int64_t count = hcp_json_int(r->body, "count", gpus);
    if (gpus != 0 && gpus != count)
        fault(r, "/count", "count and gpu_count are the same thing and must not differ");
    if (order->devices != NULL && count != 0 && count != order->count)
        fault(r, "/count", "%u devices are named", order->count);
    if (order->devices == NULL)
        order->count = (uint32_t)MAX(count, 1);
}

/* Workloads are placed by the scheduler, which weighs them against each other; a lease by hand would jump the queue. */
static void read_workload(reading *r)
{
    const char *text = hcp_json_string(r->body, "workload_id", NULL);
    hcp_workload_id id = {0};
    if (text == NULL)
        return;
    uint32_t ix = hcp_id_parse(HCP_ID_WORKLOAD, text, &id.value)
                      ? hcp_core_find_workload(r->core, id)
                      : HCP_NO_INDEX;
    if (ix == HCP_NO_INDEX)
        fault(r, "/workload_id", "there is no workload %s", text);
    else
        fault(r, "/workload_id",
              "%s is %s: workloads get their devices from the scheduler; leave workload_id out to "
              "lease devices by hand",
              text,
              hcp_enum_name(&HCP_WORKLOAD_STATUS_NAMES,
                            (int)hcp_state_workload(hcp_core_state(r->core), ix)->status));
}

bool hcp_allocation_request_read(hcp_services *services, hcp_http_request *request,
                                 hcp_allocation_request *ret_wanted)
{
    reading r = {.core = hcp_services_core(services), .body = hcp_http_request_body(request)};
    read_places(&r, &ret_wanted->order);
    read_classes(&r, &ret_wanted->order);
    read_devices(&r, ret_wanted);
    read_count(&r, &ret_wanted->order);
    read_workload(&r);
    if (r.problem == NULL)
        return true;
    hcp_http_reply_problem(request, r.problem);
    return false;
}

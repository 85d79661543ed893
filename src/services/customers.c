/* SPDX-License-Identifier: Apache-2.0 */
/* Customers: what they may use, what they have used, and what it has cost until now. */
#include "base/units.h"
#include "core/metering.h"
#include "http/page.h"
#include "services/internal.h"

#include <math.h>

/* What the workloads of a customer add up to at a moment, beyond what is settled. */
typedef struct {
    hcp_usd_micro accrued_usd_micro, rate_usd_micro_per_h;
    uint32_t queued, running, allocations, devices;
} activity;

static bool is_over(const hcp_workload *row)
{
    return row->status == HCP_WORKLOAD_COMPLETED || row->status == HCP_WORKLOAD_FAILED ||
           row->status == HCP_WORKLOAD_CANCELLED;
}

/* Devices leased by hand are charged by the hour until they are released. */
static void add_allocations(const hcp_state *state, int64_t now_us, activity *list)
{
    for (uint32_t i = 0; i < state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, i);
        if (!lease->live || lease->workload != HCP_NO_INDEX)
            continue;
        activity *its = &list[lease->def.customer];
        its->allocations++;
        its->devices += lease->def.devices.count;
        its->rate_usd_micro_per_h += lease->rate_usd_micro_per_h * lease->def.devices.count;
        its->accrued_usd_micro +=
            hcp_money_accrue(lease->rate_usd_micro_per_h, MAX(0, now_us - lease->granted_us),
                             lease->def.devices.count);
    }
}

/* By customer; the caller frees. One pass over the workloads, one over the leases. */
static activity *activities(const hcp_state *state, int64_t now_us)
{
    activity *list = g_new0(activity, MAX(state->fleet.customers->len, 1));
    for (uint32_t i = 0; i < state->workloads.items->len; i++) {
        const hcp_workload *row = hcp_state_workload(state, i);
        if (row->def.id.value == 0 || row->def.customer >= state->fleet.customers->len ||
            is_over(row))
            continue;
        activity *its = &list[row->def.customer];
        hcp_accrual accrual;
        hcp_workload_accrued(state, i, now_us, &accrual);
        its->accrued_usd_micro += accrual.cost_usd_micro;
        its->queued += row->status == HCP_WORKLOAD_QUEUED;
        if (row->status != HCP_WORKLOAD_RUNNING)
            continue;
        its->running++;
        its->devices += row->def.count;
        its->rate_usd_micro_per_h += row->def.rate_usd_micro_per_h * row->def.count;
    }
    add_allocations(state, now_us, list);
    return list;
}

static double hours(int64_t device_us)
{
    return device_us >= 0 ? (double)device_us / (double)HCP_US_PER_H : NAN;
}

static json_t *customer_json(const hcp_customer *row, const activity *now)
{
    const hcp_customer_defined *def = &row->def;
    json_t *object = json_object();
    hcp_usd_micro spent = row->spent_usd_micro + now->accrued_usd_micro;
    hcp_services_set_id(object, "customer_id", HCP_ID_CUSTOMER, def->id.value);
    hcp_json_set_string(object, "key", def->key);
    hcp_json_set_string(object, "name", def->name);
    hcp_json_set_string(object, "tier", def->tier);
    hcp_json_set_string(object, "industry", def->industry);
    hcp_services_set_rounded(object, "quota_gpu_hours", hours(def->quota_device_us), 3);
    hcp_services_set_rounded(object, "quota_gpu_hours_left", hours(row->quota_left_device_us), 3);
    hcp_services_set_rounded(object, "used_gpu_hours", hours(row->used_device_us), 3);
    hcp_services_set_money(object, "spent", spent);
    hcp_services_set_money(object, "settled", row->spent_usd_micro);
    hcp_services_set_money(object, "rate_per_h", now->rate_usd_micro_per_h);
    if (def->budget_usd_micro > 0) {
        hcp_services_set_money(object, "budget", def->budget_usd_micro);
    } else {
        json_object_set_new(object, "budget_usd_micro", json_null());
        json_object_set_new(object, "budget_usd", json_null());
    }
    hcp_json_set_int(object, "active_workloads", row->active);
    hcp_json_set_int(object, "queued_workloads", now->queued);
    hcp_json_set_int(object, "running_workloads", now->running);
    hcp_json_set_int(object, "allocations", now->allocations);
    hcp_json_set_int(object, "running_devices", now->devices);
    return object;
}

static void list(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    g_auto(hcp_page) page = {0};
    if (!hcp_page_read(request, &page))
        return;
    const hcp_state *state = hcp_services_state(services);
    g_autofree activity *now = activities(state, hcp_platform_now(services->platform));
    guint n = state->fleet.customers->len;
    guint ix = (guint)g_ascii_strtoull(page.after, NULL, 10);
    guint end = (guint)MIN((guint64)n, (guint64)ix + (guint)page.limit);
    json_t *items = json_array();
    for (; ix < end; ix++)
        json_array_append_new(items, customer_json(hcp_state_customer(state, ix), &now[ix]));
    char last[16];
    g_snprintf(last, sizeof last, "%u", end);
    json_t *body = json_pack("{s:o, s:i}", "customers", items, "total", (int)n);
    hcp_page_finish(request, body, end < n ? last : NULL);
    hcp_http_reply_json(request, 200, body);
}

static void get(hcp_http_request *request, void *data)
{
    hcp_services *services = data;
    const hcp_state *state = hcp_services_state(services);
    const char *text = hcp_http_request_param(request, "id");
    uint32_t ix = hcp_core_find_customer(hcp_services_core(services), text);
    if (ix == HCP_NO_INDEX) {
        hcp_http_reply_not_found(request, "customer", text);
        return;
    }
    g_autofree activity *now = activities(state, hcp_platform_now(services->platform));
    hcp_http_reply_json(request, 200, customer_json(hcp_state_customer(state, ix), &now[ix]));
}

static const hcp_http_binding BINDINGS[] = {
    {"listCustomers", list},
    {"getCustomer", get},
};

bool hcp_services_bind_customers(hcp_services *services, GError **error)
{
    return hcp_http_server_bind(hcp_daemon_server(services->daemon), BINDINGS,
                                G_N_ELEMENTS(BINDINGS), services, error);
}

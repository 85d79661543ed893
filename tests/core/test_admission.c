/* SPDX-License-Identifier: Apache-2.0 */
/* Admission: every refusal names the member, the figures and the gap; quota is reserved once and settled exactly. */
#include "site.h"

#include "base/units.h"
#include "core/queue.h"

#include <string.h>

#define H100 (UINT64_C(1) << SITE_H100)

static hcp_submit good(void)
{
    return (hcp_submit){
        .name = "job",
        .kind = HCP_WORKLOAD_MODEL_TRAINING,
        .classes = H100,
        .facility = HCP_NO_INDEX,
        .count = 1,
        .duration_us = HCP_US_PER_H,
    };
}

static void refused(site *s, hcp_submit what, hcp_refusal_code code, const char *field,
                    const char *figure)
{
    site_refused(s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what}, code);
    g_assert_cmpstr(s->outcome.refusal.field, ==, field);
    if (strstr(s->outcome.refusal.message, figure) == NULL)
        g_error("\"%s\" does not say \"%s\"", s->outcome.refusal.message, figure);
}

static uint32_t submit(site *s, hcp_submit what)
{
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what});
    return hcp_core_find_workload(s->core, (hcp_workload_id){s->outcome.id});
}

static void test_members(void)
{
    site s;
    site_init(&s);
    hcp_submit what = good();
    what.kind = HCP_WORKLOAD_KINDS;
    refused(&s, what, HCP_REFUSAL_INVALID, "workload_type", "no such type");
    what.kind = HCP_WORKLOAD_BITCOIN_MINING;
    refused(&s, what, HCP_REFUSAL_INVALID, "workload_type", "P4");
    what = good();
    what.priority = HCP_PRIORITIES;
    refused(&s, what, HCP_REFUSAL_INVALID, "priority", "1 to 4");
    what = good();
    what.count = 0;
    refused(&s, what, HCP_REFUSAL_INVALID, "gpu_count", "4096");
    what = good();
    what.duration_us = -1;
    refused(&s, what, HCP_REFUSAL_INVALID, "duration_hours", "negative");
    what = good();
    what.max_latency_us = -1;
    refused(&s, what, HCP_REFUSAL_INVALID, "max_latency_ms", "negative");
    what = good();
    what.facility = 9;
    refused(&s, what, HCP_REFUSAL_NOT_FOUND, "facility", "no such");
    what = good();
    what.customer = 9;
    refused(&s, what, HCP_REFUSAL_NOT_FOUND, "customer_id", "no such");
    what.customer = HCP_NO_INDEX;
    refused(&s, what, HCP_REFUSAL_INVALID, "customer_id", "no customer");
    what = good();
    what.classes = UINT64_C(1) << SITE_S21;
    refused(&s, what, HCP_REFUSAL_INVALID, "gpu_type", "model_training");
    site_finish(&s);
}

static void test_physics(void)
{
    site s;
    site_init(&s);
    hcp_submit what = good();
    what.count = 20;
    refused(&s, what, HCP_REFUSAL_CAPACITY, "gpu_count", "4 too few");
    what = good();
    what.max_latency_us = 400;
    refused(&s, what, HCP_REFUSAL_CAPACITY, "max_latency_ms", "0.6 ms too much");
    what.facility = SITE_SOUTH;
    what.max_latency_us = 5000;
    refused(&s, what, HCP_REFUSAL_CAPACITY, "max_latency_ms", "4.0 ms too much");
    what = good();
    what.model_bytes = INT64_C(2) * 80000000000;
    refused(&s, what, HCP_REFUSAL_CAPACITY, "model", "74.5 GiB too little");
    what.count = 2; /* each holds its share */
    (void)submit(&s, what);
    site_finish(&s);
}

static void test_queue_full(void)
{
    site s;
    site_init(&s);
    hcp_settings settings = hcp_core_state(s.core)->settings;
    settings.queue_capacity = 3;
    site_define(&s, &(hcp_event){.type = HCP_EVENT_SETTINGS_CHANGED, .settings_changed = settings});
    hcp_submit what = good();
    what.facility = SITE_NORTH;
    what.count = 16;
    for (int i = 0; i < 4; i++)
        (void)submit(&s, what);
    refused(&s, what, HCP_REFUSAL_QUEUE_FULL, NULL, "3 workloads");
    site_finish(&s);
}

static uint32_t define_customer(site *s, int64_t quota_us)
{
    hcp_customer_defined def = {
        .key = (char *)"limited",
        .name = (char *)"Limited",
        .quota_device_us = quota_us,
        .rate_permille = 800,
    };
    site_define(s, &(hcp_event){.type = HCP_EVENT_CUSTOMER_DEFINED, .customer_defined = def});
    return hcp_core_find_customer(s->core, "limited");
}

static int64_t quota_left(const site *s, uint32_t customer)
{
    return hcp_state_customer(hcp_core_state(s->core), customer)->quota_left_device_us;
}

static void test_quota(void)
{
    site s;
    site_init(&s);
    hcp_submit what = good();
    what.customer = define_customer(&s, 10 * HCP_US_PER_H);
    what.count = 4;
    what.duration_us = 2 * HCP_US_PER_H;
    uint32_t ix = submit(&s, what);
    const hcp_workload *row = hcp_state_workload(hcp_core_state(s.core), ix);
    g_assert_cmpint(row->def.rate_usd_micro_per_h, ==, 1500000);
    g_assert_cmpint(quota_left(&s, what.customer), ==, 2 * HCP_US_PER_H);
    what.count = 1;
    what.duration_us = 3 * HCP_US_PER_H;
    refused(&s, what, HCP_REFUSAL_QUOTA, "duration_hours", "1.00 too few");
    what.duration_us = 0; /* open-ended: an hour of what is left */
    uint32_t open = submit(&s, what);
    g_assert_cmpint(hcp_state_workload(hcp_core_state(s.core), open)->def.duration_us, ==,
                    HCP_US_PER_H);
    g_assert_cmpint(quota_left(&s, what.customer), ==, HCP_US_PER_H);
    /* Cancelled before it served: everything comes back. */
    hcp_workload_id id = hcp_state_workload(hcp_core_state(s.core), ix)->def.id;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = id});
    g_assert_cmpint(quota_left(&s, what.customer), ==, 9 * HCP_US_PER_H);
    /* A smaller quota takes away what is not reserved, and never goes below zero. */
    (void)define_customer(&s, 4 * HCP_US_PER_H);
    g_assert_cmpint(quota_left(&s, what.customer), ==, 3 * HCP_US_PER_H);
    (void)define_customer(&s, 0);
    g_assert_cmpint(quota_left(&s, what.customer), ==, 0);
    site_finish(&s);
}

/* Priority by rule when none is given; the event says why. */
static void test_classified(void)
{
    site s;
    site_init(&s);
    hcp_submit what = good();
    const hcp_workload *row = hcp_state_workload(hcp_core_state(s.core), submit(&s, what));
    g_assert_cmpint(row->def.priority, ==, HCP_PRIORITY_P2); /* enterprise, one device-hour */
    g_assert_nonnull(strstr(row->def.classified_by, "enterprise"));
    g_assert_cmpstr(row->def.tier, ==, "enterprise");
    what.priority = HCP_PRIORITY_P3;
    row = hcp_state_workload(hcp_core_state(s.core), submit(&s, what));
    g_assert_cmpint(row->def.priority, ==, HCP_PRIORITY_P3);
    g_assert_cmpstr(row->def.classified_by, ==, "as requested");
    g_assert_cmpint(row->def.deadline_us, ==, s.now_us + 30 * HCP_US_PER_MIN);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/admission/members", test_members);
    g_test_add_func("/core/admission/physics", test_physics);
    g_test_add_func("/core/admission/queue_full", test_queue_full);
    g_test_add_func("/core/admission/quota", test_quota);
    g_test_add_func("/core/admission/classified", test_classified);
    return g_test_run();
}

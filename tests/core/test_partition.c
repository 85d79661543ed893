/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a GPU: a partition is a device of its own, taken by those who ask for a part and by nobody else. */
#include "site.h"

#include "base/units.h"

#include <string.h>

enum { PARTITION = SITE_CPU + 1 };
#define H100 (UINT64_C(1) << SITE_H100)
#define PART (UINT64_C(1) << PARTITION)
#define PARTS 3

/* The small site with `parts` partitions of 0.429 of a GPU in the north. */
static void init(site *s, uint32_t parts)
{
    site_init(s);
    hcp_class_defined def = hcp_state_class(hcp_core_state(s->core), SITE_H100)->def;
    def.key = (char *)"H100-80GB-3G";
    def.tdp_w = 300;
    def.memory_bytes = 40000000000;
    def.tflops = 424;
    def.rate_usd_micro_per_h = 800000;
    def.share_milli = 429;
    site_define(s, &(hcp_event){.type = HCP_EVENT_CLASS_DEFINED, .class_defined = def});
    if (parts > 0)
        site_define(s, &(hcp_event){.type = HCP_EVENT_DEVICES_REGISTERED,
                                    .devices_registered = {.facility = SITE_NORTH,
                                                           .class_ix = PARTITION,
                                                           .count = parts,
                                                           .first_ordinal = 1,
                                                           .name_prefix = (char *)"gpu-n-3g",
                                                           .mode = HCP_MODE_IDLE}});
}

static hcp_submit asking(uint64_t classes, uint32_t share_milli)
{
    return (hcp_submit){
        .name = "job",
        .kind = HCP_WORKLOAD_AI_INFERENCE_BATCH,
        .priority = HCP_PRIORITY_P2,
        .classes = classes,
        .facility = HCP_NO_INDEX,
        .count = 1,
        .share_milli = share_milli,
        .duration_us = HCP_US_PER_H,
    };
}

static const hcp_workload *submit(site *s, hcp_submit what)
{
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what});
    const hcp_state *state = hcp_core_state(s->core);
    return hcp_state_workload(state,
                              hcp_core_find_workload(s->core, (hcp_workload_id){s->outcome.id}));
}

static uint32_t class_of(const site *s, const hcp_workload *row)
{
    return hcp_state_lease(hcp_core_state(s->core), row->lease)->def.class_ix;
}

static void test_a_part_takes_the_smallest_that_holds_it(void)
{
    site s;
    init(&s, PARTS);
    const hcp_workload *row = submit(&s, asking(H100 | PART, 400));
    g_assert_cmpuint(class_of(&s, row), ==, PARTITION);
    g_assert_cmpint(row->def.rate_usd_micro_per_h, ==, 800000);
    row = submit(&s, asking(H100 | PART, 430)); /* larger than the partition */
    g_assert_cmpuint(class_of(&s, row), ==, SITE_H100);
    g_assert_cmpint(row->def.rate_usd_micro_per_h, ==, 1875000);
    for (uint32_t i = 1; i < PARTS; i++)
        g_assert_cmpuint(class_of(&s, submit(&s, asking(H100 | PART, 400))), ==, PARTITION);
    row = submit(&s, asking(H100 | PART, 400)); /* none is left: a whole one at the part's price */
    g_assert_cmpuint(class_of(&s, row), ==, SITE_H100);
    g_assert_cmpint(row->def.rate_usd_micro_per_h, ==, 800000);
    site_finish(&s);
}

/* Where there are no partitions, a part is a whole one at the price of a whole one. */
static void test_no_price_without_devices(void)
{
    site s;
    init(&s, 0);
    const hcp_workload *row = submit(&s, asking(H100 | PART, 400));
    g_assert_cmpuint(class_of(&s, row), ==, SITE_H100);
    g_assert_cmpint(row->def.rate_usd_micro_per_h, ==, 1875000);
    g_assert_cmpuint(row->def.share_milli, ==, 1000);
    site_finish(&s);
}

static void test_a_whole_one_is_not_a_part(void)
{
    site s;
    init(&s, PARTS);
    const hcp_workload *row = submit(&s, asking(H100 | PART, 0));
    g_assert_cmpuint(row->def.classes, ==, H100);
    g_assert_cmpuint(class_of(&s, row), ==, SITE_H100);
    row = submit(&s, asking(PART, 0)); /* asked for by name */
    g_assert_cmpuint(class_of(&s, row), ==, PARTITION);
    site_must(
        &s, &(hcp_command){
                .type = HCP_COMMAND_ALLOCATE,
                .allocate = {.classes = H100 | PART, .facility = SITE_NORTH, .count = PARTS - 1}});
    uint32_t lease = hcp_core_find_lease(s.core, (hcp_lease_id){s.outcome.id});
    g_assert_cmpuint(hcp_state_lease(hcp_core_state(s.core), lease)->def.class_ix, ==, SITE_H100);
    site_finish(&s);
}

static void test_refusals(void)
{
    site s;
    init(&s, PARTS);
    hcp_submit what = asking(H100 | PART, 400);
    what.count = 2;
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what},
                 HCP_REFUSAL_INVALID);
    g_assert_cmpstr(s.outcome.refusal.field, ==, "gpu_fraction");
    what = asking(PART, 500);
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what},
                 HCP_REFUSAL_CAPACITY);
    g_assert_nonnull(strstr(s.outcome.refusal.message, "0.500"));
    what = asking(PART, 400);
    what.model_bytes = 41000000000;
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what},
                 HCP_REFUSAL_CAPACITY);
    site_finish(&s);
}

/* An hour on 0.429 of a GPU is 0.429 GPU-hours, reserved at admission and settled to what was served. */
static void test_quota(void)
{
    site s;
    init(&s, PARTS);
    const int64_t part_us = HCP_US_PER_H / 1000 * 429;
    hcp_customer_defined def = {.key = (char *)"limited",
                                .name = (char *)"Limited",
                                .quota_device_us = HCP_US_PER_H,
                                .rate_permille = 1000};
    site_define(&s, &(hcp_event){.type = HCP_EVENT_CUSTOMER_DEFINED, .customer_defined = def});
    hcp_submit what = asking(H100 | PART, 400);
    what.customer = hcp_core_find_customer(s.core, "limited");
    const hcp_customer *customer = hcp_state_customer(hcp_core_state(s.core), what.customer);
    hcp_workload_id id = submit(&s, what)->def.id;
    g_assert_cmpint(customer->quota_left_device_us, ==, HCP_US_PER_H - part_us);
    site_drive(&s, 50 * HCP_US_PER_MS);
    s.now_us += HCP_US_PER_H / 2;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = id});
    g_assert_cmpint(customer->used_device_us, >=, part_us / 2);
    g_assert_cmpint(customer->used_device_us, <, part_us / 2 + HCP_US_PER_S);
    g_assert_cmpint(customer->quota_left_device_us, ==, HCP_US_PER_H - customer->used_device_us);
    g_autoptr(hcp_core) again = site_replay(&s);
    g_autofree char *live = hcp_core_hash(s.core), *replayed = hcp_core_hash(again);
    g_assert_cmpstr(live, ==, replayed);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/partition/smallest", test_a_part_takes_the_smallest_that_holds_it);
    g_test_add_func("/core/partition/no_devices", test_no_price_without_devices);
    g_test_add_func("/core/partition/whole", test_a_whole_one_is_not_a_part);
    g_test_add_func("/core/partition/refusals", test_refusals);
    g_test_add_func("/core/partition/quota", test_quota);
    return g_test_run();
}

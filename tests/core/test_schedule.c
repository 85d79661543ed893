/* SPDX-License-Identifier: Apache-2.0 */
/* The scheduling pass: order of service, backfill, what is kept for whom, preemption and that nobody starves. */
#include "site.h"

#include "base/rng.h"
#include "base/units.h"
#include "core/queue.h"

#define H100 (UINT64_C(1) << SITE_H100)
#define A100 (UINT64_C(1) << SITE_A100)

static uint32_t submit(site *s, hcp_priority priority, uint32_t count, int64_t duration_us)
{
    hcp_submit what = {
        .name = "job",
        .kind = HCP_WORKLOAD_MODEL_TRAINING,
        .priority = priority,
        .classes = H100,
        .facility = SITE_NORTH,
        .count = count,
        .duration_us = duration_us,
    };
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what});
    return hcp_core_find_workload(s->core, (hcp_workload_id){s->outcome.id});
}

static const hcp_workload *row(const site *s, uint32_t ix)
{
    return hcp_state_workload(hcp_core_state(s->core), ix);
}

static void cancel(site *s, uint32_t ix)
{
    hcp_workload_id id = row(s, ix)->def.id;
    site_must(s, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = id});
}

static uint32_t position(const site *s, uint32_t ix)
{
    return hcp_queue_position(hcp_core_queue(s->core), ix, s->now_us);
}

/* A site whose 16 H100 of the north hold P1 work that nobody may preempt. */
static uint32_t init_full(site *s)
{
    site_init(s);
    uint32_t holder = submit(s, HCP_PRIORITY_P1, SITE_H100_COUNT, 10 * HCP_US_PER_H);
    site_drive(s, HCP_US_PER_MS);
    return holder;
}

static void test_order(void)
{
    site s;
    uint32_t holder = init_full(&s);
    uint32_t third = submit(&s, HCP_PRIORITY_P3, 16, HCP_US_PER_H);
    uint32_t low = submit(&s, HCP_PRIORITY_P4, 16, HCP_US_PER_H);
    uint32_t second = submit(&s, HCP_PRIORITY_P2, 16, HCP_US_PER_H);
    s.now_us += HCP_US_PER_MS;
    uint32_t fourth = submit(&s, HCP_PRIORITY_P3, 16, HCP_US_PER_H);
    uint32_t first = submit(&s, HCP_PRIORITY_P1, 16, HCP_US_PER_H);
    const uint32_t expected[] = {first, second, third, fourth, low};
    hcp_queue_iter iter;
    hcp_queue_iter_init(&iter, hcp_core_queue(s.core), s.now_us);
    for (uint32_t i = 0; i < G_N_ELEMENTS(expected); i++) {
        g_assert_cmpuint(hcp_queue_iter_next(&iter), ==, expected[i]);
        g_assert_cmpuint(position(&s, expected[i]), ==, i + 1);
    }
    g_assert_cmpuint(hcp_queue_iter_next(&iter), ==, HCP_NO_INDEX);
    g_assert_cmpint(row(&s, first)->wait, ==, HCP_WAIT_DEVICES);
    g_assert_cmpint(row(&s, fourth)->wait, ==, HCP_WAIT_BEHIND);
    g_assert_cmpuint(hcp_queue_depth(hcp_core_queue(s.core), HCP_PRIORITY_P3), ==, 2);
    g_assert_cmpuint(hcp_queue_devices(hcp_core_queue(s.core), HCP_PRIORITY_NONE), ==, 80);
    cancel(&s, holder);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(row(&s, first)->status, ==, HCP_WORKLOAD_RUNNING);
    g_assert_cmpint(row(&s, second)->status, ==, HCP_WORKLOAD_QUEUED);
    site_finish(&s);
}

/* A submission into a full fleet is one event, however long the queue. */
static void test_full_fleet_is_cheap(void)
{
    site s;
    (void)init_full(&s);
    for (int i = 0; i < 200; i++)
        (void)submit(&s, HCP_PRIORITY_P3, 1, HCP_US_PER_H);
    g_assert_cmpuint(s.outcome.events->len, ==, 1);
    g_assert_cmpuint(hcp_queue_depth(hcp_core_queue(s.core), HCP_PRIORITY_NONE), ==, 200);
    site_finish(&s);
}

/* Small work passes a blocked gang until the gang is overdue; from then on devices accumulate for it. */
static void test_backfill_and_keeping(void)
{
    site s;
    site_init(&s);
    uint32_t half = submit(&s, HCP_PRIORITY_P3, 8, HCP_US_PER_H);
    site_drive(&s, HCP_US_PER_MS);
    uint32_t gang = submit(&s, HCP_PRIORITY_P3, 12, HCP_US_PER_H);
    uint32_t small = submit(&s, HCP_PRIORITY_P3, 2, 35 * HCP_US_PER_MIN);
    g_assert_cmpint(row(&s, gang)->wait, ==, HCP_WAIT_DEVICES);
    g_assert_cmpint(row(&s, small)->status, ==, HCP_WORKLOAD_STARTING);
    site_drive(&s, HCP_US_PER_MS);
    site_tick(&s, 31 * HCP_US_PER_MIN);
    uint32_t late = submit(&s, HCP_PRIORITY_P3, 2, HCP_US_PER_MIN);
    g_assert_cmpint(row(&s, late)->status, ==, HCP_WORKLOAD_QUEUED);
    g_assert_cmpint(row(&s, late)->wait, ==, HCP_WAIT_BEHIND);
    site_tick(&s, 10 * HCP_US_PER_MIN); /* the small one ends; its devices are not given away */
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(row(&s, late)->status, ==, HCP_WORKLOAD_QUEUED);
    g_assert_cmpint(row(&s, gang)->status, ==, HCP_WORKLOAD_QUEUED);
    s.now_us = row(&s, half)->ends_us;
    site_tick(&s, 0);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(row(&s, gang)->status, ==, HCP_WORKLOAD_RUNNING);
    site_finish(&s);
}

/* After four times its limit a P3 goes ahead of P1, but it takes nothing away from running work. */
static void test_age(void)
{
    site s;
    uint32_t holder = init_full(&s);
    uint32_t old = submit(&s, HCP_PRIORITY_P3, 16, HCP_US_PER_H);
    site_tick(&s, HCP_QUEUE_AGED * 30 * HCP_US_PER_MIN - HCP_US_PER_S);
    uint32_t urgent = submit(&s, HCP_PRIORITY_P1, 1, HCP_US_PER_H);
    g_assert_cmpuint(position(&s, urgent), ==, 1);
    g_assert_cmpuint(position(&s, old), ==, 2);
    site_tick(&s, HCP_US_PER_S);
    g_assert_cmpuint(position(&s, old), ==, 2); /* the P1 has aged too by now, and earlier */
    uint32_t fresh = submit(&s, HCP_PRIORITY_P1, 1, HCP_US_PER_H);
    g_assert_cmpuint(position(&s, fresh), ==, 3);
    g_assert_cmpint(row(&s, holder)->status, ==, HCP_WORKLOAD_RUNNING);
    site_finish(&s);
}

static void test_preemption(void)
{
    site s;
    site_init(&s);
    uint32_t old = submit(&s, HCP_PRIORITY_P3, 8, 10 * HCP_US_PER_H);
    site_drive(&s, HCP_US_PER_MS);
    s.now_us += 8 * HCP_US_PER_MIN;
    uint32_t young = submit(&s, HCP_PRIORITY_P3, 8, 10 * HCP_US_PER_H);
    site_drive(&s, HCP_US_PER_MS);
    /* The old one is 13 minutes in, 3 past its checkpoint; the young one would lose 5. */
    s.now_us = row(&s, old)->started_us + 13 * HCP_US_PER_MIN;
    uint32_t urgent = submit(&s, HCP_PRIORITY_P1, 4, HCP_US_PER_H);
    g_assert_cmpint(row(&s, urgent)->wait, ==, HCP_WAIT_PREEMPTION);
    g_assert_cmpint(row(&s, old)->status, ==, HCP_WORKLOAD_QUEUED);
    g_assert_cmpuint(row(&s, old)->preemptions, ==, 1);
    g_assert_cmpint(row(&s, old)->served_us, ==, 10 * HCP_US_PER_MIN);
    g_assert_cmpint(row(&s, young)->status, ==, HCP_WORKLOAD_RUNNING);
    /* While the devices drain another urgent one finds enough of them on their way. */
    uint32_t another = submit(&s, HCP_PRIORITY_P1, 4, HCP_US_PER_H);
    g_assert_cmpint(row(&s, another)->wait, ==, HCP_WAIT_PREEMPTION);
    g_assert_cmpint(row(&s, young)->status, ==, HCP_WORKLOAD_RUNNING);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(row(&s, urgent)->status, ==, HCP_WORKLOAD_RUNNING);
    g_assert_cmpint(row(&s, another)->status, ==, HCP_WORKLOAD_RUNNING);
    /* Its own class is never preempted. */
    uint32_t equal = submit(&s, HCP_PRIORITY_P1, 12, HCP_US_PER_H);
    g_assert_cmpint(row(&s, equal)->wait, ==, HCP_WAIT_DEVICES);
    g_assert_cmpint(row(&s, young)->status, ==, HCP_WORKLOAD_RUNNING);
    site_finish(&s);
}

/* Urgent work that keeps coming preempts a workload max_preemptions times and then never again. */
static void test_preemption_is_bounded(void)
{
    site s;
    site_init(&s);
    uint32_t victim = submit(&s, HCP_PRIORITY_P3, 16, 10 * HCP_US_PER_H);
    site_drive(&s, HCP_US_PER_MS);
    for (int i = 0; i < 5; i++) {
        s.now_us += HCP_US_PER_MIN;
        uint32_t urgent = submit(&s, HCP_PRIORITY_P1, 1, HCP_US_PER_S);
        if (row(&s, victim)->status == HCP_WORKLOAD_QUEUED) {
            site_drive(&s, HCP_US_PER_MS);
            g_assert_cmpint(row(&s, urgent)->status, ==, HCP_WORKLOAD_RUNNING);
            s.now_us = row(&s, urgent)->ends_us;
            site_tick(&s, 0);
            site_drive(&s, HCP_US_PER_MS);
        } else {
            g_assert_cmpint(row(&s, urgent)->wait, !=, HCP_WAIT_PREEMPTION);
        }
        g_assert_cmpint(row(&s, victim)->status, ==, HCP_WORKLOAD_RUNNING);
    }
    g_assert_cmpuint(row(&s, victim)->preemptions, ==, 3);
    site_finish(&s);
}

/* Service time of everybody ahead, one after the other: the longest the gang may wait once nobody can overtake it. */
static int64_t work_ahead_us(const site *s, uint32_t gang)
{
    int64_t sum_us = 0;
    hcp_queue_iter iter;
    hcp_queue_iter_init(&iter, hcp_core_queue(s->core), s->now_us);
    for (uint32_t ix; (ix = hcp_queue_iter_next(&iter)) != gang;)
        sum_us += row(s, ix)->def.duration_us + HCP_US_PER_S;
    return sum_us;
}

/* An adversary overloads the north with small P3 and P2 work in staggered slots; a gang of all 16 devices still runs. */
static void starve(uint64_t seed)
{
    site s;
    hcp_rng rng;
    site_init(&s);
    hcp_rng_init(&rng, seed, 0);
    for (int i = 0; i < 20; i++)
        (void)submit(&s, HCP_PRIORITY_P3, 1 + (uint32_t)hcp_rng_below(&rng, 2),
                     10 * HCP_US_PER_MIN);
    uint32_t gang = submit(&s, HCP_PRIORITY_P3, 16, HCP_US_PER_MIN);
    hcp_workload_id id = row(&s, gang)->def.id;
    int64_t aged_us = s.now_us + HCP_QUEUE_AGED * 30 * HCP_US_PER_MIN, limit_us = INT64_MAX;
    while (row(&s, gang)->first_started_us == 0) {
        if (s.now_us >= aged_us && limit_us == INT64_MAX)
            limit_us = s.now_us + work_ahead_us(&s, gang) + 20 * HCP_US_PER_MIN;
        g_assert_cmpint(s.now_us, <, limit_us);
        s.now_us += 20 * HCP_US_PER_S;
        (void)submit(&s, hcp_rng_below(&rng, 3) == 0 ? HCP_PRIORITY_P2 : HCP_PRIORITY_P3,
                     1 + (uint32_t)hcp_rng_below(&rng, 3),
                     (1 + (int64_t)hcp_rng_below(&rng, 20)) * HCP_US_PER_MIN);
        site_tick(&s, 0);
        site_drive(&s, HCP_US_PER_MS);
        g_assert_cmpuint(hcp_core_find_workload(s.core, id), ==, gang);
    }
    site_finish(&s);
}

static void test_no_starvation(void)
{
    for (uint64_t seed = 1; seed <= (g_test_thorough() ? 50 : 2); seed++)
        starve(seed);
}

/* A power cap without room: the gang waits for power, miners go to sleep for it, and nobody behind takes that power. */
static void test_power_is_kept(void)
{
    site s;
    site_init(&s);
    const hcp_facility *north = hcp_state_facility(hcp_core_state(s.core), SITE_NORTH);
    hcp_cap_changed cap = {.facility = SITE_NORTH, .cap_w = north->it_power_w * 12 / 10};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = cap});
    uint32_t gang = submit(&s, HCP_PRIORITY_P2, 8, HCP_US_PER_H);
    g_assert_cmpint(row(&s, gang)->wait, ==, HCP_WAIT_POWER);
    uint32_t small = submit(&s, HCP_PRIORITY_P3, 1, HCP_US_PER_H);
    g_assert_cmpint(row(&s, small)->wait, ==, HCP_WAIT_POWER);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(row(&s, gang)->status, ==, HCP_WORKLOAD_RUNNING);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(row(&s, small)->status, ==, HCP_WORKLOAD_RUNNING);
    site_finish(&s);
}

/* Devices are free, the cap is used up by lower priorities, and no miner is left to put to sleep: one of them yields. */
static void test_preemption_for_power(void)
{
    site s;
    site_init(&s);
    hcp_submit what = {
        .name = "job",
        .kind = HCP_WORKLOAD_MODEL_TRAINING,
        .priority = HCP_PRIORITY_P3,
        .classes = H100,
        .facility = SITE_SOUTH,
        .count = 2,
        .duration_us = 10 * HCP_US_PER_H,
    };
    uint32_t holders[2];
    for (int i = 0; i < 2; i++) {
        site_must(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what});
        holders[i] = hcp_core_find_workload(s.core, (hcp_workload_id){s.outcome.id});
        site_drive(&s, HCP_US_PER_MS);
        s.now_us += HCP_US_PER_MIN;
    }
    const hcp_facility *south = hcp_state_facility(hcp_core_state(s.core), SITE_SOUTH);
    hcp_cap_changed cap = {.facility = SITE_SOUTH, .cap_w = south->it_power_w * 12 / 10 + 100};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = cap});
    what.priority = HCP_PRIORITY_P1;
    what.count = 1;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what});
    uint32_t urgent = hcp_core_find_workload(s.core, (hcp_workload_id){s.outcome.id});
    g_assert_cmpint(row(&s, urgent)->wait, ==, HCP_WAIT_POWER);
    g_assert_cmpint(row(&s, holders[0])->status, ==, HCP_WORKLOAD_RUNNING);
    g_assert_cmpint(row(&s, holders[1])->status, ==, HCP_WORKLOAD_QUEUED); /* it lost less */
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(row(&s, urgent)->status, ==, HCP_WORKLOAD_RUNNING);
    g_assert_cmpint(row(&s, holders[1])->wait, ==, HCP_WAIT_POWER);
    what.priority = HCP_PRIORITY_P3;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what});
    g_assert_cmpint(row(&s, holders[0])->status, ==, HCP_WORKLOAD_RUNNING);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/schedule/order", test_order);
    g_test_add_func("/core/schedule/full_fleet_is_cheap", test_full_fleet_is_cheap);
    g_test_add_func("/core/schedule/backfill_and_keeping", test_backfill_and_keeping);
    g_test_add_func("/core/schedule/age", test_age);
    g_test_add_func("/core/schedule/preemption", test_preemption);
    g_test_add_func("/core/schedule/preemption_is_bounded", test_preemption_is_bounded);
    g_test_add_func("/core/schedule/no_starvation", test_no_starvation);
    g_test_add_func("/core/schedule/power_is_kept", test_power_is_kept);
    g_test_add_func("/core/schedule/preemption_for_power", test_preemption_for_power);
    return g_test_run();
}

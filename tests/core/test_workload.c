/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a workload: the state table, exact service time, money and requests, quota, retries. */
#include "site.h"

#include "base/units.h"
#include "core/metering.h"
#include "core/queue.h"

#define H100 (UINT64_C(1) << SITE_H100)

/* A customer at twice the list price ($3.75 per H100-hour) with 50 GPU-hours. */
static uint32_t define_customer(site *s)
{
    hcp_customer_defined def = {
        .key = (char *)"cust-002",
        .name = (char *)"Seed",
        .tier = (char *)"startup",
        .quota_device_us = 50 * HCP_US_PER_H,
        .rate_permille = 2000,
    };
    site_define(s, &(hcp_event){.type = HCP_EVENT_CUSTOMER_DEFINED, .customer_defined = def});
    return hcp_core_find_customer(s->core, "cust-002");
}

static uint32_t submit(site *s, hcp_submit what)
{
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what});
    return hcp_core_find_workload(s->core, (hcp_workload_id){s->outcome.id});
}

static const hcp_workload *row(const site *s, uint32_t ix)
{
    return hcp_state_workload(hcp_core_state(s->core), ix);
}

static hcp_submit realtime(uint32_t customer, int64_t duration_us)
{
    return (hcp_submit){
        .customer = customer,
        .name = "chat",
        .model = "llama-3-70b",
        .kind = HCP_WORKLOAD_AI_INFERENCE_REALTIME,
        .classes = H100,
        .facility = HCP_NO_INDEX,
        .count = 1,
        .duration_us = duration_us,
        .max_latency_us = 50 * HCP_US_PER_MS,
        .model_bytes = INT64_C(70000000000),
    };
}

/* Two hours at 42 requests/s and $3.75/h: 302,400 requests, $7.50, 48 GPU-hours left. */
static void test_exact_bill(void)
{
    site s;
    site_init(&s);
    uint32_t customer = define_customer(&s);
    uint32_t ix = submit(&s, realtime(customer, 2 * HCP_US_PER_H));
    hcp_workload_id id = row(&s, ix)->def.id;
    g_assert_cmpint(row(&s, ix)->status, ==, HCP_WORKLOAD_STARTING);
    g_assert_cmpint(row(&s, ix)->def.priority, ==, HCP_PRIORITY_P1);
    g_assert_cmpint(hcp_state_customer(hcp_core_state(s.core), customer)->quota_left_device_us, ==,
                    48 * HCP_US_PER_H);
    site_drive(&s, 50 * HCP_US_PER_MS);
    g_assert_cmpint(row(&s, ix)->status, ==, HCP_WORKLOAD_RUNNING);
    int64_t started_us = row(&s, ix)->started_us;
    hcp_accrual half;
    hcp_workload_accrued(hcp_core_state(s.core), ix, started_us + HCP_US_PER_H, &half);
    g_assert_cmpint(half.requests, ==, 151200);
    g_assert_cmpint(half.cost_usd_micro, ==, 3750000);
    g_assert_cmpint(hcp_core_next_due(s.core), <=, started_us + 2 * HCP_US_PER_H);
    /* The tick comes late: only the service asked for is charged. */
    s.now_us = started_us + 2 * HCP_US_PER_H;
    site_tick(&s, 300 * HCP_US_PER_MS);
    ix = hcp_core_find_workload(s.core, id);
    g_assert_cmpint(row(&s, ix)->status, ==, HCP_WORKLOAD_COMPLETED);
    g_assert_cmpint(row(&s, ix)->served_us, ==, 2 * HCP_US_PER_H);
    g_assert_cmpint(row(&s, ix)->requests, ==, 302400);
    g_assert_cmpint(row(&s, ix)->cost_usd_micro, ==, 7500000);
    const hcp_customer *c = hcp_state_customer(hcp_core_state(s.core), customer);
    g_assert_cmpint(c->spent_usd_micro, ==, 7500000);
    g_assert_cmpint(c->quota_left_device_us, ==, 48 * HCP_US_PER_H);
    g_assert_cmpint(c->used_device_us, ==, 2 * HCP_US_PER_H);
    g_assert_cmpuint(c->active, ==, 0);
    hcp_meter meter;
    hcp_meter_read(hcp_core_state(s.core), SITE_NORTH, s.now_us, &meter);
    g_assert_cmpint(meter.ai_usd_micro, ==, 7500000);
    site_finish(&s);
}

static void test_state_table(void)
{
    static const bool LEGAL[HCP_WORKLOAD_STATUSES][HCP_WORKLOAD_STATUSES] = {
        /* queued, starting, running, completed, failed, cancelled */
        [HCP_WORKLOAD_QUEUED] = {0, 1, 0, 0, 1, 1},
        [HCP_WORKLOAD_STARTING] = {1, 0, 1, 0, 1, 1},
        [HCP_WORKLOAD_RUNNING] = {1, 0, 0, 1, 1, 1},
    };
    for (int from = 0; from < HCP_WORKLOAD_STATUSES; from++) {
        for (int to = 0; to < HCP_WORKLOAD_STATUSES; to++) {
            site s;
            site_init(&s);
            uint32_t ix = site_submit(&s, H100, 1, HCP_US_PER_H);
            hcp_workload *w = (hcp_workload *)row(&s, ix);
            hcp_event events[HCP_WORKLOAD_STATUSES] = {
                [HCP_WORKLOAD_QUEUED] = {.type = HCP_EVENT_WORKLOAD_REQUEUED,
                                         .workload_requeued = {.id = w->def.id}},
                [HCP_WORKLOAD_RUNNING] = {.type = HCP_EVENT_WORKLOAD_STARTED,
                                          .workload_started = {.id = w->def.id}},
            };
            for (int i = HCP_WORKLOAD_COMPLETED; i <= HCP_WORKLOAD_CANCELLED; i++)
                events[i] = (hcp_event){.type = HCP_EVENT_WORKLOAD_ENDED,
                                        .workload_ended = {.id = w->def.id, .status = i}};
            if (from != HCP_WORKLOAD_QUEUED && to != HCP_WORKLOAD_STARTING &&
                from < HCP_WORKLOAD_COMPLETED) {
                w->status = (hcp_workload_status)from; /* STARTING and RUNNING hold the lease */
                w->started_us = from == HCP_WORKLOAD_RUNNING ? s.now_us : 0;
                events[to].time_us = s.now_us;
                g_autoptr(GError) error = NULL;
                g_assert_true(hcp_core_apply(s.core, &events[to], &error) == LEGAL[from][to]);
            } else if (from >= HCP_WORKLOAD_COMPLETED && to != HCP_WORKLOAD_STARTING) {
                w->status = (hcp_workload_status)from;
                events[to].time_us = s.now_us;
                g_assert_false(hcp_core_apply(s.core, &events[to], NULL));
                w->status = HCP_WORKLOAD_STARTING;
            }
            site_finish(&s);
        }
    }
}

static void test_cancel(void)
{
    site s;
    site_init(&s);
    uint32_t customer = define_customer(&s);
    uint32_t running = submit(&s, realtime(customer, 2 * HCP_US_PER_H));
    site_drive(&s, HCP_US_PER_MS);
    s.now_us += HCP_US_PER_H - (s.now_us - row(&s, running)->started_us);
    hcp_workload_id id = row(&s, running)->def.id;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = id});
    g_assert_cmpint(row(&s, running)->status, ==, HCP_WORKLOAD_CANCELLED);
    g_assert_cmpint(row(&s, running)->cost_usd_micro, ==, 3750000);
    g_assert_cmpint(row(&s, running)->requests, ==, 151200);
    const hcp_customer *c = hcp_state_customer(hcp_core_state(s.core), customer);
    g_assert_cmpint(c->quota_left_device_us, ==, 49 * HCP_US_PER_H);
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = id},
                 HCP_REFUSAL_CONFLICT);
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = {12345}},
                 HCP_REFUSAL_NOT_FOUND);
    site_drive(&s, HCP_US_PER_MS);
    site_finish(&s);
}

/* A failing device: back-off that doubles, progress kept to the checkpoint, and an end to the retries. */
static void test_retries(void)
{
    site s;
    site_init(&s);
    hcp_submit training = {
        .name = "train",
        .kind = HCP_WORKLOAD_MODEL_TRAINING,
        .classes = H100,
        .facility = SITE_NORTH,
        .count = 1,
        .duration_us = 10 * HCP_US_PER_H,
    };
    uint32_t ix = submit(&s, training);
    g_assert_cmpint(row(&s, ix)->def.priority, ==, HCP_PRIORITY_P3);
    int64_t last_backoff_us = 0;
    for (int i = 0; i < 3; i++) {
        site_drive(&s, HCP_US_PER_MS);
        g_assert_cmpint(row(&s, ix)->status, ==, HCP_WORKLOAD_RUNNING);
        s.now_us = row(&s, ix)->started_us + 25 * HCP_US_PER_MIN;
        const hcp_lease *lease = hcp_state_lease(hcp_core_state(s.core), row(&s, ix)->lease);
        site_health(&s, ((uint32_t *)lease->def.devices.items)[0], HCP_HEALTH_FAILED);
        g_assert_cmpint(row(&s, ix)->status, ==, HCP_WORKLOAD_QUEUED);
        g_assert_cmpint(row(&s, ix)->wait, ==, HCP_WAIT_BACKOFF);
        g_assert_cmpint(row(&s, ix)->served_us, ==, (i + 1) * 20 * HCP_US_PER_MIN);
        int64_t backoff_us = row(&s, ix)->not_before_us - s.now_us;
        g_assert_cmpint(backoff_us, >=, HCP_US_PER_S << i);
        g_assert_cmpint(backoff_us, <=, (HCP_US_PER_S << i) * 5 / 4);
        g_assert_cmpint(backoff_us, >, last_backoff_us);
        last_backoff_us = backoff_us;
        site_tick(&s, backoff_us - 1);
        g_assert_cmpint(row(&s, ix)->status, ==, HCP_WORKLOAD_QUEUED);
        site_tick(&s, 1);
        g_assert_cmpint(row(&s, ix)->status, ==, HCP_WORKLOAD_STARTING);
    }
    site_drive(&s, HCP_US_PER_MS);
    s.now_us = row(&s, ix)->started_us + 9 * HCP_US_PER_MIN;
    const hcp_lease *lease = hcp_state_lease(hcp_core_state(s.core), row(&s, ix)->lease);
    site_health(&s, ((uint32_t *)lease->def.devices.items)[0], HCP_HEALTH_FAILED);
    g_assert_cmpint(row(&s, ix)->status, ==, HCP_WORKLOAD_FAILED);
    g_assert_cmpint(row(&s, ix)->served_us, ==, HCP_US_PER_H);
    g_assert_cmpint(row(&s, ix)->cost_usd_micro, ==, 1875000);
    site_finish(&s);
}

/* Finished workloads are forgotten after their time, and their slots are used again. */
static void test_retention(void)
{
    site s;
    site_init(&s);
    uint32_t first = site_submit(&s, H100, 1, HCP_US_PER_MIN);
    hcp_workload_id id = row(&s, first)->def.id;
    site_drive(&s, HCP_US_PER_MS);
    site_tick(&s, HCP_US_PER_MIN);
    g_assert_cmpint(row(&s, first)->status, ==, HCP_WORKLOAD_COMPLETED);
    site_drive(&s, HCP_US_PER_MS);
    s.now_us += 2 * HCP_US_PER_H;
    uint32_t second = site_submit(&s, H100, 1, HCP_US_PER_MIN);
    g_assert_cmpuint(second, ==, first);
    g_assert_cmpuint(hcp_core_find_workload(s.core, id), ==, HCP_NO_INDEX);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/workload/exact_bill", test_exact_bill);
    g_test_add_func("/core/workload/state_table", test_state_table);
    g_test_add_func("/core/workload/cancel", test_cancel);
    g_test_add_func("/core/workload/retries", test_retries);
    g_test_add_func("/core/workload/retention", test_retention);
    return g_test_run();
}

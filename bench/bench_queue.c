/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Work that has to wait, at the size of the `scale` scenario (10,000 GPUs in four facilities): submissions into a full
 * fleet by depth of the queue, what a customer asks about them, one pass after a release, snapshot and restore.
 */
#include "core/explain.h"
#include "core/queue.h"

#include "base/units.h"

#include <stdio.h>
#include <time.h>

#define FACILITIES 4
#define GPUS 10000
#define GANG 8

typedef struct {
    hcp_core *core;
    int64_t now_us;
    hcp_workload_id last;
} plant;

static void run(plant *p, const hcp_command *command)
{
    hcp_outcome outcome = {0};
    if (!hcp_core_decide(p->core, command, p->now_us, NULL, &outcome))
        g_error("refused: %s", outcome.refusal.message);
    p->last.value = outcome.id;
    hcp_outcome_clear(&outcome);
}

static void define(plant *p, hcp_event event)
{
    run(p, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = &event});
}

static void define_rules(plant *p)
{
    hcp_settings_changed settings = {
        .max_wait_p1_us = 100 * HCP_US_PER_MS,
        .max_wait_p2_us = 5 * HCP_US_PER_MIN,
        .max_wait_p3_us = 30 * HCP_US_PER_MIN,
        .gpu_phase_deadline_us = HCP_US_PER_DAY,
        .asic_phase_deadline_us = HCP_US_PER_DAY,
        .retry_backoff_us = HCP_US_PER_S,
        .max_retries = 3,
        .max_preemptions = 3,
        .backfill_depth = 64,
        .queue_capacity = 10000000,
        .score_weight_efficiency = 100,
        .finished_retention_us = HCP_US_PER_H,
        .default_customer = HCP_NO_INDEX,
    };
    hcp_class_defined cls = {
        .key = (char *)"H100",
        .label = (char *)"H100",
        .family = (char *)"H100",
        .tdp_w = 700,
        .idle_w = 70,
        .standby_w = 20,
        .tflops = 989,
        .rate_usd_micro_per_h = 3750000,
        .hbm_gb_per_s = 3350,
        .pcie_gb_per_s = 55,
    };
    hcp_customer_defined customer = {
        .key = (char *)"c",
        .name = (char *)"C",
        .quota_device_us = -1,
        .rate_permille = 1000,
    };
    define(p, (hcp_event){.type = HCP_EVENT_SETTINGS_CHANGED, .settings_changed = settings});
    define(p, (hcp_event){.type = HCP_EVENT_CLASS_DEFINED, .class_defined = cls});
    define(p, (hcp_event){.type = HCP_EVENT_CUSTOMER_DEFINED, .customer_defined = customer});
}

static void define_places(plant *p)
{
    for (uint32_t f = 0; f < FACILITIES; f++) {
        g_autofree char *key = g_strdup_printf("site-%u", f);
        hcp_facility_defined facility = {
            .key = key,
            .name = key,
            .cap_w = 1000000000,
            .pue_milli = 1100,
            .backbone_gbps = 100,
        };
        define(p, (hcp_event){.type = HCP_EVENT_FACILITY_DEFINED, .facility_defined = facility});
        hcp_devices_registered devices = {
            .facility = f,
            .count = GPUS / FACILITIES,
            .name_prefix = key,
            .mode = HCP_MODE_IDLE,
        };
        define(p, (hcp_event){.type = HCP_EVENT_DEVICES_REGISTERED, .devices_registered = devices});
    }
}

static void submit(plant *p, hcp_priority priority, uint32_t count)
{
    hcp_submit wanted = {
        .name = "bench",
        .model = "llama-3-8b",
        .kind = HCP_WORKLOAD_AI_INFERENCE_BATCH,
        .priority = priority,
        .classes = 1,
        .facility = HCP_NO_INDEX,
        .count = count,
        .duration_us = HCP_US_PER_H,
        .model_bytes = 16000000000,
    };
    run(p, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = wanted});
}

static double elapsed_us(int64_t since_us)
{
    return (double)(g_get_monotonic_time() - since_us);
}

static void print_each(const char *what, uint32_t n, int64_t since_us)
{
    double us = elapsed_us(since_us) / n;
    printf("%-56s %10.2f us each %12.0f/s\n", what, us, 1e6 / us);
}

static void bench_submissions(plant *p, uint32_t n, hcp_priority priority, const char *what)
{
    int64_t since_us = g_get_monotonic_time();
    for (uint32_t i = 0; i < n; i++)
        submit(p, priority, 1 + i % GANG);
    print_each(what, n, since_us);
}

static void bench_questions(plant *p, uint32_t n)
{
    uint32_t ix = hcp_core_find_workload(p->core, p->last);
    int64_t since_us = g_get_monotonic_time();
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += hcp_queue_position(hcp_core_queue(p->core), ix, p->now_us);
    print_each("position in the queue", n, since_us);
    since_us = g_get_monotonic_time();
    for (uint32_t i = 0; i < n; i++) {
        hcp_eta eta;
        hcp_eta_of(p->core, ix, p->now_us, &eta);
        sum += (uint64_t)eta.low_us;
    }
    print_each("ETA", n, since_us);
    g_assert_cmpuint(sum, >, 0);
    since_us = g_get_monotonic_time();
    hcp_explanation explanation;
    hcp_explain(p->core, ix, p->now_us, &explanation);
    hcp_explanation_clear(&explanation);
    print_each("full explanation, last in line", 1, since_us);
}

/* One lease ends: the pass looks at the head of the queue and as far back as backfill reaches. */
static void bench_release(plant *p, hcp_workload_id running)
{
    int64_t since_us = g_get_monotonic_time();
    run(p, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = running});
    print_each("cancel a running workload, and the pass after it", 1, since_us);
}

/* What this thread has computed so far: time that passes while others have the processor is not the step's. */
static int64_t computed_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * HCP_US_PER_S + t.tv_nsec / 1000;
}

static void print_whole(const plant *p, const char *what, int64_t since_us)
{
    uint32_t depth = hcp_queue_depth(hcp_core_queue(p->core), HCP_PRIORITY_NONE);
    int64_t us = computed_us() - since_us;
    g_autofree char *label = g_strdup_printf("%s, %u in line", what, depth);
    printf("%-56s %10.1f ms %8.2f us for each in line\n", label, (double)us / 1e3,
           (double)us / MAX(depth, 1));
}

/* At several depths: each must cost in proportion to what is in line. */
static void bench_snapshot(plant *p)
{
    int64_t since_us = computed_us();
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(p->core);
    print_whole(p, "snapshot", since_us);
    since_us = computed_us();
    g_autoptr(GError) error = NULL;
    hcp_core *restored = hcp_core_restore(snapshot, &error);
    if (restored == NULL)
        g_error("restore: %s", error->message);
    print_whole(p, "restore", since_us);
    since_us = computed_us();
    g_autofree char *hash = hcp_core_hash(restored);
    print_whole(p, "hash", since_us);
    hcp_core_free(restored);
}

int main(void)
{
    plant p = {.core = hcp_core_new(), .now_us = 1760000000000000};
    define_rules(&p);
    define_places(&p);
    bench_submissions(&p, GPUS / GANG, HCP_PRIORITY_P2, "submissions that start at once");
    hcp_workload_id running = p.last;
    while (hcp_queue_depth(hcp_core_queue(p.core), HCP_PRIORITY_NONE) == 0)
        submit(&p, HCP_PRIORITY_P2, 1);
    bench_submissions(&p, 10000, HCP_PRIORITY_P3, "P3 into the full fleet, 0 to 10,000 in line");
    bench_snapshot(&p);
    bench_submissions(&p, 100000, HCP_PRIORITY_P3, "P3 into the full fleet, to 110,000 in line");
    bench_submissions(&p, 1000, HCP_PRIORITY_P2, "P2, ahead of all of them");
    bench_questions(&p, 10000);
    bench_release(&p, running);
    bench_snapshot(&p);
    hcp_core_free(p.core);
    return 0;
}

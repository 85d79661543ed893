/* SPDX-License-Identifier: Apache-2.0 */
/* How the core grows: one decision of each kind against fleets of 10,000 to 1,000,000 devices. */
#include "core/core.h"

#include "base/units.h"

#include <stdio.h>

typedef struct {
    hcp_core *core;
    int64_t now_us;
    uint32_t gpus, asics;
} plant;

static hcp_power_target targets[] = {{3500, 200}, {2800, 170}};

/* Wall-clock microseconds of one command; it must be accepted. */
static double cost_us(plant *p, const hcp_command *command, uint64_t *ret_id)
{
    hcp_outcome outcome = {0};
    int64_t before_us = g_get_monotonic_time();
    bool ok = hcp_core_decide(p->core, command, p->now_us, NULL, &outcome);
    int64_t after_us = g_get_monotonic_time();
    if (!ok)
        g_error("refused: %s", outcome.refusal.message);
    if (ret_id != NULL)
        *ret_id = outcome.id;
    hcp_outcome_clear(&outcome);
    return (double)(after_us - before_us);
}

static void define(plant *p, hcp_event event)
{
    (void)cost_us(p, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = &event}, NULL);
}

static void define_site(plant *p)
{
    define(p, (hcp_event){.type = HCP_EVENT_SETTINGS_CHANGED,
                          .settings_changed = {.gpu_phase_deadline_us = HCP_US_PER_DAY,
                                               .asic_phase_deadline_us = HCP_US_PER_DAY,
                                               .max_wait_p1_us = HCP_US_PER_S,
                                               .max_wait_p2_us = HCP_US_PER_H,
                                               .max_wait_p3_us = HCP_US_PER_H,
                                               .retry_backoff_us = HCP_US_PER_S,
                                               .max_retries = 3,
                                               .max_preemptions = 3,
                                               .backfill_depth = 64,
                                               .queue_capacity = 1000000,
                                               .score_weight_efficiency = 40,
                                               .score_weight_utilisation = 20,
                                               .score_weight_thermal = 30,
                                               .score_weight_network = 10,
                                               .finished_retention_us = HCP_US_PER_H,
                                               .default_customer = HCP_NO_INDEX}});
    define(p, (hcp_event){.type = HCP_EVENT_CLASS_DEFINED,
                          .class_defined = {.key = (char *)"H100",
                                            .label = (char *)"H100",
                                            .family = (char *)"H100",
                                            .tdp_w = 700,
                                            .idle_w = 70,
                                            .standby_w = 20,
                                            .tflops = 989,
                                            .rate_usd_micro_per_h = 1875000,
                                            .hbm_gb_per_s = 3350,
                                            .pcie_gb_per_s = 55}});
    define(p, (hcp_event){.type = HCP_EVENT_CLASS_DEFINED,
                          .class_defined = {.key = (char *)"S21",
                                            .label = (char *)"S21",
                                            .family = (char *)"S21",
                                            .kind = HCP_DEVICE_ASIC,
                                            .tdp_w = 3500,
                                            .idle_w = 30,
                                            .standby_w = 25,
                                            .power_targets = {targets, 2}}});
    define(p, (hcp_event){.type = HCP_EVENT_FACILITY_DEFINED,
                          .facility_defined = {.key = (char *)"site",
                                               .name = (char *)"Site",
                                               .cap_w = 10000000000,
                                               .pue_milli = 1100,
                                               .backbone_gbps = 100}});
    define(p, (hcp_event){.type = HCP_EVENT_CUSTOMER_DEFINED,
                          .customer_defined = {.key = (char *)"c",
                                               .name = (char *)"C",
                                               .quota_device_us = -1,
                                               .rate_permille = 1000}});
}

static void register_devices(plant *p, uint32_t class_ix, uint32_t count, hcp_mode mode)
{
    define(p, (hcp_event){.type = HCP_EVENT_DEVICES_REGISTERED,
                          .devices_registered = {.class_ix = class_ix,
                                                 .count = count,
                                                 .name_prefix = (char *)(class_ix ? "asic" : "gpu"),
                                                 .mode = mode}});
}

static double submit(plant *p, uint32_t count)
{
    hcp_submit wanted = {
        .name = "bench",
        .model = "llama-3-8b",
        .kind = HCP_WORKLOAD_AI_INFERENCE_BATCH,
        .priority = HCP_PRIORITY_P2,
        .classes = 1,
        .facility = HCP_NO_INDEX,
        .count = count,
        .duration_us = HCP_US_PER_H,
        .model_bytes = 16000000000,
    };
    return cost_us(p, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = wanted}, NULL);
}

static void print(const char *what, uint32_t devices, double us)
{
    printf("%-44s %9u devices %12.1f us\n", what, devices, us);
}

static void bench_placement(plant *p)
{
    print("submit and place 1 device", p->gpus, submit(p, 1));
    print("submit and place a gang of 512", p->gpus, submit(p, 512));
    double total_us = 0;
    for (int i = 0; i < 1000; i++)
        total_us += submit(p, 1);
    print("submit and place, mean of 1,000", p->gpus, total_us / 1000);
}

static double dispatch(plant *p, uint32_t mine, uint32_t curtail)
{
    hcp_class_plan plan = {.class_ix = 1, .mine = mine, .curtail = curtail};
    hcp_decision_recorded decision = {
        .policy = (char *)"bench",
        .expires_us = p->now_us + HCP_US_PER_H,
        .chosen = {.items = &plan, .count = 1},
    };
    return cost_us(p, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &decision}, NULL);
}

static void bench_dispatch(plant *p)
{
    print("dispatch: nothing to move", p->asics, dispatch(p, p->asics, 0));
    print("dispatch: half goes to sleep", p->asics, dispatch(p, p->asics / 2, p->asics / 2));
    const hcp_state *state = hcp_core_state(p->core);
    uint32_t ix = state->switches.items->len - 1;
    double phases_us = 0, us = 0;
    hcp_switch_id id = hcp_state_switch(state, ix)->def.id;
    for (int phase = HCP_PHASE_VALIDATE; phase <= HCP_PHASE_SERVE; phase++) {
        hcp_phase_report report = {.id = id, .phase = (hcp_phase)phase, .ok = true};
        us = cost_us(p, &(hcp_command){.type = HCP_COMMAND_REPORT_PHASE, .phase = report}, NULL);
        phases_us += phase < HCP_PHASE_SERVE ? us : 0;
    }
    print("report of a phase of that, mean", p->asics, phases_us / HCP_PHASE_SERVE);
    print("report of its last phase", p->asics, us);
    p->now_us += HCP_US_PER_S;
    print("tick", p->asics, cost_us(p, &(hcp_command){.type = HCP_COMMAND_TICK}, NULL));
}

static void bench_plant(uint32_t gpus, uint32_t asics)
{
    plant p = {.core = hcp_core_new(), .now_us = 1760000000000000, .gpus = gpus, .asics = asics};
    define_site(&p);
    register_devices(&p, 0, gpus, HCP_MODE_IDLE);
    register_devices(&p, 1, asics, HCP_MODE_MINING);
    bench_placement(&p);
    bench_dispatch(&p);
    int64_t before_us = g_get_monotonic_time();
    g_autofree char *hash = hcp_core_hash(p.core);
    print("hash of the state", gpus + asics, (double)(g_get_monotonic_time() - before_us));
    hcp_core_free(p.core);
}

int main(void)
{
    bench_plant(1152, 38000);
    bench_plant(10000, 100000);
    bench_plant(100000, 900000);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Placement: scores, gangs, reasons, power. */
#include "site.h"

#include "base/rng.h"
#include "base/units.h"
#include "core/placement.h"

#include <math.h>

/* The seeds' example: gpu-tx-h100-023 scores 95 (low temperature, high efficiency), -087 scores 89 (slightly warmer). */
static void test_seed_scores(void)
{
    hcp_settings settings = {
        .score_weight_efficiency = 40,
        .score_weight_utilisation = 20,
        .score_weight_thermal = 30,
        .score_weight_network = 10,
    };
    hcp_score_inputs inputs = {.efficiency = 1, .network = 1, .temperature_c = 35};
    g_assert_cmpuint(hcp_placement_score(&settings, &inputs), ==, 95000);
    inputs.temperature_c = 47;
    g_assert_cmpuint(hcp_placement_score(&settings, &inputs), ==, 89000);
    inputs.temperature_c = NAN;
    g_assert_cmpuint(hcp_placement_score(&settings, &inputs), ==, 85000);
    inputs = (hcp_score_inputs){.utilisation = 1, .temperature_c = 120};
    g_assert_cmpuint(hcp_placement_score(&settings, &inputs), ==, 0);
}

static const hcp_lease *lease_of(const site *s, uint32_t workload)
{
    const hcp_state *state = hcp_core_state(s->core);
    uint32_t lease = hcp_state_workload(state, workload)->lease;
    g_assert_cmpuint(lease, !=, HCP_NO_INDEX);
    return hcp_state_lease(state, lease);
}

static uint32_t rejected(const hcp_lease *lease, const char *reason)
{
    const hcp_rejection *items = lease->def.rejections.items;
    for (uint32_t i = 0; i < lease->def.rejections.count; i++)
        if (g_str_equal(items[i].reason, reason))
            return items[i].count;
    return 0;
}

/* The same through the whole core: the coolest of the free devices is taken and the record says why not the others. */
static void test_coolest_device(void)
{
    site s;
    site_init(&s);
    float temperature[SITE_DEVICES];
    for (int i = 0; i < SITE_DEVICES; i++)
        temperature[i] = 60;
    temperature[SITE_H100_FIRST + 6] = 35;
    temperature[SITE_H100_FIRST + 9] = 47;
    hcp_telemetry_view view = {.n_devices = SITE_DEVICES, .temperature_c = temperature};
    s.view = &view;
    site_health(&s, SITE_H100_FIRST + 0, HCP_HEALTH_DEGRADED);
    site_health(&s, SITE_H100_FIRST + 1, HCP_HEALTH_FAILED);
    site_admin(&s, SITE_H100_FIRST + 2, HCP_ADMIN_CORDONED);
    uint32_t workload = site_submit(&s, 1 << SITE_H100, 1, HCP_US_PER_H);
    const hcp_lease *lease = lease_of(&s, workload);
    const hcp_scored_device *scores = lease->def.scores.items;
    g_assert_cmpuint(((uint32_t *)lease->def.devices.items)[0], ==, SITE_H100_FIRST + 6);
    g_assert_cmpuint(lease->def.scores.count, ==, HCP_SCORES_KEPT - 3);
    g_assert_cmpuint(scores[0].device, ==, SITE_H100_FIRST + 6);
    g_assert_cmpuint(scores[0].score_milli, ==, 95000);
    g_assert_cmpuint(scores[1].device, ==, SITE_H100_FIRST + 9);
    g_assert_cmpuint(scores[1].score_milli, ==, 89000);
    g_assert_cmpuint(rejected(lease, "degraded"), ==, 1);
    g_assert_cmpuint(rejected(lease, "failed"), ==, 1);
    g_assert_cmpuint(rejected(lease, "cordoned"), ==, 1);
    g_assert_cmpuint(rejected(lease, "lower score"), ==, SITE_H100_COUNT - 4 + SITE_SOUTH_COUNT);
    g_assert_cmpuint(rejected(lease, "leased"), ==, 0);
    site_finish(&s);
}

/* A gang never crosses a facility or a class, however many devices are free in all. */
static void test_gang_is_whole(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t gang = site_submit(&s, 1 << SITE_H100 | 1 << SITE_A100, 16, HCP_US_PER_H);
    const hcp_lease *lease = lease_of(&s, gang);
    g_assert_cmpuint(lease->def.devices.count, ==, 16);
    g_assert_cmpuint(lease->def.facility, ==, SITE_NORTH);
    uint32_t second = site_submit(&s, 1 << SITE_H100 | 1 << SITE_A100, 9, HCP_US_PER_H);
    g_assert_cmpint(hcp_state_workload(state, second)->status, ==, HCP_WORKLOAD_QUEUED);
    g_assert_cmpint(hcp_state_workload(state, second)->wait, ==, HCP_WAIT_DEVICES);
    site_finish(&s);
}

static void test_facility_and_latency(void)
{
    site s;
    site_init(&s);
    hcp_submit submit = {
        .name = "near",
        .model = "llama-3-8b",
        .kind = HCP_WORKLOAD_AI_INFERENCE_REALTIME,
        .priority = HCP_PRIORITY_P1,
        .classes = 1 << SITE_H100,
        .facility = SITE_SOUTH,
        .count = 1,
        .duration_us = HCP_US_PER_H,
        .model_bytes = 16000000000,
    };
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = submit});
    uint32_t workload = hcp_core_find_workload(s.core, (hcp_workload_id){s.outcome.id});
    g_assert_cmpuint(lease_of(&s, workload)->def.facility, ==, SITE_SOUTH);
    g_assert_cmpuint(rejected(lease_of(&s, workload), "other facility"), ==, SITE_H100_COUNT);
    submit.facility = HCP_NO_INDEX;
    submit.max_latency_us = 50 * HCP_US_PER_MS;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = submit});
    workload = hcp_core_find_workload(s.core, (hcp_workload_id){s.outcome.id});
    g_assert_cmpuint(lease_of(&s, workload)->def.facility, ==, SITE_NORTH);
    site_finish(&s);
}

/* Without room under the cap the least efficient miners go to sleep first, and the gang starts when they have. */
static void test_makes_room(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    /* 532,280 W of IT power now; 16 H100 want 16 x 630 W more. */
    hcp_command cap = {.type = HCP_COMMAND_SET_CAP, .cap = {SITE_NORTH, 640000}};
    site_must(&s, &cap);
    uint32_t workload = site_submit(&s, 1 << SITE_H100, 16, HCP_US_PER_H);
    const hcp_workload *row = hcp_state_workload(state, workload);
    g_assert_cmpint(row->status, ==, HCP_WORKLOAD_QUEUED);
    g_assert_cmpint(row->wait, ==, HCP_WAIT_POWER);
    const hcp_switch *sw = hcp_state_switch(state, 0);
    g_assert_true(sw->live);
    g_assert_cmpuint(sw->def.class_ix, ==, SITE_S19);
    g_assert_cmpstr(sw->def.cause, ==, "power cap");
    g_assert_cmpuint(sw->def.count, ==, 4); /* 9,027 W missing, 2,985 W each */
    uint32_t switches = state->switches.items->len;
    site_tick(&s, HCP_US_PER_S);
    g_assert_cmpuint(state->switches.items->len, ==, switches);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(hcp_state_workload(state, workload)->status, ==, HCP_WORKLOAD_RUNNING);
    site_finish(&s);
}

static void test_allocation_refusals(void)
{
    site s;
    site_init(&s);
    hcp_command allocate = {
        .type = HCP_COMMAND_ALLOCATE,
        .allocate = {.classes = 1 << SITE_A100, .facility = HCP_NO_INDEX, .count = 9},
    };
    site_refused(&s, &allocate, HCP_REFUSAL_CAPACITY);
    allocate.allocate.count = 0;
    site_refused(&s, &allocate, HCP_REFUSAL_INVALID);
    allocate.allocate.count = 1;
    allocate.allocate.classes = 0;
    site_refused(&s, &allocate, HCP_REFUSAL_INVALID);
    allocate.allocate.customer = 7;
    site_refused(&s, &allocate, HCP_REFUSAL_NOT_FOUND);
    uint32_t mixed[] = {SITE_H100_FIRST, SITE_A100_FIRST};
    allocate.allocate = (hcp_allocate){.facility = HCP_NO_INDEX, .count = 2, .devices = mixed};
    site_refused(&s, &allocate, HCP_REFUSAL_INVALID);
    mixed[1] = mixed[0];
    site_refused(&s, &allocate, HCP_REFUSAL_INVALID);
    mixed[1] = SITE_H100_FIRST + 1;
    site_must(&s, &allocate);
    site_refused(&s, &allocate, HCP_REFUSAL_CONFLICT);
    site_finish(&s);
}

/* Fencing: tokens grow with every grant, and only the present one releases. */
static void test_fencing(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t first = site_allocate(&s, SITE_H100, SITE_NORTH, 1);
    uint32_t second = site_allocate(&s, SITE_H100, SITE_NORTH, 1);
    const hcp_lease_granted *def = &hcp_state_lease(state, first)->def;
    g_assert_cmpuint(def->fence, <, hcp_state_lease(state, second)->def.fence);
    hcp_command release = {
        .type = HCP_COMMAND_RELEASE,
        .release = {.lease = def->id, .fence = hcp_state_lease(state, second)->def.fence},
    };
    site_refused(&s, &release, HCP_REFUSAL_FENCED);
    release.release.fence = def->fence;
    site_must(&s, &release);
    site_refused(&s, &release, HCP_REFUSAL_NOT_FOUND);
    uint32_t workload = site_submit(&s, 1 << SITE_H100, 1, HCP_US_PER_H);
    release.release.lease = lease_of(&s, workload)->def.id;
    release.release.fence = 0;
    site_refused(&s, &release, HCP_REFUSAL_CONFLICT);
    site_finish(&s);
}

/* The heap's choice is that of sorting everything, for random temperatures and gangs. */
static void test_best_set(void)
{
    for (uint64_t seed = 1; seed <= 50; seed++) {
        hcp_rng rng;
        hcp_rng_init(&rng, seed, 0);
        site s;
        site_init(&s);
        float temperature[SITE_DEVICES];
        for (int i = 0; i < SITE_DEVICES; i++)
            temperature[i] = (float)(25 + hcp_rng_below(&rng, 60));
        hcp_telemetry_view view = {.n_devices = SITE_DEVICES, .temperature_c = temperature};
        s.view = &view;
        uint32_t count = 1 + (uint32_t)hcp_rng_below(&rng, SITE_H100_COUNT);
        uint32_t lease = site_allocate(&s, SITE_H100, SITE_NORTH, count);
        const hcp_fleet *fleet = &hcp_core_state(s.core)->fleet;
        float warmest_in = 0, coolest_out = 1000;
        for (uint32_t d = 0; d < SITE_H100_COUNT; d++) {
            if (fleet->lease[d] == lease)
                warmest_in = MAX(warmest_in, temperature[d]);
            else
                coolest_out = MIN(coolest_out, temperature[d]);
        }
        g_assert_cmpfloat(warmest_in, <=, coolest_out);
        site_finish(&s);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/placement/seed-scores", test_seed_scores);
    g_test_add_func("/core/placement/coolest", test_coolest_device);
    g_test_add_func("/core/placement/gang", test_gang_is_whole);
    g_test_add_func("/core/placement/facility", test_facility_and_latency);
    g_test_add_func("/core/placement/power", test_makes_room);
    g_test_add_func("/core/placement/refusals", test_allocation_refusals);
    g_test_add_func("/core/placement/fencing", test_fencing);
    g_test_add_func("/core/placement/best-set", test_best_set);
    return g_test_run();
}

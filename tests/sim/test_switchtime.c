/* SPDX-License-Identifier: Apache-2.0 */
/* Switch durations: the printed timelines, the physical floors, the promise. */
#include "sim/switchtime.h"

#include "base/rng.h"

#include <glib.h>
#include <math.h>

#define GB INT64_C(1000000000)
#define MS INT64_C(1000)

static hcp_switchtime_job h100_job(hcp_switchtime_residency residency, int64_t model_bytes)
{
    return (hcp_switchtime_job){
        .links = {.hbm_bytes_per_s = 3.35e12,
                  .host_bytes_per_s = 55e9,
                  .disk_bytes_per_s = 14e9,
                  .network_bytes_per_s = 12.5e9},
        .payload = {.residency = residency, .model_bytes = model_bytes},
    };
}

/* Each step of a printed timeline must be the end of its phase, or lie within it. */
static void check_timeline(hcp_switchtime_preset preset, const int64_t *offsets_ms, int n)
{
    int n_steps = 0;
    const hcp_switchtime_step *steps = hcp_switchtime_steps(preset, &n_steps);
    hcp_switchtime_job job = h100_job(HCP_SWITCHTIME_HBM, 4 * GB);
    g_assert_cmpint(n_steps, ==, n);

    int64_t phase_end_us[HCP_SWITCHTIME_PHASES];
    int64_t clock_us = 0;
    for (int phase = 0; phase < HCP_SWITCHTIME_ROLLBACK; phase++) {
        clock_us += hcp_switchtime_nominal_us(&job, preset, (hcp_switchtime_phase)phase);
        phase_end_us[phase] = clock_us;
    }
    for (int i = 0; i < n; i++) {
        int64_t end_us = phase_end_us[steps[i].phase];
        bool last_of_phase = i == n - 1 || steps[i + 1].phase != steps[i].phase;
        g_assert_cmpint(steps[i].offset_us, ==, offsets_ms[i] * MS);
        g_assert_cmpint(steps[i].offset_us, <=, end_us);
        if (last_of_phase)
            g_assert_cmpint(steps[i].offset_us, ==, end_us);
        g_assert_cmpstr(steps[i].label, !=, "");
    }
    g_assert_cmpint(clock_us, ==, offsets_ms[n - 1] * MS);
}

static void test_timelines(void)
{
    static const int64_t phases[] = {0, 50, 130, 250, 400};
    static const int64_t a[] = {0, 50, 100, 150, 200, 300, 400, 450};
    static const int64_t b[] = {0, 50, 100, 150, 250, 350, 450};
    int n = -1;

    check_timeline(HCP_SWITCHTIME_PHASES_400, phases, G_N_ELEMENTS(phases));
    check_timeline(HCP_SWITCHTIME_TIMELINE_A, a, G_N_ELEMENTS(a));
    check_timeline(HCP_SWITCHTIME_TIMELINE_B, b, G_N_ELEMENTS(b));
    g_assert_null(hcp_switchtime_steps(HCP_SWITCHTIME_PHYSICAL, &n));
    g_assert_cmpint(n, ==, 0);
}

/* The figures of published link rates: 4, 16 and 70 GB over each path, in milliseconds. */
static void test_floors(void)
{
    static const struct {
        hcp_switchtime_residency residency;
        double rate;
        double ms[3];
    } rows[] = {
        {HCP_SWITCHTIME_HBM, 3.35e12, {2.4, 9.6, 42}},
        {HCP_SWITCHTIME_HOST, 450e9, {9, 36, 156}},
        {HCP_SWITCHTIME_HOST, 64e9, {63, 250, 1090}},
        {HCP_SWITCHTIME_HOST, 55e9, {73, 291, 1270}},
        {HCP_SWITCHTIME_HOST, 25e9, {160, 640, 2800}},
        {HCP_SWITCHTIME_DISK, 14e9, {286, 1140, 5000}},
    };
    static const int64_t gigabytes[] = {4, 16, 70};

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        for (int j = 0; j < 3; j++) {
            hcp_switchtime_job job = h100_job(rows[i].residency, gigabytes[j] * GB);
            if (rows[i].residency == HCP_SWITCHTIME_HOST)
                job.links.host_bytes_per_s = rows[i].rate;
            double ms = (double)hcp_switchtime_floor_us(&job, HCP_SWITCHTIME_ACTIVATE) / 1e3;
            g_assert_cmpfloat(fabs(ms - rows[i].ms[j]) / rows[i].ms[j], <, 0.02);
        }
    }
}

static void test_slowest_link_counts(void)
{
    hcp_switchtime_job job = h100_job(HCP_SWITCHTIME_DISK, 10 * GB);
    job.links.host_bytes_per_s = 5e9;
    g_assert_cmpint(hcp_switchtime_floor_us(&job, HCP_SWITCHTIME_ACTIVATE), ==, 2000 * MS);
    job.payload.residency = HCP_SWITCHTIME_COLD;
    job.links.network_bytes_per_s = 1e9;
    g_assert_cmpint(hcp_switchtime_floor_us(&job, HCP_SWITCHTIME_ACTIVATE), ==, 10000 * MS);
}

static void test_save_scrubs_and_saves(void)
{
    hcp_switchtime_job job = h100_job(HCP_SWITCHTIME_HBM, 0);
    job.payload.state_bytes = 11 * GB;
    job.payload.scrub_bytes = 67 * GB;
    job.payload.drain_us = 30 * MS;
    g_assert_cmpint(hcp_switchtime_floor_us(&job, HCP_SWITCHTIME_SAVE), ==, 220 * MS);
    g_assert_cmpint(hcp_switchtime_floor_us(&job, HCP_SWITCHTIME_QUIESCE), ==, 30 * MS);
    g_assert_cmpint(hcp_switchtime_floor_us(&job, HCP_SWITCHTIME_ROLLBACK), ==, 200 * MS);
}

/* A 70 GB model in host memory breaks the 500 ms promise, one in device memory keeps it. */
static void test_promise(void)
{
    hcp_switchtime_job host = h100_job(HCP_SWITCHTIME_HOST, 70 * GB);
    hcp_switchtime_job hbm = h100_job(HCP_SWITCHTIME_HBM, 70 * GB);
    for (int preset = 1; preset < HCP_SWITCHTIME_PRESETS; preset++) {
        hcp_switchtime_preset p = (hcp_switchtime_preset)preset;
        g_assert_cmpint(hcp_switchtime_total_nominal_us(&host, p), >, 1270 * MS);
        g_assert_cmpint(hcp_switchtime_total_nominal_us(&hbm, p), <, 500 * MS);
    }
    g_assert_cmpint(hcp_switchtime_total_floor_us(&hbm), <, 43 * MS);

    int64_t largest =
        hcp_switchtime_largest_model_bytes(&host, HCP_SWITCHTIME_PHASES_400, 500 * MS);
    g_assert_cmpint(largest, ==, 12100000000); /* (500 - 280) ms at 55 GB/s: the "about 12 GB" */
    g_assert_cmpint(hcp_switchtime_largest_model_bytes(&host, HCP_SWITCHTIME_PHASES_400, 399 * MS),
                    ==, 0);
}

static void test_cold_start(void)
{
    hcp_switchtime_job job = h100_job(HCP_SWITCHTIME_COLD, 4 * GB);
    int64_t seeds_us =
        hcp_switchtime_nominal_us(&job, HCP_SWITCHTIME_TIMELINE_A, HCP_SWITCHTIME_ACTIVATE);
    int64_t physical_us =
        hcp_switchtime_nominal_us(&job, HCP_SWITCHTIME_PHYSICAL, HCP_SWITCHTIME_ACTIVATE);
    g_assert_cmpint(seeds_us, >=, 5000 * MS);
    g_assert_cmpint(seeds_us, <=, 10000 * MS);
    g_assert_cmpint(physical_us, >=, 45000 * MS);
    g_assert_cmpint(physical_us, <=, 98000 * MS);
}

/* No drawn cold activation exceeds a warm one's budget and transfer by more than is told. */
static void test_cold_start_is_bounded(void)
{
    for (int p = 0; p < HCP_SWITCHTIME_PRESETS; p++) {
        hcp_switchtime_preset preset = (hcp_switchtime_preset)p;
        hcp_switchtime_job job = h100_job(HCP_SWITCHTIME_COLD, 70 * GB);
        int64_t told_us = hcp_switchtime_cold_start_us(preset);
        int64_t longest_us =
            hcp_switchtime_drawn_us(&job, preset, HCP_SWITCHTIME_ACTIVATE, 0.999999);
        int64_t rest_us = hcp_switchtime_floor_us(&job, HCP_SWITCHTIME_ACTIVATE) +
                          hcp_switchtime_budget_us(preset, HCP_SWITCHTIME_ACTIVATE) * 2;
        g_assert_cmpint(longest_us, >, told_us);
        g_assert_cmpint(longest_us, <=, told_us + rest_us);
    }
    g_assert_cmpint(hcp_switchtime_cold_start_us(HCP_SWITCHTIME_PHYSICAL), ==, 54000000);
    g_assert_cmpint(hcp_switchtime_cold_start_us(HCP_SWITCHTIME_TIMELINE_A), ==, 9000000);
}

static void test_miner_ramps_bind(void)
{
    hcp_switchtime_job job = {.ramps = {.down_us = 5000 * MS, .up_us = 10000 * MS}};
    for (int preset = 0; preset < HCP_SWITCHTIME_PRESETS; preset++) {
        hcp_switchtime_preset p = (hcp_switchtime_preset)preset;
        g_assert_cmpint(hcp_switchtime_nominal_us(&job, p, HCP_SWITCHTIME_QUIESCE), >=, 5000 * MS);
        g_assert_cmpint(hcp_switchtime_nominal_us(&job, p, HCP_SWITCHTIME_ACTIVATE), >=,
                        10000 * MS);
    }
}

/* For any job: no draw goes below the floor, more bytes never take less time, and the largest model
 * that is promised does fit while one per cent more does not. */
static void test_properties(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 7, 0);
    for (int round = 0; round < 20000; round++) {
        hcp_switchtime_residency residency = (hcp_switchtime_residency)hcp_rng_below(&rng, 4);
        hcp_switchtime_preset preset =
            (hcp_switchtime_preset)hcp_rng_below(&rng, HCP_SWITCHTIME_PRESETS);
        hcp_switchtime_phase phase =
            (hcp_switchtime_phase)hcp_rng_below(&rng, HCP_SWITCHTIME_PHASES);
        hcp_switchtime_job job = h100_job(residency, (int64_t)hcp_rng_below(&rng, 80 * GB));
        job.payload.state_bytes = (int64_t)hcp_rng_below(&rng, 8 * GB);

        int64_t drawn_us = hcp_switchtime_drawn_us(&job, preset, phase, hcp_rng_uniform(&rng));
        g_assert_cmpint(drawn_us, >=, hcp_switchtime_floor_us(&job, phase));

        hcp_switchtime_job bigger = job;
        bigger.payload.model_bytes += GB;
        g_assert_cmpint(hcp_switchtime_nominal_us(&bigger, preset, phase), >=,
                        hcp_switchtime_nominal_us(&job, preset, phase));

        int64_t limit_us = (int64_t)hcp_rng_below(&rng, 3000) * MS;
        int64_t largest = hcp_switchtime_largest_model_bytes(&job, preset, limit_us);
        if (largest == 0)
            continue;
        job.payload.model_bytes = largest;
        g_assert_cmpint(hcp_switchtime_total_nominal_us(&job, preset), <=, limit_us + 1);
        job.payload.model_bytes = largest + largest / 100 + GB / 100;
        g_assert_cmpint(hcp_switchtime_total_nominal_us(&job, preset), >, limit_us);
    }
}

/* 400 ms nominal become 350 to 480. */
static void test_spread(void)
{
    hcp_switchtime_job job = h100_job(HCP_SWITCHTIME_HBM, 4 * GB);
    int64_t low_us = 0;
    int64_t high_us = 0;
    for (int phase = 0; phase < HCP_SWITCHTIME_ROLLBACK; phase++) {
        hcp_switchtime_phase p = (hcp_switchtime_phase)phase;
        low_us += hcp_switchtime_drawn_us(&job, HCP_SWITCHTIME_PHASES_400, p, 0);
        high_us += hcp_switchtime_drawn_us(&job, HCP_SWITCHTIME_PHASES_400, p, 1);
    }
    g_assert_cmpint(low_us, ==, 350 * MS);
    g_assert_cmpint(high_us, ==, 480 * MS);
}

static void test_names(void)
{
    for (int i = 0; i < HCP_SWITCHTIME_PRESETS; i++) {
        const char *name = hcp_switchtime_preset_name((hcp_switchtime_preset)i);
        g_assert_cmpint(hcp_switchtime_preset_parse(name), ==, i);
    }
    g_assert_cmpint(hcp_switchtime_preset_parse("instant"), ==, -1);
    g_assert_cmpstr(hcp_switchtime_phase_name(HCP_SWITCHTIME_QUIESCE), ==, "quiesce");
    g_assert_cmpstr(hcp_switchtime_phase_name((hcp_switchtime_phase)99), ==, "unknown");
    g_assert_cmpstr(hcp_switchtime_residency_name(HCP_SWITCHTIME_COLD), ==, "cold");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/switchtime/timelines", test_timelines);
    g_test_add_func("/switchtime/floors", test_floors);
    g_test_add_func("/switchtime/slowest-link", test_slowest_link_counts);
    g_test_add_func("/switchtime/save", test_save_scrubs_and_saves);
    g_test_add_func("/switchtime/promise", test_promise);
    g_test_add_func("/switchtime/cold-start", test_cold_start);
    g_test_add_func("/switchtime/cold-start-is-bounded", test_cold_start_is_bounded);
    g_test_add_func("/switchtime/ramps", test_miner_ramps_bind);
    g_test_add_func("/switchtime/properties", test_properties);
    g_test_add_func("/switchtime/spread", test_spread);
    g_test_add_func("/switchtime/names", test_names);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated driver: conformance, and what only a simulation promises. */
#include "drivers/driver_sim.h"

#include "base/rng.h"
#include "conformance.h"

#include <math.h>
#include <string.h>

#define S INT64_C(1000000)
#define MS INT64_C(1000)
#define GB INT64_C(1000000000)
#define START_US (1700000000 * S)

enum { N_GPUS = 16, N_ASICS = 40, N_CPUS = 4 };

static const hcp_gpu_class H100 = {.name = "h100",
                                   .tdp_w = 700,
                                   .idle_w = 70,
                                   .tflops = 989,
                                   .memory_bytes = 80 * GB,
                                   .hbm_bytes_per_s = 3.35e12,
                                   .host_bytes_per_s = 55e9};
static const hcp_gpu_class EPYC = {
    .name = "epyc", .tdp_w = 360, .idle_w = 90, .tflops = 5, .memory_bytes = 512 * GB};
static const hcp_asic_class S21 = {.name = "s21", .power_w = 3500, .hashrate_ths = 200};

static hcp_driver *make(hcp_switchtime_preset preset, const hcp_faults_params *faults,
                        uint64_t seed)
{
    const hcp_driver_sim_group groups[] = {
        {.kind = HCP_DRIVER_GPU, .count = N_GPUS, .gpu = &H100, .mode = HCP_DRIVER_IDLE},
        {.kind = HCP_DRIVER_ASIC, .count = N_ASICS, .asic = &S21, .mode = HCP_DRIVER_MINE},
        {.kind = HCP_DRIVER_CPU, .count = N_CPUS, .gpu = &EPYC, .mode = HCP_DRIVER_IDLE},
    };
    hcp_driver_sim_config config = {.groups = groups,
                                    .n_groups = G_N_ELEMENTS(groups),
                                    .preset = preset,
                                    .faults = faults,
                                    .seed = seed,
                                    .start_us = START_US};
    return hcp_driver_sim_new(&config);
}

static hcp_driver *make_plain(void)
{
    return make(HCP_SWITCHTIME_TIMELINE_A, NULL, 1);
}

static const hcp_driver_range ALL_ASICS = {.first = N_GPUS, .count = N_ASICS};
static const hcp_driver_range ALL_GPUS = {.first = 0, .count = N_GPUS};

static hcp_driver_command gpu_command(uint64_t id, hcp_switchtime_phase phase)
{
    return (hcp_driver_command){.switch_id = id,
                                .phase = phase,
                                .devices = {.ranges = &ALL_GPUS, .n_ranges = 1},
                                .from = HCP_DRIVER_MINE,
                                .to = HCP_DRIVER_SERVE,
                                .payload = {.model_bytes = 4 * GB},
                                .load = 1};
}

static void start(hcp_driver *driver, const hcp_driver_command *command, int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(hcp_driver_start(driver, command, now_us, &error));
}

/* The printed timelines, within the spread, measured on the clock from reports. */
static void test_timeline(void)
{
    static const int64_t nominal_ms[] = {0, 400, 450, 450};
    for (int preset = 1; preset < HCP_SWITCHTIME_PRESETS; preset++) {
        int64_t total_us = 0;
        for (uint64_t id = 1; id <= 50; id++) {
            g_autoptr(hcp_driver) driver = make((hcp_switchtime_preset)preset, NULL, id);
            hcp_driver_command command = gpu_command(id, HCP_SWITCHTIME_VALIDATE);
            int64_t took_us = conformance_switch(driver, &command, START_US) - START_US;
            g_assert_cmpint(took_us, >=, nominal_ms[preset] * 875);
            g_assert_cmpint(took_us, <=, nominal_ms[preset] * 1200);
            g_assert_cmpint(took_us, <, 550 * MS);
            total_us += took_us;
        }
        g_assert_cmpfloat(fabs((double)total_us / 50 / (double)(nominal_ms[preset] * MS) - 1.04), <,
                          0.04);
    }
}

/* Sums a column over the miners. */
static double asic_sum(hcp_driver *driver, int64_t now_us, bool hashrate)
{
    float values[N_ASICS];
    hcp_driver_columns columns = {.first = N_GPUS, .count = N_ASICS};
    if (hashrate)
        columns.hashrate_ths = values;
    else
        columns.power_w = values;
    hcp_driver_sample(driver, now_us, &columns);
    double sum = 0;
    for (int i = 0; i < N_ASICS; i++)
        sum += (double)values[i];
    return sum;
}

/* A fleet of miners is down to 25 W each in 5 s and back in 10 s, and reports just that. */
static void test_mass_curtailment(void)
{
    g_autoptr(hcp_driver) driver = make(HCP_SWITCHTIME_PHYSICAL, NULL, 1);
    hcp_driver_command command = {.switch_id = 1,
                                  .devices = {.ranges = &ALL_ASICS, .n_ranges = 1},
                                  .from = HCP_DRIVER_MINE,
                                  .to = HCP_DRIVER_OFF};
    g_assert_cmpfloat(asic_sum(driver, START_US + S, false), ==, 3500.0 * N_ASICS);
    g_assert_cmpfloat(asic_sum(driver, START_US + S, true), >, 190.0 * N_ASICS);

    int64_t now_us = conformance_switch(driver, &command, START_US + S);
    g_assert_cmpint(now_us - START_US - S, >=, 5 * S);
    g_assert_cmpint(now_us - START_US - S, <, 5 * S + 100 * MS);
    g_assert_cmpfloat(asic_sum(driver, now_us, false), ==, 25.0 * N_ASICS);
    g_assert_cmpfloat(asic_sum(driver, now_us, true), ==, 0);

    command.switch_id = 2;
    command.from = HCP_DRIVER_OFF;
    command.to = HCP_DRIVER_MINE;
    int64_t back_us = conformance_switch(driver, &command, now_us + 60 * S);
    g_assert_cmpint(back_us - now_us - 60 * S, >=, 10 * S);
    g_assert_cmpint(back_us - now_us - 60 * S, <, 10 * S + 100 * MS);
    g_assert_cmpfloat(asic_sum(driver, back_us, false), ==, 3500.0 * N_ASICS);
}

/* In the middle of a ramp the power lies between its ends: nothing overshoots a cap. */
static void test_ramp_does_not_overshoot(void)
{
    g_autoptr(hcp_driver) driver = make(HCP_SWITCHTIME_PHYSICAL, NULL, 1);
    hcp_driver_devices miners = {.ranges = &ALL_ASICS, .n_ranges = 1};
    g_assert_true(hcp_driver_set_power(driver, miners, 2500, START_US, NULL));
    double last_w = 3500.0 * N_ASICS;
    for (int64_t ms = 0; ms <= 3000; ms += 50) {
        double power_w = asic_sum(driver, START_US + ms * MS, false);
        g_assert_cmpfloat(power_w, <=, last_w);
        g_assert_cmpfloat(power_w, >=, 2500.0 * N_ASICS - 1);
        last_w = power_w;
    }
    g_assert_cmpfloat_with_epsilon(last_w, 2500.0 * N_ASICS, 1);
    g_assert_cmpfloat(asic_sum(driver, START_US + 4 * S, true), >, 100.0 * N_ASICS);
}

static hcp_driver_report only_report(const hcp_driver_batch *batch)
{
    g_assert_cmpuint(batch->reports->len, ==, 1);
    return g_array_index(batch->reports, hcp_driver_report, 0);
}

/* Miners cannot serve, CPUs cannot mine, a model larger than the memory does not fit. */
static void test_what_hardware_refuses(void)
{
    static const hcp_driver_range cpus = {.first = N_GPUS + N_ASICS, .count = N_CPUS};
    g_autoptr(hcp_driver) driver = make_plain();
    hcp_driver_batch batch;
    hcp_driver_batch_init(&batch);

    hcp_driver_command command = gpu_command(1, HCP_SWITCHTIME_VALIDATE);
    command.devices.ranges = &ALL_ASICS;
    start(driver, &command, START_US);
    conformance_run(driver, START_US + 60 * S, &batch);
    g_assert_cmpint(only_report(&batch).outcome, ==, HCP_DRIVER_FAILED);
    g_assert_cmpint(only_report(&batch).cause, ==, HCP_DRIVER_CAUSE_REJECTED);
    hcp_driver_batch_clear(&batch);

    command.switch_id = 2;
    command.devices.ranges = &cpus;
    command.to = HCP_DRIVER_MINE;
    start(driver, &command, START_US + 60 * S);
    conformance_run(driver, START_US + 120 * S, &batch);
    g_assert_cmpint(only_report(&batch).cause, ==, HCP_DRIVER_CAUSE_REJECTED);
    hcp_driver_batch_clear(&batch);

    command = gpu_command(3, HCP_SWITCHTIME_ACTIVATE);
    command.payload.model_bytes = 81 * GB;
    start(driver, &command, START_US + 120 * S);
    conformance_run(driver, START_US + 180 * S, &batch);
    g_assert_cmpint(only_report(&batch).cause, ==, HCP_DRIVER_CAUSE_OOM);
    g_assert_cmpuint(only_report(&batch).n_failed, ==, N_GPUS);
    hcp_driver_batch_finish(&batch);
}

/* Runs one activate under faults that are certain. */
static hcp_driver_batch run_under(const hcp_faults_params *faults)
{
    g_autoptr(hcp_driver) driver = make(HCP_SWITCHTIME_TIMELINE_A, faults, 3);
    hcp_driver_batch batch;
    hcp_driver_batch_init(&batch);
    hcp_driver_command command = gpu_command(5, HCP_SWITCHTIME_ACTIVATE);
    start(driver, &command, START_US);
    conformance_run(driver, START_US + 3600 * S, &batch);
    return batch;
}

static void test_injected_faults(void)
{
    hcp_faults_params faults;
    hcp_driver_batch batch;

    hcp_faults_no_params(&faults);
    faults.command_lost = 1;
    batch = run_under(&faults);
    g_assert_cmpuint(batch.reports->len, ==, 0);
    hcp_driver_batch_finish(&batch);

    hcp_faults_no_params(&faults);
    faults.phase_hang = 1;
    batch = run_under(&faults);
    g_assert_cmpuint(batch.reports->len, ==, 0);
    hcp_driver_batch_finish(&batch);

    hcp_faults_no_params(&faults);
    faults.command_late = 1;
    faults.late_mean_us = 60 * S;
    batch = run_under(&faults);
    g_assert_cmpint(only_report(&batch).outcome, ==, HCP_DRIVER_OK);
    g_assert_cmpint(only_report(&batch).ended_us - START_US, >, 200 * MS);
    hcp_driver_batch_finish(&batch);

    hcp_faults_no_params(&faults);
    faults.phase_oom = 1;
    batch = run_under(&faults);
    g_assert_cmpint(only_report(&batch).outcome, ==, HCP_DRIVER_FAILED);
    g_assert_cmpint(only_report(&batch).cause, ==, HCP_DRIVER_CAUSE_OOM);
    hcp_driver_batch_finish(&batch);
}

/* In a partial restore some devices fail; the report names them, and only they are not served. */
static void test_partial_restore(void)
{
    hcp_faults_params faults;
    hcp_faults_no_params(&faults);
    faults.phase_partial = 1;
    bool seen = false;
    for (uint64_t id = 1; id <= 40 && !seen; id++) {
        g_autoptr(hcp_driver) driver = make(HCP_SWITCHTIME_TIMELINE_A, &faults, id);
        hcp_driver_batch batch;
        hcp_driver_batch_init(&batch);
        hcp_driver_command command = gpu_command(id, HCP_SWITCHTIME_ACTIVATE);
        start(driver, &command, START_US);
        conformance_run(driver, START_US + 60 * S, &batch);
        hcp_driver_report report = only_report(&batch);
        if (report.outcome == HCP_DRIVER_PARTIAL) {
            int64_t memory[N_GPUS];
            hcp_driver_columns columns = {.count = N_GPUS, .memory_bytes = memory};
            hcp_driver_sample(driver, START_US + 61 * S, &columns);
            g_assert_cmpint(report.cause, ==, HCP_DRIVER_CAUSE_RESTORE);
            g_assert_cmpuint(batch.failed->len, ==, report.n_failed);
            uint32_t loaded = 0;
            for (uint32_t i = 0; i < N_GPUS; i++)
                loaded += memory[i] == 4 * GB;
            g_assert_cmpuint(loaded, ==, N_GPUS - report.n_failed);
            g_assert_cmpint(memory[g_array_index(batch.failed, uint32_t, 0)], ==, 0);
            seen = true;
        }
        hcp_driver_batch_finish(&batch);
    }
    g_assert_true(seen);
}

/* A device that fails during a phase leaves it; its telemetry ages; it comes back empty. */
static void test_device_failure(void)
{
    g_autoptr(hcp_driver) driver = make_plain();
    hcp_driver_batch batch;
    hcp_driver_batch_init(&batch);
    hcp_driver_command command = gpu_command(6, HCP_SWITCHTIME_ACTIVATE);
    start(driver, &command, START_US);
    hcp_driver_sim_inject(driver, 3, HCP_DRIVER_DEVICE_FAILED, 79, START_US + 10 * MS);
    g_assert_cmpint(hcp_driver_next_due(driver), ==, START_US + 10 * MS);
    conformance_run(driver, START_US + 60 * S, &batch);
    hcp_driver_report report = only_report(&batch);
    g_assert_cmpint(report.outcome, ==, HCP_DRIVER_PARTIAL);
    g_assert_cmpint(report.cause, ==, HCP_DRIVER_CAUSE_DEVICE_DOWN);
    g_assert_cmpuint(report.n_failed, ==, 1);
    g_assert_cmpuint(g_array_index(batch.failed, uint32_t, report.failed_first), ==, 3);
    g_assert_cmpuint(batch.health->len, ==, 1);
    g_assert_cmpint(g_array_index(batch.health, hcp_driver_health, 0).xid, ==, 79);

    int64_t observed_us[2] = {1, 1};
    float temp_c[2] = {0, 0};
    hcp_driver_columns columns = {
        .first = 3, .count = 2, .observed_us = observed_us, .temp_c = temp_c};
    hcp_driver_sample(driver, START_US + 61 * S, &columns);
    g_assert_cmpint(observed_us[0], ==, 1);
    g_assert_true(isnan(temp_c[0]));
    g_assert_cmpint(observed_us[1], ==, START_US + 61 * S);

    hcp_driver_sim_inject(driver, 3, HCP_DRIVER_DEVICE_RECOVERED, 0, START_US + 70 * S);
    hcp_driver_sample(driver, START_US + 71 * S, &columns);
    g_assert_cmpint(observed_us[0], ==, START_US + 71 * S);
    g_assert_false(isnan(temp_c[0]));
    hcp_driver_batch_finish(&batch);
}

/* A range over two groups with devices that are down at its ends and within: those and no others are told, and the others
 * are where they were sent. */
static void test_gaps_in_a_mass_move(void)
{
    static const hcp_driver_range range = {.first = 2, .count = N_GPUS + 18};
    static const uint32_t down[] = {2, 7, 8, N_GPUS, N_GPUS + 19};
    g_autoptr(hcp_driver) driver = make_plain();
    hcp_driver_batch batch;
    hcp_driver_batch_init(&batch);
    for (guint i = 0; i < G_N_ELEMENTS(down); i++)
        hcp_driver_sim_inject(driver, down[i], HCP_DRIVER_DEVICE_FAILED, 0, START_US);
    hcp_driver_command command = {.switch_id = 7,
                                  .phase = HCP_SWITCHTIME_SERVE,
                                  .devices = {.ranges = &range, .n_ranges = 1},
                                  .from = HCP_DRIVER_IDLE,
                                  .to = HCP_DRIVER_OFF};
    start(driver, &command, START_US + S);
    conformance_run(driver, START_US + 60 * S, &batch);
    hcp_driver_report report = only_report(&batch);
    g_assert_cmpint(report.outcome, ==, HCP_DRIVER_PARTIAL);
    g_assert_cmpuint(batch.failed->len, ==, G_N_ELEMENTS(down));
    g_assert_cmpint(memcmp(batch.failed->data, down, sizeof down), ==, 0);

    uint8_t mode[N_GPUS + N_ASICS];
    hcp_driver_columns columns = {.count = N_GPUS + N_ASICS, .mode = mode};
    hcp_driver_sample(driver, START_US + 61 * S, &columns);
    for (uint32_t d = 0, next = 0; d < N_GPUS + N_ASICS; d++) {
        bool gap = next < G_N_ELEMENTS(down) && down[next] == d;
        bool moved = d >= range.first && d < range.first + range.count && !gap;
        hcp_driver_mode before = d < N_GPUS ? HCP_DRIVER_IDLE : HCP_DRIVER_MINE;
        g_assert_cmpint(mode[d], ==, moved ? HCP_DRIVER_OFF : before);
        next += gap;
    }
    hcp_driver_batch_finish(&batch);
}

static void test_random_failures_are_reported(void)
{
    hcp_faults_params faults;
    hcp_faults_no_params(&faults);
    faults.device_mtbf_h = 20;
    faults.device_mttr_h = 1;
    faults.degraded_share = 0.5;
    g_autoptr(hcp_driver) driver = make(HCP_SWITCHTIME_TIMELINE_A, &faults, 3);
    hcp_driver_batch batch;
    hcp_driver_batch_init(&batch);
    conformance_run(driver, START_US + 100 * 3600 * S, &batch);
    g_assert_cmpuint(batch.health->len, >, 200);
    int64_t last_us = START_US;
    for (guint i = 0; i < batch.health->len; i++) {
        const hcp_driver_health *health = &g_array_index(batch.health, hcp_driver_health, i);
        g_assert_cmpint(health->at_us, >=, last_us);
        last_us = health->at_us;
        bool gpu = health->device < N_GPUS;
        g_assert_true((health->xid != 0) == (gpu && health->kind != HCP_DRIVER_DEVICE_RECOVERED));
    }
    hcp_driver_batch_finish(&batch);
}

static void test_adopt(void)
{
    g_autoptr(hcp_driver) driver = make_plain();
    hcp_driver_devices miners = {.ranges = &ALL_ASICS, .n_ranges = 1};
    hcp_driver_sim_state off = {.mode = HCP_DRIVER_OFF};
    hcp_driver_sim_state low = {.mode = HCP_DRIVER_MINE, .power_w = 2450};
    hcp_driver_sim_adopt(driver, miners, &off, START_US + S);
    g_assert_cmpfloat(asic_sum(driver, START_US + S, false), ==, 25.0 * N_ASICS);
    hcp_driver_sim_adopt(driver, miners, &low, START_US + 2 * S);
    g_assert_cmpfloat(asic_sum(driver, START_US + 2 * S, false), ==, 2450.0 * N_ASICS);
}

/* A random life: commands, faults, samples. Everything that is reported makes sense. */
static uint64_t random_life(uint64_t seed, int rounds)
{
    hcp_faults_params faults;
    hcp_faults_default_params(&faults);
    faults.device_mtbf_h = 50;
    g_autoptr(hcp_driver) driver = make(HCP_SWITCHTIME_PHYSICAL, &faults, seed);
    uint32_t n = driver->n_devices;
    g_autofree float *power_w = g_new0(float, n);
    g_autofree double *energy_j = g_new0(double, n);
    hcp_driver_columns columns = {.count = n, .power_w = power_w, .energy_j = energy_j};
    hcp_driver_batch batch;
    hcp_rng rng;
    int64_t now_us = START_US;
    uint64_t digest = 0;

    hcp_driver_batch_init(&batch);
    hcp_rng_init(&rng, seed, 1);
    for (int round = 0; round < rounds; round++) {
        now_us += (int64_t)hcp_rng_exponential(&rng, 2e6);
        conformance_run(driver, now_us, &batch);
        for (guint i = 0; i < batch.reports->len; i++) {
            hcp_driver_report report = g_array_index(batch.reports, hcp_driver_report, i);
            g_assert_cmpint(report.ended_us, <=, now_us);
            g_assert_cmpint(report.started_us, <=, report.ended_us);
            g_assert_cmpuint(report.failed_first + report.n_failed, <=, batch.failed->len);
            g_assert_true((report.outcome == HCP_DRIVER_OK) == (report.n_failed == 0));
            g_assert_true((report.cause == HCP_DRIVER_CAUSE_NONE) == (report.n_failed == 0));
            digest = digest * 31 + (uint64_t)report.ended_us + report.n_failed;
        }
        hcp_driver_batch_clear(&batch);

        hcp_driver_range range = {.first = (uint32_t)hcp_rng_below(&rng, n)};
        range.count = 1 + (uint32_t)hcp_rng_below(&rng, n - range.first);
        hcp_driver_command command = {
            .switch_id = 1 + hcp_rng_below(&rng, 20),
            .phase = (hcp_switchtime_phase)hcp_rng_below(&rng, HCP_SWITCHTIME_PHASES),
            .attempt = (uint32_t)hcp_rng_below(&rng, 3),
            .devices = {.ranges = &range, .n_ranges = 1},
            .from = (hcp_driver_mode)hcp_rng_below(&rng, HCP_DRIVER_MODES),
            .to = (hcp_driver_mode)hcp_rng_below(&rng, HCP_DRIVER_MODES),
            .payload = {.model_bytes = (int64_t)hcp_rng_below(&rng, 90 * GB)},
            .power_target_w = hcp_rng_below(&rng, 2) ? 0 : 4000 * hcp_rng_uniform(&rng),
            .load = hcp_rng_uniform(&rng),
        };
        start(driver, &command, now_us);
        if (hcp_rng_below(&rng, 10) == 0)
            hcp_driver_cancel(driver, 1 + hcp_rng_below(&rng, 20), now_us);
        hcp_driver_sample(driver, now_us, &columns);
        for (uint32_t i = 0; i < n; i++) {
            double top_w = i < N_GPUS ? 700 : i < N_GPUS + N_ASICS ? 3850.01 : 360;
            g_assert_true(isnan(power_w[i]) || (power_w[i] >= 0 && (double)power_w[i] <= top_w));
            digest = digest * 31 + (uint64_t)energy_j[i];
        }
    }
    hcp_driver_batch_finish(&batch);
    return digest;
}

static void test_random_life(void)
{
    for (uint64_t seed = 1; seed <= 10; seed++) {
        uint64_t first = random_life(seed, 400);
        g_assert_cmpuint(first, ==, random_life(seed, 400));
        g_assert_cmpuint(first, !=, random_life(seed + 1000, 400));
    }
}

/* The design scale is one group list away; nothing is per pair or per power of the fleet. */
static void test_scale(void)
{
    const hcp_driver_sim_group groups[] = {
        {.kind = HCP_DRIVER_GPU, .count = 10000, .gpu = &H100, .mode = HCP_DRIVER_IDLE},
        {.kind = HCP_DRIVER_ASIC, .count = 100000, .asic = &S21, .mode = HCP_DRIVER_MINE},
    };
    hcp_driver_sim_config config = {
        .groups = groups, .n_groups = 2, .seed = 1, .start_us = START_US};
    g_autoptr(hcp_driver) driver = hcp_driver_sim_new(&config);
    uint32_t n = driver->n_devices;
    g_assert_cmpuint(n, ==, 110000);
    g_autofree float *power_w = g_new0(float, n);
    hcp_driver_columns columns = {.count = n, .power_w = power_w};
    hcp_driver_sample(driver, START_US + S, &columns);
    double total_w = 0;
    for (uint32_t i = 0; i < n; i++)
        total_w += (double)power_w[i];
    g_assert_cmpfloat_with_epsilon(total_w, 100000 * 3500.0 + 10000 * 70.0, 1e3);

    hcp_driver_range miners = {.first = 10000, .count = 40000};
    hcp_driver_command command = {.switch_id = 1,
                                  .devices = {.ranges = &miners, .n_ranges = 1},
                                  .from = HCP_DRIVER_MINE,
                                  .to = HCP_DRIVER_OFF};
    int64_t now_us = conformance_switch(driver, &command, START_US + S);
    hcp_driver_sample(driver, now_us, &columns);
    g_assert_cmpfloat(power_w[10000], ==, 25);
    g_assert_cmpfloat(power_w[49999], ==, 25);
    g_assert_cmpfloat(power_w[50000], ==, 3500);
}

static const conformance_fixture FIXTURE = {
    .name = "sim", .start_us = START_US, .make = make_plain};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    conformance_add(&FIXTURE);
    g_test_add_func("/driver-sim/timeline", test_timeline);
    g_test_add_func("/driver-sim/curtailment", test_mass_curtailment);
    g_test_add_func("/driver-sim/ramp", test_ramp_does_not_overshoot);
    g_test_add_func("/driver-sim/refusals", test_what_hardware_refuses);
    g_test_add_func("/driver-sim/faults", test_injected_faults);
    g_test_add_func("/driver-sim/partial-restore", test_partial_restore);
    g_test_add_func("/driver-sim/device-failure", test_device_failure);
    g_test_add_func("/driver-sim/gaps", test_gaps_in_a_mass_move);
    g_test_add_func("/driver-sim/random-failures", test_random_failures_are_reported);
    g_test_add_func("/driver-sim/adopt", test_adopt);
    g_test_add_func("/driver-sim/random-life", test_random_life);
    g_test_add_func("/driver-sim/scale", test_scale);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cost of the simulated world by fleet size: one telemetry sample of the whole fleet, one mass
 * curtailment, a month of market. Processor time, so that neighbours on the machine do not count.
 */
#include "drivers/driver_sim.h"
#include "feeds/feed_simulated.h"

#include <stdio.h>
#include <time.h>

#define S INT64_C(1000000)
#define ROUNDS 20

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}

static hcp_driver *make_fleet(uint32_t n_gpus, uint32_t n_asics)
{
    static const hcp_gpu_class gpu = {
        .name = "h100", .tdp_w = 700, .idle_w = 70, .tflops = 989, .memory_bytes = 80000000000};
    static const hcp_asic_class asic = {.name = "s21", .power_w = 3500, .hashrate_ths = 200};
    const hcp_driver_sim_group groups[] = {
        {.kind = HCP_DRIVER_GPU, .count = n_gpus, .gpu = &gpu, .mode = HCP_DRIVER_SERVE},
        {.kind = HCP_DRIVER_ASIC, .count = n_asics, .asic = &asic, .mode = HCP_DRIVER_MINE},
    };
    hcp_driver_sim_config config = {.groups = groups, .n_groups = 2, .seed = 1};
    return hcp_driver_sim_new(&config);
}

static double sample_ms(hcp_driver *driver, int64_t *now_us, int64_t step_us)
{
    uint32_t n = driver->n_devices;
    g_autofree float *temp_c = g_new(float, n);
    g_autofree float *power_w = g_new(float, n);
    g_autofree float *hashrate_ths = g_new(float, n);
    g_autofree double *energy_j = g_new(double, n);
    hcp_driver_columns columns = {.count = n,
                                  .temp_c = temp_c,
                                  .power_w = power_w,
                                  .hashrate_ths = hashrate_ths,
                                  .energy_j = energy_j};
    double begin_ms = cpu_ms();
    for (int i = 0; i < ROUNDS; i++) {
        *now_us += step_us;
        hcp_driver_sample(driver, *now_us, &columns);
    }
    return (cpu_ms() - begin_ms) / ROUNDS;
}

static double curtail_ms(hcp_driver *driver, hcp_driver_range range, int64_t now_us)
{
    hcp_driver_batch batch;
    hcp_driver_command command = {.switch_id = 1,
                                  .phase = HCP_SWITCHTIME_QUIESCE,
                                  .devices = {.ranges = &range, .n_ranges = 1},
                                  .from = HCP_DRIVER_MINE,
                                  .to = HCP_DRIVER_OFF};
    hcp_driver_batch_init(&batch);
    double begin_ms = cpu_ms();
    bool ok = hcp_driver_start(driver, &command, now_us, NULL);
    hcp_driver_poll(driver, now_us + 60 * S, &batch);
    double took_ms = cpu_ms() - begin_ms;
    g_assert_true(ok && batch.reports->len == 1);
    hcp_driver_batch_finish(&batch);
    return took_ms;
}

static void bench_fleet(uint32_t n_gpus, uint32_t n_asics)
{
    g_autoptr(hcp_driver) driver = make_fleet(n_gpus, n_asics);
    int64_t now_us = 0;
    double fast_ms = sample_ms(driver, &now_us, S);
    double slow_ms = sample_ms(driver, &now_us, 60 * S);
    hcp_driver_range all = {.first = n_gpus, .count = n_asics};
    double shed_ms = curtail_ms(driver, all, now_us);
    printf(
        "%8u devices: sample after 1 s %7.2f ms, after 60 s %7.2f ms; curtail %u miners %7.2f ms\n",
        n_gpus + n_asics, fast_ms, slow_ms, n_asics, shed_ms);
}

static void bench_market(void)
{
    static const char *const hub = "HUB";
    static const char *const class = "h100";
    hcp_feed_simulated_config config = {
        .hubs = &hub, .gpu_classes = &class, .n_gpu_classes = 1, .seed = 1};
    hcp_market_preset_params(HCP_MARKET_FREE, &config.market);
    g_autoptr(hcp_feed) feed = hcp_feed_simulated_new(&config);
    g_autoptr(GArray) seen = hcp_feed_observations_new();
    double begin_ms = cpu_ms();
    hcp_feed_poll(feed, 30 * 86400 * S, seen);
    printf("30 days of market: %.1f ms, %u observations\n", cpu_ms() - begin_ms, seen->len);
}

int main(void)
{
    bench_fleet(10, 50);
    bench_fleet(1152, 38000);
    bench_fleet(10000, 100000);
    bench_fleet(100000, 900000);
    bench_market();
    return 0;
}

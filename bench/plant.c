/* SPDX-License-Identifier: Apache-2.0 */
#include "plant.h"

#include <time.h>

static void check(bool ok, GError *error)
{
    if (!ok)
        g_error("%s", error->message);
}

void bench_plant_open(bench_plant *plant, const char *policy, const char *scenario)
{
    GError *error = NULL;
    hcp_platform_options options = {0};
    *plant = (bench_plant){0};
    check(hcp_config_load(NULL, &plant->config, &error), error);
    if (policy != NULL) {
        g_free(plant->config.policy);
        plant->config.policy = g_strdup(policy);
    }
    check(hcp_scenario_load(scenario, &plant->config.scheduling, &plant->scenario, &error), error);
    check(hcp_site_platform_options(&plant->config, &options, &error), error);
    hcp_clock_init_virtual(&plant->clock, BENCH_START_US);
    plant->journal = hcp_journal_memory_new(1);
    options.clock = &plant->clock;
    options.journal = plant->journal;
    options.sample_interval_us = 0; /* sampling a million devices is no part of a decision */
    /* Without a writer they would be printed on the loop; the daemon's pause for one: bench_snapshot. */
    options.snapshot_every = 0;
    plant->platform = hcp_platform_new(&options, &error);
    check(plant->platform != NULL, error);
    check(hcp_site_bootstrap(plant->platform, &plant->scenario, &error), error);
    hcp_platform_flush(plant->platform);
    hcp_platform_snapshot(plant->platform);
}

void bench_plant_attach(bench_plant *plant)
{
    GError *error = NULL;
    const hcp_site_options site = {
        .config = &plant->config, .scenario = &plant->scenario, .start_us = plant->clock.last_us};
    check(hcp_site_attach(plant->platform, &site, &error), error);
}

void bench_plant_close(bench_plant *plant)
{
    hcp_platform_free(plant->platform);
    hcp_journal_close(plant->journal);
    hcp_scenario_clear(&plant->scenario);
    hcp_config_clear(&plant->config);
}

double bench_cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

double bench_plant_step(bench_plant *plant)
{
    int64_t due_us = hcp_platform_next_due(plant->platform);
    hcp_clock_set(&plant->clock, MAX(due_us, plant->clock.last_us + 1));
    double before_us = bench_cpu_us();
    hcp_platform_step(plant->platform);
    return bench_cpu_us() - before_us;
}

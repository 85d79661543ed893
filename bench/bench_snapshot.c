/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state with everything it keeps: accounts of 30 days, then two hours of work. How long a copy of it takes, which is
 * the pause of the loop, then its hash and its snapshot, made beside the loop, and a restore; and how large the snapshot
 * is. One line of JSON for each scenario.
 *
 *     bench_snapshot [SCENARIO ...]        names or files
 */
#include "plant.h"

#include "base/units.h"
#include "core/core.h"

#include <stdio.h>

#define WORK_US (2 * HCP_US_PER_H)

static void run_until(bench_plant *plant, int64_t until_us)
{
    while (plant->clock.last_us < until_us)
        (void)bench_plant_step(plant);
}

/* The accounts alone: nothing but ticks, without devices that act and without work. */
static void fill_accounts(bench_plant *plant)
{
    const hcp_command tick = {.type = HCP_COMMAND_TICK};
    int64_t until_us = BENCH_START_US + 31 * HCP_US_PER_DAY;
    while (hcp_core_next_due(hcp_platform_core(plant->platform)) < until_us) {
        hcp_clock_set(&plant->clock, hcp_core_next_due(hcp_platform_core(plant->platform)));
        hcp_outcome outcome = {0};
        (void)hcp_platform_execute(plant->platform, &tick, &(hcp_actor){.actor = "bench"},
                                   &outcome);
        hcp_outcome_clear(&outcome);
    }
    hcp_platform_flush(plant->platform);
}

static void measure(const bench_plant *plant, const char *scenario)
{
    const hcp_core *core = hcp_platform_core(plant->platform);
    const hcp_state *state = hcp_core_state(core);
    double began_us = bench_cpu_us();
    g_autoptr(hcp_core) copy = hcp_core_copy(core);
    double copied_us = bench_cpu_us();
    g_autofree char *hash = hcp_core_hash(copy);
    double hashed_us = bench_cpu_us();
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(copy);
    double written_us = bench_cpu_us();
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_core) restored = hcp_core_restore(snapshot, &error);
    double restored_us = bench_cpu_us();
    if (restored == NULL)
        g_error("%s", error->message);
    g_autofree char *name = g_path_get_basename(scenario);
    printf("{\"scenario\": \"%s\", \"devices\": %u, \"intervals\": %u, \"workloads\": %u, "
           "\"bytes\": %" G_GSIZE_FORMAT
           ", \"copy_us\": %.0f, \"hash_us\": %.0f, \"snapshot_us\": %.0f, "
           "\"restore_us\": %.0f}\n",
           name, state->fleet.n_devices, state->intervals->len, state->workloads.items->len,
           g_bytes_get_size(snapshot), copied_us - began_us, hashed_us - copied_us,
           written_us - hashed_us, restored_us - written_us);
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static char *names[] = {(char *)"dev", (char *)"guide", (char *)"scale"};
    char **scenarios = argc > 1 ? argv + 1 : names;
    int n = argc > 1 ? argc - 1 : (int)G_N_ELEMENTS(names);
    for (int i = 0; i < n; i++) {
        bench_plant plant;
        bench_plant_open(&plant, NULL, scenarios[i]);
        fill_accounts(&plant);
        bench_plant_attach(&plant);
        run_until(&plant, plant.clock.last_us + WORK_US);
        measure(&plant, scenarios[i]);
        bench_plant_close(&plant);
    }
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One decision tick: what the platform does when the next dispatch is due, through its own step (deadlines, feeds,
 * devices, policy, decision records, commit to a journal in memory), with everything of a scenario attached. Prints one
 * line of JSON for each scenario, so that growth with the fleet can be seen, with the longest step that held no decision
 * (phases of switches, arrivals, placements) beside it.
 *
 *     bench_tick [policy=NAME] [SCENARIO ...]        names or files; the dispatch policy of the configuration unless named
 */
#include "plant.h"

#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An hour to come to rest, then so many ticks. */
#define WARM_UP_US HCP_US_PER_H
#define N_TICKS 500

/* Time used by the next step, and whether it held a decision. */
static bool step(bench_plant *plant, uint64_t *dispatches, double *ret_us)
{
    *ret_us = bench_plant_step(plant);
    uint64_t before = *dispatches;
    *dispatches = hcp_platform_count(plant->platform)->dispatches;
    return *dispatches > before;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void bench(const char *policy, const char *scenario)
{
    bench_plant p;
    uint64_t dispatches = 0;
    double us, ticks_us[N_TICKS], other_us = 0;
    bench_plant_open(&p, policy, scenario);
    bench_plant_attach(&p);
    while (p.clock.last_us < BENCH_START_US + WARM_UP_US)
        (void)step(&p, &dispatches, &us);
    uint64_t events = hcp_platform_count(p.platform)->events;
    for (int i = 0; i < N_TICKS;)
        if (step(&p, &dispatches, &us))
            ticks_us[i++] = us;
        else
            other_us = MAX(other_us, us);
    events = hcp_platform_count(p.platform)->events - events;
    qsort(ticks_us, N_TICKS, sizeof *ticks_us, compare);
    const hcp_state *state = hcp_platform_state(p.platform);
    g_autofree char *name = g_path_get_basename(scenario);
    printf("{\"scenario\": \"%s\", \"devices\": %u, \"facilities\": %u, \"ticks\": %d, \"events\": "
           "%" G_GUINT64_FORMAT ", \"p50_us\": %.0f, \"p99_us\": %.0f, \"max_us\": %.0f, "
           "\"other_max_us\": %.0f}\n",
           name, state->fleet.n_devices, state->fleet.facilities->len, N_TICKS, events,
           ticks_us[N_TICKS / 2], ticks_us[N_TICKS * 99 / 100], ticks_us[N_TICKS - 1], other_us);
    fflush(stdout);
    bench_plant_close(&p);
}

int main(int argc, char **argv)
{
    static const char *const names[] = {"dev", "guide", "scale"};
    bool named = argc > 1 && g_str_has_prefix(argv[1], "policy=");
    const char *policy = named ? strchr(argv[1], '=') + 1 : NULL;
    int first = named ? 2 : 1;
    for (int i = first; i < argc; i++)
        bench(policy, argv[i]);
    for (size_t i = 0; argc == first && i < G_N_ELEMENTS(names); i++)
        bench(policy, names[i]);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One decision tick: what the platform does when the next dispatch is due, through its own step (deadlines, feeds,
 * devices, policy, decision records, commit to a journal in memory), with everything of a scenario attached. Prints one
 * line of JSON for each scenario, so that growth with the fleet can be seen, with the longest step that held no decision
 * (phases of switches, arrivals, placements, snapshots) beside it.
 *
 *     bench_tick [policy=NAME] [SCENARIO ...]        names or files; the dispatch policy of the configuration unless named
 */
#include "base/units.h"
#include "journal/memory.h"
#include "runtime/site.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* An hour to come to rest, then so many ticks. */
#define WARM_UP_US HCP_US_PER_H
#define N_TICKS 500

static const int64_t START_US = INT64_C(1767571200) * HCP_US_PER_S;

typedef struct {
    hcp_config config;
    hcp_scenario scenario;
    hcp_clock clock;
    hcp_journal *journal;
    hcp_platform *platform;
    uint64_t dispatches;
} plant;

static void check(bool ok, GError *error)
{
    if (!ok)
        g_error("%s", error->message);
}

static void open_plant(plant *p, const char *policy, const char *scenario)
{
    GError *error = NULL;
    hcp_platform_options options = {0};
    check(hcp_config_load(NULL, &p->config, &error), error);
    if (policy != NULL) {
        g_free(p->config.policy);
        p->config.policy = g_strdup(policy);
    }
    check(hcp_scenario_load(scenario, &p->config.scheduling, &p->scenario, &error), error);
    check(hcp_site_platform_options(&p->config, &options, &error), error);
    hcp_clock_init_virtual(&p->clock, START_US);
    p->journal = hcp_journal_memory_new(1);
    options.clock = &p->clock;
    options.journal = p->journal;
    options.sample_interval_us = 0; /* sampling a million devices is no part of a decision */
    p->platform = hcp_platform_new(&options, &error);
    check(p->platform != NULL, error);
    check(hcp_site_bootstrap(p->platform, &p->scenario, &error), error);
    hcp_platform_flush(p->platform);
    hcp_platform_snapshot(p->platform);
    const hcp_site_options site = {
        .config = &p->config, .scenario = &p->scenario, .start_us = START_US};
    check(hcp_site_attach(p->platform, &site, &error), error);
}

static void close_plant(plant *p)
{
    hcp_platform_free(p->platform);
    hcp_journal_close(p->journal);
    hcp_scenario_clear(&p->scenario);
    hcp_config_clear(&p->config);
}

static double cpu_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* Time used by the next step; true when it held a decision. The time of the thread: what else the machine does at the
 * moment is not the tick's. */
static bool step(plant *p, double *ret_us)
{
    hcp_clock_set(&p->clock, MAX(hcp_platform_next_due(p->platform), p->clock.last_us + 1));
    double before_us = cpu_us();
    hcp_platform_step(p->platform);
    *ret_us = cpu_us() - before_us;
    uint64_t dispatches = hcp_platform_count(p->platform)->dispatches;
    bool decided = dispatches > p->dispatches;
    p->dispatches = dispatches;
    return decided;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void bench(const char *policy, const char *scenario)
{
    plant p = {0};
    double us, ticks_us[N_TICKS], other_us = 0;
    open_plant(&p, policy, scenario);
    while (p.clock.last_us < START_US + WARM_UP_US)
        (void)step(&p, &us);
    uint64_t events = hcp_platform_count(p.platform)->events;
    for (int i = 0; i < N_TICKS;)
        if (step(&p, &us))
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
    close_plant(&p);
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

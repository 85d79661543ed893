/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a tick of each policy costs, how it grows with the plant's nodes and the step, and 18 months of hours for one
 * site. A site of a thousand or a million machines is the same plant: fleets are amounts of power.
 */
#include "../tests/economics/synthetic.h"
#include "economics/backtest.h"
#include "economics/policy/policies.h"

#include <stdio.h>
#include <time.h>

typedef struct {
    const char *name;
    double step_h;
    double gpus;
    int asic_down_h;
    int gpu_up_h;
} site;

static const site sites[] = {
    {"miners, no minimum times", 1.0, 0, 1, 1},
    {"miners, 4 h off", 1.0, 0, 4, 1},
    {"miners and 3,571 GPUs, 4 h", 1.0, 3571, 4, 4},
    {"miners and 10,000,000 GPUs, 4 h", 1.0, 1e7, 4, 4},
    {"miners, 4 h off, quarter hours", 0.25, 0, 4, 1},
    {"miners and GPUs, 4 h, quarter hours", 0.25, 3571, 4, 4},
};

/* Processor time, so that a busy machine does not count. */
static double now_us(void)
{
    return (double)clock() * 1e6 / CLOCKS_PER_SEC;
}

static hcp_plant *build(const site *s)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    int per_hour = (int)(1.0 / s->step_h);
    spec.step_h = s->step_h;
    spec.gpus = s->gpus;
    spec.asic_start_usd_per_mw = 60.0;
    spec.asic_min_down_steps = s->asic_down_h * per_hour;
    spec.gpu_min_up_steps = s->gpu_up_h * per_hour;
    return hcp_plant_new(&spec, NULL);
}

static void time_run(const char *policy_name, const site *s, size_t steps)
{
    hcp_market market = synthetic_market(1, steps, s->step_h);
    g_autoptr(hcp_plant) plant = build(s);
    hcp_policy_config config = hcp_policy_config_default();
    g_autoptr(hcp_policy) policy = hcp_policy_new(policy_name, plant, &config, NULL);
    double before_us = now_us();
    hcp_backtest_play(&market, plant, policy, NULL, NULL);
    double us = now_us() - before_us;
    printf("%-36s %-10s %5d nodes %7zu steps %9.1f us a tick %8.2f s\n", s->name, policy_name,
           plant->n_nodes, steps, us / (double)steps, us / 1e6);
    g_free(market.steps);
}

static void time_start(double step_h)
{
    site s = {.step_h = step_h, .asic_down_h = 4, .gpu_up_h = 1};
    g_autoptr(hcp_plant) plant = build(&s);
    hcp_policy_config config = hcp_policy_config_default();
    double before_us = now_us();
    g_autoptr(hcp_policy) policy = hcp_policy_new("hcp", plant, &config, NULL);
    printf("start with the built-in model, %g h steps: %.1f ms\n", step_h,
           (now_us() - before_us) / 1e3);
}

int main(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(sites); i++) {
        time_run("lcp", &sites[i], 1000);
        time_run("mpc", &sites[i], 1000);
        time_run("hcp", &sites[i], 1000);
    }
    time_start(1.0);
    time_start(0.25);
    puts("18 months of hours, one site:");
    time_run("hcp", &sites[1], 13127);
    return 0;
}

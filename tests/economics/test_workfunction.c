/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The work function policy against the hindsight optimum: within its proven ratio on random traces and on the trace
 * that an adversary makes for it. HCP_TEST_TRACES sets how many.
 */
#include "base/rng.h"
#include "economics/policy/workfunction.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    double cost;
    double diameter;
    int switches;
    double optimum;
} outcome;

typedef void (*trace_maker)(hcp_rng *rng, int n, int state, double *cost);

/* Costs in bursts, quiet otherwise. */
static void random_costs(hcp_rng *rng, int n, int state, double *cost)
{
    (void)state;
    for (int s = 0; s < n; s++)
        cost[s] = hcp_rng_below(rng, 3) == 0 ? hcp_rng_exponential(rng, 2.0) : 0.0;
}

/* Always charges the state the policy is in. */
static void cruel_costs(hcp_rng *rng, int n, int state, double *cost)
{
    (void)rng;
    for (int s = 0; s < n; s++)
        cost[s] = s == state ? 0.1 : 0.0;
}

/* Charges where the policy would go, just before it goes. */
static void greedy_trap(hcp_rng *rng, int n, int state, double *cost)
{
    for (int s = 0; s < n; s++)
        cost[s] = s == state ? 0.05 + 0.1 * hcp_rng_uniform(rng) : 0.03 * hcp_rng_uniform(rng);
}

static double hindsight(double *work, const double *cost,
                        double distance[HCP_WORKFUNCTION_MAX][HCP_WORKFUNCTION_MAX], int n)
{
    double next[HCP_WORKFUNCTION_MAX], least = INFINITY;
    for (int s = 0; s < n; s++) {
        next[s] = INFINITY;
        for (int x = 0; x < n; x++)
            next[s] = MIN(next[s], work[x] + distance[x][s] + cost[s]);
    }
    for (int s = 0; s < n; s++) {
        work[s] = next[s];
        least = MIN(least, work[s]);
    }
    return least;
}

/* Points on a line with random gaps: a metric for any n. */
static void random_metric(hcp_rng *rng, int n,
                          double distance[HCP_WORKFUNCTION_MAX][HCP_WORKFUNCTION_MAX])
{
    double at[HCP_WORKFUNCTION_MAX] = {0};
    for (int s = 1; s < n; s++)
        at[s] = at[s - 1] + 0.2 + 2.0 * hcp_rng_uniform(rng);
    for (int a = 0; a < n; a++) {
        for (int b = 0; b < n; b++)
            distance[a][b] = fabs(at[a] - at[b]);
    }
}

static outcome run(hcp_rng *rng, int n, trace_maker make)
{
    double distance[HCP_WORKFUNCTION_MAX][HCP_WORKFUNCTION_MAX] = {{0}};
    double work[HCP_WORKFUNCTION_MAX];
    random_metric(rng, n, distance);
    hcp_workfunction wf;
    hcp_workfunction_init(&wf, n, distance, 0);
    memcpy(work, distance[0], sizeof(work));
    outcome o = {.diameter = distance[0][n - 1]};
    int state = 0, steps = 20 + (int)hcp_rng_below(rng, 180);
    for (int t = 0; t < steps; t++) {
        double cost[HCP_WORKFUNCTION_MAX] = {0};
        make(rng, n, state, cost);
        int next = hcp_workfunction_choose(&wf, cost, state);
        o.cost += distance[state][next] + cost[next];
        o.switches += next != state;
        hcp_workfunction_charge(&wf, cost);
        o.optimum = hindsight(work, cost, distance, n);
        state = next;
    }
    return o;
}

static void check_ratio(trace_maker make, uint64_t seed, int traces)
{
    hcp_rng rng;
    hcp_rng_init(&rng, seed, 0);
    for (int i = 0; i < traces; i++) {
        int n = 2 + (int)hcp_rng_below(&rng, 3);
        outcome o = run(&rng, n, make);
        double bound = (2.0 * n - 1.0) * (o.optimum + o.diameter);
        g_assert_cmpfloat(o.cost, <=, bound + 1e-6);
        /* every switch pays at least the smallest distance */
        g_assert_cmpfloat(o.switches * 0.2, <=, bound + 1e-6);
    }
}

static int traces_to_run(void)
{
    const char *text = g_getenv("HCP_TEST_TRACES");
    return text != NULL ? atoi(text) : 4000;
}

static void test_random(void)
{
    check_ratio(random_costs, 11, traces_to_run());
}

static void test_adversary(void)
{
    check_ratio(cruel_costs, 12, traces_to_run() / 2);
    check_ratio(greedy_trap, 13, traces_to_run() / 2);
}

/* Two states: it leaves once staying has cost a return trip, and not before. */
static void test_lazy(void)
{
    double distance[HCP_WORKFUNCTION_MAX][HCP_WORKFUNCTION_MAX] = {{0, 1}, {1, 0}};
    hcp_workfunction wf;
    hcp_workfunction_init(&wf, 2, distance, 0);
    const double cost[HCP_WORKFUNCTION_MAX] = {0.25, 0.0};
    int stayed = 0;
    while (hcp_workfunction_choose(&wf, cost, 0) == 0) {
        hcp_workfunction_charge(&wf, cost);
        g_assert_cmpint(++stayed, <, 100);
    }
    g_assert_cmpint(stayed, ==, 8); /* 8 x 0.25 = 2 = there and back */
    g_assert_cmpfloat(hcp_workfunction_ratio(&wf), ==, 3.0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/workfunction/random", test_random);
    g_test_add_func("/workfunction/adversary", test_adversary);
    g_test_add_func("/workfunction/lazy", test_lazy);
    return g_test_run();
}

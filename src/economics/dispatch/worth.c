/* SPDX-License-Identifier: Apache-2.0 */
/* Backward induction over (mode, time in it, grid point). */
#include "economics/dispatch/worth.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define STRIDE HCP_CHAIN_STRIDE
#define BINS HCP_CHAIN_BINS
#define NODES HCP_DISPATCH_MAX_NODES

typedef hcp_dispatch_row row;

static int node_of(const hcp_dispatch_device *device, int mode, int age)
{
    return mode * device->dwell_steps + age - 1;
}

int hcp_dispatch_node_after(const hcp_dispatch_device *device, int mode, int to)
{
    return node_of(device, to, mode == to ? device->dwell_steps : 1);
}

/* ret = matrix * v. */
static void expect(const row columns[BINS], const row *v, row *ret)
{
    row sum = {0};
    for (int j = 0; j < BINS; j++) {
        float x = v->at[j];
        for (int b = 0; b < STRIDE; b++)
            sum.at[b] += columns[j].at[b] * x;
    }
    *ret = sum;
}

static void transpose(const hcp_chain_matrix *matrix, row columns[BINS])
{
    memset(columns, 0, sizeof(row) * BINS);
    for (int b = 0; b < BINS; b++)
        for (int j = 0; j < BINS; j++)
            columns[j].at[b] = matrix->to[b][j];
}

/* Profit of step k in each mode, by that step's price. */
static void rewards(const hcp_dispatch_device *device, const hcp_dispatch_horizon *horizon, int k,
                    row ret_rewards[HCP_DISPATCH_MAX_MODES])
{
    /* The step that is decided on is shared out in earnest: there the price itself counts. */
    bool shared = horizon->late && k == horizon->from;
    bool sold = device->ready && horizon->reserve_usd_per_mw != NULL;
    float peak = horizon->peak_usd_per_mwh != NULL ? (float)horizon->peak_usd_per_mwh[k] : 0.0F;
    double reserve_usd = sold ? horizon->reserve_usd_per_mw[k] : 0.0;
    double least_usd =
        MAX(horizon->floor_usd_per_mwh[k], horizon->feeder_usd_per_mwh + reserve_usd);
    float floor_usd = shared ? -FLT_MAX : (float)MAX(least_usd, -1e9);
    float h = (float)horizon->step_h, reserve = (float)reserve_usd;
    for (int mode = 0; mode < device->n_modes; mode++) {
        float usd = (float)device->usd_per_h[mode] * h, mwh = (float)device->extra_mw[mode] * h;
        for (int b = 0; b < STRIDE; b++) {
            float price = horizon->outlook->usd_per_mwh[k][b] + peak;
            ret_rewards[mode].at[b] = usd - mwh * (MAX(price, floor_usd) - reserve);
        }
    }
}

static void add(const row *a, const row *b, row *ret)
{
    for (int i = 0; i < STRIDE; i++)
        ret->at[i] = a->at[i] + b->at[i];
}

/* The best of staying and going anywhere else, from a mode whose minimum time is served. */
static void best_move(const hcp_dispatch_device *device, const row *worth, int mode, row *ret)
{
    *ret = worth[hcp_dispatch_node_after(device, mode, mode)];
    for (int to = 0; to < device->n_modes; to++) {
        const row *other = &worth[hcp_dispatch_node_after(device, mode, to)];
        float cost = (float)hcp_dispatch_device_change_usd(device, mode, to);
        if (to == mode)
            continue;
        for (int b = 0; b < STRIDE; b++)
            ret->at[b] = MAX(ret->at[b], other->at[b] - cost);
    }
}

/* From what it is worth to be in each node during a step to what it is worth before the step's decision. */
static void decide(const hcp_dispatch_device *device, const row *worth, row *ret)
{
    for (int mode = 0; mode < device->n_modes; mode++) {
        for (int age = 1; age < device->dwell_steps; age++)
            ret[node_of(device, mode, age)] = worth[node_of(device, mode, age + 1)];
        best_move(device, worth, mode, &ret[node_of(device, mode, device->dwell_steps)]);
    }
}

void hcp_dispatch_worth_solve(const hcp_dispatch_device *device,
                              const hcp_dispatch_horizon *horizon,
                              hcp_dispatch_row ret_values[HCP_DISPATCH_MAX_NODES],
                              hcp_dispatch_row ret_ahead[HCP_DISPATCH_MAX_NODES])
{
    row stage[NODES] = {0}, reward[HCP_DISPATCH_MAX_MODES] = {0}, columns[BINS];
    int nodes = device->n_modes * device->dwell_steps;
    memset(ret_ahead, 0, sizeof *ret_ahead * (size_t)nodes);
    for (int k = horizon->outlook->n - 1; k >= horizon->from; k--) {
        rewards(device, horizon, k, reward);
        for (int node = 0; node < nodes; node++)
            add(&reward[node / device->dwell_steps], &ret_ahead[node], &stage[node]);
        if (horizon->late)
            memcpy(ret_values, stage, sizeof *stage * (size_t)nodes);
        else
            decide(device, stage, ret_values);
        transpose(&horizon->outlook->matrix[k], columns);
        for (int node = 0; node < nodes; node++)
            expect(columns, &ret_values[node], &ret_ahead[node]);
        if (horizon->late && k > horizon->from) {
            decide(device, ret_ahead, stage);
            memcpy(ret_ahead, stage, sizeof *stage * (size_t)nodes);
        }
    }
}

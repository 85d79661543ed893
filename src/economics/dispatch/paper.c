/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/dispatch/paper.h"

#include "economics/policy/guard.h"

#include <math.h>

double hcp_dispatch_row_at(const hcp_dispatch_row *row, int bin, double upper)
{
    return (1.0 - upper) * (double)row->at[bin] + upper * (double)row->at[bin + 1];
}

/* Start and stop are split evenly between the two ways, as work functions need it. */
static void begin_work(hcp_dispatch_paper *paper, const hcp_dispatch_device *device)
{
    double distance[HCP_WORKFUNCTION_MAX][HCP_WORKFUNCTION_MAX] = {{0}};
    for (int a = 0; a < device->n_modes; a++)
        for (int b = 0; b < device->n_modes; b++)
            distance[a][b] = (hcp_dispatch_device_change_usd(device, a, b) +
                              hcp_dispatch_device_change_usd(device, b, a)) /
                             2.0;
    hcp_workfunction_init(&paper->work, device->n_modes, distance, 1);
    paper->before = paper->work;
}

void hcp_dispatch_paper_init(hcp_dispatch_paper *paper, uint32_t id,
                             const hcp_dispatch_device *device)
{
    const hcp_dispatch_paper_place mines = {.mode = 1, .age = device->dwell_steps};
    *paper = (hcp_dispatch_paper){.id = id, .at = {mines, mines}, .still = 1};
    if (device->n_modes > 1)
        begin_work(paper, device);
}

/* What each mode loses against the best of them. */
static void losses(const hcp_dispatch_device *device, double usd_per_mwh, double step_h,
                   double *ret_cost)
{
    double most = 0;
    for (int mode = 0; mode < device->n_modes; mode++) {
        ret_cost[mode] = step_h * hcp_dispatch_device_usd_per_h(device, mode, usd_per_mwh);
        most = MAX(most, ret_cost[mode]);
    }
    for (int mode = 0; mode < device->n_modes; mode++)
        ret_cost[mode] = most - ret_cost[mode];
}

int hcp_dispatch_paper_lazy(const hcp_dispatch_paper *paper, const hcp_dispatch_device *device,
                            int mode, double usd_per_mwh, double step_h)
{
    double cost[HCP_WORKFUNCTION_MAX] = {0};
    losses(device, usd_per_mwh, step_h, cost);
    return hcp_workfunction_choose(&paper->before, cost, mode);
}

/* The plan's choice from `mode` at the settled price. */
static int planned(const hcp_dispatch_paper_step *step, int mode)
{
    const hcp_dispatch_device *device = step->device;
    int best = mode;
    double best_usd = -INFINITY;
    for (int i = 0; i < device->n_modes; i++) {
        int to = (mode + i) % device->n_modes;
        double now = hcp_dispatch_device_usd_per_h(device, to, step->usd_per_mwh) * step->step_h;
        const hcp_dispatch_row *ahead = &step->ahead[hcp_dispatch_node_after(device, mode, to)];
        double usd = (step->late ? 0.0 : now) - hcp_dispatch_device_change_usd(device, mode, to) +
                     hcp_dispatch_row_at(ahead, step->bin, step->upper);
        if (usd > best_usd) {
            best = to;
            best_usd = usd;
        }
    }
    return best;
}

static void move_on(hcp_dispatch_paper *paper, hcp_dispatch_paper_plan plan, int to,
                    const hcp_dispatch_paper_step *step)
{
    hcp_dispatch_paper_place *place = &paper->at[plan];
    int need = step->device->dwell_steps;
    if (to == place->mode || place->age < need) {
        place->age = MIN(place->age + 1, need);
        return;
    }
    paper->earned_usd[plan] -= hcp_dispatch_device_change_usd(step->device, place->mode, to);
    *place = (hcp_dispatch_paper_place){.mode = to, .age = 1};
}

static void move_all(hcp_dispatch_paper *paper, const hcp_dispatch_paper_step *step)
{
    int plan = paper->at[HCP_DISPATCH_PAPER_PLAN].mode;
    int lazy = paper->at[HCP_DISPATCH_PAPER_LAZY].mode;
    if (step->ahead != NULL)
        move_on(paper, HCP_DISPATCH_PAPER_PLAN, planned(step, plan), step);
    move_on(paper, HCP_DISPATCH_PAPER_LAZY,
            hcp_dispatch_paper_lazy(paper, step->device, lazy, step->usd_per_mwh, step->step_h),
            step);
}

static void credit(hcp_dispatch_paper *paper, const hcp_dispatch_paper_step *step)
{
    const hcp_dispatch_device *device = step->device;
    double fade = exp(-step->step_h / HCP_GUARD_MEMORY_H), usd[HCP_DISPATCH_MAX_MODES];
    for (int mode = 0; mode < device->n_modes; mode++) {
        usd[mode] = step->step_h * hcp_dispatch_device_usd_per_h(device, mode, step->usd_per_mwh);
        paper->still_usd[mode] = fade * paper->still_usd[mode] + usd[mode];
    }
    for (int p = 0; p < 2; p++)
        paper->earned_usd[p] = fade * paper->earned_usd[p] + usd[paper->at[p].mode];
    int best = hcp_dispatch_device_best(device, step->usd_per_mwh);
    paper->weight = fade * paper->weight + 1.0;
    paper->mined_usd += (step->step_h * device->usd_per_h[best] - paper->mined_usd) / paper->weight;
}

double hcp_dispatch_paper_bound_usd(const hcp_dispatch_paper *paper,
                                    const hcp_dispatch_device *device, double step_h)
{
    return HCP_GUARD_BOUND * paper->mined_usd * HCP_GUARD_MEMORY_H / step_h +
           2.0 * (device->start_usd + device->stop_usd);
}

static double cycle_usd(const hcp_dispatch_device *device, int a, int b)
{
    return hcp_dispatch_device_change_usd(device, a, b) +
           hcp_dispatch_device_change_usd(device, b, a);
}

/* A mode that is followed is left for another only when that one has earned more by the way there and back. */
static void choose_still(hcp_dispatch_paper *paper, const hcp_dispatch_device *device)
{
    bool followed = paper->followed == HCP_DISPATCH_PAPER_STILL;
    for (int mode = 0; mode < device->n_modes; mode++) {
        double lead_usd = paper->still_usd[mode] - paper->still_usd[paper->still];
        if (lead_usd > (followed ? cycle_usd(device, paper->still, mode) : 0.0))
            paper->still = mode;
    }
}

static void choose_plan(hcp_dispatch_paper *paper, const hcp_dispatch_paper_step *step)
{
    choose_still(paper, step->device);
    double lazy_usd = paper->earned_usd[HCP_DISPATCH_PAPER_LAZY];
    double still_usd = paper->still_usd[paper->still];
    double behind_usd = MAX(lazy_usd, still_usd) - paper->earned_usd[HCP_DISPATCH_PAPER_PLAN];
    double bound_usd = hcp_dispatch_paper_bound_usd(paper, step->device, step->step_h);
    if (behind_usd > bound_usd)
        paper->followed = lazy_usd > still_usd ? HCP_DISPATCH_PAPER_LAZY : HCP_DISPATCH_PAPER_STILL;
    else if (behind_usd < bound_usd / 2.0)
        paper->followed = HCP_DISPATCH_PAPER_PLAN;
}

void hcp_dispatch_paper_settle(hcp_dispatch_paper *paper, const hcp_dispatch_paper_step *step)
{
    double cost[HCP_WORKFUNCTION_MAX] = {0};
    losses(step->device, step->usd_per_mwh, step->step_h, cost);
    paper->before = paper->work;
    if (!step->late)
        move_all(paper, step);
    credit(paper, step);
    hcp_workfunction_charge(&paper->work, cost);
    if (step->late) {
        paper->before = paper->work;
        move_all(paper, step);
    }
    choose_plan(paper, step);
}

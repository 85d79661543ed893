/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/dispatch/paper.h"

#include "economics/policy/guard.h"

#include <math.h>

double hcp_dispatch_row_at(const hcp_dispatch_row *row, int bin, double upper)
{
    return (1.0 - upper) * (double)row->at[bin] + upper * (double)row->at[bin + 1];
}

void hcp_dispatch_paper_init(hcp_dispatch_paper *paper, uint32_t id,
                             const hcp_dispatch_device *device)
{
    double half_usd = (device->start_usd + device->stop_usd) / 2.0;
    double distance[HCP_WORKFUNCTION_MAX][HCP_WORKFUNCTION_MAX] = {{0, half_usd}, {half_usd, 0}};
    const hcp_dispatch_paper_place mines = {.mode = 1, .age = device->dwell_steps};
    *paper = (hcp_dispatch_paper){.id = id, .at = {mines, mines}};
    hcp_workfunction_init(&paper->work, 2, distance, 1);
    paper->before = paper->work;
}

/* What resting and mining each lose against the better of them. */
static void losses(const hcp_dispatch_device *device, double usd_per_mwh, double step_h,
                   double *ret_cost)
{
    int best = hcp_dispatch_device_best(device, usd_per_mwh);
    double usd = step_h * hcp_dispatch_device_usd_per_h(device, best, usd_per_mwh);
    ret_cost[0] = MAX(usd, 0.0);
    ret_cost[1] = MAX(-usd, 0.0);
}

int hcp_dispatch_paper_lazy(const hcp_dispatch_paper *paper, const hcp_dispatch_device *device,
                            int mode, double usd_per_mwh, double step_h)
{
    double cost[HCP_WORKFUNCTION_MAX] = {0};
    losses(device, usd_per_mwh, step_h, cost);
    bool mines = hcp_workfunction_choose(&paper->before, cost, mode > 0) > 0;
    return mines ? hcp_dispatch_device_best(device, usd_per_mwh) : 0;
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
    double fade = exp(-step->step_h / HCP_GUARD_MEMORY_H);
    int best = hcp_dispatch_device_best(step->device, step->usd_per_mwh);
    const int modes[HCP_DISPATCH_PAPERS] = {paper->at[0].mode, paper->at[1].mode, best, 0};
    for (int p = 0; p < HCP_DISPATCH_PAPERS; p++)
        paper->earned_usd[p] =
            fade * paper->earned_usd[p] +
            step->step_h * hcp_dispatch_device_usd_per_h(step->device, modes[p], step->usd_per_mwh);
    double mined_usd = step->step_h * step->device->usd_per_h[best];
    paper->weight = fade * paper->weight + 1.0;
    paper->mined_usd += (mined_usd - paper->mined_usd) / paper->weight;
}

double hcp_dispatch_paper_bound_usd(const hcp_dispatch_paper *paper,
                                    const hcp_dispatch_device *device, double step_h)
{
    return HCP_GUARD_BOUND * paper->mined_usd * HCP_GUARD_MEMORY_H / step_h +
           2.0 * (device->start_usd + device->stop_usd);
}

static void choose_plan(hcp_dispatch_paper *paper, const hcp_dispatch_paper_step *step)
{
    hcp_dispatch_paper_plan rival = HCP_DISPATCH_PAPER_LAZY;
    for (int p = HCP_DISPATCH_PAPER_MINE; p < HCP_DISPATCH_PAPERS; p++)
        if (paper->earned_usd[p] > paper->earned_usd[rival])
            rival = (hcp_dispatch_paper_plan)p;
    double behind = paper->earned_usd[rival] - paper->earned_usd[HCP_DISPATCH_PAPER_PLAN];
    double bound = hcp_dispatch_paper_bound_usd(paper, step->device, step->step_h);
    if (behind > bound)
        paper->followed = rival;
    else if (behind < bound / 2.0)
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

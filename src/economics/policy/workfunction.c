/* SPDX-License-Identifier: Apache-2.0 */
/* Work functions over a few states. */
#include "economics/policy/workfunction.h"

#include <glib.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

void hcp_workfunction_init(hcp_workfunction *wf, int n,
                           double distance[HCP_WORKFUNCTION_MAX][HCP_WORKFUNCTION_MAX], int start)
{
    g_assert(n >= 1 && n <= HCP_WORKFUNCTION_MAX && start >= 0 && start < n);
    memset(wf, 0, sizeof(*wf));
    wf->n = n;
    memcpy(wf->distance, distance, sizeof(wf->distance));
    for (int s = 0; s < n; s++)
        wf->work[s] = distance[start][s];
}

/* Work after a step: serve it in some state, then move to s. */
static double work_after(const hcp_workfunction *wf, const double *cost, int s)
{
    double least = INFINITY;
    for (int x = 0; x < wf->n; x++)
        least = MIN(least, wf->work[x] + cost[x] + wf->distance[x][s]);
    return least;
}

/* Only differences matter to the choice; the least is taken off so that years of steps lose no precision. */
void hcp_workfunction_charge(hcp_workfunction *wf, const double cost[HCP_WORKFUNCTION_MAX])
{
    double next[HCP_WORKFUNCTION_MAX], least = INFINITY;
    for (int s = 0; s < wf->n; s++) {
        next[s] = work_after(wf, cost, s);
        least = MIN(least, next[s]);
    }
    for (int s = 0; s < wf->n; s++)
        wf->work[s] = next[s] - least;
}

int hcp_workfunction_choose(const hcp_workfunction *wf, const double cost[HCP_WORKFUNCTION_MAX],
                            int state)
{
    double best = INFINITY;
    int choice = state;
    for (int i = 0; i < wf->n; i++) {
        int s = (state + i) % wf->n; /* the present state first: ties stay */
        double after = work_after(wf, cost, s);
        bool served_there = wf->work[s] + cost[s] <= after + 1e-9 * (1.0 + fabs(after));
        if (served_there && after + wf->distance[state][s] < best - 1e-12) {
            best = after + wf->distance[state][s];
            choice = s;
        }
    }
    return choice;
}

double hcp_workfunction_ratio(const hcp_workfunction *wf)
{
    return 2.0 * wf->n - 1.0;
}

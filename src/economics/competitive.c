/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/competitive.h"

#include "base/order.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

typedef struct {
    double plan_usd, optimum_usd;
} costs;

static double ideal_usd(const hcp_competitive_run *run, size_t t)
{
    const double *row = run->rewards_usd + t * (size_t)run->n_states;
    double best = row[0];
    for (int s = 1; s < run->n_states; s++)
        best = MAX(best, row[s]);
    return best;
}

static double earned_between(const double *cumulative_usd, size_t from, size_t to)
{
    return cumulative_usd[to - 1] - (from > 0 ? cumulative_usd[from - 1] : 0.0);
}

static costs costs_between(const hcp_competitive_run *run, size_t from, size_t to)
{
    double ideal = 0.0;
    for (size_t t = from; t < to; t++)
        ideal += ideal_usd(run, t);
    return (costs){.plan_usd = ideal - earned_between(run->earned_usd, from, to),
                   .optimum_usd = ideal - earned_between(run->optimum_usd, from, to)};
}

/* The ratio below which `share` of the sorted ones lie. */
static double quantile(const double *sorted, size_t n, double share)
{
    return n > 0 ? sorted[(size_t)floor(share * (double)(n - 1))] : NAN;
}

static void rate_days(const hcp_competitive_run *run, hcp_competitive *result)
{
    size_t day = MAX(1, (size_t)lround(24.0 / run->step_h));
    g_autofree double *ratios = g_new(double, run->n / day + 1);
    double worst = -INFINITY;
    for (size_t from = 0; from + day <= run->n; from += day) {
        costs c = costs_between(run, from, from + day);
        if (c.optimum_usd < HCP_COMPETITIVE_LEAST_USD)
            continue;
        double ratio = c.plan_usd / c.optimum_usd;
        ratios[result->days++] = ratio;
        if (ratio <= worst)
            continue;
        worst = ratio;
        result->max_day_step = from;
    }
    qsort(ratios, result->days, sizeof *ratios, hcp_order_doubles);
    result->median_day = quantile(ratios, result->days, 0.5);
    result->p90_day = quantile(ratios, result->days, 0.9);
    result->max_day = quantile(ratios, result->days, 1.0);
}

hcp_competitive hcp_competitive_ratio(const hcp_competitive_run *run)
{
    hcp_competitive result = {.ratio = NAN, .median_day = NAN, .p90_day = NAN, .max_day = NAN};
    if (run->n == 0)
        return result;
    costs whole = costs_between(run, 0, run->n);
    result.cost_usd = whole.plan_usd;
    result.optimum_cost_usd = whole.optimum_usd;
    if (whole.optimum_usd >= HCP_COMPETITIVE_LEAST_USD)
        result.ratio = whole.plan_usd / whole.optimum_usd;
    rate_days(run, &result);
    return result;
}

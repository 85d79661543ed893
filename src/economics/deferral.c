/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/deferral.h"

#include <glib.h>
#include <math.h>

static const double LEAST_USD = 0.01;
static const double LEAST_SHARE = 0.02;
static const double US_PER_H = 3600e6;

/* Mean price of the run from step `first` on; NAN when one of its steps is not known. */
static double mean_usd_per_mwh(const hcp_deferral_input *input, int first)
{
    double sum = 0;
    int64_t left_us = input->duration_us;
    for (int step = first; left_us > 0; step++) {
        int64_t us = MIN(left_us, input->step_us);
        if (step >= input->n_steps || isnan(input->usd_per_mwh[step]))
            return NAN;
        sum += input->usd_per_mwh[step] * (double)us;
        left_us -= us;
    }
    return sum / (double)input->duration_us;
}

bool hcp_deferral_find(const hcp_deferral_input *input, hcp_deferral_plan *ret_plan)
{
    g_assert(input->duration_us > 0 && input->step_us > 0);
    double now = mean_usd_per_mwh(input, 0), best = now;
    double mwh = input->mw * (double)input->duration_us / US_PER_H;
    int start = 0;
    for (int step = 1; step < input->n_steps && step * input->step_us <= input->latest_start_us;
         step++) {
        double then = mean_usd_per_mwh(input, step);
        if (isnan(then))
            break;
        if (then < best) {
            best = then;
            start = step;
        }
    }
    double saving_usd = (now - best) * mwh;
    if (start == 0 || saving_usd < LEAST_USD || saving_usd < LEAST_SHARE * fabs(now) * mwh)
        return false;
    *ret_plan = (hcp_deferral_plan){
        .start_us = start * input->step_us,
        .now_usd_per_mwh = now,
        .then_usd_per_mwh = best,
        .saving_usd = saving_usd,
    };
    return true;
}

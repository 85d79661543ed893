/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/merit.h"

#include "economics/dispatch/share.h"
#include "economics/dispatch/strike.h"
#include "economics/formula.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

/* Equal margins keep a fixed order, so that a list does not flicker. */
static int by_margin(const void *a, const void *b)
{
    const hcp_merit *x = a, *y = b;
    if (x->margin_usd_per_mwh != y->margin_usd_per_mwh)
        return x->margin_usd_per_mwh < y->margin_usd_per_mwh ? 1 : -1;
    if (x->use != y->use)
        return (x->use > y->use) - (x->use < y->use);
    if (x->class_ix != y->class_ix)
        return x->class_ix - y->class_ix;
    return x->target - y->target;
}

/* The price of a use: what a device of `power_w` brings in per MWh, overhead included. `row` has its place already. */
static hcp_merit priced(const hcp_dispatch_input *input, hcp_merit row, double income_usd_per_h,
                        double power_w)
{
    row.strike_usd_per_mwh = hcp_formula_usd_per_mwh(income_usd_per_h, power_w, input->pue);
    row.margin_usd_per_mwh = row.strike_usd_per_mwh - input->usd_per_mwh;
    row.usd_per_h = row.margin_usd_per_mwh * row.used_w / 1e6;
    return row;
}

static hcp_merit serving(const hcp_dispatch_input *input, const hcp_merit_draw *draw, int c)
{
    const hcp_dispatch_class *class_ = &input->classes[c];
    double free_w = hcp_dispatch_class_free(class_) * class_->serving_w;
    const hcp_merit row = {
        .use = HCP_MERIT_SERVE,
        .class_ix = c,
        .target = -1,
        .available_w = (draw->serving_w + free_w) * input->pue,
        .used_w = draw->serving_w * input->pue,
    };
    return priced(input, row, class_->serve_usd_per_h, class_->serving_w);
}

static hcp_merit mining(const hcp_dispatch_input *input, const hcp_merit_draw *draw, int c, int t)
{
    const hcp_dispatch_class *class_ = &input->classes[c];
    double power_w = class_->targets[t].power_w;
    double free_w = hcp_dispatch_class_free(class_) * power_w;
    const hcp_merit row = {
        .use = HCP_MERIT_MINE,
        .class_ix = c,
        .target = t,
        /* Miners that no plan may move (degraded ones) draw beyond what is free. */
        .available_w = MAX(free_w, draw->mining_w[t]) * input->pue,
        .used_w = draw->mining_w[t] * input->pue,
    };
    double income = hcp_dispatch_mining_usd_per_h(input, class_, t) +
                    hcp_formula_power_usd_per_h(power_w, input->pue, input->usd_per_mwh);
    return priced(input, row, income, power_w);
}

/* Power that a plan could take from the class now. */
static double sheddable_w(const hcp_dispatch_class *class_)
{
    int t = CLAMP(class_->current_target, 0, class_->n_targets - 1);
    return class_->n_targets > 0 ? class_->mining * class_->targets[t].power_w : 0;
}

/* What the grid pays a MW that stands ready; paid within the mining rows, so nothing is counted twice. */
static hcp_merit reserve(const hcp_dispatch_input *input)
{
    double shed_w = 0;
    for (int c = 0; c < input->n_classes; c++) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        if (class_->asic)
            shed_w += MAX(0, sheddable_w(class_) - class_->mining * class_->standby_w);
    }
    return (hcp_merit){
        .use = HCP_MERIT_RESERVE,
        .class_ix = -1,
        .target = -1,
        .strike_usd_per_mwh = NAN,
        .margin_usd_per_mwh = input->reserve_usd_per_mw,
        .available_w = shed_w * input->pue,
    };
}

static hcp_merit off(const hcp_dispatch_input *input, const hcp_merit_draw *draws)
{
    double rest_w = 0, shed_w = 0;
    for (int c = 0; c < input->n_classes; c++) {
        rest_w += draws[c].rest_w;
        shed_w += sheddable_w(&input->classes[c]);
    }
    return (hcp_merit){
        .use = HCP_MERIT_OFF,
        .class_ix = -1,
        .target = -1,
        .available_w = (rest_w + shed_w) * input->pue,
        .used_w = rest_w * input->pue,
        .usd_per_h = -hcp_formula_power_usd_per_h(rest_w, input->pue, input->usd_per_mwh),
    };
}

int hcp_merit_order(const hcp_dispatch_input *input, const hcp_merit_draw *draws,
                    hcp_merit *ret_rows)
{
    int n = 0;
    g_assert(input->n_classes <= HCP_DISPATCH_MAX_CLASSES);
    for (int c = 0; c < input->n_classes; c++) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        g_assert(class_->n_targets <= HCP_MERIT_MAX_TARGETS);
        if (class_->serve_usd_per_h > 0)
            ret_rows[n++] = serving(input, &draws[c], c);
        for (int t = 0; hcp_dispatch_can_mine(class_) && t < class_->n_targets; t++)
            ret_rows[n++] = mining(input, &draws[c], c, t);
    }
    if (input->reserve_usd_per_mw > 0)
        ret_rows[n++] = reserve(input);
    ret_rows[n++] = off(input, draws);
    qsort(ret_rows, (size_t)n, sizeof *ret_rows, by_margin);
    return n;
}

hcp_merit_rest hcp_merit_rests(const hcp_dispatch_input *input, const hcp_merit *row)
{
    if (!input->price_good)
        return HCP_MERIT_UNTRUSTED;
    if (hcp_dispatch_is_struck(input, &input->classes[row->class_ix]))
        return HCP_MERIT_STRUCK;
    return row->margin_usd_per_mwh < 0 ? HCP_MERIT_NO_PROFIT : HCP_MERIT_RUNS;
}

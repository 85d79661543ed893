/* SPDX-License-Identifier: Apache-2.0 */
/* Cells are gathered one per move, then sorted and merged. */
#include "economics/forecast/fit.h"

#include "base/units.h"

#include <math.h>
#include <string.h>

struct hcp_price_fit {
    double step_h;
    GArray *cells; /* hcp_price_model_cell */
};

hcp_price_fit *hcp_price_fit_new(double step_h)
{
    hcp_price_fit *fit = g_new0(hcp_price_fit, 1);
    fit->step_h = step_h;
    fit->cells = g_array_new(FALSE, TRUE, sizeof(hcp_price_model_cell));
    return fit;
}

void hcp_price_fit_free(hcp_price_fit *fit)
{
    if (fit == NULL)
        return;
    g_array_free(fit->cells, TRUE);
    g_free(fit);
}

double hcp_price_fit_step_h(const hcp_price_fit *fit)
{
    return fit->step_h;
}

static double surprise(const hcp_market_step *step)
{
    return hcp_chain_squash(step->price_usd_per_mwh) - hcp_chain_squash(step->dam_usd_per_mwh);
}

static int local_hour(const hcp_market *market, const hcp_market_step *step)
{
    double h = (double)step->ts_us / (double)HCP_US_PER_H + market->utc_offset_h;
    return (int)(h - 24.0 * floor(h / 24.0));
}

void hcp_price_fit_add(hcp_price_fit *fit, const hcp_market *market, size_t from, size_t to)
{
    g_assert(fabs(market->step_h - fit->step_h) < 1e-9);
    for (size_t t = from + 1; t < MIN(to, market->n); t++) {
        double before = surprise(&market->steps[t - 1]), after = surprise(&market->steps[t]);
        if (isnan(before) || isnan(after))
            continue;
        hcp_chain_move move = {
            .level = hcp_chain_squash(market->steps[t].dam_usd_per_mwh),
            .hour = local_hour(market, &market->steps[t]),
            .from = before,
            .to = after,
            .weight = 1.0,
        };
        hcp_price_model_cell cell = hcp_price_model_cell_of(&move);
        g_array_append_val(fit->cells, cell);
    }
}

static int compare_cells(gconstpointer a, gconstpointer b)
{
    const hcp_price_model_cell *x = a, *y = b;
    if (x->level != y->level)
        return x->level - y->level;
    if (x->hour != y->hour)
        return x->hour - y->hour;
    if (x->from != y->from)
        return x->from - y->from;
    return x->to - y->to;
}

static void merge_cells(GArray *cells)
{
    guint kept = 0;
    hcp_price_model_cell *all = (hcp_price_model_cell *)(void *)cells->data;
    for (guint i = 0; i < cells->len; i++) {
        if (kept > 0 && compare_cells(&all[kept - 1], &all[i]) == 0)
            all[kept - 1].count = (uint16_t)MIN(UINT16_MAX, all[kept - 1].count + all[i].count);
        else
            all[kept++] = all[i];
    }
    g_array_set_size(cells, kept);
}

hcp_price_model hcp_price_fit_model(hcp_price_fit *fit)
{
    g_array_sort(fit->cells, compare_cells);
    merge_cells(fit->cells);
    return (hcp_price_model){
        .step_h = fit->step_h,
        .n_cells = fit->cells->len,
        .cells = (const hcp_price_model_cell *)(void *)fit->cells->data,
    };
}

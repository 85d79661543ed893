/* SPDX-License-Identifier: Apache-2.0 */
/* The table of dispatch policies and the merit order they share. */
#include "economics/dispatch.h"

#include "economics/formula.h"

#include <glib.h>
#include <stdlib.h>

static const hcp_dispatch_policy *const POLICIES[] = {&HCP_DISPATCH_THRESHOLD, &HCP_DISPATCH_MINE,
                                                      &HCP_DISPATCH_REST};

const hcp_dispatch_policy *hcp_dispatch_policy_find(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(POLICIES); i++)
        if (g_str_equal(POLICIES[i]->name, name))
            return POLICIES[i];
    return NULL;
}

double hcp_dispatch_mining_usd_per_h(const hcp_dispatch_input *input,
                                     const hcp_dispatch_class *class_, int target)
{
    const hcp_dispatch_target *point = &class_->targets[target];
    double income =
        class_->asic ? hcp_formula_mining_usd_per_h(point->ths, input->hashprice, input->pool_fee)
                     : class_->mining_usd_per_h;
    return income - hcp_formula_power_usd_per_h(point->power_w, input->pue, input->usd_per_mwh);
}

static int by_usd_per_mwh(const void *a, const void *b)
{
    double x = ((const hcp_merit *)a)->usd_per_mwh, y = ((const hcp_merit *)b)->usd_per_mwh;
    return (x < y) - (x > y);
}

int hcp_dispatch_merit(const hcp_dispatch_input *input, hcp_merit *ret_rows, int max)
{
    int n = 0;
    for (int c = 0; c < input->n_classes; c++) {
        const hcp_dispatch_class *class_ = &input->classes[c];
        uint32_t free = class_->mining + class_->idle + class_->curtailed;
        if (class_->serve_usd_per_h > 0 && n < max) {
            double profit =
                class_->serve_usd_per_h -
                hcp_formula_power_usd_per_h(class_->serving_w, input->pue, input->usd_per_mwh);
            ret_rows[n++] = (hcp_merit){
                .class_ix = c,
                .target = -1,
                .usd_per_mwh = hcp_formula_usd_per_mwh(profit, class_->serving_w, input->pue),
                .power_w = class_->serving_w * (class_->serving + free),
            };
        }
        for (int t = 0; t < class_->n_targets && n < max; t++) {
            double profit = hcp_dispatch_mining_usd_per_h(input, class_, t);
            double power_w = class_->targets[t].power_w;
            ret_rows[n++] = (hcp_merit){
                .class_ix = c,
                .target = t,
                .usd_per_mwh = hcp_formula_usd_per_mwh(profit, power_w, input->pue),
                .power_w = power_w * free,
            };
        }
    }
    qsort(ret_rows, (size_t)n, sizeof *ret_rows, by_usd_per_mwh);
    return n;
}

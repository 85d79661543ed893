/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/merit.h"

#include "runtime/platform_internal.h"

G_STATIC_ASSERT(HCP_MERIT_MAX_TARGETS == HCP_MAX_POWER_TARGETS);

/* Groups of the facility in the order in which the dispatch input has them. */
static void fill_draws(const hcp_platform *platform, uint32_t facility, hcp_merit_draw *draws,
                       double *ret_switching_it_w)
{
    const hcp_state *state = hcp_core_state(platform->core);
    int n = 0;
    *ret_switching_it_w = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len && n < HCP_DISPATCH_MAX_CLASSES; g++) {
        if (hcp_state_group(state, g)->facility != facility)
            continue;
        hcp_group_draw draw;
        hcp_core_draw(platform->core, g, &draw);
        draws[n] =
            (hcp_merit_draw){.serving_w = (double)draw.serving_w, .rest_w = (double)draw.rest_w};
        for (int t = 0; t < HCP_MAX_POWER_TARGETS; t++)
            draws[n].mining_w[t] = (double)draw.mining_w[t];
        *ret_switching_it_w += (double)hcp_core_switching_w(platform->core, g);
        n++;
    }
}

void hcp_platform_merit_order(hcp_platform *platform, uint32_t facility,
                              hcp_platform_merit *ret_merit)
{
    hcp_merit_draw draws[HCP_DISPATCH_MAX_CLASSES];
    double switching_it_w;
    ret_merit->facility = facility;
    hcp_platform_dispatch_input(platform, facility, &ret_merit->storage, &ret_merit->input);
    fill_draws(platform, facility, draws, &switching_it_w);
    ret_merit->switching_w = switching_it_w * ret_merit->input.pue;
    ret_merit->n_rows = hcp_merit_order(&ret_merit->input, draws, ret_merit->rows);
}

uint32_t hcp_platform_merit_class(const hcp_platform_merit *merit, const hcp_merit *row)
{
    return row->class_ix >= 0 ? merit->storage.class_ix[row->class_ix] : HCP_NO_INDEX;
}

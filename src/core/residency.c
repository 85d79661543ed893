/* SPDX-License-Identifier: Apache-2.0 */
/* Residency of models and the physical lower bound of activating one. */
#include "core/residency.h"
#include "core/internal.h"

static uint32_t count_resident(const hcp_fleet *fleet, hcp_range range, uint32_t model)
{
    uint32_t n = 0;
    for (uint32_t d = range.first; d < range.first + range.count; d++)
        n += fleet->resident[d] == model ? 1 : 0;
    return n;
}

/* Devices of the group that hold the model. */
static uint32_t holders(const hcp_state *state, uint32_t group, uint32_t model)
{
    const GArray *batches = hcp_state_group(state, group)->batches;
    uint32_t n = 0;
    for (guint i = 0; i < batches->len; i++) {
        const hcp_device_batch *batch = &g_array_index(state->fleet.batches, hcp_device_batch,
                                                       g_array_index(batches, uint32_t, i));
        n += count_resident(&state->fleet, (hcp_range){batch->first, batch->def.count}, model);
    }
    return n;
}

hcp_residency hcp_residency_find(const hcp_state *state, const hcp_switch_started *def)
{
    if (def->model == NULL || def->bytes == 0)
        return HCP_RESIDENCY_HBM;
    uint32_t model = hcp_state_find_model(state, def->model);
    if (model == HCP_NO_INDEX)
        return HCP_RESIDENCY_COLD;
    uint32_t held = 0, all = 0;
    for (uint32_t r = 0; r < def->ranges.count; r++) {
        hcp_range range = ((const hcp_range *)def->ranges.items)[r];
        held += count_resident(&state->fleet, range, model);
        all += range.count;
    }
    if (held == all)
        return HCP_RESIDENCY_HBM;
    uint32_t group = hcp_fleet_switch_group(state, def);
    return holders(state, group, model) > 0 ? HCP_RESIDENCY_HOST : HCP_RESIDENCY_DISK;
}

int64_t hcp_residency_transfer_us(const hcp_state *state, uint32_t facility, uint32_t class_ix,
                                  hcp_residency residency, int64_t bytes)
{
    const hcp_class_defined *cls = &hcp_state_class(state, class_ix)->def;
    double gb_per_s = cls->pcie_gb_per_s;
    if (residency == HCP_RESIDENCY_HBM)
        gb_per_s = cls->hbm_gb_per_s;
    if (residency >= HCP_RESIDENCY_DISK)
        gb_per_s = MIN(gb_per_s, HCP_DISK_GB_PER_S);
    int64_t backbone_gbps = hcp_state_facility(state, facility)->def.backbone_gbps;
    if (residency == HCP_RESIDENCY_COLD && backbone_gbps > 0)
        gb_per_s = MIN(gb_per_s, (double)backbone_gbps / 8.0);
    return gb_per_s > 0 ? (int64_t)((double)bytes / (gb_per_s * 1000.0)) : 0;
}

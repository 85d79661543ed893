/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/fleet_driver.h"

#include "core/runs.h"
#include "drivers/driver_sim.h"

#include <glib.h>

static hcp_driver_mode mode_of(hcp_mode mode)
{
    switch (mode) {
    case HCP_MODE_MINING:
        return HCP_DRIVER_MINE;
    case HCP_MODE_SERVING:
        return HCP_DRIVER_SERVE;
    case HCP_MODE_IDLE:
        return HCP_DRIVER_IDLE;
    default:
        return HCP_DRIVER_OFF;
    }
}

static hcp_gpu_class gpu_class(const hcp_class_defined *def)
{
    hcp_gpu_class class = {
        .tdp_w = (double)def->tdp_w,
        .idle_w = (double)def->idle_w,
        .off_w = (double)def->standby_w,
        .tflops = def->tflops,
        .memory_bytes = def->memory_bytes,
        .hbm_bytes_per_s = def->hbm_gb_per_s * 1e9,
        .host_bytes_per_s = def->pcie_gb_per_s * 1e9,
    };
    g_strlcpy(class.name, def->key, sizeof class.name);
    return class;
}

/* The curve of the catalog, in ascending power; the rated point is the default target. */
static hcp_asic_class asic_class(const hcp_class_defined *def)
{
    hcp_asic_class class = {
        .standby_w = (double)def->standby_w,
        .ramp_down_us = def->ramp_down_us,
        .ramp_up_us = def->ramp_up_us,
    };
    g_strlcpy(class.name, def->key, sizeof class.name);
    const hcp_power_target *targets = def->power_targets.items;
    for (uint32_t t = 0; t < def->power_targets.count && class.n_points < HCP_ASIC_POINTS; t++) {
        int at = class.n_points++;
        for (; at > 0 && class.points[at - 1].power_w > (double)targets[t].power_w; at--)
            class.points[at] = class.points[at - 1];
        class.points[at] =
            (hcp_asic_point){.power_w = (double)targets[t].power_w, .hashrate_ths = targets[t].ths};
    }
    class.power_w = (double)targets[def->default_target].power_w;
    class.hashrate_ths = targets[def->default_target].ths;
    return class;
}

/* Devices that do the same are adopted together. */
static void adopt(hcp_driver *driver, const hcp_state *state, int64_t now_us)
{
    const hcp_fleet *fleet = &state->fleet;
    for (uint32_t first = 0, next; first < fleet->n_devices; first = next) {
        next = hcp_runs_end(fleet, first, fleet->n_devices);
        const hcp_group *group = hcp_state_group(state, fleet->group[first]);
        const hcp_class_defined *class = &hcp_state_class(state, group->class_ix)->def;
        const hcp_power_target *targets = class->power_targets.items;
        bool mines = fleet->mode[first] == HCP_MODE_MINING;
        double power_w = mines && fleet->target[first] < class->power_targets.count
                             ? (double)targets[fleet->target[first]].power_w
                             : 0;
        const hcp_driver_range range = {.first = first, .count = next - first};
        hcp_driver_sim_adopt(driver, (hcp_driver_devices){.ranges = &range, .n_ranges = 1},
                             &(hcp_driver_sim_state){.mode = mode_of((hcp_mode)fleet->mode[first]),
                                                     .power_w = power_w,
                                                     .load = 0.95},
                             now_us);
    }
}

hcp_driver *hcp_fleet_driver_new(const hcp_state *state, const hcp_fleet_driver_options *options)
{
    static const hcp_driver_kind kinds[] = {[HCP_DEVICE_GPU] = HCP_DRIVER_GPU,
                                            [HCP_DEVICE_ASIC] = HCP_DRIVER_ASIC,
                                            [HCP_DEVICE_CPU] = HCP_DRIVER_CPU};
    guint n = state->fleet.batches->len;
    g_autofree hcp_driver_sim_group *groups = g_new0(hcp_driver_sim_group, n);
    g_autofree hcp_gpu_class *gpus = g_new0(hcp_gpu_class, n);
    g_autofree hcp_asic_class *asics = g_new0(hcp_asic_class, n);
    for (guint b = 0; b < n; b++) {
        const hcp_devices_registered *batch =
            &g_array_index(state->fleet.batches, hcp_device_batch, b).def;
        const hcp_class_defined *class = &hcp_state_class(state, batch->class_ix)->def;
        groups[b] = (hcp_driver_sim_group){
            .kind = kinds[class->kind], .count = batch->count, .mode = mode_of(batch->mode)};
        if (class->kind == HCP_DEVICE_ASIC) {
            asics[b] = asic_class(class);
            groups[b].asic = &asics[b];
        } else {
            gpus[b] = gpu_class(class);
            groups[b].gpu = &gpus[b];
        }
    }
    hcp_driver *driver = hcp_driver_sim_new(&(hcp_driver_sim_config){
        .groups = groups,
        .n_groups = n,
        .preset = options->preset,
        .faults = options->faults,
        .seed = options->seed,
        .start_us = options->now_us,
    });
    adopt(driver, state, options->now_us);
    return driver;
}

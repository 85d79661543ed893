/* SPDX-License-Identifier: Apache-2.0 */
/* Between readings and alerts: sweeps the fleet group by group, and tells the core whom the score has found. */
#include "runtime/platform_internal.h"

/* A sweep reports at most so many devices; what befalls more of them at once is no fault of a device. */
#define REPORTS_MAX 32

/* Temperature over an inlet, from idle to full power, that sound devices of either kind show: only where a group is too
 * small to learn its own. */
#define GPU_RISE_C 33.0
#define ASIC_RISE_C 40.0

static hcp_anomaly_class class_of(const hcp_class_defined *class_)
{
    bool asic = class_->kind == HCP_DEVICE_ASIC;
    double full_w = (double)class_->tdp_w;
    double span_w = asic ? full_w : MAX(full_w - (double)class_->idle_w, 1.0);
    hcp_anomaly_class known = {
        .full_w = full_w,
        .rise_c_per_w = (asic ? ASIC_RISE_C : GPU_RISE_C) / span_w,
    };
    const hcp_power_target *targets = class_->power_targets.items;
    for (uint32_t i = 0; asic && i < class_->power_targets.count && i < HCP_ANOMALY_POINTS; i++) {
        known.points[i].power_w = (double)targets[i].power_w;
        known.points[i].ths = targets[i].ths;
        known.n_points = (int)i + 1;
    }
    return known;
}

static void sweep(hcp_platform *platform)
{
    const hcp_state *state = hcp_core_state(platform->core);
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        hcp_anomaly_class class_ = class_of(&hcp_state_class(state, group->class_ix)->def);
        for (guint b = 0; b < group->batches->len; b++) {
            const hcp_device_batch *batch = &g_array_index(
                state->fleet.batches, hcp_device_batch, g_array_index(group->batches, uint32_t, b));
            hcp_anomaly_take(&platform->anomaly, g, &class_, &platform->latest, batch->first,
                             batch->def.count);
        }
    }
    hcp_anomaly_end(&platform->anomaly);
}

static void report(hcp_platform *platform, const GArray *devices, bool found)
{
    for (guint i = 0; i < MIN(devices->len, REPORTS_MAX); i++) {
        uint32_t device = g_array_index(devices, uint32_t, i);
        const char *cause = hcp_anomaly_cause(&platform->anomaly, device);
        hcp_platform_command(
            platform,
            &(hcp_command){.type = HCP_COMMAND_REPORT_ANOMALY,
                           .anomaly = {.device = device,
                                       .found = found,
                                       .cause = cause,
                                       .score = hcp_anomaly_score(&platform->anomaly, device)}});
    }
}

void hcp_watch_readings(hcp_platform *platform, int64_t now_us)
{
    if (!hcp_anomaly_begin(&platform->anomaly, platform->latest.n_devices, now_us))
        return;
    sweep(platform);
    report(platform, platform->anomaly.raised, true);
    report(platform, platform->anomaly.cleared, false);
}

void hcp_watch_resume(hcp_platform *platform)
{
    const GArray *alerts = hcp_core_state(platform->core)->alerts;
    for (guint i = 0; i < alerts->len; i++) {
        const hcp_alert *alert = &g_array_index(alerts, hcp_alert, i);
        if (alert->cleared_us != 0 || !g_str_equal(alert->def.kind, "device_anomaly"))
            continue;
        uint32_t device = hcp_core_find_device_name(platform->core, alert->def.subject);
        if (device != HCP_NO_INDEX)
            hcp_anomaly_resume(&platform->anomaly, device);
    }
}

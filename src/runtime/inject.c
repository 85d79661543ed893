/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/inject.h"

#include "base/error.h"
#include "drivers/driver_sim.h"
#include "runtime/platform_internal.h"

static const char *const NAMES[HCP_INJECT_KINDS] = {
    "device_failed", "device_degraded", "device_recovered", "command_lost",   "command_late",
    "fan_failed",    "board_lost",      "feed_stale",       "feed_recovered",
};

const hcp_enum_names HCP_INJECT_NAMES = HCP_ENUM_NAMES(NAMES);

static void inject_feed(hcp_platform *platform, const hcp_inject *fault, int64_t now_us)
{
    int64_t until_us = fault->duration_us > 0 ? now_us + fault->duration_us : INT64_MAX;
    platform->silent_until_us[fault->feed] = fault->kind == HCP_INJECT_FEED_STALE ? until_us : 0;
}

static void inject_health(hcp_platform *platform, const hcp_inject *fault, int64_t now_us)
{
    static const hcp_driver_health_kind kinds[] = {
        [HCP_INJECT_DEVICE_FAILED] = HCP_DRIVER_DEVICE_FAILED,
        [HCP_INJECT_DEVICE_DEGRADED] = HCP_DRIVER_DEVICE_DEGRADED,
        [HCP_INJECT_DEVICE_RECOVERED] = HCP_DRIVER_DEVICE_RECOVERED,
    };
    hcp_driver_sim_inject(platform->driver, fault->device, kinds[fault->kind], fault->xid, now_us);
    if (fault->duration_us > 0 && fault->kind != HCP_INJECT_DEVICE_RECOVERED)
        hcp_driver_sim_recover_at(platform->driver, fault->device, now_us + fault->duration_us);
}

/* Faults that only readings tell of. Without a fan a device is cooled by what its neighbours move. */
static bool inject_wear(hcp_platform *platform, const hcp_inject *fault, int64_t now_us,
                        GError **error)
{
    const hcp_state *state = hcp_core_state(platform->core);
    const hcp_group *group = hcp_state_group(state, state->fleet.group[fault->device]);
    bool miner = hcp_state_class(state, group->class_ix)->def.kind == HCP_DEVICE_ASIC;
    if (fault->kind == HCP_INJECT_BOARD_LOST && !miner) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED,
                    "only miners have hash boards to lose: name a miner");
        return false;
    }
    hcp_driver_sim_wear wear = {.cooling = 1.0, .boards = 1.0};
    if (fault->kind == HCP_INJECT_FAN_FAILED)
        wear.cooling = 1.6;
    else
        wear.boards = 2.0 / 3.0;
    hcp_driver_sim_wear_device(platform->driver, fault->device, &wear, now_us);
    if (fault->duration_us > 0)
        hcp_driver_sim_recover_at(platform->driver, fault->device, now_us + fault->duration_us);
    return true;
}

bool hcp_platform_inject(hcp_platform *platform, const hcp_inject *fault, GError **error)
{
    int64_t now_us = hcp_platform_now(platform);
    if (fault->kind >= HCP_INJECT_FEED_STALE) {
        inject_feed(platform, fault, now_us);
        return true;
    }
    if (platform->driver == NULL || !g_str_equal(platform->driver->ops->name, "sim")) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED,
                    "the devices are real: faults are injected into simulated ones only");
        return false;
    }
    if (fault->kind <= HCP_INJECT_DEVICE_RECOVERED)
        inject_health(platform, fault, now_us);
    else if (fault->kind == HCP_INJECT_FAN_FAILED || fault->kind == HCP_INJECT_BOARD_LOST)
        return inject_wear(platform, fault, now_us, error);
    else
        hcp_driver_sim_disturb(platform->driver, fault->device,
                               fault->kind == HCP_INJECT_COMMAND_LATE ? fault->duration_us
                                                                      : INT64_MAX);
    return true;
}

int64_t hcp_platform_silent_until(hcp_platform *platform, hcp_price_kind feed)
{
    int64_t until_us = platform->silent_until_us[feed];
    return until_us > hcp_platform_now(platform) ? until_us : 0;
}

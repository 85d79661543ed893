/* SPDX-License-Identifier: Apache-2.0 */
/* The common part of drivers: argument checks and the shape of a batch. */
#include "drivers/driver.h"

#include "base/error.h"

static const char *const MODE_NAMES[HCP_DRIVER_MODES] = {
    [HCP_DRIVER_OFF] = "off",
    [HCP_DRIVER_IDLE] = "idle",
    [HCP_DRIVER_MINE] = "mine",
    [HCP_DRIVER_SERVE] = "serve",
};

static const char *const CAUSE_NAMES[HCP_DRIVER_CAUSES] = {
    [HCP_DRIVER_CAUSE_NONE] = "none",
    [HCP_DRIVER_CAUSE_OOM] = "out_of_memory",
    [HCP_DRIVER_CAUSE_RESTORE] = "incomplete_restore",
    [HCP_DRIVER_CAUSE_DEVICE_DOWN] = "device_down",
    [HCP_DRIVER_CAUSE_REJECTED] = "rejected",
};

const char *hcp_driver_mode_name(hcp_driver_mode mode)
{
    return (unsigned)mode < HCP_DRIVER_MODES ? MODE_NAMES[mode] : "unknown";
}

const char *hcp_driver_cause_name(hcp_driver_cause cause)
{
    return (unsigned)cause < HCP_DRIVER_CAUSES ? CAUSE_NAMES[cause] : "unknown";
}

void hcp_driver_batch_init(hcp_driver_batch *batch)
{
    batch->reports = g_array_new(FALSE, FALSE, sizeof(hcp_driver_report));
    batch->health = g_array_new(FALSE, FALSE, sizeof(hcp_driver_health));
    batch->failed = g_array_new(FALSE, FALSE, sizeof(uint32_t));
}

void hcp_driver_batch_clear(hcp_driver_batch *batch)
{
    g_array_set_size(batch->reports, 0);
    g_array_set_size(batch->health, 0);
    g_array_set_size(batch->failed, 0);
}

void hcp_driver_batch_finish(hcp_driver_batch *batch)
{
    g_clear_pointer(&batch->reports, g_array_unref);
    g_clear_pointer(&batch->health, g_array_unref);
    g_clear_pointer(&batch->failed, g_array_unref);
}

static bool check_devices(const hcp_driver *driver, hcp_driver_devices devices, GError **error)
{
    if (devices.n_ranges == 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "no devices named; name at least one range");
        return false;
    }
    for (uint32_t i = 0; i < devices.n_ranges; i++) {
        hcp_driver_range range = devices.ranges[i];
        if (range.count == 0 || range.first >= driver->n_devices ||
            range.count > driver->n_devices - range.first) {
            g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                        "range %u+%u is empty or outside the fleet of %u devices", range.first,
                        range.count, driver->n_devices);
            return false;
        }
    }
    return true;
}

static bool check_load(double load, GError **error)
{
    if (load >= 0 && load <= 1)
        return true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "load %g is outside 0 to 1", load);
    return false;
}

GArray *hcp_driver_discover(hcp_driver *driver)
{
    GArray *groups = g_array_new(FALSE, FALSE, sizeof(hcp_driver_group));
    driver->ops->discover(driver, groups);
    return groups;
}

bool hcp_driver_start(hcp_driver *driver, const hcp_driver_command *command, int64_t now_us,
                      GError **error)
{
    g_assert((unsigned)command->phase < HCP_SWITCHTIME_PHASES);
    g_assert((unsigned)command->from < HCP_DRIVER_MODES &&
             (unsigned)command->to < HCP_DRIVER_MODES);
    if (!check_devices(driver, command->devices, error) || !check_load(command->load, error))
        return false;
    driver->ops->start(driver, command, now_us);
    return true;
}

void hcp_driver_cancel(hcp_driver *driver, uint64_t switch_id, int64_t now_us)
{
    driver->ops->cancel(driver, switch_id, now_us);
}

bool hcp_driver_set_power(hcp_driver *driver, hcp_driver_devices devices, double power_w,
                          int64_t now_us, GError **error)
{
    if (!check_devices(driver, devices, error))
        return false;
    driver->ops->set_power(driver, devices, power_w, now_us);
    return true;
}

bool hcp_driver_set_load(hcp_driver *driver, hcp_driver_devices devices, double load,
                         int64_t now_us, GError **error)
{
    if (!check_devices(driver, devices, error) || !check_load(load, error))
        return false;
    driver->ops->set_load(driver, devices, load, now_us);
    return true;
}

int64_t hcp_driver_next_due(const hcp_driver *driver)
{
    return driver->ops->next_due(driver);
}

void hcp_driver_poll(hcp_driver *driver, int64_t now_us, hcp_driver_batch *batch)
{
    driver->ops->poll(driver, now_us, batch);
}

void hcp_driver_sample(hcp_driver *driver, int64_t now_us, const hcp_driver_columns *columns)
{
    g_assert(columns->first <= driver->n_devices &&
             columns->count <= driver->n_devices - columns->first);
    driver->ops->sample(driver, now_us, columns);
}

void hcp_driver_free(hcp_driver *driver)
{
    if (driver)
        driver->ops->free(driver);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/latest.h"

#include <glib.h>
#include <math.h>

void hcp_latest_init(hcp_latest *latest, uint32_t n_devices)
{
    *latest = (hcp_latest){0};
    hcp_latest_grow(latest, n_devices);
}

static void fill_nan(float *column, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        column[i] = NAN;
}

void hcp_latest_grow(hcp_latest *latest, uint32_t n_devices)
{
    uint32_t old = latest->n_devices;
    if (n_devices <= old)
        return;
    latest->observed_us = g_renew(int64_t, latest->observed_us, n_devices);
    latest->temp_c = g_renew(float, latest->temp_c, n_devices);
    latest->power_w = g_renew(float, latest->power_w, n_devices);
    latest->utilization = g_renew(float, latest->utilization, n_devices);
    latest->hashrate_ths = g_renew(float, latest->hashrate_ths, n_devices);
    latest->memory_bytes = g_renew(int64_t, latest->memory_bytes, n_devices);
    latest->energy_j = g_renew(double, latest->energy_j, n_devices);
    latest->shares_accepted = g_renew(uint64_t, latest->shares_accepted, n_devices);
    latest->shares_rejected = g_renew(uint64_t, latest->shares_rejected, n_devices);
    fill_nan(latest->temp_c, old, n_devices);
    fill_nan(latest->power_w, old, n_devices);
    fill_nan(latest->utilization, old, n_devices);
    fill_nan(latest->hashrate_ths, old, n_devices);
    for (uint32_t i = old; i < n_devices; i++) {
        latest->observed_us[i] = latest->memory_bytes[i] = 0;
        latest->energy_j[i] = 0;
        latest->shares_accepted[i] = latest->shares_rejected[i] = 0;
    }
    latest->n_devices = n_devices;
}

void hcp_latest_finish(hcp_latest *latest)
{
    g_free(latest->observed_us);
    g_free(latest->temp_c);
    g_free(latest->power_w);
    g_free(latest->utilization);
    g_free(latest->hashrate_ths);
    g_free(latest->memory_bytes);
    g_free(latest->energy_j);
    g_free(latest->shares_accepted);
    g_free(latest->shares_rejected);
    *latest = (hcp_latest){0};
}

bool hcp_latest_is_stale(const hcp_latest *latest, uint32_t device, int64_t now_us,
                         int64_t limit_us)
{
    return device >= latest->n_devices || latest->observed_us[device] == 0 ||
           now_us - latest->observed_us[device] > limit_us;
}

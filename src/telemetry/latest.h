/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The latest readings of every device, as columns. Telemetry is not journaled: it is sampled, shown and rolled up; only the
 * transitions it causes become events. Every reading has an age: `observed_us` of a silent device stays behind.
 */
#ifndef HCP_TELEMETRY_LATEST_H
#define HCP_TELEMETRY_LATEST_H

#include <stdbool.h>
#include <stdint.h>

/* Columns indexed by device; NaN and 0 (observed_us) mean "never seen". */
typedef struct {
    uint32_t n_devices;
    int64_t sampled_us; /* time of the last sweep */
    int64_t *observed_us;
    float *temp_c;
    float *power_w;
    float *utilization; /* 0…1 */
    float *hashrate_ths;
    int64_t *memory_bytes;
    double *energy_j;
    uint64_t *shares_accepted, *shares_rejected;
} hcp_latest;

/* Columns for `n_devices`, nothing seen yet. */
void hcp_latest_init(hcp_latest *latest, uint32_t n_devices);

/* Makes room for more devices; their readings are "never seen". */
void hcp_latest_grow(hcp_latest *latest, uint32_t n_devices);

/* Frees the columns. */
void hcp_latest_finish(hcp_latest *latest);

/* True when the device's reading is older than `limit_us` at `now_us`, or there is none. */
bool hcp_latest_is_stale(const hcp_latest *latest, uint32_t device, int64_t now_us,
                         int64_t limit_us);

#endif

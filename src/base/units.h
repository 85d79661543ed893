/* SPDX-License-Identifier: Apache-2.0 */
/* Unit constants and the conversions between what is stored (joules, watts, microseconds) and what is shown. */
#ifndef HCP_BASE_UNITS_H
#define HCP_BASE_UNITS_H

#include <stdint.h>

#define HCP_US_PER_MS ((int64_t)1000)
#define HCP_US_PER_S ((int64_t)1000000)
#define HCP_US_PER_MIN (60 * HCP_US_PER_S)
#define HCP_US_PER_H (3600 * HCP_US_PER_S)
#define HCP_US_PER_DAY (24 * HCP_US_PER_H)

#define HCP_J_PER_KWH ((int64_t)3600000)
#define HCP_J_PER_MWH ((int64_t)3600000000)
#define HCP_W_PER_MW ((int64_t)1000000)

/* Joules used by `power_w` over `duration_us`, rounded half away from zero. */
int64_t hcp_units_energy_j(int64_t power_w, int64_t duration_us);

/* Megawatt-hours and kilowatt-hours of `energy_j`, for display. */
double hcp_units_mwh(int64_t energy_j);
double hcp_units_kwh(int64_t energy_j);

/* a * b / c with a 128-bit intermediate, rounded half away from zero; c must not be zero. */
int64_t hcp_units_muldiv(int64_t a, int64_t b, int64_t c);

#endif

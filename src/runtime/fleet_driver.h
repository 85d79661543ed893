/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated driver for the devices that the state knows, in the modes in which the state has them. */
#ifndef HCP_RUNTIME_FLEET_DRIVER_H
#define HCP_RUNTIME_FLEET_DRIVER_H

#include "core/state.h"
#include "drivers/driver.h"
#include "sim/faults.h"

typedef struct {
    hcp_switchtime_preset preset;
    const hcp_faults_params *faults; /* NULL = none */
    uint64_t seed;
    int64_t now_us;
} hcp_fleet_driver_options;

/* A driver over all devices of `state`; owned by the caller. Devices inside a switch are in the mode they come from. */
hcp_driver *hcp_fleet_driver_new(const hcp_state *state, const hcp_fleet_driver_options *options);

#endif

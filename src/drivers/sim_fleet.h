/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated devices behind the simulated driver: what each phase of a switch does to them, how
 * long physics makes it last, what they show. Internal to drivers/.
 */
#ifndef HCP_DRIVERS_SIM_FLEET_H
#define HCP_DRIVERS_SIM_FLEET_H

#include "drivers/driver_sim.h"

/* A run of alike devices; `gpu` or `asic` is in use, by kind. */
typedef struct {
    hcp_driver_range range;
    hcp_driver_kind kind;
    double inlet_c;
    hcp_switchtime_links links;
    hcp_gpu gpu;
    hcp_asic asic;
} hcp_sim_group;

typedef struct {
    hcp_sim_group *groups;
    uint32_t n_groups;
    uint32_t n_devices;
    hcp_switchtime_preset preset;
    uint8_t *mode; /* hcp_driver_mode by device */
    uint8_t *down; /* failed devices */
} hcp_sim_fleet;

/* Devices of `config`, each in its starting mode. */
void hcp_sim_fleet_init(hcp_sim_fleet *fleet, const hcp_driver_sim_config *config);
void hcp_sim_fleet_finish(hcp_sim_fleet *fleet);

/* Describes group `index` for discovery. */
hcp_driver_group hcp_sim_fleet_describe(const hcp_sim_fleet *fleet, uint32_t index);

/* Begins a phase on the devices and returns how long it takes, drawn by `draw` in [0, 1). */
int64_t hcp_sim_fleet_begin(hcp_sim_fleet *fleet, const hcp_driver_command *command, double draw,
                            int64_t now_us);

/* Why `device` cannot be through this phase: it is down, too small or of the wrong kind. */
hcp_driver_cause hcp_sim_fleet_obstacle(const hcp_sim_fleet *fleet,
                                        const hcp_driver_command *command, uint32_t device);

/* The first devices of `range` that are in one group and either all down or all up: what an obstacle is to one of them it is
 * to all. */
hcp_driver_range hcp_sim_fleet_alike(const hcp_sim_fleet *fleet, hcp_driver_range range);

/* Ends a phase on devices of one group that are through it. */
void hcp_sim_fleet_end(hcp_sim_fleet *fleet, const hcp_driver_command *command,
                       hcp_driver_range part, int64_t now_us);

/* Puts one device into a mode at once, without phases or ramps. */
void hcp_sim_fleet_put(hcp_sim_fleet *fleet, uint32_t device, const hcp_driver_sim_state *state,
                       int64_t now_us);

/* Power target or cap, and load, of one device, as in hcp_driver_ops. */
void hcp_sim_fleet_set_power(hcp_sim_fleet *fleet, uint32_t device, double power_w, int64_t now_us);
void hcp_sim_fleet_set_load(hcp_sim_fleet *fleet, uint32_t device, double load, int64_t now_us);

/* Makes one device fail, run degraded, or recover. */
void hcp_sim_fleet_harm(hcp_sim_fleet *fleet, uint32_t device, hcp_driver_health_kind kind,
                        int64_t now_us);

/* Wears one device silently, see hcp_driver_sim_wear_device. */
void hcp_sim_fleet_wear(hcp_sim_fleet *fleet, uint32_t device, const hcp_driver_sim_wear *wear,
                        int64_t now_us);

/* Fills telemetry columns as of `now_us`. */
void hcp_sim_fleet_sample(hcp_sim_fleet *fleet, const hcp_driver_columns *columns, int64_t now_us);

/* Kind of a device. */
hcp_driver_kind hcp_sim_fleet_kind(const hcp_sim_fleet *fleet, uint32_t device);

#endif

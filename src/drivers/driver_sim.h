/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulated driver: a full peer of real ones, built on the physical models of sim/. Phases take
 * simulated time (the report is due at start + duration on the platform's clock), devices heat,
 * ramp, hash and fail.
 */
#ifndef HCP_DRIVERS_DRIVER_SIM_H
#define HCP_DRIVERS_DRIVER_SIM_H

#include "drivers/driver.h"
#include "sim/asic.h"
#include "sim/faults.h"
#include "sim/gpu.h"

/* A run of alike devices; groups follow each other without gaps from index 0. */
typedef struct {
    hcp_driver_kind kind;
    uint32_t count;
    const hcp_gpu_class *gpu;   /* GPU and CPU; fitted and copied */
    const hcp_asic_class *asic; /* ASIC; fitted and copied */
    double inlet_c;             /* of the facility; 0 = 30 for GPUs, 25 for miners */
    hcp_switchtime_links links; /* zero rates are filled from the class and typical hardware */
    hcp_driver_mode mode;       /* at the start */
} hcp_driver_sim_group;

typedef struct {
    const hcp_driver_sim_group *groups;
    uint32_t n_groups;
    hcp_switchtime_preset preset;
    const hcp_faults_params *faults; /* NULL = none; copied */
    uint64_t seed;
    int64_t start_us;
} hcp_driver_sim_config;

/* A driver of simulated devices, all in their starting mode at `start_us`. The same configuration and
 * the same calls give the same observations. Owned by the caller. */
hcp_driver *hcp_driver_sim_new(const hcp_driver_sim_config *config);

/* A mode with its settings. */
typedef struct {
    hcp_driver_mode mode;
    double power_w;       /* 0 = rated */
    double load;          /* 0..1, while serving */
    int64_t memory_bytes; /* in use; miners have none */
} hcp_driver_sim_state;

/* Puts devices into a state without a switch, as if they had been found in it: how a restarted
 * platform's simulation takes up what the journal says. */
void hcp_driver_sim_adopt(hcp_driver *driver, hcp_driver_devices devices,
                          const hcp_driver_sim_state *state, int64_t now_us);

/* Makes one device fail or recover now, as an operator's exercise or a test does; the event comes
 * with the next poll. */
void hcp_driver_sim_inject(hcp_driver *driver, uint32_t device, hcp_driver_health_kind kind,
                           int xid, int64_t now_us);

/* What no device reports of itself. */
typedef struct {
    double cooling; /* thermal resistance against a sound device's, 1 = sound */
    double boards;  /* share of a miner's hash boards that work, 1 = all */
} hcp_driver_sim_wear;

/* Wears one device silently: no event comes of it, only its readings change. A recovery makes it sound again. */
void hcp_driver_sim_wear_device(hcp_driver *driver, uint32_t device,
                                const hcp_driver_sim_wear *wear, int64_t now_us);

/* Makes the device recover at `at_us`, which may lie ahead. */
void hcp_driver_sim_recover_at(hcp_driver *driver, uint32_t device, int64_t at_us);

/* The next command that touches the device takes `delay_us` longer, or is lost (INT64_MAX): no report of it ever comes. */
void hcp_driver_sim_disturb(hcp_driver *driver, uint32_t device, int64_t delay_us);

#endif

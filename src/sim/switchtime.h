/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long each phase of a switch physically takes. A phase lasts as long as its preset says (the
 * control and software part) but never less than physics allows: bytes over the link on which they
 * must travel, memory to scrub, a miner's power ramp. Pure arithmetic; whoever schedules the phase
 * adds the result to the platform's clock.
 *
 * One canonical protocol, validate -> assign -> quiesce -> save -> activate -> verify -> serve. The
 * three timelines of the seeds are budgets over it; `physical` has no budget but measured software
 * overheads and is the honest default.
 */
#ifndef HCP_SIM_SWITCHTIME_H
#define HCP_SIM_SWITCHTIME_H

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    HCP_SWITCHTIME_VALIDATE, /* control plane only: is the switch still allowed */
    HCP_SWITCHTIME_ASSIGN,   /* control plane only: which workload goes where */
    HCP_SWITCHTIME_QUIESCE,  /* drain requests or stop hashing; miners ramp down here */
    HCP_SWITCHTIME_SAVE,     /* keep what the old mode needs to come back, scrub the rest */
    HCP_SWITCHTIME_ACTIVATE, /* bring the new mode's bytes to the device; miners ramp up here */
    HCP_SWITCHTIME_VERIFY,   /* warm-up probe or first accepted share */
    HCP_SWITCHTIME_SERVE,    /* hand the endpoint or pool connection over */
    HCP_SWITCHTIME_ROLLBACK, /* not part of a switch that succeeds: back to the mode it came from */
    HCP_SWITCHTIME_PHASES
} hcp_switchtime_phase;

typedef enum {
    HCP_SWITCHTIME_HBM,  /* already in device memory */
    HCP_SWITCHTIME_HOST, /* pinned host memory, over PCIe or NVLink-C2C */
    HCP_SWITCHTIME_DISK, /* local NVMe, then the host link */
    HCP_SWITCHTIME_COLD, /* fetched over the network, and the engine starts from nothing */
    HCP_SWITCHTIME_RESIDENCIES
} hcp_switchtime_residency;

typedef enum {
    HCP_SWITCHTIME_PHYSICAL,   /* lower bound plus measured software overhead */
    HCP_SWITCHTIME_PHASES_400, /* save 50, clear 80, load 120, initialise 150 ms */
    HCP_SWITCHTIME_TIMELINE_A, /* 0 50 100 150 200 300 400 450 ms */
    HCP_SWITCHTIME_TIMELINE_B, /* 0 50 100 150 250 350 450 ms */
    HCP_SWITCHTIME_PRESETS
} hcp_switchtime_preset;

/* Links of one device, bytes per second; a rate of 0 means the path does not exist (a cold start is
 * then refused by assertion, so catalogs give every rate). `host` is the sustained rate of pinned
 * copies, not the signalling rate. */
typedef struct {
    double hbm_bytes_per_s;
    double host_bytes_per_s;
    double disk_bytes_per_s;
    double network_bytes_per_s;
} hcp_switchtime_links;

/* What has to move in one switch of one device. All zero for a miner. */
typedef struct {
    hcp_switchtime_residency residency; /* where the incoming bytes are */
    int64_t model_bytes;                /* incoming: weights and warm caches */
    int64_t state_bytes;                /* outgoing: what must be saved to host memory */
    int64_t scrub_bytes; /* outgoing: device memory overwritten before the next tenant */
    int64_t drain_us;    /* longest request still in flight */
} hcp_switchtime_payload;

/* The ramps a miner has to make in this switch (or, in discovery, its full ones); zero for others.
 */
typedef struct {
    int64_t down_us; /* towards standby, in quiesce */
    int64_t up_us;   /* from standby, in activate */
} hcp_switchtime_ramps;

/* One device's part in a switch. */
typedef struct {
    hcp_switchtime_links links;
    hcp_switchtime_payload payload;
    hcp_switchtime_ramps ramps;
} hcp_switchtime_job;

/* A point of a printed timeline: at `offset_us` after the signal, `label` is done, which ends (part
 * of) `phase`. */
typedef struct {
    int64_t offset_us;
    hcp_switchtime_phase phase;
    const char *label;
} hcp_switchtime_step;

/* Lower-case names ("quiesce", "hbm", "timeline-a"); "unknown" outside the enum. */
const char *hcp_switchtime_phase_name(hcp_switchtime_phase phase);
const char *hcp_switchtime_residency_name(hcp_switchtime_residency residency);
const char *hcp_switchtime_preset_name(hcp_switchtime_preset preset);

/* The preset called `name`, or -1. */
int hcp_switchtime_preset_parse(const char *name);

/* Budget of `phase` in `preset` in microseconds; 0 where the preset gives it no time of its own. */
int64_t hcp_switchtime_budget_us(hcp_switchtime_preset preset, hcp_switchtime_phase phase);

/* Longest time by which activating a cold model exceeds budget and transfer under `preset`: the
 * start of its engine, at the top of the spread. */
int64_t hcp_switchtime_cold_start_us(hcp_switchtime_preset preset);

/* The printed timeline of `preset`, in order; `ret_n` gets the number of steps (0 for `physical`).
 * Static storage. */
const hcp_switchtime_step *hcp_switchtime_steps(hcp_switchtime_preset preset, int *ret_n);

/* Least time in which `phase` of `job` can happen at all. */
int64_t hcp_switchtime_floor_us(const hcp_switchtime_job *job, hcp_switchtime_phase phase);

/* Nominal duration: the larger of budget and floor. */
int64_t hcp_switchtime_nominal_us(const hcp_switchtime_job *job, hcp_switchtime_preset preset,
                                  hcp_switchtime_phase phase);

/* Duration of one occurrence: the nominal one with a spread of the software part, drawn from `draw`
 * in [0, 1) so that 400 ms become 350 to 480; never below the floor. */
int64_t hcp_switchtime_drawn_us(const hcp_switchtime_job *job, hcp_switchtime_preset preset,
                                hcp_switchtime_phase phase, double draw);

/* Floor and nominal duration of the whole switch, rollback excluded: what may be promised lies at
 * or above these. */
int64_t hcp_switchtime_total_floor_us(const hcp_switchtime_job *job);
int64_t hcp_switchtime_total_nominal_us(const hcp_switchtime_job *job,
                                        hcp_switchtime_preset preset);

/* Largest model in bytes that still fits `limit_us` in total under `preset`; 0 when nothing does.
 */
int64_t hcp_switchtime_largest_model_bytes(const hcp_switchtime_job *job,
                                           hcp_switchtime_preset preset, int64_t limit_us);

#endif

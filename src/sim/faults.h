/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes wrong, by seed: devices that fail and come back, commands that are lost or late, phases
 * that run out of memory, hang or restore only part of a range, feeds that go silent. Draws depend
 * on what they are for (a switch and phase, a feed and hour), not on the order of asking; device
 * failures are a Poisson process over the fleet.
 */
#ifndef HCP_SIM_FAULTS_H
#define HCP_SIM_FAULTS_H

#include "base/rng.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    double device_mtbf_h; /* of one device; 0 = never fails */
    double device_mttr_h;
    double degraded_share; /* of failures that only degrade */
    double command_lost;   /* probabilities per command… */
    double command_late;
    int64_t late_mean_us;
    double phase_oom; /* …and per activate or save phase */
    double phase_hang;
    double phase_partial;
    double feed_gap_per_day; /* of one feed */
    int64_t feed_gap_mean_us;
} hcp_faults_params;

typedef enum {
    HCP_FAULTS_NONE,
    HCP_FAULTS_LOST, /* the device never hears it: no report */
    HCP_FAULTS_LATE, /* the report comes `delay_us` late */
    HCP_FAULTS_OOM,  /* the phase fails: not enough device memory */
    HCP_FAULTS_HANG, /* the phase begins and never ends: no report, devices stuck until cancelled */
    HCP_FAULTS_PARTIAL, /* `share` of the devices fail */
} hcp_faults_kind;

typedef struct {
    hcp_faults_kind kind;
    int64_t delay_us;
    double share;
} hcp_faults_outcome;

/* Identity of a command, so that a retry has its own fate. */
typedef struct {
    uint64_t switch_id;
    int phase;
    uint32_t attempt;
    bool moves_memory; /* save or activate of a device with memory: OOM and partial restore are
                          possible */
} hcp_faults_command;

typedef enum {
    HCP_FAULTS_DEVICE_FAILED,
    HCP_FAULTS_DEVICE_DEGRADED,
    HCP_FAULTS_DEVICE_RECOVERED,
} hcp_faults_device_kind;

typedef struct {
    int64_t at_us;
    uint32_t device;
    hcp_faults_device_kind kind;
} hcp_faults_device_event;

typedef struct hcp_faults hcp_faults;

/* All rates zero. */
void hcp_faults_no_params(hcp_faults_params *ret_params);

/* A rough neighbourhood, as used by the fault simulation. */
void hcp_faults_default_params(hcp_faults_params *ret_params);

/* A source for `n_devices` devices from `start_us` on. */
hcp_faults *hcp_faults_new(const hcp_faults_params *params, uint32_t n_devices, uint64_t seed,
                           int64_t start_us);
void hcp_faults_free(hcp_faults *faults);

/* Fate of one command. */
hcp_faults_outcome hcp_faults_of_command(const hcp_faults *faults,
                                         const hcp_faults_command *command);

/* Whether device `index` of a partly failed command is among the failed. */
bool hcp_faults_hits_device(const hcp_faults *faults, const hcp_faults_command *command,
                            uint32_t index, double share);

/* Time of the next device event, INT64_MAX when there is none. */
int64_t hcp_faults_next_due(const hcp_faults *faults);

/* Takes the next device event at or before `now_us`; false when there is none. A failed device
 * recovers before it can fail again. */
bool hcp_faults_take_device_event(hcp_faults *faults, int64_t now_us,
                                  hcp_faults_device_event *ret_event);

/* Whether feed number `feed` is silent at `at_us`. */
bool hcp_faults_feed_silent(const hcp_faults *faults, uint64_t feed, int64_t at_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_faults, hcp_faults_free)

#endif

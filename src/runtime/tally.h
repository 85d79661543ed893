/* SPDX-License-Identifier: Apache-2.0 */
/* Counts what happens in a simulation, event by event: waits, switches, failures. */
#ifndef HCP_RUNTIME_TALLY_H
#define HCP_RUNTIME_TALLY_H

#include "core/core.h"
#include "runtime/simulate.h"

#include <glib.h>

typedef struct {
    GArray *waits[HCP_PRIORITIES];         /* int64_t microseconds */
    GArray *gpu_switches, *fleet_switches; /* int64_t microseconds */
    GHashTable *leased_switches; /* id value of every running switch into or out of a lease */
    uint64_t gpu_rolled_back, fleet_rolled_back, preempted, device_failures, decisions, deferred,
        deadlines_missed;
    hcp_usd_micro deferral_usd_micro;
} hcp_tally;

/* Storage of the caller; nothing counted yet. */
void hcp_tally_init(hcp_tally *tally);

/* Frees what the tally holds. */
void hcp_tally_finish(hcp_tally *tally);

/* Notes one applied event; `state` already contains it. */
void hcp_tally_note(hcp_tally *tally, const hcp_core *core, const hcp_event *event);

/* Fills the counted members of the report. */
void hcp_tally_report(hcp_tally *tally, const hcp_state *state, hcp_simulate_report *report);

#endif

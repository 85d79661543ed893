/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core: a deterministic state machine with no I/O, no threads and no clock.
 *
 *     decide(state, command, now) → events, or one typed refusal
 *     apply(state, event)         → the only function that changes state
 *
 * hcp_core_decide applies each event as it emits it, so a later step of the same command sees the earlier ones; the caller
 * journals the emitted events and lets no reply out before they are durable. If they cannot be made durable the caller
 * throws this core away and rebuilds one from the journal. Replay calls hcp_core_apply and never decides again.
 */
#ifndef HCP_CORE_CORE_H
#define HCP_CORE_CORE_H

#include "core/command.h"
#include "core/state.h"

typedef struct hcp_core hcp_core;

/* Readings that are not journaled, borrowed for the duration of one decide; NULL arrays mean "no telemetry". Arrays are
 * indexed by device and hold at least n_devices entries. */
typedef struct {
    uint32_t n_devices;
    const float *temperature_c;
    const float *utilisation; /* 0…1 */
} hcp_telemetry_view;

/* What a command led to. Zero-initialise; finish with hcp_outcome_clear. */
typedef struct {
    GArray *events; /* hcp_event, in order, already applied; owned (and cleared) by the outcome */
    hcp_refusal refusal;
    uint64_t id; /* of the thing the command made: workload, lease, decision …; 0 = none */
} hcp_outcome;

/* An empty platform. */
hcp_core *hcp_core_new(void);

/* Frees the core; NULL is allowed. */
void hcp_core_free(hcp_core *core);

/* The state, for reading. */
const hcp_state *hcp_core_state(const hcp_core *core);

/* Decides `command` at `now_us` (never earlier than the last event; an earlier time is taken as that time). True when it
 * was accepted, with its events appended to `outcome` (there may be none); false when it was refused: outcome->refusal
 * says why and nothing has changed. */
bool hcp_core_decide(hcp_core *core, const hcp_command *command, int64_t now_us,
                     const hcp_telemetry_view *view, hcp_outcome *outcome);

/* Folds one event in. Used by replay; the event must come from this core's journal, in order. Returns false, with the
 * state untouched, when the event cannot follow this state (a corrupted or foreign journal). */
bool hcp_core_apply(hcp_core *core, const hcp_event *event, GError **error);

/* When the core wants HCP_COMMAND_TICK next (a phase deadline, a completion, a back-off, a stale price), or INT64_MAX. */
int64_t hcp_core_next_due(const hcp_core *core);

/* SHA-256 of the canonical state as 64 hex characters. Two cores with equal hashes decide alike. Caller frees. */
char *hcp_core_hash(const hcp_core *core);

/* The whole state as one JSON-lines blob and back, for journal snapshots. Caller owns the result. */
GBytes *hcp_core_snapshot(const hcp_core *core);
hcp_core *hcp_core_restore(GBytes *snapshot, GError **error);

/* A copy for hcp_core_hash, hcp_core_snapshot and hcp_core_free alone: what is derived is left out. It shares nothing with
 * `core`, so it can be written on another thread while `core` goes on. */
hcp_core *hcp_core_copy(const hcp_core *core);

/* Checks every invariant of the state against a recomputation from scratch: no device in two leases, modes and leases
 * agree, counters and power sums exact, site power within the cap, queue conservation, no placeable workload left
 * waiting. Returns NULL when all hold, otherwise a sentence naming the first one broken. Caller frees. */
char *hcp_core_check(const hcp_core *core);

/* Frees the events and zeroes the outcome for reuse. */
void hcp_outcome_clear(hcp_outcome *outcome);

/* Lookups by public id or key; HCP_NO_INDEX when unknown. Hash tables inside, constant time. */
uint32_t hcp_core_find_workload(const hcp_core *core, hcp_workload_id id);
uint32_t hcp_core_find_lease(const hcp_core *core, hcp_lease_id id);
uint32_t hcp_core_find_switch(const hcp_core *core, hcp_switch_id id);
uint32_t hcp_core_find_device(const hcp_core *core, hcp_device_id id);
uint32_t hcp_core_find_device_name(const hcp_core *core, const char *name);
uint32_t hcp_core_find_facility(const hcp_core *core, const char *id_or_key);
uint32_t hcp_core_find_customer(const hcp_core *core, const char *id_or_key);
uint32_t hcp_core_find_class(const hcp_core *core, const char *key);

/* Whether a device could take a lease now, power permitting: healthy, in service, unleased, not switching and not off. */
bool hcp_state_device_is_free(const hcp_state *state, uint32_t device);

/* The batch a device was registered with, its public id, and its name ("gpu-tx-h100-023"; caller frees). */
const hcp_device_batch *hcp_state_device_batch(const hcp_state *state, uint32_t device);
hcp_device_id hcp_state_device_id(const hcp_state *state, uint32_t device);
char *hcp_state_device_name(const hcp_state *state, uint32_t device);

/* The reply remembered under `key` less than 24 hours ago, or NULL. Valid until the next event. */
const hcp_reply_remembered *hcp_core_find_reply(const hcp_core *core, const char *key);

/* Devices of a group that dispatch may move now (healthy, in service, unleased, not switching), by mode. */
void hcp_core_movable(const hcp_core *core, uint32_t group, uint32_t ret_by_mode[HCP_MODES]);

/* IT watts reserved by the devices of a group that are inside switches. */
int64_t hcp_core_switching_w(const hcp_core *core, uint32_t group);

/* IT watts that the devices of a group draw by use; what is inside switches is left out. */
typedef struct {
    int64_t serving_w;
    int64_t mining_w[HCP_MAX_POWER_TARGETS];
    int64_t rest_w; /* idle, asleep, off */
} hcp_group_draw;

/* Fills the draw of a group. With hcp_core_switching_w of its groups it adds up to the power of the facility. */
void hcp_core_draw(const hcp_core *core, uint32_t group, hcp_group_draw *ret_draw);

/* The latest start at which a workload still ends by its deadline, with a reserve for the switch and a retry; 0 = it has
 * no such deadline, or no known duration. */
int64_t hcp_workload_latest_start_us(const hcp_workload_accepted *def);

/* What part of a whole GPU a device of the class is, in thousandths; 1000 for everything that is no partition. */
uint32_t hcp_class_share_milli(const hcp_class_defined *def);

/* The classes of `mask` that are whole devices, or, where it names only partitions, those: who asks for a GPU does not mean a
 * seventh of one. */
uint64_t hcp_state_whole_classes(const hcp_state *state, uint64_t mask);

/* GPU time that `count` devices of the workload come to in `us`, as the quota counts it: a half for half a GPU. */
int64_t hcp_workload_gpu_us(const hcp_workload_accepted *def, uint32_t count, int64_t us);

/* Mask of the classes a customer means by `text`: a class key ("H100-80GB"), a family ("A100") or a label; 0 = none. */
uint64_t hcp_core_match_classes(const hcp_core *core, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_core, hcp_core_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The switch: how devices change mode. One state machine for one device, a gang or forty thousand miners:
 *
 *     validate → assign → quiesce → save → activate → verify → serve → done
 *         any phase that fails or is not confirmed by its deadline → rollback → back in the mode before
 *
 * Devices lost on the way leave the switch. A switch away from a tenant never rolls back: a device whose memory could not
 * be cleared is taken out of service.
 */
#ifndef HCP_CORE_SWITCHING_H
#define HCP_CORE_SWITCHING_H

#include "core/internal.h"

/* Appends `range` to `ranges` (of hcp_range), merging it with the last one when they touch. */
void hcp_ranges_add(GArray *ranges, hcp_range range);

/* Moves the content of `ranges` into `array` and frees `ranges`; returns the number of devices. */
uint32_t hcp_ranges_take(GArray *ranges, hcp_array *array);

/* Emits SWITCH_STARTED for the ranges of `def`, taking its strings and arrays. The id and the count are filled in. */
void hcp_switch_begin(hcp_txn *txn, hcp_switch_started *def);

/* The same for a list of devices of one group in ascending order: one switch per mode and power target they come from.
 * `def` carries no ranges, no `from` and no residency, which are found out; its strings stay the caller's. */
void hcp_switch_begin_devices(hcp_txn *txn, const hcp_array *devices,
                              const hcp_switch_started *def);

/* Orders a running switch back. No effect on one that is already on its way back or that leaves a tenant. */
void hcp_switch_abort(hcp_txn *txn, uint32_t ix, const char *reason);

/* Ends the switch when every device has left it. */
void hcp_switch_end_if_empty(hcp_txn *txn, uint32_t ix);

/* How long the phase in progress may take. */
int64_t hcp_switch_phase_limit_us(const hcp_state *state, const hcp_switch *sw);

#endif

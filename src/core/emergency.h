/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emergency shutdown of a facility, in this order: what is on its way up is turned back, miners and idle devices go to
 * sleep (large and harmless), then leases are lost: their devices drain, are cleared and sleep too. The facility is safe when everything
 * is asleep; when that was is measured. Also the place where devices that ended a switch are sent where standing orders
 * want them.
 */
#ifndef HCP_CORE_EMERGENCY_H
#define HCP_CORE_EMERGENCY_H

#include "core/internal.h"

/* Devices of the ranges of `def` that run nothing follow standing orders: maintenance switches them off, an emergency
 * puts them to sleep. */
void hcp_emergency_settle(hcp_txn *txn, const hcp_switch_started *def);

/* For apply functions: notes the moment when a facility in emergency is safe. */
void hcp_emergency_note_safe(hcp_core *core, uint32_t facility);

#endif

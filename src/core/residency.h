/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the bytes of a model are when a switch begins, and how long it takes at least to bring them in. The rule, from
 * what the state knows: in the memory of every device that switches → hbm; in the memory of another device of the group,
 * so some host there holds it → host; served on this platform before → disk; never seen → cold, over the backbone.
 */
#ifndef HCP_CORE_RESIDENCY_H
#define HCP_CORE_RESIDENCY_H

#include "core/state.h"

/* One Gen5 NVMe drive, sequential reads. */
#define HCP_DISK_GB_PER_S 14.0

/* Residency of `def->model` for the devices of `def->ranges`. A switch without a model has nothing to bring in: hbm. */
hcp_residency hcp_residency_find(const hcp_state *state, const hcp_switch_started *def);

/* Physical lower bound, in microseconds, of bringing `bytes` onto each device of a class from where they are. */
int64_t hcp_residency_transfer_us(const hcp_state *state, uint32_t facility, uint32_t class_ix,
                                  hcp_residency residency, int64_t bytes);

#endif

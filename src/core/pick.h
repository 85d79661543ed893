/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Naming the devices of a mass move. What starts takes the lowest ordinals, what stops the highest, so the working set
 * stays in few ranges and the same question always gets the same answer.
 */
#ifndef HCP_CORE_PICK_H
#define HCP_CORE_PICK_H

#include "core/internal.h"

typedef struct {
    uint32_t group;
    hcp_mode mode;   /* devices in this mode */
    uint32_t target; /* and at this power target */
    /* degraded, cordoned and maintained devices too; else only healthy ones in service */
    bool unfit;
    bool last;      /* from the highest index down */
    uint32_t limit; /* at most that many */
} hcp_pick;

/* The picked devices as ranges in ascending order; unleased, not failed and not switching in any case. Returns their
 * number; free `*ret_ranges` (hcp_range) with g_array_unref. */
uint32_t hcp_pick_ranges(const hcp_state *state, const hcp_pick *pick, GArray **ret_ranges);

/* Picks and starts one switch with the cause, target mode and power target of `def`, whose strings stay the caller's.
 * Returns the number of devices. */
uint32_t hcp_pick_and_switch(hcp_txn *txn, const hcp_pick *pick, const hcp_switch_started *def);

#endif

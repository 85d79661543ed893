/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a queued workload will serve: an interval. Its low end is what happens if nobody else takes a device before it, its
 * high end if everybody ahead is served first and every running lease lasts as long as it may. Cheap enough for every
 * submission: the releases of all leases are kept sorted per group until a lease changes.
 */
#ifndef HCP_CORE_ETA_H
#define HCP_CORE_ETA_H

#include "core/core.h"

typedef struct {
    /* point in time; INT64_MAX = not as things stand: too little is ever released */
    int64_t low_us;
    int64_t high_us; /* INT64_MAX = no bound: open-ended leases hold what it needs */
} hcp_eta;

/* When workload `ix` will serve (again). For one that serves, both ends are when its run began; for one that has ended,
 * when it first served (0 = never). */
void hcp_eta_of(const hcp_core *core, uint32_t ix, int64_t now_us, hcp_eta *ret_eta);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leases: who may use which devices. A device is in at most one; every grant carries a fencing token greater than all
 * before it, so an old holder can be told from the present one.
 */
#ifndef HCP_CORE_LEASE_H
#define HCP_CORE_LEASE_H

#include "core/placement.h"

/* Grants the placement and starts switching its devices in. `model` and `bytes` (per device) are what they activate. Takes the
 * arrays of `placement`. Returns the index of the lease. */
uint32_t hcp_lease_grant(hcp_txn *txn, const hcp_placement_request *request,
                         hcp_placement *placement);

/* A switch of this lease ended well: when all of them have, its workload starts. */
void hcp_lease_note_serving(hcp_txn *txn, uint32_t lease);

#endif

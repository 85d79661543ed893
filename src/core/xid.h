/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NVIDIA XID codes decoded to what the platform does about them. The codes and their meaning are NVIDIA's ("XID Errors",
 * r555); which of them take a device out of placement or out of service is this platform's ruling: an application fault
 * says nothing about the device, a contained or corrected memory fault degrades it, a lost or inconsistent device fails.
 */
#ifndef HCP_CORE_XID_H
#define HCP_CORE_XID_H

#include "core/types.h"

typedef struct {
    int32_t xid;
    hcp_health health;  /* at least this bad */
    const char *name;   /* "GPU has fallen off the bus" */
    const char *action; /* what the operator does: "reset the GPU", … */
} hcp_xid;

/* The entry of `xid`, or NULL for a code this table does not know (treat it as an application fault). */
const hcp_xid *hcp_xid_find(int32_t xid);

#endif

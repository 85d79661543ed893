/* SPDX-License-Identifier: Apache-2.0 */
/* NVIDIA XID codes decoded to what an operator does about them. */
#ifndef HCP_DRIVERS_XID_H
#define HCP_DRIVERS_XID_H

typedef enum {
    HCP_XID_IGNORE,      /* informational, or a consequence of another */
    HCP_XID_RESTART_APP, /* the workload is lost, the device is fine */
    HCP_XID_RESET_IDLE,  /* works on; reset the device when it is next free */
    HCP_XID_RESET_NOW,   /* drain and reset */
    HCP_XID_REBOOT,      /* the node has to restart */
    HCP_XID_REPLACE,     /* hardware fault: return it */
    HCP_XID_INSPECT,     /* check cabling, power or cooling */
} hcp_xid_action;

typedef struct {
    int code;
    const char *meaning;
    hcp_xid_action action;
} hcp_xid;

/* What `code` means; never NULL, unknown codes are to be inspected. Static storage. */
const hcp_xid *hcp_xid_decode(int code);

/* What to do, for people: "drain and reset the device". */
const char *hcp_xid_action_text(hcp_xid_action action);

#endif

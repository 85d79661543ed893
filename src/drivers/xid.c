/* SPDX-License-Identifier: Apache-2.0 */
/* The XID codes that matter to an operator, from NVIDIA's XID errors guide. */
#include "drivers/xid.h"

#include <glib.h>

static const hcp_xid CODES[] = {
    {13, "graphics engine exception", HCP_XID_RESTART_APP},
    {31, "memory page fault", HCP_XID_RESTART_APP},
    {32, "corrupted push buffer stream", HCP_XID_RESTART_APP},
    {43, "the application's channel was stopped", HCP_XID_RESTART_APP},
    {45, "preemptive cleanup after an earlier error", HCP_XID_IGNORE},
    {46, "the GPU stopped processing", HCP_XID_RESET_NOW},
    {48, "double-bit ECC error", HCP_XID_RESET_NOW},
    {61, "internal microcontroller breakpoint", HCP_XID_RESET_NOW},
    {62, "internal microcontroller halt", HCP_XID_RESET_NOW},
    {63, "memory row remapping recorded", HCP_XID_RESET_IDLE},
    {64, "memory row remapping failed", HCP_XID_REPLACE},
    {68, "video processor exception", HCP_XID_RESTART_APP},
    {69, "graphics engine class error", HCP_XID_RESTART_APP},
    {74, "NVLink error", HCP_XID_INSPECT},
    {79, "the GPU has fallen off the bus", HCP_XID_REBOOT},
    {92, "high single-bit ECC error rate", HCP_XID_INSPECT},
    {94, "contained ECC error", HCP_XID_RESTART_APP},
    {95, "uncontained ECC error", HCP_XID_RESET_NOW},
    {119, "system processor (GSP) timeout", HCP_XID_RESET_NOW},
    {120, "system processor (GSP) error", HCP_XID_RESET_NOW},
    {140, "unrecovered ECC error", HCP_XID_RESET_NOW},
};

static const char *const ACTIONS[] = {
    [HCP_XID_IGNORE] = "nothing; look for the error before it",
    [HCP_XID_RESTART_APP] = "restart the workload",
    [HCP_XID_RESET_IDLE] = "reset the device when it is next free",
    [HCP_XID_RESET_NOW] = "drain and reset the device",
    [HCP_XID_REBOOT] = "reboot the node; return the device if it comes back",
    [HCP_XID_REPLACE] = "return the device",
    [HCP_XID_INSPECT] = "inspect power, cabling and cooling",
};

const hcp_xid *hcp_xid_decode(int code)
{
    static const hcp_xid unknown = {0, "unknown XID code", HCP_XID_INSPECT};
    for (size_t i = 0; i < G_N_ELEMENTS(CODES); i++) {
        if (CODES[i].code == code)
            return &CODES[i];
    }
    return &unknown;
}

const char *hcp_xid_action_text(hcp_xid_action action)
{
    return (unsigned)action < G_N_ELEMENTS(ACTIONS) ? ACTIONS[action] : "unknown action";
}

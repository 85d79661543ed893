/* SPDX-License-Identifier: Apache-2.0 */
#include "core/xid.h"

static const hcp_xid XIDS[] = {
    {13, HCP_HEALTH_OK, "graphics engine exception", "application fault: nothing to do"},
    {31, HCP_HEALTH_OK, "GPU memory page fault", "application fault: nothing to do"},
    {32, HCP_HEALTH_DEGRADED, "invalid or corrupted push buffer stream", "run diagnostics"},
    {38, HCP_HEALTH_DEGRADED, "driver firmware error", "reset the GPU"},
    {43, HCP_HEALTH_OK, "GPU stopped processing", "application fault: nothing to do"},
    {45, HCP_HEALTH_OK, "preemptive cleanup", "follows another error: look at that one"},
    {48, HCP_HEALTH_FAILED, "double-bit ECC error", "reset the GPU; replace it if it repeats"},
    {56, HCP_HEALTH_DEGRADED, "display engine error", "reset the GPU"},
    {61, HCP_HEALTH_FAILED, "internal micro-controller breakpoint", "reset the GPU"},
    {62, HCP_HEALTH_FAILED, "internal micro-controller halt", "reset the GPU"},
    {63, HCP_HEALTH_DEGRADED, "row remapping recorded", "reset the GPU when it is drained"},
    {64, HCP_HEALTH_FAILED, "row remapping failed", "replace the GPU"},
    {69, HCP_HEALTH_OK, "graphics engine class error", "application fault: nothing to do"},
    {74, HCP_HEALTH_FAILED, "NVLink error", "reset the GPU and its links"},
    {79, HCP_HEALTH_FAILED, "GPU has fallen off the bus", "power-cycle the server; reseat the GPU"},
    {92, HCP_HEALTH_DEGRADED, "high single-bit ECC error rate", "run diagnostics when drained"},
    {94, HCP_HEALTH_DEGRADED, "contained ECC error", "restart the application; reset when drained"},
    {95, HCP_HEALTH_FAILED, "uncontained ECC error", "reset the GPU"},
    {109, HCP_HEALTH_DEGRADED, "context switch timeout", "reset the GPU"},
    {119, HCP_HEALTH_FAILED, "GSP RPC timeout", "power-cycle the GPU"},
    {120, HCP_HEALTH_FAILED, "GSP error", "power-cycle the GPU"},
    {140, HCP_HEALTH_FAILED, "unrecovered ECC error", "reset the GPU"},
};

const hcp_xid *hcp_xid_find(int32_t xid)
{
    for (guint i = 0; i < G_N_ELEMENTS(XIDS); i++)
        if (XIDS[i].xid == xid)
            return &XIDS[i];
    return NULL;
}

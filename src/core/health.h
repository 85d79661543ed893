/* SPDX-License-Identifier: Apache-2.0 */
/* Health of devices and orders of operators: what fails loses what it runs, what is in maintenance is drained. */
#ifndef HCP_CORE_HEALTH_H
#define HCP_CORE_HEALTH_H

#include "core/internal.h"

/* The devices (uint32_t, ascending) fail: they leave their switches and go off, and their leases are lost. */
void hcp_health_fail(hcp_txn *txn, const GArray *devices, const char *reason);

/* For apply functions: a device that is off, at rest and fit for work sleeps until somebody wants it (off and asleep draw
 * the same). No effect on any other. */
void hcp_health_wake_up(hcp_core *core, uint32_t device);

#endif

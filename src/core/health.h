/* SPDX-License-Identifier: Apache-2.0 */
/* Health of devices and orders of operators: what fails loses what it runs, what is in maintenance is drained. */
#ifndef HCP_CORE_HEALTH_H
#define HCP_CORE_HEALTH_H

#include "core/internal.h"

/* The devices (uint32_t, ascending) fail: they leave their switches and go off, and their leases are lost. */
void hcp_health_fail(hcp_txn *txn, const GArray *devices, const char *reason);

/* For apply functions: devices of the range that are off, at rest and fit for work sleep until somebody wants them (off and
 * asleep draw the same). No effect on the others. */
void hcp_health_wake_up(hcp_core *core, hcp_range range);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Every invariant of the state, one function per noun, each against a recomputation from scratch. */
#include "core/internal.h"

typedef char *(*check_fn)(const hcp_core *core);

static const check_fn CHECKS[] = {
    hcp_check_fleet,     hcp_check_power, hcp_check_leases,    hcp_check_switches,
    hcp_check_workloads, hcp_check_queue, hcp_check_customers, hcp_check_alerts,
    hcp_check_prices,    hcp_check_grid,  hcp_check_accounts,
};

char *hcp_core_check(const hcp_core *core)
{
    for (guint i = 0; i < G_N_ELEMENTS(CHECKS); i++) {
        char *broken = CHECKS[i](core);
        if (broken != NULL)
            return broken;
    }
    return NULL;
}

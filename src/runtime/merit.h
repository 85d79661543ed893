/* SPDX-License-Identifier: Apache-2.0 */
/* The merit order of a facility as it stands: what each MWh could earn and what draws how much of it now. */
#ifndef HCP_RUNTIME_MERIT_H
#define HCP_RUNTIME_MERIT_H

#include "economics/merit.h"
#include "runtime/platform.h"

typedef struct {
    uint32_t facility;                  /* core's index */
    hcp_merit rows[HCP_MERIT_MAX_ROWS]; /* the largest margin first */
    int n_rows;
    double switching_w; /* at the meter, in no row: devices on their way from one use to another */
    hcp_dispatch_input input;
    hcp_dispatch_storage storage; /* what `input` points to; gives rows their class */
} hcp_platform_merit;

/* Fills the merit order of `facility` from state and prices of now. The struct must stay where it is. */
void hcp_platform_merit_order(hcp_platform *platform, uint32_t facility,
                              hcp_platform_merit *ret_merit);

/* The core's index of the row's class; HCP_NO_INDEX for off. */
uint32_t hcp_platform_merit_class(const hcp_platform_merit *merit, const hcp_merit *row);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a grid event would be worth to a facility as it stands: its terms and the state, put before the economics. */
#ifndef HCP_RUNTIME_CURTAIL_H
#define HCP_RUNTIME_CURTAIL_H

#include "economics/curtailment.h"
#include "runtime/platform.h"

/* Weighs an event that hcp_grid_preview or an announcement has filled in. False with the refusal, when the forecast does not
 * reach to its end. Changes nothing; clear the result with HCP_GRID_WEIGHED_RECORD. */
bool hcp_platform_weigh_event(hcp_platform *platform, const hcp_grid_announced *def,
                              hcp_grid_weighed *ret_weighed, hcp_refusal *ret_refusal);

#endif

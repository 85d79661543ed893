/* SPDX-License-Identifier: Apache-2.0 */
/* What switches have cost, as answers show it. */
#ifndef HCP_SERVICES_SWITCH_COSTS_H
#define HCP_SERVICES_SWITCH_COSTS_H

#include "core/state.h"

#include <jansson.h>

/* One row per pair of modes of each class of a facility (HCP_NO_INDEX = of all). New reference. */
json_t *hcp_switch_costs_json(const hcp_state *state, uint32_t facility);

#endif

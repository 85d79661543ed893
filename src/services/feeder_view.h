/* SPDX-License-Identifier: Apache-2.0 */
/* The feeders of a facility as answers tell of them. */
#ifndef HCP_SERVICES_FEEDER_VIEW_H
#define HCP_SERVICES_FEEDER_VIEW_H

#include "core/core.h"

#include <jansson.h>

/* [{"name", "cap_w", "power_w", "headroom_w"}, …], in IT watts: what the feeder may carry, what hangs on it has reserved
 * (the larger of two modes while a device switches), and what is left. Empty where there are none. New reference. */
json_t *hcp_feeders_json(const hcp_core *core, uint32_t facility);

#endif

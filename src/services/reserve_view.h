/* SPDX-License-Identifier: Apache-2.0 */
/* What a facility sells as reserve, as the API shows it. */
#ifndef HCP_SERVICES_RESERVE_VIEW_H
#define HCP_SERVICES_RESERVE_VIEW_H

#include "core/metering.h"

#include <jansson.h>

/* Products, share and call price; what is sold now and at which price; what was sold so far by `meter`. New reference. */
json_t *hcp_reserve_json(const hcp_state *state, uint32_t facility, const hcp_meter *meter);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Regret as answers about other things show it. */
#ifndef HCP_SERVICES_REGRET_H
#define HCP_SERVICES_REGRET_H

#include "services/internal.h"

/* The regret of the facility over the last day, as in GET /api/v1/regret; null while there is none. New reference. */
json_t *hcp_regret_day_json(hcp_services *services, uint32_t facility);

#endif

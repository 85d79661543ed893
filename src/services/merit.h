/* SPDX-License-Identifier: Apache-2.0 */
/* Unit prices: what a megawatt-hour earns with each use, for the answers that show it. */
#ifndef HCP_SERVICES_MERIT_H
#define HCP_SERVICES_MERIT_H

#include "services/internal.h"

/* The merit order of a facility as in GET /api/v1/merit-order. New reference. */
json_t *hcp_merit_json(hcp_services *services, uint32_t facility);

/* Adds what AI, mining and everything together earn for each MWh that they draw now; null without power. */
void hcp_merit_set_margins(json_t *object, hcp_services *services, uint32_t facility);

/* Adds the same of a decision in force: what its plan expects of AI, of mining and of all of it. */
void hcp_merit_set_planned(json_t *object, const hcp_state *state,
                           const hcp_decision_recorded *decision);

#endif

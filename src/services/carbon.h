/* SPDX-License-Identifier: Apache-2.0 */
/* CO2 of the electricity that was used, as the meters have it. */
#ifndef HCP_SERVICES_CARBON_H
#define HCP_SERVICES_CARBON_H

#include "core/metering.h"
#include "services/internal.h"

/* Meters count milligrams, answers tell kilograms. */
#define HCP_CARBON_MG_PER_KG 1e6

/* {"g_per_kwh", "source", "kg", "kg_by_use"} of a facility, location based; JSON null where no figure of its electricity is
 * configured. New reference. */
json_t *hcp_carbon_json(const hcp_facility_defined *def, const hcp_meter *meter);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A plant's specification as JSON, in the field names of the published settlement rules. */
#ifndef HCP_ECONOMICS_PLANT_JSON_H
#define HCP_ECONOMICS_PLANT_JSON_H

#include "base/json.h"
#include "economics/plant.h"

/* Reads {"plant": "site"|"slot", "cap_mw", "asic_mw", "asic_jth", "asic_pue", "pool_fee", "asic_start", "asic_stop",
 * "asic_min_up", ...}; minimum times count steps; absent members keep the default. HCP_ERROR_INVALID names a member of
 * the wrong type; ranges are hcp_plant_new's to check. */
bool hcp_plant_spec_from_json(const json_t *object, hcp_plant_spec *ret_spec, GError **error);

#endif

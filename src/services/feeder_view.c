/* SPDX-License-Identifier: Apache-2.0 */
#include "services/feeder_view.h"

#include "base/json.h"
#include "core/power.h"

json_t *hcp_feeders_json(const hcp_core *core, uint32_t facility)
{
    const hcp_state *state = hcp_core_state(core);
    const hcp_facility_defined *def = &hcp_state_facility(state, facility)->def;
    json_t *list = json_array();
    for (uint32_t feeder = 1; feeder <= def->feeders.count; feeder++) {
        int64_t cap_w = hcp_power_limit_w(state, facility, feeder);
        int64_t power_w = hcp_power_reserved_w(core, facility, feeder);
        json_t *row = json_object();
        hcp_json_set_string(row, "name", hcp_power_feeder_name(def, feeder));
        hcp_json_set_int(row, "cap_w", cap_w);
        hcp_json_set_int(row, "power_w", power_w);
        hcp_json_set_int(row, "headroom_w", cap_w - power_w);
        json_array_append_new(list, row);
    }
    return list;
}

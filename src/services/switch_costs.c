/* SPDX-License-Identifier: Apache-2.0 */
#include "services/switch_costs.h"

#include "base/units.h"
#include "core/switch_cost.h"
#include "services/internal.h"

/* A hundredth of a cent of a cent: a switch of one device costs little. */
#define COST_DIGITS 6

static bool is_used(const hcp_state *state, const hcp_switch_cost *row)
{
    double usd;
    bool moves = row->from == HCP_MODE_MINING || row->to == HCP_MODE_MINING;
    bool serves = row->from == HCP_MODE_SERVING || row->to == HCP_MODE_SERVING;
    return moves && !serves && hcp_switch_cost_move(state, row->facility, row->class_ix, &usd);
}

static json_t *row_json(const hcp_state *state, const hcp_switch_cost *row)
{
    hcp_switch_cost_view view;
    hcp_switch_cost_read(row, &view);
    json_t *object = json_object();
    hcp_json_set_string(object, "facility", hcp_state_facility(state, row->facility)->def.key);
    hcp_json_set_string(object, "class", hcp_state_class(state, row->class_ix)->def.key);
    hcp_json_set_string(object, "from", hcp_enum_name(&HCP_MODE_NAMES, (int)row->from));
    hcp_json_set_string(object, "to", hcp_enum_name(&HCP_MODE_NAMES, (int)row->to));
    hcp_json_set_int(object, "switches", row->switches);
    hcp_json_set_int(object, "devices", row->devices);
    hcp_json_set_number(object, "mean_duration_ms",
                        (double)view.mean_duration_us / (double)HCP_US_PER_MS);
    hcp_services_set_rounded(object, "mean_usd", view.mean_usd, COST_DIGITS);
    hcp_services_set_rounded(object, "low_usd", view.low_usd, COST_DIGITS);
    hcp_services_set_rounded(object, "high_usd", view.high_usd, COST_DIGITS);
    hcp_json_set_bool(object, "used", is_used(state, row));
    return object;
}

json_t *hcp_switch_costs_json(const hcp_state *state, uint32_t facility)
{
    json_t *list = json_array();
    for (guint i = 0; i < state->switch_costs->len; i++) {
        const hcp_switch_cost *row = &g_array_index(state->switch_costs, hcp_switch_cost, i);
        if (facility == HCP_NO_INDEX || row->facility == facility)
            json_array_append_new(list, row_json(state, row));
    }
    return list;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "services/placement_view.h"

#include "core/core.h"

json_t *hcp_placement_view_scores(const hcp_state *state, const hcp_array *scores)
{
    json_t *list = json_array();
    const hcp_scored_device *scored = scores->items;
    for (uint32_t i = 0; i < scores->count; i++, scored++) {
        g_autofree char *name = hcp_state_device_name(state, scored->device);
        json_array_append_new(
            list, json_pack("{s:s, s:f}", "device", name, "score", scored->score_milli / 1000.0));
    }
    return list;
}

json_t *hcp_placement_view_rejections(const hcp_array *rejections)
{
    json_t *list = json_array();
    const hcp_rejection *rejection = rejections->items;
    for (uint32_t i = 0; i < rejections->count; i++, rejection++)
        json_array_append_new(list, json_pack("{s:s, s:i}", "reason", rejection->reason, "count",
                                              (int)rejection->count));
    return list;
}

json_t *hcp_placement_view_devices(const hcp_state *state, const hcp_array *devices)
{
    json_t *list = json_array();
    const uint32_t *device = devices->items;
    for (uint32_t i = 0; i < devices->count; i++) {
        g_autofree char *name = hcp_state_device_name(state, device[i]);
        json_array_append_new(list, json_string(name));
    }
    return list;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "services/fleet_tally.h"

static const hcp_power_target *default_target(const hcp_class_defined *class)
{
    return class->kind == HCP_DEVICE_ASIC && class->default_target < class->power_targets.count
               ? &((const hcp_power_target *)class->power_targets.items)[class->default_target]
               : NULL;
}

int64_t hcp_fleet_rated_w(const hcp_class_defined *class)
{
    const hcp_power_target *target = default_target(class);
    return target != NULL ? target->power_w : class->tdp_w;
}

double hcp_fleet_rated_ths(const hcp_class_defined *class)
{
    const hcp_power_target *target = default_target(class);
    return target != NULL ? target->ths : 0;
}

void hcp_fleet_tally_add(hcp_fleet_tally *tally, const hcp_state *state, const hcp_group *group)
{
    const hcp_class_defined *class = &hcp_state_class(state, group->class_ix)->def;
    tally->count += group->count;
    for (int mode = 0; mode < HCP_MODES; mode++)
        tally->by_mode[mode] += group->by_mode[mode];
    tally->switching += group->switching;
    tally->leased += group->leased;
    tally->unhealthy += group->unhealthy;
    tally->out += group->out;
    if (!hcp_state_facility(state, group->facility)->emergency) {
        tally->free += group->free;
        tally->largest_gang = MAX(tally->largest_gang, group->free);
    }
    tally->rated_w += hcp_fleet_rated_w(class) * group->count;
    tally->rated_tflops += class->tflops * group->count;
    tally->rated_ths += hcp_fleet_rated_ths(class) * group->count;
}

void hcp_fleet_tally_set(json_t *object, const hcp_fleet_tally *tally)
{
    json_t *by_mode = json_object();
    for (int mode = 0; mode < HCP_MODES; mode++)
        hcp_json_set_int(by_mode, hcp_enum_name(&HCP_MODE_NAMES, mode), tally->by_mode[mode]);
    hcp_json_set_int(object, "devices", tally->count);
    hcp_json_set_int(object, "available", tally->free);
    hcp_json_set_int(object, "largest_gang", tally->largest_gang);
    hcp_services_set_rounded(object, "fragmentation",
                             tally->free > 0 ? 1 - (double)tally->largest_gang / tally->free : 0,
                             4);
    hcp_json_set_int(object, "leased", tally->leased);
    hcp_json_set_int(object, "switching", tally->switching);
    hcp_json_set_int(object, "unhealthy", tally->unhealthy);
    hcp_json_set_int(object, "out_of_service", tally->out);
    json_object_set_new(object, "by_mode", by_mode);
    hcp_json_set_int(object, "rated_power_w", tally->rated_w);
    hcp_services_set_rounded(object, "rated_tflops", tally->rated_tflops, 1);
    hcp_services_set_rounded(object, "rated_hashrate_ths", tally->rated_ths, 1);
}

json_t *hcp_fleet_tally_by_kind(const hcp_state *state, uint32_t facility)
{
    hcp_fleet_tally kinds[HCP_DEVICE_KINDS] = {0};
    for (guint g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (facility == HCP_NO_INDEX || group->facility == facility)
            hcp_fleet_tally_add(&kinds[hcp_state_class(state, group->class_ix)->def.kind], state,
                                group);
    }
    json_t *by_kind = json_object();
    for (int kind = 0; kind < HCP_DEVICE_KINDS; kind++) {
        json_t *object = json_object();
        hcp_fleet_tally_set(object, &kinds[kind]);
        json_object_set_new(by_kind, hcp_enum_name(&HCP_DEVICE_KIND_NAMES, kind), object);
    }
    return by_kind;
}

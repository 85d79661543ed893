/* SPDX-License-Identifier: Apache-2.0 */
/* Watts of devices and facilities. */
#include "core/grid.h"
#include "core/internal.h"
#include "core/reserve.h"

#include "base/units.h"

#include <math.h>

int64_t hcp_power_device_w(const hcp_class_defined *cls, hcp_mode mode, uint32_t target)
{
    switch (mode) {
    case HCP_MODE_SERVING:
        return cls->tdp_w;
    case HCP_MODE_MINING:
        return target < cls->power_targets.count
                   ? ((const hcp_power_target *)cls->power_targets.items)[target].power_w
                   : cls->tdp_w;
    case HCP_MODE_IDLE:
        return cls->idle_w;
    default:
        return cls->standby_w;
    }
}

static const hcp_power_target *default_target(const hcp_class_defined *cls)
{
    return cls->kind == HCP_DEVICE_ASIC && cls->default_target < cls->power_targets.count
               ? (const hcp_power_target *)cls->power_targets.items + cls->default_target
               : NULL;
}

int64_t hcp_power_asleep_ghs(const hcp_class_defined *cls)
{
    const hcp_power_target *target = default_target(cls);
    return target != NULL ? llround(target->ths * 1000) : 0;
}

int64_t hcp_power_asleep_w(const hcp_class_defined *cls)
{
    const hcp_power_target *target = default_target(cls);
    return target != NULL ? target->power_w - cls->standby_w : 0;
}

int64_t hcp_power_ready_w(const hcp_class_defined *cls, hcp_mode mode, uint32_t target)
{
    bool runs = cls->kind == HCP_DEVICE_ASIC && mode == HCP_MODE_MINING;
    return runs ? MAX(0, hcp_power_device_w(cls, mode, target) - cls->standby_w) : 0;
}

int64_t hcp_power_reserve_w(const hcp_state *state, uint32_t ix)
{
    const hcp_facility *facility = hcp_state_facility(state, ix);
    if (facility->def.reserve_products == 0 || facility->emergency)
        return 0;
    const hcp_grid_event *event = hcp_grid_in_force(state, ix);
    int64_t ready_w = facility->ready_w * facility->def.pue_milli / 1000;
    ready_w = ready_w * hcp_reserve_share_milli(&facility->def) / HCP_SHARE_WHOLE;
    if (event == NULL)
        return ready_w;
    return event->def.kind == HCP_GRID_RESERVE_CALL ? MAX(ready_w, event->def.reserve_w) : 0;
}

hcp_use hcp_power_use(hcp_mode mode)
{
    if (mode == HCP_MODE_SERVING)
        return HCP_USE_AI;
    return mode == HCP_MODE_MINING ? HCP_USE_MINING : HCP_USE_IDLE;
}

int64_t hcp_power_meter_w(const hcp_facility_defined *facility, int64_t it_w)
{
    return (it_w * facility->pue_milli + 999) / 1000;
}

int64_t hcp_power_it_w(const hcp_facility_defined *facility, int64_t meter_w)
{
    return meter_w * 1000 / facility->pue_milli;
}

int64_t hcp_power_cap_w(const hcp_state *state, uint32_t facility)
{
    const hcp_facility_defined *def = &hcp_state_facility(state, facility)->def;
    const hcp_grid_event *event = hcp_grid_in_force(state, facility);
    return event == NULL ? def->cap_w : hcp_grid_cap_w(event, def->cap_w);
}

int64_t hcp_power_cap_it_w(const hcp_state *state, uint32_t facility)
{
    return hcp_power_it_w(&hcp_state_facility(state, facility)->def,
                          hcp_power_cap_w(state, facility));
}

int64_t hcp_power_lease_cap_it_w(const hcp_state *state, uint32_t facility)
{
    const hcp_facility_defined *def = &hcp_state_facility(state, facility)->def;
    const hcp_grid_event *event = hcp_grid_in_force(state, facility);
    return event == NULL || !event->def.evict ? hcp_power_it_w(def, def->cap_w)
                                              : hcp_power_cap_it_w(state, facility);
}

bool hcp_power_can_mine(const hcp_settings *settings, const hcp_class_defined *cls)
{
    if (cls->kind == HCP_DEVICE_GPU)
        return settings->gpu_mining && cls->mining_usd_micro_per_h > 0;
    return cls->power_targets.count > 0;
}

/* What the devices still in the switch draw: the larger of the two modes while it runs, one of them afterwards. */
static void switch_power(const hcp_state *state, const hcp_switch *sw, int64_t *ret_reserved_w,
                         int64_t *ret_settled_w)
{
    const hcp_class_defined *cls = &hcp_state_class(state, sw->def.class_ix)->def;
    int64_t from_w = hcp_power_device_w(cls, sw->def.from, sw->from_target);
    int64_t to_w = hcp_power_device_w(cls, sw->def.to, sw->def.power_target);
    *ret_reserved_w = MAX(from_w, to_w) * sw->left;
    *ret_settled_w = (sw->phase == HCP_PHASE_ROLLBACK ? from_w : to_w) * sw->left;
}

static const hcp_feeder *feeder_at(const hcp_facility_defined *def, uint32_t feeder)
{
    g_assert(feeder > 0 && feeder <= def->feeders.count);
    return (const hcp_feeder *)def->feeders.items + feeder - 1;
}

/* Whether a group hangs on the supply. */
static bool is_on(const hcp_group *group, uint32_t facility, uint32_t feeder)
{
    return group->facility == facility && (feeder == 0 || group->feeder == feeder);
}

const char *hcp_power_feeder_name(const hcp_facility_defined *facility, uint32_t feeder)
{
    return feeder == 0 ? NULL : feeder_at(facility, feeder)->name;
}

int64_t hcp_power_limit_w(const hcp_state *state, uint32_t facility, uint32_t feeder)
{
    return feeder == 0 ? hcp_power_cap_it_w(state, facility)
                       : feeder_at(&hcp_state_facility(state, facility)->def, feeder)->cap_w;
}

int64_t hcp_power_reserved_w(const hcp_core *core, uint32_t facility, uint32_t feeder)
{
    const hcp_state *state = &core->state;
    if (feeder == 0)
        return hcp_state_facility(state, facility)->it_power_w;
    int64_t total_w = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++)
        if (is_on(hcp_state_group(state, g), facility, feeder))
            total_w += hcp_core_tally(core, g)->power_w;
    return total_w;
}

uint32_t hcp_power_most_serving(const hcp_state *state, uint32_t group_ix)
{
    const hcp_group *group = hcp_state_group(state, group_ix);
    const hcp_class_defined *cls = &hcp_state_class(state, group->class_ix)->def;
    if (group->feeder == 0 || cls->tdp_w == cls->standby_w)
        return group->count;
    int64_t left_w = hcp_power_limit_w(state, group->facility, group->feeder);
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *other = hcp_state_group(state, g);
        if (is_on(other, group->facility, group->feeder))
            left_w -= other->count * hcp_state_class(state, other->class_ix)->def.standby_w;
    }
    return (uint32_t)MIN(MAX(left_w, 0) / (cls->tdp_w - cls->standby_w), (int64_t)group->count);
}

int64_t hcp_power_settled_w(const hcp_core *core, uint32_t facility, uint32_t feeder)
{
    const hcp_state *state = &core->state;
    int64_t total_w = hcp_power_reserved_w(core, facility, feeder);
    for (uint32_t i = 0; i < state->switches.items->len; i++) {
        const hcp_switch *sw = hcp_state_switch(state, i);
        if (!sw->live || sw->def.facility != facility ||
            (feeder != 0 && !is_on(hcp_state_group(state, hcp_fleet_switch_group(state, &sw->def)),
                                   facility, feeder)))
            continue;
        int64_t reserved_w, settled_w;
        switch_power(state, sw, &reserved_w, &settled_w);
        total_w -= reserved_w - settled_w;
    }
    return total_w;
}

/* IT watts by which the settled devices of a group would fall asleep. */
static int64_t group_movable_w(const hcp_core *core, uint32_t group_ix, bool leases)
{
    const hcp_group *group = hcp_state_group(&core->state, group_ix);
    const hcp_class_defined *cls = &hcp_state_class(&core->state, group->class_ix)->def;
    const hcp_group_tally *tally = hcp_core_tally(core, group_ix);
    int64_t total_w = tally->settled[HCP_MODE_IDLE] * (cls->idle_w - cls->standby_w);
    if (leases)
        total_w += tally->settled[HCP_MODE_SERVING] * (cls->tdp_w - cls->standby_w);
    for (uint32_t t = 0; t < HCP_MAX_POWER_TARGETS; t++)
        total_w += tally->hashing[t] *
                   MAX(0, hcp_power_device_w(cls, HCP_MODE_MINING, t) - cls->standby_w);
    return total_w;
}

int64_t hcp_power_movable_w(const hcp_core *core, uint32_t facility, bool leases)
{
    const hcp_state *state = &core->state;
    int64_t total_w = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++)
        if (hcp_state_group(state, g)->facility == facility)
            total_w += group_movable_w(core, g, leases);
    for (uint32_t i = 0; i < state->switches.items->len; i++) {
        const hcp_switch *sw = hcp_state_switch(state, i);
        if (!sw->live || sw->def.facility != facility || (sw->def.lease.value != 0 && !leases))
            continue;
        int64_t reserved_w, settled_w;
        switch_power(state, sw, &reserved_w, &settled_w);
        const hcp_class_defined *cls = &hcp_state_class(state, sw->def.class_ix)->def;
        total_w += MAX(0, settled_w - sw->left * cls->standby_w);
    }
    return total_w;
}

int64_t hcp_core_switching_w(const hcp_core *core, uint32_t group_ix)
{
    const hcp_state *state = &core->state;
    int64_t total_w = 0;
    for (uint32_t i = 0; i < state->switches.items->len; i++) {
        const hcp_switch *sw = hcp_state_switch(state, i);
        if (!sw->live || hcp_fleet_switch_group(state, &sw->def) != group_ix)
            continue;
        int64_t reserved_w, settled_w;
        switch_power(state, sw, &reserved_w, &settled_w);
        total_w += reserved_w;
    }
    return total_w;
}

void hcp_core_draw(const hcp_core *core, uint32_t group_ix, hcp_group_draw *ret_draw)
{
    const hcp_group *group = hcp_state_group(&core->state, group_ix);
    const hcp_class_defined *cls = &hcp_state_class(&core->state, group->class_ix)->def;
    const hcp_group_tally *tally = hcp_core_tally(core, group_ix);
    *ret_draw = (hcp_group_draw){0};
    for (uint32_t t = 0; t < HCP_MAX_POWER_TARGETS; t++)
        ret_draw->mining_w[t] = tally->hashing[t] * hcp_power_device_w(cls, HCP_MODE_MINING, t);
    for (int mode = 0; mode < HCP_MODES; mode++) {
        int64_t power_w = tally->settled[mode] * hcp_power_device_w(cls, (hcp_mode)mode, 0);
        if (mode == HCP_MODE_SERVING)
            ret_draw->serving_w = power_w;
        else if (mode != HCP_MODE_MINING)
            ret_draw->rest_w += power_w;
    }
}

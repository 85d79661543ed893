/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a state that came from outside may be trusted: every index in range, every text present that is relied on. */
#include "core/internal.h"

#include "base/error.h"

static bool in_range(uint32_t ix, uint32_t count)
{
    return ix < count;
}

static bool in_range_or_none(uint32_t ix, uint32_t count)
{
    return ix == HCP_NO_INDEX || ix < count;
}

static bool classes_sound(const hcp_fleet *fleet)
{
    if (fleet->classes->len > HCP_MAX_CLASSES)
        return false;
    for (guint i = 0; i < fleet->classes->len; i++) {
        const hcp_class_defined *def = &g_array_index(fleet->classes, hcp_class, i).def;
        if (def->key == NULL || def->label == NULL || def->family == NULL ||
            def->power_targets.count > HCP_MAX_POWER_TARGETS)
            return false;
    }
    return true;
}

static bool facilities_sound(const hcp_state *state)
{
    const GArray *facilities = state->fleet.facilities;
    if (facilities->len > HCP_MAX_FACILITIES || state->market.electricity->len != facilities->len ||
        state->market.day_ahead->len != facilities->len ||
        state->market.reserve->len > facilities->len)
        return false;
    for (guint i = 0; i < facilities->len; i++) {
        const hcp_facility_defined *def = &g_array_index(facilities, hcp_facility, i).def;
        const hcp_peak_assumed *peak = &g_array_index(facilities, hcp_facility, i).peak;
        if (def->key == NULL || def->name == NULL || def->pue_milli < 1000 || def->cap_w <= 0 ||
            (peak->until_us != 0 && peak->from_us >= peak->until_us) ||
            peak->until_us > state->now_us || peak->from_us < 0)
            return false;
    }
    return true;
}

static bool customers_sound(const hcp_fleet *fleet)
{
    for (guint i = 0; i < fleet->customers->len; i++)
        if (g_array_index(fleet->customers, hcp_customer, i).def.key == NULL)
            return false;
    return true;
}

static bool groups_sound(const hcp_fleet *fleet)
{
    for (guint i = 0; i < fleet->groups->len; i++) {
        const hcp_group *group = &g_array_index(fleet->groups, hcp_group, i);
        if (!in_range(group->facility, fleet->facilities->len) ||
            !in_range(group->class_ix, fleet->classes->len) ||
            group->mining_target >= HCP_MAX_POWER_TARGETS ||
            group->feeder >
                g_array_index(fleet->facilities, hcp_facility, group->facility).def.feeders.count)
            return false;
    }
    return true;
}

static bool batches_sound(const hcp_fleet *fleet)
{
    uint32_t next = 0;
    for (guint i = 0; i < fleet->batches->len; i++) {
        const hcp_device_batch *batch = &g_array_index(fleet->batches, hcp_device_batch, i);
        if (batch->first != next || batch->def.name_prefix == NULL || batch->def.count == 0 ||
            batch->def.count > fleet->n_devices - next)
            return false;
        next += batch->def.count;
    }
    return next == fleet->n_devices;
}

static bool devices_sound(const hcp_state *state)
{
    const hcp_fleet *fleet = &state->fleet;
    for (uint32_t i = 0; i < fleet->n_devices; i++)
        if (fleet->mode[i] >= HCP_MODES || fleet->health[i] >= HCP_HEALTHS ||
            fleet->admin[i] >= HCP_ADMINS || fleet->target[i] >= HCP_MAX_POWER_TARGETS ||
            !in_range(fleet->group[i], fleet->groups->len) ||
            !in_range_or_none(fleet->lease[i], state->leases.items->len) ||
            !in_range_or_none(fleet->active_switch[i], state->switches.items->len) ||
            !in_range_or_none(fleet->resident[i], state->models->len))
            return false;
    return true;
}

static bool mask_sound(uint64_t mask, uint32_t count)
{
    return count >= 64 || (mask >> count) == 0;
}

static bool workloads_sound(const hcp_state *state)
{
    for (guint i = 0; i < state->workloads.items->len; i++) {
        const hcp_workload *row = hcp_state_workload(state, i);
        if (row->def.id.value == 0)
            continue;
        bool leased = row->status == HCP_WORKLOAD_STARTING || row->status == HCP_WORKLOAD_RUNNING;
        if (!in_range(row->def.customer, state->fleet.customers->len) ||
            !in_range_or_none(row->def.facility, state->fleet.facilities->len) ||
            !in_range_or_none(row->lease, state->leases.items->len) ||
            (leased && row->lease == HCP_NO_INDEX) || row->def.priority == HCP_PRIORITY_NONE ||
            !mask_sound(row->def.classes, state->fleet.classes->len))
            return false;
    }
    return true;
}

static bool leases_sound(const hcp_state *state)
{
    for (guint i = 0; i < state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, i);
        if (!lease->live)
            continue;
        if (!in_range(lease->def.facility, state->fleet.facilities->len) ||
            !in_range(lease->def.class_ix, state->fleet.classes->len) ||
            !in_range_or_none(lease->workload, state->workloads.items->len) ||
            lease->def.devices.count == 0)
            return false;
        const uint32_t *devices = lease->def.devices.items;
        for (uint32_t k = 0; k < lease->def.devices.count; k++)
            if (!in_range(devices[k], state->fleet.n_devices))
                return false;
    }
    return true;
}

static bool switches_sound(const hcp_state *state)
{
    for (guint i = 0; i < state->switches.items->len; i++) {
        const hcp_switch *sw = hcp_state_switch(state, i);
        if (!sw->live)
            continue;
        if (!in_range(sw->def.facility, state->fleet.facilities->len) ||
            !in_range(sw->def.class_ix, state->fleet.classes->len) ||
            !in_range(sw->def.power_target, HCP_MAX_POWER_TARGETS) || sw->def.ranges.count == 0)
            return false;
        const hcp_range *ranges = sw->def.ranges.items;
        for (uint32_t k = 0; k < sw->def.ranges.count; k++)
            if (ranges[k].first >= state->fleet.n_devices ||
                ranges[k].count > state->fleet.n_devices - ranges[k].first)
                return false;
    }
    return true;
}

static bool switch_costs_sound(const hcp_state *state)
{
    for (guint i = 0; i < state->switch_costs->len; i++) {
        const hcp_switch_cost *row = &g_array_index(state->switch_costs, hcp_switch_cost, i);
        if (!in_range(row->facility, state->fleet.facilities->len) ||
            !in_range(row->class_ix, state->fleet.classes->len) || row->switches <= 0)
            return false;
    }
    return true;
}

static bool alerts_sound(const hcp_state *state)
{
    for (guint i = 0; i < state->alerts->len; i++) {
        const hcp_alert *alert = &g_array_index(state->alerts, hcp_alert, i);
        if (alert->def.kind == NULL || alert->def.subject == NULL)
            return false;
    }
    return true;
}

static bool free_lists_sound(const hcp_state *state)
{
    const hcp_slots *all[] = {&state->leases, &state->workloads, &state->switches};
    for (guint i = 0; i < G_N_ELEMENTS(all); i++)
        for (guint k = 0; k < all[i]->free->len; k++)
            if (!in_range(g_array_index(all[i]->free, uint32_t, k), all[i]->items->len))
                return false;
    return true;
}

bool hcp_state_is_sound(const hcp_state *state, GError **error)
{
    const hcp_fleet *fleet = &state->fleet;
    const char *broken = NULL;
    if (!classes_sound(fleet) || !facilities_sound(state) || !customers_sound(fleet))
        broken = "classes, facilities or customers";
    else if (!groups_sound(fleet) || !batches_sound(fleet) || !devices_sound(state))
        broken = "devices";
    else if (!leases_sound(state) || !switches_sound(state))
        broken = "leases or switches";
    else if (!hcp_prices_sound(state) || !hcp_accounts_sound(state))
        broken = "prices or accounts over time";
    else if (!hcp_grid_sound(state))
        broken = "grid events";
    else if (!workloads_sound(state) || !alerts_sound(state) || !free_lists_sound(state) ||
             !switch_costs_sound(state))
        broken = "workloads, alerts or free slots";
    if (broken == NULL)
        return true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_CORRUPT,
                "the snapshot contradicts itself: its %s are out of range", broken);
    return false;
}

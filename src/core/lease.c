/* SPDX-License-Identifier: Apache-2.0 */
/* Leases: grant, release, loss, and explicit allocations. */
#include "core/lease.h"

#include "core/switching.h"

#include <string.h>

/* --- apply --------------------------------------------------------------------------------------------------------- */

static const char *check_devices(const hcp_state *state, const hcp_lease_granted *def)
{
    const uint32_t *devices = def->devices.items;
    if (def->devices.count == 0 || def->devices.count > HCP_MAX_GANG)
        return "its number of devices is out of range";
    if (devices[0] >= state->fleet.n_devices)
        return "a device does not exist";
    uint32_t group = state->fleet.group[devices[0]];
    const hcp_group *row = hcp_state_group(state, group);
    if (row->facility != def->facility || row->class_ix != def->class_ix)
        return "its devices are of another facility or class";
    for (uint32_t i = 0; i < def->devices.count; i++)
        if (devices[i] >= state->fleet.n_devices || (i > 0 && devices[i] <= devices[i - 1]) ||
            state->fleet.group[devices[i]] != group ||
            !hcp_fleet_is_free(&state->fleet, devices[i]))
            return "a device is not free";
    return NULL;
}

static const char *check_granted(const hcp_core *core, const hcp_lease_granted *def)
{
    const hcp_state *state = &core->state;
    if (def->id.value <= state->last_id || def->fence <= state->last_fence)
        return "its id or fencing token is not new";
    if (def->customer >= state->fleet.customers->len)
        return "its customer is unknown";
    if (def->workload.value != 0) {
        uint32_t workload = hcp_core_find_workload(core, def->workload);
        if (workload == HCP_NO_INDEX ||
            hcp_state_workload(state, workload)->status != HCP_WORKLOAD_QUEUED)
            return "its workload is not queued";
    }
    return check_devices(state, def);
}

/* Writes the lease column of every device, one run of neighbours at a time. */
static void mark_devices(hcp_core *core, const hcp_array *devices, uint32_t lease)
{
    const uint32_t *items = devices->items;
    for (uint32_t i = 0, n; i < devices->count; i += n) {
        for (n = 1; i + n < devices->count && items[i + n] == items[i] + n;)
            n++;
        hcp_fleet_change(core, (hcp_range){items[i], n},
                         &(hcp_row_change){.set = HCP_ROW_LEASE, .lease = lease});
    }
}

const char *hcp_lease_apply_granted(hcp_core *core, const hcp_event *event)
{
    const hcp_lease_granted *def = &event->lease_granted;
    const char *why = check_granted(core, def);
    if (why != NULL)
        return why;
    uint32_t ix = hcp_slots_take(&core->state.leases);
    hcp_lease *lease = hcp_core_lease(core, ix);
    hcp_record_copy(hcp_event_record(event->type), def, &lease->def);
    lease->granted_us = event->time_us;
    lease->workload = hcp_core_find_workload(core, def->workload);
    lease->live = true;
    hcp_releases_invalidate(core);
    core->state.last_fence = def->fence;
    hcp_core_note_id(core, def->id.value);
    hcp_ids_put(core->lease_ids, def->id.value, ix);
    mark_devices(core, &def->devices, ix);
    if (lease->workload != HCP_NO_INDEX)
        hcp_workload_bind_lease(core, lease->workload, ix);
    else
        hcp_metering_begin_allocation(core, ix);
    return NULL;
}

const char *hcp_lease_apply_released(hcp_core *core, const hcp_event *event)
{
    uint32_t ix = hcp_core_find_lease(core, event->lease_released.id);
    if (ix == HCP_NO_INDEX)
        return "the lease is not held";
    hcp_lease *lease = hcp_core_lease(core, ix);
    mark_devices(core, &lease->def.devices, HCP_NO_INDEX);
    if (lease->workload != HCP_NO_INDEX)
        hcp_workload_unbind_lease(core, lease->workload, ix);
    else
        hcp_metering_end_allocation(core, ix);
    hcp_ids_drop(core->lease_ids, lease->def.id.value);
    hcp_record_clear(hcp_event_record(HCP_EVENT_LEASE_GRANTED), &lease->def);
    hcp_slots_give(&core->state.leases, ix);
    hcp_releases_invalidate(core);
    return NULL;
}

void hcp_lease_rebuild(hcp_core *core)
{
    for (uint32_t i = 0; i < core->state.leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(&core->state, i);
        if (lease->live)
            hcp_ids_put(core->lease_ids, lease->def.id.value, i);
    }
}

/* --- decide -------------------------------------------------------------------------------------------------------- */

uint32_t hcp_lease_grant(hcp_txn *txn, const hcp_placement_request *request,
                         hcp_placement *placement)
{
    const hcp_state *state = &txn->core->state;
    const hcp_group *group = hcp_state_group(state, placement->group);
    hcp_lease_id id = {hcp_core_new_id(txn)};
    g_assert(request->count > 0);
    hcp_event event = {
        .type = HCP_EVENT_LEASE_GRANTED,
        .lease_granted =
            {
                .id = id,
                .workload = request->workload,
                .customer = request->customer,
                .fence = state->last_fence + 1,
                .facility = group->facility,
                .class_ix = group->class_ix,
                .devices = placement->devices,
                .scores = placement->scores,
                .rejections = placement->rejections,
            },
    };
    memset(placement, 0, sizeof *placement);
    hcp_switch_started in = {
        .lease = id,
        .cause = (char *)"placement",
        .facility = group->facility,
        .class_ix = group->class_ix,
        .to = HCP_MODE_SERVING,
        .model = (char *)request->model,
        .bytes = (request->model_bytes + request->count - 1) / request->count,
    };
    hcp_txn_emit(txn, &event);
    uint32_t ix = hcp_core_find_lease(txn->core, id);
    hcp_switch_begin_devices(txn, &hcp_state_lease(state, ix)->def.devices, &in);
    return ix;
}

void hcp_lease_note_serving(hcp_txn *txn, uint32_t ix)
{
    const hcp_state *state = &txn->core->state;
    const hcp_lease *lease = hcp_state_lease(state, ix);
    const uint32_t *devices = lease->def.devices.items;
    for (uint32_t i = 0; i < lease->def.devices.count; i++)
        if (state->fleet.mode[devices[i]] != HCP_MODE_SERVING ||
            state->fleet.active_switch[devices[i]] != HCP_NO_INDEX)
            return;
    if (lease->workload != HCP_NO_INDEX)
        hcp_workload_lease_ready(txn, ix);
}

/* Switches that bring devices of the lease in, once each. */
static GArray *switches_of(const hcp_state *state, const hcp_lease *lease)
{
    GArray *found = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    const uint32_t *devices = lease->def.devices.items;
    for (uint32_t i = 0; i < lease->def.devices.count; i++) {
        uint32_t ix = state->fleet.active_switch[devices[i]];
        bool known = ix == HCP_NO_INDEX;
        for (guint j = 0; j < found->len && !known; j++)
            known = g_array_index(found, uint32_t, j) == ix;
        if (!known)
            g_array_append_val(found, ix);
    }
    return found;
}

/* The weights of a model that the platform serves stay; whatever the tenant brought is cleared. */
static char *model_kept(const hcp_state *state, const hcp_lease *lease)
{
    if (lease->workload == HCP_NO_INDEX)
        return NULL;
    const hcp_workload *workload = hcp_state_workload(state, lease->workload);
    bool served = workload->def.kind == HCP_WORKLOAD_AI_INFERENCE_REALTIME ||
                  workload->def.kind == HCP_WORKLOAD_AI_INFERENCE_BATCH;
    return served ? g_strdup(workload->def.model) : NULL;
}

/* Sends the serving devices among `devices` to `to`: cleared. */
static void clear_devices(hcp_txn *txn, const hcp_array *devices, const hcp_switch_started *out,
                          bool maintained)
{
    const hcp_fleet *fleet = &txn->core->state.fleet;
    g_autoptr(GArray) serving = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    const uint32_t *items = devices->items;
    for (uint32_t i = 0; i < devices->count; i++)
        if (fleet->mode[items[i]] == HCP_MODE_SERVING &&
            (fleet->admin[items[i]] == HCP_ADMIN_MAINTENANCE) == maintained)
            g_array_append_val(serving, items[i]);
    hcp_array list = {.items = serving->data, .count = serving->len};
    hcp_switch_begin_devices(txn, &list, out);
}

void hcp_lease_release(hcp_txn *txn, uint32_t ix, const char *reason)
{
    const hcp_state *state = &txn->core->state;
    const hcp_lease *lease = hcp_state_lease(state, ix);
    g_autoptr(GArray) switches = switches_of(state, lease);
    g_autofree char *model = model_kept(state, lease);
    hcp_lease_granted def = {0};
    hcp_record_copy(hcp_event_record(HCP_EVENT_LEASE_GRANTED), &lease->def, &def);
    hcp_event event = {
        .type = HCP_EVENT_LEASE_RELEASED,
        .lease_released = {.id = lease->def.id, .reason = g_strdup(reason)},
    };
    hcp_txn_emit(txn, &event);
    for (guint i = 0; i < switches->len; i++)
        hcp_switch_abort(txn, g_array_index(switches, uint32_t, i), reason);
    const hcp_facility *facility = hcp_state_facility(state, def.facility);
    bool asleep = facility->emergency || hcp_power_settled_w(txn->core, def.facility, 0) >
                                             hcp_power_cap_it_w(state, def.facility);
    hcp_switch_started out = {
        .cause = (char *)"release",
        .facility = def.facility,
        .class_ix = def.class_ix,
        .to = asleep ? HCP_MODE_CURTAILED : HCP_MODE_IDLE,
        .model = model,
        .scrub = true,
    };
    clear_devices(txn, &def.devices, &out, false);
    out.to = HCP_MODE_OFF;
    clear_devices(txn, &def.devices, &out, true);
    hcp_record_clear(hcp_event_record(HCP_EVENT_LEASE_GRANTED), &def);
}

void hcp_lease_lose(hcp_txn *txn, uint32_t ix, const char *reason)
{
    if (hcp_state_lease(&txn->core->state, ix)->workload != HCP_NO_INDEX)
        hcp_workload_lease_lost(txn, ix, reason);
    hcp_lease_release(txn, ix, reason);
}

void hcp_lease_evict(hcp_txn *txn, uint32_t ix, const char *reason)
{
    uint32_t workload = hcp_state_lease(&txn->core->state, ix)->workload;
    if (workload != HCP_NO_INDEX)
        hcp_workload_evicted(txn, workload, reason);
    hcp_lease_release(txn, ix, reason);
}

/* --- explicit allocations ------------------------------------------------------------------------------------------ */

/* Exactly the devices asked for, when they are free and of one group. */
static bool choose_named(hcp_txn *txn, const hcp_allocate *wanted, hcp_placement *ret_placement)
{
    const hcp_state *state = &txn->core->state;
    const hcp_fleet *fleet = &state->fleet;
    uint32_t *devices = hcp_array_init(&ret_placement->devices, wanted->count, sizeof *devices);
    for (uint32_t i = 0; i < wanted->count; i++) {
        uint32_t device = devices[i] = wanted->devices[i];
        if (device >= fleet->n_devices || (i > 0 && device <= devices[i - 1]))
            return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "devices",
                                  "name existing devices once each, in ascending order");
        if (fleet->group[device] != fleet->group[devices[0]])
            return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "devices",
                                  "all devices must be of one class, one facility and one feeder");
        g_autofree char *name = hcp_state_device_name(state, device);
        if (!hcp_fleet_is_free(fleet, device))
            return hcp_txn_refuse(txn, HCP_REFUSAL_CONFLICT, "devices", "%s is not free", name);
    }
    ret_placement->group = fleet->group[devices[0]];
    const hcp_group *group = hcp_state_group(state, ret_placement->group);
    const hcp_class_defined *cls = &hcp_state_class(state, group->class_ix)->def;
    for (uint32_t i = 0; i < wanted->count; i++)
        ret_placement->added_w +=
            MAX(0, cls->tdp_w - hcp_power_device_w(cls, (hcp_mode)fleet->mode[devices[i]],
                                                   fleet->target[devices[i]]));
    return true;
}

static bool check_power(hcp_txn *txn, const hcp_placement *placement)
{
    const hcp_state *state = &txn->core->state;
    const hcp_group *group = hcp_state_group(state, placement->group);
    const hcp_facility *facility = hcp_state_facility(state, group->facility);
    if (facility->emergency)
        return hcp_txn_refuse(txn, HCP_REFUSAL_EMERGENCY, "facility",
                              "%s is shut down by an emergency", facility->def.name);
    for (uint32_t feeder = 0;; feeder = group->feeder) {
        int64_t room_w = hcp_power_limit_w(state, group->facility, feeder) -
                         hcp_power_reserved_w(txn->core, group->facility, feeder);
        if (placement->added_w > room_w)
            return hcp_txn_refuse(txn, HCP_REFUSAL_CAPACITY, "count",
                                  "%.1f kW more are needed and %.1f kW are free under %s%s of %s; "
                                  "submit a workload to wait for it",
                                  (double)placement->added_w / 1e3, (double)room_w / 1e3,
                                  feeder == 0 ? "the power cap" : "feeder ",
                                  feeder == 0 ? "" : hcp_power_feeder_name(&facility->def, feeder),
                                  facility->def.name);
        if (feeder == group->feeder)
            return true;
    }
}

static bool refuse_allocation(hcp_txn *txn, const hcp_allocate *wanted, hcp_wait wait)
{
    if (wait == HCP_WAIT_EMERGENCY)
        return hcp_txn_refuse(txn, HCP_REFUSAL_EMERGENCY, "facility",
                              "every facility with such devices is shut down by an emergency");
    const hcp_state *state = &txn->core->state;
    uint64_t classes = hcp_state_whole_classes(state, wanted->classes);
    uint32_t most = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (((classes >> group->class_ix) & 1) != 0 &&
            (wanted->facility == HCP_NO_INDEX || wanted->facility == group->facility))
            most = MAX(most, group->free);
    }
    return hcp_txn_refuse(txn, HCP_REFUSAL_CAPACITY, "count",
                          "%u devices of one class in one facility are wanted, at most %u are free",
                          wanted->count, most);
}

static bool check_allocation(hcp_txn *txn, const hcp_allocate *wanted)
{
    const hcp_fleet *fleet = &txn->core->state.fleet;
    if (wanted->customer >= fleet->customers->len)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "customer_id", "unknown customer");
    if (wanted->facility != HCP_NO_INDEX && wanted->facility >= fleet->facilities->len)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "facility", "unknown facility");
    if (wanted->count == 0 || wanted->count > HCP_MAX_GANG)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "count", "allocate 1 to %d devices",
                              HCP_MAX_GANG);
    if (wanted->devices == NULL && wanted->classes == 0)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "resource_type",
                              "name a device class or the devices");
    return true;
}

bool hcp_lease_decide_allocate(hcp_txn *txn, const hcp_command *command)
{
    const hcp_allocate *wanted = &command->allocate;
    if (!check_allocation(txn, wanted))
        return false;
    hcp_placement_request request = {
        .classes = hcp_state_whole_classes(&txn->core->state, wanted->classes),
        .facility = wanted->facility,
        .count = wanted->count,
        .customer = wanted->customer,
    };
    hcp_placement placement = {0};
    hcp_wait wait = HCP_WAIT_NONE;
    bool ok = true;
    if (wanted->devices != NULL)
        ok = choose_named(txn, wanted, &placement);
    else
        wait = hcp_placement_choose(txn, &request, &placement);
    if (ok && wait != HCP_WAIT_NONE && wait != HCP_WAIT_POWER)
        ok = refuse_allocation(txn, wanted, wait);
    ok = ok && check_power(txn, &placement);
    if (ok) {
        uint32_t ix = hcp_lease_grant(txn, &request, &placement);
        txn->outcome->id = hcp_state_lease(&txn->core->state, ix)->def.id.value;
    }
    hcp_placement_clear(&placement);
    return ok;
}

bool hcp_lease_decide_release(hcp_txn *txn, const hcp_command *command)
{
    const hcp_state *state = &txn->core->state;
    uint32_t ix = hcp_core_find_lease(txn->core, command->release.lease);
    if (ix == HCP_NO_INDEX)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "lease", "this lease is not held");
    const hcp_lease *lease = hcp_state_lease(state, ix);
    if (command->release.fence != 0 && command->release.fence != lease->def.fence)
        return hcp_txn_refuse(txn, HCP_REFUSAL_FENCED, "fence",
                              "fencing token %" G_GUINT64_FORMAT
                              " is not that of this lease: somebody else holds it now",
                              command->release.fence);
    if (lease->workload != HCP_NO_INDEX) {
        char id[HCP_ID_TEXT_SIZE];
        hcp_id_format(HCP_ID_WORKLOAD, lease->def.workload.value, id);
        return hcp_txn_refuse(txn, HCP_REFUSAL_CONFLICT, "lease",
                              "the lease belongs to workload %s: cancel that", id);
    }
    txn->outcome->id = lease->def.id.value;
    hcp_lease_release(txn, ix, "released by its holder");
    return true;
}

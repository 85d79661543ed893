/* SPDX-License-Identifier: Apache-2.0 */
/* What the events of a switch do to its row and to its devices. */
#include "core/switching.h"

#include "core/emergency.h"
#include "core/health.h"
#include "core/runs.h"

#include <string.h>

static void arm(hcp_core *core, uint32_t ix)
{
    uint64_t id = hcp_state_switch(&core->state, ix)->def.id.value;
    hcp_timers_arm(&core->timers, (hcp_timer){
                                      .due_us = hcp_switch_due(core, ix, id),
                                      .kind = HCP_TIMER_SWITCH_PHASE,
                                      .row = ix,
                                      .id = id,
                                  });
}

static const hcp_range *range_at(const hcp_switch_started *def, uint32_t i)
{
    return (const hcp_range *)def->ranges.items + i;
}

/* Every device of the ranges is of one group, in the mode and at the power target the switch comes from, and free of
 * other switches. */
static const char *check_devices(const hcp_state *state, const hcp_switch_started *def,
                                 uint32_t lease)
{
    const hcp_fleet *fleet = &state->fleet;
    uint32_t group = HCP_NO_INDEX;
    uint64_t total = 0;
    uint8_t target = 0;
    for (uint32_t r = 0; r < def->ranges.count; r++) {
        hcp_range range = *range_at(def, r);
        if (range.count == 0 || range.first >= fleet->n_devices ||
            range.count > fleet->n_devices - range.first)
            return "it names devices that do not exist";
        if (r == 0) {
            target = fleet->target[range.first];
            group = fleet->group[range.first];
        }
        total += range.count;
        uint32_t end = range.first + range.count;
        for (uint32_t d = range.first; d < end; d = hcp_runs_end(fleet, d, end))
            if (fleet->group[d] != group || fleet->mode[d] != def->from ||
                fleet->target[d] != target || fleet->active_switch[d] != HCP_NO_INDEX ||
                fleet->lease[d] != lease || fleet->health[d] == HCP_HEALTH_FAILED)
                return "a device is not where it comes from";
    }
    if (total == 0 || total != def->count)
        return "it counts its devices wrongly";
    const hcp_group *row = hcp_state_group(state, group);
    return row->facility != def->facility || row->class_ix != def->class_ix
               ? "its devices are of another facility or class"
               : NULL;
}

static const char *check_started(const hcp_core *core, const hcp_switch_started *def)
{
    const hcp_state *state = &core->state;
    if (def->facility >= state->fleet.facilities->len || def->class_ix >= state->fleet.classes->len)
        return "its facility or class is unknown";
    if (def->id.value <= state->last_id)
        return "its id is not new";
    if (def->from >= HCP_MODES || def->to >= HCP_MODES || def->cause == NULL)
        return "its modes or cause are missing";
    if (def->power_target >= HCP_MAX_POWER_TARGETS)
        return "its power target is unknown";
    uint32_t lease = hcp_core_find_lease(core, def->lease);
    if ((def->lease.value != 0) != (lease != HCP_NO_INDEX) ||
        (def->to == HCP_MODE_SERVING) != (lease != HCP_NO_INDEX))
        return "its lease does not fit";
    return check_devices(state, def, lease);
}

const char *hcp_switch_apply_started(hcp_core *core, const hcp_event *event)
{
    const hcp_switch_started *def = &event->switch_started;
    const char *why = check_started(core, def);
    if (why != NULL)
        return why;
    uint32_t ix = hcp_slots_take(&core->state.switches);
    hcp_switch *sw = hcp_core_switch(core, ix);
    hcp_record_copy(hcp_event_record(event->type), def, &sw->def);
    sw->started_us = sw->phase_started_us = event->time_us;
    sw->left = def->count;
    sw->from_target = core->state.fleet.target[range_at(def, 0)->first];
    sw->live = true;
    hcp_ids_put(core->switch_ids, def->id.value, ix);
    hcp_core_note_id(core, def->id.value);
    core->state.switch_count++;
    hcp_group *group = hcp_core_group(core, hcp_fleet_switch_group(&core->state, def));
    if (def->lease.value == 0 && def->to == HCP_MODE_MINING)
        group->mining_target = def->power_target;
    if (g_str_equal(def->cause, "dispatch"))
        group->moved_us = event->time_us;
    (void)hcp_state_intern_model(&core->state, def->model);
    for (uint32_t r = 0; r < def->ranges.count; r++)
        hcp_fleet_change(core, *range_at(def, r),
                         &(hcp_row_change){.set = HCP_ROW_SWITCH, .active_switch = ix});
    arm(core, ix);
    return NULL;
}

const char *hcp_switch_apply_phase_ended(hcp_core *core, const hcp_event *event)
{
    const hcp_switch_phase_ended *ended = &event->switch_phase_ended;
    uint32_t ix = hcp_core_find_switch(core, ended->id);
    if (ix == HCP_NO_INDEX)
        return "the switch is not running";
    hcp_switch *sw = hcp_core_switch(core, ix);
    if (sw->phase != ended->phase || ended->phase >= HCP_PHASE_ROLLBACK ||
        ended->lost.count > sw->left)
        return "the switch is in another phase";
    const uint32_t *lost = ended->lost.items;
    for (uint32_t i = 0; i < ended->lost.count; i++)
        if (lost[i] >= core->state.fleet.n_devices ||
            core->state.fleet.active_switch[lost[i]] != ix || (i > 0 && lost[i] <= lost[i - 1]))
            return "it loses a device that is not part of the switch";
    sw->phase_us[ended->phase] = ended->ended_us - ended->started_us;
    sw->phase_started_us = ended->ended_us;
    if (ended->failed) {
        sw->failed_phase = ended->phase;
        sw->reason = g_strdup(ended->reason);
        sw->phase = HCP_PHASE_ROLLBACK;
    } else if (ended->phase < HCP_PHASE_SERVE) {
        sw->phase = (hcp_phase)(ended->phase + 1);
    }
    sw->left -= ended->lost.count;
    for (uint32_t i = 0; i < ended->lost.count; i++)
        hcp_fleet_change(core, (hcp_range){lost[i], 1},
                         &(hcp_row_change){.set = HCP_ROW_SWITCH, .active_switch = HCP_NO_INDEX});
    arm(core, ix);
    return NULL;
}

/* What its devices are once the switch has ended. */
static hcp_row_change arrival(const hcp_core *core, uint32_t ix, bool ok)
{
    const hcp_switch_started *def = &hcp_state_switch(&core->state, ix)->def;
    hcp_row_change change = {
        .set = HCP_ROW_ONLY | HCP_ROW_SWITCH,
        .only_switch = ix,
        .active_switch = HCP_NO_INDEX,
    };
    if (!ok)
        return change;
    change.set |= HCP_ROW_MODE;
    change.mode = def->to;
    if (def->to == HCP_MODE_MINING) {
        change.set |= HCP_ROW_TARGET;
        change.target = def->power_target;
    }
    if (def->to == HCP_MODE_SERVING || def->scrub) {
        change.set |= HCP_ROW_RESIDENT;
        change.resident = hcp_state_find_model(&core->state, def->model);
    }
    return change;
}

/* Devices whose maintenance was called off while they switched off are there again. */
static void recall(hcp_core *core, const hcp_switch_started *def)
{
    for (uint32_t r = 0; r < def->ranges.count; r++)
        hcp_health_wake_up(core, *range_at(def, r));
}

const char *hcp_switch_apply_ended(hcp_core *core, const hcp_event *event)
{
    const hcp_switch_ended *ended = &event->switch_ended;
    uint32_t ix = hcp_core_find_switch(core, ended->id);
    if (ix == HCP_NO_INDEX)
        return "the switch is not running";
    hcp_switch *sw = hcp_core_switch(core, ix);
    if (ended->ok && sw->phase != HCP_PHASE_SERVE)
        return "the switch has not reached its last phase";
    if (!ended->ok && sw->left > 0 && sw->phase != HCP_PHASE_ROLLBACK)
        return "the switch has not been rolled back";
    hcp_switch_cost_note(core, sw, ended);
    hcp_row_change change = arrival(core, ix, ended->ok);
    for (uint32_t r = 0; r < sw->def.ranges.count; r++)
        hcp_fleet_change(core, *range_at(&sw->def, r), &change);
    if (sw->def.to == HCP_MODE_OFF)
        recall(core, &sw->def);
    uint32_t facility = sw->def.facility;
    hcp_ids_drop(core->switch_ids, ended->id.value);
    hcp_record_clear(hcp_event_record(HCP_EVENT_SWITCH_STARTED), &sw->def);
    g_free(sw->reason);
    hcp_slots_give(&core->state.switches, ix);
    hcp_emergency_note_safe(core, facility);
    return NULL;
}

void hcp_switch_rebuild(hcp_core *core)
{
    for (uint32_t i = 0; i < core->state.switches.items->len; i++) {
        const hcp_switch *sw = hcp_state_switch(&core->state, i);
        if (!sw->live)
            continue;
        hcp_ids_put(core->switch_ids, sw->def.id.value, i);
        arm(core, i);
    }
}

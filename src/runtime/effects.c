/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From events to drivers. An effect is gathered with the event that causes it and carried out once that event is durable,
 * never before: a device is told nothing that a crash could make untrue. Starting a phase twice is harmless (drivers treat
 * a repeated command as the same one), so after a restart every phase in progress is simply started again.
 */
#include "base/log.h"
#include "core/runs.h"
#include "runtime/platform_internal.h"

/* The core's phases are the driver's, the rollback included. */
G_STATIC_ASSERT((int)HCP_PHASE_VALIDATE == (int)HCP_SWITCHTIME_VALIDATE);
G_STATIC_ASSERT((int)HCP_PHASE_SERVE == (int)HCP_SWITCHTIME_SERVE);
G_STATIC_ASSERT((int)HCP_PHASE_ROLLBACK == (int)HCP_SWITCHTIME_ROLLBACK);

static void push(hcp_platform *platform, const hcp_effect *effect)
{
    g_queue_push_tail(&platform->effects, g_memdup2(effect, sizeof *effect));
}

static hcp_phase phase_in_progress(const hcp_platform *platform, hcp_switch_id id)
{
    uint32_t ix = hcp_core_find_switch(platform->core, id);
    return ix == HCP_NO_INDEX ? HCP_PHASES
                              : hcp_state_switch(hcp_core_state(platform->core), ix)->phase;
}

void hcp_effects_gather(hcp_platform *platform, const hcp_event *event, uint64_t ticket)
{
    hcp_effect effect = {.ticket = ticket};
    switch (event->type) {
    case HCP_EVENT_SWITCH_STARTED:
        effect.id = event->switch_started.id;
        effect.phase = HCP_PHASE_VALIDATE;
        break;
    case HCP_EVENT_SWITCH_PHASE_ENDED:
        effect.id = event->switch_phase_ended.id;
        effect.phase = phase_in_progress(platform, effect.id);
        if (effect.phase == HCP_PHASES)
            return; /* it was the last one, or the switch has ended with it */
        break;
    case HCP_EVENT_SWITCH_ENDED:
        effect.id = event->switch_ended.id;
        effect.cancel = true;
        break;
    default:
        return;
    }
    push(platform, &effect);
}

static hcp_driver_mode driver_mode(hcp_mode mode)
{
    switch (mode) {
    case HCP_MODE_IDLE:
        return HCP_DRIVER_IDLE;
    case HCP_MODE_MINING:
        return HCP_DRIVER_MINE;
    case HCP_MODE_SERVING:
        return HCP_DRIVER_SERVE;
    default:
        return HCP_DRIVER_OFF;
    }
}

/* Appends a run, merging it with the last one when they touch. */
static void add_run(GArray *runs, hcp_driver_range run)
{
    hcp_driver_range *last =
        runs->len > 0 ? &g_array_index(runs, hcp_driver_range, runs->len - 1) : NULL;
    if (last != NULL && last->first + last->count == run.first)
        last->count += run.count;
    else
        g_array_append_val(runs, run);
}

/* The devices that are still in the switch; those that failed on the way are told nothing more. */
static hcp_driver_devices devices_of(hcp_platform *platform, uint32_t switch_ix)
{
    const hcp_state *state = hcp_core_state(platform->core);
    const hcp_switch *sw = hcp_state_switch(state, switch_ix);
    const hcp_range *ranges = sw->def.ranges.items;

    g_array_set_size(platform->ranges, 0);
    for (uint32_t i = 0; i < sw->def.ranges.count; i++) {
        uint32_t end = ranges[i].first + ranges[i].count;
        for (uint32_t first = ranges[i].first, next; first < end; first = next) {
            next = hcp_runs_end(&state->fleet, first, end);
            if (state->fleet.active_switch[first] == switch_ix)
                add_run(platform->ranges, (hcp_driver_range){first, next - first});
        }
    }
    return (hcp_driver_devices){.ranges = (const hcp_driver_range *)platform->ranges->data,
                                .n_ranges = platform->ranges->len};
}

/* Power of its miners where the switch goes, or where a rollback goes back to. */
static double power_target_w(const hcp_state *state, const hcp_switch *sw, bool back)
{
    const hcp_class_defined *class_ = &hcp_state_class(state, sw->def.class_ix)->def;
    hcp_mode mode = back ? sw->def.from : sw->def.to;
    uint32_t target = back ? sw->from_target : sw->def.power_target;
    if (mode != HCP_MODE_MINING || target >= class_->power_targets.count)
        return 0;
    return (double)((const hcp_power_target *)class_->power_targets.items)[target].power_w;
}

static hcp_driver_command command_of(hcp_platform *platform, uint32_t switch_ix)
{
    const hcp_state *state = hcp_core_state(platform->core);
    const hcp_switch *sw = hcp_state_switch(state, switch_ix);
    bool back = sw->phase == HCP_PHASE_ROLLBACK;
    return (hcp_driver_command){
        .switch_id = sw->def.id.value,
        .phase = (hcp_switchtime_phase)sw->phase,
        .devices = devices_of(platform, switch_ix),
        .from = driver_mode(sw->def.from),
        .to = driver_mode(sw->def.to),
        .payload = {.residency = (hcp_switchtime_residency)sw->def.residency,
                    .model_bytes = back ? 0 : sw->def.bytes,
                    .scrub_bytes = sw->def.scrub
                                       ? hcp_state_class(state, sw->def.class_ix)->def.memory_bytes
                                       : 0},
        .power_target_w = power_target_w(state, sw, back),
        .load = 0.95,
    };
}

static void start_phase(hcp_platform *platform, const hcp_effect *effect)
{
    uint32_t ix = hcp_core_find_switch(platform->core, effect->id);
    if (ix == HCP_NO_INDEX || platform->driver == NULL)
        return;
    const hcp_switch *sw = hcp_state_switch(hcp_core_state(platform->core), ix);
    if (sw->phase != effect->phase)
        return;
    int64_t now_us = hcp_clock_now(platform->options.clock);
    const hcp_driver_command command = command_of(platform, ix);
    g_autoptr(GError) error = NULL;
    if (!hcp_driver_start(platform->driver, &command, now_us, &error))
        hcp_log(HCP_LOG_ERROR, "runtime", NULL, "a driver refused a command; its deadline decides",
                "reason", error->message, NULL);
}

void hcp_effects_release(hcp_platform *platform, uint64_t ticket)
{
    for (hcp_effect *effect; (effect = g_queue_peek_head(&platform->effects)) != NULL;) {
        if (effect->ticket > ticket)
            return;
        g_queue_pop_head(&platform->effects);
        if (!effect->cancel)
            start_phase(platform, effect);
        else if (platform->driver != NULL)
            hcp_driver_cancel(platform->driver, effect->id.value,
                              hcp_clock_now(platform->options.clock));
        g_free(effect);
    }
}

void hcp_effects_drop(hcp_platform *platform)
{
    g_queue_clear_full(&platform->effects, g_free);
}

void hcp_effects_resume(hcp_platform *platform)
{
    const hcp_state *state = hcp_core_state(platform->core);
    for (uint32_t i = 0; i < state->switches.items->len; i++) {
        const hcp_switch *sw = hcp_state_switch(state, i);
        if (sw->live)
            start_phase(platform, &(hcp_effect){.id = sw->def.id, .phase = sw->phase});
    }
}

hcp_phase hcp_effects_phase_of(const hcp_platform *platform, const hcp_driver_report *report)
{
    hcp_phase current = phase_in_progress(platform, (hcp_switch_id){report->switch_id});
    hcp_phase reported = (hcp_phase)report->phase;
    return reported == current ? current : HCP_PHASES;
}

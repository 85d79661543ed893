/* SPDX-License-Identifier: Apache-2.0 */
/* The switch state machine: phases in order, measured, with deadlines, rollback, lost devices and scrubbing. */
#include "site.h"

#include "base/units.h"
#include "core/switching.h"

static const hcp_switch *only_switch(const site *s, uint32_t *ret_ix)
{
    const hcp_state *state = hcp_core_state(s->core);
    const hcp_switch *found = NULL;
    for (uint32_t i = 0; i < state->switches.items->len; i++) {
        const hcp_switch *sw = hcp_state_switch(state, i);
        if (!sw->live)
            continue;
        g_assert_null(found);
        found = sw;
        *ret_ix = i;
    }
    g_assert_nonnull(found);
    return found;
}

/* The seeds' timeline A: phases that end 50, 100, 150, 200, 300, 400 and 450 ms after the signal. */
static void test_timeline(void)
{
    static const int64_t ENDS_MS[] = {50, 100, 150, 200, 300, 400, 450};
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t workload = site_submit(&s, 1 << SITE_H100, 1, 2 * HCP_US_PER_H);
    g_assert_cmpint(hcp_state_workload(state, workload)->status, ==, HCP_WORKLOAD_STARTING);
    uint32_t ix;
    hcp_switch_id id = only_switch(&s, &ix)->def.id;
    for (int phase = HCP_PHASE_VALIDATE; phase <= HCP_PHASE_SERVE; phase++) {
        g_assert_cmpint(hcp_state_switch(state, ix)->phase, ==, phase);
        s.now_us = SITE_EPOCH_US + ENDS_MS[phase] * HCP_US_PER_MS;
        site_report(&s, ix, true);
        const hcp_event *first = &g_array_index(s.outcome.events, hcp_event, 0);
        g_assert_cmpint(first->type, ==, HCP_EVENT_SWITCH_PHASE_ENDED);
        g_assert_cmpint(first->switch_phase_ended.ended_us - first->switch_phase_ended.started_us,
                        ==, (ENDS_MS[phase] - (phase ? ENDS_MS[phase - 1] : 0)) * HCP_US_PER_MS);
    }
    const hcp_event *ended = &g_array_index(s.outcome.events, hcp_event, 1);
    g_assert_cmpint(ended->type, ==, HCP_EVENT_SWITCH_ENDED);
    g_assert_true(ended->switch_ended.ok);
    g_assert_cmpint(ended->switch_ended.duration_us, ==, 450 * HCP_US_PER_MS);
    g_assert_cmpuint(hcp_core_find_switch(s.core, id), ==, HCP_NO_INDEX);
    const hcp_workload *row = hcp_state_workload(state, workload);
    g_assert_cmpint(row->status, ==, HCP_WORKLOAD_RUNNING);
    g_assert_cmpint(row->started_us, ==, s.now_us);
    g_assert_cmpint(state->fleet.mode[0], ==, HCP_MODE_SERVING);
    site_finish(&s);
}

static void test_reports_out_of_order_are_refused(void)
{
    site s;
    site_init(&s);
    (void)site_submit(&s, 1 << SITE_H100, 1, HCP_US_PER_H);
    uint32_t ix;
    const hcp_switch *sw = only_switch(&s, &ix);
    hcp_command late = {
        .type = HCP_COMMAND_REPORT_PHASE,
        .phase = {.id = sw->def.id, .phase = HCP_PHASE_SAVE, .ok = true},
    };
    site_refused(&s, &late, HCP_REFUSAL_CONFLICT);
    late.phase.id.value++;
    site_refused(&s, &late, HCP_REFUSAL_NOT_FOUND);
    uint32_t stranger = SITE_A100_FIRST;
    late.phase = (hcp_phase_report){.id = sw->def.id, .ok = true, .lost = &stranger, .n_lost = 1};
    site_refused(&s, &late, HCP_REFUSAL_INVALID);
    site_finish(&s);
}

/* Every phase, failed by the driver: back to where it came from, and the workload waits again. */
static void test_rollback_of_every_phase(void)
{
    for (int failing = HCP_PHASE_VALIDATE; failing <= HCP_PHASE_SERVE; failing++) {
        site s;
        site_init(&s);
        const hcp_state *state = hcp_core_state(s.core);
        uint32_t workload = site_submit(&s, 1 << SITE_H100, 4, HCP_US_PER_H);
        uint32_t ix;
        (void)only_switch(&s, &ix);
        for (int phase = 0; phase < failing; phase++)
            site_report(&s, ix, true);
        site_report(&s, ix, false);
        g_assert_cmpint(hcp_state_workload(state, workload)->status, ==, HCP_WORKLOAD_QUEUED);
        const hcp_switch *sw = hcp_state_switch(state, ix);
        g_assert_cmpint(sw->phase, ==, HCP_PHASE_ROLLBACK);
        g_assert_cmpint(sw->failed_phase, ==, failing);
        g_assert_cmpuint(state->leases.free->len, ==, state->leases.items->len);
        s.now_us += 80 * HCP_US_PER_MS;
        site_report(&s, ix, true);
        const hcp_event *ended = &g_array_index(s.outcome.events, hcp_event, 0);
        g_assert_cmpint(ended->type, ==, HCP_EVENT_SWITCH_ENDED);
        g_assert_false(ended->switch_ended.ok);
        g_assert_cmpint(ended->switch_ended.failed_phase, ==, failing);
        g_assert_cmpstr(ended->switch_ended.reason, ==, "injected");
        g_assert_cmpint(state->fleet.mode[0], ==, HCP_MODE_IDLE);
        site_finish(&s);
    }
}

static void test_silence_is_rolled_back(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    (void)site_submit(&s, 1 << SITE_H100, 1, HCP_US_PER_H);
    uint32_t ix;
    (void)only_switch(&s, &ix);
    int64_t due_us = hcp_switch_due(s.core, ix, hcp_state_switch(state, ix)->def.id.value);
    g_assert_cmpint(due_us, ==, SITE_EPOCH_US + 10 * HCP_US_PER_S);
    site_tick(&s, 10 * HCP_US_PER_S - 1);
    g_assert_cmpint(hcp_state_switch(state, ix)->phase, ==, HCP_PHASE_VALIDATE);
    site_tick(&s, 1);
    g_assert_cmpint(hcp_state_switch(state, ix)->phase, ==, HCP_PHASE_ROLLBACK);
    /* Nor does the rollback answer: the device cannot be trusted any more. */
    site_tick(&s, HCP_US_PER_H);
    g_assert_cmpint(state->fleet.health[0], ==, HCP_HEALTH_FAILED);
    g_assert_cmpint(state->fleet.mode[0], ==, HCP_MODE_OFF);
    g_assert_cmpuint(hcp_core_find_device_name(s.core, "gpu-n-h100-001"), ==, 0);
    site_finish(&s);
}

/* A 70 GB model from a cold store gets the time that the link needs, beyond the deadline of the phase. */
static void test_activation_has_physical_time(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    (void)site_submit(&s, 1 << SITE_H100, 1, HCP_US_PER_H);
    uint32_t ix;
    const hcp_switch *sw = only_switch(&s, &ix);
    g_assert_cmpint(sw->def.residency, ==, HCP_RESIDENCY_COLD);
    g_assert_cmpint(sw->def.bytes, ==, 40000000000);
    for (int phase = 0; phase < HCP_PHASE_ACTIVATE; phase++)
        site_report(&s, ix, true);
    /* 40 GB over 100 Gbit/s = 12.5 GB/s */
    int64_t limit_us = hcp_switch_phase_limit_us(state, hcp_state_switch(state, ix));
    g_assert_cmpint(limit_us, ==, 10 * HCP_US_PER_S + 3200 * HCP_US_PER_MS);
    /* An engine that starts from nothing has that time on top. */
    hcp_settings settings = state->settings;
    settings.cold_start_us = 54 * HCP_US_PER_S;
    site_define(&s, &(hcp_event){.type = HCP_EVENT_SETTINGS_CHANGED, .settings_changed = settings});
    g_assert_cmpint(hcp_switch_phase_limit_us(state, hcp_state_switch(state, ix)), ==,
                    limit_us + 54 * HCP_US_PER_S);
    site_drive(&s, HCP_US_PER_MS);
    /* A second copy beside it comes from the host, a third of a known model elsewhere from disk. */
    (void)site_submit(&s, 1 << SITE_H100, 1, HCP_US_PER_H);
    g_assert_cmpint(only_switch(&s, &ix)->def.residency, ==, HCP_RESIDENCY_HOST);
    site_drive(&s, HCP_US_PER_MS);
    (void)site_submit(&s, 1 << SITE_A100, 1, HCP_US_PER_H);
    g_assert_cmpint(only_switch(&s, &ix)->def.residency, ==, HCP_RESIDENCY_DISK);
    site_finish(&s);
}

static uint64_t lease_id(const hcp_state *state, uint32_t ix)
{
    return hcp_state_lease(state, ix)->def.id.value;
}

static void test_release_scrubs(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t lease = site_allocate(&s, SITE_H100, SITE_NORTH, 2);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(state->fleet.mode[1], ==, HCP_MODE_SERVING);
    hcp_command release = {.type = HCP_COMMAND_RELEASE,
                           .release = {.lease = {lease_id(state, lease)}, .fence = 1}};
    site_must(&s, &release);
    uint32_t ix;
    const hcp_switch *sw = only_switch(&s, &ix);
    g_assert_true(sw->def.scrub);
    g_assert_cmpint(sw->def.from, ==, HCP_MODE_SERVING);
    g_assert_cmpint(sw->def.to, ==, HCP_MODE_IDLE);
    g_assert_false(hcp_fleet_is_free(&state->fleet, 0));
    site_drive(&s, HCP_US_PER_MS);
    g_assert_true(hcp_fleet_is_free(&state->fleet, 0));
    site_finish(&s);
}

/* Memory that could not be cleared is never handed to another tenant. */
static void test_failed_scrub_fails_closed(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t lease = site_allocate(&s, SITE_H100, SITE_NORTH, 2);
    site_drive(&s, HCP_US_PER_MS);
    hcp_command release = {.type = HCP_COMMAND_RELEASE,
                           .release = {.lease = {lease_id(state, lease)}}};
    site_must(&s, &release);
    uint32_t ix;
    (void)only_switch(&s, &ix);
    site_report(&s, ix, true);
    site_report(&s, ix, false);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_HEALTH_CHANGED), ==, 1);
    g_assert_cmpint(state->fleet.health[0], ==, HCP_HEALTH_FAILED);
    g_assert_cmpint(state->fleet.health[1], ==, HCP_HEALTH_FAILED);
    g_assert_cmpint(state->fleet.resident[0], ==, HCP_NO_INDEX);
    g_assert_false(hcp_fleet_is_free(&state->fleet, 0));
    site_finish(&s);
}

/* A mass move goes on without the devices it loses. */
static void test_mass_switch_loses_devices(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    hcp_command cap = {.type = HCP_COMMAND_SET_CAP, .cap = {SITE_NORTH, 600000}};
    site_must(&s, &cap);
    uint32_t ix;
    const hcp_switch *sw = only_switch(&s, &ix);
    uint32_t all = sw->def.count;
    hcp_range last = ((const hcp_range *)sw->def.ranges.items)[sw->def.ranges.count - 1];
    uint32_t lost[] = {last.first, last.first + 2};
    hcp_phase_report report = {.id = sw->def.id, .ok = true, .lost = lost, .n_lost = 2};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_REPORT_PHASE, .phase = report});
    g_assert_cmpuint(hcp_state_switch(state, ix)->left, ==, all - 2);
    g_assert_cmpint(state->fleet.health[lost[0]], ==, HCP_HEALTH_FAILED);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(state->fleet.mode[last.first + 1], ==, HCP_MODE_CURTAILED);
    g_assert_cmpint(state->fleet.mode[lost[1]], ==, HCP_MODE_OFF);
    site_finish(&s);
}

/* A gang that loses a device loses its lease: the others go back, the workload waits and starts elsewhere. */
static void test_gang_loses_device(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t workload = site_submit(&s, 1 << SITE_H100, 8, HCP_US_PER_H);
    uint32_t ix;
    const hcp_switch *sw = only_switch(&s, &ix);
    uint32_t lost = ((const hcp_range *)sw->def.ranges.items)[0].first;
    hcp_phase_report report = {.id = sw->def.id, .ok = true, .lost = &lost, .n_lost = 1};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_REPORT_PHASE, .phase = report});
    g_assert_cmpint(hcp_state_switch(state, ix)->phase, ==, HCP_PHASE_ROLLBACK);
    g_assert_cmpuint(hcp_state_switch(state, ix)->left, ==, 7);
    g_assert_cmpint(hcp_state_workload(state, workload)->status, ==, HCP_WORKLOAD_QUEUED);
    site_drive(&s, HCP_US_PER_MS);
    site_tick(&s, 10 * HCP_US_PER_S);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(hcp_state_workload(state, workload)->status, ==, HCP_WORKLOAD_RUNNING);
    g_assert_cmpint(state->fleet.health[lost], ==, HCP_HEALTH_FAILED);
    site_finish(&s);
}

static void test_ranges(void)
{
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(hcp_range));
    hcp_ranges_add(ranges, (hcp_range){3, 2});
    hcp_ranges_add(ranges, (hcp_range){5, 1});
    hcp_ranges_add(ranges, (hcp_range){9, 1});
    hcp_array array = {0};
    g_assert_cmpuint(hcp_ranges_take(ranges, &array), ==, 4);
    g_assert_cmpuint(array.count, ==, 2);
    g_assert_cmpuint(((hcp_range *)array.items)[0].count, ==, 3);
    g_free(array.items);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/switching/timeline", test_timeline);
    g_test_add_func("/core/switching/out-of-order", test_reports_out_of_order_are_refused);
    g_test_add_func("/core/switching/rollback", test_rollback_of_every_phase);
    g_test_add_func("/core/switching/silence", test_silence_is_rolled_back);
    g_test_add_func("/core/switching/physical-time", test_activation_has_physical_time);
    g_test_add_func("/core/switching/scrub", test_release_scrubs);
    g_test_add_func("/core/switching/scrub-fails", test_failed_scrub_fails_closed);
    g_test_add_func("/core/switching/mass-loss", test_mass_switch_loses_devices);
    g_test_add_func("/core/switching/gang-loss", test_gang_loses_device);
    g_test_add_func("/core/switching/ranges", test_ranges);
    return g_test_run();
}

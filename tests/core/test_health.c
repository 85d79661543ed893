/* SPDX-License-Identifier: Apache-2.0 */
/* Health, XID codes, operator orders, emergency shutdown, the power cap. */
#include "site.h"

#include "base/units.h"
#include "core/internal.h"
#include "core/xid.h"

static hcp_mode mode_of(const site *s, uint32_t device)
{
    return (hcp_mode)hcp_core_state(s->core)->fleet.mode[device];
}

static void report_xid(site *s, uint32_t device, int32_t xid)
{
    hcp_health_report report = {.devices = &device, .count = 1, .xid = xid};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_REPORT_HEALTH, .health = report});
}

static void test_xid(void)
{
    g_assert_null(hcp_xid_find(0));
    g_assert_cmpint(hcp_xid_find(79)->health, ==, HCP_HEALTH_FAILED);
    g_assert_cmpint(hcp_xid_find(63)->health, ==, HCP_HEALTH_DEGRADED);
    site s;
    site_init(&s);
    const hcp_fleet *fleet = &hcp_core_state(s.core)->fleet;
    report_xid(&s, 0, 13); /* an application fault says nothing about the device */
    g_assert_cmpuint(s.outcome.events->len, ==, 0);
    report_xid(&s, 0, 79);
    g_assert_cmpint(fleet->health[0], ==, HCP_HEALTH_FAILED);
    const hcp_event *first = &g_array_index(s.outcome.events, hcp_event, 0);
    g_assert_nonnull(strstr(first->health_changed.reason, "fallen off the bus"));
    g_assert_cmpuint(site_events(&s, HCP_EVENT_ALERT_RAISED), ==, 1);
    report_xid(&s, 1, 63);
    g_assert_cmpint(fleet->health[1], ==, HCP_HEALTH_DEGRADED);
    g_assert_cmpint(fleet->mode[1], ==, HCP_MODE_IDLE);
    site_finish(&s);
}

/* Failure takes the lease; recovery leaves the device asleep and free. */
static void test_failure_of_leased_device(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t workload = site_submit(&s, 1 << SITE_H100, 4, HCP_US_PER_H);
    site_drive(&s, HCP_US_PER_MS);
    const hcp_lease *lease = hcp_state_lease(state, hcp_state_workload(state, workload)->lease);
    uint32_t device = ((uint32_t *)lease->def.devices.items)[2];
    s.now_us += HCP_US_PER_MIN;
    site_health(&s, device, HCP_HEALTH_FAILED);
    g_assert_cmpint(hcp_state_workload(state, workload)->status, ==, HCP_WORKLOAD_QUEUED);
    g_assert_cmpuint(hcp_state_workload(state, workload)->retries, ==, 1);
    g_assert_cmpint(mode_of(&s, device), ==, HCP_MODE_OFF);
    site_drive(&s, HCP_US_PER_MS);
    site_tick(&s, HCP_US_PER_MIN);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(hcp_state_workload(state, workload)->status, ==, HCP_WORKLOAD_RUNNING);
    site_health(&s, device, HCP_HEALTH_OK);
    g_assert_cmpint(mode_of(&s, device), ==, HCP_MODE_CURTAILED);
    g_assert_true(hcp_fleet_is_free(&state->fleet, device));
    g_assert_cmpuint(site_events(&s, HCP_EVENT_ALERT_CHANGED), ==, 1);
    site_finish(&s);
}

static void test_mass_failure_is_one_event(void)
{
    site s;
    site_init(&s);
    uint32_t devices[SITE_S21_COUNT];
    for (uint32_t i = 0; i < SITE_S21_COUNT; i++)
        devices[i] = SITE_S21_FIRST + i;
    hcp_health_report report = {.devices = devices,
                                .count = SITE_S21_COUNT,
                                .health = HCP_HEALTH_FAILED,
                                .reason = "feeder tripped"};
    hcp_command command = {.type = HCP_COMMAND_REPORT_HEALTH, .health = report};
    site_must(&s, &command);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_HEALTH_CHANGED), ==, 1);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_ALERT_RAISED), ==, 1);
    g_assert_cmpfloat_with_epsilon(
        hcp_state_facility(hcp_core_state(s.core), SITE_NORTH)->mining_ths, 60 * 140.0, 1e-9);
    site_must(&s, &command); /* nothing new */
    g_assert_cmpuint(s.outcome.events->len, ==, 0);
    devices[1] = devices[0];
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    devices[1] = SITE_DEVICES;
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    site_finish(&s);
}

static void test_cordon(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    for (uint32_t d = 0; d < SITE_H100_COUNT; d++)
        site_admin(&s, SITE_H100_FIRST + d, HCP_ADMIN_CORDONED);
    uint32_t lease = site_allocate(&s, SITE_H100, HCP_NO_INDEX, 1);
    g_assert_cmpuint(hcp_state_lease(state, lease)->def.facility, ==, SITE_SOUTH);
    g_assert_cmpint(mode_of(&s, SITE_H100_FIRST), ==, HCP_MODE_IDLE);
    site_finish(&s);
}

/* Maintenance waits for the tenant, then the device goes off; afterwards it is there again. */
static void test_maintenance_drains(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t lease = site_allocate(&s, SITE_H100, SITE_NORTH, 2);
    site_drive(&s, HCP_US_PER_MS);
    site_admin(&s, 0, HCP_ADMIN_MAINTENANCE);
    site_admin(&s, 5, HCP_ADMIN_MAINTENANCE);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(mode_of(&s, 0), ==, HCP_MODE_SERVING);
    g_assert_cmpint(mode_of(&s, 5), ==, HCP_MODE_OFF);
    hcp_command release = {.type = HCP_COMMAND_RELEASE};
    release.release.lease = hcp_state_lease(state, lease)->def.id;
    site_must(&s, &release);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(mode_of(&s, 0), ==, HCP_MODE_OFF);
    g_assert_cmpint(mode_of(&s, 1), ==, HCP_MODE_IDLE);
    site_admin(&s, 0, HCP_ADMIN_NONE);
    g_assert_true(hcp_fleet_is_free(&state->fleet, 0));
    site_finish(&s);
}

/* Called off half way, it ends there and the device is free, not forgotten. */
static void test_maintenance_called_off(void)
{
    site s;
    site_init(&s);
    site_admin(&s, 0, HCP_ADMIN_MAINTENANCE);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_SWITCH_STARTED), ==, 1);
    site_admin(&s, 0, HCP_ADMIN_NONE);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(mode_of(&s, 0), ==, HCP_MODE_CURTAILED);
    g_assert_true(hcp_fleet_is_free(&hcp_core_state(s.core)->fleet, 0));
    site_finish(&s);
}

static void emergency(site *s, uint32_t facility, bool active)
{
    hcp_command command = {
        .type = HCP_COMMAND_EMERGENCY,
        .emergency = {.facility = facility, .active = active, .reason = (char *)"smoke"},
    };
    site_must(s, &command);
}

static void test_emergency(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t running = site_submit(&s, 1 << SITE_A100, 4, HCP_US_PER_H);
    site_drive(&s, HCP_US_PER_MS);
    uint32_t starting = site_submit(&s, 1 << SITE_A100, 4, HCP_US_PER_H);
    emergency(&s, SITE_NORTH, true);
    int64_t start_us = s.now_us;
    g_assert_cmpint(hcp_state_workload(state, running)->status, ==, HCP_WORKLOAD_QUEUED);
    g_assert_cmpint(hcp_state_workload(state, starting)->status, ==, HCP_WORKLOAD_QUEUED);
    g_assert_cmpuint(hcp_state_workload(state, running)->retries, ==, 0);
    const hcp_facility *north = hcp_state_facility(state, SITE_NORTH);
    g_assert_cmpint(north->emergency_us, ==, start_us);
    g_assert_cmpint(north->safe_us, ==, 0);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(north->safe_us, >, start_us);
    g_assert_cmpint(north->use_power_w[HCP_USE_AI], ==, 0);
    g_assert_cmpint(north->use_power_w[HCP_USE_MINING], ==, 0);
    g_assert_cmpint(mode_of(&s, SITE_SOUTH_FIRST), ==, HCP_MODE_IDLE);
    /* Nothing starts there, and the workload says why it waits. */
    site_tick(&s, HCP_US_PER_MIN);
    g_assert_cmpint(hcp_state_workload(state, running)->wait, ==, HCP_WAIT_EMERGENCY);
    hcp_command allocate = {
        .type = HCP_COMMAND_ALLOCATE,
        .allocate = {.classes = 1 << SITE_A100, .facility = SITE_NORTH, .count = 1},
    };
    site_refused(&s, &allocate, HCP_REFUSAL_EMERGENCY);
    emergency(&s, HCP_NO_INDEX, false);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(hcp_state_workload(state, running)->status, ==, HCP_WORKLOAD_RUNNING);
    site_finish(&s);
}

/* A switch that was on its way up is turned back, and its devices sleep in the end. */
static void test_emergency_turns_back(void)
{
    site s;
    site_init(&s);
    hcp_class_plan plan = {.class_ix = SITE_H100, .mine = 16};
    hcp_decision_recorded decision = {
        .facility = SITE_NORTH, .policy = (char *)"test", .chosen = {.items = &plan, .count = 1}};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &decision});
    emergency(&s, HCP_NO_INDEX, true);
    g_assert_cmpint(hcp_state_switch(hcp_core_state(s.core), 0)->phase, ==, HCP_PHASE_ROLLBACK);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(mode_of(&s, SITE_H100_FIRST), ==, HCP_MODE_CURTAILED);
    g_assert_cmpint(hcp_state_facility(hcp_core_state(s.core), SITE_SOUTH)->safe_us, >, 0);
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &decision},
                 HCP_REFUSAL_EMERGENCY);
    site_finish(&s);
}

/* A cap below everything that mines costs idle devices and then leases, the least important first. */
static void test_cap_sheds_in_order(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t keep = site_allocate(&s, SITE_H100, SITE_NORTH, 8);
    uint32_t lose = site_submit(&s, 1 << SITE_A100, 8, HCP_US_PER_H);
    site_drive(&s, HCP_US_PER_MS);
    /* 160 miners asleep 4,000 W, 8 x H100 5,600 W, 8 x A100 3,200 W, 8 H100 asleep 160 W */
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = {SITE_NORTH, 12000}});
    g_assert_cmpint(hcp_state_workload(state, lose)->status, ==, HCP_WORKLOAD_QUEUED);
    g_assert_true(hcp_state_lease(state, keep)->live);
    site_drive(&s, HCP_US_PER_S);
    const hcp_facility *north = hcp_state_facility(state, SITE_NORTH);
    g_assert_cmpint(hcp_power_meter_w(&north->def, north->it_power_w), <=, 12000);
    g_assert_cmpint(mode_of(&s, SITE_S21_FIRST), ==, HCP_MODE_CURTAILED);
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = {SITE_NORTH, 0}},
                 HCP_REFUSAL_INVALID);
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = {7, 1000}},
                 HCP_REFUSAL_NOT_FOUND);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/health/xid", test_xid);
    g_test_add_func("/core/health/leased", test_failure_of_leased_device);
    g_test_add_func("/core/health/mass", test_mass_failure_is_one_event);
    g_test_add_func("/core/health/cordon", test_cordon);
    g_test_add_func("/core/health/maintenance", test_maintenance_drains);
    g_test_add_func("/core/health/called-off", test_maintenance_called_off);
    g_test_add_func("/core/emergency/shutdown", test_emergency);
    g_test_add_func("/core/emergency/turns-back", test_emergency_turns_back);
    g_test_add_func("/core/power/cap-sheds", test_cap_sheds_in_order);
    return g_test_run();
}

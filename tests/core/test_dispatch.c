/* SPDX-License-Identifier: Apache-2.0 */
/* Plans become mass switches: targets, dwell, cap, repeated decisions. */
#include "site.h"

#include "base/units.h"
#include "core/pick.h"

#include <string.h>

static hcp_decision_recorded decision(hcp_class_plan *plans, uint32_t n)
{
    return (hcp_decision_recorded){
        .facility = SITE_NORTH,
        .policy = (char *)"test",
        .expires_us = SITE_EPOCH_US + HCP_US_PER_H,
        .chosen = {.items = plans, .count = n},
        .recommendation = (char *)"HYBRID",
        .reason = (char *)"because",
    };
}

static void dispatch(site *s, hcp_class_plan *plans, uint32_t n)
{
    hcp_decision_recorded d = decision(plans, n);
    site_must(s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &d});
}

static void refused(site *s, hcp_class_plan plan, hcp_refusal_code code)
{
    hcp_decision_recorded d = decision(&plan, 1);
    site_refused(s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &d}, code);
}

static uint32_t in_mode(const site *s, uint32_t class_ix, hcp_mode mode)
{
    const hcp_state *state = hcp_core_state(s->core);
    uint32_t group = hcp_fleet_find_group(state, SITE_NORTH, class_ix, 0);
    return hcp_state_group(state, group)->by_mode[mode];
}

static void test_reaches_targets(void)
{
    site s;
    site_init(&s);
    hcp_class_plan plans[] = {
        {.class_ix = SITE_S21, .mine = 60, .idle = 10, .curtail = 30},
        {.class_ix = SITE_S19, .curtail = 60},
        {.class_ix = SITE_H100, .mine = 10, .idle = 6},
    };
    dispatch(&s, plans, 3);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_DECISION_RECORDED), ==, 1);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_SWITCH_STARTED), ==, 4);
    g_assert_true(g_array_index(s.outcome.events, hcp_event, 0).decision_recorded.moved);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpuint(in_mode(&s, SITE_S21, HCP_MODE_MINING), ==, 60);
    g_assert_cmpuint(in_mode(&s, SITE_S21, HCP_MODE_IDLE), ==, 10);
    g_assert_cmpuint(in_mode(&s, SITE_S21, HCP_MODE_CURTAILED), ==, 30);
    g_assert_cmpuint(in_mode(&s, SITE_S19, HCP_MODE_CURTAILED), ==, 60);
    g_assert_cmpuint(in_mode(&s, SITE_H100, HCP_MODE_MINING), ==, 10);
    g_assert_cmpfloat_with_epsilon(
        hcp_state_facility(hcp_core_state(s.core), SITE_NORTH)->mining_ths, 60 * 200.0, 1e-9);
    site_finish(&s);
}

/* What stops are the highest ordinals, what starts the lowest: one range each. */
static void test_ranges_stay_whole(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    hcp_class_plan plan = {.class_ix = SITE_S21, .mine = 40, .curtail = 60};
    dispatch(&s, &plan, 1);
    const hcp_switch_started *down = &hcp_state_switch(state, 0)->def;
    g_assert_cmpuint(down->ranges.count, ==, 1);
    g_assert_cmpuint(((hcp_range *)down->ranges.items)[0].first, ==, SITE_S21_FIRST + 40);
    site_drive(&s, HCP_US_PER_S);
    s.now_us += HCP_US_PER_H;
    plan.mine = 70;
    plan.curtail = 30;
    dispatch(&s, &plan, 1);
    const hcp_switch_started *up = &hcp_state_switch(state, 0)->def;
    g_assert_cmpuint(up->ranges.count, ==, 1);
    g_assert_cmpuint(((hcp_range *)up->ranges.items)[0].first, ==, SITE_S21_FIRST + 40);
    g_assert_cmpuint(((hcp_range *)up->ranges.items)[0].count, ==, 30);
    site_finish(&s);
}

static void test_power_target(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    hcp_class_plan plan = {.class_ix = SITE_S21, .mine = 100, .power_target = 2};
    dispatch(&s, &plan, 1);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_SWITCH_STARTED), ==, 1);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(state->fleet.target[SITE_S21_FIRST], ==, 2);
    uint32_t group = hcp_fleet_find_group(state, SITE_NORTH, SITE_S21, 0);
    g_assert_cmpuint(hcp_state_group(state, group)->mining_target, ==, 2);
    g_assert_cmpfloat_with_epsilon(hcp_state_facility(state, SITE_NORTH)->mining_ths,
                                   100 * 125.0 + 60 * 140.0, 1e-9);
    site_finish(&s);
}

static void test_repeated_decision_is_silent(void)
{
    site s;
    site_init(&s);
    hcp_class_plan plan = {.class_ix = SITE_S21, .mine = 100};
    dispatch(&s, &plan, 1);
    g_assert_cmpuint(s.outcome.events->len, ==, 1);
    uint64_t id = s.outcome.id;
    s.now_us += HCP_US_PER_MIN;
    dispatch(&s, &plan, 1);
    g_assert_cmpuint(s.outcome.events->len, ==, 0);
    g_assert_cmpuint(s.outcome.id, ==, id);
    s.now_us += HCP_US_PER_H;
    dispatch(&s, &plan, 1);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_DECISION_RECORDED), ==, 1);
    site_finish(&s);
}

/* Back and forth within the dwell moves nothing; the decision is recorded all the same. */
static void test_dwell(void)
{
    site s;
    site_init(&s);
    hcp_class_plan plan = {.class_ix = SITE_S21, .mine = 40, .curtail = 60};
    dispatch(&s, &plan, 1);
    site_drive(&s, HCP_US_PER_S);
    hcp_class_plan back = {.class_ix = SITE_S21, .mine = 100};
    dispatch(&s, &back, 1);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_DECISION_RECORDED), ==, 1);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_SWITCH_STARTED), ==, 0);
    s.now_us += 5 * HCP_US_PER_MIN;
    dispatch(&s, &back, 1);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_SWITCH_STARTED), ==, 1);
    site_finish(&s);
}

/* A class that stops mining takes its degraded miners along. */
static void test_unfit_miners_stop_too(void)
{
    site s;
    site_init(&s);
    site_health(&s, SITE_S21_FIRST + 3, HCP_HEALTH_DEGRADED);
    site_admin(&s, SITE_S21_FIRST + 50, HCP_ADMIN_CORDONED);
    hcp_class_plan plan = {.class_ix = SITE_S21, .mine = 50, .curtail = 48};
    dispatch(&s, &plan, 1);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpuint(in_mode(&s, SITE_S21, HCP_MODE_MINING), ==, 52);
    s.now_us += HCP_US_PER_H;
    plan = (hcp_class_plan){.class_ix = SITE_S21, .curtail = 98};
    dispatch(&s, &plan, 1);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpuint(in_mode(&s, SITE_S21, HCP_MODE_MINING), ==, 0);
    s.now_us += HCP_US_PER_H;
    plan = (hcp_class_plan){.class_ix = SITE_S21, .mine = 98};
    dispatch(&s, &plan, 1);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpuint(in_mode(&s, SITE_S21, HCP_MODE_MINING), ==, 98);
    site_finish(&s);
}

static void test_refusals(void)
{
    site s;
    site_init(&s);
    refused(&s, (hcp_class_plan){.class_ix = SITE_S21, .mine = 101}, HCP_REFUSAL_INVALID);
    refused(&s, (hcp_class_plan){.class_ix = SITE_CPU, .idle = 1}, HCP_REFUSAL_INVALID);
    refused(&s, (hcp_class_plan){.class_ix = 60}, HCP_REFUSAL_INVALID);
    refused(&s, (hcp_class_plan){.class_ix = SITE_S21, .mine = 1, .power_target = 3},
            HCP_REFUSAL_INVALID);
    hcp_class_plan twice[] = {{.class_ix = SITE_S21}, {.class_ix = SITE_S21}};
    hcp_decision_recorded d = decision(twice, 2);
    hcp_command command = {.type = HCP_COMMAND_DISPATCH, .dispatch = &d};
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    d.facility = 9;
    site_refused(&s, &command, HCP_REFUSAL_NOT_FOUND);
    site_finish(&s);
}

/* A plan beyond the cap is refused; one that fits at its end is carried out as far as the cap allows on the way. */
static void test_cap(void)
{
    site s;
    site_init(&s);
    hcp_class_plan sleep[] = {
        {.class_ix = SITE_S21, .curtail = 100},
        {.class_ix = SITE_S19, .mine = 60},
    };
    dispatch(&s, sleep, 2);
    site_drive(&s, HCP_US_PER_S);
    /* 182,280 + 2,500 W are in use; the cap leaves 500,000. */
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = {SITE_NORTH, 600000}});
    s.now_us += HCP_US_PER_H;
    refused(&s, (hcp_class_plan){.class_ix = SITE_S21, .mine = 100}, HCP_REFUSAL_CAPACITY);
    hcp_class_plan swap[] = {
        {.class_ix = SITE_S21, .mine = 100},
        {.class_ix = SITE_S19, .curtail = 60},
    };
    dispatch(&s, swap, 2);
    const hcp_state *state = hcp_core_state(s.core);
    const hcp_facility *north = hcp_state_facility(state, SITE_NORTH);
    g_assert_cmpint(hcp_power_meter_w(&north->def, north->it_power_w), <=, north->def.cap_w);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpuint(in_mode(&s, SITE_S21, HCP_MODE_MINING), ==, 90);
    dispatch(&s, swap, 2);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpuint(in_mode(&s, SITE_S21, HCP_MODE_MINING), ==, 100);
    site_finish(&s);
}

/* A decision of a journal that knew no gain, horizon or source. */
static void test_older_decision_opens(void)
{
    static const char payload[] =
        "{\"facility\":0,\"policy\":\"threshold\",\"expires_us\":7,\"inputs\":[],\"chosen\":[],"
        "\"rejected\":[],\"reason\":\"best by 1.00 USD/h\",\"flip_value\":70.5,\"confidence\":0.5,"
        "\"switch_recommended\":true,\"moved\":false}";
    hcp_event event;
    g_autoptr(GError) error = NULL;
    bool read = hcp_event_parse("decision_recorded", 5, payload, strlen(payload), &event, &error);
    g_assert_no_error(error);
    g_assert_true(read);
    g_assert_cmpfloat(event.decision_recorded.flip_value, ==, 70.5);
    g_assert_cmpint(event.decision_recorded.horizon_us, ==, 0);
    g_assert_cmpint(event.decision_recorded.gain_usd_micro, ==, 0);
    g_assert_null(event.decision_recorded.source);
    hcp_event_clear(&event);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/dispatch/targets", test_reaches_targets);
    g_test_add_func("/core/dispatch/ranges", test_ranges_stay_whole);
    g_test_add_func("/core/dispatch/power-target", test_power_target);
    g_test_add_func("/core/dispatch/repeated", test_repeated_decision_is_silent);
    g_test_add_func("/core/dispatch/dwell", test_dwell);
    g_test_add_func("/core/dispatch/unfit", test_unfit_miners_stop_too);
    g_test_add_func("/core/dispatch/refusals", test_refusals);
    g_test_add_func("/core/dispatch/cap", test_cap);
    g_test_add_func("/core/dispatch/older-decision", test_older_decision_opens);
    return g_test_run();
}

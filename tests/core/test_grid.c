/* SPDX-License-Identifier: Apache-2.0 */
/* Grid events from announcement to payment, with figures worked out by hand, and what they may not touch. */
#include "site.h"

#include "base/units.h"
#include "core/grid.h"
#include "core/metering.h"
#include "core/power.h"

#include <string.h>

/* The small site draws 16 x 70 + 8 x 70 + 100 x 3500 + 60 x 3010 = 532,280 W, at PUE 1.2 638,736 W at the meter. */
#define NORTH_W 638736

static hcp_grid_announced event_of(const site *s, uint32_t facility)
{
    return (hcp_grid_announced){
        .facility = facility,
        .program = (char *)"test",
        .start_us = s->now_us + 30 * HCP_US_PER_MIN,
        .end_us = s->now_us + 90 * HCP_US_PER_MIN,
        .ramp_us = 10 * HCP_US_PER_MIN,
        .restore_us = 20 * HCP_US_PER_MIN,
        .interval_us = 15 * HCP_US_PER_MIN,
        .payment_usd_micro_per_mwh = 100 * HCP_USD,
        .availability_usd_micro_per_mw = 1000 * HCP_USD,
        .penalty_usd_micro_per_mwh = 200 * HCP_USD,
    };
}

static hcp_grid_id announce(site *s, const hcp_grid_announced *def)
{
    site_must(s, &(hcp_command){.type = HCP_COMMAND_ANNOUNCE_GRID, .grid = def});
    return (hcp_grid_id){s->outcome.id};
}

static void refuse(site *s, const hcp_grid_announced *def, hcp_refusal_code code, const char *field)
{
    site_refused(s, &(hcp_command){.type = HCP_COMMAND_ANNOUNCE_GRID, .grid = def}, code);
    g_assert_cmpstr(s->outcome.refusal.field, ==, field);
}

static const hcp_grid_event *row_of(const site *s, hcp_grid_id id)
{
    const hcp_grid_event *row = hcp_grid_find(hcp_core_state(s->core), id);
    g_assert_nonnull(row);
    return row;
}

static int64_t power_w(const site *s, uint32_t facility)
{
    const hcp_facility *row = hcp_state_facility(hcp_core_state(s->core), facility);
    return hcp_power_meter_w(&row->def, row->it_power_w);
}

static int64_t cap_w(const site *s, uint32_t facility)
{
    return hcp_power_cap_w(hcp_core_state(s->core), facility);
}

static void test_stages_and_payment(void)
{
    site s;
    site_init(&s);
    hcp_grid_announced def = event_of(&s, SITE_NORTH);
    def.reduce_w = 300000;
    hcp_grid_id id = announce(&s, &def);
    g_assert_cmpint(row_of(&s, id)->def.baseline_w, ==, NORTH_W);
    g_assert_cmpint(row_of(&s, id)->def.target_w, ==, NORTH_W - 300000);
    g_assert_cmpint(cap_w(&s, SITE_NORTH), ==, 1000000);

    site_tick_to(&s, def.start_us - def.ramp_us - 1);
    g_assert_cmpint(row_of(&s, id)->stage, ==, HCP_GRID_ANNOUNCED);
    site_tick_to(&s, def.start_us - def.ramp_us);
    g_assert_cmpint(row_of(&s, id)->stage, ==, HCP_GRID_RAMPING);
    g_assert_cmpint(cap_w(&s, SITE_NORTH), ==, NORTH_W - 300000);
    g_assert_cmpint(cap_w(&s, SITE_SOUTH), ==, 100000);
    site_drive(&s, HCP_US_PER_S);
    /* 250,000 IT watts have to go: all 60 S19 (2985 W each beyond their sleep), then 21 S21 (3475 W each). */
    g_assert_cmpint(power_w(&s, SITE_NORTH), ==, (532280 - 60 * 2985 - 21 * 3475) * 12 / 10);
    int64_t reached_us = row_of(&s, id)->reached_us;
    g_assert_cmpint(reached_us, >, def.start_us - def.ramp_us);
    g_assert_cmpint(reached_us, <, def.start_us);

    site_tick_to(&s, def.start_us);
    g_assert_cmpint(row_of(&s, id)->stage, ==, HCP_GRID_ACTIVE);
    for (int i = 1; i <= 4; i++)
        site_tick_to(&s, def.start_us + i * def.interval_us);
    hcp_grid_report report;
    hcp_grid_report_of(row_of(&s, id), &report);
    g_assert_cmpint(row_of(&s, id)->stage, ==, HCP_GRID_RESTORING);
    g_assert_cmpuint(report.intervals, ==, 4);
    g_assert_cmpuint(report.short_intervals, ==, 0);
    g_assert_cmpint(report.energy_j, ==, INT64_C(336246) * 3600);
    g_assert_cmpint(report.delivered_j, ==, INT64_C(302490) * 3600);
    g_assert_cmpint(report.credited_j, ==, INT64_C(300000) * 3600);
    g_assert_cmpint(report.payment_usd_micro, ==, 30 * HCP_USD); /* 0.3 MWh at 100 */
    g_assert_cmpint(report.availability_usd_micro, ==, 300 * HCP_USD);
    g_assert_cmpint(report.penalty_usd_micro, ==, 0);
    g_assert_cmpint(report.verdict, ==, HCP_GRID_MET);
    hcp_meter meter;
    hcp_meter_read(hcp_core_state(s.core), SITE_NORTH, s.now_us, &meter);
    g_assert_cmpint(meter.grid_usd_micro, ==, 330 * HCP_USD);
    g_assert_cmpint(hcp_meter_revenue(&meter) - meter.mining_usd_micro - meter.ai_usd_micro, ==,
                    330 * HCP_USD);
    site_check_same(&s);
    site_finish(&s);
}

/* All that is free and asleep at a facility mines again, as far as the core lets it. */
static void dispatch_everything(site *s)
{
    const hcp_state *state = hcp_core_state(s->core);
    hcp_class_plan plans[2] = {{.class_ix = SITE_S21}, {.class_ix = SITE_S19}};
    int64_t room_w =
        hcp_power_cap_it_w(state, SITE_NORTH) - hcp_power_settled_w(s->core, SITE_NORTH, 0);
    static const int64_t step_w[] = {3475, 2985};
    for (uint32_t i = 0; i < 2; i++) {
        uint32_t movable[HCP_MODES];
        hcp_core_movable(s->core, 2 + i, movable);
        uint32_t more = (uint32_t)MIN(movable[HCP_MODE_CURTAILED], MAX(0, room_w) / step_w[i]);
        plans[i].mine = movable[HCP_MODE_MINING] + more;
        plans[i].curtail = movable[HCP_MODE_CURTAILED] - more;
        room_w -= more * step_w[i];
    }
    hcp_decision_recorded decision = {.facility = SITE_NORTH,
                                      .policy = (char *)"test",
                                      .expires_us = s->now_us,
                                      .chosen = {.items = plans, .count = 2}};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &decision});
}

static void test_restoration_in_steps(void)
{
    site s;
    site_init(&s);
    hcp_grid_announced def = event_of(&s, SITE_NORTH);
    def.target_w = 200000;
    hcp_grid_id id = announce(&s, &def);
    site_tick_to(&s, def.start_us - def.ramp_us);
    site_drive(&s, HCP_US_PER_S);
    site_tick_to(&s, def.end_us);
    int64_t before_w = power_w(&s, SITE_NORTH);
    g_assert_cmpint(before_w, <=, 200000);
    for (int step = 0; step < HCP_GRID_STEPS; step++) {
        site_tick_to(&s, def.end_us + step * 5 * HCP_US_PER_MIN);
        g_assert_cmpint(cap_w(&s, SITE_NORTH), ==, 200000 + step * 200000);
        g_assert_cmpint(hcp_grid_cap_at_w(hcp_core_state(s.core), SITE_NORTH, s.now_us), ==,
                        cap_w(&s, SITE_NORTH));
        dispatch_everything(&s);
        g_assert_cmpint(power_w(&s, SITE_NORTH), <=, cap_w(&s, SITE_NORTH)); /* while it switches */
        g_assert_true(step == 0 || power_w(&s, SITE_NORTH) > before_w);
        site_drive(&s, HCP_US_PER_S);
        g_assert_cmpint(power_w(&s, SITE_NORTH), <=, cap_w(&s, SITE_NORTH));
    }
    site_tick_to(&s, def.end_us + def.restore_us);
    g_assert_cmpint(row_of(&s, id)->stage, ==, HCP_GRID_ENDED);
    g_assert_cmpint(cap_w(&s, SITE_NORTH), ==, 1000000);
    dispatch_everything(&s);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(power_w(&s, SITE_NORTH), ==, NORTH_W);
    site_check_same(&s);
    site_finish(&s);
}

static void test_refused(void)
{
    site s;
    site_init(&s);
    hcp_grid_announced good = event_of(&s, SITE_NORTH), def;
    good.reduce_w = 300000;
    def = good, def.facility = 7;
    refuse(&s, &def, HCP_REFUSAL_NOT_FOUND, "facility");
    def = good, def.start_us = s.now_us - 1;
    refuse(&s, &def, HCP_REFUSAL_INVALID, "start");
    def = good, def.start_us = s.now_us + 4 * HCP_US_PER_S; /* miners need 5 s */
    refuse(&s, &def, HCP_REFUSAL_INVALID, "start");
    def = good, def.end_us = def.start_us;
    refuse(&s, &def, HCP_REFUSAL_INVALID, "end");
    def = good, def.interval_us = HCP_US_PER_MIN;
    refuse(&s, &def, HCP_REFUSAL_INVALID, "interval_min");
    def = good, def.ramp_us = -1;
    refuse(&s, &def, HCP_REFUSAL_INVALID, "ramp_min");
    def = good, def.target_w = 1000;
    refuse(&s, &def, HCP_REFUSAL_INVALID, "reduce_mw");
    def = good, def.payment_usd_micro_per_mwh = -1;
    refuse(&s, &def, HCP_REFUSAL_INVALID, "payment_usd_per_mwh");
    def = good, def.penalty_usd_micro_per_mwh = -1;
    refuse(&s, &def, HCP_REFUSAL_INVALID, "penalty_usd_per_mwh");
    def = good, def.reduce_w = 0, def.target_w = NORTH_W + 1;
    refuse(&s, &def, HCP_REFUSAL_INVALID, "at_most_mw");
    def = good, def.reduce_w = NORTH_W; /* sleep draws something */
    refuse(&s, &def, HCP_REFUSAL_CAPACITY, "reduce_mw");
    g_assert_nonnull(strstr(s.outcome.refusal.message, "0.633 MW can be moved"));
    (void)announce(&s, &good);
    def = good, def.start_us += 95 * HCP_US_PER_MIN, def.end_us += 95 * HCP_US_PER_MIN;
    (void)announce(&s, &def);
    def.start_us -= HCP_US_PER_MIN * 30;
    refuse(&s, &def, HCP_REFUSAL_CONFLICT, "start");
    site_finish(&s);
}

static void test_leases_are_spared_unless_said(void)
{
    site s;
    site_init(&s);
    uint32_t lease = site_allocate(&s, SITE_H100, SITE_NORTH, 16);
    site_drive(&s, HCP_US_PER_S);
    /* Everything else asleep: (16 x 700 + 8 x 20 + 160 x 25) x 1.2 = 18,432 W. */
    hcp_grid_announced def = event_of(&s, SITE_NORTH);
    def.target_w = 18431;
    refuse(&s, &def, HCP_REFUSAL_CAPACITY, "at_most_mw");
    def.target_w = 18432;
    hcp_grid_id id = announce(&s, &def);
    site_tick_to(&s, def.start_us - def.ramp_us);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(power_w(&s, SITE_NORTH), ==, 18432);
    g_assert_true(hcp_state_lease(hcp_core_state(s.core), lease)->live);
    hcp_command cancel = {.type = HCP_COMMAND_CANCEL_GRID, .cancel_grid = {.id = id}};
    site_must(&s, &cancel);
    g_assert_cmpint(row_of(&s, id)->stage, ==, HCP_GRID_CANCELLED);
    g_assert_cmpint(cap_w(&s, SITE_NORTH), ==, 1000000);

    def = event_of(&s, SITE_NORTH);
    def.target_w = 10000;
    def.evict = true;
    (void)announce(&s, &def);
    site_tick_to(&s, def.start_us - def.ramp_us);
    site_drive(&s, HCP_US_PER_S);
    g_assert_false(hcp_state_lease(hcp_core_state(s.core), lease)->live);
    g_assert_cmpint(power_w(&s, SITE_NORTH), <=, 10000);
    site_check_same(&s);
    site_finish(&s);
}

static const hcp_alert *last_alert(const site *s)
{
    const GArray *alerts = hcp_core_state(s->core)->alerts;
    g_assert_cmpuint(alerts->len, >, 0);
    return &g_array_index(alerts, hcp_alert, alerts->len - 1);
}

/* A lease that came after the announcement cannot be ended for it: the south draws 1008 W instead of 300. */
static void test_shortfall(void)
{
    site s;
    site_init(&s);
    hcp_grid_announced def = event_of(&s, SITE_SOUTH);
    def.target_w = 300; /* 8 x 70 x 1.2 = 672 W before */
    hcp_grid_id id = announce(&s, &def);
    (void)site_allocate(&s, SITE_H100, SITE_SOUTH, 1);
    site_drive(&s, HCP_US_PER_S);
    site_tick_to(&s, def.start_us - def.ramp_us);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(power_w(&s, SITE_SOUTH), ==, (700 + 7 * 20) * 12 / 10);
    site_tick_to(&s, def.start_us);
    site_tick_to(&s, def.start_us + def.interval_us);
    g_assert_cmpstr(last_alert(&s)->def.kind, ==, "grid_shortfall");
    site_tick_to(&s, def.end_us);
    hcp_grid_report report;
    hcp_grid_report_of(row_of(&s, id), &report);
    g_assert_cmpint(report.delivered_j, ==, (672 - 1008) * 3600);
    g_assert_cmpint(report.credited_j, ==, 0);
    g_assert_cmpuint(report.short_intervals, ==, 4);
    g_assert_cmpint(report.verdict, ==, HCP_GRID_SHORT);
    g_assert_cmpint(report.reach_us, ==, -1);
    g_assert_cmpint(report.penalty_usd_micro, ==, 4 * 18600); /* 372 W x 900 s at 200 USD/MWh */
    g_assert_cmpint(report.income_usd_micro, ==, -4 * 18600);
    site_tick_to(&s, def.end_us + def.restore_us);
    g_assert_cmpint(last_alert(&s)->cleared_us, ==, s.now_us);
    site_check_same(&s);
    site_finish(&s);
}

/* The platform stops in the middle of an event and starts again: from a snapshot, and from the journal alone. */
static void test_crash_in_the_middle(void)
{
    site s;
    site_init(&s);
    hcp_grid_announced def = event_of(&s, SITE_NORTH);
    def.reduce_w = 300000;
    hcp_grid_id id = announce(&s, &def);
    site_tick_to(&s, def.start_us - def.ramp_us);
    site_drive(&s, HCP_US_PER_S);
    site_tick_to(&s, def.start_us + 20 * HCP_US_PER_MIN);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(s.core);
    hcp_core *restored = hcp_core_restore(snapshot, &error);
    g_assert_no_error(error);
    g_assert_cmpint(hcp_core_next_due(restored), <=, def.start_us + 30 * HCP_US_PER_MIN);
    g_assert_cmpint(hcp_power_cap_w(hcp_core_state(restored), SITE_NORTH), ==, NORTH_W - 300000);
    hcp_core_free(s.core);
    s.core = site_replay(&s);
    g_autofree char *from_snapshot = hcp_core_hash(restored);
    g_autofree char *from_journal = hcp_core_hash(s.core);
    g_assert_cmpstr(from_snapshot, ==, from_journal);
    hcp_core_free(restored);
    /* Down until after the end: the meter knows what the devices did all the while, the payment is the same. */
    site_tick_to(&s, def.end_us + 2 * HCP_US_PER_H);
    hcp_grid_report report;
    hcp_grid_report_of(row_of(&s, id), &report);
    g_assert_cmpint(row_of(&s, id)->stage, ==, HCP_GRID_ENDED);
    g_assert_cmpuint(report.intervals, ==, 4);
    g_assert_cmpint(report.measured_us, ==, HCP_US_PER_H);
    g_assert_cmpint(report.income_usd_micro, ==, 330 * HCP_USD);
    site_check_same(&s);
    site_finish(&s);
}

/* The platform stands still from the announcement until after the end: nothing stopped, and that is measured. */
static void test_missed_altogether(void)
{
    site s;
    site_init(&s);
    hcp_grid_announced def = event_of(&s, SITE_NORTH);
    def.reduce_w = 300000;
    hcp_grid_id id = announce(&s, &def);
    site_tick_to(&s, def.end_us + 5 * HCP_US_PER_H);
    hcp_grid_report report;
    hcp_grid_report_of(row_of(&s, id), &report);
    g_assert_cmpint(row_of(&s, id)->stage, ==, HCP_GRID_ENDED);
    g_assert_cmpuint(report.short_intervals, ==, 4);
    g_assert_cmpint(report.measured_us, ==, HCP_US_PER_H);
    g_assert_cmpint(report.energy_j, ==, INT64_C(3600) * NORTH_W);
    g_assert_cmpint(report.income_usd_micro, ==, -60 * HCP_USD); /* 0.3 MWh at 200 */
    g_assert_cmpint(report.verdict, ==, HCP_GRID_SHORT);
    site_check_same(&s);
    site_finish(&s);
}

/* The mean of what the accounts of the hours before hold: 400 s and three hours at full power, three with the H100 asleep,
 * which draw 16 x 50 x 1.2 = 960 W less. */
static void test_baseline_of_full_hours(void)
{
    site s;
    site_init(&s);
    site_tick_to(&s, s.now_us - s.now_us % HCP_US_PER_H + HCP_US_PER_H);
    hcp_class_plan sleep = {.class_ix = SITE_H100, .curtail = 16};
    hcp_decision_recorded decision = {.facility = SITE_NORTH,
                                      .policy = (char *)"test",
                                      .expires_us = s.now_us,
                                      .chosen = {.items = &sleep, .count = 1}};
    for (int i = 1; i <= 3; i++)
        site_tick_to(&s, s.now_us + HCP_US_PER_H);
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &decision});
    site_drive(&s, 1);
    for (int i = 1; i <= 3; i++)
        site_tick_to(&s, s.now_us - s.now_us % HCP_US_PER_H + HCP_US_PER_H);
    hcp_grid_announced def = event_of(&s, SITE_NORTH);
    def.reduce_w = 100000;
    hcp_grid_id id = announce(&s, &def);
    g_assert_cmpuint(row_of(&s, id)->def.baseline_h, ==, 6);
    g_assert_cmpint(row_of(&s, id)->def.baseline_w, ==, NORTH_W - 471); /* 960 x 10800 / 22000 */
    g_assert_cmpint(row_of(&s, id)->def.target_w, ==, NORTH_W - 471 - 100000);
    site_finish(&s);
}

static void test_cancelled_while_active(void)
{
    site s;
    site_init(&s);
    hcp_grid_announced def = event_of(&s, SITE_NORTH);
    def.reduce_w = 300000;
    hcp_grid_id id = announce(&s, &def);
    site_tick_to(&s, def.start_us - def.ramp_us);
    site_drive(&s, HCP_US_PER_S);
    site_tick_to(&s, def.start_us);
    s.now_us += 6 * HCP_US_PER_MIN;
    hcp_command cancel = {.type = HCP_COMMAND_CANCEL_GRID,
                          .cancel_grid = {.id = id, .reason = "the grid is fine"}};
    site_must(&s, &cancel);
    hcp_grid_report report;
    hcp_grid_report_of(row_of(&s, id), &report);
    g_assert_cmpint(report.income_usd_micro, ==, 3 * HCP_USD); /* 0.03 MWh */
    g_assert_cmpstr(row_of(&s, id)->reason, ==, "the grid is fine");
    site_must(&s, &cancel); /* again: nothing more */
    g_assert_cmpuint(s.outcome.events->len, ==, 0);
    cancel.cancel_grid.id.value++;
    site_refused(&s, &cancel, HCP_REFUSAL_NOT_FOUND);
    site_check_same(&s);
    site_finish(&s);
}

/* What is over is forgotten some day; what it was paid is not. */
static void test_old_events_go(void)
{
    site s;
    site_init(&s);
    for (int i = 0; i < HCP_GRID_KEPT + 5; i++) {
        hcp_grid_announced def = event_of(&s, SITE_NORTH);
        def.target_w = NORTH_W; /* asks for nothing, earns nothing but shows up */
        def.payment_usd_micro_per_mwh = 0;
        (void)announce(&s, &def);
        site_tick_to(&s, def.end_us + def.restore_us);
    }
    g_assert_cmpuint(hcp_core_state(s.core)->grid_events->len, ==, HCP_GRID_KEPT);
    site_check_same(&s);
    site_finish(&s);
}

/* --- offers ------------------------------------------------------------------------------------------------------- */

static hcp_grid_id offer(site *s)
{
    hcp_grid_announced def = event_of(s, SITE_NORTH);
    def.reduce_w = 300000;
    def.respond_by_us = s->now_us + 10 * HCP_US_PER_MIN;
    return announce(s, &def);
}

static bool answer(site *s, hcp_grid_id id, hcp_answer yes_or_no, const hcp_grid_weighed *weighed)
{
    const hcp_grid_answer said = {.id = id, .answer = yes_or_no, .weighed = weighed};
    return site_do(s, &(hcp_command){.type = HCP_COMMAND_ANSWER_GRID, .answer_grid = said});
}

static void set_rule(site *s, bool active, hcp_usd_micro margin_usd_micro)
{
    const hcp_grid_rule_changed rule = {SITE_NORTH, active, margin_usd_micro};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SET_GRID_RULE, .grid_rule = rule});
}

/* An offer binds nobody: no cap falls, and another event may be agreed in its place. */
static void test_an_offer_lapses(void)
{
    site s;
    site_init(&s);
    hcp_grid_id id = offer(&s);
    const hcp_grid_event *row = row_of(&s, id);
    g_assert_cmpint(row->stage, ==, HCP_GRID_OFFERED);
    g_assert_false(hcp_grid_is_agreed(row));
    g_assert_cmpint(hcp_grid_cap_at_w(hcp_core_state(s.core), SITE_NORTH, row->def.start_us), ==,
                    1000000);
    hcp_grid_id other = offer(&s);
    site_tick_to(&s, row_of(&s, id)->def.respond_by_us - 1);
    g_assert_cmpint(row_of(&s, id)->stage, ==, HCP_GRID_OFFERED);
    g_assert_true(answer(&s, other, HCP_ANSWER_ACCEPT, NULL));
    site_tick_to(&s, row_of(&s, id)->def.respond_by_us);
    row = row_of(&s, id);
    g_assert_cmpint(row->stage, ==, HCP_GRID_DECLINED);
    g_assert_true(row->automatic);
    g_assert_nonnull(strstr(row->reason, "in time"));
    g_assert_cmpint(row->finished_us, ==, s.now_us);
    g_assert_cmpint(row_of(&s, other)->stage, ==, HCP_GRID_ANNOUNCED);
    site_check_same(&s);
    site_finish(&s);
}

/* What people accept is kept to, and what they knew then is kept with it, through a restart too. */
static void test_an_offer_is_accepted(void)
{
    site s;
    site_init(&s);
    hcp_grid_id id = offer(&s), late = offer(&s);
    const hcp_grid_weighed weighed = {.at_us = s.now_us,
                                      .trusted = true,
                                      .worth_usd_micro = 12 * HCP_USD,
                                      .reason = (char *)"worth it"};
    g_assert_true(answer(&s, id, HCP_ANSWER_ACCEPT, &weighed));
    g_assert_cmpint(row_of(&s, id)->stage, ==, HCP_GRID_ANNOUNCED);
    g_assert_false(row_of(&s, id)->automatic);
    /* It takes the power that the other offer wants too. */
    site_refused(&s,
                 &(hcp_command){.type = HCP_COMMAND_ANSWER_GRID,
                                .answer_grid = {.id = late, .answer = HCP_ANSWER_ACCEPT}},
                 HCP_REFUSAL_CONFLICT);
    g_assert_true(answer(&s, late, HCP_ANSWER_DECLINE, NULL));
    g_assert_cmpint(row_of(&s, late)->stage, ==, HCP_GRID_DECLINED);
    site_refused(&s,
                 &(hcp_command){.type = HCP_COMMAND_ANSWER_GRID,
                                .answer_grid = {.id = id, .answer = HCP_ANSWER_DECLINE}},
                 HCP_REFUSAL_CONFLICT);
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(s.core);
    g_autoptr(hcp_core) restored = hcp_core_restore(snapshot, &error);
    g_assert_no_error(error);
    const hcp_grid_event *row = hcp_grid_find(hcp_core_state(restored), id);
    g_assert_cmpuint(row->weighed.count, ==, 1);
    const hcp_grid_weighed *kept = row->weighed.items;
    g_assert_cmpint(kept->worth_usd_micro, ==, 12 * HCP_USD);
    g_assert_cmpstr(kept->reason, ==, "worth it");
    g_autofree char *live = hcp_core_hash(s.core);
    g_autofree char *again = hcp_core_hash(restored);
    g_assert_cmpstr(live, ==, again);
    site_tick_to(&s, row->def.start_us - row->def.ramp_us);
    g_assert_cmpint(cap_w(&s, SITE_NORTH), ==, NORTH_W - 300000);
    site_check_same(&s);
    site_finish(&s);
}

/* By rule: above the margin yes, at it no; never on prices that are not trusted or on nothing at all. */
static void test_the_rule(void)
{
    const hcp_grid_weighed cases[] = {
        {.trusted = true, .worth_usd_micro = 50 * HCP_USD},
        {.trusted = false, .worth_usd_micro = 500 * HCP_USD},
        {.trusted = true, .worth_usd_micro = 50 * HCP_USD + 1},
    };
    site s;
    site_init(&s);
    hcp_grid_id id = offer(&s), overtaken = offer(&s);
    site_refused(&s,
                 &(hcp_command){.type = HCP_COMMAND_ANSWER_GRID,
                                .answer_grid = {.id = id, .answer = HCP_ANSWER_BY_RULE}},
                 HCP_REFUSAL_CONFLICT);
    set_rule(&s, true, 50 * HCP_USD);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_GRID_RULE_CHANGED), ==, 1);
    set_rule(&s, true, 50 * HCP_USD); /* as it is: nothing to record */
    g_assert_cmpuint(s.outcome.events->len, ==, 0);
    g_assert_true(answer(&s, id, HCP_ANSWER_BY_RULE, NULL));
    g_assert_cmpint(row_of(&s, id)->stage, ==, HCP_GRID_DECLINED);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        id = offer(&s);
        g_assert_true(answer(&s, id, HCP_ANSWER_BY_RULE, &cases[i]));
        g_assert_cmpint(row_of(&s, id)->stage, ==, i < 2 ? HCP_GRID_DECLINED : HCP_GRID_ANNOUNCED);
        g_assert_true(row_of(&s, id)->automatic);
    }
    /* Worth it, but another event has taken the power meanwhile. */
    g_assert_true(answer(&s, overtaken, HCP_ANSWER_BY_RULE, &cases[2]));
    g_assert_cmpint(row_of(&s, overtaken)->stage, ==, HCP_GRID_DECLINED);
    g_assert_nonnull(strstr(row_of(&s, overtaken)->reason, "takes the same power"));
    g_assert_cmpint(s.outcome.refusal.code, ==, HCP_REFUSAL_NONE);
    set_rule(&s, false, 0);
    g_assert_false(hcp_state_facility(hcp_core_state(s.core), SITE_NORTH)->grid_rule);
    site_check_same(&s);
    site_finish(&s);
}

static void test_offers_refused(void)
{
    site s;
    site_init(&s);
    hcp_grid_announced def = event_of(&s, SITE_NORTH);
    def.reduce_w = 300000;
    def.respond_by_us = s.now_us;
    refuse(&s, &def, HCP_REFUSAL_INVALID, "respond_by");
    def.respond_by_us = def.start_us - def.ramp_us + 1;
    refuse(&s, &def, HCP_REFUSAL_INVALID, "respond_by");
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_ANSWER_GRID, .answer_grid = {.id = {77}}},
                 HCP_REFUSAL_NOT_FOUND);
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_SET_GRID_RULE, .grid_rule = {9, true, 0}},
                 HCP_REFUSAL_NOT_FOUND);
    site_refused(&s,
                 &(hcp_command){.type = HCP_COMMAND_SET_GRID_RULE,
                                .grid_rule = {SITE_NORTH, true, INT64_MAX}},
                 HCP_REFUSAL_INVALID);
    site_finish(&s);
}

/* A preview is what announcing comes to, and leaves nothing behind. */
static void test_preview(void)
{
    site s;
    site_init(&s);
    hcp_grid_announced def = event_of(&s, SITE_NORTH), filled;
    hcp_refusal refusal;
    def.reduce_w = 300000;
    g_autofree char *before = hcp_core_hash(s.core);
    g_assert_true(hcp_grid_preview(s.core, &def, s.now_us, &filled, &refusal));
    g_assert_cmpint(filled.baseline_w, ==, NORTH_W);
    g_assert_cmpint(filled.target_w, ==, NORTH_W - 300000);
    def.reduce_w = 10000000;
    g_assert_false(hcp_grid_preview(s.core, &def, s.now_us, &filled, &refusal));
    g_assert_cmpint(refusal.code, ==, HCP_REFUSAL_CAPACITY);
    g_autofree char *after = hcp_core_hash(s.core);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpint(hcp_grid_planned_cap_w(&filled, 1000000, filled.start_us), ==,
                    NORTH_W - 300000);
    g_assert_cmpint(hcp_grid_planned_cap_w(&filled, 1000000, hcp_grid_over_us(&filled)), ==,
                    1000000);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/grid/stages_and_payment", test_stages_and_payment);
    g_test_add_func("/core/grid/restoration_in_steps", test_restoration_in_steps);
    g_test_add_func("/core/grid/refused", test_refused);
    g_test_add_func("/core/grid/leases", test_leases_are_spared_unless_said);
    g_test_add_func("/core/grid/shortfall", test_shortfall);
    g_test_add_func("/core/grid/crash_in_the_middle", test_crash_in_the_middle);
    g_test_add_func("/core/grid/missed_altogether", test_missed_altogether);
    g_test_add_func("/core/grid/baseline_of_full_hours", test_baseline_of_full_hours);
    g_test_add_func("/core/grid/cancelled_while_active", test_cancelled_while_active);
    g_test_add_func("/core/grid/old_events_go", test_old_events_go);
    g_test_add_func("/core/grid/an_offer_lapses", test_an_offer_lapses);
    g_test_add_func("/core/grid/an_offer_is_accepted", test_an_offer_is_accepted);
    g_test_add_func("/core/grid/the_rule", test_the_rule);
    g_test_add_func("/core/grid/offers_refused", test_offers_refused);
    g_test_add_func("/core/grid/preview", test_preview);
    return g_test_run();
}

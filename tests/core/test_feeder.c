/* SPDX-License-Identifier: Apache-2.0 */
/* Feeders: what hangs on one never draws more than it carries, and who is refused is told which one it is. */
#include "site.h"

#include "base/units.h"
#include "core/explain.h"
#include "core/internal.h"

#include <string.h>

static int64_t carried_w(const site *s, uint32_t feeder)
{
    return hcp_power_reserved_w(s->core, SITE_NORTH, feeder);
}

static const hcp_group *group_of(const site *s, uint32_t class_ix, uint32_t feeder)
{
    const hcp_state *state = hcp_core_state(s->core);
    uint32_t g = hcp_fleet_find_group(state, SITE_NORTH, class_ix, feeder);
    g_assert_cmpuint(g, !=, HCP_NO_INDEX);
    return hcp_state_group(state, g);
}

static void refused_saying(site *s, const hcp_command *command, hcp_refusal_code code,
                           const char *text)
{
    site_refused(s, command, code);
    if (strstr(s->outcome.refusal.message, text) == NULL)
        g_error("\"%s\" does not say \"%s\"", s->outcome.refusal.message, text);
}

static void define_refused(site *s, const hcp_event *event, hcp_refusal_code code, const char *text)
{
    refused_saying(s, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = event}, code, text);
}

static hcp_event facility_with(hcp_feeder *feeders, uint32_t n)
{
    return (hcp_event){.type = HCP_EVENT_FACILITY_DEFINED,
                       .facility_defined = {.key = (char *)"west",
                                            .name = (char *)"West",
                                            .cap_w = 100000,
                                            .pue_milli = 1100,
                                            .feeders = {feeders, n}}};
}

static hcp_event batch_on(uint32_t class_ix, uint32_t count, hcp_mode mode, uint32_t feeder)
{
    return (hcp_event){.type = HCP_EVENT_DEVICES_REGISTERED,
                       .devices_registered = {.facility = 2,
                                              .class_ix = class_ix,
                                              .count = count,
                                              .first_ordinal = 1,
                                              .name_prefix = (char *)"west",
                                              .mode = mode,
                                              .feeder = feeder}};
}

static void test_definitions(void)
{
    site s;
    site_init(&s);
    hcp_feeder unnamed[] = {{(char *)"", 10000}};
    hcp_feeder dead[] = {{(char *)"A", 0}};
    hcp_feeder twins[] = {{(char *)"A", 10000}, {(char *)"A", 20000}};
    hcp_feeder good[] = {{(char *)"A", 200000}, {(char *)"B", 20000}};
    hcp_feeder many[HCP_MAX_FEEDERS + 1] = {{0}};
    const struct {
        hcp_event event;
        const char *text;
    } bad[] = {
        {facility_with(unnamed, 1), "name"},
        {facility_with(dead, 1), "above 0"},
        {facility_with(twins, 2), "one name"},
        {facility_with(many, HCP_MAX_FEEDERS + 1), "more feeders"},
    };
    for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
        define_refused(&s, &bad[i].event, HCP_REFUSAL_INVALID, bad[i].text);
    hcp_event west = facility_with(good, 2);
    site_define(&s, &west); /* a feeder may carry more than the site, and both together too */
    hcp_event stray = batch_on(SITE_H100, 1, HCP_MODE_IDLE, 3);
    define_refused(&s, &stray, HCP_REFUSAL_NOT_FOUND, "2 feeders");
    hcp_event heavy = batch_on(SITE_S21, 6, HCP_MODE_MINING, 2);
    define_refused(&s, &heavy, HCP_REFUSAL_CAPACITY, "feeder B");
    hcp_event asleep = batch_on(SITE_S21, 6, HCP_MODE_CURTAILED, 2);
    site_define(&s, &asleep);
    site_finish(&s);
}

static void test_groups(void)
{
    site s;
    site_init_feeders(&s);
    g_assert_cmpuint(group_of(&s, SITE_S21, 1)->count, ==, SITE_T1_S21_COUNT);
    g_assert_cmpuint(group_of(&s, SITE_S21, 2)->count, ==, SITE_S21_COUNT - SITE_T1_S21_COUNT);
    g_assert_cmpint(carried_w(&s, 1), ==, 60 * 3500 + 16 * 70);
    g_assert_cmpint(carried_w(&s, 2), ==, 40 * 3500 + 60 * 3010);
    g_assert_cmpint(carried_w(&s, 0), ==,
                    carried_w(&s, 1) + carried_w(&s, 2) + SITE_A100_COUNT * 70);
    g_autoptr(hcp_core) replayed = site_replay(&s);
    g_autofree char *live = hcp_core_hash(s.core);
    g_autofree char *again = hcp_core_hash(replayed);
    g_assert_cmpstr(live, ==, again);
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(s.core);
    g_autoptr(GError) error = NULL;
    hcp_core *restored = hcp_core_restore(snapshot, &error);
    g_assert_no_error(error);
    g_assert_cmpint(hcp_power_reserved_w(restored, SITE_NORTH, 2), ==, carried_w(&s, 2));
    hcp_core_free(restored);
    site_finish(&s);
}

/* The site has 400 kW to spare; the feeder of its H100 has less than four of them want. */
static void test_allocation(void)
{
    site s;
    site_init_feeders(&s);
    hcp_command seven = {
        .type = HCP_COMMAND_ALLOCATE,
        .allocate = {.classes = 1ULL << SITE_H100, .facility = SITE_NORTH, .count = 7}};
    refused_saying(&s, &seven, HCP_REFUSAL_CAPACITY, "feeder T1");
    (void)site_allocate(&s, SITE_H100, SITE_NORTH, 6);
    g_assert_cmpint(carried_w(&s, 1), ==, 60 * 3500 + 10 * 70 + 6 * 700);
    (void)site_allocate(&s, SITE_A100, SITE_NORTH, SITE_A100_COUNT); /* hangs on none */
    site_finish(&s);
}

/* A workload that its feeder has no power for makes miners of that feeder sleep, not cheaper ones of another. */
static void test_makes_room(void)
{
    site s;
    site_init_feeders(&s);
    uint32_t ix = site_submit(&s, 1ULL << SITE_H100, 16, HCP_US_PER_H);
    const hcp_state *state = hcp_core_state(s.core);
    g_assert_cmpint(hcp_state_workload(state, ix)->wait, ==, HCP_WAIT_POWER);
    hcp_explanation why;
    hcp_explain(s.core, ix, s.now_us, &why);
    g_assert_cmpint(why.feeder_short_w, ==, 60 * 3500 + 16 * 700 - SITE_T1_W);
    g_assert_cmpint(why.power_short_w, ==, 0);
    g_assert_nonnull(strstr(why.sentence, "feeder T1 is 6.2 kW short"));
    hcp_explanation_clear(&why);
    g_assert_cmpuint(group_of(&s, SITE_S21, 1)->switching, ==, 2);
    g_assert_cmpuint(group_of(&s, SITE_S21, 2)->switching, ==, 0);
    g_assert_cmpuint(group_of(&s, SITE_S19, 2)->switching, ==, 0);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(hcp_state_workload(state, ix)->status, ==, HCP_WORKLOAD_RUNNING);
    g_assert_cmpuint(group_of(&s, SITE_S21, 1)->by_mode[HCP_MODE_CURTAILED], ==, 2);
    site_finish(&s);
}

static void dispatch(site *s, hcp_class_plan *plans, uint32_t n, const char *refusal)
{
    hcp_decision_recorded decision = {.facility = SITE_NORTH,
                                      .policy = (char *)"test",
                                      .expires_us = s->now_us + HCP_US_PER_H,
                                      .chosen = {plans, n}};
    hcp_command command = {.type = HCP_COMMAND_DISPATCH, .dispatch = &decision};
    if (refusal == NULL)
        site_must(s, &command);
    else
        refused_saying(s, &command, HCP_REFUSAL_CAPACITY, refusal);
}

static void test_dispatch(void)
{
    site s;
    site_init_feeders(&s);
    hcp_class_plan gpus = {.class_ix = SITE_H100, .feeder = 1, .mine = 16};
    dispatch(&s, &gpus, 1, "feeder T1");
    hcp_class_plan swap[] = {{.class_ix = SITE_S21, .feeder = 1, .mine = 57, .curtail = 3},
                             {.class_ix = SITE_H100, .feeder = 1, .mine = 16}};
    dispatch(&s, swap, 2, NULL);
    g_assert_cmpuint(group_of(&s, SITE_S21, 1)->switching, ==, 3);
    /* As many as fit beside what still falls asleep; the rest follows. */
    g_assert_cmpuint(group_of(&s, SITE_H100, 1)->switching, ==, 6);
    site_drive(&s, HCP_US_PER_S);
    swap[1].mine = 16;
    s.now_us += HCP_US_PER_H;
    dispatch(&s, swap, 2, NULL);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpuint(group_of(&s, SITE_H100, 1)->by_mode[HCP_MODE_MINING], ==, 16);
    hcp_class_plan other = {.class_ix = SITE_S21, .mine = 1};
    hcp_decision_recorded nowhere = {.facility = SITE_NORTH, .chosen = {&other, 1}};
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &nowhere},
                 HCP_REFUSAL_INVALID);
    site_finish(&s);
}

/* What can never fit on a feeder is not queued for ever. */
static void test_admission(void)
{
    site s;
    site_init(&s);
    hcp_feeder weak[] = {{(char *)"A", 3000}};
    hcp_event west = facility_with(weak, 1);
    site_define(&s, &west);
    hcp_event gpus = batch_on(SITE_CPU, 12, HCP_MODE_CURTAILED, 1);
    site_define(&s, &gpus);
    /* 12 asleep take 240 W; each that serves 280 W more. */
    hcp_submit submit = {.name = "job",
                         .model = "m",
                         .kind = HCP_WORKLOAD_DATA_PROCESSING,
                         .priority = HCP_PRIORITY_P3,
                         .classes = 1ULL << SITE_CPU,
                         .facility = 2,
                         .count = 10,
                         .duration_us = HCP_US_PER_H};
    hcp_command command = {.type = HCP_COMMAND_SUBMIT, .submit = submit};
    refused_saying(&s, &command, HCP_REFUSAL_CAPACITY, "at most 9");
    command.submit.count = 9;
    site_must(&s, &command);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(hcp_power_reserved_w(s.core, 2, 1), ==, 9 * 300 + 3 * 20);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/feeder/definitions", test_definitions);
    g_test_add_func("/core/feeder/groups", test_groups);
    g_test_add_func("/core/feeder/allocation", test_allocation);
    g_test_add_func("/core/feeder/makes-room", test_makes_room);
    g_test_add_func("/core/feeder/dispatch", test_dispatch);
    g_test_add_func("/core/feeder/admission", test_admission);
    return g_test_run();
}

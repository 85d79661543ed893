/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions, names, lookups, power arithmetic, timers, and rows changed in runs. */
#include "site.h"

#include "base/rng.h"
#include "base/units.h"
#include "core/internal.h"

static void test_names(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    g_autofree char *name = hcp_state_device_name(state, SITE_A100_FIRST + 2);
    g_assert_cmpstr(name, ==, "gpu-n-a100-003");
    for (uint32_t d = 0; d < SITE_DEVICES; d++) {
        g_autofree char *own = hcp_state_device_name(state, d);
        g_assert_cmpuint(hcp_core_find_device_name(s.core, own), ==, d);
        g_assert_cmpuint(hcp_core_find_device(s.core, hcp_state_device_id(state, d)), ==, d);
    }
    const char *unknown[] = {"", "-", "gpu-n-h100-000", "gpu-n-h100-017", "gpu-n-h100-x", "none"};
    for (guint i = 0; i < G_N_ELEMENTS(unknown); i++)
        g_assert_cmpuint(hcp_core_find_device_name(s.core, unknown[i]), ==, HCP_NO_INDEX);
    g_assert_cmpuint(hcp_core_find_device(s.core, (hcp_device_id){1}), ==, HCP_NO_INDEX);
    g_assert_cmpuint(hcp_core_find_facility(s.core, "south"), ==, SITE_SOUTH);
    char id[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_FACILITY, hcp_state_facility(state, SITE_SOUTH)->def.id.value, id);
    g_assert_cmpuint(hcp_core_find_facility(s.core, id), ==, SITE_SOUTH);
    g_assert_cmpuint(hcp_core_find_facility(s.core, "nowhere"), ==, HCP_NO_INDEX);
    g_assert_cmpuint(hcp_core_find_class(s.core, "S21"), ==, SITE_S21);
    g_assert_cmpuint(hcp_core_match_classes(s.core, "h100"), ==, 1 << SITE_H100);
    g_assert_cmpuint(hcp_core_match_classes(s.core, "B300"), ==, 0);
    site_finish(&s);
}

static void test_definitions_are_checked(void)
{
    site s;
    site_init(&s);
    hcp_event event = {
        .type = HCP_EVENT_DEVICES_REGISTERED,
        .devices_registered =
            {
                .class_ix = SITE_S21,
                .count = 100,
                .first_ordinal = 50,
                .name_prefix = (char *)"asic-n-s21",
                .mode = HCP_MODE_CURTAILED,
            },
    };
    hcp_command define = {.type = HCP_COMMAND_DEFINE, .define = &event};
    site_refused(&s, &define, HCP_REFUSAL_CONFLICT); /* names taken */
    event.devices_registered.first_ordinal = 101;
    event.devices_registered.count = HCP_MAX_DEVICES;
    site_refused(&s, &define, HCP_REFUSAL_INVALID);
    event.devices_registered.count = 100;
    event.devices_registered.mode = HCP_MODE_SERVING;
    site_refused(&s, &define, HCP_REFUSAL_INVALID);
    event.devices_registered.mode = HCP_MODE_MINING;
    event.devices_registered.count = 200;
    site_refused(&s, &define, HCP_REFUSAL_CAPACITY); /* 840 kW more than the cap leaves */
    event.devices_registered.facility = 5;
    site_refused(&s, &define, HCP_REFUSAL_NOT_FOUND);
    event = (hcp_event){
        .type = HCP_EVENT_CLASS_DEFINED,
        .class_defined = {
            .key = (char *)"S21", .label = (char *)"x", .family = (char *)"x", .tdp_w = 10}};
    site_refused(&s, &define, HCP_REFUSAL_CONFLICT);
    event.class_defined.key = (char *)"new";
    event.class_defined.idle_w = 20;
    site_refused(&s, &define, HCP_REFUSAL_INVALID);
    event = (hcp_event){
        .type = HCP_EVENT_FACILITY_DEFINED,
        .facility_defined = {
            .key = (char *)"third", .name = (char *)"Third", .cap_w = 1000, .pue_milli = 900}};
    site_refused(&s, &define, HCP_REFUSAL_INVALID);
    event.facility_defined.pue_milli = 1100;
    event.facility_defined.name = NULL;
    site_refused(&s, &define, HCP_REFUSAL_INVALID);
    event.facility_defined.name = (char *)"North";
    event.facility_defined.key = (char *)"north";
    site_refused(&s, &define, HCP_REFUSAL_CONFLICT);
    event = (hcp_event){.type = HCP_EVENT_LEASE_RELEASED};
    site_refused(&s, &define, HCP_REFUSAL_INVALID);
    site_finish(&s);
}

/* The guide's inventory: 1,152 GPUs and 38,000 ASICs, counted, not printed. */
static void test_guide_inventory(void)
{
    site s;
    site_init_empty(&s);
    static const struct {
        uint32_t class_ix, facility, count;
    } LISTED[] = {
        {SITE_H100, SITE_NORTH, 512},  {SITE_A100, SITE_NORTH, 256},  {SITE_CPU, SITE_NORTH, 128},
        {SITE_S21, SITE_NORTH, 10000}, {SITE_S19, SITE_NORTH, 5000},  {SITE_H100, SITE_SOUTH, 256},
        {SITE_S19, SITE_SOUTH, 8000},  {SITE_S21, SITE_SOUTH, 15000},
    };
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = {SITE_NORTH, 225000000}});
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = {SITE_SOUTH, 225000000}});
    for (guint i = 0; i < G_N_ELEMENTS(LISTED); i++) {
        g_autofree char *prefix = g_strdup_printf("d%u", i);
        hcp_devices_registered def = {
            .facility = LISTED[i].facility,
            .class_ix = LISTED[i].class_ix,
            .count = LISTED[i].count,
            .name_prefix = prefix,
            .mode = LISTED[i].class_ix < SITE_S21 ? HCP_MODE_IDLE : HCP_MODE_CURTAILED,
        };
        site_define(&s,
                    &(hcp_event){.type = HCP_EVENT_DEVICES_REGISTERED, .devices_registered = def});
    }
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t by_kind[HCP_DEVICE_KINDS] = {0};
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        by_kind[hcp_state_class(state, group->class_ix)->def.kind] += group->count;
    }
    g_assert_cmpuint(by_kind[HCP_DEVICE_GPU] + by_kind[HCP_DEVICE_CPU], ==, 1152);
    g_assert_cmpuint(by_kind[HCP_DEVICE_ASIC], ==, 38000);
    site_finish(&s);
}

static void test_power(void)
{
    hcp_facility_defined facility = {.cap_w = 1000000, .pue_milli = 1200};
    g_assert_cmpint(hcp_power_meter_w(&facility, 1000), ==, 1200);
    g_assert_cmpint(hcp_power_meter_w(&facility, 1), ==, 2);
    for (facility.pue_milli = 1000; facility.pue_milli < 1900; facility.pue_milli += 7) {
        int64_t it_w = hcp_power_it_w(&facility, facility.cap_w);
        g_assert_cmpint(hcp_power_meter_w(&facility, it_w), <=, facility.cap_w);
        g_assert_cmpint(hcp_power_meter_w(&facility, it_w + 1), >, facility.cap_w);
    }
    g_assert_cmpint(hcp_power_use(HCP_MODE_SERVING), ==, HCP_USE_AI);
    g_assert_cmpint(hcp_power_use(HCP_MODE_CURTAILED), ==, HCP_USE_IDLE);
}

/* While a device switches its site reserves the larger of the two. */
static void test_power_of_a_switch(void)
{
    site s;
    site_init(&s);
    const hcp_facility *north = hcp_state_facility(hcp_core_state(s.core), SITE_NORTH);
    int64_t before_w = north->it_power_w;
    (void)site_allocate(&s, SITE_H100, SITE_NORTH, 1);
    g_assert_cmpint(north->it_power_w, ==, before_w + 630);
    g_assert_cmpint(north->use_power_w[HCP_USE_AI], ==, 700);
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = {SITE_NORTH, 500000}});
    g_assert_cmpint(north->it_power_w, ==, before_w + 630);
    g_assert_cmpint(hcp_power_settled_w(s.core, SITE_NORTH, 0), <=, 416666);
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(north->it_power_w, <=, 416666);
    site_finish(&s);
}

static void test_readings_for_economics(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    uint32_t group = hcp_fleet_find_group(state, SITE_NORTH, SITE_H100, 0);
    uint32_t movable[HCP_MODES];
    site_health(&s, 0, HCP_HEALTH_DEGRADED);
    (void)site_allocate(&s, SITE_H100, SITE_NORTH, 3);
    hcp_core_movable(s.core, group, movable);
    g_assert_cmpuint(movable[HCP_MODE_IDLE], ==, SITE_H100_COUNT - 4);
    g_assert_cmpuint(movable[HCP_MODE_SERVING], ==, 0);
    g_assert_cmpint(hcp_core_switching_w(s.core, group), ==, 3 * 700);
    hcp_group_draw draw;
    hcp_core_draw(s.core, group, &draw);
    int64_t idle_w = hcp_state_class(state, SITE_H100)->def.idle_w;
    g_assert_cmpint(draw.serving_w, ==, 0);
    g_assert_cmpint(draw.rest_w, ==, (SITE_H100_COUNT - 3) * idle_w);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(hcp_core_switching_w(s.core, group), ==, 0);
    hcp_core_draw(s.core, group, &draw);
    g_assert_cmpint(draw.serving_w, ==, 3 * 700);
    site_finish(&s);
}

/* What the groups of a facility draw by use, and what switches, is the power of the facility. */
static void test_draws_add_up(void)
{
    site s;
    site_init(&s);
    (void)site_allocate(&s, SITE_H100, SITE_NORTH, 3);
    site_drive(&s, HCP_US_PER_MS);
    (void)site_allocate(&s, SITE_A100, SITE_NORTH, 2);
    const hcp_state *state = hcp_core_state(s.core);
    int64_t total_w = 0, mining_w = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        hcp_group_draw draw;
        if (hcp_state_group(state, g)->facility != SITE_NORTH)
            continue;
        hcp_core_draw(s.core, g, &draw);
        total_w += draw.serving_w + draw.rest_w + hcp_core_switching_w(s.core, g);
        for (int t = 0; t < HCP_MAX_POWER_TARGETS; t++)
            mining_w += draw.mining_w[t];
    }
    const hcp_facility *north = hcp_state_facility(state, SITE_NORTH);
    g_assert_cmpint(mining_w, ==, north->use_power_w[HCP_USE_MINING]);
    g_assert_cmpint(mining_w, >, 0);
    g_assert_cmpint(total_w + mining_w, ==, north->it_power_w);
    site_finish(&s);
}

static void test_limits(void)
{
    site s;
    site_init_empty(&s);
    char key[16];
    hcp_facility_defined place = {.key = key, .name = key, .cap_w = 1000, .pue_milli = 1000};
    hcp_class_defined cls = {.key = key, .label = key, .family = key, .tdp_w = 1};
    for (int i = 2; i < HCP_MAX_FACILITIES; i++) {
        (void)g_snprintf(key, sizeof key, "f%d", i);
        site_define(&s,
                    &(hcp_event){.type = HCP_EVENT_FACILITY_DEFINED, .facility_defined = place});
    }
    for (int i = 5; i < HCP_MAX_CLASSES; i++) {
        (void)g_snprintf(key, sizeof key, "c%d", i);
        site_define(&s, &(hcp_event){.type = HCP_EVENT_CLASS_DEFINED, .class_defined = cls});
    }
    (void)g_strlcpy(key, "more", sizeof key);
    hcp_event event = {.type = HCP_EVENT_FACILITY_DEFINED, .facility_defined = place};
    hcp_command define = {.type = HCP_COMMAND_DEFINE, .define = &event};
    site_refused(&s, &define, HCP_REFUSAL_INVALID);
    event = (hcp_event){.type = HCP_EVENT_CLASS_DEFINED, .class_defined = cls};
    site_refused(&s, &define, HCP_REFUSAL_INVALID);
    site_finish(&s);
}

/* Devices that arrive during an emergency arrive asleep. */
static void test_registration_in_emergency(void)
{
    site s;
    site_init_empty(&s);
    hcp_emergency_changed order = {SITE_NORTH, true, (char *)"smoke"};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_EMERGENCY, .emergency = order});
    hcp_event event = {.type = HCP_EVENT_DEVICES_REGISTERED,
                       .devices_registered = {.class_ix = SITE_H100,
                                              .count = 4,
                                              .name_prefix = (char *)"late",
                                              .mode = HCP_MODE_IDLE}};
    hcp_command define = {.type = HCP_COMMAND_DEFINE, .define = &event};
    site_refused(&s, &define, HCP_REFUSAL_EMERGENCY);
    event.devices_registered.mode = HCP_MODE_CURTAILED;
    site_must(&s, &define);
    site_finish(&s);
}

static void test_timers(void)
{
    hcp_timers timers;
    hcp_timers_init(&timers);
    hcp_rng rng;
    hcp_rng_init(&rng, 7, 0);
    for (uint32_t i = 0; i < 1000; i++)
        hcp_timers_arm(&timers, (hcp_timer){.due_us = (int64_t)hcp_rng_below(&rng, 100),
                                            .kind = (hcp_timer_kind)hcp_rng_below(&rng, 3),
                                            .row = i});
    hcp_timers_arm(&timers, (hcp_timer){.due_us = INT64_MAX});
    hcp_timer last = {.due_us = -1}, next;
    for (uint32_t i = 0; i < 1000; i++, last = next) {
        g_assert_true(hcp_timers_pop(&timers, &next));
        g_assert_cmpint(last.due_us, <=, next.due_us);
        g_assert_true(last.due_us < next.due_us || last.kind < next.kind ||
                      (last.kind == next.kind && last.row < next.row));
    }
    g_assert_false(hcp_timers_pop(&timers, &next));
    g_assert_null(hcp_timers_first(&timers));
    hcp_timers_finish(&timers);
}

/* An event that cannot follow is refused by apply and leaves the state alone. */
static void test_foreign_events(void)
{
    site s;
    site_init(&s);
    g_autofree char *before = hcp_core_hash(s.core);
    uint32_t nobody = SITE_DEVICES;
    hcp_array devices = {.items = &nobody, .count = 1};
    hcp_event events[] = {
        {.type = HCP_EVENT_LEASE_RELEASED, .lease_released = {.id = {5}}},
        {.type = HCP_EVENT_SWITCH_ENDED, .switch_ended = {.id = {5}}},
        {.type = HCP_EVENT_SWITCH_PHASE_ENDED, .switch_phase_ended = {.id = {5}}},
        {.type = HCP_EVENT_HEALTH_CHANGED, .health_changed = {.devices = devices}},
        {.type = HCP_EVENT_ADMIN_CHANGED, .admin_changed = {.devices = devices}},
        {.type = HCP_EVENT_CAP_CHANGED, .cap_changed = {.facility = 9, .cap_w = 1}},
        {.type = HCP_EVENT_EMERGENCY_CHANGED, .emergency_changed = {.facility = 9}},
        {.type = HCP_EVENT_DECISION_RECORDED, .decision_recorded = {.facility = 0, .id = {1}}},
        {.type = HCP_EVENT_LEASE_GRANTED, .lease_granted = {.id = {UINT64_MAX / 2}, .fence = 9}},
        {.type = HCP_EVENT_SWITCH_STARTED, .switch_started = {.id = {UINT64_MAX / 2}}},
        {.type = HCP_EVENT_DEVICES_REGISTERED, .devices_registered = {.facility = 9}},
        {.type = HCP_EVENT_CLASS_DEFINED, .class_defined = {.key = (char *)"S21"}},
        {.type = HCP_EVENT_FACILITY_DEFINED, .facility_defined = {.key = (char *)"north"}},
    };
    for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
        g_autoptr(GError) error = NULL;
        events[i].time_us = s.now_us + HCP_US_PER_H;
        g_assert_false(hcp_core_apply(s.core, &events[i], &error));
        g_assert_nonnull(error);
    }
    g_autoptr(GError) old = NULL;
    hcp_event event = {.type = HCP_EVENT_CAP_CHANGED, .time_us = 1, .cap_changed = {0, 5}};
    g_assert_false(hcp_core_apply(s.core, &event, &old));
    g_autofree char *after = hcp_core_hash(s.core);
    g_assert_cmpstr(before, ==, after);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/fleet/names", test_names);
    g_test_add_func("/core/fleet/definitions", test_definitions_are_checked);
    g_test_add_func("/core/fleet/guide", test_guide_inventory);
    g_test_add_func("/core/power/arithmetic", test_power);
    g_test_add_func("/core/power/switching", test_power_of_a_switch);
    g_test_add_func("/core/fleet/readings", test_readings_for_economics);
    g_test_add_func("/core/fleet/draws", test_draws_add_up);
    g_test_add_func("/core/fleet/limits", test_limits);
    g_test_add_func("/core/fleet/emergency", test_registration_in_emergency);
    g_test_add_func("/core/timers/order", test_timers);
    g_test_add_func("/core/core/foreign-events", test_foreign_events);
    return g_test_run();
}

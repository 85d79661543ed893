/* SPDX-License-Identifier: Apache-2.0 */
#include "site.h"

#include "base/units.h"

#include <string.h>

static hcp_power_target s21_targets[] = {{3500, 200}, {2800, 170}, {2000, 125}};
static hcp_power_target s19_targets[] = {{3010, 140}, {2200, 108}};

static hcp_class_defined gpu(const char *key, const char *family, int64_t tdp_w, double tflops)
{
    return (hcp_class_defined){
        .key = (char *)key,
        .label = (char *)key,
        .family = (char *)family,
        .source = (char *)"test",
        .kind = HCP_DEVICE_GPU,
        .tdp_w = tdp_w,
        .idle_w = 70,
        .standby_w = 20,
        .memory_bytes = 80000000000,
        .tflops = tflops,
        .hbm_gb_per_s = 3350,
        .pcie_gb_per_s = 55,
        .mining_usd_micro_per_h = 50000,
        .rate_usd_micro_per_h = 1875000,
        .requests_milli_per_s = 42000,
    };
}

static hcp_class_defined miner(const char *key, hcp_power_target *targets, uint32_t n)
{
    return (hcp_class_defined){
        .key = (char *)key,
        .label = (char *)key,
        .family = (char *)key,
        .source = (char *)"test",
        .kind = HCP_DEVICE_ASIC,
        .tdp_w = targets[0].power_w,
        .idle_w = 30,
        .standby_w = 25,
        .power_targets = {.items = targets, .count = n},
        .ramp_down_us = 5 * HCP_US_PER_S,
        .ramp_up_us = 10 * HCP_US_PER_S,
    };
}

static void define_settings(site *s)
{
    hcp_event event = {
        .type = HCP_EVENT_SETTINGS_CHANGED,
        .settings_changed =
            {
                .max_wait_p1_us = 100 * HCP_US_PER_MS,
                .max_wait_p2_us = 5 * HCP_US_PER_MIN,
                .max_wait_p3_us = 30 * HCP_US_PER_MIN,
                .min_dwell_us = 5 * HCP_US_PER_MIN,
                .gpu_phase_deadline_us = 10 * HCP_US_PER_S,
                .asic_phase_deadline_us = 30 * HCP_US_PER_S,
                .retry_backoff_us = HCP_US_PER_S,
                .max_retries = 3,
                .max_preemptions = 3,
                .backfill_depth = 64,
                .queue_capacity = 10000,
                .score_weight_efficiency = 40,
                .score_weight_utilisation = 20,
                .score_weight_thermal = 30,
                .score_weight_network = 10,
                .electricity_stale_us = HCP_US_PER_H,
                .btc_stale_us = HCP_US_PER_H,
                .gpu_spot_stale_us = HCP_US_PER_H,
                .network_stale_us = HCP_US_PER_DAY,
                .finished_retention_us = HCP_US_PER_H,
                .default_customer = HCP_NO_INDEX,
                .gpu_mining = true,
            },
    };
    site_define(s, &event);
}

static void define_classes(site *s)
{
    hcp_class_defined classes[] = {
        [SITE_H100] = gpu("H100-80GB", "H100", 700, 989),
        [SITE_A100] = gpu("A100-40GB", "A100", 400, 312),
        [SITE_S21] = miner("S21", s21_targets, 3),
        [SITE_S19] = miner("S19-XP", s19_targets, 2),
        [SITE_CPU] = gpu("CPU", "CPU", 300, 0),
    };
    classes[SITE_CPU].kind = HCP_DEVICE_CPU;
    for (guint i = 0; i < G_N_ELEMENTS(classes); i++)
        site_define(s, &(hcp_event){.type = HCP_EVENT_CLASS_DEFINED, .class_defined = classes[i]});
}

static void define_places(site *s, const hcp_array *feeders)
{
    hcp_facility_defined north = {
        .key = (char *)"north",
        .name = (char *)"North",
        .location = (char *)"Dallas",
        .region = (char *)"ERCOT",
        .hub = (char *)"HB_NORTH",
        .cap_w = 1000000,
        .pue_milli = 1200,
        .backbone_gbps = 100,
        .network_rtt_us = 1000,
        .carbon_mg_per_kwh = 350000,
        .carbon_source = (char *)"test",
    };
    hcp_facility_defined south = north;
    north.feeders = *feeders;
    south.key = (char *)"south";
    south.name = (char *)"South";
    south.cap_w = 100000;
    south.network_rtt_us = 9000;
    site_define(s, &(hcp_event){.type = HCP_EVENT_FACILITY_DEFINED, .facility_defined = north});
    site_define(s, &(hcp_event){.type = HCP_EVENT_FACILITY_DEFINED, .facility_defined = south});
    hcp_customer_defined acme = {
        .key = (char *)"cust-001",
        .name = (char *)"Acme Corporation",
        .tier = (char *)"enterprise",
        .industry = (char *)"finance",
        .quota_device_us = -1,
        .rate_permille = 1000,
    };
    site_define(s, &(hcp_event){.type = HCP_EVENT_CUSTOMER_DEFINED, .customer_defined = acme});
}

static void register_devices(site *s, const char *prefix, uint32_t class_ix, uint32_t facility,
                             uint32_t count, hcp_mode mode)
{
    hcp_devices_registered def = {
        .facility = facility,
        .class_ix = class_ix,
        .count = count,
        .first_ordinal = 1,
        .name_prefix = (char *)prefix,
        .mode = mode,
    };
    site_define(s, &(hcp_event){.type = HCP_EVENT_DEVICES_REGISTERED, .devices_registered = def});
}

static void init(site *s, const hcp_array *feeders)
{
    *s = (site){
        .core = hcp_core_new(),
        .now_us = SITE_EPOCH_US,
        .journal = g_ptr_array_new_with_free_func(g_free),
    };
    define_settings(s);
    define_classes(s);
    define_places(s, feeders);
}

void site_init_empty(site *s)
{
    init(s, &(hcp_array){0});
}

void site_init(site *s)
{
    site_init_empty(s);
    register_devices(s, "gpu-n-h100", SITE_H100, SITE_NORTH, SITE_H100_COUNT, HCP_MODE_IDLE);
    register_devices(s, "gpu-n-a100", SITE_A100, SITE_NORTH, SITE_A100_COUNT, HCP_MODE_IDLE);
    register_devices(s, "asic-n-s21", SITE_S21, SITE_NORTH, SITE_S21_COUNT, HCP_MODE_MINING);
    register_devices(s, "asic-n-s19", SITE_S19, SITE_NORTH, SITE_S19_COUNT, HCP_MODE_MINING);
    register_devices(s, "gpu-s-h100", SITE_H100, SITE_SOUTH, SITE_SOUTH_COUNT, HCP_MODE_IDLE);
}

void site_init_feeders(site *s)
{
    hcp_feeder feeders[] = {{(char *)"T1", SITE_T1_W}, {(char *)"T2", SITE_T2_W}};
    init(s, &(hcp_array){feeders, G_N_ELEMENTS(feeders)});
    static const hcp_devices_registered batches[] = {
        {.name_prefix = (char *)"gpu-n-h100",
         .class_ix = SITE_H100,
         .count = SITE_H100_COUNT,
         .mode = HCP_MODE_IDLE,
         .feeder = 1},
        {.name_prefix = (char *)"gpu-n-a100",
         .class_ix = SITE_A100,
         .count = SITE_A100_COUNT,
         .mode = HCP_MODE_IDLE},
        {.name_prefix = (char *)"asic-n-s21",
         .class_ix = SITE_S21,
         .count = SITE_T1_S21_COUNT,
         .mode = HCP_MODE_MINING,
         .feeder = 1},
        {.name_prefix = (char *)"asic-n-s21-b",
         .class_ix = SITE_S21,
         .count = SITE_S21_COUNT - SITE_T1_S21_COUNT,
         .mode = HCP_MODE_MINING,
         .feeder = 2},
        {.name_prefix = (char *)"asic-n-s19",
         .class_ix = SITE_S19,
         .count = SITE_S19_COUNT,
         .mode = HCP_MODE_MINING,
         .feeder = 2},
        {.name_prefix = (char *)"gpu-s-h100",
         .facility = SITE_SOUTH,
         .class_ix = SITE_H100,
         .count = SITE_SOUTH_COUNT,
         .mode = HCP_MODE_IDLE},
    };
    for (guint i = 0; i < G_N_ELEMENTS(batches); i++)
        site_define(s, &(hcp_event){.type = HCP_EVENT_DEVICES_REGISTERED,
                                    .devices_registered = batches[i]});
}

void site_finish(site *s)
{
    hcp_outcome_clear(&s->outcome);
    hcp_core_free(s->core);
    g_ptr_array_unref(s->journal);
}

static void keep_events(site *s)
{
    for (guint i = 0; i < s->outcome.events->len; i++) {
        const hcp_event *event = &g_array_index(s->outcome.events, hcp_event, i);
        GString *line = g_string_new(NULL);
        g_string_printf(line, "%s\t%" G_GINT64_FORMAT "\t", hcp_event_type_name(event->type),
                        event->time_us);
        hcp_event_print(event, line);
        g_ptr_array_add(s->journal, g_string_free(line, FALSE));
    }
}

/* What led to a broken invariant. */
static void show_history(const site *s)
{
    for (guint i = s->journal->len > 30 ? s->journal->len - 30 : 0; i < s->journal->len; i++)
        g_test_message("%.300s", (const char *)g_ptr_array_index(s->journal, i));
}

bool site_do(site *s, const hcp_command *command)
{
    hcp_outcome_clear(&s->outcome);
    bool ok = hcp_core_decide(s->core, command, s->now_us, s->view, &s->outcome);
    g_assert_true(ok == (s->outcome.refusal.code == HCP_REFUSAL_NONE));
    keep_events(s);
    g_autofree char *broken = hcp_core_check(s->core);
    if (broken != NULL)
        show_history(s);
    g_assert_cmpstr(broken, ==, NULL);
    return ok;
}

void site_must(site *s, const hcp_command *command)
{
    if (!site_do(s, command))
        g_error("refused: %s", s->outcome.refusal.message);
}

void site_refused(site *s, const hcp_command *command, hcp_refusal_code code)
{
    g_autofree char *before = hcp_core_hash(s->core);
    g_assert_false(site_do(s, command));
    g_assert_cmpint(s->outcome.refusal.code, ==, code);
    g_assert_cmpuint(s->outcome.events->len, ==, 0);
    g_autofree char *after = hcp_core_hash(s->core);
    g_assert_cmpstr(before, ==, after);
}

void site_define(site *s, const hcp_event *event)
{
    site_must(s, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = event});
}

void site_tick(site *s, int64_t later_us)
{
    s->now_us += later_us;
    site_must(s, &(hcp_command){.type = HCP_COMMAND_TICK});
}

void site_bill(site *s, bool own_price, int64_t fee_ppm)
{
    hcp_event event = {.type = HCP_EVENT_SETTINGS_CHANGED,
                       .settings_changed = hcp_core_state(s->core)->settings};
    event.settings_changed.own_price = own_price;
    event.settings_changed.pool_fee_ppm = fee_ppm;
    site_define(s, &event);
}

void site_report(site *s, uint32_t switch_ix, bool ok)
{
    const hcp_switch *sw = hcp_state_switch(hcp_core_state(s->core), switch_ix);
    g_assert_true(sw->live);
    hcp_phase_report report = {.id = sw->def.id, .phase = sw->phase, .ok = ok};
    report.reason = ok ? NULL : "injected";
    site_must(s, &(hcp_command){.type = HCP_COMMAND_REPORT_PHASE, .phase = report});
}

void site_drive(site *s, int64_t phase_us)
{
    const hcp_state *state = hcp_core_state(s->core);
    for (bool running = true; running;) {
        running = false;
        s->now_us += phase_us;
        for (uint32_t i = 0, n = state->switches.items->len; i < n; i++)
            if (hcp_state_switch(state, i)->live) {
                site_report(s, i, true);
                running = true;
            }
    }
}

uint32_t site_submit(site *s, uint64_t classes, uint32_t count, int64_t duration_us)
{
    hcp_submit submit = {
        .name = "job",
        .model = "llama-3-70b",
        .kind = HCP_WORKLOAD_AI_INFERENCE_BATCH,
        .priority = HCP_PRIORITY_P2,
        .classes = classes,
        .facility = HCP_NO_INDEX,
        .count = count,
        .duration_us = duration_us,
        .model_bytes = 40000000000,
    };
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = submit});
    return hcp_core_find_workload(s->core, (hcp_workload_id){s->outcome.id});
}

uint32_t site_allocate(site *s, uint32_t class_ix, uint32_t facility, uint32_t count)
{
    hcp_allocate allocate = {.classes = 1ULL << class_ix, .facility = facility, .count = count};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_ALLOCATE, .allocate = allocate});
    return hcp_core_find_lease(s->core, (hcp_lease_id){s->outcome.id});
}

void site_health(site *s, uint32_t device, hcp_health health)
{
    hcp_health_report report = {.devices = &device, .count = 1, .health = health, .reason = "test"};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_REPORT_HEALTH, .health = report});
}

void site_admin(site *s, uint32_t device, hcp_admin admin)
{
    hcp_admin_order order = {.devices = &device, .count = 1, .admin = admin, .reason = "test"};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SET_ADMIN, .admin = order});
}

uint32_t site_events(const site *s, hcp_event_type type)
{
    uint32_t n = 0;
    for (guint i = 0; i < s->outcome.events->len; i++)
        n += g_array_index(s->outcome.events, hcp_event, i).type == type;
    return n;
}

hcp_core *site_replay(const site *s)
{
    hcp_core *core = hcp_core_new();
    for (guint i = 0; i < s->journal->len; i++) {
        g_auto(GStrv) columns = g_strsplit(g_ptr_array_index(s->journal, i), "\t", 3);
        g_autoptr(GError) error = NULL;
        hcp_event event;
        if (!hcp_event_parse(columns[0], g_ascii_strtoll(columns[1], NULL, 10), columns[2],
                             strlen(columns[2]), &event, &error) ||
            !hcp_core_apply(core, &event, &error))
            g_error("replay: %s", error->message);
        hcp_event_clear(&event);
    }
    return core;
}

void site_tick_to(site *s, int64_t at_us)
{
    site_tick(s, at_us - s->now_us);
}

hcp_facility_defined site_west(const site *s)
{
    hcp_facility_defined west = hcp_state_facility(hcp_core_state(s->core), SITE_NORTH)->def;
    west.id.value = 0;
    west.key = (char *)"west";
    return west;
}

uint32_t site_add_west(site *s, const hcp_facility_defined *west)
{
    site_define(s, &(hcp_event){.type = HCP_EVENT_FACILITY_DEFINED, .facility_defined = *west});
    uint32_t facility = hcp_core_state(s->core)->fleet.facilities->len - 1;
    hcp_devices_registered miners = {.facility = facility,
                                     .class_ix = SITE_S21,
                                     .count = 10,
                                     .first_ordinal = 1,
                                     .name_prefix = (char *)"asic-w",
                                     .mode = HCP_MODE_MINING};
    site_define(s,
                &(hcp_event){.type = HCP_EVENT_DEVICES_REGISTERED, .devices_registered = miners});
    return facility;
}

static void check_same_as(const site *s, const hcp_core *other)
{
    g_autofree char *live = hcp_core_hash(s->core);
    g_autofree char *again = hcp_core_hash(other);
    g_autofree char *broken = hcp_core_check(other);
    g_assert_null(broken);
    g_assert_cmpstr(live, ==, again);
}

void site_check_same(const site *s)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(s->core);
    g_autoptr(hcp_core) restored = hcp_core_restore(snapshot, &error);
    g_autoptr(hcp_core) replayed = site_replay(s);
    g_assert_no_error(error);
    check_same_as(s, restored);
    check_same_as(s, replayed);
    /* A restored one may be without timers that are due and mean nothing any more. */
    g_assert_cmpint(hcp_core_next_due(replayed), <=, hcp_core_next_due(s->core));
}

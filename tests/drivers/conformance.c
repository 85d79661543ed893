/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance suite of drivers. */
#include "conformance.h"

#include "base/error.h"

#include <math.h>

#define S INT64_C(1000000)
#define GB INT64_C(1000000000)

static const hcp_driver_range FOUR = {.first = 0, .count = 4};

static hcp_driver_command serve_command(uint64_t switch_id)
{
    return (hcp_driver_command){
        .switch_id = switch_id,
        .devices = {.ranges = &FOUR, .n_ranges = 1},
        .from = HCP_DRIVER_IDLE,
        .to = HCP_DRIVER_SERVE,
        .payload = {.residency = HCP_SWITCHTIME_HBM, .model_bytes = 4 * GB},
        .load = 0.9,
    };
}

static void start(hcp_driver *driver, const hcp_driver_command *command, int64_t now_us)
{
    g_autoptr(GError) error = NULL;
    g_assert_true(hcp_driver_start(driver, command, now_us, &error));
    g_assert_no_error(error);
}

void conformance_run(hcp_driver *driver, int64_t until_us, hcp_driver_batch *batch)
{
    while (hcp_driver_next_due(driver) <= until_us)
        hcp_driver_poll(driver, hcp_driver_next_due(driver), batch);
    hcp_driver_poll(driver, until_us, batch);
}

int64_t conformance_switch(hcp_driver *driver, hcp_driver_command *command, int64_t now_us)
{
    hcp_driver_batch batch;
    hcp_driver_batch_init(&batch);
    for (int phase = 0; phase < HCP_SWITCHTIME_ROLLBACK; phase++) {
        command->phase = (hcp_switchtime_phase)phase;
        start(driver, command, now_us);
        conformance_run(driver, hcp_driver_next_due(driver), &batch);
        g_assert_cmpuint(batch.reports->len, ==, 1);
        const hcp_driver_report *report = &g_array_index(batch.reports, hcp_driver_report, 0);
        g_assert_cmpuint(report->switch_id, ==, command->switch_id);
        g_assert_cmpint(report->phase, ==, phase);
        g_assert_cmpint(report->outcome, ==, HCP_DRIVER_OK);
        g_assert_cmpint(report->cause, ==, HCP_DRIVER_CAUSE_NONE);
        g_assert_cmpuint(report->n_failed, ==, 0);
        g_assert_cmpint(report->started_us, ==, now_us);
        g_assert_cmpint(report->ended_us, >=, now_us);
        now_us = report->ended_us;
        hcp_driver_batch_clear(&batch);
    }
    hcp_driver_batch_finish(&batch);
    return now_us;
}

static uint8_t mode_of(hcp_driver *driver, uint32_t device, int64_t now_us)
{
    uint8_t mode = 255;
    hcp_driver_columns columns = {.first = device, .count = 1, .mode = &mode};
    hcp_driver_sample(driver, now_us, &columns);
    return mode;
}

static void test_discovery_covers_every_device(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_driver) driver = fixture->make();
    for (int round = 0; round < 2; round++) {
        g_autoptr(GArray) groups = hcp_driver_discover(driver);
        uint32_t next = 0;
        for (guint i = 0; i < groups->len; i++) {
            const hcp_driver_group *group = &g_array_index(groups, hcp_driver_group, i);
            g_assert_cmpuint(group->range.first, ==, next);
            g_assert_cmpuint(group->range.count, >, 0);
            g_assert_cmpstr(group->class_name, !=, "");
            g_assert_cmpfloat(group->min_power_w, >, 0);
            g_assert_cmpfloat(group->max_power_w, >=, group->min_power_w);
            g_assert_true(group->kind == HCP_DRIVER_ASIC || group->memory_bytes > 0);
            next += group->range.count;
        }
        g_assert_cmpuint(next, ==, driver->n_devices);
    }
}

static void test_switch_in_and_out(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_driver) driver = fixture->make();
    hcp_driver_command in = serve_command(1);
    int64_t now_us = conformance_switch(driver, &in, fixture->start_us);
    for (uint32_t i = 0; i < 4; i++)
        g_assert_cmpint(mode_of(driver, i, now_us), ==, HCP_DRIVER_SERVE);

    int64_t memory = -1;
    float power_w = 0;
    hcp_driver_columns columns = {
        .first = 2, .count = 1, .memory_bytes = &memory, .power_w = &power_w};
    hcp_driver_sample(driver, now_us + S, &columns);
    g_assert_cmpint(memory, ==, 4 * GB);
    float busy_w = power_w;

    hcp_driver_command out = serve_command(2);
    out.from = HCP_DRIVER_SERVE;
    out.to = HCP_DRIVER_IDLE;
    out.payload = (hcp_switchtime_payload){.scrub_bytes = 80 * GB};
    now_us = conformance_switch(driver, &out, now_us + S);
    hcp_driver_sample(driver, now_us + S, &columns);
    g_assert_cmpint(mode_of(driver, 2, now_us + S), ==, HCP_DRIVER_IDLE);
    g_assert_cmpint(memory, ==, 0);
    g_assert_cmpfloat(power_w, <, busy_w);
}

static void test_repeated_start_is_one_command(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_driver) driver = fixture->make();
    hcp_driver_batch batch;
    hcp_driver_batch_init(&batch);
    hcp_driver_command command = serve_command(7);
    command.phase = HCP_SWITCHTIME_ACTIVATE;
    start(driver, &command, fixture->start_us);
    int64_t due_us = hcp_driver_next_due(driver);
    start(driver, &command, fixture->start_us + 1);
    g_assert_cmpint(hcp_driver_next_due(driver), ==, due_us);
    conformance_run(driver, fixture->start_us + 3600 * S, &batch);
    g_assert_cmpuint(batch.reports->len, ==, 1);
    hcp_driver_batch_finish(&batch);
}

/* A new attempt abandons the old one: one report, of the new one. */
static void test_retry_replaces(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_driver) driver = fixture->make();
    hcp_driver_batch batch;
    hcp_driver_batch_init(&batch);
    hcp_driver_command command = serve_command(8);
    command.phase = HCP_SWITCHTIME_SAVE;
    start(driver, &command, fixture->start_us);
    command.attempt = 1;
    start(driver, &command, fixture->start_us + 1);
    conformance_run(driver, fixture->start_us + 3600 * S, &batch);
    g_assert_cmpuint(batch.reports->len, ==, 1);
    g_assert_cmpuint(g_array_index(batch.reports, hcp_driver_report, 0).attempt, ==, 1);
    hcp_driver_batch_finish(&batch);
}

static void test_cancel_silences(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_driver) driver = fixture->make();
    hcp_driver_batch batch;
    hcp_driver_batch_init(&batch);
    hcp_driver_command command = serve_command(9);
    command.phase = HCP_SWITCHTIME_QUIESCE;
    start(driver, &command, fixture->start_us);
    hcp_driver_cancel(driver, 12345, fixture->start_us); /* unknown: nothing happens */
    hcp_driver_cancel(driver, 9, fixture->start_us);
    hcp_driver_cancel(driver, 9, fixture->start_us);
    conformance_run(driver, fixture->start_us + 3600 * S, &batch);
    g_assert_cmpuint(batch.reports->len, ==, 0);

    /* The devices take the next command. */
    int64_t now_us = fixture->start_us + 3600 * S;
    command = serve_command(10);
    now_us = conformance_switch(driver, &command, now_us);
    g_assert_cmpint(mode_of(driver, 0, now_us), ==, HCP_DRIVER_SERVE);
    hcp_driver_batch_finish(&batch);
}

static void test_rollback_returns(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_driver) driver = fixture->make();
    hcp_driver_batch batch;
    hcp_driver_batch_init(&batch);
    hcp_driver_command command = serve_command(11);
    int64_t now_us = fixture->start_us;
    for (int phase = 0; phase <= HCP_SWITCHTIME_SAVE; phase++) {
        command.phase = (hcp_switchtime_phase)phase;
        start(driver, &command, now_us);
        now_us = hcp_driver_next_due(driver);
        conformance_run(driver, now_us, &batch);
    }
    hcp_driver_batch_clear(&batch);
    command.phase = HCP_SWITCHTIME_ROLLBACK;
    command.payload = (hcp_switchtime_payload){0};
    start(driver, &command, now_us);
    now_us = hcp_driver_next_due(driver);
    conformance_run(driver, now_us, &batch);
    g_assert_cmpuint(batch.reports->len, ==, 1);
    g_assert_cmpint(mode_of(driver, 0, now_us), ==, HCP_DRIVER_IDLE);
    hcp_driver_batch_finish(&batch);
}

static void test_bad_commands_are_refused(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_driver) driver = fixture->make();
    const hcp_driver_range bad[] = {
        {.first = 0, .count = 0},
        {.first = driver->n_devices, .count = 1},
        {.first = 1, .count = driver->n_devices},
        {.first = 1, .count = UINT32_MAX},
        {.first = UINT32_MAX, .count = 2},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        hcp_driver_devices devices = {.ranges = &bad[i], .n_ranges = 1};
        hcp_driver_command command = serve_command(1);
        command.devices = devices;
        g_assert_false(hcp_driver_start(driver, &command, fixture->start_us, &error));
        g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
        g_assert_false(hcp_driver_set_power(driver, devices, 100, fixture->start_us, NULL));
        g_assert_false(hcp_driver_set_load(driver, devices, 1, fixture->start_us, NULL));
    }
    hcp_driver_command command = serve_command(1);
    command.devices.n_ranges = 0;
    g_assert_false(hcp_driver_start(driver, &command, fixture->start_us, NULL));
    command = serve_command(1);
    command.load = 1.5;
    g_assert_false(hcp_driver_start(driver, &command, fixture->start_us, NULL));
    command.load = NAN;
    g_assert_false(hcp_driver_start(driver, &command, fixture->start_us, NULL));
    g_assert_cmpint(hcp_driver_next_due(driver), ==, INT64_MAX);
}

static void test_poll_has_no_echo(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_driver) driver = fixture->make();
    hcp_driver_batch batch;
    hcp_driver_batch_init(&batch);
    g_assert_cmpint(hcp_driver_next_due(driver), ==, INT64_MAX);
    hcp_driver_command command = serve_command(3);
    command.phase = HCP_SWITCHTIME_ACTIVATE;
    start(driver, &command, fixture->start_us);
    int64_t due_us = hcp_driver_next_due(driver);
    hcp_driver_poll(driver, due_us - 1, &batch);
    g_assert_cmpuint(batch.reports->len, ==, 0);
    hcp_driver_poll(driver, due_us, &batch);
    g_assert_cmpuint(batch.reports->len, ==, 1);
    hcp_driver_poll(driver, due_us, &batch);
    hcp_driver_poll(driver, due_us + 3600 * S, &batch);
    g_assert_cmpuint(batch.reports->len, ==, 1);
    g_assert_cmpint(hcp_driver_next_due(driver), ==, INT64_MAX);
    hcp_driver_batch_finish(&batch);
}

/* Each column alone, over each part of the fleet; counters never fall. */
static void test_samples(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_driver) driver = fixture->make();
    uint32_t n = driver->n_devices;
    g_autofree double *energy_j = g_new0(double, n);
    g_autofree float *power_w = g_new0(float, n);
    g_autofree int64_t *observed_us = g_new0(int64_t, n);
    hcp_driver_columns none = {.first = 0, .count = n};
    hcp_driver_columns all = {.first = 0,
                              .count = n,
                              .energy_j = energy_j,
                              .power_w = power_w,
                              .observed_us = observed_us};
    double last_j = 0;
    hcp_driver_sample(driver, fixture->start_us, &none);
    for (int64_t s = 1; s <= 100; s++) {
        double total_j = 0;
        hcp_driver_sample(driver, fixture->start_us + s * S, &all);
        for (uint32_t i = 0; i < n; i++) {
            g_assert_cmpint(observed_us[i], ==, fixture->start_us + s * S);
            g_assert_cmpfloat(power_w[i], >=, 0);
            total_j += energy_j[i];
        }
        g_assert_cmpfloat(total_j, >, last_j);
        last_j = total_j;
    }
    hcp_driver_columns tail = {.first = n - 1, .count = 1, .observed_us = observed_us};
    hcp_driver_sample(driver, fixture->start_us + 101 * S, &tail);
    g_assert_cmpint(observed_us[0], ==, fixture->start_us + 101 * S);
    g_assert_true(n == 1 || observed_us[1] == fixture->start_us + 100 * S);
}

static void test_power_and_load(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_driver) driver = fixture->make();
    g_autoptr(GArray) groups = hcp_driver_discover(driver);
    const hcp_driver_group *group = &g_array_index(groups, hcp_driver_group, 0);
    hcp_driver_command command = serve_command(4);
    command.load = 1;
    int64_t now_us = conformance_switch(driver, &command, fixture->start_us);
    float power_w = 0;
    hcp_driver_columns columns = {.first = 0, .count = 1, .power_w = &power_w};

    double targets[] = {0, group->max_power_w * 0.6, 1, 1e9};
    double expected[] = {group->max_power_w, group->max_power_w * 0.6, group->min_power_w,
                         group->max_power_w};
    for (size_t i = 0; i < G_N_ELEMENTS(targets); i++) {
        g_assert_true(hcp_driver_set_power(driver, command.devices, targets[i], now_us, NULL));
        now_us += 60 * S;
        hcp_driver_sample(driver, now_us, &columns);
        g_assert_cmpfloat_with_epsilon(power_w, expected[i], 0.05 * group->max_power_w);
        g_assert_cmpfloat(power_w, <=, (float)expected[i] + 0.01f);
    }
    float full_w = power_w;
    g_assert_true(hcp_driver_set_load(driver, command.devices, 0.1, now_us, NULL));
    hcp_driver_sample(driver, now_us + 60 * S, &columns);
    g_assert_cmpfloat(power_w, <, full_w);
}

typedef struct {
    const char *name;
    void (*run)(const void *data);
} conformance_case;

static const conformance_case CASES[] = {
    {"discovery", test_discovery_covers_every_device},
    {"switch", test_switch_in_and_out},
    {"repeated-start", test_repeated_start_is_one_command},
    {"retry", test_retry_replaces},
    {"cancel", test_cancel_silences},
    {"rollback", test_rollback_returns},
    {"bad-commands", test_bad_commands_are_refused},
    {"poll", test_poll_has_no_echo},
    {"samples", test_samples},
    {"power-and-load", test_power_and_load},
};

void conformance_add(const conformance_fixture *fixture)
{
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *path = g_strdup_printf("/driver/%s/%s", fixture->name, CASES[i].name);
        g_test_add_data_func(path, fixture, CASES[i].run);
    }
}

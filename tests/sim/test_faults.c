/* SPDX-License-Identifier: Apache-2.0 */
/* Failure injection: rates, independence of order, recovery. */
#include "sim/faults.h"

#include <math.h>

#define S INT64_C(1000000)
#define H (3600 * S)
#define DAY (24 * H)

static void test_none(void)
{
    hcp_faults_params params;
    hcp_faults_device_event event;
    hcp_faults_no_params(&params);
    g_autoptr(hcp_faults) faults = hcp_faults_new(&params, 1000, 1, 0);
    g_assert_cmpint(hcp_faults_next_due(faults), ==, INT64_MAX);
    g_assert_false(hcp_faults_take_device_event(faults, INT64_MAX - 1, &event));
    for (uint64_t id = 0; id < 1000; id++) {
        hcp_faults_command command = {.switch_id = id, .phase = 4, .moves_memory = true};
        g_assert_cmpint(hcp_faults_of_command(faults, &command).kind, ==, HCP_FAULTS_NONE);
        g_assert_false(hcp_faults_feed_silent(faults, 1, (int64_t)id * H));
    }
}

/* 1,000 devices with an MTBF of 500 h fail 2 an hour; each recovers before it fails again. */
static void test_device_failures(void)
{
    hcp_faults_params params;
    hcp_faults_device_event event;
    bool down[1000] = {false};
    int failures = 0;
    int degraded = 0;
    int64_t last_us = 0;
    hcp_faults_no_params(&params);
    params.device_mtbf_h = 500;
    params.device_mttr_h = 3;
    params.degraded_share = 0.25;
    g_autoptr(hcp_faults) faults = hcp_faults_new(&params, 1000, 7, 0);
    for (;;) {
        int64_t due_us = hcp_faults_next_due(faults);
        if (due_us > 1000 * H)
            break;
        if (!hcp_faults_take_device_event(faults, due_us, &event))
            continue; /* the draw hit a device that is down already */
        g_assert_cmpint(event.at_us, >=, last_us);
        last_us = event.at_us;
        g_assert_true(down[event.device] == (event.kind == HCP_FAULTS_DEVICE_RECOVERED));
        down[event.device] = !down[event.device];
        failures += event.kind != HCP_FAULTS_DEVICE_RECOVERED;
        degraded += event.kind == HCP_FAULTS_DEVICE_DEGRADED;
    }
    g_assert_cmpfloat(fabs(failures - 2000.0), <, 5 * sqrt(2000.0));
    g_assert_cmpfloat(fabs(degraded / (double)failures - 0.25), <, 0.05);
}

static void test_command_fates(void)
{
    hcp_faults_params params;
    int seen[HCP_FAULTS_PARTIAL + 1] = {0};
    hcp_faults_default_params(&params);
    params.command_lost = 0.1;
    params.command_late = 0.1;
    params.phase_oom = 0.1;
    params.phase_hang = 0.1;
    params.phase_partial = 0.1;
    g_autoptr(hcp_faults) faults = hcp_faults_new(&params, 10, 3, 0);
    double late_s = 0;
    for (uint64_t id = 0; id < 20000; id++) {
        hcp_faults_command command = {.switch_id = id, .phase = 4, .moves_memory = true};
        hcp_faults_outcome outcome = hcp_faults_of_command(faults, &command);
        seen[outcome.kind]++;
        g_assert_true((outcome.kind == HCP_FAULTS_LATE) == (outcome.delay_us > 0));
        late_s += (double)outcome.delay_us / 1e6;
        if (outcome.kind == HCP_FAULTS_PARTIAL) {
            g_assert_cmpfloat(outcome.share, >, 0);
            g_assert_cmpfloat(outcome.share, <=, 0.5);
        }
        command.moves_memory = false;
        g_assert_cmpint(hcp_faults_of_command(faults, &command).kind, <=, HCP_FAULTS_LATE);
    }
    for (int kind = HCP_FAULTS_LOST; kind <= HCP_FAULTS_PARTIAL; kind++)
        g_assert_cmpfloat(fabs(seen[kind] / 20000.0 - 0.1), <, 0.012);
    g_assert_cmpfloat(fabs(late_s / seen[HCP_FAULTS_LATE] / 2.0 - 1), <, 0.1);
}

/* Fates do not depend on the order of asking, and a retry has its own. */
static void test_fates_belong_to_commands(void)
{
    hcp_faults_params params;
    hcp_faults_default_params(&params);
    params.command_lost = 0.5;
    g_autoptr(hcp_faults) faults = hcp_faults_new(&params, 10, 3, 0);
    int differing = 0;
    for (uint64_t id = 0; id < 1000; id++) {
        hcp_faults_command first = {.switch_id = id, .phase = 2};
        hcp_faults_command retry = {.switch_id = id, .phase = 2, .attempt = 1};
        hcp_faults_kind kind = hcp_faults_of_command(faults, &first).kind;
        differing += kind != hcp_faults_of_command(faults, &retry).kind;
        g_assert_cmpint(hcp_faults_of_command(faults, &first).kind, ==, kind);
    }
    g_assert_cmpint(differing, >, 300);
}

static void test_partial_share(void)
{
    hcp_faults_params params;
    hcp_faults_default_params(&params);
    g_autoptr(hcp_faults) faults = hcp_faults_new(&params, 10, 3, 0);
    hcp_faults_command command = {.switch_id = 5, .phase = 4};
    int hit = 0;
    for (uint32_t i = 0; i < 10000; i++)
        hit += hcp_faults_hits_device(faults, &command, i, 0.3);
    g_assert_cmpfloat(fabs(hit / 10000.0 - 0.3), <, 0.02);
}

/* Two gaps a day of 15 minutes: silent 2 % of the time, in stretches. */
static void test_feed_gaps(void)
{
    hcp_faults_params params;
    hcp_faults_default_params(&params);
    g_autoptr(hcp_faults) faults = hcp_faults_new(&params, 10, 3, 0);
    int silent = 0;
    int changes = 0;
    bool last = false;
    for (int64_t t = DAY; t < 301 * DAY; t += 60 * S) {
        bool now = hcp_faults_feed_silent(faults, 2, t);
        silent += now;
        changes += now != last;
        last = now;
    }
    double share = silent / (300.0 * 24 * 60);
    g_assert_cmpfloat(fabs(share - 2 * 15 / 1440.0), <, 0.006);
    g_assert_cmpint(changes / 2, >, 400);
    g_assert_cmpint(changes / 2, <, 700);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/faults/none", test_none);
    g_test_add_func("/faults/devices", test_device_failures);
    g_test_add_func("/faults/commands", test_command_fates);
    g_test_add_func("/faults/retries", test_fates_belong_to_commands);
    g_test_add_func("/faults/partial", test_partial_share);
    g_test_add_func("/faults/feed-gaps", test_feed_gaps);
    return g_test_run();
}

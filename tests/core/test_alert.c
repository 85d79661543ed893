/* SPDX-License-Identifier: Apache-2.0 */
/* Alerts: one per kind and subject, raised and cleared by transitions, acknowledged by people; remembered replies. */
#include "site.h"

#include "base/units.h"

#include <string.h>

#define H100 (UINT64_C(1) << SITE_H100)

static uint32_t submit(site *s, hcp_priority priority, uint32_t count, int64_t duration_us)
{
    hcp_submit what = {
        .name = "job",
        .kind = HCP_WORKLOAD_MODEL_TRAINING,
        .priority = priority,
        .classes = H100,
        .facility = SITE_NORTH,
        .count = count,
        .duration_us = duration_us,
    };
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what});
    return hcp_core_find_workload(s->core, (hcp_workload_id){s->outcome.id});
}

/* The newest alert of a kind, or NULL. */
static const hcp_alert *newest(const site *s, const char *kind)
{
    const GArray *alerts = hcp_core_state(s->core)->alerts;
    for (guint i = alerts->len; i-- > 0;) {
        const hcp_alert *alert = &g_array_index(alerts, hcp_alert, i);
        if (g_str_equal(alert->def.kind, kind))
            return alert;
    }
    return NULL;
}

static void test_queue_wait(void)
{
    site s;
    site_init(&s);
    uint32_t holder = submit(&s, HCP_PRIORITY_P1, 16, HCP_US_PER_H);
    site_drive(&s, HCP_US_PER_MS);
    (void)submit(&s, HCP_PRIORITY_P2, 4, HCP_US_PER_MIN);
    (void)submit(&s, HCP_PRIORITY_P2, 4, HCP_US_PER_MIN);
    site_tick(&s, 5 * HCP_US_PER_MIN - 1);
    g_assert_null(newest(&s, "queue_wait"));
    site_tick(&s, 1);
    const hcp_alert *alert = newest(&s, "queue_wait");
    g_assert_nonnull(alert);
    g_assert_cmpint(alert->def.severity, ==, HCP_SEVERITY_WARNING);
    g_assert_cmpstr(alert->def.subject, ==, "P2");
    g_assert_nonnull(strstr(alert->def.message, "2 are queued"));
    g_assert_cmpuint(site_events(&s, HCP_EVENT_ALERT_RAISED), ==, 1);
    hcp_workload_id id = hcp_state_workload(hcp_core_state(s.core), holder)->def.id;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = id});
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(newest(&s, "queue_wait")->cleared_us, !=, 0);
    site_finish(&s);
}

static void test_workload_complete(void)
{
    site s;
    site_init(&s);
    (void)submit(&s, HCP_PRIORITY_P2, 2, 2 * HCP_US_PER_H);
    site_drive(&s, HCP_US_PER_MS);
    site_tick(&s, 2 * HCP_US_PER_H);
    const hcp_alert *alert = newest(&s, "workload_complete");
    g_assert_nonnull(alert);
    g_assert_cmpint(alert->def.severity, ==, HCP_SEVERITY_SUCCESS);
    g_assert_cmpint(alert->def.category, ==, HCP_ALERT_CUSTOMER);
    g_assert_nonnull(strstr(alert->def.message, "Workload Complete"));
    g_assert_nonnull(strstr(alert->def.message, "$7.50"));
    g_assert_cmpint(alert->cleared_us, ==, alert->raised_us);
    site_finish(&s);
}

static void test_acknowledge(void)
{
    site s;
    site_init(&s);
    site_health(&s, SITE_H100_FIRST, HCP_HEALTH_FAILED);
    const hcp_alert *alert = newest(&s, "gpu_failure");
    g_assert_nonnull(alert);
    hcp_command command = {.type = HCP_COMMAND_ACKNOWLEDGE};
    command.acknowledge.alert = alert->def.id;
    command.acknowledge.note = "on my way";
    s.now_us += HCP_US_PER_S;
    site_must(&s, &command);
    alert = newest(&s, "gpu_failure");
    g_assert_cmpint(alert->acknowledged_us, ==, s.now_us);
    g_assert_cmpstr(alert->note, ==, "on my way");
    g_assert_cmpint(alert->cleared_us, ==, 0);
    command.acknowledge.note = NULL;
    site_must(&s, &command); /* twice is once */
    g_assert_cmpuint(s.outcome.events->len, ==, 0);
    command.acknowledge.alert.value = 77;
    site_refused(&s, &command, HCP_REFUSAL_NOT_FOUND);
    site_finish(&s);
}

static void test_power_cap(void)
{
    site s;
    site_init(&s);
    const hcp_facility *north = hcp_state_facility(hcp_core_state(s.core), SITE_NORTH);
    g_assert_null(newest(&s, "power_cap"));
    hcp_cap_changed cap = {.facility = SITE_NORTH, .cap_w = north->it_power_w * 12 / 10 * 100 / 97};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = cap});
    g_assert_nonnull(newest(&s, "power_cap"));
    cap.cap_w = cap.cap_w * 97 / 92; /* between the limits nothing changes */
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = cap});
    g_assert_cmpint(newest(&s, "power_cap")->cleared_us, ==, 0);
    cap.cap_w *= 2;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = cap});
    g_assert_cmpint(newest(&s, "power_cap")->cleared_us, ==, s.now_us);
    site_finish(&s);
}

/* Old alerts are forgotten, open ones never. */
static void test_retention(void)
{
    site s;
    site_init(&s);
    site_health(&s, SITE_H100_FIRST, HCP_HEALTH_FAILED);
    for (int i = 0; i < 300; i++) {
        site_health(&s, SITE_H100_FIRST + 1, i % 2 ? HCP_HEALTH_OK : HCP_HEALTH_DEGRADED);
        site_tick(&s, HCP_US_PER_MIN);
        site_drive(&s, HCP_US_PER_MS);
    }
    const GArray *alerts = hcp_core_state(s.core)->alerts;
    g_assert_cmpuint(alerts->len, <, 110);
    const hcp_alert *first = &g_array_index(alerts, hcp_alert, 0);
    g_assert_cmpint(first->cleared_us, ==, 0);
    g_assert_cmpint(first->raised_us, <, s.now_us - 4 * HCP_US_PER_H);
    site_finish(&s);
}

static void remember(site *s, const char *key, int32_t status)
{
    hcp_reply_remembered reply = {
        .key = (char *)key, .fingerprint = (char *)"f", .status = status, .body = (char *)"{}"};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_REMEMBER_REPLY, .reply = &reply});
}

static void test_replies(void)
{
    site s;
    site_init(&s);
    g_assert_null(hcp_core_find_reply(s.core, "a"));
    remember(&s, "a", 201);
    remember(&s, "a", 500); /* the first answer stands */
    g_assert_cmpuint(s.outcome.events->len, ==, 0);
    g_assert_cmpint(hcp_core_find_reply(s.core, "a")->status, ==, 201);
    hcp_reply_remembered empty = {.status = 200};
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_REMEMBER_REPLY, .reply = &empty},
                 HCP_REFUSAL_INVALID);
    s.now_us += 24 * HCP_US_PER_H - 1;
    remember(&s, "a", 500);
    g_assert_cmpuint(s.outcome.events->len, ==, 0);
    s.now_us += 1;
    remember(&s, "b", 202);
    g_assert_null(hcp_core_find_reply(s.core, "a"));
    remember(&s, "a", 200);
    g_assert_cmpint(hcp_core_find_reply(s.core, "a")->status, ==, 200);
    site_finish(&s);
}

/* Devices taken without a workload are charged by the hour held. */
static void test_allocation_bill(void)
{
    site s;
    site_init(&s);
    uint32_t ix = site_allocate(&s, SITE_H100, SITE_NORTH, 2);
    hcp_command release = {.type = HCP_COMMAND_RELEASE};
    release.release.lease = hcp_state_lease(hcp_core_state(s.core), ix)->def.id;
    site_drive(&s, HCP_US_PER_MS);
    s.now_us = hcp_state_lease(hcp_core_state(s.core), ix)->granted_us + 2 * HCP_US_PER_H;
    site_must(&s, &release);
    const hcp_customer *customer = hcp_state_customer(hcp_core_state(s.core), 0);
    g_assert_cmpint(customer->spent_usd_micro, ==, 7500000);
    g_assert_cmpint(customer->used_device_us, ==, 4 * HCP_US_PER_H);
    g_assert_cmpint(hcp_state_facility(hcp_core_state(s.core), SITE_NORTH)->ai_usd_micro, ==,
                    7500000);
    site_finish(&s);
}

static void test_device_anomaly(void)
{
    site s;
    site_init(&s);
    hcp_command command = {
        .type = HCP_COMMAND_REPORT_ANOMALY,
        .anomaly = {.device = SITE_S21_FIRST, .found = true, .cause = "hashrate", .score = 9.4},
    };
    site_must(&s, &command);
    site_must(&s, &command);
    g_assert_cmpuint(site_events(&s, HCP_EVENT_ALERT_RAISED), ==, 0);
    const hcp_alert *alert = newest(&s, "device_anomaly");
    g_autofree char *name = hcp_state_device_name(hcp_core_state(s.core), SITE_S21_FIRST);
    g_assert_cmpstr(alert->def.subject, ==, name);
    g_assert_nonnull(strstr(alert->def.message, "hashrate is not what its power explains"));
    g_assert_nonnull(strstr(alert->def.message, "score 9.4"));
    g_assert_cmpint(hcp_core_state(s.core)->fleet.health[SITE_S21_FIRST], ==, HCP_HEALTH_OK);
    command.anomaly.found = false;
    site_must(&s, &command);
    g_assert_cmpint(newest(&s, "device_anomaly")->cleared_us, !=, 0);
    command.anomaly.device = SITE_DEVICES;
    site_refused(&s, &command, HCP_REFUSAL_INVALID);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/alert/queue_wait", test_queue_wait);
    g_test_add_func("/core/alert/workload_complete", test_workload_complete);
    g_test_add_func("/core/alert/acknowledge", test_acknowledge);
    g_test_add_func("/core/alert/power_cap", test_power_cap);
    g_test_add_func("/core/alert/device_anomaly", test_device_anomaly);
    g_test_add_func("/core/alert/retention", test_retention);
    g_test_add_func("/core/replies", test_replies);
    g_test_add_func("/core/allocation_bill", test_allocation_bill);
    return g_test_run();
}

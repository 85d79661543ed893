/* SPDX-License-Identifier: Apache-2.0 */
/* Customers and settings: what a definition must satisfy, what a new one keeps; forged events are turned away. */
#include "site.h"

#include "base/units.h"
#include "core/queue.h"

#include <string.h>

static hcp_customer_defined customer(void)
{
    return (hcp_customer_defined){
        .key = (char *)"cust-009",
        .name = (char *)"Nine",
        .quota_device_us = 10 * HCP_US_PER_H,
        .rate_permille = 500,
    };
}

static void refuse_define(site *s, const hcp_event *event, const char *field)
{
    site_refused(s, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = event},
                 HCP_REFUSAL_INVALID);
    g_assert_cmpstr(s->outcome.refusal.field, ==, field);
}

static void test_customers(void)
{
    site s;
    site_init(&s);
    hcp_event event = {.type = HCP_EVENT_CUSTOMER_DEFINED, .customer_defined = customer()};
    site_define(&s, &event);
    uint32_t ix = hcp_core_find_customer(s.core, "cust-009");
    g_assert_cmpuint(ix, !=, HCP_NO_INDEX);
    char id[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_CUSTOMER, s.outcome.id, id);
    g_assert_cmpuint(hcp_core_find_customer(s.core, id), ==, ix);
    /* The same key again is the same customer with new terms. */
    event.customer_defined.rate_permille = 700;
    uint64_t first_id = s.outcome.id;
    site_define(&s, &event);
    g_assert_cmpuint(s.outcome.id, ==, first_id);
    g_assert_cmpuint(hcp_core_find_customer(s.core, "cust-009"), ==, ix);
    g_assert_cmpint(hcp_state_customer(hcp_core_state(s.core), ix)->def.rate_permille, ==, 700);
    event.customer_defined.quota_device_us = -1;
    site_define(&s, &event);
    g_assert_cmpint(hcp_state_customer(hcp_core_state(s.core), ix)->quota_left_device_us, ==, -1);
    event.customer_defined.key = (char *)"";
    refuse_define(&s, &event, "key");
    event.customer_defined = customer();
    event.customer_defined.quota_device_us = -2;
    refuse_define(&s, &event, "quota");
    site_finish(&s);
}

static void test_settings(void)
{
    site s;
    site_init(&s);
    hcp_event event = {.type = HCP_EVENT_SETTINGS_CHANGED,
                       .settings_changed = hcp_core_state(s.core)->settings};
    hcp_settings *settings = &event.settings_changed;
    const hcp_settings good = *settings;
    settings->score_weight_network = 50;
    refuse_define(&s, &event, "score_weights");
    *settings = good;
    settings->max_wait_p2_us = 0;
    refuse_define(&s, &event, "max_wait_p2");
    *settings = good;
    settings->retry_backoff_us = INT64_MAX / 2;
    refuse_define(&s, &event, "retry_backoff");
    *settings = good;
    settings->queue_capacity = 0;
    refuse_define(&s, &event, "queue_capacity");
    *settings = good;
    settings->default_customer = 7;
    refuse_define(&s, &event, "default_customer");
    *settings = good;
    settings->default_customer = 0;
    site_define(&s, &event);
    /* Requests without a customer are the default one's. */
    hcp_submit what = {
        .customer = HCP_NO_INDEX,
        .kind = HCP_WORKLOAD_AI_INFERENCE_REALTIME,
        .facility = HCP_NO_INDEX,
        .count = 1,
    };
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what});
    uint32_t ix = hcp_core_find_workload(s.core, (hcp_workload_id){s.outcome.id});
    g_assert_cmpuint(hcp_state_workload(hcp_core_state(s.core), ix)->def.customer, ==, 0);
    site_finish(&s);
}

/* New limits reach those already queued: five minutes become one second, and three of those past its promise it goes first. */
static void test_limits_change(void)
{
    site s;
    site_init(&s);
    (void)site_submit(&s, 1, 16, 10 * HCP_US_PER_H);
    (void)site_submit(&s, 1, 8, 10 * HCP_US_PER_H);
    uint32_t waits = site_submit(&s, 1, 9, HCP_US_PER_H);
    hcp_submit urgent = {.kind = HCP_WORKLOAD_AI_INFERENCE_REALTIME,
                         .priority = HCP_PRIORITY_P1,
                         .classes = 1,
                         .facility = SITE_NORTH,
                         .count = 16};
    hcp_event event = {.type = HCP_EVENT_SETTINGS_CHANGED,
                       .settings_changed = hcp_core_state(s.core)->settings};
    event.settings_changed.max_preemptions = 0;
    site_define(&s, &event);
    int64_t due_us = hcp_state_workload(hcp_core_state(s.core), waits)->due_us;
    s.now_us = due_us + 3 * HCP_US_PER_S;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = urgent});
    g_assert_cmpuint(hcp_queue_position(hcp_core_queue(s.core), waits, s.now_us), ==, 2);
    event.settings_changed.max_wait_p2_us = HCP_US_PER_S;
    site_define(&s, &event);
    g_assert_cmpuint(hcp_queue_position(hcp_core_queue(s.core), waits, s.now_us), ==, 1);
    site_finish(&s);
}

/* Events that no decision of this core made: each is turned away and leaves the state as it was. */
static void test_forged_events(void)
{
    site s;
    site_init(&s);
    uint32_t ix = site_submit(&s, 1, 2, HCP_US_PER_H);
    hcp_workload_id id = hcp_state_workload(hcp_core_state(s.core), ix)->def.id;
    hcp_workload_accepted accepted = hcp_state_workload(hcp_core_state(s.core), ix)->def;
    hcp_workload_accepted stranger = accepted, crowd = accepted;
    stranger.id.value = crowd.id.value = hcp_core_state(s.core)->last_id + 1;
    stranger.customer = 99;
    crowd.count = HCP_MAX_GANG + 1;
    hcp_event events[] = {
        {.type = HCP_EVENT_WORKLOAD_ACCEPTED, .workload_accepted = accepted}, /* twice */
        {.type = HCP_EVENT_WORKLOAD_ACCEPTED, .workload_accepted = stranger},
        {.type = HCP_EVENT_WORKLOAD_ACCEPTED, .workload_accepted = crowd},
        {.type = HCP_EVENT_WORKLOAD_STARTED, .workload_started = {.id = {4711}}},
        {.type = HCP_EVENT_WORKLOAD_ENDED,
         .workload_ended = {.id = id, .status = HCP_WORKLOAD_CANCELLED, .served_us = 5}},
        {.type = HCP_EVENT_WORKLOAD_ENDED,
         .workload_ended = {.id = id, .status = HCP_WORKLOAD_QUEUED}},
        {.type = HCP_EVENT_WORKLOAD_REQUEUED, .workload_requeued = {.id = id, .lost_us = 1}},
        {.type = HCP_EVENT_WAIT_CHANGED, .wait_changed = {.id = id, .wait = HCP_WAIT_POWER}},
        {.type = HCP_EVENT_ALERT_CHANGED, .alert_changed = {.id = {1}, .cleared = true}},
        {.type = HCP_EVENT_PRICE_OBSERVED, .price_observed = {.facility = 9}},
        {.type = HCP_EVENT_REPLY_REMEMBERED},
        {.type = HCP_EVENT_CUSTOMER_DEFINED},
    };
    g_autofree char *before = hcp_core_hash(s.core);
    for (guint i = 0; i < G_N_ELEMENTS(events); i++) {
        g_autoptr(GError) error = NULL;
        events[i].time_us = s.now_us;
        g_assert_false(hcp_core_apply(s.core, &events[i], &error));
        g_assert_nonnull(strstr(error->message, hcp_event_type_name(events[i].type)));
    }
    g_autofree char *after = hcp_core_hash(s.core);
    g_assert_cmpstr(before, ==, after);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/identity/customers", test_customers);
    g_test_add_func("/core/identity/settings", test_settings);
    g_test_add_func("/core/identity/limits_change", test_limits_change);
    g_test_add_func("/core/identity/forged_events", test_forged_events);
    return g_test_run();
}

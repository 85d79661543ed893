/* SPDX-License-Identifier: Apache-2.0 */
/* Work whose start was put off: its devices stay its own, it starts when its time has come or somebody lacks devices, and it
 * never misses a deadline because it waited. */
#include "site.h"

#include "base/rng.h"
#include "base/units.h"

#define H100 (UINT64_C(1) << SITE_H100)
#define RESERVE_US (15 * HCP_US_PER_MIN)

static hcp_submit job(uint32_t count, int64_t duration_us)
{
    return (hcp_submit){.name = "job",
                        .kind = HCP_WORKLOAD_MODEL_TRAINING,
                        .priority = HCP_PRIORITY_P3,
                        .classes = H100,
                        .facility = SITE_NORTH,
                        .count = count,
                        .duration_us = duration_us};
}

static uint32_t submit(site *s, hcp_submit what)
{
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what});
    return hcp_core_find_workload(s->core, (hcp_workload_id){s->outcome.id});
}

/* Put off by `wait_us`; may end `slack_us` later than at once. */
static uint32_t submit_deferred(site *s, hcp_submit what, int64_t wait_us, int64_t slack_us)
{
    what.deferrable = true;
    what.finish_by_us = s->now_us + what.duration_us + slack_us;
    what.deferral.not_before_us = s->now_us + wait_us;
    what.deferral.reason = "cheaper then";
    what.deferral.saving_usd_micro = 1230000;
    return submit(s, what);
}

static const hcp_workload *row(const site *s, uint32_t ix)
{
    return hcp_state_workload(hcp_core_state(s->core), ix);
}

static void test_waits_for_its_time(void)
{
    site s;
    site_init(&s);
    uint32_t late = submit_deferred(&s, job(4, HCP_US_PER_H), 3 * HCP_US_PER_H, 5 * HCP_US_PER_H);
    g_assert_cmpint(row(&s, late)->wait, ==, HCP_WAIT_DEFERRED);
    g_assert_cmpint(row(&s, late)->not_before_us, ==, s.now_us + 3 * HCP_US_PER_H);
    g_assert_cmpint(row(&s, late)->def.deadline_us, ==, s.now_us + 5 * HCP_US_PER_H - RESERVE_US);
    g_assert_cmpstr(row(&s, late)->reason, ==, "cheaper then");
    g_assert_cmpint(hcp_core_next_due(s.core), <=, s.now_us + 3 * HCP_US_PER_H);
    site_tick(&s, 3 * HCP_US_PER_H - 1);
    g_assert_cmpint(row(&s, late)->status, ==, HCP_WORKLOAD_QUEUED);
    site_tick(&s, 1);
    g_assert_cmpint(row(&s, late)->status, ==, HCP_WORKLOAD_STARTING);
    site_finish(&s);
}

/* The site's slack does for P3 what the request does for others. */
static void test_slack_of_the_site(void)
{
    site s;
    site_init(&s);
    hcp_event event = {.type = HCP_EVENT_SETTINGS_CHANGED,
                       .settings_changed = hcp_core_state(s.core)->settings};
    event.settings_changed.deferral_slack_us = 6 * HCP_US_PER_H;
    site_define(&s, &event);
    hcp_submit what = job(2, HCP_US_PER_H);
    what.deferral.not_before_us = s.now_us + HCP_US_PER_H;
    uint32_t background = submit(&s, what);
    g_assert_cmpint(row(&s, background)->wait, ==, HCP_WAIT_DEFERRED);
    g_assert_cmpint(row(&s, background)->def.finish_by_us, ==, s.now_us + 7 * HCP_US_PER_H);
    what.priority = HCP_PRIORITY_P2;
    g_assert_cmpint(row(&s, submit(&s, what))->status, ==, HCP_WORKLOAD_STARTING);
    site_finish(&s);
}

/* A plan that the deadline does not allow is dropped; a deadline that cannot be kept is refused. */
static void test_deadlines_rule(void)
{
    site s;
    site_init(&s);
    uint32_t tight = submit_deferred(&s, job(1, HCP_US_PER_H), HCP_US_PER_H, HCP_US_PER_H);
    g_assert_cmpint(row(&s, tight)->status, ==, HCP_WORKLOAD_STARTING);
    hcp_submit what = job(1, 2 * HCP_US_PER_H);
    what.finish_by_us = s.now_us + HCP_US_PER_H;
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what},
                 HCP_REFUSAL_CAPACITY);
    what = job(1, HCP_US_PER_H); /* not deferrable: the plan is nothing to it */
    what.finish_by_us = s.now_us + 10 * HCP_US_PER_H;
    what.deferral.not_before_us = s.now_us + HCP_US_PER_H;
    g_assert_cmpint(row(&s, submit(&s, what))->status, ==, HCP_WORKLOAD_STARTING);
    site_finish(&s);
}

/* 12 of 16 devices are put off: 4 may be taken by others, the fifth brings the deferral to its end. */
static void test_contention_ends_it(void)
{
    site s;
    site_init(&s);
    uint32_t late = submit_deferred(&s, job(12, HCP_US_PER_H), 3 * HCP_US_PER_H, 9 * HCP_US_PER_H);
    uint32_t fits = submit(&s, job(4, HCP_US_PER_H));
    g_assert_cmpint(row(&s, fits)->status, ==, HCP_WORKLOAD_STARTING);
    g_assert_cmpint(row(&s, late)->wait, ==, HCP_WAIT_DEFERRED);
    uint32_t behind = submit(&s, job(1, HCP_US_PER_H));
    g_assert_cmpint(row(&s, late)->status, ==, HCP_WORKLOAD_STARTING);
    g_assert_cmpint(row(&s, behind)->status, ==, HCP_WORKLOAD_QUEUED);
    site_finish(&s);
}

/* When it could not start any more it queues like everybody. */
static void test_lost_devices_end_it(void)
{
    site s;
    site_init(&s);
    uint32_t late = submit_deferred(&s, job(16, HCP_US_PER_H), 3 * HCP_US_PER_H, 9 * HCP_US_PER_H);
    g_assert_cmpint(row(&s, late)->wait, ==, HCP_WAIT_DEFERRED);
    site_health(&s, SITE_H100_FIRST, HCP_HEALTH_FAILED);
    g_assert_cmpint(row(&s, late)->wait, ==, HCP_WAIT_DEVICES);
    site_health(&s, SITE_H100_FIRST, HCP_HEALTH_OK);
    g_assert_cmpint(row(&s, late)->status, ==, HCP_WORKLOAD_STARTING);
    site_finish(&s);
}

static void test_survives(void)
{
    site s;
    site_init(&s);
    (void)submit_deferred(&s, job(4, HCP_US_PER_H), 3 * HCP_US_PER_H, 9 * HCP_US_PER_H);
    (void)submit_deferred(&s, job(8, HCP_US_PER_H), 2 * HCP_US_PER_H, 9 * HCP_US_PER_H);
    g_autofree char *hash = hcp_core_hash(s.core);
    hcp_core *replayed = site_replay(&s);
    g_autofree char *replayed_hash = hcp_core_hash(replayed);
    g_assert_cmpstr(replayed_hash, ==, hash);
    g_autoptr(GBytes) blob = hcp_core_snapshot(s.core);
    hcp_core_free(s.core);
    s.core = hcp_core_restore(blob, NULL);
    /* The restored core keeps the devices and starts both in time. */
    uint32_t other = submit(&s, job(4, HCP_US_PER_H));
    g_assert_cmpint(row(&s, other)->status, ==, HCP_WORKLOAD_STARTING);
    site_tick(&s, 2 * HCP_US_PER_H);
    g_assert_cmpint(row(&s, 1)->status, ==, HCP_WORKLOAD_STARTING);
    g_assert_cmpint(row(&s, 0)->wait, ==, HCP_WAIT_DEFERRED);
    hcp_core_free(replayed);
    site_finish(&s);
}

/* Lets time pass in steps at which everything due happens and every switch is driven to its end. */
static void live(site *s, int64_t until_us)
{
    site_drive(s, 100 * HCP_US_PER_MS);
    while (s->now_us < until_us) {
        int64_t due_us = MIN(hcp_core_next_due(s->core), until_us);
        site_tick(s, MAX(due_us - s->now_us, 0));
        site_drive(s, 100 * HCP_US_PER_MS);
    }
}

static void remember_finished(site *s)
{
    hcp_event event = {.type = HCP_EVENT_SETTINGS_CHANGED,
                       .settings_changed = hcp_core_state(s->core)->settings};
    event.settings_changed.finished_retention_us = 100 * HCP_US_PER_DAY;
    site_define(s, &event);
}

/* Whatever of the same or a lower priority comes, at whatever load: all that were put off end by their deadline. */
static void test_never_misses(void)
{
    for (uint64_t seed = 1; seed <= 25; seed++) {
        site s;
        hcp_rng rng;
        g_test_message("seed %" G_GUINT64_FORMAT, seed);
        hcp_rng_init(&rng, seed, 0);
        site_init(&s);
        remember_finished(&s);
        g_autoptr(GArray) promised = g_array_new(FALSE, FALSE, sizeof(hcp_workload_id));
        for (int i = 0; i < 40; i++) {
            hcp_submit what = job(1 + (uint32_t)hcp_rng_below(&rng, 8),
                                  HCP_US_PER_MIN * (5 + (int64_t)hcp_rng_below(&rng, 180)));
            int64_t slack_us = HCP_US_PER_MIN * (int64_t)hcp_rng_below(&rng, 600);
            int64_t wait_us = (int64_t)hcp_rng_below(&rng, (uint64_t)slack_us + 1);
            bool at_once = hcp_rng_below(&rng, 2) == 0;
            if (at_once && hcp_rng_below(&rng, 2) == 0)
                what.priority = HCP_PRIORITY_P4;
            uint32_t ix = at_once ? submit(&s, what) : submit_deferred(&s, what, wait_us, slack_us);
            if (row(&s, ix)->wait == HCP_WAIT_DEFERRED)
                g_array_append_val(promised, row(&s, ix)->def.id);
            live(&s, s.now_us + HCP_US_PER_MIN * (int64_t)hcp_rng_below(&rng, 90));
        }
        live(&s, s.now_us + 4 * HCP_US_PER_DAY);
        g_assert_cmpuint(promised->len, >, 0);
        for (guint i = 0; i < promised->len; i++) {
            hcp_workload_id id = g_array_index(promised, hcp_workload_id, i);
            const hcp_workload *done = row(&s, hcp_core_find_workload(s.core, id));
            g_assert_cmpint(done->status, ==, HCP_WORKLOAD_COMPLETED);
            g_assert_cmpint(done->finished_us, <=, done->def.finish_by_us);
        }
        site_finish(&s);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/deferral/waits", test_waits_for_its_time);
    g_test_add_func("/core/deferral/slack", test_slack_of_the_site);
    g_test_add_func("/core/deferral/deadlines", test_deadlines_rule);
    g_test_add_func("/core/deferral/contention", test_contention_ends_it);
    g_test_add_func("/core/deferral/lost_devices", test_lost_devices_end_it);
    g_test_add_func("/core/deferral/survives", test_survives);
    g_test_add_func("/core/deferral/never_misses", test_never_misses);
    return g_test_run();
}

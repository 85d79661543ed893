/* SPDX-License-Identifier: Apache-2.0 */
/* Every reason to wait, its figures, and that applying the remedy it names starts the workload. */
#include "site.h"

#include "base/units.h"
#include "core/explain.h"
#include "core/queue.h"

#include <string.h>

#define H100 (UINT64_C(1) << SITE_H100)
#define A100 (UINT64_C(1) << SITE_A100)

static hcp_submit job(uint32_t count)
{
    return (hcp_submit){
        .name = "job",
        .kind = HCP_WORKLOAD_MODEL_TRAINING,
        .priority = HCP_PRIORITY_P3,
        .classes = H100,
        .facility = SITE_NORTH,
        .count = count,
        .duration_us = HCP_US_PER_H,
    };
}

static uint32_t submit(site *s, hcp_submit what)
{
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = what});
    return hcp_core_find_workload(s->core, (hcp_workload_id){s->outcome.id});
}

static const hcp_workload *row(const site *s, uint32_t ix)
{
    return hcp_state_workload(hcp_core_state(s->core), ix);
}

static void explain(const site *s, uint32_t ix, hcp_explanation *explanation)
{
    g_autofree char *before = hcp_core_hash(s->core);
    hcp_explain(s->core, ix, s->now_us, explanation);
    g_autofree char *after = hcp_core_hash(s->core);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpint(explanation->wait, ==, row(s, ix)->wait);
    g_test_message("%s", explanation->sentence);
}

static const hcp_remedy *find(const hcp_explanation *explanation, hcp_remedy_kind kind)
{
    for (guint i = 0; i < explanation->remedies->len; i++) {
        const hcp_remedy *remedy = &g_array_index(explanation->remedies, hcp_remedy, i);
        if (remedy->kind == kind)
            return remedy;
    }
    return NULL;
}

static uint32_t unavailable(const hcp_explanation *explanation, const char *reason)
{
    for (guint i = 0; i < explanation->unavailable->len; i++) {
        const hcp_unavailable *u = &g_array_index(explanation->unavailable, hcp_unavailable, i);
        if (g_str_equal(u->reason, reason))
            return u->count;
    }
    return 0;
}

static void end_lease(site *s, hcp_lease_id id)
{
    uint32_t ix = hcp_core_find_lease(s->core, id);
    const hcp_lease *lease = hcp_state_lease(hcp_core_state(s->core), ix);
    if (lease->workload != HCP_NO_INDEX) {
        hcp_workload_id workload = row(s, lease->workload)->def.id;
        site_must(s, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = workload});
        return;
    }
    hcp_command release = {.type = HCP_COMMAND_RELEASE};
    release.release.lease = id;
    site_must(s, &release);
}

static void test_devices(void)
{
    site s;
    site_init(&s);
    uint32_t a = submit(&s, job(10));
    uint32_t allocation = site_allocate(&s, SITE_H100, SITE_NORTH, 3);
    (void)allocation;
    site_drive(&s, HCP_US_PER_MS);
    site_health(&s, SITE_H100_FIRST + 15, HCP_HEALTH_DEGRADED);
    uint32_t waits = submit(&s, job(8));
    hcp_explanation e;
    explain(&s, waits, &e);
    g_assert_cmpint(e.wait, ==, HCP_WAIT_DEVICES);
    g_assert_cmpuint(e.position, ==, 1);
    g_assert_cmpuint(e.needed, ==, 8);
    g_assert_cmpuint(e.free, ==, 2);
    g_assert_cmpuint(e.missing, ==, 6);
    g_assert_cmpuint(e.facility, ==, SITE_NORTH);
    g_assert_cmpuint(unavailable(&e, "leased"), ==, 13);
    g_assert_cmpuint(unavailable(&e, "degraded"), ==, 1);
    g_assert_cmpuint(unavailable(&e, "other facility"), ==, SITE_SOUTH_COUNT);
    /* It can start when the ten are given back: that is known to the microsecond. */
    g_assert_cmpint(e.eta.low_us, >=, row(&s, a)->ends_us);
    g_assert_cmpint(e.eta.low_us, <, row(&s, a)->ends_us + HCP_US_PER_S);
    const hcp_remedy *remedy = find(&e, HCP_REMEDY_END_LEASES);
    g_assert_nonnull(remedy);
    g_assert_cmpuint(remedy->count, >=, 6);
    for (guint i = 0; i < remedy->leases->len; i++)
        end_lease(&s, g_array_index(remedy->leases, hcp_lease_id, i));
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(row(&s, waits)->status, ==, HCP_WORKLOAD_RUNNING);
    hcp_explanation_clear(&e);
    site_finish(&s);
}

static void test_other_facility(void)
{
    site s;
    site_init(&s);
    (void)submit(&s, job(16));
    site_drive(&s, HCP_US_PER_MS);
    uint32_t waits = submit(&s, job(8));
    hcp_explanation e;
    explain(&s, waits, &e);
    const hcp_remedy *facility = find(&e, HCP_REMEDY_ACCEPT_FACILITY);
    const hcp_remedy *cls = find(&e, HCP_REMEDY_ACCEPT_CLASS);
    g_assert_nonnull(facility);
    g_assert_nonnull(cls);
    g_assert_cmpuint(facility->facility, ==, SITE_SOUTH);
    g_assert_cmpuint(cls->class_ix, ==, SITE_A100);
    hcp_submit elsewhere = job(8);
    elsewhere.facility = HCP_NO_INDEX;
    g_assert_cmpint(row(&s, submit(&s, elsewhere))->status, ==, HCP_WORKLOAD_STARTING);
    hcp_submit other_class = job(8);
    other_class.classes |= UINT64_C(1) << cls->class_ix;
    g_assert_cmpint(row(&s, submit(&s, other_class))->status, ==, HCP_WORKLOAD_STARTING);
    hcp_explanation_clear(&e);
    site_finish(&s);
}

static void test_returned_devices(void)
{
    site s;
    site_init(&s);
    for (uint32_t d = 0; d < 10; d++)
        site_admin(&s, SITE_H100_FIRST + d, HCP_ADMIN_CORDONED);
    uint32_t waits = submit(&s, job(8));
    hcp_explanation e;
    explain(&s, waits, &e);
    g_assert_cmpuint(unavailable(&e, "cordoned"), ==, 10);
    const hcp_remedy *remedy = find(&e, HCP_REMEDY_RETURN_DEVICES);
    g_assert_nonnull(remedy);
    g_assert_cmpuint(remedy->count, ==, 2);
    g_assert_null(find(&e, HCP_REMEDY_END_LEASES));
    for (uint32_t d = 0; d < remedy->count; d++)
        site_admin(&s, SITE_H100_FIRST + d, HCP_ADMIN_NONE);
    g_assert_cmpint(row(&s, waits)->status, ==, HCP_WORKLOAD_STARTING);
    hcp_explanation_clear(&e);
    site_finish(&s);
}

/* Nothing left to curtail: only a higher cap helps, by exactly the watts it names. */
static void test_power(void)
{
    site s;
    site_init(&s);
    const hcp_facility *south = hcp_state_facility(hcp_core_state(s.core), SITE_SOUTH);
    hcp_cap_changed cap = {.facility = SITE_SOUTH, .cap_w = 1000};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = cap});
    hcp_submit wanted = job(2);
    wanted.facility = SITE_SOUTH;
    uint32_t waits = submit(&s, wanted);
    hcp_explanation e;
    explain(&s, waits, &e);
    g_assert_cmpint(e.wait, ==, HCP_WAIT_POWER);
    const hcp_remedy *remedy = find(&e, HCP_REMEDY_RAISE_CAP);
    g_assert_nonnull(remedy);
    g_assert_cmpint(remedy->power_w, ==, e.power_short_w);
    cap.cap_w = south->def.cap_w + remedy->power_w - 2;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = cap});
    g_assert_cmpint(row(&s, waits)->status, ==, HCP_WORKLOAD_QUEUED);
    cap.cap_w += 2;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = cap});
    g_assert_cmpint(row(&s, waits)->status, ==, HCP_WORKLOAD_STARTING);
    hcp_explanation_clear(&e);
    site_finish(&s);
}

static void test_emergency(void)
{
    site s;
    site_init(&s);
    (void)site_allocate(&s, SITE_H100, SITE_NORTH, 16);
    site_drive(&s, HCP_US_PER_MS);
    uint32_t waits = submit(&s, job(8));
    hcp_emergency_changed stop = {
        .facility = SITE_NORTH, .active = true, .reason = (char *)"drill"};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_EMERGENCY, .emergency = stop});
    hcp_explanation e;
    explain(&s, waits, &e);
    g_assert_cmpint(e.wait, ==, HCP_WAIT_EMERGENCY);
    const hcp_remedy *remedy = find(&e, HCP_REMEDY_END_EMERGENCY);
    g_assert_nonnull(remedy);
    g_assert_cmpuint(remedy->facility, ==, SITE_NORTH);
    site_refused(&s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = job(1)},
                 HCP_REFUSAL_EMERGENCY);
    site_drive(&s, HCP_US_PER_S);
    stop.active = false;
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_EMERGENCY, .emergency = stop});
    site_drive(&s, HCP_US_PER_S);
    g_assert_cmpint(row(&s, waits)->status, ==, HCP_WORKLOAD_RUNNING);
    hcp_explanation_clear(&e);
    site_finish(&s);
}

/* Behind others: the leases it names free enough for everybody ahead, too. */
static void test_behind(void)
{
    site s;
    site_init(&s);
    for (int i = 0; i < 4; i++)
        (void)submit(&s, job(4));
    site_drive(&s, HCP_US_PER_MS);
    uint32_t ahead = submit(&s, job(6));
    uint32_t waits = submit(&s, job(3));
    hcp_explanation e;
    explain(&s, waits, &e);
    g_assert_cmpint(e.wait, ==, HCP_WAIT_BEHIND);
    g_assert_cmpuint(e.position, ==, 2);
    g_assert_cmpuint(e.devices_ahead, ==, 6);
    g_assert_cmpuint(e.missing, ==, 9);
    const hcp_remedy *remedy = find(&e, HCP_REMEDY_END_LEASES);
    g_assert_nonnull(remedy);
    g_assert_cmpuint(remedy->leases->len, ==, 3);
    for (guint i = 0; i < remedy->leases->len; i++)
        end_lease(&s, g_array_index(remedy->leases, hcp_lease_id, i));
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(row(&s, ahead)->status, ==, HCP_WORKLOAD_RUNNING);
    g_assert_cmpint(row(&s, waits)->status, ==, HCP_WORKLOAD_RUNNING);
    hcp_explanation_clear(&e);
    site_finish(&s);
}

static void test_timeline(void)
{
    site s;
    site_init(&s);
    uint32_t ix = submit(&s, job(1));
    site_drive(&s, 10 * HCP_US_PER_MS);
    s.now_us = row(&s, ix)->ends_us;
    site_tick(&s, 0);
    hcp_explanation e;
    explain(&s, ix, &e);
    const char *const expected[] = {"accepted", "first started", "completed"};
    g_assert_cmpuint(e.timeline->len, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < e.timeline->len; i++)
        g_assert_cmpstr(g_array_index(e.timeline, hcp_moment, i).what, ==, expected[i]);
    g_assert_cmpuint(e.remedies->len, ==, 0);
    hcp_explanation_clear(&e);
    site_finish(&s);
}

/* In a closed system the promise holds: everybody starts inside the interval given at submission. */
static void test_eta_interval(void)
{
    site s;
    site_init(&s);
    hcp_eta etas[40];
    hcp_workload_id ids[40];
    int64_t starts_us[40] = {0};
    for (uint32_t i = 0; i < G_N_ELEMENTS(etas); i++) {
        hcp_submit what = job(1 + i % 7);
        what.duration_us = (1 + i % 5) * 5 * HCP_US_PER_MIN;
        uint32_t ix = submit(&s, what);
        ids[i] = row(&s, ix)->def.id;
        hcp_eta_of(s.core, ix, s.now_us, &etas[i]);
    }
    for (int64_t t = 0; t < 24 * 60; t++) {
        site_drive(&s, HCP_US_PER_MS);
        site_tick(&s, 15 * HCP_US_PER_S);
        for (uint32_t i = 0; i < G_N_ELEMENTS(etas); i++) {
            uint32_t ix = hcp_core_find_workload(s.core, ids[i]);
            if (ix != HCP_NO_INDEX && starts_us[i] == 0)
                starts_us[i] = row(&s, ix)->first_started_us;
        }
    }
    for (uint32_t i = 0; i < G_N_ELEMENTS(etas); i++) {
        int64_t started_us = starts_us[i];
        g_test_message("%u: %.0f in %.0f..%.0f s", i, (double)(started_us - SITE_EPOCH_US) / 1e6,
                       (double)(etas[i].low_us - SITE_EPOCH_US) / 1e6,
                       (double)(etas[i].high_us - SITE_EPOCH_US) / 1e6);
        g_assert_cmpint(started_us, >=, etas[i].low_us);
        g_assert_cmpint(started_us, <=, etas[i].high_us + HCP_US_PER_MIN);
    }
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/explain/devices", test_devices);
    g_test_add_func("/core/explain/other_facility", test_other_facility);
    g_test_add_func("/core/explain/returned_devices", test_returned_devices);
    g_test_add_func("/core/explain/power", test_power);
    g_test_add_func("/core/explain/emergency", test_emergency);
    g_test_add_func("/core/explain/behind", test_behind);
    g_test_add_func("/core/explain/timeline", test_timeline);
    g_test_add_func("/core/explain/eta_interval", test_eta_interval);
    return g_test_run();
}

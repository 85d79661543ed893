/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core under random commands: after each every invariant holds (site_do checks them), and now and then a replay of
 * the journal and a restored snapshot must hash like the live core and decide like it. The seed of a failure is printed.
 */
#include "site.h"

#include "base/rng.h"
#include "base/units.h"
#include "core/explain.h"
#include "core/metering.h"
#include "core/queue.h"

#include <string.h>

typedef struct {
    site s;
    hcp_rng rng;
    GArray *ids; /* hcp_workload_id of every accepted workload */
} play;

static uint32_t below(play *p, uint32_t bound)
{
    return (uint32_t)hcp_rng_below(&p->rng, bound);
}

static void do_submit(play *p)
{
    static const int64_t DURATIONS[] = {0, HCP_US_PER_MIN, 20 * HCP_US_PER_MIN, 3 * HCP_US_PER_H,
                                        2 * HCP_US_PER_S};
    hcp_submit submit = {
        .customer = below(p, 2),
        .name = "job",
        .model = below(p, 2) ? "llama-3-70b" : NULL,
        .kind = (hcp_workload_kind)below(p, HCP_WORKLOAD_KINDS - 1),
        .priority = (hcp_priority)below(p, HCP_PRIORITIES),
        .classes = below(p, 4) == 0 ? 0 : 1 + below(p, 3),
        .facility = below(p, 3) == 0 ? below(p, 2) : HCP_NO_INDEX,
        .count = 1 + below(p, below(p, 4) == 0 ? 16 : 3),
        .duration_us = DURATIONS[below(p, G_N_ELEMENTS(DURATIONS))],
        .max_latency_us = below(p, 4) == 0 ? 5000 : 0,
        .model_bytes = (int64_t)below(p, 60) * 1000000000,
    };
    if (site_do(&p->s, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = submit})) {
        hcp_workload_id id = {p->s.outcome.id};
        g_array_append_val(p->ids, id);
    }
}

static void do_cancel(play *p)
{
    if (p->ids->len == 0)
        return;
    hcp_workload_id id = g_array_index(p->ids, hcp_workload_id, below(p, p->ids->len));
    (void)site_do(&p->s, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = id});
}

/* Index of a live row of a slot table, or HCP_NO_INDEX. */
static uint32_t pick_switch(play *p)
{
    const hcp_state *state = hcp_core_state(p->s.core);
    uint32_t n = state->switches.items->len;
    for (uint32_t i = 0, at = n > 0 ? below(p, n) : 0; i < n; i++, at = (at + 1) % n)
        if (hcp_state_switch(state, at)->live)
            return at;
    return HCP_NO_INDEX;
}

static void do_report(play *p)
{
    uint32_t ix = pick_switch(p);
    if (ix == HCP_NO_INDEX)
        return;
    const hcp_switch *sw = hcp_state_switch(hcp_core_state(p->s.core), ix);
    const hcp_range *range = sw->def.ranges.items;
    uint32_t lost = range->first + below(p, range->count);
    hcp_phase_report report = {.id = sw->def.id, .phase = sw->phase, .ok = below(p, 12) != 0};
    if (below(p, 30) == 0 && hcp_core_state(p->s.core)->fleet.active_switch[lost] == ix) {
        report.lost = &lost;
        report.n_lost = 1;
    }
    report.reason = report.ok ? NULL : "injected";
    (void)site_do(&p->s, &(hcp_command){.type = HCP_COMMAND_REPORT_PHASE, .phase = report});
}

static void do_device(play *p)
{
    uint32_t device = below(p, below(p, 2) ? SITE_DEVICES : SITE_S21_FIRST);
    if (below(p, 2))
        site_health(&p->s, device, below(p, 3) == 0 ? HCP_HEALTH_FAILED : HCP_HEALTH_OK);
    else
        site_admin(&p->s, device, below(p, 3) == 0 ? HCP_ADMIN_CORDONED : HCP_ADMIN_NONE);
}

static void do_site_order(play *p)
{
    uint32_t facility = below(p, 2);
    if (below(p, 2)) {
        int64_t cap_w = (facility == SITE_NORTH ? 400000 : 4000) + 1000 * below(p, 500);
        hcp_cap_changed cap = {.facility = facility, .cap_w = cap_w};
        (void)site_do(&p->s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = cap});
    } else {
        hcp_emergency_changed emergency = {.facility = facility, .active = below(p, 4) == 0};
        emergency.reason = (char *)"test";
        (void)site_do(&p->s, &(hcp_command){.type = HCP_COMMAND_EMERGENCY, .emergency = emergency});
    }
}

static void do_allocation(play *p)
{
    const hcp_state *state = hcp_core_state(p->s.core);
    if (below(p, 2)) {
        hcp_allocate allocate = {.classes = 1, .facility = HCP_NO_INDEX, .count = 1 + below(p, 4)};
        (void)site_do(&p->s, &(hcp_command){.type = HCP_COMMAND_ALLOCATE, .allocate = allocate});
        return;
    }
    for (uint32_t i = 0; i < state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, i);
        if (!lease->live || lease->workload != HCP_NO_INDEX)
            continue;
        hcp_command command = {.type = HCP_COMMAND_RELEASE};
        command.release.lease = lease->def.id;
        site_must(&p->s, &command);
        return;
    }
}

static void do_price(play *p)
{
    hcp_price_observed price = {
        .kind = (hcp_price_kind)below(p, HCP_PRICE_KINDS),
        .facility = below(p, 2),
        .value = 10 + below(p, 100),
        .source = (char *)"test",
        .observed_us = p->s.now_us,
        .quality = HCP_QUALITY_GOOD,
        .simulated = true,
    };
    (void)site_do(&p->s, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
}

static void do_reply(play *p)
{
    g_autofree char *key = g_strdup_printf("key-%u", below(p, 20));
    hcp_reply_remembered reply = {.key = key, .status = 201, .body = (char *)"{}"};
    site_must(&p->s, &(hcp_command){.type = HCP_COMMAND_REMEMBER_REPLY, .reply = &reply});
}

static void do_tick(play *p)
{
    int64_t due_us = hcp_core_next_due(p->s.core);
    int64_t ahead_us = due_us == INT64_MAX ? HCP_US_PER_S : MAX(0, due_us - p->s.now_us);
    site_tick(&p->s, below(p, 3) == 0 ? ahead_us : (int64_t)below(p, 20000) * HCP_US_PER_MS);
}

static void step(play *p)
{
    uint32_t dice = below(p, 100);
    p->s.now_us += below(p, 5) * HCP_US_PER_MS;
    if (dice < 22)
        do_submit(p);
    else if (dice < 25)
        do_cancel(p);
    else if (dice < 70)
        for (uint32_t n = 1 + below(p, 12); n > 0; n--)
            do_report(p);
    else if (dice < 73)
        do_device(p);
    else if (dice < 75)
        do_site_order(p);
    else if (dice < 78)
        do_allocation(p);
    else if (dice < 82)
        do_price(p);
    else if (dice < 84)
        do_reply(p);
    else
        do_tick(p);
}

static void assert_same(const hcp_core *a, const hcp_core *b)
{
    g_autofree char *left = hcp_core_hash(a);
    g_autofree char *right = hcp_core_hash(b);
    g_assert_cmpstr(left, ==, right);
}

static void check_replay(play *p)
{
    hcp_core *replayed = site_replay(&p->s);
    assert_same(p->s.core, replayed);
    g_autofree char *broken = hcp_core_check(replayed);
    g_assert_cmpstr(broken, ==, NULL);
    hcp_core_free(replayed);
}

/* From here on the restored core stands in for the live one: it must be the same in every way. */
static void check_snapshot(play *p)
{
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(p->s.core);
    g_autoptr(GError) error = NULL;
    hcp_core *restored = hcp_core_restore(snapshot, &error);
    g_assert_no_error(error);
    assert_same(p->s.core, restored);
    g_autoptr(GBytes) again = hcp_core_snapshot(restored);
    g_assert_true(g_bytes_equal(snapshot, again));
    if (below(&(play){.rng = p->rng}, 2)) {
        hcp_core_free(p->s.core);
        p->s.core = restored;
    } else {
        hcp_core_free(restored);
    }
}

/* Explaining changes nothing and always has a sentence. */
static void check_explanations(play *p)
{
    const hcp_state *state = hcp_core_state(p->s.core);
    for (uint32_t i = 0; i < state->workloads.items->len; i++) {
        if (hcp_state_workload(state, i)->def.id.value == 0)
            continue;
        hcp_explanation explanation;
        hcp_explain(p->s.core, i, p->s.now_us, &explanation);
        g_assert_nonnull(explanation.sentence);
        g_assert_cmpint(explanation.eta.low_us, <=, explanation.eta.high_us);
        hcp_explanation_clear(&explanation);
    }
}

/* What the meters of the facilities say customers owe is what their bills and running accruals say, but for the rounding of
 * each bill to a micro-dollar. */
static void check_money(const play *p)
{
    const hcp_state *state = hcp_core_state(p->s.core);
    int64_t metered = 0, billed = 0;
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++) {
        hcp_meter meter;
        hcp_meter_read(state, f, p->s.now_us, &meter);
        metered += meter.ai_usd_micro;
    }
    for (uint32_t c = 0; c < state->fleet.customers->len; c++)
        billed += hcp_state_customer(state, c)->spent_usd_micro;
    for (uint32_t i = 0; i < state->workloads.items->len; i++) {
        const hcp_workload *row = hcp_state_workload(state, i);
        if (row->def.id.value == 0 || row->status >= HCP_WORKLOAD_COMPLETED)
            continue;
        hcp_accrual accrual;
        hcp_workload_accrued(state, i, p->s.now_us, &accrual);
        billed += accrual.cost_usd_micro;
    }
    for (uint32_t i = 0; i < state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, i);
        if (lease->live)
            billed += hcp_money_accrue(lease->rate_usd_micro_per_h, p->s.now_us - lease->granted_us,
                                       lease->def.devices.count);
    }
    /* A run whose end is due and not ticked yet is metered a little further than it is charged. */
    int64_t slack = state->submitted_count + 10;
    if (hcp_core_next_due(p->s.core) > p->s.now_us)
        g_assert_cmpint(ABS(metered - billed), <=, slack);
}

static void run_seed(uint64_t seed, int steps)
{
    play p = {.ids = g_array_new(FALSE, FALSE, sizeof(hcp_workload_id))};
    hcp_rng_init(&p.rng, seed, 0);
    site_init(&p.s);
    hcp_customer_defined def = {.key = (char *)"limited",
                                .name = (char *)"Limited",
                                .quota_device_us = 40 * HCP_US_PER_H,
                                .rate_permille = 900};
    site_define(&p.s, &(hcp_event){.type = HCP_EVENT_CUSTOMER_DEFINED, .customer_defined = def});
    g_test_message("seed %" G_GUINT64_FORMAT, seed);
    for (int i = 0; i < steps; i++) {
        step(&p);
        check_money(&p);
        if (i % 97 == 0)
            check_explanations(&p);
        if (i % 211 == 0)
            check_snapshot(&p);
    }
    const hcp_state *state = hcp_core_state(p.s.core);
    g_test_message("%" G_GINT64_FORMAT " submitted, %" G_GINT64_FORMAT
                   " completed, %" G_GINT64_FORMAT " failed, %" G_GINT64_FORMAT
                   " preemptions, %" G_GINT64_FORMAT " switches",
                   state->submitted_count, state->completed_count, state->failed_count,
                   state->preemption_count, state->switch_count);
    check_replay(&p);
    site_finish(&p.s);
    g_array_unref(p.ids);
}

static void test_random(void)
{
    int seeds = g_test_thorough() ? 200 : 12;
    for (int i = 0; i < seeds; i++)
        run_seed((uint64_t)i + 1, 800);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/restore", test_random);
    return g_test_run();
}

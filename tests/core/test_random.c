/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Properties of the whole core under random commands, good and bad: after each the invariants hold (site_do), a refusal
 * changes nothing, and replaying the journal gives the same hash. HCP_TEST_SEEDS sets how many seeds run.
 */
#include "site.h"

#include "base/rng.h"
#include "base/units.h"
#include "core/internal.h"

#define STEPS 400

typedef struct {
    site s;
    hcp_rng rng;
    const hcp_state *state;
    float temperature[SITE_DEVICES], utilisation[SITE_DEVICES];
} world;

static uint32_t below(world *w, uint32_t n)
{
    return (uint32_t)hcp_rng_below(&w->rng, n);
}

static void note_power(const world *w, int64_t ret_before_w[2])
{
    for (uint32_t f = 0; f < 2; f++)
        ret_before_w[f] = hcp_state_facility(w->state, f)->it_power_w;
}

/* No decision takes a facility above its cap, not even while devices switch; a cap that falls finds it there. */
static void check_power(const world *w, const int64_t before_w[2])
{
    for (uint32_t f = 0; f < 2; f++) {
        const hcp_facility *facility = hcp_state_facility(w->state, f);
        int64_t allowed_w = MAX(hcp_power_cap_it_w(w->state, f), before_w[f]);
        g_assert_cmpint(facility->it_power_w, <=, allowed_w);
    }
}

/* Runs the command; when it is refused the hash must be what it was. */
static void attempt(world *w, const hcp_command *command)
{
    g_autofree char *before = hcp_core_hash(w->s.core);
    int64_t before_w[2];
    note_power(w, before_w);
    bool ok = site_do(&w->s, command);
    check_power(w, before_w);
    if (ok)
        return;
    g_autofree char *after = hcp_core_hash(w->s.core);
    g_assert_cmpstr(before, ==, after);
    g_assert_cmpuint(w->s.outcome.events->len, ==, 0);
}

/* A tick is never refused, so there are no hashes to compare, of which there would be thousands. */
static void tick(world *w)
{
    int64_t before_w[2];
    note_power(w, before_w);
    site_must(&w->s, &(hcp_command){.type = HCP_COMMAND_TICK});
    check_power(w, before_w);
}

/* Every so often a facility or class that does not exist. */
static uint32_t any_facility(world *w)
{
    uint32_t f = below(w, 4);
    return f == 3 ? HCP_NO_INDEX : f;
}

static void do_submit(world *w)
{
    static const char *const MODELS[] = {"llama-3-8b", "llama-3-70b", NULL};
    hcp_submit submit = {
        .name = "random",
        .model = MODELS[below(w, 3)],
        .kind = (hcp_workload_kind)below(w, HCP_WORKLOAD_KINDS - 1),
        .priority = (hcp_priority)below(w, HCP_PRIORITIES),
        .classes = 1 + below(w, 3),
        .facility = below(w, 4) ? HCP_NO_INDEX : below(w, 2),
        .count = 1 + below(w, below(w, 4) ? 4 : 18),
        .duration_us = (int64_t)(1 + below(w, 120)) * HCP_US_PER_MIN,
        .model_bytes = (int64_t)below(w, 80) * 1000000000,
    };
    attempt(w, &(hcp_command){.type = HCP_COMMAND_SUBMIT, .submit = submit});
}

static void do_cancel(world *w)
{
    if (w->state->workloads.items->len == 0)
        return;
    uint32_t ix = below(w, w->state->workloads.items->len);
    hcp_workload_id id = hcp_state_workload(w->state, ix)->def.id;
    attempt(w, &(hcp_command){.type = HCP_COMMAND_CANCEL, .cancel = id});
}

static void do_allocate(world *w)
{
    uint32_t devices[3];
    hcp_allocate allocate = {
        .classes = below(w, 8),
        .facility = any_facility(w),
        .count = below(w, 5),
        .customer = below(w, 10) == 0,
    };
    if (below(w, 3) == 0) {
        devices[0] = below(w, SITE_DEVICES);
        devices[1] = devices[0] + 1 + below(w, 2);
        devices[2] = devices[1] + below(w, 2);
        allocate.devices = devices;
        allocate.count = 1 + below(w, 3);
    }
    attempt(w, &(hcp_command){.type = HCP_COMMAND_ALLOCATE, .allocate = allocate});
}

static void do_release(world *w)
{
    if (w->state->leases.items->len == 0)
        return;
    const hcp_lease *lease = hcp_state_lease(w->state, below(w, w->state->leases.items->len));
    hcp_command release = {.type = HCP_COMMAND_RELEASE};
    release.release.lease = lease->def.id;
    release.release.fence = below(w, 3) ? lease->def.fence : below(w, 5);
    attempt(w, &release);
}

/* A report about a running switch: mostly good, sometimes of the wrong phase, failed, or with losses. */
static void report_switch(world *w, uint32_t ix, uint32_t trouble)
{
    const hcp_switch *sw = hcp_state_switch(w->state, ix);
    if (!sw->live)
        return;
    hcp_range range = ((const hcp_range *)sw->def.ranges.items)[below(w, sw->def.ranges.count)];
    uint32_t lost = range.first + below(w, range.count);
    hcp_phase_report report = {.id = sw->def.id, .phase = sw->phase, .ok = true};
    if (below(w, 100) < trouble) {
        report.ok = below(w, 2) == 0;
        report.reason = "random";
        report.phase = below(w, 4) ? sw->phase : (hcp_phase)below(w, HCP_PHASES);
        report.lost = &lost;
        report.n_lost = below(w, 2);
    }
    attempt(w, &(hcp_command){.type = HCP_COMMAND_REPORT_PHASE, .phase = report});
}

static void do_report_one(world *w)
{
    if (w->state->switches.items->len > 0)
        report_switch(w, below(w, w->state->switches.items->len), 40);
}

static void do_report_all(world *w)
{
    w->s.now_us += below(w, 2000) * HCP_US_PER_MS;
    for (uint32_t i = 0, n = w->state->switches.items->len; i < n; i++)
        report_switch(w, i, 3);
}

static uint32_t some_devices(world *w, uint32_t devices[8])
{
    uint32_t n = 1 + below(w, 6), device = below(w, SITE_DEVICES);
    for (uint32_t i = 0; i < n; i++, device += 1 + below(w, 2))
        devices[i] = device;
    return n;
}

static void do_health(world *w)
{
    uint32_t devices[8];
    hcp_health_report report = {
        .devices = devices,
        .count = some_devices(w, devices),
        .health = below(w, 2) ? HCP_HEALTH_OK : (hcp_health)below(w, HCP_HEALTHS),
        .reason = "random",
        .xid = below(w, 6) == 0 ? (int32_t)(60 + below(w, 40)) : 0,
    };
    attempt(w, &(hcp_command){.type = HCP_COMMAND_REPORT_HEALTH, .health = report});
}

static void do_admin(world *w)
{
    uint32_t devices[8];
    hcp_admin_order order = {
        .devices = devices,
        .count = some_devices(w, devices),
        .admin = below(w, 2) ? HCP_ADMIN_NONE : (hcp_admin)below(w, HCP_ADMINS),
        .reason = "random",
    };
    attempt(w, &(hcp_command){.type = HCP_COMMAND_SET_ADMIN, .admin = order});
}

static void do_cap(world *w)
{
    hcp_cap_changed cap = {below(w, 3), (int64_t)below(w, 40) * 25000};
    attempt(w, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = cap});
}

static void do_emergency(world *w)
{
    hcp_emergency_changed order = {any_facility(w), below(w, 3) == 0, (char *)"random"};
    attempt(w, &(hcp_command){.type = HCP_COMMAND_EMERGENCY, .emergency = order});
}

static void do_dispatch(world *w)
{
    hcp_class_plan plans[8];
    uint32_t n = 0, facility = below(w, 2);
    for (uint32_t g = 0; g < w->state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(w->state, g);
        if (group->facility != facility || below(w, 4) == 0)
            continue;
        uint32_t free = group->free + (below(w, 20) == 0), c = group->class_ix;
        plans[n] = (hcp_class_plan){.class_ix = c, .feeder = group->feeder};
        plans[n].mine = below(w, free + 1);
        plans[n].curtail = below(w, free - plans[n].mine + 1);
        plans[n].idle = free - plans[n].mine - plans[n].curtail;
        plans[n].power_target = c >= SITE_S21 ? below(w, 3) : 0;
        n++;
    }
    hcp_decision_recorded decision = {
        .facility = facility,
        .policy = (char *)"random",
        .expires_us = w->s.now_us + HCP_US_PER_MIN,
        .chosen = {.items = plans, .count = n},
    };
    attempt(w, &(hcp_command){.type = HCP_COMMAND_DISPATCH, .dispatch = &decision});
}

static void do_tick(world *w)
{
    w->s.now_us += (int64_t)below(w, 4 * 60 * 1000) * HCP_US_PER_MS;
    tick(w);
}

/* To the moment the core asked for. What a tick preempts is due at that very moment, but ticks do not go on for ever. */
static void do_due(world *w)
{
    int64_t due_us = hcp_core_next_due(w->s.core);
    if (due_us == INT64_MAX)
        return;
    w->s.now_us = MAX(w->s.now_us, due_us);
    for (int ticks = 0; hcp_core_next_due(w->s.core) <= w->s.now_us; ticks++) {
        g_assert_cmpint(ticks, <, 4);
        tick(w);
    }
}

static void do_price(world *w)
{
    hcp_price_observed price = {
        .kind = HCP_PRICE_ELECTRICITY,
        .facility = below(w, 2),
        .value = (double)below(w, 2000) / 10 - 30,
        .source = (char *)"random",
        .observed_us = w->s.now_us,
        .quality = HCP_QUALITY_GOOD,
    };
    attempt(w, &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = &price});
}

static void do_announce(world *w)
{
    int64_t start_us = w->s.now_us + (int64_t)below(w, 40) * HCP_US_PER_MIN;
    hcp_grid_announced def = {
        .facility = below(w, 3),
        .kind = (hcp_grid_kind)below(w, HCP_GRID_KINDS),
        .start_us = start_us,
        .end_us = start_us + (int64_t)below(w, 120) * HCP_US_PER_MIN,
        .ramp_us = (int64_t)below(w, 20) * HCP_US_PER_MIN,
        .restore_us = (int64_t)below(w, 3) * 10 * HCP_US_PER_MIN,
        .interval_us = (below(w, 2) ? 5 : 15) * HCP_US_PER_MIN,
        .reduce_w = (int64_t)below(w, 20) * 20000,
        .target_w = below(w, 3) == 0 ? (int64_t)below(w, 20) * 20000 : 0,
        .payment_usd_micro_per_mwh = (int64_t)below(w, 900) * HCP_USD,
        .availability_usd_micro_per_mw = (int64_t)below(w, 50) * HCP_USD,
        .penalty_usd_micro_per_mwh = (int64_t)below(w, 900) * HCP_USD,
        .evict = below(w, 3) == 0,
        .respond_by_us =
            below(w, 3) == 0 ? w->s.now_us + (int64_t)below(w, 20) * HCP_US_PER_MIN : 0,
    };
    attempt(w, &(hcp_command){.type = HCP_COMMAND_ANNOUNCE_GRID, .grid = &def});
}

static void do_answer_grid(world *w)
{
    const GArray *events = w->state->grid_events;
    const hcp_grid_weighed weighed = {.trusted = below(w, 4) > 0,
                                      .worth_usd_micro = (int64_t)below(w, 200) * HCP_USD,
                                      .reason = (char *)"random"};
    if (events->len == 0)
        return;
    hcp_command answer = {.type = HCP_COMMAND_ANSWER_GRID};
    answer.answer_grid = (hcp_grid_answer){
        .id = g_array_index(events, hcp_grid_event, below(w, events->len)).def.id,
        .answer = (hcp_answer)below(w, 3),
        .weighed = below(w, 4) > 0 ? &weighed : NULL,
    };
    attempt(w, &answer);
}

static void do_grid_rule(world *w)
{
    const hcp_grid_rule_changed rule = {below(w, 3), below(w, 2) == 0,
                                        (int64_t)below(w, 200) * HCP_USD};
    attempt(w, &(hcp_command){.type = HCP_COMMAND_SET_GRID_RULE, .grid_rule = rule});
}

static void do_cancel_grid(world *w)
{
    const GArray *events = w->state->grid_events;
    if (events->len == 0)
        return;
    hcp_command cancel = {.type = HCP_COMMAND_CANCEL_GRID};
    cancel.cancel_grid.id = g_array_index(events, hcp_grid_event, below(w, events->len)).def.id;
    attempt(w, &cancel);
}

static void do_strike(world *w)
{
    hcp_strike_changed strike = {below(w, 3), below(w, 3) ? below(w, 6) : HCP_NO_INDEX,
                                 below(w, 2) == 0, (double)below(w, 200) - 50};
    attempt(w, &(hcp_command){.type = HCP_COMMAND_SET_STRIKE, .strike = strike});
}

/* Reserve is offered, priced for a day or no more at all. */
static void do_reserve(world *w)
{
    hcp_reserve_changed wanted = {.facility = below(w, 3),
                                  .products = below(w, HCP_RESERVE_EVERY + 2),
                                  .call_usd_per_mwh = below(w, 2000),
                                  .share_milli = below(w, 1002)};
    attempt(w, &(hcp_command){.type = HCP_COMMAND_SET_RESERVE, .reserve = wanted});
    hcp_coming_price prices[4];
    for (guint i = 0; i < G_N_ELEMENTS(prices); i++)
        prices[i].value = below(w, 30);
    hcp_prices_published published = {.kind = HCP_PRICE_RESERVE,
                                      .product = (hcp_reserve)below(w, HCP_RESERVES),
                                      .facility = below(w, 3),
                                      .from_us = w->s.now_us,
                                      .step_us = HCP_US_PER_H,
                                      .prices = {prices, G_N_ELEMENTS(prices)}};
    attempt(w, &(hcp_command){.type = HCP_COMMAND_PUBLISH_PRICES, .prices = &published});
}

static void do_telemetry(world *w)
{
    uint32_t device = below(w, SITE_DEVICES);
    w->temperature[device] = (float)(20 + below(w, 70));
    w->utilisation[device] = (float)below(w, 100) / 100;
}

/* A crash and a restart from a snapshot: the same state, and everything after it must come out the same. */
static void do_restore(world *w)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(w->s.core);
    hcp_core *restored = hcp_core_restore(snapshot, &error);
    g_assert_no_error(error);
    hcp_core *copy = hcp_core_copy(w->s.core);
    g_autofree char *before = hcp_core_hash(w->s.core);
    g_autofree char *after = hcp_core_hash(restored);
    g_assert_cmpstr(before, ==, after);
    g_autofree char *broken = hcp_core_check(restored);
    g_assert_cmpstr(broken, ==, NULL);
    hcp_core_free(w->s.core);
    /* A copy is whole when what it was made of is gone. */
    g_autofree char *copied = hcp_core_hash(copy);
    g_assert_cmpstr(before, ==, copied);
    hcp_core_free(copy);
    w->s.core = restored;
    w->state = hcp_core_state(restored);
}

static void (*const ACTIONS[])(world *w) = {
    do_submit,     do_submit,     do_submit,     do_submit,      do_cancel,      do_allocate,
    do_release,    do_report_one, do_report_one, do_report_all,  do_report_all,  do_report_all,
    do_report_all, do_health,     do_health,     do_admin,       do_cap,         do_emergency,
    do_dispatch,   do_dispatch,   do_tick,       do_tick,        do_due,         do_price,
    do_telemetry,  do_restore,    do_announce,   do_announce,    do_announce,    do_cancel_grid,
    do_strike,     do_reserve,    do_reserve,    do_answer_grid, do_answer_grid, do_grid_rule,
};

/* Everything is repaired and allowed again: whatever still waits starts, ends, and nothing keeps running. */
static void settle(world *w)
{
    uint32_t all[SITE_DEVICES];
    for (uint32_t d = 0; d < SITE_DEVICES; d++)
        all[d] = d;
    site *s = &w->s;
    hcp_emergency_changed clear = {HCP_NO_INDEX, false, (char *)"over"};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_EMERGENCY, .emergency = clear});
    for (uint32_t f = 0; f < 2; f++)
        site_must(s, &(hcp_command){.type = HCP_COMMAND_SET_CAP, .cap = {f, 1000000}});
    hcp_health_report ok = {.devices = all, .count = SITE_DEVICES, .reason = "repaired"};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_REPORT_HEALTH, .health = ok});
    hcp_admin_order none = {.devices = all, .count = SITE_DEVICES};
    site_must(s, &(hcp_command){.type = HCP_COMMAND_SET_ADMIN, .admin = none});
    for (uint32_t i = 0; i < w->state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(w->state, i);
        hcp_command release = {.type = HCP_COMMAND_RELEASE};
        release.release.lease = lease->def.id;
        if (lease->live && lease->workload == HCP_NO_INDEX)
            site_must(s, &release);
    }
    for (int round = 0; round < 2000; round++) {
        site_drive(s, HCP_US_PER_MS);
        do_due(w);
    }
    for (uint32_t i = 0; i < w->state->workloads.items->len; i++)
        g_assert_cmpint(hcp_state_workload(w->state, i)->wait, ==, HCP_WAIT_NONE);
    for (uint32_t g = 0; g < w->state->fleet.groups->len; g++) {
        g_assert_cmpuint(hcp_state_group(w->state, g)->leased, ==, 0);
        g_assert_cmpuint(hcp_state_group(w->state, g)->switching, ==, 0);
    }
}

static void run_seed(uint64_t seed)
{
    world w = {0};
    if (seed % 2 == 0)
        site_init_feeders(&w.s);
    else
        site_init(&w.s);
    w.state = hcp_core_state(w.s.core);
    hcp_rng_init(&w.rng, seed, 0);
    hcp_telemetry_view view = {SITE_DEVICES, w.temperature, w.utilisation};
    w.s.view = &view;
    for (int step = 0; step < STEPS; step++)
        ACTIONS[below(&w, G_N_ELEMENTS(ACTIONS))](&w);
    settle(&w);
    g_autoptr(hcp_core) replayed = site_replay(&w.s);
    g_autofree char *live = hcp_core_hash(w.s.core);
    g_autofree char *again = hcp_core_hash(replayed);
    g_assert_cmpstr(live, ==, again);
    g_autofree char *broken = hcp_core_check(replayed);
    g_assert_cmpstr(broken, ==, NULL);
    site_finish(&w.s);
}

static void test_seeds(void)
{
    const char *text = g_getenv("HCP_TEST_SEEDS");
    const char *first = g_getenv("HCP_TEST_FIRST_SEED");
    uint64_t from = first != NULL ? g_ascii_strtoull(first, NULL, 10) : 1;
    uint64_t seeds = text != NULL ? g_ascii_strtoull(text, NULL, 10) : 20;
    for (uint64_t seed = from; seed < from + seeds; seed++) {
        g_test_message("seed %" G_GUINT64_FORMAT, seed);
        run_seed(seed);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/random/seeds", test_seeds);
    return g_test_run();
}

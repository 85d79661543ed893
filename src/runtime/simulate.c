/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/simulate.h"

#include "base/error.h"
#include "base/rng.h"
#include "base/units.h"
#include "core/metering.h"
#include "core/power.h"
#include "journal/faulty.h"
#include "journal/memory.h"
#include "runtime/site.h"
#include "runtime/tally.h"

#include <string.h>

/* Monday, 2026-01-05, when neither a replayed market nor anything else says otherwise. */
static const int64_t DEFAULT_START_US = INT64_C(1767571200) * HCP_US_PER_S;

/* With checks, the journal is replayed into a second core this often. */
static const uint64_t REPLAY_EVERY_STEPS = 5000;

typedef struct {
    const hcp_simulate_options *options;
    hcp_clock clock;
    hcp_journal *journal; /* the faulty wrapper when there are faults */
    hcp_platform *platform;
    hcp_tally tally;
    GArray *intervals; /* hcp_interval_closed, all that closed */
    int64_t start_us, end_us;
    uint64_t acknowledged; /* seq of the last entry reported durable */
    double leased_gpu_us, gpu_us;
    int64_t utilised_us; /* the two above are complete up to here */
    uint64_t checks, crashes, counted_events, counted_steps;
    hcp_rng rng;          /* of the grid events among the faults */
    int64_t next_grid_us; /* when one is announced next */
    uint64_t grid_events;
} simulation;

/* Regret judges an interval at the price that it is billed at. */
static void note_settled(GArray *intervals, const hcp_interval_settled *settled)
{
    for (guint i = intervals->len; i > 0; i--) {
        hcp_interval_closed *row = &g_array_index(intervals, hcp_interval_closed, i - 1);
        if (row->facility != settled->facility || row->from_us != settled->from_us)
            continue;
        row->own_price = settled->own_price;
        row->settled_usd_per_mwh = settled->usd_per_mwh;
        return;
    }
}

static void on_applied(void *data, const hcp_event *event)
{
    simulation *sim = data;
    hcp_tally_note(&sim->tally, hcp_platform_core(sim->platform), event);
    if (sim->options->applied != NULL)
        sim->options->applied(sim->options->applied_data, event);
    if (sim->options->regret != NULL && event->type == HCP_EVENT_INTERVAL_CLOSED) {
        hcp_interval_closed copy;
        hcp_record_copy(hcp_event_record(event->type), &event->interval_closed, &copy);
        g_array_append_val(sim->intervals, copy);
    } else if (sim->options->regret != NULL && event->type == HCP_EVENT_INTERVAL_SETTLED) {
        note_settled(sim->intervals, &event->interval_settled);
    }
}

static void on_durable(void *data, uint64_t ticket, const hcp_journal_batch *batch)
{
    simulation *sim = data;
    (void)ticket;
    sim->acknowledged = hcp_journal_batch_entry(batch, hcp_journal_batch_count(batch) - 1)->seq;
}

static void stop_platform(simulation *sim)
{
    if (sim->platform == NULL)
        return;
    const hcp_platform_counters *count = hcp_platform_count(sim->platform);
    sim->counted_events += count->events;
    sim->counted_steps += count->steps;
    g_clear_pointer(&sim->platform, hcp_platform_free);
}

static hcp_journal *make_faulty(const hcp_simulate_options *options, hcp_journal *inner)
{
    const hcp_journal_fault_plan plan = {
        .seed = (uint64_t)options->config->seed,
        .rates = {[HCP_JOURNAL_FAULT_FULL] = 0.0005,
                  [HCP_JOURNAL_FAULT_IO] = 0.0005,
                  [HCP_JOURNAL_FAULT_CRASH_BEFORE] = 0.0005,
                  [HCP_JOURNAL_FAULT_CRASH_AFTER] = 0.0005},
    };
    return hcp_journal_faulty_new(inner, &plan);
}

static bool make_platform(simulation *sim, GError **error)
{
    hcp_platform_options options;
    if (!hcp_site_platform_options(sim->options->config, &options, error))
        return false;
    options.clock = &sim->clock;
    options.sample_interval_us = MAX(options.sample_interval_us, HCP_SIMULATE_SAMPLE_INTERVAL_US);
    options.journal = sim->journal;
    options.watch = (hcp_platform_watch){.applied = on_applied, .durable = on_durable};
    options.watch_data = sim;
    sim->platform = hcp_platform_new(&options, error);
    return sim->platform != NULL;
}

static bool start_platform(simulation *sim, GError **error)
{
    hcp_faults_params faults;
    hcp_faults_default_params(&faults);
    if (!make_platform(sim, error))
        return false;
    return hcp_site_attach(
        sim->platform,
        &(hcp_site_options){.config = sim->options->config,
                            .scenario = sim->options->scenario,
                            .faults = sim->options->faults ? &faults : NULL,
                            .start_us = sim->start_us,
                            .span_us = (int64_t)(sim->options->hours * (double)HCP_US_PER_H)},
        error);
}

/* The scenario is defined on a journal that works; it begins to fail afterwards. */
static bool bootstrap(simulation *sim, GError **error)
{
    sim->journal = hcp_journal_memory_new(sim->options->faults || sim->options->check ? 0 : 1);
    if (!make_platform(sim, error) ||
        !hcp_site_bootstrap(sim->platform, sim->options->scenario, error))
        return false;
    hcp_platform_flush(sim->platform);
    if (!sim->options->check && !sim->options->faults)
        hcp_platform_snapshot(sim->platform); /* a trimmed journal can only be read from here */
    stop_platform(sim);
    if (sim->options->faults)
        sim->journal = make_faulty(sim->options, sim->journal);
    return true;
}

static bool broken(const simulation *sim, GError **error, const char *what)
{
    g_set_error(error, HCP_ERROR, HCP_ERROR_CORRUPT,
                "after %.3f h with seed %" G_GINT64_FORMAT ": %s",
                (double)(sim->clock.last_us - sim->start_us) / (double)HCP_US_PER_H,
                sim->options->config->seed, what);
    return false;
}

/* The journal, replayed into an empty core, must give the live state. Only meaningful when nothing is uncommitted. */
static bool check_replay(const simulation *sim, GError **error)
{
    uint64_t seq = 0;
    g_autoptr(hcp_core) core = hcp_platform_replay(sim->journal, &seq, error);
    if (core == NULL)
        return false;
    g_autofree char *replayed = hcp_core_hash(core);
    g_autofree char *live = hcp_core_hash(hcp_platform_core(sim->platform));
    if (g_str_equal(replayed, live))
        return true;
    return broken(sim, error, "replaying the journal gives another state than the live one");
}

static bool check(simulation *sim, GError **error)
{
    if (!sim->options->check)
        return true;
    sim->checks++;
    g_autofree char *what = hcp_core_check(hcp_platform_core(sim->platform));
    if (what != NULL)
        return broken(sim, error, what);
    if (sim->checks % REPLAY_EVERY_STEPS != 0 || hcp_platform_ticket(sim->platform) != 0)
        return true;
    return check_replay(sim, error);
}

/* The process died at a commit: a new one starts from what the journal kept, which must hold all that was acknowledged. */
static bool restart_after_crash(simulation *sim, GError **error)
{
    uint64_t acknowledged = sim->acknowledged;
    stop_platform(sim);
    hcp_journal_faulty_restart(sim->journal);
    sim->crashes++;
    if (hcp_journal_last(sim->journal, NULL) < acknowledged)
        return broken(sim, error, "an acknowledged event is not in the journal after a crash");
    return start_platform(sim, error);
}

static void advance_utilisation(simulation *sim)
{
    const hcp_state *state = hcp_platform_state(sim->platform);
    double elapsed_us = (double)(sim->clock.last_us - sim->utilised_us);
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (hcp_state_class(state, group->class_ix)->def.kind != HCP_DEVICE_GPU)
            continue;
        sim->leased_gpu_us += elapsed_us * group->leased;
        sim->gpu_us += elapsed_us * group->count;
    }
    sim->utilised_us = sim->clock.last_us;
}

/* With faults the grid wants power back every few hours: a random share of what a facility draws, soon and for a while. What
 * cannot be met is refused, like any announcement. */
static void announce_grid(simulation *sim)
{
    static const hcp_actor grid = {.actor = "simulated grid"};
    int64_t now_us = sim->clock.last_us;
    if (now_us < sim->next_grid_us)
        return;
    sim->next_grid_us = now_us + (int64_t)hcp_rng_exponential(&sim->rng, 4.0 * HCP_US_PER_H);
    const hcp_state *state = hcp_platform_state(sim->platform);
    uint32_t f = (uint32_t)hcp_rng_below(&sim->rng, state->fleet.facilities->len);
    const hcp_facility *facility = hcp_state_facility(state, f);
    double share = hcp_rng_uniform(&sim->rng);
    int64_t start_us = now_us + (int64_t)(1 + hcp_rng_below(&sim->rng, 60)) * HCP_US_PER_MIN;
    const hcp_grid_announced event = {
        .facility = f,
        .source = (char *)"simulated",
        .start_us = start_us,
        .end_us = start_us + (int64_t)(1 + hcp_rng_below(&sim->rng, 120)) * HCP_US_PER_MIN,
        .ramp_us = 10 * HCP_US_PER_MIN,
        .restore_us = 15 * HCP_US_PER_MIN,
        .interval_us = 5 * HCP_US_PER_MIN,
        .target_w =
            1 + (int64_t)(share * (double)hcp_power_meter_w(&facility->def, facility->it_power_w)),
        .payment_usd_micro_per_mwh = 200 * HCP_USD,
        .penalty_usd_micro_per_mwh = 400 * HCP_USD,
    };
    hcp_outcome outcome = {0};
    sim->grid_events += hcp_platform_execute(
        sim->platform, &(hcp_command){.type = HCP_COMMAND_ANNOUNCE_GRID, .grid = &event}, &grid,
        &outcome);
    hcp_outcome_clear(&outcome);
}

static bool run(simulation *sim, GError **error)
{
    const hcp_simulate_options *o = sim->options;
    int64_t report_us = sim->start_us;
    while (sim->clock.last_us < sim->end_us) {
        if (o->faults && hcp_journal_faulty_crashed(sim->journal) &&
            !restart_after_crash(sim, error))
            return false;
        int64_t due_us = hcp_platform_next_due(sim->platform);
        hcp_clock_set(&sim->clock, MIN(MAX(due_us, sim->clock.last_us + 1), sim->end_us));
        advance_utilisation(sim);
        if (o->faults)
            announce_grid(sim);
        hcp_platform_step(sim->platform);
        if (o->faults && hcp_journal_faulty_crashed(sim->journal))
            continue;
        if (!check(sim, error))
            return false;
        if (o->progress != NULL && sim->clock.last_us >= report_us) {
            o->progress(o->progress_data,
                        (double)(sim->clock.last_us - sim->start_us) / (double)HCP_US_PER_H,
                        o->hours);
            report_us = sim->clock.last_us + (sim->end_us - sim->start_us) / 200;
        }
    }
    return true;
}

static void sum_state(const hcp_state *state, int64_t now_us, hcp_simulate_report *report)
{
    hcp_meter sum = {0};
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++) {
        hcp_meter meter;
        hcp_meter_read(state, f, now_us, &meter);
        hcp_meter_add(&sum, &meter);
    }
    report->mining_usd_micro = sum.mining_usd_micro;
    report->ai_usd_micro = sum.ai_usd_micro;
    report->grid_usd_micro = sum.grid_usd_micro;
    report->energy_cost_usd_micro = sum.energy_cost_usd_micro;
    report->true_up_usd_micro = sum.true_up_usd_micro;
    report->peak_charge_usd_micro = sum.peak_charge_usd_micro;
    report->pool_fee_usd_micro = sum.pool_fee_usd_micro;
    report->foregone_usd_micro = sum.foregone_usd_micro;
    report->avoided_usd_micro = sum.avoided_usd_micro;
    report->profit_usd_micro = hcp_meter_profit(&sum);
    memcpy(report->reserve_sold, sum.reserve_sold, sizeof report->reserve_sold);
    memcpy(report->energy_j, sum.energy_j, sizeof report->energy_j);
    memcpy(report->carbon_mg, sum.carbon_mg, sizeof report->carbon_mg);
    for (uint32_t w = 0; w < state->workloads.items->len; w++) {
        const hcp_workload *workload = &g_array_index(state->workloads.items, hcp_workload, w);
        if (workload->def.id.value == 0)
            continue;
        report->queued += workload->status == HCP_WORKLOAD_QUEUED;
        report->running +=
            workload->status == HCP_WORKLOAD_RUNNING || workload->status == HCP_WORKLOAD_STARTING;
    }
}

static void clear_interval(void *data)
{
    hcp_record_clear(hcp_event_record(HCP_EVENT_INTERVAL_CLOSED), data);
}

static void fill_regret(const simulation *sim)
{
    const hcp_state *state = hcp_platform_state(sim->platform);
    hcp_regret_costs costs = hcp_regret_costs_of(sim->platform);
    for (uint32_t f = 0; sim->options->regret != NULL && f < state->fleet.facilities->len; f++) {
        g_autoptr(hcp_regret_case) c = hcp_regret_case_new(state, sim->intervals, f, 0, &costs);
        hcp_simulate_regret row = {.answer = hcp_regret_case_solve(c)};
        g_strlcpy(row.facility, hcp_state_facility(state, f)->def.key, sizeof row.facility);
        g_array_append_val(sim->options->regret, row);
    }
}

static void fill_report(simulation *sim, hcp_simulate_report *report)
{
    const hcp_state *state = hcp_platform_state(sim->platform);
    *report = (hcp_simulate_report){
        .hours = sim->options->hours,
        .devices = state->fleet.n_devices,
        .facilities = state->fleet.facilities->len,
        .submitted = (uint64_t)state->submitted_count,
        .refused = hcp_platform_count(sim->platform)->arrivals_refused,
        .completed = (uint64_t)state->completed_count,
        .failed = (uint64_t)state->failed_count,
        .gpu_utilisation = sim->gpu_us > 0 ? sim->leased_gpu_us / sim->gpu_us : 0,
        .events = sim->counted_events + hcp_platform_count(sim->platform)->events,
        .steps = sim->counted_steps + hcp_platform_count(sim->platform)->steps,
        .crashes = sim->crashes,
        .grid_events = sim->grid_events,
        .checks = sim->checks,
    };
    if (sim->options->faults)
        report->faults_journal = hcp_journal_faulty_count(sim->journal, HCP_JOURNAL_FAULT_FULL) +
                                 hcp_journal_faulty_count(sim->journal, HCP_JOURNAL_FAULT_IO);
    sum_state(state, sim->clock.last_us, report);
    hcp_tally_report(&sim->tally, state, report);
    g_autofree char *hash = hcp_core_hash(hcp_platform_core(sim->platform));
    g_strlcpy(report->state_hash, hash, sizeof report->state_hash);
}

bool hcp_simulate(const hcp_simulate_options *options, hcp_simulate_report *ret_report,
                  GError **error)
{
    int64_t began_us = g_get_monotonic_time();
    simulation sim = {.options = options};
    if (!hcp_site_market_start(options->config, &sim.start_us, error))
        return false;
    if (sim.start_us == 0)
        sim.start_us = DEFAULT_START_US;
    sim.utilised_us = sim.start_us;
    sim.end_us = sim.start_us + (int64_t)(options->hours * (double)HCP_US_PER_H);
    hcp_clock_init_virtual(&sim.clock, sim.start_us);
    hcp_tally_init(&sim.tally);
    hcp_rng_init(&sim.rng, (uint64_t)options->config->seed, 2);
    sim.next_grid_us = sim.start_us + HCP_US_PER_H;
    sim.intervals = g_array_new(FALSE, FALSE, sizeof(hcp_interval_closed));
    g_array_set_clear_func(sim.intervals, clear_interval);
    bool done = bootstrap(&sim, error) && start_platform(&sim, error) && run(&sim, error);
    if (done && options->check && hcp_platform_ticket(sim.platform) == 0)
        done = check_replay(&sim, error);
    if (done) {
        fill_report(&sim, ret_report);
        fill_regret(&sim);
        ret_report->wall_s = (double)(g_get_monotonic_time() - began_us) / 1e6;
    }
    g_clear_pointer(&sim.platform, hcp_platform_free);
    hcp_journal_close(sim.journal);
    hcp_tally_finish(&sim.tally);
    g_array_unref(sim.intervals);
    return done;
}

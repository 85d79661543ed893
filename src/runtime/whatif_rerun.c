/* SPDX-License-Identifier: Apache-2.0 */
/* One run of a recorded period: the platform on a virtual clock and a journal in memory, from the state at the period's
 * start, told what was recorded when it was. */
#include "base/error.h"
#include "base/units.h"
#include "journal/memory.h"
#include "runtime/fleet_driver.h"
#include "runtime/whatif_internal.h"

#include <math.h>

#define TELL_EVERY 500 /* steps */

static void on_applied(void *data, const hcp_event *event)
{
    hcp_whatif_run_state *run = data;
    hcp_tally_note(&run->tally, hcp_platform_core(run->platform), event);
}

/* A journal in memory that begins at the state: its only entry stands for all that led there and is never read. */
static bool begin_journal(hcp_whatif_run_state *run, GError **error)
{
    const hcp_journal_entry first = {.seq = 1,
                                     .time_us = run->period->from_us,
                                     .actor = "whatif",
                                     .type = "settings_changed",
                                     .trace_id = "",
                                     .payload = "{}",
                                     .payload_size = 2};
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    hcp_journal_batch_add(batch, &first);
    run->journal = hcp_journal_memory_new(1);
    return hcp_journal_append(run->journal, &batch, 1, error) &&
           hcp_journal_snapshot_save(
               run->journal, &(hcp_journal_snapshot){.seq = 1, .blob = run->period->state}, error);
}

static bool find_policy(const hcp_whatif_run_state *run, hcp_platform_options *options,
                        GError **error)
{
    const char *asked = run->question != NULL ? run->question->policy : NULL;
    const char *name = asked != NULL ? asked : run->period->policy;
    const hcp_dispatch_policy *policy =
        name != NULL ? hcp_dispatch_policy_find(name) : options->policy;
    if (policy == NULL) {
        g_autofree char *names = hcp_dispatch_policy_names();
        g_set_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND,
                    asked != NULL
                        ? "policy: there is no dispatch policy \"%s\"; there are: %s"
                        : "policy: the period was run by the dispatch policy \"%s\", which "
                          "this program does not have; it has: %s",
                    name, names);
        return false;
    }
    options->policy = policy;
    return true;
}

static bool begin_platform(hcp_whatif_run_state *run, const hcp_whatif_model *model, GError **error)
{
    hcp_platform_options options = model->platform;
    options.clock = &run->clock;
    options.journal = run->journal;
    options.writer = NULL;
    options.project = NULL;
    options.snapshot_every = 0;
    options.sample_interval_us = MAX(options.sample_interval_us, HCP_SIMULATE_SAMPLE_INTERVAL_US);
    options.watch = (hcp_platform_watch){.applied = on_applied};
    options.watch_data = run;
    if (run->question != NULL && run->question->threshold > 0)
        options.threshold = run->question->threshold;
    if (!find_policy(run, &options, error))
        return false;
    run->platform = hcp_platform_new(&options, error);
    return run->platform != NULL;
}

static bool begin(hcp_whatif_run_state *run, const hcp_whatif_model *model, GError **error)
{
    hcp_clock_init_virtual(&run->clock, run->period->from_us);
    if (!begin_journal(run, error) || !begin_platform(run, model, error))
        return false;
    hcp_whatif_begin_tally(&run->tally, hcp_platform_core(run->platform));
    if (!hcp_whatif_change(run, error))
        return false;
    hcp_platform_attach_driver(
        run->platform,
        hcp_fleet_driver_new(hcp_platform_state(run->platform),
                             &(hcp_fleet_driver_options){.preset = model->preset,
                                                         .seed = model->seed,
                                                         .now_us = run->period->from_us}));
    hcp_whatif_begin_prices(run);
    return true;
}

static const hcp_event *next_fact(const hcp_whatif_run_state *run)
{
    const GArray *facts = run->period->facts;
    return run->next_fact < facts->len ? &g_array_index(facts, hcp_event, run->next_fact) : NULL;
}

static void perform_due(hcp_whatif_run_state *run)
{
    const hcp_event *fact;
    while ((fact = next_fact(run)) != NULL && fact->time_us <= run->clock.last_us) {
        hcp_whatif_perform(run, fact);
        run->next_fact++;
    }
}

static int64_t next_due(const hcp_whatif_run_state *run)
{
    const hcp_event *fact = next_fact(run);
    int64_t due_us = MIN(hcp_platform_next_due(run->platform), hcp_whatif_next_price(run));
    due_us = fact != NULL ? MIN(due_us, fact->time_us) : due_us;
    return MAX(due_us, run->clock.last_us + 1);
}

static void advance(hcp_whatif_run_state *run, int64_t now_us)
{
    hcp_whatif_count_removed(run, now_us);
    hcp_clock_set(&run->clock, now_us);
}

static bool play(hcp_whatif_run_state *run, const hcp_whatif_stage *stage, GError **error)
{
    const hcp_whatif_period *period = run->period;
    perform_due(run);
    hcp_platform_step(run->platform);
    uint64_t steps = 0;
    for (int64_t due_us; (due_us = next_due(run)) < period->to_us;) {
        advance(run, due_us);
        hcp_whatif_tell_prices(run);
        perform_due(run);
        hcp_platform_step(run->platform);
        double done =
            (double)(due_us - period->from_us) / (double)(period->to_us - period->from_us);
        if (++steps % TELL_EVERY == 0 && !hcp_whatif_tell(stage, done, error))
            return false;
    }
    advance(run, period->to_us);
    return true;
}

/* Removed devices draw nothing; the meters counted their standby. */
static void take_off_removed(const hcp_whatif_run_state *run, hcp_whatif_figures *figures)
{
    hcp_usd_micro cost = hcp_money_from_usd(run->removed_usd);
    figures->energy_j[HCP_USE_IDLE] -= llround(run->removed_energy_j);
    figures->energy_cost_usd_micro -= cost;
    figures->profit_usd_micro += cost;
}

static void end(hcp_whatif_run_state *run, hcp_whatif_run_result *ret_result)
{
    *ret_result = (hcp_whatif_run_result){.facts_refused = run->facts_refused,
                                          .prices_refused = run->prices_refused};
    hcp_whatif_figure(&run->period->sums, hcp_platform_state(run->platform), run->period->to_us,
                      &run->tally, &ret_result->figures);
    take_off_removed(run, &ret_result->figures);
    ret_result->figures.refused = run->refused;
    g_autofree char *hash = hcp_core_hash(hcp_platform_core(run->platform));
    g_strlcpy(ret_result->state_hash, hash, sizeof ret_result->state_hash);
}

static GHashTable *ids_new(void)
{
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

bool hcp_whatif_rerun(const hcp_whatif_period *period, const hcp_whatif_model *model,
                      const hcp_whatif_question *question, const hcp_whatif_stage *stage,
                      hcp_whatif_run_result *ret_result, GError **error)
{
    hcp_whatif_run_state run = {.period = period,
                                .question = question,
                                .workloads = ids_new(),
                                .leases = ids_new(),
                                .grid_events = ids_new()};
    hcp_tally_init(&run.tally);
    bool done = begin(&run, model, error) && play(&run, stage, error);
    if (done)
        end(&run, ret_result);
    hcp_platform_free(run.platform);
    hcp_journal_close(run.journal);
    hcp_tally_finish(&run.tally);
    g_hash_table_unref(run.workloads);
    g_hash_table_unref(run.leases);
    g_hash_table_unref(run.grid_events);
    g_clear_pointer(&run.removed, g_array_unref);
    return done;
}

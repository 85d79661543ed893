/* SPDX-License-Identifier: Apache-2.0 */
/* The platform and its journal: nothing is told before it is durable, and what is lost never happened. */
#include "base/log.h"
#include "base/units.h"
#include "journal/faulty.h"
#include "journal/memory.h"
#include "runtime/site.h"

#include <glib.h>
#include <string.h>

static const int64_t START_US = INT64_C(1767571200000000);

typedef struct {
    hcp_config config;
    hcp_scenario scenario;
    hcp_clock clock;
    hcp_journal *journal;
    hcp_platform *platform;
    uint64_t durable, lost;
    char *detail;
} fixture;

static void on_durable(void *data, uint64_t ticket, const hcp_journal_batch *batch)
{
    fixture *f = data;
    g_assert_cmpuint(hcp_journal_batch_entry(batch, hcp_journal_batch_count(batch) - 1)->seq, ==,
                     hcp_journal_last(f->journal, NULL));
    g_assert_cmpuint(ticket, >, MAX(f->durable, f->lost));
    f->durable = ticket;
}

static void on_lost(void *data, uint64_t ticket, const char *detail)
{
    fixture *f = data;
    f->lost = ticket;
    g_free(f->detail);
    f->detail = g_strdup(detail);
}

static void start(fixture *f)
{
    g_autoptr(GError) error = NULL;
    hcp_platform_options options;
    g_assert_true(hcp_site_platform_options(&f->config, &options, &error));
    options.clock = &f->clock;
    options.journal = f->journal;
    options.watch = (hcp_platform_watch){.durable = on_durable, .lost = on_lost};
    options.watch_data = f;
    f->platform = hcp_platform_new(&options, &error);
    g_assert_no_error(error);
    g_assert_true(hcp_site_bootstrap(f->platform, &f->scenario, &error));
    hcp_platform_flush(f->platform);
    g_assert_true(hcp_site_attach(
        f->platform,
        &(hcp_site_options){.config = &f->config, .scenario = &f->scenario, .start_us = START_US},
        &error));
    hcp_platform_step(f->platform);
}

/* `data` is the preset of switching; NULL = the usual one. */
static void set_up(fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) tree = hcp_config_tree(NULL, &error);
    if (data != NULL)
        g_assert_true(hcp_config_set(tree, "switching.preset", data, &error));
    g_assert_true(hcp_config_from_tree(tree, &f->config, &error));
    g_free(f->config.workloads);
    f->config.workloads = g_strdup("none");
    g_assert_true(hcp_scenario_load("dev", &f->config.scheduling, &f->scenario, &error));
    hcp_clock_init_virtual(&f->clock, START_US);
    f->journal = hcp_journal_faulty_new(hcp_journal_memory_new(0), NULL);
    start(f);
}

static void tear_down(fixture *f, gconstpointer data)
{
    (void)data;
    hcp_platform_free(f->platform);
    hcp_journal_close(f->journal);
    hcp_scenario_clear(&f->scenario);
    hcp_config_clear(&f->config);
    g_free(f->detail);
}

/* `model` or NULL for none. */
static bool submit_model(fixture *f, const char *model, uint64_t *ret_id)
{
    const hcp_command command = {
        .type = HCP_COMMAND_SUBMIT,
        .submit = {.customer = HCP_NO_INDEX,
                   .name = "test",
                   .kind = HCP_WORKLOAD_AI_INFERENCE_REALTIME,
                   .classes = hcp_core_match_classes(hcp_platform_core(f->platform), "H100"),
                   .facility = HCP_NO_INDEX,
                   .count = 1,
                   .model = model,
                   .model_bytes = model != NULL ? INT64_C(70000000000) : 0,
                   .duration_us = HCP_US_PER_H},
    };
    const hcp_actor who = {.actor = "tester"};
    hcp_outcome outcome = {0};
    bool accepted = hcp_platform_execute(f->platform, &command, &who, &outcome);
    *ret_id = outcome.id;
    hcp_outcome_clear(&outcome);
    return accepted;
}

static bool submit(fixture *f, uint64_t *ret_id)
{
    return submit_model(f, NULL, ret_id);
}

static bool exists(const fixture *f, uint64_t id)
{
    return hcp_core_find_workload(hcp_platform_core(f->platform), (hcp_workload_id){id}) !=
           HCP_NO_INDEX;
}

static void run_for(fixture *f, int64_t duration_us)
{
    int64_t end_us = f->clock.last_us + duration_us;
    while (f->clock.last_us < end_us) {
        int64_t due_us = hcp_platform_next_due(f->platform);
        hcp_clock_set(&f->clock, MIN(MAX(due_us, f->clock.last_us + 1), end_us));
        hcp_platform_step(f->platform);
    }
}

/* The engine of a model that is nowhere yet takes up to 54 s to start: the deadline knows. */
static void test_cold_start_is_awaited(fixture *f, gconstpointer data)
{
    uint64_t id = 0;
    g_assert_true(submit_model(f, "llama-3-70b", &id));
    int64_t submitted_us = f->clock.last_us;
    run_for(f, 75 * HCP_US_PER_S);
    uint32_t ix = hcp_core_find_workload(hcp_platform_core(f->platform), (hcp_workload_id){id});
    const hcp_workload *workload = hcp_state_workload(hcp_platform_state(f->platform), ix);
    g_assert_cmpint(workload->status, ==, HCP_WORKLOAD_RUNNING);
    g_assert_cmpuint(workload->retries, ==, 0);
    int64_t took_us = workload->started_us - submitted_us;
    g_test_message("%s: %" G_GINT64_FORMAT " ms", (const char *)data, took_us / 1000);
    if (g_str_equal(data, "physical"))
        g_assert_cmpint(took_us, >, f->config.scheduling.gpu_phase_deadline_us);
}

static void test_ticket_until_durable(fixture *f, gconstpointer data)
{
    (void)data;
    uint64_t id = 0;
    g_assert_cmpuint(hcp_platform_ticket(f->platform), ==, 0);
    g_assert_true(submit(f, &id));
    uint64_t ticket = hcp_platform_ticket(f->platform);
    g_assert_cmpuint(ticket, >, f->durable);
    hcp_platform_flush(f->platform);
    g_assert_cmpuint(f->durable, ==, ticket);
    g_assert_cmpuint(hcp_platform_ticket(f->platform), ==, 0);
}

static void test_workload_lives_and_ends(fixture *f, gconstpointer data)
{
    (void)data;
    uint64_t id = 0;
    g_assert_true(submit(f, &id));
    run_for(f, 2 * HCP_US_PER_S);
    uint32_t ix = hcp_core_find_workload(hcp_platform_core(f->platform), (hcp_workload_id){id});
    const hcp_workload *workload = hcp_state_workload(hcp_platform_state(f->platform), ix);
    g_assert_cmpint(workload->status, ==, HCP_WORKLOAD_RUNNING);
    run_for(f, HCP_US_PER_H);
    workload = hcp_state_workload(hcp_platform_state(f->platform), ix);
    g_assert_cmpint(workload->status, ==, HCP_WORKLOAD_COMPLETED);
    g_assert_cmpint(workload->served_us, ==, HCP_US_PER_H);
    g_assert_cmpint(workload->cost_usd_micro, ==, 3750000);
}

static void test_restart_continues(fixture *f, gconstpointer data)
{
    (void)data;
    uint64_t id = 0;
    g_assert_true(submit(f, &id));
    run_for(f, 200 * HCP_US_PER_MS); /* in the middle of the switch */
    g_autofree char *before = hcp_core_hash(hcp_platform_core(f->platform));
    hcp_platform_free(f->platform);
    uint64_t seq = 0;
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_core) replayed = hcp_platform_replay(f->journal, &seq, &error);
    g_assert_no_error(error);
    g_autofree char *after = hcp_core_hash(replayed);
    g_assert_cmpstr(before, ==, after);
    start(f);
    run_for(f, 2 * HCP_US_PER_S);
    uint32_t ix = hcp_core_find_workload(hcp_platform_core(f->platform), (hcp_workload_id){id});
    g_assert_cmpint(hcp_state_workload(hcp_platform_state(f->platform), ix)->status, ==,
                    HCP_WORKLOAD_RUNNING);
}

static void test_failed_commit_never_happened(fixture *f, gconstpointer data)
{
    (void)data;
    uint64_t id = 0, other = 0;
    g_autofree char *before = hcp_core_hash(hcp_platform_core(f->platform));
    hcp_journal_faulty_arm(f->journal, 1, HCP_JOURNAL_FAULT_FULL);
    g_assert_true(submit(f, &id));
    uint64_t ticket = hcp_platform_ticket(f->platform);
    hcp_platform_flush(f->platform);
    g_assert_cmpuint(f->lost, ==, ticket);
    g_assert_nonnull(strstr(f->detail, "journal"));
    g_assert_false(exists(f, id));
    g_autofree char *after = hcp_core_hash(hcp_platform_core(f->platform));
    g_assert_cmpstr(before, ==, after);
    g_assert_true(hcp_platform_read_only(f->platform, NULL));
    g_assert_false(submit(f, &other)); /* says so, at once */
    run_for(f, 2 * HCP_US_PER_S);      /* the probe finds the journal well again */
    g_assert_false(hcp_platform_read_only(f->platform, NULL));
    g_assert_true(submit(f, &other));
    hcp_platform_flush(f->platform);
    g_assert_true(exists(f, other));
}

static void test_gone_journal_stops_everything(fixture *f, gconstpointer data)
{
    (void)data;
    uint64_t id = 0;
    hcp_journal_faulty_arm(f->journal, 1, HCP_JOURNAL_FAULT_CRASH_AFTER);
    g_assert_true(submit(f, &id));
    hcp_platform_flush(f->platform);
    g_assert_true(hcp_platform_failed(f->platform));
    g_assert_false(submit(f, &id));
    g_assert_cmpint(hcp_platform_next_due(f->platform), ==, INT64_MAX);
    /* The next process finds what the journal kept. */
    hcp_platform_free(f->platform);
    hcp_journal_faulty_restart(f->journal);
    start(f);
    g_assert_false(hcp_platform_failed(f->platform));
    g_assert_cmpint(hcp_platform_state(f->platform)->submitted_count, ==, 1);
}

static void test_snapshot_shortens_replay(fixture *f, gconstpointer data)
{
    (void)data;
    uint64_t id = 0;
    g_assert_true(submit(f, &id));
    run_for(f, 10 * HCP_US_PER_S);
    hcp_platform_snapshot(f->platform);
    run_for(f, 10 * HCP_US_PER_S);
    g_autofree char *live = hcp_core_hash(hcp_platform_core(f->platform));
    uint64_t seq = 0;
    g_autoptr(hcp_core) replayed = hcp_platform_replay(f->journal, &seq, NULL);
    g_autofree char *hash = hcp_core_hash(replayed);
    g_assert_cmpstr(live, ==, hash);
    g_assert_cmpuint(hcp_platform_count(f->platform)->snapshots, ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    hcp_log_set_level(HCP_LOG_SILENT);
#define ADD(path, function) g_test_add(path, fixture, NULL, set_up, function, tear_down)
    ADD("/platform/ticket_until_durable", test_ticket_until_durable);
    ADD("/platform/workload_lives_and_ends", test_workload_lives_and_ends);
    ADD("/platform/restart_continues", test_restart_continues);
    ADD("/platform/failed_commit_never_happened", test_failed_commit_never_happened);
    ADD("/platform/gone_journal_stops_everything", test_gone_journal_stops_everything);
    ADD("/platform/snapshot_shortens_replay", test_snapshot_shortens_replay);
#undef ADD
    static const char *const presets[] = {"physical", "phases-400", "timeline-a", "timeline-b"};
    for (size_t i = 0; i < G_N_ELEMENTS(presets); i++) {
        g_autofree char *path = g_strconcat("/platform/cold_start_is_awaited/", presets[i], NULL);
        g_test_add(path, fixture, presets[i], set_up, test_cold_start_is_awaited, tear_down);
    }
    return g_test_run();
}

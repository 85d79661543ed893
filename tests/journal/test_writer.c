/* SPDX-License-Identifier: Apache-2.0 */
/* The journal thread: order, group commit, bounds, failures, a clean stop. */
#include "base/error.h"
#include "fixture.h"
#include "journal/faulty.h"
#include "journal/memory.h"
#include "journal/ops.h"
#include "journal/writer.h"

/* A journal that waits at a gate in append, so that tests decide what is queued while a commit
 * runs. */
typedef struct {
    hcp_journal base;
    hcp_journal *inner;
    GMutex lock;
    GCond changed;
    guint permits; /* appends that may pass */
    guint waiting;
    guint sizes[64]; /* batches per append */
    guint n_appends;
} gated;

static void gate_pass(gated *gate, guint n_batches)
{
    g_mutex_lock(&gate->lock);
    gate->sizes[gate->n_appends++ % G_N_ELEMENTS(gate->sizes)] = n_batches;
    gate->waiting++;
    g_cond_broadcast(&gate->changed);
    while (gate->permits == 0)
        g_cond_wait(&gate->changed, &gate->lock);
    gate->permits--;
    gate->waiting--;
    g_mutex_unlock(&gate->lock);
}

static bool gated_append(hcp_journal *journal, hcp_journal_batch *const *batches, guint n_batches,
                         GError **error)
{
    gated *gate = (gated *)journal;
    gate_pass(gate, n_batches);
    return hcp_journal_append(gate->inner, batches, n_batches, error);
}

static bool gated_read(hcp_journal *journal, uint64_t from_seq, hcp_journal_entry_fn visit,
                       void *user_data, GError **error)
{
    gated *gate = (gated *)journal;
    return gate->inner->ops->read(gate->inner, from_seq, visit, user_data, error);
}

static bool gated_save(hcp_journal *journal, const hcp_journal_snapshot *snapshot, GError **error)
{
    return hcp_journal_snapshot_save(((gated *)journal)->inner, snapshot, error);
}

static bool gated_load(hcp_journal *journal, uint64_t at_most, hcp_journal_snapshot *ret_snapshot,
                       GError **error)
{
    return hcp_journal_snapshot_load(((gated *)journal)->inner, at_most, ret_snapshot, error);
}

static void gated_close(hcp_journal *journal)
{
    gated *gate = (gated *)journal;
    hcp_journal_close(gate->inner);
    g_mutex_clear(&gate->lock);
    g_cond_clear(&gate->changed);
    hcp_journal_finish(journal);
    g_free(gate);
}

static const hcp_journal_ops GATED_OPS = {
    .append = gated_append,
    .read = gated_read,
    .snapshot_save = gated_save,
    .snapshot_load = gated_load,
    .close = gated_close,
};

static gated *gated_new(hcp_journal *inner)
{
    static const uint8_t zeroes[HCP_JOURNAL_HASH_SIZE] = {0};
    gated *gate = g_new0(gated, 1);
    hcp_journal_init(&gate->base, &GATED_OPS, 0, zeroes);
    g_mutex_init(&gate->lock);
    g_cond_init(&gate->changed);
    gate->inner = inner;
    return gate;
}

static void gate_open(gated *gate, guint permits)
{
    g_mutex_lock(&gate->lock);
    gate->permits += permits;
    g_cond_broadcast(&gate->changed);
    g_mutex_unlock(&gate->lock);
}

/* Waits until the writer stands at the gate. */
static void gate_await(gated *gate)
{
    g_mutex_lock(&gate->lock);
    while (gate->waiting == 0)
        g_cond_wait(&gate->changed, &gate->lock);
    g_mutex_unlock(&gate->lock);
}

typedef struct {
    guint n_done, n_failed;
    uint64_t last_seq;
    gint last_code;
    GThread *thread;
} outcomes;

static void on_done(void *user_data, const hcp_journal_batch *batch, const GError *error)
{
    outcomes *outcome = user_data;
    g_assert_true(g_thread_self() == outcome->thread);
    if (error) {
        outcome->n_failed++;
        outcome->last_code = error->code;
        return;
    }
    outcome->n_done++;
    if (!batch)
        return;
    const hcp_journal_entry *first = hcp_journal_batch_entry(batch, 0);
    g_assert_cmpuint(first->seq, ==, outcome->last_seq + 1); /* in order, none twice */
    outcome->last_seq += hcp_journal_batch_count(batch);
}

static bool submit(hcp_journal_writer *writer, uint64_t seq, guint count, outcomes *outcome)
{
    hcp_journal_batch *batch = hcp_journal_batch_new();
    fixture_fill(batch, seq, count);
    bool accepted = hcp_journal_writer_try_submit(writer, batch, on_done, outcome);
    if (!accepted)
        hcp_journal_batch_free(batch);
    return accepted;
}

static void await(const outcomes *outcome, guint total)
{
    while (outcome->n_done + outcome->n_failed < total)
        g_main_context_iteration(NULL, TRUE);
}

/* The memory of a stored batch comes back empty. */
static void test_batches_are_used_again(void)
{
    g_autoptr(hcp_journal) journal = hcp_journal_memory_new(0);
    g_autoptr(hcp_journal_writer) writer = hcp_journal_writer_new(journal, NULL);
    outcomes outcome = {.thread = g_thread_self()};
    hcp_journal_batch *first = hcp_journal_writer_batch(writer);
    for (guint round = 0; round < 50; round++) {
        hcp_journal_batch *batch = round == 0 ? first : hcp_journal_writer_batch(writer);
        g_assert_true(batch == first);
        g_assert_cmpuint(hcp_journal_batch_count(batch), ==, 0);
        g_assert_cmpuint(hcp_journal_batch_size(batch), ==, 0);
        fixture_fill(batch, round * 7 + 1, 7);
        g_assert_true(hcp_journal_writer_try_submit(writer, batch, on_done, &outcome));
        await(&outcome, round + 1);
    }
    g_assert_cmpuint(fixture_check(journal, 1), ==, 350);
}

static void test_order(void)
{
    g_autoptr(hcp_journal) journal = hcp_journal_memory_new(0);
    outcomes outcome = {.thread = g_thread_self()};
    g_autoptr(hcp_journal_writer) writer = hcp_journal_writer_new(journal, NULL);
    uint64_t next = 1;
    for (guint i = 0; i < 2000; i++) {
        guint count = i % 5 + 1;
        g_assert_true(submit(writer, next, count, &outcome));
        next += count;
        if (i % 7 == 0)
            g_main_context_iteration(NULL, FALSE);
    }
    await(&outcome, 2000);
    g_assert_cmpuint(outcome.n_done, ==, 2000);
    g_assert_cmpuint(outcome.last_seq, ==, next - 1);
    g_assert_cmpuint(fixture_check(journal, 1), ==, next - 1);
    hcp_journal_writer_stats stats;
    hcp_journal_writer_get_stats(writer, &stats);
    g_assert_cmpuint(stats.n_entries, ==, next - 1);
    g_assert_cmpuint(stats.n_queued, ==, 0);
    g_assert_cmpuint(stats.n_commits, <=, 2000);
}

static void test_group_commit(void)
{
    gated *gate = gated_new(hcp_journal_memory_new(0));
    g_autoptr(hcp_journal) journal = &gate->base;
    outcomes outcome = {.thread = g_thread_self()};
    const hcp_journal_writer_options options = {.max_commit_entries = 10};
    g_autoptr(hcp_journal_writer) writer = hcp_journal_writer_new(journal, &options);
    g_assert_true(submit(writer, 1, 1, &outcome));
    gate_await(gate);
    /* While that commit runs: 4 batches of 3 (the bound takes three), then one larger than the
     * bound. */
    for (guint i = 0; i < 4; i++)
        g_assert_true(submit(writer, 2 + 3 * i, 3, &outcome));
    g_assert_true(submit(writer, 14, 25, &outcome));
    gate_open(gate, 100);
    await(&outcome, 6);
    static const guint expected[] = {1, 3, 1, 1};
    g_assert_cmpuint(gate->n_appends, ==, G_N_ELEMENTS(expected));
    for (guint i = 0; i < G_N_ELEMENTS(expected); i++)
        g_assert_cmpuint(gate->sizes[i], ==, expected[i]);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 38);
}

static void test_back_pressure(void)
{
    gated *gate = gated_new(hcp_journal_memory_new(0));
    g_autoptr(hcp_journal) journal = &gate->base;
    outcomes outcome = {.thread = g_thread_self()};
    const hcp_journal_writer_options options = {.max_queued_batches = 3};
    g_autoptr(hcp_journal_writer) writer = hcp_journal_writer_new(journal, &options);
    g_assert_true(submit(writer, 1, 1, &outcome));
    gate_await(gate);
    for (uint64_t seq = 2; seq <= 4; seq++)
        g_assert_true(submit(writer, seq, 1, &outcome));
    g_assert_false(submit(writer, 5, 1, &outcome));
    hcp_journal_writer_stats stats;
    hcp_journal_writer_get_stats(writer, &stats);
    g_assert_cmpuint(stats.n_queued, ==, 3);
    gate_open(gate, 100);
    await(&outcome, 4);
    g_assert_true(submit(writer, 5, 1, &outcome));
    await(&outcome, 5);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 5);
}

static void test_byte_bound(void)
{
    gated *gate = gated_new(hcp_journal_memory_new(0));
    g_autoptr(hcp_journal) journal = &gate->base;
    outcomes outcome = {.thread = g_thread_self()};
    const hcp_journal_writer_options options = {.max_queued_bytes = 1000};
    g_autoptr(hcp_journal_writer) writer = hcp_journal_writer_new(journal, &options);
    g_assert_true(
        submit(writer, 1, 100, &outcome)); /* larger than the bound, but the queue is empty */
    gate_await(gate);
    g_assert_true(submit(writer, 101, 1, &outcome));
    g_assert_false(submit(writer, 102, 100, &outcome));
    gate_open(gate, 100);
    await(&outcome, 2);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 101);
}

/* A failed commit takes what is queued behind it along; a new start from the journal's end
 * works. */
static void test_failure(void)
{
    gated *gate = gated_new(hcp_journal_faulty_new(hcp_journal_memory_new(0), NULL));
    g_autoptr(hcp_journal) journal = &gate->base;
    outcomes outcome = {.thread = g_thread_self()};
    g_autoptr(hcp_journal_writer) writer = hcp_journal_writer_new(journal, NULL);
    hcp_journal_faulty_arm(gate->inner, 2, HCP_JOURNAL_FAULT_FULL);
    gate_open(gate, 1);
    g_assert_true(submit(writer, 1, 2, &outcome));
    await(&outcome, 1);
    g_assert_true(submit(writer, 3, 1, &outcome));
    gate_await(gate);
    g_assert_true(submit(writer, 4, 1, &outcome)); /* behind the one that fails */
    gate_open(gate, 1);
    await(&outcome, 3);
    g_assert_cmpuint(outcome.n_failed, ==, 2);
    g_assert_cmpint(outcome.last_code, ==, HCP_ERROR_FULL);
    /* Submitted after the failure but built before it was known. */
    g_assert_true(submit(writer, 5, 1, &outcome));
    await(&outcome, 4);
    g_assert_cmpuint(outcome.n_failed, ==, 3);
    g_assert_cmpint(outcome.last_code, ==, HCP_ERROR_FULL);
    gate_open(gate, 100);
    g_assert_true(submit(writer, 3, 2, &outcome));
    g_assert_true(submit(writer, 5, 1, &outcome));
    await(&outcome, 6);
    g_assert_cmpuint(outcome.n_failed, ==, 3);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 5);
    hcp_journal_writer_stats stats;
    hcp_journal_writer_get_stats(writer, &stats);
    g_assert_cmpuint(stats.n_failed_commits, ==, 1);
}

static void test_snapshot(void)
{
    g_autoptr(hcp_journal) journal = hcp_journal_memory_new(0);
    outcomes outcome = {.thread = g_thread_self()};
    g_autoptr(hcp_journal_writer) writer = hcp_journal_writer_new(journal, NULL);
    g_assert_true(submit(writer, 1, 10, &outcome));
    g_auto(hcp_journal_snapshot) snapshot = fixture_snapshot(10, 5000);
    hcp_journal_writer_submit_snapshot(writer, &snapshot, on_done, &outcome);
    g_assert_true(submit(writer, 11, 1, &outcome));
    g_auto(hcp_journal_snapshot) early = fixture_snapshot(99, 1);
    hcp_journal_writer_submit_snapshot(writer, &early, on_done, &outcome);
    await(&outcome, 4);
    g_assert_cmpuint(outcome.n_failed, ==, 1);
    g_auto(hcp_journal_snapshot) found = {0};
    g_assert_true(hcp_journal_snapshot_load(journal, G_MAXUINT64, &found, NULL));
    fixture_check_snapshot(&found, 10, 5000);
}

/* Freeing the writer stores what is queued and calls every completion, also without a running
 * loop. */
static void test_stop_flushes(void)
{
    g_autoptr(hcp_journal) journal = hcp_journal_memory_new(0);
    outcomes outcome = {.thread = g_thread_self()};
    hcp_journal_writer *writer = hcp_journal_writer_new(journal, NULL);
    for (uint64_t seq = 1; seq <= 1000; seq++)
        g_assert_true(submit(writer, seq, 1, &outcome));
    hcp_journal_writer_free(writer);
    g_assert_cmpuint(outcome.n_done, ==, 1000);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 1000);
}

static void on_done_resubmit(void *user_data, const hcp_journal_batch *batch, const GError *error)
{
    g_assert_no_error(error);
    hcp_journal_writer **writer = user_data;
    uint64_t last = hcp_journal_batch_entry(batch, 0)->seq;
    if (last >= 200)
        return;
    hcp_journal_batch *next = hcp_journal_batch_new();
    fixture_fill(next, last + 1, 1);
    g_assert_true(hcp_journal_writer_try_submit(*writer, next, on_done_resubmit, writer));
}

static void test_submit_from_completion(void)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(hcp_journal) journal = hcp_journal_memory_new(0);
    const hcp_journal_writer_options options = {.context = context};
    g_autoptr(hcp_journal_writer) writer = hcp_journal_writer_new(journal, &options);
    hcp_journal_batch *batch = hcp_journal_batch_new();
    fixture_fill(batch, 1, 1);
    g_assert_true(hcp_journal_writer_try_submit(writer, batch, on_done_resubmit, &writer));
    while (hcp_journal_last(journal, NULL) < 200)
        g_main_context_iteration(context, TRUE);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 200);
}

/* The same while the writer is being freed: what a completion submits then is stored too, and completed. */
static void test_submit_while_stopping(void)
{
    g_autoptr(hcp_journal) journal = hcp_journal_memory_new(0);
    hcp_journal_writer *writer = hcp_journal_writer_new(journal, NULL);
    hcp_journal_batch *batch = hcp_journal_batch_new();
    fixture_fill(batch, 1, 1);
    g_assert_true(hcp_journal_writer_try_submit(writer, batch, on_done_resubmit, &writer));
    hcp_journal_writer_free(writer);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 200);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal/writer/order", test_order);
    g_test_add_func("/journal/writer/batches-are-used-again", test_batches_are_used_again);
    g_test_add_func("/journal/writer/group-commit", test_group_commit);
    g_test_add_func("/journal/writer/back-pressure", test_back_pressure);
    g_test_add_func("/journal/writer/byte-bound", test_byte_bound);
    g_test_add_func("/journal/writer/failure", test_failure);
    g_test_add_func("/journal/writer/snapshot", test_snapshot);
    g_test_add_func("/journal/writer/stop-flushes", test_stop_flushes);
    g_test_add_func("/journal/writer/submit-from-completion", test_submit_from_completion);
    g_test_add_func("/journal/writer/submit-while-stopping", test_submit_while_stopping);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The journal thread: a bounded queue in, group commits, completions out through one GSource. */
#include "journal/writer.h"

#define DEFAULT_MAX_BATCHES 4096
#define DEFAULT_MAX_BYTES ((size_t)64 << 20)
#define DEFAULT_COMMIT_ENTRIES 2000
/* One with the thread, one being filled, and one between. */
#define MAX_SPARE_BATCHES 3

/* A submission: exactly one of batch and snapshot.blob is set. Moves from `queued` to
 * `finished`. */
typedef struct {
    hcp_journal_batch *batch;
    hcp_journal_snapshot snapshot;
    hcp_journal_done_fn done;
    void *user_data;
    GError *error;
} submission;

struct hcp_journal_writer {
    hcp_journal *journal;
    hcp_journal_writer_options options;
    GThread *thread;
    GSource *source;
    GPtrArray *spare; /* stored batches, cleared; the completions' thread's own */
    GError *failure;  /* of the last append, until one succeeds; the thread's own */
    GMutex lock;      /* guards what follows */
    GCond wake;
    GQueue queued;   /* submission *, in the order of submission */
    GQueue finished; /* submission *, in the order of completion, which is the same */
    size_t queued_bytes;
    bool stopping;
    hcp_journal_writer_stats stats;
};

typedef struct {
    GSource source;
    hcp_journal_writer *writer;
} completion_source;

static void job_free(submission *job)
{
    hcp_journal_batch_free(job->batch);
    hcp_journal_snapshot_clear(&job->snapshot);
    g_clear_error(&job->error);
    g_free(job);
}

/* Keeps the memory of a stored batch for the next one. */
static void recycle(hcp_journal_writer *writer, submission *job)
{
    if (job->batch == NULL || writer->spare->len >= MAX_SPARE_BATCHES)
        return;
    hcp_journal_batch_clear(job->batch);
    g_ptr_array_add(writer->spare, g_steal_pointer(&job->batch));
}

static void run_completions(hcp_journal_writer *writer)
{
    g_mutex_lock(&writer->lock);
    GQueue finished = writer->finished;
    g_queue_init(&writer->finished);
    g_mutex_unlock(&writer->lock);
    submission *job;
    while ((job = g_queue_pop_head(&finished))) {
        if (job->done)
            job->done(job->user_data, job->batch, job->error);
        recycle(writer, job);
        job_free(job);
    }
}

static gboolean dispatch_completions(GSource *source, GSourceFunc callback, gpointer user_data)
{
    (void)callback, (void)user_data;
    /* Before the list is taken: whatever is finished after that makes the source ready again. */
    g_source_set_ready_time(source, -1);
    run_completions(((completion_source *)source)->writer);
    return G_SOURCE_CONTINUE;
}

static const GSourceFuncs COMPLETION_FUNCS = {.dispatch = dispatch_completions};

static void finish_job(hcp_journal_writer *writer, submission *job, const GError *error)
{
    job->error = error ? g_error_copy(error) : NULL;
    g_queue_push_tail(&writer->finished, job);
}

static bool is_stale(hcp_journal_writer *writer, const submission *job)
{
    if (!writer->failure || !job->batch || hcp_journal_batch_count(job->batch) == 0)
        return false;
    uint64_t next = hcp_journal_last(writer->journal, NULL) + 1;
    return hcp_journal_batch_entry(job->batch, 0)->seq != next;
}

static submission *pop_locked(hcp_journal_writer *writer)
{
    submission *job = g_queue_pop_head(&writer->queued);
    if (job->batch)
        writer->queued_bytes -= hcp_journal_batch_size(job->batch);
    return job;
}

/* Fails the batches that were submitted before their submitter learned of a failure: they build on
 * entries that do not exist. The first one that follows the journal's end is a new start. */
static void fail_stale_locked(hcp_journal_writer *writer)
{
    submission *job;
    while ((job = g_queue_peek_head(&writer->queued)) && is_stale(writer, job)) {
        finish_job(writer, pop_locked(writer), writer->failure);
        g_source_set_ready_time(writer->source, 0);
    }
}

static void wait_locked(hcp_journal_writer *writer)
{
    fail_stale_locked(writer);
    while (g_queue_is_empty(&writer->queued) && !writer->stopping) {
        g_cond_wait(&writer->wake, &writer->lock);
        fail_stale_locked(writer);
    }
}

/* Takes whole batches from the head of the queue until the commit is large enough, or one snapshot.
 * Waits for the first; an empty result means stop. */
static void take_jobs(hcp_journal_writer *writer, GPtrArray *ret_jobs)
{
    guint entries = 0;
    g_mutex_lock(&writer->lock);
    wait_locked(writer);
    submission *job;
    while ((job = g_queue_peek_head(&writer->queued))) {
        guint count = job->batch ? hcp_journal_batch_count(job->batch) : 0;
        bool fits = job->batch && entries + count <= writer->options.max_commit_entries;
        if (ret_jobs->len > 0 && !fits)
            break;
        g_ptr_array_add(ret_jobs, pop_locked(writer));
        if (!job->batch)
            break;
        entries += count;
    }
    g_mutex_unlock(&writer->lock);
}

static void store_jobs(hcp_journal_writer *writer, GPtrArray *jobs, GError **error)
{
    submission *first = jobs->pdata[0];
    if (!first->batch) {
        (void)hcp_journal_snapshot_save(writer->journal, &first->snapshot, error);
        return;
    }
    g_autofree hcp_journal_batch **batches = g_new(hcp_journal_batch *, jobs->len);
    for (guint i = 0; i < jobs->len; i++)
        batches[i] = ((submission *)jobs->pdata[i])->batch;
    (void)hcp_journal_append(writer->journal, batches, jobs->len, error);
}

static void count_commit(hcp_journal_writer *writer, GPtrArray *jobs, bool stored, int64_t took_us)
{
    hcp_journal_writer_stats *stats = &writer->stats;
    stats->n_commits += stored;
    stats->n_failed_commits += !stored;
    stats->last_commit_us = took_us;
    stats->max_commit_us = MAX(stats->max_commit_us, took_us);
    stats->total_commit_us += took_us;
    for (guint i = 0; stored && i < jobs->len; i++)
        stats->n_entries += hcp_journal_batch_count(((submission *)jobs->pdata[i])->batch);
}

static void finish_jobs(hcp_journal_writer *writer, GPtrArray *jobs, const GError *error,
                        int64_t took_us)
{
    bool is_append = ((submission *)jobs->pdata[0])->batch != NULL;
    g_mutex_lock(&writer->lock);
    if (is_append)
        count_commit(writer, jobs, !error, took_us);
    for (guint i = 0; i < jobs->len; i++)
        finish_job(writer, jobs->pdata[i], error);
    if (is_append) {
        g_clear_error(&writer->failure);
        writer->failure = error ? g_error_copy(error) : NULL;
    }
    g_source_set_ready_time(writer->source, 0);
    g_mutex_unlock(&writer->lock);
}

/* One commit or snapshot; false when there is nothing left to write and the writer stops. */
static bool write_next(hcp_journal_writer *writer)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    take_jobs(writer, jobs);
    if (jobs->len == 0)
        return false;
    int64_t start_us = g_get_monotonic_time();
    store_jobs(writer, jobs, &error);
    finish_jobs(writer, jobs, error, g_get_monotonic_time() - start_us);
    hcp_journal_tidy(writer->journal);
    return true;
}

static gpointer writer_thread(gpointer data)
{
    while (write_next(data))
        ;
    return NULL;
}

hcp_journal_writer *hcp_journal_writer_new(hcp_journal *journal,
                                           const hcp_journal_writer_options *options)
{
    hcp_journal_writer *writer = g_new0(hcp_journal_writer, 1);
    writer->journal = journal;
    if (options)
        writer->options = *options;
    hcp_journal_writer_options *own = &writer->options;
    own->max_queued_batches = own->max_queued_batches ?: DEFAULT_MAX_BATCHES;
    own->max_queued_bytes = own->max_queued_bytes ?: DEFAULT_MAX_BYTES;
    own->max_commit_entries = own->max_commit_entries ?: DEFAULT_COMMIT_ENTRIES;
    writer->spare = g_ptr_array_new_with_free_func((GDestroyNotify)hcp_journal_batch_free);
    g_mutex_init(&writer->lock);
    g_cond_init(&writer->wake);
    writer->source = g_source_new((GSourceFuncs *)&COMPLETION_FUNCS, sizeof(completion_source));
    ((completion_source *)writer->source)->writer = writer;
    g_source_set_name(writer->source, "journal completions");
    g_source_set_priority(writer->source, own->priority);
    g_source_attach(writer->source,
                    own->context ? own->context : g_main_context_get_thread_default());
    writer->thread = g_thread_new("journal", writer_thread, writer);
    return writer;
}

hcp_journal_batch *hcp_journal_writer_batch(hcp_journal_writer *writer)
{
    if (writer->spare->len == 0)
        return hcp_journal_batch_new();
    return g_ptr_array_steal_index_fast(writer->spare, writer->spare->len - 1);
}

static submission *job_new(hcp_journal_done_fn done, void *user_data)
{
    submission *job = g_new0(submission, 1);
    job->done = done;
    job->user_data = user_data;
    return job;
}

static void enqueue_locked(hcp_journal_writer *writer, submission *job)
{
    g_queue_push_tail(&writer->queued, job);
    g_cond_signal(&writer->wake);
}

bool hcp_journal_writer_try_submit(hcp_journal_writer *writer, hcp_journal_batch *batch,
                                   hcp_journal_done_fn done, void *user_data)
{
    size_t size = hcp_journal_batch_size(batch);
    g_mutex_lock(&writer->lock);
    bool has_room = g_queue_is_empty(&writer->queued) ||
                    (writer->queued.length < writer->options.max_queued_batches &&
                     writer->queued_bytes + size <= writer->options.max_queued_bytes);
    if (has_room) {
        submission *job = job_new(done, user_data);
        job->batch = batch;
        writer->queued_bytes += size;
        enqueue_locked(writer, job);
    }
    g_mutex_unlock(&writer->lock);
    return has_room;
}

void hcp_journal_writer_submit_snapshot(hcp_journal_writer *writer,
                                        const hcp_journal_snapshot *snapshot,
                                        hcp_journal_done_fn done, void *user_data)
{
    submission *job = job_new(done, user_data);
    job->snapshot = *snapshot;
    g_bytes_ref(job->snapshot.blob);
    g_mutex_lock(&writer->lock);
    enqueue_locked(writer, job);
    g_mutex_unlock(&writer->lock);
}

void hcp_journal_writer_get_stats(hcp_journal_writer *writer, hcp_journal_writer_stats *ret_stats)
{
    g_mutex_lock(&writer->lock);
    *ret_stats = writer->stats;
    ret_stats->n_queued = writer->queued.length;
    g_mutex_unlock(&writer->lock);
}

void hcp_journal_writer_free(hcp_journal_writer *writer)
{
    if (!writer)
        return;
    g_mutex_lock(&writer->lock);
    writer->stopping = true;
    g_cond_signal(&writer->wake);
    g_mutex_unlock(&writer->lock);
    g_thread_join(writer->thread);
    run_completions(writer);
    /* A completion may have submitted what had gathered meanwhile; the thread is gone. */
    while (write_next(writer))
        run_completions(writer);
    g_source_destroy(writer->source);
    g_source_unref(writer->source);
    g_ptr_array_unref(writer->spare);
    g_clear_error(&writer->failure);
    g_cond_clear(&writer->wake);
    g_mutex_clear(&writer->lock);
    g_free(writer);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal thread. Batches go in through a bounded queue; everything queued is stored in one
 * transaction (group commit); completions come out on the caller's GMainContext, in the order of
 * submission, after the data is durable.
 *
 * When a transaction fails, every batch in it and every batch queued behind it fails with the same
 * error, because their sequence numbers build on what was lost. The caller starts again from
 * hcp_journal_last() + 1.
 */
#ifndef HCP_JOURNAL_WRITER_H
#define HCP_JOURNAL_WRITER_H

#include "journal/journal.h"

#include <glib.h>
#include <stdbool.h>

typedef struct hcp_journal_writer hcp_journal_writer;

/* Called once per submission on the writer's context; `error` is NULL when the data is durable,
 * else borrowed. `batch` is borrowed (its entries carry their hashes) and the writer's again
 * afterwards; NULL for a snapshot. */
typedef void (*hcp_journal_done_fn)(void *user_data, const hcp_journal_batch *batch,
                                    const GError *error);

typedef struct {
    guint max_queued_batches; /* 0 = 4096 */
    size_t max_queued_bytes;  /* 0 = 64 MiB; one batch is always accepted by an empty queue */
    guint max_commit_entries; /* a transaction takes whole batches up to this; 0 = 2000 */
    GMainContext *context;    /* of the completions; NULL = the creator's thread-default one */
    int priority;             /* of the completions; 0 = G_PRIORITY_DEFAULT */
} hcp_journal_writer_options;

typedef struct {
    uint64_t n_commits;
    uint64_t n_failed_commits;
    uint64_t n_entries;
    guint n_queued; /* batches waiting now */
    int64_t last_commit_us;
    int64_t max_commit_us;
    int64_t total_commit_us;
} hcp_journal_writer_stats;

/* Starts the thread, which is the journal's writing side until the writer is freed. `journal` is
 * borrowed. */
hcp_journal_writer *hcp_journal_writer_new(hcp_journal *journal,
                                           const hcp_journal_writer_options *options);

/* An empty batch, from the memory of one that has been stored where there is one. The caller's, to
 * be handed over or freed. The completions' thread only. */
hcp_journal_batch *hcp_journal_writer_batch(hcp_journal_writer *writer);

/* Hands `batch` over. False when the queue is full: the batch stays the caller's, nothing is called
 * (HTTP answers 503). */
bool hcp_journal_writer_try_submit(hcp_journal_writer *writer, hcp_journal_batch *batch,
                                   hcp_journal_done_fn done, void *user_data);

/* Queues the saving of a snapshot behind what was submitted so far; takes a reference on its blob.
 * Never refused. */
void hcp_journal_writer_submit_snapshot(hcp_journal_writer *writer,
                                        const hcp_journal_snapshot *snapshot,
                                        hcp_journal_done_fn done, void *user_data);

/* Figures for metrics. Any thread. */
void hcp_journal_writer_get_stats(hcp_journal_writer *writer, hcp_journal_writer_stats *ret_stats);

/* Stores everything queued, ends the thread and calls the outstanding completions before returning; what these submit is
 * stored and completed too. Call it on the thread that runs the context. */
void hcp_journal_writer_free(hcp_journal_writer *writer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_journal_writer, hcp_journal_writer_free)

#endif

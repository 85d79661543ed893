/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/commit.h"

#include <glib.h>

struct hcp_commit {
    hcp_commit_options options;
    hcp_journal_batch *open;
    /* without a writer: takes turns with `open`, so nothing is allocated */
    hcp_journal_batch *spare;
    GString *payload; /* scratch */
    uint64_t added;   /* seq of the last event added */
    uint64_t durable; /* seq of the last one that the journal has */
    uint64_t lost;    /* events ever lost; a ticket is a seq plus these: it never comes again */
    bool under_way;   /* a batch is with the writer */
};

hcp_commit *hcp_commit_new(const hcp_commit_options *options)
{
    hcp_commit *commit = g_new0(hcp_commit, 1);
    commit->options = *options;
    commit->open = hcp_journal_batch_new();
    commit->spare = hcp_journal_batch_new();
    commit->payload = g_string_sized_new(1024);
    commit->durable = commit->added = hcp_journal_last(options->journal, NULL);
    return commit;
}

void hcp_commit_free(hcp_commit *commit)
{
    if (commit == NULL)
        return;
    hcp_journal_batch_free(commit->open);
    hcp_journal_batch_free(commit->spare);
    g_string_free(commit->payload, TRUE);
    g_free(commit);
}

void hcp_commit_add(hcp_commit *commit, const hcp_state *state, const hcp_event *event,
                    const hcp_actor *who)
{
    g_string_truncate(commit->payload, 0);
    hcp_event_print(event, commit->payload);
    const hcp_journal_entry entry = {
        .seq = ++commit->added,
        .time_us = event->time_us,
        .actor = who->actor,
        .type = hcp_event_type_name(event->type),
        .trace_id = who->trace_id != NULL ? who->trace_id : "",
        .payload = commit->payload->str,
        .payload_size = commit->payload->len,
    };
    hcp_journal_batch_add(commit->open, &entry);
    if (commit->options.project != NULL)
        commit->options.project(state, event, commit->added, commit->open);
}

uint64_t hcp_commit_ticket(const hcp_commit *commit)
{
    return commit->added > commit->durable ? commit->added + commit->lost : 0;
}

uint64_t hcp_commit_durable(const hcp_commit *commit)
{
    return commit->durable;
}

/* A failure takes with it what was added while the batch was on its way: it builds on events that never happened. */
static void tell(hcp_commit *commit, const hcp_journal_batch *batch, const GError *error)
{
    uint64_t last = commit->added;
    if (error == NULL)
        last = commit->durable =
            hcp_journal_batch_entry(batch, hcp_journal_batch_count(batch) - 1)->seq;
    commit->options.done(commit->options.data, last + commit->lost, batch, error);
}

static void flush_here(hcp_commit *commit)
{
    g_autoptr(GError) error = NULL;
    (void)hcp_journal_append(commit->options.journal, &commit->open, 1, &error);
    g_autoptr(hcp_journal_batch) batch = g_steal_pointer(&commit->open);
    commit->open = g_steal_pointer(&commit->spare);
    tell(commit, batch, error);
    hcp_journal_tidy(commit->options.journal);
    hcp_journal_batch_clear(batch);
    commit->spare = g_steal_pointer(&batch);
}

static void on_written(void *user_data, const hcp_journal_batch *batch, const GError *error)
{
    hcp_commit *commit = user_data;
    commit->under_way = false;
    tell(commit, batch, error);
    hcp_commit_flush(commit);
}

void hcp_commit_flush(hcp_commit *commit)
{
    if (commit->under_way || hcp_journal_batch_count(commit->open) == 0)
        return;
    if (commit->options.writer == NULL) {
        flush_here(commit);
        return;
    }
    /* One batch at a time is far below the writer's bound, so it is never refused. */
    commit->under_way = true;
    hcp_journal_batch *batch = g_steal_pointer(&commit->open);
    commit->open = hcp_journal_writer_batch(commit->options.writer);
    if (!hcp_journal_writer_try_submit(commit->options.writer, batch, on_written, commit))
        g_assert_not_reached();
}

void hcp_commit_restart(hcp_commit *commit)
{
    uint64_t last = hcp_journal_last(commit->options.journal, NULL);
    hcp_journal_batch_clear(commit->open);
    commit->lost += commit->added - last;
    commit->durable = commit->added = last;
}

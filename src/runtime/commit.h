/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commit cycle: events that the core has applied are gathered here, become durable together, and only then may what
 * they tell leave the process. A ticket numbers the last event gathered; whoever has something to say takes a ticket and
 * waits until it is durable. Tickets rise by one per event and never fall: the journal gives the sequence numbers of lost
 * events to others, and an answer that waits for one of those must not leave with the answer for another.
 *
 * One batch is with the journal thread at a time and the next one grows meanwhile: the busier the platform, the larger the
 * group. Without a journal thread (simulation) a flush is durable when it returns.
 */
#ifndef HCP_RUNTIME_COMMIT_H
#define HCP_RUNTIME_COMMIT_H

#include "core/core.h"
#include "journal/journal.h"
#include "journal/writer.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct hcp_commit hcp_commit;

/* Who caused an event. Borrowed for the call. */
typedef struct {
    const char *actor;    /* "system", "operator", a customer or user id */
    const char *trace_id; /* or NULL */
} hcp_actor;

/* `error` is NULL when everything up to `ticket` is durable: `batch` (borrowed) holds the entries. Otherwise everything
 * after the last durable entry up to `ticket`, the last one given out, is lost: also what was added while `batch` was under
 * way. The state is ahead of the journal, and the receiver must rebuild it. */
typedef void (*hcp_commit_done_fn)(void *data, uint64_t ticket, const hcp_journal_batch *batch,
                                   const GError *error);

/* Turns one event into row operations of the projections, in the same transaction. `state` already contains the event. */
typedef void (*hcp_commit_project_fn)(const hcp_state *state, const hcp_event *event, uint64_t seq,
                                      hcp_journal_batch *batch);

typedef struct {
    hcp_journal *journal;          /* borrowed */
    hcp_journal_writer *writer;    /* NULL: append on the caller's thread */
    hcp_commit_project_fn project; /* may be NULL */
    hcp_commit_done_fn done;
    void *data;
} hcp_commit_options;

/* A cycle that continues after the journal's last entry. */
hcp_commit *hcp_commit_new(const hcp_commit_options *options);

/* Frees the cycle; what was not flushed is dropped. NULL is allowed. */
void hcp_commit_free(hcp_commit *commit);

/* Adds one applied event to the open batch. */
void hcp_commit_add(hcp_commit *commit, const hcp_state *state, const hcp_event *event,
                    const hcp_actor *who);

/* Ticket of everything added so far, or 0 when all of it is durable. */
uint64_t hcp_commit_ticket(const hcp_commit *commit);

/* The journal's sequence number of the last durable event. */
uint64_t hcp_commit_durable(const hcp_commit *commit);

/* Sends the open batch on its way, unless one is under way or there is nothing to send. */
void hcp_commit_flush(hcp_commit *commit);

/* Forgets the open batch and continues after the journal's last entry: the state has been rebuilt. */
void hcp_commit_restart(hcp_commit *commit);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_commit, hcp_commit_free)

#endif

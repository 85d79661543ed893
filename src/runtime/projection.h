/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Projections: the events as plain SQL tables, written in the transaction that stores them, for lists and history and for
 * anybody with the sqlite3 shell. docs/tables.md describes them. The tables hold what happened; what is now is in the state.
 */
#ifndef HCP_RUNTIME_PROJECTION_H
#define HCP_RUNTIME_PROJECTION_H

#include "core/core.h"
#include "journal/journal.h"

/* Tables and statements, given to the journal at open. */
extern const hcp_projection_schema HCP_PROJECTION_SCHEMA;

/* Row operations of one event; `state` already contains it. */
void hcp_projection_project(const hcp_state *state, const hcp_event *event, uint64_t seq,
                            hcp_journal_batch *batch);

/* A hcp_journal_project_fn: applies the entry to the core that `user_data` is and adds its row operations. Start with a
 * fresh core and the first entry. */
bool hcp_projection_project_entry(void *user_data, const hcp_journal_entry *entry,
                                  hcp_journal_batch *ops, GError **error);

/* Refills the tables of a journal that was written with another version of them. */
bool hcp_projection_rebuild(hcp_journal *journal, GError **error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The append-only, hash-chained log that is the truth of the platform, with snapshots and queryable
 * projections beside it. This is the interface its users see; memory.h, sqlite.h and faulty.h make
 * one, ops.h is for whoever writes another.
 *
 * Threads: append, snapshot_save and rebuild are the writing side, read, query, snapshot_load and
 * verify the reading side. Each side is used by one thread at a time; the two sides may run at the
 * same time. hcp_journal_last() may be called by any thread.
 */
#ifndef HCP_JOURNAL_JOURNAL_H
#define HCP_JOURNAL_JOURNAL_H

#include "journal/batch.h"
#include "journal/projection.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hcp_journal hcp_journal;

/* Called once per entry in ascending order; `entry` is borrowed until it returns. False stops the
 * reading. */
typedef bool (*hcp_journal_entry_fn)(void *user_data, const hcp_journal_entry *entry);

/* Called once per result row; values are borrowed until it returns. False stops the query. */
typedef bool (*hcp_journal_row_fn)(void *user_data, const hcp_projection_value *values,
                                   int n_values);

/* Adds to `ops` the row operations that `entry` implies; entries come in order from seq 1. */
typedef bool (*hcp_journal_project_fn)(void *user_data, const hcp_journal_entry *entry,
                                       hcp_journal_batch *ops, GError **error);

/* Long work tells how far it is. */
typedef void (*hcp_journal_progress_fn)(void *user_data, uint64_t done, uint64_t total);

/* A saved state. `blob` is the caller's own encoding and `state_hash` the caller's own hash of the
 * state in it. */
typedef struct {
    uint64_t seq; /* the state after applying entries 1…seq; 0 = no snapshot */
    uint8_t state_hash[HCP_JOURNAL_HASH_SIZE];
    GBytes *blob;
} hcp_journal_snapshot;

/* A read-only SQL query over the projections and `journal_entry`. `sql` is the key under which its
 * compiled form is kept, so pass constant texts with parameters ?1, ?2, …, not texts with values
 * pasted in. */
typedef struct {
    const char *sql;
    const hcp_projection_value *values;
    int n_values;
} hcp_journal_query_spec;

typedef struct {
    uint64_t seq; /* the entry concerned, 0 when none can be named */
    char *what;   /* what is wrong, for people */
} hcp_journal_finding;

#define HCP_JOURNAL_MAX_FINDINGS 100

typedef struct {
    uint64_t n_entries;     /* entries looked at */
    uint64_t first_bad_seq; /* lowest entry concerned by a finding, 0 when none */
    GPtrArray *findings; /* hcp_journal_finding, at most HCP_JOURNAL_MAX_FINDINGS; empty = sound */
} hcp_journal_report;

/* What verify may use; all may be NULL. With `project`, projections are rebuilt aside and compared
 * row by row. */
typedef struct {
    hcp_journal_project_fn project;
    void *project_data;
    hcp_journal_progress_fn progress;
    void *progress_data;
} hcp_journal_verify_options;

/*
 * Stores `batches` in one transaction; durable when it returns true, not a byte of them kept when
 * it returns false. The first entry's seq must be last + 1 and all are consecutive, else
 * HCP_ERROR_INVALID. Fills in the entries' hashes.
 *
 * Errors: HCP_ERROR_FULL (no space; later appends work again once there is some), HCP_ERROR_IO
 * (after a failed flush every later append fails too, until the journal is opened anew),
 * HCP_ERROR_INVALID (a gap, or a row operation the projection refuses), HCP_ERROR_UNSUPPORTED
 * (opened for reading).
 */
bool hcp_journal_append(hcp_journal *journal, hcp_journal_batch *const *batches, guint n_batches,
                        GError **error);

/* Housekeeping of the store that would only delay an append: called now and then on the writing
 * side, after what was appended has been acknowledged. Without it an append does it when it has
 * to. */
void hcp_journal_tidy(hcp_journal *journal);

/* Visits the entries from `from_seq` (1 or more) to the last. The chain is checked on the way:
 * HCP_ERROR_CORRUPT names the first entry that fails, which is not visited. HCP_ERROR_NOT_FOUND
 * when `from_seq` was trimmed. Past the end: nothing. */
bool hcp_journal_read(hcp_journal *journal, uint64_t from_seq, hcp_journal_entry_fn visit,
                      void *user_data, GError **error);

/* Sequence number and hash of the last durable entry; 0 and zeroes when there is none. `ret_hash`
 * may be NULL. */
uint64_t hcp_journal_last(hcp_journal *journal, uint8_t ret_hash[HCP_JOURNAL_HASH_SIZE]);

/* Keeps a snapshot; `seq` must not be past the last entry. Old ones beyond the configured number
 * are dropped. */
bool hcp_journal_snapshot_save(hcp_journal *journal, const hcp_journal_snapshot *snapshot,
                               GError **error);

/* The newest snapshot with seq <= `at_most` that passes its own checks (bad ones are skipped).
 * None: true, with ret_snapshot->seq 0. The caller clears it. */
bool hcp_journal_snapshot_load(hcp_journal *journal, uint64_t at_most,
                               hcp_journal_snapshot *ret_snapshot, GError **error);

/* Releases the blob and zeroes the struct. */
void hcp_journal_snapshot_clear(hcp_journal_snapshot *snapshot);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_journal_snapshot, hcp_journal_snapshot_clear)

/* Runs a query on the reading side. HCP_ERROR_INVALID when it does not compile or would write;
 * HCP_ERROR_UNSUPPORTED where there are no projections (memory). */
bool hcp_journal_query(hcp_journal *journal, const hcp_journal_query_spec *spec,
                       hcp_journal_row_fn visit, void *user_data, GError **error);

/* True when the projections were written under another schema version than the one given at open,
 * or a rebuild was interrupted: call hcp_journal_rebuild() before appending. */
bool hcp_journal_needs_rebuild(const hcp_journal *journal);

/* Drops the projections and refills them by handing every entry to `project`. `progress` may be
 * NULL and shares its user_data. Interrupted, it starts over at the next open. */
bool hcp_journal_rebuild(hcp_journal *journal, hcp_journal_project_fn project,
                         hcp_journal_progress_fn progress, void *user_data, GError **error);

/* Looks at every stored byte that matters and lists what is wrong in `ret_report`, which the caller
 * clears. True when the examination could be made, even when it found damage; false when it could
 * not. `options` may be NULL. */
bool hcp_journal_verify(hcp_journal *journal, const hcp_journal_verify_options *options,
                        hcp_journal_report *ret_report, GError **error);

/* Frees the findings and zeroes the struct. */
void hcp_journal_report_clear(hcp_journal_report *report);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_journal_report, hcp_journal_report_clear)

/* Forgets all but the newest `keep` entries where the implementation can (memory; simulations of
 * years). Others keep all and return false. */
bool hcp_journal_trim(hcp_journal *journal, uint64_t keep);

/* Closes and frees; NULL is allowed. What append acknowledged is durable already. */
void hcp_journal_close(hcp_journal *journal);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_journal, hcp_journal_close)

#endif

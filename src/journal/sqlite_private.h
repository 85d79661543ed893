/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite journal's parts see each other here; nobody else includes this. */
#ifndef HCP_JOURNAL_SQLITE_PRIVATE_H
#define HCP_JOURNAL_SQLITE_PRIVATE_H

#include "journal/ops.h"
#include "journal/sqlite_db.h"

typedef struct {
    hcp_journal base;
    char *directory;
    char *path; /* of journal.db */
    const hcp_projection_schema *schema;
    guint keep_snapshots;
    bool unchecked;
    guint torn_pages;
    int lock_fd; /* -1 when read-only */
    int ack_fd;
    bool unflushed;  /* a flush failed: what the disk holds is unknown until the next open */
    sqlite3 *writer; /* NULL when read-only; the writing side's */
    int wal_pages;   /* in the log after the last commit */
    sqlite3_stmt *begin, *commit, *insert;
    sqlite3_stmt **project; /* one per statement of the schema */
    sqlite3 *reader;        /* the reading side's */
    GHashTable *queries;    /* SQL text -> idle sqlite3_stmt of the reader */
} hcp_sqlite;

/* Casts, after checking that it is one. */
hcp_sqlite *hcp_sqlite_of(hcp_journal *journal);

/* False with an error when the journal was opened for reading or a flush has failed. */
bool hcp_sqlite_may_write(const hcp_sqlite *self, GError **error);

/* Commits the open transaction of the writer; remembers a failed flush. */
bool hcp_sqlite_commit(hcp_sqlite *self, GError **error);

/* Compares the stored projections' version with the schema's; makes empty tables when they differ,
 * sets needs_rebuild when there are entries to refill them from, and compiles the statements. Only
 * looks when read-only. */
bool hcp_sqlite_projection_open(hcp_sqlite *self, bool read_only, bool has_entries, GError **error);

/* Compiles the schema's statements on `db`; an array of schema->n_statements for
 * hcp_sqlite_projection_free(). */
sqlite3_stmt **hcp_sqlite_projection_prepare(sqlite3 *db, const hcp_projection_schema *schema,
                                             GError **error);
void hcp_sqlite_projection_free(sqlite3_stmt **statements, const hcp_projection_schema *schema);

/* Executes the row operations of `batch` with `statements`; without a schema they are dropped. */
bool hcp_sqlite_projection_apply(sqlite3_stmt **statements, const hcp_projection_schema *schema,
                                 const hcp_journal_batch *batch, GError **error);

/* Operations of the vtable that live in files of their own. */
bool hcp_sqlite_rebuild(hcp_journal *journal, hcp_journal_project_fn project,
                        hcp_journal_progress_fn progress, void *user_data, GError **error);
bool hcp_sqlite_query(hcp_journal *journal, const hcp_journal_query_spec *spec,
                      hcp_journal_row_fn visit, void *user_data, GError **error);
bool hcp_sqlite_verify(hcp_journal *journal, const hcp_journal_verify_options *options,
                       hcp_journal_report *report, GError **error);
bool hcp_sqlite_snapshot_save(hcp_journal *journal, const hcp_journal_snapshot *snapshot,
                              GError **error);
bool hcp_sqlite_snapshot_load(hcp_journal *journal, uint64_t at_most,
                              hcp_journal_snapshot *ret_snapshot, GError **error);

/* Reads snapshot `seq` into the zeroed *ret_snapshot. False with HCP_ERROR_CORRUPT when it fails
 * its digest. */
bool hcp_sqlite_snapshot_read(sqlite3 *db, uint64_t seq, hcp_journal_snapshot *ret_snapshot,
                              GError **error);

/* Sequence numbers of the snapshots at or below `at_most`, newest first (element type uint64_t);
 * NULL on error. */
GArray *hcp_sqlite_snapshot_list(sqlite3 *db, uint64_t at_most, GError **error);

/* Frames of the write-ahead log `path` that belong to its current run, finished or not; 0 without a
 * log. */
guint hcp_sqlite_wal_frames(const char *path);

#endif

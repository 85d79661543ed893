/* SPDX-License-Identifier: Apache-2.0 */
/* The few things every SQLite user in this room needs: connections with our settings, errors in our
 * domain, scope cleanup. */
#ifndef HCP_JOURNAL_SQLITE_DB_H
#define HCP_JOURNAL_SQLITE_DB_H

#include "journal/batch.h"
#include "journal/projection.h"

#include <glib.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3, sqlite3_close)
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sqlite3_stmt, sqlite3_finalize)

typedef enum {
    HCP_SQLITE_DB_WRITER, /* creates the file; WAL, synchronous=FULL; never checkpoints on close (sqlite.c decides) */
    HCP_SQLITE_DB_READER,  /* of an existing file; cannot write */
    HCP_SQLITE_DB_SCRATCH, /* private temporary database; `path` is ignored */
} hcp_sqlite_db_role;

/* Opens a connection for use by one thread at a time. NULL with an error of our domain on
 * failure. */
sqlite3 *hcp_sqlite_db_open(const char *path, hcp_sqlite_db_role role, GError **error);

/* Sets `error` from the connection's last failure: full disks are HCP_ERROR_FULL, damage
 * HCP_ERROR_CORRUPT, refused SQL and constraints HCP_ERROR_INVALID, locks HCP_ERROR_BUSY, the rest
 * HCP_ERROR_IO. `what` says what was tried. */
void hcp_sqlite_db_set_error(sqlite3 *db, const char *what, GError **error);

/* Runs one or more statements without results. */
bool hcp_sqlite_db_exec(sqlite3 *db, const char *sql, GError **error);

/* Compiles exactly one statement. */
sqlite3_stmt *hcp_sqlite_db_prepare(sqlite3 *db, const char *sql, GError **error);

/* Steps a statement that returns no row, then resets it. */
bool hcp_sqlite_db_run(sqlite3_stmt *statement, GError **error);

/* First column of the first row of `sql` as an integer; 0 when there is no row. */
bool hcp_sqlite_db_get_int(sqlite3 *db, const char *sql, int64_t *ret_value, GError **error);

/* Binds `values` to ?1…?n; the texts must outlive the execution. */
bool hcp_sqlite_db_bind(sqlite3_stmt *statement, const hcp_projection_value *values, int n_values,
                        GError **error);

/* The columns of every reading of entries, in the order hcp_sqlite_db_entry() expects. */
#define HCP_SQLITE_ENTRY_COLUMNS "seq, time_us, actor, type, trace_id, payload, hash"

/* The entry in the current row of `statement`, borrowed until the next step. False when a column
 * has not the type or size it was written with: the row is damaged. */
bool hcp_sqlite_db_entry(sqlite3_stmt *statement, hcp_journal_entry *ret_entry);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The journal in a data directory: journal.db (SQLite, WAL, synchronous=FULL), journal.ack (the
 * last acknowledged entry, which tells a torn tail from lost data) and journal.lock (one writing
 * process). Any number of readers, the sqlite3 shell among them, may look at journal.db while the
 * daemon runs.
 *
 * Tables: journal_entry(seq, time_us, actor, type, trace_id, payload, hash), journal_snapshot,
 * journal_meta, journal_migration, and the caller's projections.
 */
#ifndef HCP_JOURNAL_SQLITE_H
#define HCP_JOURNAL_SQLITE_H

#include "journal/journal.h"

typedef struct {
    const char *directory;               /* created (0700) when it does not exist */
    const hcp_projection_schema *schema; /* NULL: no projections */
    bool read_only;       /* no lock taken, nothing written; for tools beside a running daemon */
    bool unchecked;       /* with read_only, to verify: damage found at open does not refuse it */
    guint keep_snapshots; /* 0 = 3 */
} hcp_journal_sqlite_options;

/*
 * Opens or creates the journal, upgrades an older one, and checks its end. Errors: HCP_ERROR_BUSY
 * (another process writes here; the message has its pid), HCP_ERROR_UNSUPPORTED (written by a newer
 * version, or not a journal), HCP_ERROR_CORRUPT (the message names the first bad entry it knows of;
 * nothing is changed), HCP_ERROR_FULL, HCP_ERROR_IO, HCP_ERROR_INVALID (the schema does not
 * compile), HCP_ERROR_NOT_FOUND (read_only and there is none).
 */
hcp_journal *hcp_journal_sqlite_open(const hcp_journal_sqlite_options *options, GError **error);

/* What recovery at open dropped: pages of a transaction that was being written when the process or
 * the machine died, and that was never acknowledged. 0 after a clean stop. */
guint hcp_journal_sqlite_torn_pages(hcp_journal *journal);

#endif

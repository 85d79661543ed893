/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots in the SQLite journal: each row carries a SHA-256 over all of it. */
#include "base/error.h"
#include "journal/sqlite_private.h"

#include <string.h>

static void snapshot_digest(const hcp_journal_snapshot *snapshot,
                            uint8_t ret_digest[HCP_JOURNAL_HASH_SIZE])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    uint64_t seq_le = GUINT64_TO_LE(snapshot->seq);
    gsize blob_size, size = HCP_JOURNAL_HASH_SIZE;
    const guchar *blob = g_bytes_get_data(snapshot->blob, &blob_size);
    g_checksum_update(sum, (const guchar *)&seq_le, sizeof seq_le);
    g_checksum_update(sum, snapshot->state_hash, sizeof snapshot->state_hash);
    g_checksum_update(sum, blob, (gssize)blob_size);
    g_checksum_get_digest(sum, ret_digest, &size);
}

static bool insert_snapshot(sqlite3 *db, const hcp_journal_snapshot *snapshot, GError **error)
{
    g_autoptr(sqlite3_stmt) insert = hcp_sqlite_db_prepare(
        db,
        "INSERT OR REPLACE INTO journal_snapshot (seq, state_hash, digest, blob)"
        " VALUES (?1, ?2, ?3, ?4)",
        error);
    if (!insert)
        return false;
    uint8_t digest[HCP_JOURNAL_HASH_SIZE];
    gsize blob_size;
    const void *blob = g_bytes_get_data(snapshot->blob, &blob_size);
    snapshot_digest(snapshot, digest);
    sqlite3_bind_int64(insert, 1, (int64_t)snapshot->seq);
    sqlite3_bind_blob(insert, 2, snapshot->state_hash, sizeof snapshot->state_hash, SQLITE_STATIC);
    sqlite3_bind_blob(insert, 3, digest, sizeof digest, SQLITE_STATIC);
    /* An empty blob is a blob, not NULL. */
    if (blob_size == 0)
        sqlite3_bind_zeroblob(insert, 4, 0);
    else
        sqlite3_bind_blob64(insert, 4, blob, blob_size, SQLITE_STATIC);
    return hcp_sqlite_db_run(insert, error);
}

static bool drop_surplus(sqlite3 *db, guint keep, GError **error)
{
    g_autoptr(sqlite3_stmt) drop =
        hcp_sqlite_db_prepare(db,
                              "DELETE FROM journal_snapshot WHERE seq NOT IN"
                              " (SELECT seq FROM journal_snapshot ORDER BY seq DESC LIMIT ?1)",
                              error);
    if (!drop)
        return false;
    sqlite3_bind_int64(drop, 1, keep);
    return hcp_sqlite_db_run(drop, error);
}

bool hcp_sqlite_snapshot_save(hcp_journal *journal, const hcp_journal_snapshot *snapshot,
                              GError **error)
{
    hcp_sqlite *self = hcp_sqlite_of(journal);
    if (!hcp_sqlite_may_write(self, error))
        return false;
    if (hcp_sqlite_db_run(self->begin, error) && insert_snapshot(self->writer, snapshot, error) &&
        drop_surplus(self->writer, self->keep_snapshots, error) && hcp_sqlite_commit(self, error))
        return true;
    (void)sqlite3_exec(self->writer, "ROLLBACK", NULL, NULL, NULL); /* the first error counts */
    return false;
}

GArray *hcp_sqlite_snapshot_list(sqlite3 *db, uint64_t at_most, GError **error)
{
    g_autoptr(sqlite3_stmt) list = hcp_sqlite_db_prepare(
        db, "SELECT seq FROM journal_snapshot WHERE seq <= ?1 ORDER BY seq DESC", error);
    if (!list)
        return NULL;
    g_autoptr(GArray) seqs = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    sqlite3_bind_int64(list, 1, (int64_t)MIN(at_most, (uint64_t)G_MAXINT64));
    int code;
    while ((code = sqlite3_step(list)) == SQLITE_ROW) {
        uint64_t seq = (uint64_t)sqlite3_column_int64(list, 0);
        g_array_append_val(seqs, seq);
    }
    if (code == SQLITE_DONE)
        return g_steal_pointer(&seqs);
    hcp_sqlite_db_set_error(db, "journal snapshots", error);
    return NULL;
}

bool hcp_sqlite_snapshot_read(sqlite3 *db, uint64_t seq, hcp_journal_snapshot *ret_snapshot,
                              GError **error)
{
    g_autoptr(sqlite3_stmt) select = hcp_sqlite_db_prepare(
        db, "SELECT state_hash, digest, blob FROM journal_snapshot WHERE seq = ?1", error);
    if (!select)
        return false;
    sqlite3_bind_int64(select, 1, (int64_t)seq);
    if (sqlite3_step(select) == SQLITE_ROW &&
        sqlite3_column_bytes(select, 0) == HCP_JOURNAL_HASH_SIZE &&
        sqlite3_column_bytes(select, 1) == HCP_JOURNAL_HASH_SIZE &&
        sqlite3_column_type(select, 2) == SQLITE_BLOB) {
        g_auto(hcp_journal_snapshot) snapshot = {.seq = seq};
        uint8_t digest[HCP_JOURNAL_HASH_SIZE];
        memcpy(snapshot.state_hash, sqlite3_column_blob(select, 0), sizeof snapshot.state_hash);
        const void *blob = sqlite3_column_blob(select, 2);
        snapshot.blob = g_bytes_new(blob, (gsize)sqlite3_column_bytes(select, 2));
        snapshot_digest(&snapshot, digest);
        if (memcmp(sqlite3_column_blob(select, 1), digest, sizeof digest) == 0) {
            *ret_snapshot = snapshot;
            memset(&snapshot, 0, sizeof snapshot);
            return true;
        }
    }
    g_set_error(error, HCP_ERROR, HCP_ERROR_CORRUPT,
                "snapshot at entry %" G_GUINT64_FORMAT " does not match its digest", seq);
    return false;
}

bool hcp_sqlite_snapshot_load(hcp_journal *journal, uint64_t at_most,
                              hcp_journal_snapshot *ret_snapshot, GError **error)
{
    hcp_sqlite *self = hcp_sqlite_of(journal);
    g_autoptr(GArray) seqs = hcp_sqlite_snapshot_list(self->reader, at_most, error);
    if (!seqs)
        return false;
    for (guint i = 0; i < seqs->len; i++) {
        /* A bad one costs a longer replay, nothing else; verify reports it. */
        if (hcp_sqlite_snapshot_read(self->reader, g_array_index(seqs, uint64_t, i), ret_snapshot,
                                     NULL))
            return true;
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The journal in SQLite: opening with its checks, appending, reading, closing. */
#include "journal/sqlite.h"

#include "base/error.h"
#include "journal/ack.h"
#include "journal/dirlock.h"
#include "journal/sqlite_private.h"
#include "journal/sqlite_schema.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_KEEP_SNAPSHOTS 3
/* Pages of 4 KiB in the log from which it is moved into the file between commits, and from which a commit does it itself
 * because nobody did between. */
#define WAL_TIDY_PAGES 2000
#define WAL_MAX_PAGES (4 * WAL_TIDY_PAGES)
#define CHECK_AT_OPEN 1000 /* entries at the end whose chain is checked */

bool hcp_sqlite_may_write(const hcp_sqlite *self, GError **error)
{
    if (!self->writer) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED, "%s is open for reading only",
                    self->path);
        return false;
    }
    if (self->unflushed) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_IO,
                    "%s: a flush failed earlier; restart after checking the disk", self->path);
        return false;
    }
    return true;
}

bool hcp_sqlite_commit(hcp_sqlite *self, GError **error)
{
    if (hcp_sqlite_db_run(self->commit, error))
        return true;
    int code = sqlite3_extended_errcode(self->writer);
    /* The kernel may have dropped the pages it could not write: a second flush that succeeds proves
     * nothing. */
    self->unflushed = code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
    return false;
}

static bool insert_entry(hcp_sqlite *self, const hcp_journal_entry *entry, GError **error)
{
    sqlite3_stmt *insert = self->insert;
    sqlite3_bind_int64(insert, 1, (int64_t)entry->seq);
    sqlite3_bind_int64(insert, 2, entry->time_us);
    sqlite3_bind_text(insert, 3, entry->actor, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 4, entry->type, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 5, entry->trace_id, -1, SQLITE_STATIC);
    sqlite3_bind_text64(insert, 6, entry->payload, entry->payload_size, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_blob(insert, 7, entry->hash, sizeof entry->hash, SQLITE_STATIC);
    return hcp_sqlite_db_run(insert, error);
}

static bool store_batch(hcp_sqlite *self, const hcp_journal_batch *batch, GError **error)
{
    guint count = hcp_journal_batch_count(batch);
    for (guint i = 0; i < count; i++) {
        if (!insert_entry(self, hcp_journal_batch_entry(batch, i), error))
            return false;
    }
    return hcp_sqlite_projection_apply(self->project, self->schema, batch, error);
}

static bool store_batches(hcp_sqlite *self, hcp_journal_batch *const *batches, guint n_batches,
                          GError **error)
{
    for (guint i = 0; i < n_batches; i++) {
        if (!store_batch(self, batches[i], error))
            return false;
    }
    return true;
}

static void acknowledge(hcp_sqlite *self, hcp_journal_batch *const *batches, guint n_batches)
{
    for (guint i = n_batches; i-- > 0;) {
        guint count = hcp_journal_batch_count(batches[i]);
        if (count == 0)
            continue;
        const hcp_journal_entry *entry = hcp_journal_batch_entry(batches[i], count - 1);
        hcp_ack ack = {.seq = entry->seq};
        memcpy(ack.hash, entry->hash, sizeof ack.hash);
        (void)hcp_ack_write(self->ack_fd, &ack); /* an older record is still a true one */
        return;
    }
}

static void checkpoint(hcp_sqlite *self)
{
    /* What fails here stays in the log, where it is just as durable, until the next time. */
    (void)sqlite3_wal_checkpoint_v2(self->writer, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    self->wal_pages = 0;
}

static int on_wal(void *data, sqlite3 *db, const char *name, int pages)
{
    (void)db, (void)name;
    hcp_sqlite *self = data;
    self->wal_pages = pages;
    if (pages >= WAL_MAX_PAGES)
        checkpoint(self);
    return SQLITE_OK;
}

static void sqlite_tidy(hcp_journal *journal)
{
    hcp_sqlite *self = hcp_sqlite_of(journal);
    if (self->writer != NULL && !self->unflushed && self->wal_pages >= WAL_TIDY_PAGES)
        checkpoint(self);
}

static bool sqlite_append(hcp_journal *journal, hcp_journal_batch *const *batches, guint n_batches,
                          GError **error)
{
    hcp_sqlite *self = hcp_sqlite_of(journal);
    if (!hcp_sqlite_may_write(self, error))
        return false;
    if (hcp_sqlite_db_run(self->begin, error) && store_batches(self, batches, n_batches, error) &&
        hcp_sqlite_commit(self, error)) {
        acknowledge(self, batches, n_batches);
        return true;
    }
    /* SQLite may have rolled back by itself (full disk); then this one fails harmlessly. */
    (void)sqlite3_exec(self->writer, "ROLLBACK", NULL, NULL, NULL);
    return false;
}

static bool sqlite_read(hcp_journal *journal, uint64_t from_seq, hcp_journal_entry_fn visit,
                        void *user_data, GError **error)
{
    hcp_sqlite *self = hcp_sqlite_of(journal);
    g_autoptr(sqlite3_stmt) select = hcp_sqlite_db_prepare(
        self->reader,
        "SELECT " HCP_SQLITE_ENTRY_COLUMNS " FROM journal_entry WHERE seq >= ?1 ORDER BY seq",
        error);
    if (!select)
        return false;
    sqlite3_bind_int64(select, 1, (int64_t)MIN(from_seq, (uint64_t)G_MAXINT64));
    int code;
    while ((code = sqlite3_step(select)) == SQLITE_ROW) {
        hcp_journal_entry entry;
        if (!hcp_sqlite_db_entry(select, &entry)) {
            g_set_error(error, HCP_ERROR, HCP_ERROR_CORRUPT,
                        "journal entry %" G_GINT64_FORMAT " has a column of the wrong type",
                        (gint64)sqlite3_column_int64(select, 0));
            return false;
        }
        if (!visit(user_data, &entry))
            return true;
    }
    if (code == SQLITE_DONE)
        return true;
    hcp_sqlite_db_set_error(self->reader, "journal entries", error);
    return false;
}

static void sqlite_close(hcp_journal *journal)
{
    hcp_sqlite *self = hcp_sqlite_of(journal);
    g_clear_pointer(&self->queries, g_hash_table_unref);
    g_clear_pointer(&self->reader, sqlite3_close);
    hcp_sqlite_projection_free(self->project, self->schema);
    sqlite3_finalize(self->begin);
    sqlite3_finalize(self->commit);
    sqlite3_finalize(self->insert);
    g_clear_pointer(&self->writer, sqlite3_close);
    if (self->ack_fd >= 0)
        close(self->ack_fd);
    hcp_dirlock_release(self->lock_fd);
    g_free(self->directory);
    g_free(self->path);
    hcp_journal_finish(journal);
    g_free(self);
}

static const hcp_journal_ops SQLITE_OPS = {
    .append = sqlite_append,
    .tidy = sqlite_tidy,
    .read = sqlite_read,
    .snapshot_save = hcp_sqlite_snapshot_save,
    .snapshot_load = hcp_sqlite_snapshot_load,
    .query = hcp_sqlite_query,
    .rebuild = hcp_sqlite_rebuild,
    .verify = hcp_sqlite_verify,
    .close = sqlite_close,
};

hcp_sqlite *hcp_sqlite_of(hcp_journal *journal)
{
    g_assert(journal->ops == &SQLITE_OPS);
    return (hcp_sqlite *)journal;
}

static hcp_sqlite *sqlite_new(const hcp_journal_sqlite_options *options)
{
    static const uint8_t zeroes[HCP_JOURNAL_HASH_SIZE] = {0};
    hcp_sqlite *self = g_new0(hcp_sqlite, 1);
    hcp_journal_init(&self->base, &SQLITE_OPS, 0, zeroes);
    self->directory = g_strdup(options->directory);
    self->path = g_build_filename(options->directory, "journal.db", NULL);
    self->schema = options->schema;
    self->keep_snapshots =
        options->keep_snapshots > 0 ? options->keep_snapshots : DEFAULT_KEEP_SNAPSHOTS;
    self->unchecked = options->read_only && options->unchecked;
    self->lock_fd = -1;
    self->ack_fd = -1;
    return self;
}

/* Takes the directory and opens the connections. */
static bool open_files(hcp_sqlite *self, bool read_only, GError **error)
{
    if (read_only && !g_file_test(self->path, G_FILE_TEST_EXISTS)) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND, "there is no journal at %s", self->path);
        return false;
    }
    if (!read_only && g_mkdir_with_parents(self->directory, 0700) < 0) {
        g_set_error(error, HCP_ERROR, errno == ENOSPC ? HCP_ERROR_FULL : HCP_ERROR_IO, "%s: %s",
                    self->directory, g_strerror(errno));
        return false;
    }
    if (!read_only && !hcp_dirlock_take(self->directory, &self->lock_fd, error))
        return false;
    g_autofree char *wal = g_strconcat(self->path, "-wal", NULL);
    self->torn_pages = read_only ? 0 : hcp_sqlite_wal_frames(wal);
    self->ack_fd = hcp_ack_open(self->directory, !read_only);
    if (!read_only) {
        self->writer = hcp_sqlite_db_open(self->path, HCP_SQLITE_DB_WRITER, error);
        if (!self->writer)
            return false;
        sqlite3_wal_hook(self->writer, on_wal, self);
    }
    self->reader = hcp_sqlite_db_open(self->path, HCP_SQLITE_DB_READER, error);
    return self->reader != NULL;
}

/* Takes over the position of the last entry. */
static bool find_last(hcp_sqlite *self, GError **error)
{
    g_autoptr(sqlite3_stmt) select = hcp_sqlite_db_prepare(
        self->reader,
        "SELECT " HCP_SQLITE_ENTRY_COLUMNS " FROM journal_entry ORDER BY seq DESC LIMIT 1", error);
    if (!select)
        return false;
    hcp_journal_entry entry;
    int code = sqlite3_step(select);
    if (code == SQLITE_DONE)
        return true;
    if (code != SQLITE_ROW) {
        hcp_sqlite_db_set_error(self->reader, "last journal entry", error);
        return false;
    }
    if (!hcp_sqlite_db_entry(select, &entry)) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_CORRUPT,
                    "journal entry %" G_GINT64_FORMAT " has a column of the wrong type",
                    (gint64)sqlite3_column_int64(select, 0));
        return false;
    }
    hcp_journal_set_last(&self->base, entry.seq, entry.hash);
    return true;
}

static bool ignore_entry(void *user_data, const hcp_journal_entry *entry)
{
    (void)user_data, (void)entry;
    return true;
}

/* The end must be sound and must reach as far as was acknowledged. */
static bool check_end(hcp_sqlite *self, const hcp_ack *ack, GError **error)
{
    uint64_t last = self->base.last_seq;
    if (ack->seq > last) {
        g_set_error(
            error, HCP_ERROR, HCP_ERROR_CORRUPT,
            "%s ends at entry %" G_GUINT64_FORMAT ", but entry %" G_GUINT64_FORMAT
            " was acknowledged: entries from %" G_GUINT64_FORMAT
            " on are lost or unreadable. If this is a restored backup, remove %s/journal.ack",
            self->path, last, ack->seq, last + 1, self->directory);
        return false;
    }
    if (ack->seq == last && memcmp(ack->hash, self->base.last_hash, sizeof ack->hash) != 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_CORRUPT,
                    "entry %" G_GUINT64_FORMAT " is not the one that was acknowledged", last);
        return false;
    }
    uint64_t from = last > CHECK_AT_OPEN ? last - CHECK_AT_OPEN : 1;
    return last == 0 || hcp_journal_read(&self->base, from, ignore_entry, NULL, error);
}

/* Checks what is there before anything is changed. */
static bool check_found(hcp_sqlite *self, int64_t *ret_version, GError **error)
{
    hcp_ack ack = {0};
    g_autoptr(GError) damage = NULL;
    (void)hcp_ack_read(self->ack_fd, &ack); /* a damaged record proves nothing; verify reports it */
    if (!hcp_sqlite_schema_check(self->reader, ret_version, error)) {
        g_prefix_error(error, "%s: ", self->path);
        return false;
    }
    bool sound = (*ret_version == 0 || find_last(self, &damage)) && check_end(self, &ack, &damage);
    if (sound || self->unchecked)
        return true;
    g_propagate_prefixed_error(error, g_steal_pointer(&damage), "%s: ", self->path);
    return false;
}

static bool prepare_writer(hcp_sqlite *self, int64_t version, GError **error)
{
    int logged = 0;
    if (sqlite3_wal_checkpoint_v2(self->writer, NULL, SQLITE_CHECKPOINT_PASSIVE, &logged, NULL) ==
        SQLITE_OK)
        self->torn_pages -= MIN(self->torn_pages, (guint)MAX(logged, 0));
    else
        self->torn_pages = 0;
    if (!hcp_sqlite_schema_upgrade(self->writer, version, error))
        return false;
    self->begin = hcp_sqlite_db_prepare(self->writer, "BEGIN IMMEDIATE", error);
    self->commit = self->begin ? hcp_sqlite_db_prepare(self->writer, "COMMIT", error) : NULL;
    self->insert =
        self->commit ? hcp_sqlite_db_prepare(self->writer,
                                             "INSERT INTO journal_entry (" HCP_SQLITE_ENTRY_COLUMNS
                                             ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                                             error)
                     : NULL;
    return self->insert != NULL;
}

/* From here on the journal is known to be sound: a clean close may fold the log into the
 * database. */
static void accept(hcp_sqlite *self)
{
    if (!self->writer)
        return;
    hcp_ack ack = {.seq = self->base.last_seq};
    memcpy(ack.hash, self->base.last_hash, sizeof ack.hash);
    (void)hcp_ack_write(self->ack_fd, &ack); /* an older record is still a true one */
    sqlite3_db_config(self->writer, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
}

hcp_journal *hcp_journal_sqlite_open(const hcp_journal_sqlite_options *options, GError **error)
{
    hcp_sqlite *self = sqlite_new(options);
    g_autoptr(hcp_journal) journal = &self->base;
    int64_t version = 0;
    if (!open_files(self, options->read_only, error) || !check_found(self, &version, error))
        return NULL;
    if (options->read_only && version != HCP_SQLITE_SCHEMA_VERSION) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED,
                    "%s has version %d; start the daemon once to upgrade it to %d", self->path,
                    (int)version, HCP_SQLITE_SCHEMA_VERSION);
        return NULL;
    }
    if (self->writer && !prepare_writer(self, version, error))
        return NULL;
    if (!hcp_sqlite_projection_open(self, options->read_only, self->base.last_seq > 0, error)) {
        g_prefix_error(error, "%s: ", self->path);
        return NULL;
    }
    accept(self);
    return g_steal_pointer(&journal);
}

guint hcp_journal_sqlite_torn_pages(hcp_journal *journal)
{
    return hcp_sqlite_of(journal)->torn_pages;
}

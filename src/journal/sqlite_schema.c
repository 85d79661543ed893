/* SPDX-License-Identifier: Apache-2.0 */
/* The journal's tables: versions, upgrades, and whether a file has what its version says. */
#include "journal/sqlite_schema.h"

#include "base/error.h"
#include "journal/sqlite_db.h"

#include <string.h>

/* MIGRATIONS[v] leads from version v to v + 1. Never edit one that was released: add the next. */
static const char *const MIGRATIONS[HCP_SQLITE_SCHEMA_VERSION] = {
    /* 1: entries and snapshots */
    "CREATE TABLE journal_entry ("
    " seq INTEGER PRIMARY KEY,"
    " time_us INTEGER NOT NULL,"
    " actor TEXT NOT NULL,"
    " type TEXT NOT NULL,"
    " trace_id TEXT NOT NULL,"
    " payload TEXT NOT NULL,"
    " hash BLOB NOT NULL"
    ") STRICT;"
    "CREATE TABLE journal_snapshot ("
    " seq INTEGER PRIMARY KEY,"
    " state_hash BLOB NOT NULL,"
    " digest BLOB NOT NULL,"
    " blob BLOB NOT NULL"
    ") STRICT;",
    /* 2: which projections the file holds */
    "CREATE TABLE journal_meta ("
    " name TEXT PRIMARY KEY,"
    " value INTEGER NOT NULL,"
    " digest BLOB NOT NULL"
    ") STRICT, WITHOUT ROWID;",
};

#define OWN_OBJECTS "FROM sqlite_schema WHERE tbl_name GLOB 'journal_*'"

static bool read_schema(sqlite3 *db, GString *ret_text, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = hcp_sqlite_db_prepare(
        db, "SELECT type, name, tbl_name, coalesce(sql, '') " OWN_OBJECTS " ORDER BY type, name",
        error);
    if (!statement)
        return false;
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int column = 0; column < 4; column++)
            g_string_append_printf(ret_text, "%s\n", sqlite3_column_text(statement, column));
    }
    if (code == SQLITE_DONE)
        return true;
    hcp_sqlite_db_set_error(db, "journal tables", error);
    return false;
}

static bool migrate(sqlite3 *db, int64_t from, int64_t to, GError **error)
{
    for (int64_t version = from; version < to; version++) {
        if (!hcp_sqlite_db_exec(db, MIGRATIONS[version], error)) {
            g_prefix_error(error, "upgrade to version %d: ", (int)version + 1);
            return false;
        }
    }
    return true;
}

/* The tables must be, letter for letter, what the migrations up to that version make. */
static bool matches_version(sqlite3 *db, int64_t version, GError **error)
{
    g_autoptr(GString) found = g_string_new(NULL);
    g_autoptr(GString) expected = g_string_new(NULL);
    g_autoptr(sqlite3) fresh = hcp_sqlite_db_open("scratch", HCP_SQLITE_DB_SCRATCH, error);
    if (!fresh || !migrate(fresh, 0, version, error) || !read_schema(fresh, expected, error) ||
        !read_schema(db, found, error))
        return false;
    if (g_string_equal(found, expected))
        return true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_CORRUPT,
                "the tables are not those of journal version %d", (int)version);
    return false;
}

bool hcp_sqlite_schema_check(sqlite3 *db, int64_t *ret_version, GError **error)
{
    int64_t application_id, version, n_objects;
    if (!hcp_sqlite_db_get_int(db, "PRAGMA application_id", &application_id, error) ||
        !hcp_sqlite_db_get_int(db, "PRAGMA user_version", &version, error) ||
        !hcp_sqlite_db_get_int(db, "SELECT count(*) FROM sqlite_schema", &n_objects, error))
        return false;
    bool is_new = application_id == 0 && version == 0 && n_objects == 0;
    if (!is_new && application_id != HCP_SQLITE_SCHEMA_APPLICATION_ID) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED,
                    "this SQLite file is not a journal (application id %#x)",
                    (unsigned)application_id);
        return false;
    }
    if (version < 0 || version > HCP_SQLITE_SCHEMA_VERSION) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED,
                    "journal version %d was written by a newer hcp; this one knows up to %d",
                    (int)version, HCP_SQLITE_SCHEMA_VERSION);
        return false;
    }
    if (!matches_version(db, version, error))
        return false;
    *ret_version = version;
    return true;
}

bool hcp_sqlite_schema_upgrade(sqlite3 *db, int64_t version, GError **error)
{
    if (version == HCP_SQLITE_SCHEMA_VERSION)
        return true;
    g_autofree char *finish =
        g_strdup_printf("PRAGMA application_id=%d; PRAGMA user_version=%d;",
                        HCP_SQLITE_SCHEMA_APPLICATION_ID, HCP_SQLITE_SCHEMA_VERSION);
    if (hcp_sqlite_db_exec(db, "BEGIN IMMEDIATE", error) &&
        migrate(db, version, HCP_SQLITE_SCHEMA_VERSION, error) &&
        hcp_sqlite_db_exec(db, finish, error) && hcp_sqlite_db_exec(db, "COMMIT", error))
        return true;
    (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL); /* the first error is the one to tell */
    return false;
}

#define PROJECTION_NAME "projection_version"

static void meta_digest(int64_t value, uint8_t ret_digest[HCP_JOURNAL_HASH_SIZE])
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_autofree char *text = g_strdup_printf("%s=%" G_GINT64_FORMAT, PROJECTION_NAME, value);
    gsize size = HCP_JOURNAL_HASH_SIZE;
    g_checksum_update(sum, (const guchar *)text, -1);
    g_checksum_get_digest(sum, ret_digest, &size);
}

bool hcp_sqlite_schema_get_projection(sqlite3 *db, int64_t *ret_version, GError **error)
{
    g_autoptr(sqlite3_stmt) statement =
        hcp_sqlite_db_prepare(db, "SELECT name, value, digest FROM journal_meta", error);
    if (!statement)
        return false;
    int64_t version = 0;
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW) {
        uint8_t digest[HCP_JOURNAL_HASH_SIZE];
        version = sqlite3_column_int64(statement, 1);
        meta_digest(version, digest);
        if (g_strcmp0((const char *)sqlite3_column_text(statement, 0), PROJECTION_NAME) != 0 ||
            sqlite3_column_bytes(statement, 2) != (int)sizeof digest ||
            memcmp(sqlite3_column_blob(statement, 2), digest, sizeof digest) != 0) {
            g_set_error(error, HCP_ERROR, HCP_ERROR_CORRUPT,
                        "journal_meta does not match its digest");
            return false;
        }
    } else if (code != SQLITE_DONE) {
        hcp_sqlite_db_set_error(db, "journal_meta", error);
        return false;
    }
    *ret_version = version;
    return true;
}

bool hcp_sqlite_schema_set_projection(sqlite3 *db, int64_t version, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = hcp_sqlite_db_prepare(
        db, "INSERT OR REPLACE INTO journal_meta VALUES ('" PROJECTION_NAME "', ?1, ?2)", error);
    if (!statement)
        return false;
    uint8_t digest[HCP_JOURNAL_HASH_SIZE];
    meta_digest(version, digest);
    sqlite3_bind_int64(statement, 1, version);
    sqlite3_bind_blob(statement, 2, digest, sizeof digest, SQLITE_STATIC);
    return hcp_sqlite_db_run(statement, error);
}

bool hcp_sqlite_schema_drop_projection(sqlite3 *db, GError **error)
{
    /* Indexes go with their tables. */
    g_autoptr(sqlite3_stmt) statement = hcp_sqlite_db_prepare(
        db,
        "SELECT group_concat(format('DROP %s \"%w\";', type, name), '') FROM sqlite_schema"
        " WHERE type IN ('table', 'view') AND name NOT GLOB 'journal_*'"
        " AND name NOT GLOB 'sqlite_*'",
        error);
    if (!statement)
        return false;
    if (sqlite3_step(statement) != SQLITE_ROW) {
        hcp_sqlite_db_set_error(db, "projections", error);
        return false;
    }
    g_autofree char *drops = g_strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_reset(statement);
    return !drops || hcp_sqlite_db_exec(db, drops, error);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite connections and errors as this room uses them. */
#include "journal/sqlite_db.h"

#include "base/error.h"

#include <errno.h>
#include <string.h>

#define BUSY_TIMEOUT_MS 5000

/* Page size and WAL mode stay in the file, the rest is per connection. When to move the log into the
 * file is the journal's affair (sqlite.c); the limit gives its space back after a burst or a large
 * snapshot. */
static const char WRITER_SETTINGS[] = "PRAGMA page_size=4096;"
                                      "PRAGMA journal_mode=WAL;"
                                      "PRAGMA synchronous=FULL;"
                                      "PRAGMA wal_autocheckpoint=0;"
                                      "PRAGMA journal_size_limit=67108864;"
                                      "PRAGMA cache_size=-16384;"
                                      "PRAGMA temp_store=MEMORY;"
                                      "PRAGMA trusted_schema=OFF;";
static const char READER_SETTINGS[] = "PRAGMA query_only=ON;"
                                      "PRAGMA cell_size_check=ON;"
                                      "PRAGMA cache_size=-8192;"
                                      "PRAGMA trusted_schema=OFF;";
static const char SCRATCH_SETTINGS[] = "PRAGMA journal_mode=OFF;"
                                       "PRAGMA synchronous=OFF;";

typedef struct {
    int flags;
    const char *settings;
} role_settings;

static const role_settings ROLES[] = {
    [HCP_SQLITE_DB_WRITER] = {SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, WRITER_SETTINGS},
    [HCP_SQLITE_DB_READER] = {SQLITE_OPEN_READONLY, READER_SETTINGS},
    [HCP_SQLITE_DB_SCRATCH] = {SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, SCRATCH_SETTINGS},
};

sqlite3 *hcp_sqlite_db_open(const char *path, hcp_sqlite_db_role role, GError **error)
{
    g_autoptr(sqlite3) db = NULL;
    const char *file = role == HCP_SQLITE_DB_SCRATCH ? "" : path;
    int flags = ROLES[role].flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (sqlite3_open_v2(file, &db, flags, NULL) != SQLITE_OK) {
        hcp_sqlite_db_set_error(db, path, error);
        return NULL;
    }
    sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
    /* A log that turns out to be damaged must survive the refusal to open. */
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    if (!hcp_sqlite_db_exec(db, ROLES[role].settings, error)) {
        g_prefix_error(error, "%s: ", path);
        return NULL;
    }
    return g_steal_pointer(&db);
}

static int last_errno_of(sqlite3_file *file)
{
    int last = 0;
    if (file && file->pMethods)
        file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &last);
    return last;
}

/* The errno behind the last failure. SQLite's own answer for a write is whatever errno was when it
 * got round to asking; the files remember the real one. */
static int failure_errno(sqlite3 *db, int code)
{
    if (code != SQLITE_IOERR_WRITE)
        return sqlite3_system_errno(db);
    sqlite3_file *file = NULL;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
    int last = last_errno_of(file);
    if (last != 0)
        return last;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    return last_errno_of(file);
}

/* SQLite says "full" for ENOSPC alone; a quota and a limit on file sizes are the same to us. Its
 * shared index fails only when it cannot grow. */
static bool is_no_space(int code, int system_errno)
{
    return code == SQLITE_IOERR_SHMSIZE || system_errno == ENOSPC || system_errno == EDQUOT ||
           system_errno == EFBIG;
}

static gint error_code(int code, int system_errno)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return HCP_ERROR_FULL;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return is_no_space(code, system_errno) ? HCP_ERROR_FULL : HCP_ERROR_IO;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return HCP_ERROR_CORRUPT;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return HCP_ERROR_BUSY;
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
        return HCP_ERROR_INVALID;
    default:
        return HCP_ERROR_IO;
    }
}

void hcp_sqlite_db_set_error(sqlite3 *db, const char *what, GError **error)
{
    int code = sqlite3_extended_errcode(db);
    int system_errno = failure_errno(db, code);
    const char *detail = system_errno != 0 ? g_strerror(system_errno) : "";
    g_set_error(error, HCP_ERROR, error_code(code, system_errno), "%s: %s%s%s", what,
                sqlite3_errmsg(db), *detail ? ": " : "", detail);
}

bool hcp_sqlite_db_exec(sqlite3 *db, const char *sql, GError **error)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return true;
    hcp_sqlite_db_set_error(db, "journal database", error);
    return false;
}

sqlite3_stmt *hcp_sqlite_db_prepare(sqlite3 *db, const char *sql, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = NULL;
    const char *tail = NULL;
    if (sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, &tail) !=
        SQLITE_OK) {
        hcp_sqlite_db_set_error(db, sql, error);
        return NULL;
    }
    if (!statement || strspn(tail, " \t\n;") != strlen(tail)) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: not exactly one statement", sql);
        return NULL;
    }
    return g_steal_pointer(&statement);
}

bool hcp_sqlite_db_run(sqlite3_stmt *statement, GError **error)
{
    bool done = sqlite3_step(statement) == SQLITE_DONE;
    if (!done)
        hcp_sqlite_db_set_error(sqlite3_db_handle(statement), sqlite3_sql(statement), error);
    sqlite3_reset(statement);
    return done;
}

bool hcp_sqlite_db_get_int(sqlite3 *db, const char *sql, int64_t *ret_value, GError **error)
{
    g_autoptr(sqlite3_stmt) statement = hcp_sqlite_db_prepare(db, sql, error);
    if (!statement)
        return false;
    int code = sqlite3_step(statement);
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        hcp_sqlite_db_set_error(db, sql, error);
        return false;
    }
    *ret_value = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    return true;
}

static int bind_value(sqlite3_stmt *statement, int index, const hcp_projection_value *value)
{
    switch (value->kind) {
    case HCP_PROJECTION_INT:
        return sqlite3_bind_int64(statement, index, value->integer);
    case HCP_PROJECTION_DOUBLE:
        return sqlite3_bind_double(statement, index, value->number);
    case HCP_PROJECTION_TEXT:
        return sqlite3_bind_text(statement, index, value->text, -1, SQLITE_STATIC);
    case HCP_PROJECTION_NULL:
        break;
    }
    return sqlite3_bind_null(statement, index);
}

bool hcp_sqlite_db_bind(sqlite3_stmt *statement, const hcp_projection_value *values, int n_values,
                        GError **error)
{
    if (n_values != sqlite3_bind_parameter_count(statement)) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: %d values for %d parameters",
                    sqlite3_sql(statement), n_values, sqlite3_bind_parameter_count(statement));
        return false;
    }
    for (int i = 0; i < n_values; i++) {
        if (bind_value(statement, i + 1, &values[i]) != SQLITE_OK) {
            hcp_sqlite_db_set_error(sqlite3_db_handle(statement), sqlite3_sql(statement), error);
            return false;
        }
    }
    return true;
}

/* Text of a column that was written as text without NUL bytes; NULL when it is anything else
 * now. */
static const char *text_column(sqlite3_stmt *statement, int column)
{
    if (sqlite3_column_type(statement, column) != SQLITE_TEXT)
        return NULL;
    const char *text = (const char *)sqlite3_column_text(statement, column);
    size_t size = (size_t)sqlite3_column_bytes(statement, column);
    return text && strlen(text) == size ? text : NULL;
}

bool hcp_sqlite_db_entry(sqlite3_stmt *statement, hcp_journal_entry *ret_entry)
{
    enum { SEQ, TIME, ACTOR, TYPE, TRACE_ID, PAYLOAD, HASH };
    if (sqlite3_column_type(statement, TIME) != SQLITE_INTEGER ||
        sqlite3_column_type(statement, PAYLOAD) != SQLITE_TEXT ||
        sqlite3_column_type(statement, HASH) != SQLITE_BLOB ||
        sqlite3_column_bytes(statement, HASH) != HCP_JOURNAL_HASH_SIZE)
        return false;
    hcp_journal_entry entry = {
        .seq = (uint64_t)sqlite3_column_int64(statement, SEQ),
        .time_us = sqlite3_column_int64(statement, TIME),
        .actor = text_column(statement, ACTOR),
        .type = text_column(statement, TYPE),
        .trace_id = text_column(statement, TRACE_ID),
        .payload = (const char *)sqlite3_column_text(statement, PAYLOAD),
        .payload_size = (size_t)sqlite3_column_bytes(statement, PAYLOAD),
    };
    if (!entry.actor || !entry.type || !entry.trace_id || !entry.payload)
        return false;
    memcpy(entry.hash, sqlite3_column_blob(statement, HASH), HCP_JOURNAL_HASH_SIZE);
    *ret_entry = entry;
    return true;
}

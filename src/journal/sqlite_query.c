/* SPDX-License-Identifier: Apache-2.0 */
/* Read-only queries of the SQLite journal, compiled once per SQL text. */
#include "base/error.h"
#include "journal/sqlite_private.h"

#define MAX_COLUMNS 64
#define MAX_IDLE_STATEMENTS 128

static void finalize(void *statement)
{
    sqlite3_finalize(statement);
}

/* Takes the idle compiled form out of the cache, so that a query made inside a row callback gets
 * its own. */
static sqlite3_stmt *take_statement(hcp_sqlite *self, const char *sql, GError **error)
{
    if (!self->queries)
        self->queries = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, finalize);
    gpointer key = NULL, cached = NULL;
    if (g_hash_table_steal_extended(self->queries, sql, &key, &cached)) {
        g_free(key);
        return cached;
    }
    g_autoptr(sqlite3_stmt) statement = hcp_sqlite_db_prepare(self->reader, sql, error);
    if (!statement)
        return NULL;
    if (!sqlite3_stmt_readonly(statement) || sqlite3_column_count(statement) == 0 ||
        sqlite3_column_count(statement) > MAX_COLUMNS) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: not a query of 1 to %d columns", sql,
                    MAX_COLUMNS);
        return NULL;
    }
    return g_steal_pointer(&statement);
}

static void keep_statement(hcp_sqlite *self, const char *sql, sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    if (!self->queries || g_hash_table_size(self->queries) >= MAX_IDLE_STATEMENTS)
        sqlite3_finalize(statement);
    else
        g_hash_table_replace(self->queries, g_strdup(sql), statement);
}

static bool column_value(sqlite3_stmt *statement, int column, hcp_projection_value *ret_value)
{
    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        *ret_value = hcp_projection_int(sqlite3_column_int64(statement, column));
        return true;
    case SQLITE_FLOAT:
        *ret_value = hcp_projection_double(sqlite3_column_double(statement, column));
        return true;
    case SQLITE_TEXT:
        *ret_value = hcp_projection_text((const char *)sqlite3_column_text(statement, column));
        return true;
    case SQLITE_NULL:
        *ret_value = hcp_projection_null();
        return true;
    default:
        return false;
    }
}

static bool run_query(sqlite3_stmt *statement, hcp_journal_row_fn visit, void *user_data,
                      GError **error)
{
    hcp_projection_value row[MAX_COLUMNS];
    int n_columns = sqlite3_column_count(statement);
    int code;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        for (int column = 0; column < n_columns; column++) {
            if (!column_value(statement, column, &row[column])) {
                g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                            "%s: column %d is a blob; use hex()", sqlite3_sql(statement),
                            column + 1);
                return false;
            }
        }
        if (!visit(user_data, row, n_columns))
            return true;
    }
    if (code == SQLITE_DONE)
        return true;
    hcp_sqlite_db_set_error(sqlite3_db_handle(statement), sqlite3_sql(statement), error);
    return false;
}

bool hcp_sqlite_query(hcp_journal *journal, const hcp_journal_query_spec *spec,
                      hcp_journal_row_fn visit, void *user_data, GError **error)
{
    hcp_sqlite *self = hcp_sqlite_of(journal);
    sqlite3_stmt *statement = take_statement(self, spec->sql, error);
    if (!statement)
        return false;
    bool done = hcp_sqlite_db_bind(statement, spec->values, spec->n_values, error) &&
                run_query(statement, visit, user_data, error);
    keep_statement(self, spec->sql, statement);
    return done;
}

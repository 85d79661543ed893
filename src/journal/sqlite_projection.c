/* SPDX-License-Identifier: Apache-2.0 */
/* Projections of the SQLite journal: making the tables, executing row operations, refilling by
 * replay. */
#include "base/error.h"
#include "journal/sqlite_private.h"
#include "journal/sqlite_schema.h"

#define REBUILD_COMMIT_EVERY 10000

void hcp_sqlite_projection_free(sqlite3_stmt **statements, const hcp_projection_schema *schema)
{
    for (guint i = 0; statements && i < schema->n_statements; i++)
        sqlite3_finalize(statements[i]);
    g_free(statements);
}

sqlite3_stmt **hcp_sqlite_projection_prepare(sqlite3 *db, const hcp_projection_schema *schema,
                                             GError **error)
{
    sqlite3_stmt **statements = g_new0(sqlite3_stmt *, schema->n_statements + 1U);
    for (guint i = 0; i < schema->n_statements; i++) {
        statements[i] = hcp_sqlite_db_prepare(db, schema->statements[i], error);
        if (!statements[i]) {
            g_prefix_error(error, "projection statement %u: ", i);
            hcp_sqlite_projection_free(statements, schema);
            return NULL;
        }
    }
    return statements;
}

bool hcp_sqlite_projection_apply(sqlite3_stmt **statements, const hcp_projection_schema *schema,
                                 const hcp_journal_batch *batch, GError **error)
{
    guint count = schema ? hcp_journal_batch_op_count(batch) : 0;
    for (guint i = 0; i < count; i++) {
        const hcp_projection_value *values;
        hcp_projection_op op = hcp_journal_batch_op(batch, i, &values);
        g_assert(op.statement < schema->n_statements);
        sqlite3_stmt *statement = statements[op.statement];
        if (!hcp_sqlite_db_bind(statement, values, op.n_values, error) ||
            !hcp_sqlite_db_run(statement, error)) {
            g_prefix_error(error, "projection statement %u: ", op.statement);
            return false;
        }
    }
    return true;
}

/* Leaves empty tables, marked incomplete, with their statements compiled. One transaction. */
static bool reset_tables(hcp_sqlite *self, GError **error)
{
    g_clear_pointer(&self->queries, g_hash_table_unref); /* compiled against the old tables */
    hcp_sqlite_projection_free(self->project, self->schema);
    self->project = NULL;
    if (hcp_sqlite_db_exec(self->writer, "BEGIN IMMEDIATE", error) &&
        hcp_sqlite_schema_drop_projection(self->writer, error) &&
        hcp_sqlite_db_exec(self->writer, self->schema->ddl, error) &&
        hcp_sqlite_schema_set_projection(self->writer, 0, error) &&
        hcp_sqlite_db_exec(self->writer, "COMMIT", error)) {
        self->project = hcp_sqlite_projection_prepare(self->writer, self->schema, error);
        return self->project != NULL;
    }
    (void)sqlite3_exec(self->writer, "ROLLBACK", NULL, NULL, NULL); /* the first error counts */
    return false;
}

bool hcp_sqlite_projection_open(hcp_sqlite *self, bool read_only, bool has_entries, GError **error)
{
    if (!self->schema)
        return true;
    int64_t version = 0;
    if (!hcp_sqlite_schema_get_projection(self->reader, &version, error))
        return false;
    bool matches = version == self->schema->version;
    if (read_only) {
        self->base.needs_rebuild = !matches;
        return true;
    }
    if (matches) {
        self->project = hcp_sqlite_projection_prepare(self->writer, self->schema, error);
        return self->project != NULL;
    }
    if (!reset_tables(self, error))
        return false;
    self->base.needs_rebuild = has_entries;
    return has_entries ||
           hcp_sqlite_schema_set_projection(self->writer, self->schema->version, error);
}

typedef struct {
    hcp_sqlite *self;
    hcp_journal_project_fn project;
    hcp_journal_progress_fn progress;
    void *user_data;
    hcp_journal_batch *ops;
    uint64_t total;
    GError *error;
} rebuilding;

static bool commit_part(rebuilding *work, uint64_t seq)
{
    if (seq % REBUILD_COMMIT_EVERY != 0)
        return true;
    if (work->progress)
        work->progress(work->user_data, seq, work->total);
    return hcp_sqlite_db_exec(work->self->writer, "COMMIT; BEGIN IMMEDIATE", &work->error);
}

static bool rebuild_entry(void *user_data, const hcp_journal_entry *entry)
{
    rebuilding *work = user_data;
    hcp_journal_batch_clear(work->ops);
    return work->project(work->user_data, entry, work->ops, &work->error) &&
           hcp_sqlite_projection_apply(work->self->project, work->self->schema, work->ops,
                                       &work->error) &&
           commit_part(work, entry->seq);
}

/* Replays everything; an entry that fails leaves its error in `work`. */
static bool replay(rebuilding *work, GError **error)
{
    if (!hcp_journal_read(&work->self->base, 1, rebuild_entry, work, error)) {
        g_clear_error(&work->error);
        return false;
    }
    if (work->error) {
        g_propagate_error(error, work->error);
        return false;
    }
    return true;
}

bool hcp_sqlite_rebuild(hcp_journal *journal, hcp_journal_project_fn project,
                        hcp_journal_progress_fn progress, void *user_data, GError **error)
{
    hcp_sqlite *self = hcp_sqlite_of(journal);
    if (!self->schema)
        return true;
    if (!hcp_sqlite_may_write(self, error) || !reset_tables(self, error))
        return false;
    g_autoptr(hcp_journal_batch) ops = hcp_journal_batch_new();
    rebuilding work = {
        .self = self,
        .project = project,
        .progress = progress,
        .user_data = user_data,
        .ops = ops,
        .total = hcp_journal_last(journal, NULL),
    };
    if (hcp_sqlite_db_exec(self->writer, "BEGIN IMMEDIATE", error) && replay(&work, error) &&
        hcp_sqlite_schema_set_projection(self->writer, self->schema->version, error) &&
        hcp_sqlite_db_exec(self->writer, "COMMIT", error))
        return true;
    (void)sqlite3_exec(self->writer, "ROLLBACK", NULL, NULL, NULL); /* the first error counts */
    return false;
}

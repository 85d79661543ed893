/* SPDX-License-Identifier: Apache-2.0 */
/* Offline examination of the SQLite journal: pages, tables, snapshots, the acknowledged end, the
 * projections. */
#include "journal/ack.h"
#include "journal/sqlite_private.h"
#include "journal/sqlite_schema.h"

#include <string.h>

/* Runs a query whose first column is text and reports each row, except "ok"; a failure to read is a
 * finding too. */
static void report_rows(sqlite3 *db, const char *sql, const char *what, hcp_journal_report *report)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(sqlite3_stmt) statement = hcp_sqlite_db_prepare(db, sql, &error);
    int code = SQLITE_DONE;
    while (statement && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *text = (const char *)sqlite3_column_text(statement, 0);
        if (g_strcmp0(text, "ok") != 0)
            hcp_journal_report_add(report, 0, "%s: %s", what, text ? text : "(null)");
    }
    if (!statement || code != SQLITE_DONE)
        hcp_journal_report_add(report, 0, "%s: %s", what, sqlite3_errmsg(db));
}

static void verify_tables(hcp_sqlite *self, hcp_journal_report *report)
{
    int64_t version = 0;
    g_autoptr(GError) error = NULL;
    if (!hcp_sqlite_schema_check(self->reader, &version, &error) ||
        !hcp_sqlite_schema_get_projection(self->reader, &version, &error))
        hcp_journal_report_add(report, 0, "%s", error->message);
    report_rows(self->reader, "PRAGMA integrity_check(100)", "database pages", report);
}

static void verify_snapshots(hcp_sqlite *self, hcp_journal_report *report)
{
    g_autoptr(GError) list_error = NULL;
    g_autoptr(GArray) seqs = hcp_sqlite_snapshot_list(self->reader, G_MAXUINT64, &list_error);
    if (!seqs)
        hcp_journal_report_add(report, 0, "%s", list_error->message);
    for (guint i = 0; seqs && i < seqs->len; i++) {
        g_autoptr(GError) error = NULL;
        g_auto(hcp_journal_snapshot) snapshot = {0};
        uint64_t seq = g_array_index(seqs, uint64_t, i);
        if (!hcp_sqlite_snapshot_read(self->reader, seq, &snapshot, &error))
            hcp_journal_report_add(report, 0, "%s", error->message);
    }
}

typedef struct {
    const hcp_ack *ack;
    bool matches;
} ack_search;

static bool compare_ack(void *user_data, const hcp_journal_entry *entry)
{
    ack_search *search = user_data;
    search->matches = entry->seq == search->ack->seq &&
                      memcmp(entry->hash, search->ack->hash, sizeof entry->hash) == 0;
    return false;
}

static void verify_ack(hcp_sqlite *self, hcp_journal_report *report)
{
    hcp_ack ack;
    ack_search search = {.ack = &ack};
    int64_t last = 0;
    hcp_ack_state state = hcp_ack_read(self->ack_fd, &ack);
    if (state == HCP_ACK_DAMAGED)
        hcp_journal_report_add(report, 0, "journal.ack does not match its digest");
    if (state != HCP_ACK_VALID || ack.seq == 0)
        return;
    /* Failing to read, here and below, is reported where pages and chain are examined. */
    (void)hcp_sqlite_db_get_int(self->reader, "SELECT max(seq) FROM journal_entry", &last, NULL);
    (void)self->base.ops->read(&self->base, ack.seq, compare_ack, &search, NULL);
    if (ack.seq > (uint64_t)last)
        hcp_journal_report_add(report, (uint64_t)last + 1,
                               "entries %" G_GINT64_FORMAT " to %" G_GUINT64_FORMAT
                               " were acknowledged and are gone",
                               last + 1, ack.seq);
    else if (!search.matches)
        hcp_journal_report_add(report, ack.seq,
                               "entry %" G_GUINT64_FORMAT " is not the one that was acknowledged",
                               ack.seq);
}

/* A second set of projections, filled from the same entries, to hold against the stored one. */
typedef struct {
    hcp_sqlite *self;
    const hcp_journal_verify_options *options;
    sqlite3 *db; /* scratch; the journal is attached as "live" */
    sqlite3_stmt **statements;
} projection_copy;

static bool fill_copy(projection_copy *copy, GError **error)
{
    g_autoptr(hcp_journal_batch) ops = hcp_journal_batch_new();
    g_autoptr(sqlite3_stmt) select = hcp_sqlite_db_prepare(
        copy->db, "SELECT " HCP_SQLITE_ENTRY_COLUMNS " FROM live.journal_entry ORDER BY seq",
        error);
    if (!select)
        return false;
    hcp_journal_entry entry;
    while (sqlite3_step(select) == SQLITE_ROW && hcp_sqlite_db_entry(select, &entry)) {
        hcp_journal_batch_clear(ops);
        if (!copy->options->project(copy->options->project_data, &entry, ops, error) ||
            !hcp_sqlite_projection_apply(copy->statements, copy->self->schema, ops, error))
            return false;
    }
    return true;
}

static void compare_table(sqlite3 *db, const char *table, hcp_journal_report *report)
{
    g_autofree char *what = g_strdup_printf("projection %s", table);
    char *sql = sqlite3_mprintf(
        "SELECT 'rows differ from the replay: ' || n FROM (SELECT"
        " (SELECT count(*) FROM (SELECT * FROM live.\"%w\" EXCEPT SELECT * FROM main.\"%w\")) +"
        " (SELECT count(*) FROM (SELECT * FROM main.\"%w\" EXCEPT SELECT * FROM live.\"%w\")) +"
        " abs((SELECT count(*) FROM live.\"%w\") - (SELECT count(*) FROM main.\"%w\")) AS n)"
        " WHERE n > 0",
        table, table, table, table, table, table);
    report_rows(db, sql, what, report);
    sqlite3_free(sql);
}

static void compare_copy(sqlite3 *db, hcp_journal_report *report)
{
    report_rows(db,
                "SELECT name FROM (SELECT type, name, tbl_name, sql FROM live.sqlite_schema"
                " WHERE tbl_name NOT GLOB 'journal_*'"
                " EXCEPT SELECT type, name, tbl_name, sql FROM main.sqlite_schema)",
                "definition differs", report);
    g_autoptr(sqlite3_stmt) tables = hcp_sqlite_db_prepare(
        db, "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT GLOB 'sqlite_*'",
        NULL);
    while (tables && sqlite3_step(tables) == SQLITE_ROW)
        compare_table(db, (const char *)sqlite3_column_text(tables, 0), report);
}

static bool attach_live(projection_copy *copy, GError **error)
{
    char *sql = sqlite3_mprintf("ATTACH %Q AS live", copy->self->path);
    bool done = hcp_sqlite_db_exec(copy->db, sql, error) &&
                hcp_sqlite_db_exec(copy->db, copy->self->schema->ddl, error) &&
                hcp_sqlite_db_exec(copy->db, "BEGIN", error);
    sqlite3_free(sql);
    return done;
}

/* Damage in the entries makes the replay fail; that is reported with the chain, so it is only
 * mentioned here. */
static void verify_projections(hcp_sqlite *self, const hcp_journal_verify_options *options,
                               hcp_journal_report *report)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(sqlite3) db = hcp_sqlite_db_open("scratch", HCP_SQLITE_DB_SCRATCH, &error);
    projection_copy copy = {.self = self, .options = options, .db = db};
    if (db && attach_live(&copy, &error))
        copy.statements = hcp_sqlite_projection_prepare(db, self->schema, &error);
    bool filled = copy.statements && fill_copy(&copy, &error);
    hcp_sqlite_projection_free(copy.statements, self->schema);
    if (filled)
        compare_copy(db, report);
    else
        hcp_journal_report_add(report, 0, "projections could not be compared: %s", error->message);
}

bool hcp_sqlite_verify(hcp_journal *journal, const hcp_journal_verify_options *options,
                       hcp_journal_report *report, GError **error)
{
    (void)error; /* whatever cannot be read is a finding */
    hcp_sqlite *self = hcp_sqlite_of(journal);
    verify_ack(self, report);
    verify_tables(self, report);
    verify_snapshots(self, report);
    if (options->project && self->schema && !journal->needs_rebuild)
        verify_projections(self, options, report);
    return true;
}

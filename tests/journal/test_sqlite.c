/* SPDX-License-Identifier: Apache-2.0 */
/* What only the SQLite journal has: the lock, versions, projections, queries, readers beside the
 * writer. */
#include "base/error.h"
#include "fixture.h"
#include "journal/sqlite.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static hcp_journal *try_open(const char *directory, const hcp_projection_schema *schema,
                             GError **error)
{
    hcp_journal_sqlite_options options = {.directory = directory, .schema = schema};
    return hcp_journal_sqlite_open(&options, error);
}

static hcp_journal *open_with(const char *directory, const hcp_projection_schema *schema)
{
    g_autoptr(GError) error = NULL;
    hcp_journal *journal = try_open(directory, schema, &error);
    g_assert_no_error(error);
    return journal;
}

static hcp_journal *try_open_reader(const char *directory, GError **error)
{
    hcp_journal_sqlite_options options = {
        .directory = directory, .schema = &FIXTURE_SCHEMA, .read_only = true};
    return hcp_journal_sqlite_open(&options, error);
}

/* Executes SQL on the closed journal behind its back, as an operator with the shell could. */
static void tamper(const char *directory, const char *sql)
{
    g_autofree char *path = g_build_filename(directory, "journal.db", NULL);
    sqlite3 *db = NULL;
    char *message = NULL;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    sqlite3_exec(db, sql, NULL, NULL, &message);
    g_assert_cmpstr(message, ==, NULL);
    g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
}

typedef struct {
    char *directory;
} fixture;

static void set_up(fixture *self, gconstpointer data)
{
    (void)data;
    self->directory = fixture_directory();
}

static void tear_down(fixture *self, gconstpointer data)
{
    (void)data;
    fixture_remove(self->directory);
}

static void test_makes_directory(fixture *self, gconstpointer data)
{
    (void)data;
    g_autofree char *outer = g_build_filename(self->directory, "a", NULL);
    char *inner = g_build_filename(outer, "b", NULL);
    hcp_journal_close(open_with(inner, NULL));
    GStatBuf info;
    g_assert_cmpint(g_stat(inner, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 0777, ==, 0700);
    fixture_remove(inner);
    g_assert_cmpint(g_rmdir(outer), ==, 0);
}

static void test_second_writer_is_refused(fixture *self, gconstpointer data)
{
    (void)data;
    g_autoptr(hcp_journal) journal = open_with(self->directory, NULL);
    fixture_append(journal, 3);
    g_autoptr(GError) error = NULL;
    g_autofree char *pid = g_strdup_printf("process %ld", (long)getpid());
    g_assert_null(try_open(self->directory, NULL, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_BUSY);
    g_assert_nonnull(strstr(error->message, pid));
    fixture_append(journal, 1);
    g_clear_pointer(&journal, hcp_journal_close);
    journal = open_with(self->directory, NULL);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 4);
}

/* The lock goes with its process, however that ends. */
static void test_lock_of_the_dead(fixture *self, gconstpointer data)
{
    (void)data;
    pid_t child = fork();
    if (child == 0) {
        hcp_journal *journal = open_with(self->directory, NULL);
        fixture_append(journal, 2);
        _exit(0); /* without closing */
    }
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_cmpint(status, ==, 0);
    g_autoptr(hcp_journal) journal = open_with(self->directory, NULL);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 2);
    g_assert_cmpuint(hcp_journal_sqlite_torn_pages(journal), ==, 0);
}

static void test_reader_beside_writer(fixture *self, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_assert_null(try_open_reader(self->directory, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND);
    g_clear_error(&error);

    g_autoptr(hcp_journal) journal = open_with(self->directory, &FIXTURE_SCHEMA);
    fixture_append_projected(journal, 10);
    g_autoptr(hcp_journal) reader = try_open_reader(self->directory, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(fixture_check(reader, 1), ==, 10);
    fixture_append_projected(journal, 10);
    g_assert_cmpuint(fixture_check(reader, 1), ==, 20);
    g_assert_cmpint(fixture_query_int(reader, "SELECT count(*) FROM workload"), ==, 7);
    g_assert_cmpuint(fixture_verify(reader, true, NULL), ==, 0);

    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    fixture_fill(batch, hcp_journal_last(reader, NULL) + 1, 1);
    g_assert_false(hcp_journal_append(reader, &batch, 1, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED);
    g_clear_error(&error);
    g_auto(hcp_journal_snapshot) snapshot = fixture_snapshot(1, 1);
    g_assert_false(hcp_journal_snapshot_save(reader, &snapshot, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED);
}

static void assert_refused(const char *directory, gint code, const char *word)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(try_open(directory, &FIXTURE_SCHEMA, &error));
    g_assert_error(error, HCP_ERROR, code);
    g_test_message("%s", error->message);
    g_assert_nonnull(strstr(error->message, word));
}

static goffset size_of(const fixture *self, const char *name)
{
    g_autofree char *path = g_build_filename(self->directory, name, NULL);
    GStatBuf status;
    g_assert_cmpint(g_stat(path, &status), ==, 0);
    return status.st_size;
}

/* The log is moved into the file between commits when somebody says when, and by a commit when nobody does; either way
 * all is there, and neither grows the log for ever. */
static void test_log_is_tidied(fixture *self, gconstpointer data)
{
    (void)data;
    g_autoptr(hcp_journal) journal = open_with(self->directory, &FIXTURE_SCHEMA);
    goffset small = size_of(self, "journal.db");
    hcp_journal_tidy(journal);
    for (int i = 0; i < 60; i++)
        fixture_append_projected(journal, 1000);
    g_assert_cmpint(size_of(self, "journal.db-wal"), >, 2000 * 4096);
    g_assert_cmpint(size_of(self, "journal.db"), ==, small);
    hcp_journal_tidy(journal);
    goffset tidied = size_of(self, "journal.db");
    g_assert_cmpint(tidied, >, small + 2000 * 4096);
    hcp_journal_tidy(journal);
    g_assert_cmpint(size_of(self, "journal.db"), ==, tidied);
    g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 0);
    for (int i = 0; i < 240; i++)
        fixture_append_projected(journal, 1000);
    g_assert_cmpint(size_of(self, "journal.db-wal"), <, 10000 * 4096);
    g_assert_cmpint(size_of(self, "journal.db"), >, 2 * tidied);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 300000);
}

static void test_versions(fixture *self, gconstpointer data)
{
    (void)data;
    hcp_journal_close(open_with(self->directory, &FIXTURE_SCHEMA));
    tamper(self->directory, "PRAGMA user_version=3");
    assert_refused(self->directory, HCP_ERROR_UNSUPPORTED, "newer");
    tamper(self->directory, "PRAGMA user_version=1");
    assert_refused(self->directory, HCP_ERROR_CORRUPT, "version 1");
    tamper(self->directory, "PRAGMA user_version=2; PRAGMA application_id=77");
    assert_refused(self->directory, HCP_ERROR_UNSUPPORTED, "not a journal");
    tamper(self->directory, "PRAGMA application_id=1212371018;"
                            "ALTER TABLE journal_entry ADD COLUMN extra TEXT");
    assert_refused(self->directory, HCP_ERROR_CORRUPT, "tables");
}

static void test_not_a_database(fixture *self, gconstpointer data)
{
    (void)data;
    g_autofree char *path = g_build_filename(self->directory, "journal.db", NULL);
    g_autofree char *text = g_strnfill(9000, 'x');
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    assert_refused(self->directory, HCP_ERROR_CORRUPT, "journal.db");
}

/* Version 1, as it was written: opens, is upgraded, keeps every entry and its chain, goes on. */
static void test_version_1_opens(fixture *self, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autofree char *file =
        g_test_build_filename(G_TEST_DIST, "tests", "journal", "fixtures", "v1.sql", NULL);
    g_autofree char *sql = NULL;
    g_file_get_contents(file, &sql, NULL, &error);
    g_assert_no_error(error);
    tamper(self->directory, sql);
    g_assert_null(try_open_reader(self->directory, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED);

    g_autoptr(hcp_journal) journal = open_with(self->directory, &FIXTURE_SCHEMA);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 12);
    g_auto(hcp_journal_snapshot) snapshot = {0};
    g_assert_true(hcp_journal_snapshot_load(journal, G_MAXUINT64, &snapshot, NULL));
    fixture_check_snapshot(&snapshot, 9, 20);
    g_assert_true(hcp_journal_needs_rebuild(journal));
    g_assert_true(hcp_journal_rebuild(journal, fixture_project, NULL, NULL, NULL));
    fixture_append_projected(journal, 3);
    g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 0);
    g_clear_pointer(&journal, hcp_journal_close);
    journal = open_with(self->directory, &FIXTURE_SCHEMA);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 15);
}

static void count_progress(void *user_data, uint64_t done, uint64_t total)
{
    (void)user_data;
    g_assert_cmpuint(done, <=, total);
}

static void test_rebuild_on_new_schema(fixture *self, gconstpointer data)
{
    (void)data;
    g_autoptr(hcp_journal) journal = open_with(self->directory, &FIXTURE_SCHEMA);
    for (guint i = 0; i < 12; i++)
        fixture_append_projected(journal, 1000);
    g_clear_pointer(&journal, hcp_journal_close);

    journal = open_with(self->directory, &FIXTURE_SCHEMA_2);
    g_assert_true(hcp_journal_needs_rebuild(journal));
    g_clear_pointer(&journal, hcp_journal_close); /* interrupted before it began */

    journal = open_with(self->directory, &FIXTURE_SCHEMA_2);
    g_assert_true(hcp_journal_needs_rebuild(journal));
    g_assert_true(hcp_journal_rebuild(journal, fixture_project, count_progress, NULL, NULL));
    g_assert_false(hcp_journal_needs_rebuild(journal));
    g_assert_cmpint(fixture_query_int(journal, "SELECT count(*) FROM workload"), ==, 4000);
    g_assert_cmpint(fixture_query_int(journal, "SELECT sum(updates) FROM workload"), ==, 8000);
    g_assert_cmpint(fixture_query_int(journal, "SELECT count(note) FROM workload"), ==, 4000);
    fixture_append_projected(journal, 3);
    g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 0);
    g_clear_pointer(&journal, hcp_journal_close);

    journal = open_with(self->directory, &FIXTURE_SCHEMA_2);
    g_assert_false(hcp_journal_needs_rebuild(journal));
}

static bool fail_at_50(void *user_data, const hcp_journal_entry *entry, hcp_journal_batch *ops,
                       GError **error)
{
    if (entry->seq < 50)
        return fixture_project(user_data, entry, ops, error);
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "cannot project this one");
    return false;
}

static void test_rebuild_fails(fixture *self, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_journal) journal = open_with(self->directory, &FIXTURE_SCHEMA);
    fixture_append_projected(journal, 100);
    g_clear_pointer(&journal, hcp_journal_close);
    journal = open_with(self->directory, &FIXTURE_SCHEMA_2);
    g_assert_false(hcp_journal_rebuild(journal, fail_at_50, NULL, NULL, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
    g_assert_true(hcp_journal_needs_rebuild(journal));
    g_assert_true(hcp_journal_rebuild(journal, fixture_project, NULL, NULL, NULL));
    g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 0);
}

static void test_schema_that_does_not_compile(fixture *self, gconstpointer data)
{
    (void)data;
    static const char *const statements[] = {"INSERT INTO nowhere VALUES (?1)"};
    static const hcp_projection_schema schema = {
        .version = 1, .ddl = "CREATE TABLE here (a)", .statements = statements, .n_statements = 1};
    g_autoptr(GError) error = NULL;
    g_assert_null(try_open(self->directory, &schema, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
    g_assert_nonnull(strstr(error->message, "nowhere"));
}

/* A row operation the tables refuse takes its whole transaction back, and nothing but that. */
static void test_refused_operation(fixture *self, gconstpointer data)
{
    (void)data;
    g_autoptr(hcp_journal) journal = open_with(self->directory, &FIXTURE_SCHEMA);
    fixture_append_projected(journal, 6);
    hcp_journal_batch *batches[2] = {hcp_journal_batch_new(), hcp_journal_batch_new()};
    fixture_fill(batches[0], 7, 1);
    fixture_fill(batches[1], 8, 1);
    hcp_projection_value good[] = {hcp_projection_int(7), hcp_projection_text("queued"),
                                   hcp_projection_null()};
    hcp_projection_value twice[] = {hcp_projection_int(1), hcp_projection_text("queued"),
                                    hcp_projection_double(1)};
    hcp_journal_batch_add_op(batches[0], 0, good, 3);
    hcp_journal_batch_add_op(batches[1], 0, twice, 3);
    g_autoptr(GError) error = NULL;
    g_assert_false(hcp_journal_append(journal, batches, 2, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
    g_assert_cmpuint(fixture_check(journal, 1), ==, 6);
    g_assert_cmpint(fixture_query_int(journal, "SELECT count(*) FROM workload"), ==, 2);
    g_assert_true(hcp_journal_append(journal, batches, 1, NULL));
    g_assert_cmpint(fixture_query_int(journal, "SELECT count(*) FROM workload"), ==, 3);
    hcp_journal_batch_free(batches[0]);
    hcp_journal_batch_free(batches[1]);
}

typedef struct {
    guint n_rows;
    hcp_journal *journal;
} row_check;

static bool check_row(void *user_data, const hcp_projection_value *values, int n_values)
{
    row_check *check = user_data;
    int64_t id = 1 + 3 * (int64_t)check->n_rows++;
    g_assert_cmpint(n_values, ==, 4);
    g_assert_cmpint(values[0].integer, ==, id);
    g_assert_cmpstr(values[1].text, ==, "done");
    g_assert_cmpint(values[2].kind, ==, HCP_PROJECTION_DOUBLE);
    g_assert_cmpfloat(values[2].number, ==, (double)id / 4);
    g_assert_cmpint(values[3].kind, ==, HCP_PROJECTION_NULL);
    /* The same text inside its own callback. */
    g_assert_cmpint(fixture_query_int(check->journal, "SELECT count(*) FROM workload"), ==, 10);
    return check->n_rows < 5;
}

static void test_query(fixture *self, gconstpointer data)
{
    (void)data;
    g_autoptr(hcp_journal) journal = open_with(self->directory, &FIXTURE_SCHEMA);
    fixture_append_projected(journal, 30);
    hcp_projection_value values[] = {hcp_projection_text("done"), hcp_projection_int(8)};
    hcp_journal_query_spec spec = {
        .sql = "SELECT id, state, rate, NULL FROM workload WHERE state = ?1 ORDER BY id LIMIT ?2",
        .values = values,
        .n_values = 2,
    };
    for (guint i = 0; i < 3; i++) {
        row_check check = {.journal = journal};
        g_autoptr(GError) error = NULL;
        hcp_journal_query(journal, &spec, check_row, &check, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(check.n_rows, ==, 5);
    }
    g_assert_cmpint(fixture_query_int(journal, "SELECT count(*) FROM active"), ==, 0);
    g_assert_cmpint(fixture_query_int(journal, "SELECT max(seq) FROM journal_entry"), ==, 30);
}

static bool never_called(void *user_data, const hcp_projection_value *values, int n_values)
{
    (void)user_data, (void)values, (void)n_values;
    g_assert_not_reached();
}

static void test_refused_queries(fixture *self, gconstpointer data)
{
    (void)data;
    static const char *const refused[] = {
        "DELETE FROM workload",
        "INSERT INTO workload (id) VALUES (1) RETURNING id",
        "SELECT nonsense",
        "SELECT 1; SELECT 2",
        "",
        "SELECT id FROM workload WHERE id = ?1", /* a parameter without a value */
        "SELECT hash FROM journal_entry",
        "PRAGMA user_version = 9",
    };
    g_autoptr(hcp_journal) journal = open_with(self->directory, &FIXTURE_SCHEMA);
    fixture_append_projected(journal, 3);
    for (guint i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autoptr(GError) error = NULL;
        hcp_journal_query_spec spec = {.sql = refused[i]};
        g_assert_false(hcp_journal_query(journal, &spec, never_called, NULL, &error));
        g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
    }
    g_assert_cmpint(fixture_query_int(journal, "SELECT count(*) FROM workload"), ==, 1);
}

/* More distinct texts than the cache holds. */
static void test_many_queries(fixture *self, gconstpointer data)
{
    (void)data;
    g_autoptr(hcp_journal) journal = open_with(self->directory, &FIXTURE_SCHEMA);
    for (gint i = 0; i < 400; i++) {
        g_autofree char *sql = g_strdup_printf("SELECT %d", i % 200);
        g_assert_cmpint(fixture_query_int(journal, sql), ==, i % 200);
    }
}

static const struct {
    const char *name;
    void (*run)(fixture *self, gconstpointer data);
} CASES[] = {
    {"makes-directory", test_makes_directory},
    {"second-writer-is-refused", test_second_writer_is_refused},
    {"lock-of-the-dead", test_lock_of_the_dead},
    {"reader-beside-writer", test_reader_beside_writer},
    {"log-is-tidied", test_log_is_tidied},
    {"versions", test_versions},
    {"not-a-database", test_not_a_database},
    {"version-1-opens", test_version_1_opens},
    {"rebuild-on-new-schema", test_rebuild_on_new_schema},
    {"rebuild-fails", test_rebuild_fails},
    {"schema-that-does-not-compile", test_schema_that_does_not_compile},
    {"refused-operation", test_refused_operation},
    {"query", test_query},
    {"refused-queries", test_refused_queries},
    {"many-queries", test_many_queries},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *path = g_strdup_printf("/journal/sqlite/%s", CASES[i].name);
        g_test_add(path, fixture, NULL, set_up, CASES[i].run, tear_down);
    }
    return g_test_run();
}

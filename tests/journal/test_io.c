/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every single input or output operation of an append, a snapshot and an opening fails once, in
 * turn: whatever was refused left no trace, whatever was acknowledged is there, and after a failed
 * flush nothing more is taken.
 *
 * The faults are made under SQLite, by a VFS that passes everything on to the real one but the
 * armed operation.
 */
#include "base/error.h"
#include "base/rng.h"
#include "fixture.h"
#include "journal/sqlite.h"

#include <sqlite3.h>
#include <string.h>

typedef enum { FAULT_FULL, FAULT_WRITE, FAULT_SYNC, FAULT_READ, FAULT_TRUNCATE } fault;

/* The one armed fault. SQLite's hooks have no user data, so this is the test's only global. */
static struct {
    fault kind;
    guint countdown; /* operations until it fires; 0 = disarmed */
    bool fired;
} armed;

static void arm(fault kind, guint nth)
{
    armed.kind = kind;
    armed.countdown = nth;
    armed.fired = false;
}

/* Disarms; true when the fault happened. */
static bool disarm(void)
{
    armed.countdown = 0;
    return armed.fired;
}

static bool fires(fault kind)
{
    if (armed.countdown == 0 || armed.kind != kind || --armed.countdown > 0)
        return false;
    armed.fired = true;
    return true;
}

/* The real methods. The database and its log have two tables, which differ in locking only. */
static const sqlite3_io_methods *real_methods;

static int faulty_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    if (fires(FAULT_FULL))
        return SQLITE_FULL;
    if (fires(FAULT_WRITE)) {
        (void)real_methods->xWrite(file, bytes, size / 2, at); /* half of it got there */
        return SQLITE_IOERR_WRITE;
    }
    return real_methods->xWrite(file, bytes, size, at);
}

static int faulty_sync(sqlite3_file *file, int flags)
{
    return fires(FAULT_SYNC) ? SQLITE_IOERR_FSYNC : real_methods->xSync(file, flags);
}

static int faulty_read(sqlite3_file *file, void *bytes, int size, sqlite3_int64 at)
{
    return fires(FAULT_READ) ? SQLITE_IOERR_READ : real_methods->xRead(file, bytes, size, at);
}

static int faulty_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return fires(FAULT_TRUNCATE) ? SQLITE_IOERR_TRUNCATE : real_methods->xTruncate(file, size);
}

static sqlite3_io_methods faulty_methods[2]; /* of logs and temporary files, of databases */

static int faulty_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags,
                       int *ret_flags)
{
    sqlite3_vfs *real = vfs->pAppData;
    int code = real->xOpen(real, name, file, flags, ret_flags);
    if (code != SQLITE_OK)
        return code;
    real_methods = file->pMethods;
    sqlite3_io_methods *methods = &faulty_methods[(flags & SQLITE_OPEN_MAIN_DB) != 0];
    *methods = *real_methods;
    methods->xWrite = faulty_write;
    methods->xSync = faulty_sync;
    methods->xRead = faulty_read;
    methods->xTruncate = faulty_truncate;
    file->pMethods = methods;
    return SQLITE_OK;
}

static hcp_journal *try_open(const char *directory, GError **error)
{
    hcp_journal_sqlite_options options = {.directory = directory, .schema = &FIXTURE_SCHEMA};
    return hcp_journal_sqlite_open(&options, error);
}

static hcp_journal *open_sound(const char *directory)
{
    g_autoptr(GError) error = NULL;
    hcp_journal *journal = try_open(directory, &error);
    g_assert_no_error(error);
    return journal;
}

/* The journal ends at `last`, tables and all. */
static void assert_state(hcp_journal *journal, uint64_t last)
{
    g_assert_cmpuint(hcp_journal_last(journal, NULL), ==, last);
    g_assert_cmpuint(fixture_check(journal, 1), ==, last);
    g_assert_cmpint(fixture_query_int(journal, "SELECT count(*) FROM workload"), ==,
                    (gint64)(last + 2) / 3);
}

static bool append(hcp_journal *journal, guint count, GError **error)
{
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    fixture_fill(batch, hcp_journal_last(journal, NULL) + 1, count);
    for (guint i = 0; i < count; i++)
        g_assert_true(fixture_project(NULL, hcp_journal_batch_entry(batch, i), batch, NULL));
    return hcp_journal_append(journal, &batch, 1, error);
}

static gint expected_code(fault kind)
{
    return kind == FAULT_FULL ? HCP_ERROR_FULL : HCP_ERROR_IO;
}

/* After the fault: either appends go on, or (after a failed flush) they are refused until the
 * journal is opened anew. */
static hcp_journal *go_on(hcp_journal *journal, const char *directory, fault kind, bool refused)
{
    g_autoptr(GError) error = NULL;
    bool done = append(journal, 2, &error);
    g_assert_cmpint(done, ==, !(refused && kind == FAULT_SYNC));
    if (done)
        return journal;
    g_assert_error(error, HCP_ERROR, HCP_ERROR_IO);
    g_assert_nonnull(strstr(error->message, "flush"));
    hcp_journal_close(journal);
    journal = open_sound(directory);
    fixture_append_projected(journal, 2);
    return journal;
}

/* One append with its nth operation failing. False when there are fewer than n. */
static bool append_with_fault(const char *directory, fault kind, guint nth)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_journal) journal = open_sound(directory);
    fixture_append_projected(journal, 3);
    uint64_t last = hcp_journal_last(journal, NULL);
    arm(kind, nth);
    bool done = append(journal, 40, &error);
    bool fired = disarm();
    /* What was refused after its flush failed may still be found by the next opening: all of it or
     * nothing. */
    if (!done && fired)
        g_assert_error(error, HCP_ERROR, expected_code(kind));
    g_assert_true(done || fired);
    if (done || kind != FAULT_SYNC)
        assert_state(journal, done ? last + 40 : last);
    journal = go_on(g_steal_pointer(&journal), directory, kind, !done);
    uint64_t now = hcp_journal_last(journal, NULL);
    g_assert_true(now == last + 2 || now == last + 42);
    assert_state(journal, now);
    return fired;
}

static void test_append(gconstpointer data)
{
    fault kind = (fault)GPOINTER_TO_INT(data);
    char *directory = fixture_directory();
    guint nth = 1;
    while (append_with_fault(directory, kind, nth))
        nth++;
    g_test_message("%u operations failed in turn", nth - 1);
    g_assert_true(nth > 1 || kind == FAULT_READ || kind == FAULT_TRUNCATE); /* all in the cache */
    g_autoptr(hcp_journal) journal = open_sound(directory);
    g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 0);
    g_clear_pointer(&journal, hcp_journal_close);
    fixture_remove(directory);
}

/* The log grows until it is moved into the file, whose operations fail too; that may fail without
 * harm. */
static void test_checkpoint(gconstpointer data)
{
    fault kind = (fault)GPOINTER_TO_INT(data);
    char *directory = fixture_directory();
    g_autoptr(hcp_journal) journal = open_sound(directory);
    hcp_rng rng;
    hcp_rng_init(&rng, 11, (uint64_t)kind);
    guint n_refused = 0, n_fired = 0;
    for (guint i = 0; i < 60; i++) {
        uint64_t last = hcp_journal_last(journal, NULL);
        arm(kind,
            1 + (guint)hcp_rng_below(&rng, kind == FAULT_FULL || kind == FAULT_WRITE ? 700 : 3));
        bool done = append(journal, 500, NULL);
        hcp_journal_tidy(journal);
        n_fired += disarm();
        n_refused += !done;
        if (done || kind != FAULT_SYNC)
            g_assert_cmpuint(fixture_check(journal, last + 1), ==, done ? 500 : 0);
        journal = go_on(g_steal_pointer(&journal), directory, kind, !done);
    }
    g_test_message("%u faults, %u of 60 appends refused", n_fired, n_refused);
    g_assert_cmpuint(n_fired, >, kind == FAULT_READ || kind == FAULT_TRUNCATE ? 0 : 5);
    g_assert_cmpuint(n_refused, <, 60);
    g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 0);
    g_clear_pointer(&journal, hcp_journal_close);
    fixture_remove(directory);
}

static void test_snapshot(gconstpointer data)
{
    fault kind = (fault)GPOINTER_TO_INT(data);
    char *directory = fixture_directory();
    g_autoptr(hcp_journal) journal = open_sound(directory);
    fixture_append_projected(journal, 30);
    g_auto(hcp_journal_snapshot) first = fixture_snapshot(10, 9000);
    g_assert_true(hcp_journal_snapshot_save(journal, &first, NULL));
    bool fired = true;
    for (guint nth = 1; fired; nth++) {
        g_auto(hcp_journal_snapshot) second = fixture_snapshot(20, 30000);
        g_auto(hcp_journal_snapshot) found = {0};
        arm(kind, nth);
        bool done = hcp_journal_snapshot_save(journal, &second, NULL);
        fired = disarm();
        g_assert_true(done || fired);
        g_assert_true(hcp_journal_snapshot_load(journal, G_MAXUINT64, &found, NULL));
        fixture_check_snapshot(&found, done ? 20 : 10, done ? 30000 : 9000);
        if (!done) /* a failed flush needs a new opening */
            journal = go_on(g_steal_pointer(&journal), directory, kind, true);
        else
            break;
    }
    g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 0);
    g_clear_pointer(&journal, hcp_journal_close);
    fixture_remove(directory);
}

/* One opening with its nth operation failing, and a sound one after it, which finds `last`
 * entries. */
static bool open_with_fault(const char *directory, fault kind, guint nth, uint64_t last)
{
    g_autoptr(GError) error = NULL;
    arm(kind, nth);
    hcp_journal *journal = try_open(directory, &error);
    bool fired = disarm();
    g_assert_true((journal != NULL) != (error != NULL));
    g_assert_true(journal || fired);
    hcp_journal_close(journal);
    journal = open_sound(directory);
    assert_state(journal, last);
    hcp_journal_close(journal);
    return fired;
}

static void test_open(gconstpointer data)
{
    char *directory = fixture_directory();
    hcp_journal *journal = open_sound(directory);
    fixture_append_projected(journal, 100);
    hcp_journal_close(journal);
    guint n = 0;
    while (open_with_fault(directory, (fault)GPOINTER_TO_INT(data), n + 1, 100))
        n++;
    g_test_message("%u operations failed in turn", n);
    fixture_remove(directory);
}

static void test_create(gconstpointer data)
{
    guint n = 0;
    for (bool fired = true; fired; n += fired) {
        char *directory = fixture_directory();
        fired = open_with_fault(directory, (fault)GPOINTER_TO_INT(data), n + 1, 0);
        fixture_remove(directory);
    }
    g_test_message("%u operations failed in turn", n);
    g_assert_true(n > 1 || GPOINTER_TO_INT(data) == FAULT_TRUNCATE); /* nothing to cut yet */
}

static const struct {
    const char *name;
    fault kind;
} KINDS[] = {
    {"full", FAULT_FULL}, {"write", FAULT_WRITE},       {"sync", FAULT_SYNC},
    {"read", FAULT_READ}, {"truncate", FAULT_TRUNCATE},
};

static const struct {
    const char *name;
    void (*run)(gconstpointer data);
} CASES[] = {
    {"append", test_append}, {"checkpoint", test_checkpoint}, {"snapshot", test_snapshot},
    {"open", test_open},     {"create", test_create},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    sqlite3_vfs *real = sqlite3_vfs_find(NULL);
    sqlite3_vfs faulty = *real;
    faulty.zName = "faulty";
    faulty.pAppData = real;
    faulty.xOpen = faulty_open;
    g_assert_cmpint(sqlite3_vfs_register(&faulty, 1), ==, SQLITE_OK);
    for (guint c = 0; c < G_N_ELEMENTS(CASES); c++) {
        for (guint k = 0; k < G_N_ELEMENTS(KINDS); k++) {
            g_autofree char *path =
                g_strdup_printf("/journal/io/%s/%s", CASES[c].name, KINDS[k].name);
            g_test_add_data_func(path, GINT_TO_POINTER(KINDS[k].kind), CASES[c].run);
        }
    }
    int code = g_test_run();
    sqlite3_vfs_unregister(&faulty);
    return code;
}

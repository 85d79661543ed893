/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes wrong with disks and processes: kill -9, full disks, torn and garbled logs, flipped
 * bits. Nothing acknowledged may be lost without being told, nothing unacknowledged may be half
 * there. `-m thorough` does more of each.
 */
#define _GNU_SOURCE /* memmem */
#include "base/error.h"
#include "fixture.h"
#include "journal/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static hcp_journal *try_open(const char *directory, bool read_only, GError **error)
{
    hcp_journal_sqlite_options options = {
        .directory = directory, .schema = &FIXTURE_SCHEMA, .read_only = read_only};
    return hcp_journal_sqlite_open(&options, error);
}

/* What an examination of the damaged journal finds first. */
static uint64_t first_bad(const char *directory)
{
    hcp_journal_sqlite_options options = {
        .directory = directory, .schema = &FIXTURE_SCHEMA, .read_only = true, .unchecked = true};
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_journal) journal = hcp_journal_sqlite_open(&options, &error);
    g_assert_no_error(error);
    uint64_t seq;
    g_assert_cmpuint(fixture_verify(journal, false, &seq), >, 0);
    return seq;
}

static hcp_journal *open_sound(const char *directory)
{
    g_autoptr(GError) error = NULL;
    hcp_journal *journal = try_open(directory, false, &error);
    g_assert_no_error(error);
    return journal;
}

static char *read_file(const char *directory, const char *name, gsize *ret_size)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    char *bytes = NULL;
    *ret_size = 0;
    g_file_get_contents(path, &bytes, ret_size, NULL);
    return bytes;
}

static void write_file(const char *directory, const char *name, const char *bytes, gsize size)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    FILE *file = fopen(path, "wb"); /* g_file_set_contents() would flush, thousands of times */
    g_assert_nonnull(file);
    g_assert_cmpuint(fwrite(bytes, 1, size, file), ==, size);
    g_assert_cmpint(fclose(file), ==, 0);
}

static const char *const FILES[] = {"journal.db", "journal.db-wal", "journal.ack"};

/* Copies what a dead process leaves behind; the shared index is rebuilt by the next one. */
static char *copy_journal(const char *directory)
{
    char *copy = fixture_directory();
    for (guint i = 0; i < G_N_ELEMENTS(FILES); i++) {
        gsize size;
        g_autofree char *bytes = read_file(directory, FILES[i], &size);
        if (bytes)
            write_file(copy, FILES[i], bytes, size);
    }
    return copy;
}

static void flip_bit(const char *directory, const char *name, gsize at, guint bit)
{
    gsize size;
    g_autofree char *bytes = read_file(directory, name, &size);
    g_assert_cmpuint(at, <, size);
    bytes[at] = (char)(bytes[at] ^ (1 << bit));
    write_file(directory, name, bytes, size);
}

/* Appends batches of varying size for ever and tells the parent, after each, how far it got. */
static G_NORETURN void append_for_ever(const char *directory, int pipe_fd)
{
    hcp_journal *journal = open_sound(directory);
    for (;;) {
        uint64_t last = hcp_journal_last(journal, NULL);
        fixture_append_projected(journal, (guint)(last * 7 % 40 + 1));
        if (last % 11 == 0) {
            g_auto(hcp_journal_snapshot) snapshot = fixture_snapshot(last + 1, 20000);
            g_assert_true(hcp_journal_snapshot_save(journal, &snapshot, NULL));
        }
        last = hcp_journal_last(journal, NULL);
        if (write(pipe_fd, &last, sizeof last) != (ssize_t)sizeof last)
            _exit(1);
    }
}

/* Lets a child write until a random moment, after its first append when `begun` is wanted, kills
 * it, and returns the last entry it saw acknowledged. */
static uint64_t kill_a_writer(const char *directory, uint64_t before, bool begun)
{
    int pipe_fds[2];
    g_assert_cmpint(pipe(pipe_fds), ==, 0);
    pid_t child = fork();
    if (child == 0)
        append_for_ever(directory, pipe_fds[1]);
    close(pipe_fds[1]);
    uint64_t acknowledged = before, value;
    if (begun)
        g_assert_cmpint(read(pipe_fds[0], &acknowledged, sizeof value), ==, sizeof value);
    gint64 deadline = g_get_monotonic_time() + g_test_rand_int_range(1000, 60000);
    struct pollfd ready = {.fd = pipe_fds[0], .events = POLLIN};
    while (g_get_monotonic_time() < deadline) {
        if (poll(&ready, 1, 0) > 0 && read(pipe_fds[0], &value, sizeof value) > 0)
            acknowledged = value;
    }
    kill(child, SIGKILL);
    int status;
    g_assert_cmpint(waitpid(child, &status, 0), ==, child);
    g_assert_true(WIFSIGNALED(status));
    while (read(pipe_fds[0], &value, sizeof value) > 0)
        acknowledged = value;
    close(pipe_fds[0]);
    return acknowledged;
}

static void test_kill(void)
{
    guint rounds = g_test_thorough() ? 400 : 25;
    char *directory = fixture_directory();
    uint64_t before = 0;
    guint cut = 0;
    for (guint i = 0; i < rounds; i++) {
        uint64_t acknowledged = kill_a_writer(directory, before, i % 5 == 0);
        g_autoptr(hcp_journal) journal = open_sound(directory);
        uint64_t last = hcp_journal_last(journal, NULL);
        g_assert_cmpuint(last, >=, acknowledged);
        g_assert_cmpuint(last, <=, acknowledged + 40); /* at most the batch in flight */
        g_assert_cmpuint(fixture_check(journal, 1), ==, last);
        g_assert_cmpint(fixture_query_int(journal, "SELECT count(*) FROM workload"), ==,
                        (gint64)(last + 2) / 3);
        cut += last > acknowledged || hcp_journal_sqlite_torn_pages(journal) > 0;
        if (i % 5 == 0)
            g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 0);
        before = last;
    }
    g_test_message("%u kills, %u of them inside a commit, %" G_GUINT64_FORMAT " entries", rounds,
                   cut, before);
    g_assert_cmpuint(before, >=, rounds / 5); /* at least an entry by each that had begun */
    fixture_remove(directory);
}

/* No file may grow beyond `size` from now on: writes fail with EFBIG, as they do with ENOSPC on a
 * full disk. */
static void limit_files(rlim_t size)
{
    struct rlimit limit;
    g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &limit), ==, 0);
    limit.rlim_cur = size;
    g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &limit), ==, 0);
}

/* Appends until it fails; returns the code. The journal must be as it was before the failed one. */
static gint append_until_full(hcp_journal *journal)
{
    for (guint i = 0; i < 10000; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
        uint64_t last = hcp_journal_last(journal, NULL);
        fixture_fill(batch, last + 1, 50);
        for (guint e = 0; e < 50; e++)
            fixture_project(NULL, hcp_journal_batch_entry(batch, e), batch, NULL);
        if (!hcp_journal_append(journal, &batch, 1, &error)) {
            g_assert_cmpuint(hcp_journal_last(journal, NULL), ==, last);
            g_test_message("at entry %" G_GUINT64_FORMAT ": %s", last, error->message);
            return error->code;
        }
    }
    return -1;
}

static void test_full_disk(void)
{
    signal(SIGXFSZ, SIG_IGN);
    char *directory = fixture_directory();
    g_autoptr(hcp_journal) journal = open_sound(directory);
    fixture_append_projected(journal, 10);
    for (guint round = 1; round <= 4; round++) {
        limit_files(round * 600000);
        gint code = append_until_full(journal);
        gint again = append_until_full(journal);
        g_auto(hcp_journal_snapshot) snapshot = fixture_snapshot(5, 3000000);
        g_autoptr(GError) error = NULL;
        bool saved = hcp_journal_snapshot_save(journal, &snapshot, &error);
        limit_files(RLIM_INFINITY);
        g_assert_cmpint(code, ==, HCP_ERROR_FULL);
        g_assert_cmpint(again, ==, HCP_ERROR_FULL);
        g_assert_false(saved);
        g_assert_error(error, HCP_ERROR, HCP_ERROR_FULL);
        /* There is space again. */
        fixture_append_projected(journal, 7);
        uint64_t last = hcp_journal_last(journal, NULL);
        g_assert_cmpuint(fixture_check(journal, 1), ==, last);
        g_assert_cmpint(fixture_query_int(journal, "SELECT count(*) FROM workload"), ==,
                        (gint64)(last + 2) / 3);
    }
    g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 0);
    g_clear_pointer(&journal, hcp_journal_close);
    journal = open_sound(directory);
    g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 0);
    g_clear_pointer(&journal, hcp_journal_close);
    fixture_remove(directory);
}

static void test_no_space_to_open(void)
{
    signal(SIGXFSZ, SIG_IGN);
    char *directory = fixture_directory();
    g_autoptr(GError) error = NULL;
    limit_files(8000);
    hcp_journal *journal = try_open(directory, false, &error);
    limit_files(RLIM_INFINITY);
    g_assert_null(journal);
    g_assert_error(error, HCP_ERROR, HCP_ERROR_FULL);
    hcp_journal_close(open_sound(directory));
    fixture_remove(directory);
}

/* A directory as a killed process leaves it: everything still in the log. `ret_before` is the same
 * one append earlier. */
static char *make_unfinished(char **ret_before, uint64_t *ret_last_before)
{
    char *live = fixture_directory();
    hcp_journal *journal = open_sound(live);
    for (guint i = 0; i < 20; i++)
        fixture_append_projected(journal, 5);
    *ret_last_before = hcp_journal_last(journal, NULL);
    *ret_before = copy_journal(live);
    fixture_append_projected(journal, 60);
    char *after = copy_journal(live);
    hcp_journal_close(journal);
    fixture_remove(live);
    return after;
}

/* The opening must refuse, say which entry, and leave every byte in place. */
static void assert_lost(const char *directory)
{
    gsize size[2], ack_size[2];
    g_autoptr(GError) error = NULL;
    g_autofree char *before = read_file(directory, "journal.db-wal", &size[0]);
    g_autofree char *ack_before = read_file(directory, "journal.ack", &ack_size[0]);
    g_assert_null(try_open(directory, false, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_CORRUPT);
    g_assert_nonnull(strstr(error->message, "entry"));
    g_autofree char *after = read_file(directory, "journal.db-wal", &size[1]);
    g_autofree char *ack_after = read_file(directory, "journal.ack", &ack_size[1]);
    g_assert_cmpuint(size[0], ==, size[1]);
    g_assert_cmpint(memcmp(before, after, size[0]), ==, 0);
    g_assert_cmpint(memcmp(ack_before, ack_after, ack_size[0]), ==, 0);
    g_clear_error(&error);
    g_assert_null(try_open(directory, true, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_CORRUPT);
}

/* Damage in the log of acknowledged entries is never taken for a torn tail. */
static void test_flips_in_the_log(void)
{
    char *before;
    uint64_t last_before;
    char *after = make_unfinished(&before, &last_before);
    uint64_t last = last_before + 60;
    gsize size;
    g_autofree char *wal = read_file(after, "journal.db-wal", &size);
    guint n_lost = 0, rounds = g_test_thorough() ? 1000 : 100;
    for (guint i = 0; i < rounds; i++) {
        char *copy = copy_journal(after);
        gsize at = (gsize)g_test_rand_int_range(0, (gint32)size);
        flip_bit(copy, "journal.db-wal", at, i % 8);
        g_autoptr(hcp_journal) journal = try_open(copy, false, NULL);
        if (!journal) {
            assert_lost(copy);
            n_lost++;
        } else { /* a byte of no meaning: all is there */
            g_assert_cmpuint(hcp_journal_last(journal, NULL), ==, last);
            g_assert_cmpuint(fixture_check(journal, 1), ==, last);
        }
        g_clear_pointer(&journal, hcp_journal_close);
        fixture_remove(copy);
    }
    g_test_message("%u of %u flips in a log of %" G_GSIZE_FORMAT " bytes refused", n_lost, rounds,
                   size);
    g_assert_cmpuint(n_lost, >=, rounds * 95 / 100);
    fixture_remove(before);
    fixture_remove(after);
}

static void test_cut_log(void)
{
    char *before;
    uint64_t last_before;
    char *after = make_unfinished(&before, &last_before);
    gsize size, size_before, ack_size;
    g_autofree char *wal = read_file(after, "journal.db-wal", &size);
    g_autofree char *wal_before = read_file(before, "journal.db-wal", &size_before);
    g_autofree char *old_ack = read_file(before, "journal.ack", &ack_size);
    g_assert_cmpuint(size_before, <, size);
    for (guint i = 0; i < 40; i++) {
        gsize keep = (gsize)g_test_rand_int_range((gint32)size_before, (gint32)size);
        char *copy = copy_journal(after);
        write_file(copy, "journal.db-wal", wal, keep);
        assert_lost(copy);
        g_assert_cmpuint(first_bad(copy), ==, last_before + 1);
        /* The same cut when the last append was not yet acknowledged: a torn tail, dropped and
         * told. */
        write_file(copy, "journal.ack", old_ack, ack_size);
        g_autoptr(hcp_journal) journal = open_sound(copy);
        g_assert_cmpuint(hcp_journal_last(journal, NULL), ==, last_before);
        g_assert_cmpuint(fixture_check(journal, 1), ==, last_before);
        guint torn = (guint)((keep - size_before) / 4120);
        g_assert_cmpuint(hcp_journal_sqlite_torn_pages(journal), >=, torn);
        g_assert_cmpuint(hcp_journal_sqlite_torn_pages(journal), <=, torn + 1);
        fixture_append_projected(journal, 5);
        g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 0);
        g_clear_pointer(&journal, hcp_journal_close);
        fixture_remove(copy);
    }
    fixture_remove(before);
    fixture_remove(after);
}

static void dump_value(sqlite3_stmt *statement, int column, GString *out)
{
    int type = sqlite3_column_type(statement, column);
    const char *bytes = sqlite3_column_blob(statement, column);
    int size = sqlite3_column_bytes(statement, column);
    g_string_append_printf(out, "|%d:", type);
    g_string_append_len(out, bytes, size);
}

static bool dump_rows(sqlite3 *db, const char *sql, GString *out)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(statement);
        for (int i = 0; code == SQLITE_ROW && i < sqlite3_column_count(statement); i++)
            dump_value(statement, i, out);
        g_string_append_c(out, '\n');
    }
    sqlite3_finalize(statement);
    return code == SQLITE_DONE;
}

/* All that can be read from the file, as text; what cannot be read shows as such. */
static char *dump(const char *directory)
{
    static const char *const queries[] = {
        "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name",
        "SELECT * FROM journal_entry ORDER BY seq",
        "SELECT * FROM journal_snapshot ORDER BY seq",
        "SELECT * FROM journal_meta ORDER BY name",
        "SELECT * FROM workload ORDER BY id",
        "SELECT * FROM active",
        "PRAGMA user_version",
        "PRAGMA application_id",
    };
    g_autofree char *path = g_build_filename(directory, "journal.db", NULL);
    GString *out = g_string_new(NULL);
    sqlite3 *db = NULL;
    sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(queries); i++) {
        if (!dump_rows(db, queries[i], out))
            g_string_append_printf(out, "unreadable: %s\n", queries[i]);
    }
    sqlite3_close(db);
    return g_string_free(out, FALSE);
}

/* A closed, sound journal with entries, projections, two snapshots, and freed pages. */
static char *make_closed(void)
{
    char *directory = fixture_directory();
    hcp_journal *journal = open_sound(directory);
    for (guint i = 0; i < 6; i++) {
        fixture_append_projected(journal, 50);
        g_auto(hcp_journal_snapshot) snapshot = fixture_snapshot(i * 50 + 1, 4000 * (6 - i));
        g_assert_true(hcp_journal_snapshot_save(journal, &snapshot, NULL));
    }
    hcp_journal_close(journal);
    return directory;
}

static bool is_detected(const char *directory)
{
    g_autoptr(hcp_journal) journal = try_open(directory, true, NULL);
    return !journal || fixture_verify(journal, true, NULL) > 0;
}

/* Every flipped bit is either detected or changes nothing that can be read. */
static void flip_all_over(const char *name)
{
    char *directory = make_closed();
    g_assert_false(is_detected(directory));
    g_autofree char *expected = dump(directory);
    gsize size;
    g_autofree char *bytes = read_file(directory, name, &size);
    guint detected = 0, unused = 0, rounds = g_test_thorough() ? 5000 : 200;
    for (guint i = 0; i < rounds; i++) {
        gsize at = (gsize)g_test_rand_int_range(0, (gint32)size);
        guint bit = (guint)g_test_rand_int_range(0, 8);
        flip_bit(directory, name, at, bit);
        if (is_detected(directory)) {
            detected++;
        } else {
            g_autofree char *found = dump(directory);
            if (!g_str_equal(found, expected))
                g_error("bit %u of byte %" G_GSIZE_FORMAT " went unnoticed", bit, at);
            unused++;
        }
        write_file(directory, name, bytes, size);
    }
    g_test_message("%s, %" G_GSIZE_FORMAT " bytes: %u flips detected, %u in unused bytes", name,
                   size, detected, unused);
    g_assert_cmpuint(detected, >, rounds / 2);
    fixture_remove(directory);
}

static void test_flips_in_the_database(void)
{
    flip_all_over("journal.db");
}

static void test_flips_in_the_acknowledgement(void)
{
    flip_all_over("journal.ack");
}

/* Positions of the header and the first pages, where the damage is structural: every byte of the
 * first 112. */
static void test_flips_in_the_header(void)
{
    char *directory = make_closed();
    g_autofree char *expected = dump(directory);
    gsize size;
    g_autofree char *bytes = read_file(directory, "journal.db", &size);
    for (gsize at = 0; at < 112; at++) {
        flip_bit(directory, "journal.db", at, (guint)at % 8);
        if (!is_detected(directory)) {
            g_autofree char *found = dump(directory);
            g_assert_cmpstr(found, ==, expected);
        }
        write_file(directory, "journal.db", bytes, size);
    }
    fixture_remove(directory);
}

/* A flip in one entry is reported for that entry and for no other. */
static void test_flip_is_located(void)
{
    char *directory = make_closed();
    gsize size;
    g_autofree char *bytes = read_file(directory, "journal.db", &size);
    for (uint64_t seq = 3; seq < 300; seq += 37) {
        g_autofree char *text = g_strdup_printf("{\"n\":%" G_GUINT64_FORMAT ",", seq);
        char *found = memmem(bytes, size, text, strlen(text));
        g_assert_nonnull(found);
        flip_bit(directory, "journal.db", (gsize)(found - bytes) + 3, 0);
        g_autoptr(GError) error = NULL;
        g_autoptr(hcp_journal) journal = try_open(directory, true, &error);
        g_assert_null(journal); /* among the last thousand */
        g_assert_error(error, HCP_ERROR, HCP_ERROR_CORRUPT);
        g_autofree char *name = g_strdup_printf("entry %" G_GUINT64_FORMAT " ", seq);
        g_assert_nonnull(strstr(error->message, name));
        g_assert_cmpuint(first_bad(directory), ==, seq);
        write_file(directory, "journal.db", bytes, size);
    }
    fixture_remove(directory);
}

/* The same beyond what the opening looks at: verify walks on and names each. */
static void test_flips_are_located(void)
{
    char *directory = fixture_directory();
    hcp_journal *journal = open_sound(directory);
    fixture_append_projected(journal, 3000);
    hcp_journal_close(journal);
    gsize size;
    g_autofree char *bytes = read_file(directory, "journal.db", &size);
    static const uint64_t damaged[] = {17, 18, 1203};
    for (guint i = 0; i < G_N_ELEMENTS(damaged); i++) {
        g_autofree char *text = g_strdup_printf("{\"n\":%" G_GUINT64_FORMAT ",", damaged[i]);
        char *found = memmem(bytes, size, text, strlen(text));
        flip_bit(directory, "journal.db", (gsize)(found - bytes) + 1, 2);
    }
    journal = try_open(directory, true, NULL);
    g_assert_nonnull(journal);
    g_auto(hcp_journal_report) report = {0};
    g_assert_true(hcp_journal_verify(journal, NULL, &report, NULL));
    g_assert_cmpuint(report.n_entries, ==, 3000);
    g_assert_cmpuint(report.first_bad_seq, ==, 17);
    g_assert_cmpuint(report.findings->len, ==, G_N_ELEMENTS(damaged));
    for (guint i = 0; i < report.findings->len; i++) {
        const hcp_journal_finding *finding = report.findings->pdata[i];
        g_assert_cmpuint(finding->seq, ==, damaged[i]);
    }
    hcp_journal_close(journal);
    fixture_remove(directory);
}

/* A bad snapshot costs a longer replay: the one before it is used. */
static void test_bad_snapshot_is_skipped(void)
{
    char *directory = make_closed();
    g_autofree char *path = g_build_filename(directory, "journal.db", NULL);
    sqlite3 *db = NULL;
    g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
    sqlite3_exec(db, "UPDATE journal_snapshot SET blob = x'00' WHERE seq = 251", NULL, NULL, NULL);
    g_assert_cmpint(sqlite3_changes(db), ==, 1);
    sqlite3_close(db);
    g_autoptr(hcp_journal) journal = open_sound(directory);
    g_auto(hcp_journal_snapshot) snapshot = {0};
    g_assert_true(hcp_journal_snapshot_load(journal, G_MAXUINT64, &snapshot, NULL));
    fixture_check_snapshot(&snapshot, 201, 8000);
    g_assert_cmpuint(fixture_verify(journal, true, NULL), ==, 1);
    g_clear_pointer(&journal, hcp_journal_close);
    fixture_remove(directory);
}

/* An older copy of the database beside the present acknowledgement: the missing entries are
 * named. */
static void test_older_copy(void)
{
    char *before;
    uint64_t last_before;
    char *after = make_unfinished(&before, &last_before);
    gsize size;
    g_autofree char *ack = read_file(after, "journal.ack", &size);
    write_file(before, "journal.ack", ack, size);
    assert_lost(before);
    g_autofree char *path = g_build_filename(before, "journal.ack", NULL);
    g_assert_cmpint(g_unlink(path), ==, 0); /* as the message says */
    g_autoptr(hcp_journal) journal = open_sound(before);
    g_assert_cmpuint(fixture_check(journal, 1), ==, last_before);
    g_clear_pointer(&journal, hcp_journal_close);
    fixture_remove(before);
    fixture_remove(after);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal/damage/kill", test_kill);
    g_test_add_func("/journal/damage/full-disk", test_full_disk);
    g_test_add_func("/journal/damage/no-space-to-open", test_no_space_to_open);
    g_test_add_func("/journal/damage/flips-in-the-log", test_flips_in_the_log);
    g_test_add_func("/journal/damage/cut-log", test_cut_log);
    g_test_add_func("/journal/damage/flips-in-the-database", test_flips_in_the_database);
    g_test_add_func("/journal/damage/flips-in-the-acknowledgement",
                    test_flips_in_the_acknowledgement);
    g_test_add_func("/journal/damage/flips-in-the-header", test_flips_in_the_header);
    g_test_add_func("/journal/damage/flip-is-located", test_flip_is_located);
    g_test_add_func("/journal/damage/flips-are-located", test_flips_are_located);
    g_test_add_func("/journal/damage/bad-snapshot-is-skipped", test_bad_snapshot_is_skipped);
    g_test_add_func("/journal/damage/older-copy", test_older_copy);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The input is a journal: the first byte says how many 16-byte pieces of it are journal.ack, the
 * rest is journal.db. Opening and verifying damaged files must end with an error or a report, and
 * an entry that is read must be whole.
 */
#include "journal/sqlite.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_file(const char *directory, const char *name, const uint8_t *data, size_t size)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    FILE *file = fopen(path, "wb");
    g_assert_nonnull(file);
    g_assert_cmpuint(fwrite(data, 1, size, file), ==, size);
    g_assert_cmpint(fclose(file), ==, 0);
}

static void remove_all(const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(directory), ==, 0);
}

static bool check_entry(void *user_data, const hcp_journal_entry *entry)
{
    uint64_t *last = user_data;
    g_assert_true(entry->actor && entry->type && entry->trace_id && entry->payload);
    g_assert_cmpuint(strlen(entry->payload), <=, entry->payload_size);
    g_assert_cmpuint(entry->seq, ==, *last + 1);
    *last = entry->seq;
    return true;
}

static void use_journal(const char *directory, bool read_only)
{
    hcp_journal_sqlite_options options = {.directory = directory, .read_only = read_only};
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_journal) journal = hcp_journal_sqlite_open(&options, &error);
    if (!journal) {
        g_assert_nonnull(error);
        return;
    }
    uint64_t last = 0;
    g_auto(hcp_journal_report) report = {0};
    g_auto(hcp_journal_snapshot) snapshot = {0};
    (void)hcp_journal_read(journal, 1, check_entry, &last, NULL);
    (void)hcp_journal_snapshot_load(journal, G_MAXUINT64, &snapshot, NULL);
    g_assert_true(hcp_journal_verify(journal, NULL, &report, NULL));
    g_assert_true(report.findings->len > 0 || last == hcp_journal_last(journal, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    size_t ack_size = MIN((size_t)data[0] * 16, size - 1);
    g_autofree char *directory = g_dir_make_tmp("hcp-fuzz-XXXXXX", NULL);
    write_file(directory, "journal.ack", data + 1, ack_size);
    write_file(directory, "journal.db", data + 1 + ack_size, size - 1 - ack_size);
    use_journal(directory, true);
    use_journal(directory, false);
    remove_all(directory);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What every journal must do: one suite, run against each implementation. */
#include "base/error.h"
#include "fixture.h"
#include "journal/faulty.h"
#include "journal/memory.h"
#include "journal/sqlite.h"

#include <string.h>

/* One implementation under test. `reopen` closes and opens again where that keeps the data, else
 * NULL. */
typedef struct {
    const char *name;
    hcp_journal *(*open)(const char *directory);
    bool durable;
} implementation;

static hcp_journal *open_memory(const char *directory)
{
    (void)directory;
    return hcp_journal_memory_new(0);
}

static hcp_journal *open_sqlite(const char *directory)
{
    g_autoptr(GError) error = NULL;
    hcp_journal_sqlite_options options = {.directory = directory, .schema = &FIXTURE_SCHEMA};
    hcp_journal *journal = hcp_journal_sqlite_open(&options, &error);
    g_assert_no_error(error);
    return journal;
}

static hcp_journal *open_faultless(const char *directory)
{
    return hcp_journal_faulty_new(open_sqlite(directory), NULL);
}

typedef struct {
    char *directory;
    hcp_journal *journal;
} fixture;

static void set_up(fixture *self, gconstpointer data)
{
    const implementation *kind = data;
    self->directory = fixture_directory();
    self->journal = kind->open(self->directory);
}

static void tear_down(fixture *self, gconstpointer data)
{
    (void)data;
    hcp_journal_close(self->journal);
    fixture_remove(self->directory);
}

static void test_empty(fixture *self, gconstpointer data)
{
    (void)data;
    static const uint8_t zeroes[HCP_JOURNAL_HASH_SIZE] = {0};
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
    g_auto(hcp_journal_snapshot) snapshot = {0};
    g_assert_cmpuint(hcp_journal_last(self->journal, hash), ==, 0);
    fixture_assert_same_hash(hash, zeroes);
    g_assert_cmpuint(fixture_check(self->journal, 1), ==, 0);
    g_assert_true(hcp_journal_snapshot_load(self->journal, G_MAXUINT64, &snapshot, NULL));
    g_assert_cmpuint(snapshot.seq, ==, 0);
    g_assert_null(snapshot.blob);
    g_assert_cmpuint(fixture_verify(self->journal, true, NULL), ==, 0);
    g_assert_false(hcp_journal_needs_rebuild(self->journal));
}

static void test_append_and_read(fixture *self, gconstpointer data)
{
    (void)data;
    for (guint size = 1; size < 40; size++)
        fixture_append_projected(self->journal, size);
    uint64_t last = hcp_journal_last(self->journal, NULL);
    g_assert_cmpuint(last, ==, 39 * 40 / 2);
    g_assert_cmpuint(fixture_check(self->journal, 1), ==, last);
    g_assert_cmpuint(fixture_check(self->journal, 2), ==, last - 1);
    g_assert_cmpuint(fixture_check(self->journal, 500), ==, last - 499);
    g_assert_cmpuint(fixture_check(self->journal, last), ==, 1);
    g_assert_cmpuint(fixture_check(self->journal, last + 1), ==, 0);
    g_assert_cmpuint(fixture_check(self->journal, last + 100), ==, 0);
    g_assert_cmpuint(fixture_verify(self->journal, true, NULL), ==, 0);
}

static void test_several_batches(fixture *self, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    hcp_journal_batch *batches[5];
    uint64_t next = 1;
    for (guint i = 0; i < G_N_ELEMENTS(batches); i++) {
        batches[i] = hcp_journal_batch_new();
        fixture_fill(batches[i], next, i); /* the first is empty */
        next += i;
    }
    g_assert_true(hcp_journal_append(self->journal, batches, G_N_ELEMENTS(batches), &error));
    g_assert_no_error(error);
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
    g_assert_cmpuint(hcp_journal_last(self->journal, hash), ==, next - 1);
    const hcp_journal_entry *last = hcp_journal_batch_entry(batches[4], 3);
    fixture_assert_same_hash(hash, last->hash);
    for (guint i = 0; i < G_N_ELEMENTS(batches); i++)
        hcp_journal_batch_free(batches[i]);
    g_assert_cmpuint(fixture_check(self->journal, 1), ==, next - 1);
}

static void test_gap_is_refused(fixture *self, gconstpointer data)
{
    (void)data;
    fixture_append(self->journal, 3);
    static const uint64_t wrong[] = {1, 3, 5, 100};
    for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
        fixture_fill(batch, wrong[i], 2);
        g_assert_false(hcp_journal_append(self->journal, &batch, 1, &error));
        g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
    }
    g_assert_cmpuint(fixture_check(self->journal, 1), ==, 3);
    fixture_append(self->journal, 2);
    g_assert_cmpuint(fixture_check(self->journal, 1), ==, 5);
}

/* The hash depends on every field: change one and the chain comes out different. */
static void test_chain_covers_every_field(fixture *self, gconstpointer data)
{
    (void)data;
    static const hcp_journal_entry base = {
        .seq = 1, .actor = "a", .type = "bc", .trace_id = "d", .payload = "{}", .payload_size = 2};
    hcp_journal_entry variants[8];
    for (guint i = 0; i < G_N_ELEMENTS(variants); i++)
        variants[i] = base;
    variants[1].time_us = 1;
    variants[2].actor = "";
    variants[3].type = "b";
    variants[4].trace_id = "";
    variants[5].payload = "[]";
    variants[6].actor = "ab", variants[6].type = "c"; /* the same bytes, cut elsewhere */
    variants[7].payload_size = 1;
    uint8_t hashes[G_N_ELEMENTS(variants)][HCP_JOURNAL_HASH_SIZE];
    for (guint i = 0; i < G_N_ELEMENTS(variants); i++) {
        g_autoptr(hcp_journal) journal = hcp_journal_memory_new(0);
        g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
        hcp_journal_batch_add(batch, &variants[i]);
        g_assert_true(hcp_journal_append(journal, &batch, 1, NULL));
        hcp_journal_last(journal, hashes[i]);
        for (guint j = 0; j < i; j++)
            g_assert_cmpint(memcmp(hashes[i], hashes[j], sizeof hashes[i]), !=, 0);
    }
    /* All implementations agree on the hash. */
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
    hcp_journal_batch_add(batch, &base);
    g_assert_true(hcp_journal_append(self->journal, &batch, 1, NULL));
    hcp_journal_last(self->journal, hash);
    fixture_assert_same_hash(hash, hashes[0]);
}

static bool stop_at_three(void *user_data, const hcp_journal_entry *entry)
{
    guint *count = user_data;
    (*count)++;
    return entry->seq < 3;
}

static void test_visitor_stops(fixture *self, gconstpointer data)
{
    (void)data;
    guint count = 0;
    fixture_append(self->journal, 10);
    g_assert_true(hcp_journal_read(self->journal, 1, stop_at_three, &count, NULL));
    g_assert_cmpuint(count, ==, 3);
}

static bool append_while_reading(void *user_data, const hcp_journal_entry *entry)
{
    hcp_journal *journal = user_data;
    if (entry->seq <= 3)
        fixture_append(journal, 1);
    g_assert_cmpuint(fixture_check(journal, entry->seq), >=, 1); /* and reading within reading */
    return true;
}

static void test_sides_are_independent(fixture *self, gconstpointer data)
{
    (void)data;
    fixture_append(self->journal, 3);
    g_assert_true(hcp_journal_read(self->journal, 1, append_while_reading, self->journal, NULL));
    g_assert_cmpuint(fixture_check(self->journal, 1), ==, 6);
}

static void test_snapshots(fixture *self, gconstpointer data)
{
    (void)data;
    static const gsize sizes[] = {0, 1, 100000, 5, 3000000};
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        fixture_append(self->journal, 10);
        g_auto(hcp_journal_snapshot) snapshot = fixture_snapshot((i + 1) * 10, sizes[i]);
        g_assert_true(hcp_journal_snapshot_save(self->journal, &snapshot, NULL));
    }
    static const uint64_t at_most[] = {G_MAXUINT64, 50, 49, 30};
    static const guint expected[] = {4, 4, 3, 2};
    for (guint i = 0; i < G_N_ELEMENTS(at_most); i++) {
        g_auto(hcp_journal_snapshot) found = {0};
        g_assert_true(hcp_journal_snapshot_load(self->journal, at_most[i], &found, NULL));
        fixture_check_snapshot(&found, (expected[i] + 1) * 10, sizes[expected[i]]);
    }
    g_auto(hcp_journal_snapshot) none = {0};
    g_assert_true(hcp_journal_snapshot_load(self->journal, 29, &none, NULL)); /* three are kept */
    g_assert_cmpuint(none.seq, ==, 0);
    g_assert_cmpuint(fixture_verify(self->journal, false, NULL), ==, 0);
}

static void test_snapshot_past_the_end(fixture *self, gconstpointer data)
{
    (void)data;
    g_autoptr(GError) error = NULL;
    fixture_append(self->journal, 2);
    g_auto(hcp_journal_snapshot) snapshot = fixture_snapshot(3, 10);
    g_assert_false(hcp_journal_snapshot_save(self->journal, &snapshot, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_INVALID);
}

static void test_reopen(fixture *self, gconstpointer data)
{
    const implementation *kind = data;
    if (!kind->durable)
        return;
    uint8_t before[HCP_JOURNAL_HASH_SIZE], after[HCP_JOURNAL_HASH_SIZE];
    for (uint64_t total = 0; total < 3000; total += 1000) {
        fixture_append_projected(self->journal, 1000);
        g_auto(hcp_journal_snapshot) snapshot = fixture_snapshot(total + 1, 10);
        g_assert_true(hcp_journal_snapshot_save(self->journal, &snapshot, NULL));
        hcp_journal_last(self->journal, before);
        hcp_journal_close(self->journal);
        self->journal = kind->open(self->directory);
        g_assert_cmpuint(hcp_journal_last(self->journal, after), ==, total + 1000);
        fixture_assert_same_hash(before, after);
        g_auto(hcp_journal_snapshot) found = {0};
        g_assert_true(hcp_journal_snapshot_load(self->journal, G_MAXUINT64, &found, NULL));
        fixture_check_snapshot(&found, total + 1, 10);
        g_assert_false(hcp_journal_needs_rebuild(self->journal));
    }
    g_assert_cmpuint(fixture_check(self->journal, 1), ==, 3000);
    g_assert_cmpuint(fixture_verify(self->journal, true, NULL), ==, 0);
}

typedef struct {
    const char *name;
    void (*run)(fixture *self, gconstpointer data);
} conformance_case;

static const conformance_case CASES[] = {
    {"empty", test_empty},
    {"append-and-read", test_append_and_read},
    {"several-batches", test_several_batches},
    {"gap-is-refused", test_gap_is_refused},
    {"chain-covers-every-field", test_chain_covers_every_field},
    {"visitor-stops", test_visitor_stops},
    {"sides-are-independent", test_sides_are_independent},
    {"snapshots", test_snapshots},
    {"snapshot-past-the-end", test_snapshot_past_the_end},
    {"reopen", test_reopen},
};

static const implementation IMPLEMENTATIONS[] = {
    {"memory", open_memory, false},
    {"sqlite", open_sqlite, true},
    {"faultless", open_faultless, true},
};

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(IMPLEMENTATIONS); i++) {
        for (guint c = 0; c < G_N_ELEMENTS(CASES); c++) {
            g_autofree char *path =
                g_strdup_printf("/journal/%s/%s", IMPLEMENTATIONS[i].name, CASES[c].name);
            g_test_add(path, fixture, &IMPLEMENTATIONS[i], set_up, CASES[c].run, tear_down);
        }
    }
    return g_test_run();
}

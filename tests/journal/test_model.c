/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Property test: random operations on the SQLite journal and on the one in memory at once. Whatever
 * is done, both answer the same; SQLite's is closed and opened again at random in between.
 */
#include "base/error.h"
#include "base/rng.h"
#include "fixture.h"
#include "journal/memory.h"
#include "journal/sqlite.h"

#include <string.h>

typedef struct {
    hcp_rng rng;
    char *directory;
    hcp_journal *model; /* memory */
    hcp_journal *store; /* sqlite */
} twins;

static guint below(twins *world, guint bound)
{
    return (guint)hcp_rng_below(&world->rng, bound);
}

static void open_store(twins *world)
{
    g_autoptr(GError) error = NULL;
    hcp_journal_sqlite_options options = {.directory = world->directory};
    world->store = hcp_journal_sqlite_open(&options, &error);
    g_assert_no_error(error);
}

/* Text of random length with characters of one to four bytes. */
static char *random_text(twins *world, guint max_length)
{
    static const char *const pieces[] = {"a", "Z", " ", "\"", "\\",   "\n",
                                         "é", "µ", "€", "日", "🙂", "\x7f"};
    GString *text = g_string_new(NULL);
    for (guint length = below(world, max_length + 1); length > 0; length--)
        g_string_append(text, pieces[below(world, G_N_ELEMENTS(pieces))]);
    return g_string_free(text, FALSE);
}

static void add_random(twins *world, hcp_journal_batch *batch, uint64_t seq)
{
    /* Now and then one that needs many database pages. */
    g_autofree char *payload = random_text(world, below(world, 50) == 0 ? 20000 : 200);
    g_autofree char *actor = random_text(world, 10);
    g_autofree char *type = random_text(world, 20);
    g_autofree char *trace = random_text(world, 5);
    hcp_journal_entry entry = {
        .seq = seq,
        .time_us = (int64_t)hcp_rng_u64(&world->rng),
        .actor = actor,
        .type = type,
        .trace_id = trace,
        .payload = payload,
        .payload_size = strlen(payload),
    };
    hcp_journal_batch_add(batch, &entry);
}

static void append(twins *world)
{
    guint n_batches = 1 + below(world, 4);
    uint64_t next = hcp_journal_last(world->model, NULL) + 1;
    next += below(world, 10) == 0 ? 1 : 0; /* sometimes a gap */
    g_autoptr(GPtrArray) batches =
        g_ptr_array_new_with_free_func((GDestroyNotify)hcp_journal_batch_free);
    for (guint i = 0; i < n_batches; i++) {
        hcp_journal_batch *batch = hcp_journal_batch_new();
        for (guint count = below(world, 8); count > 0; count--)
            add_random(world, batch, next++);
        g_ptr_array_add(batches, batch);
    }
    g_autoptr(GError) model_error = NULL;
    g_autoptr(GError) store_error = NULL;
    hcp_journal_batch **items = (hcp_journal_batch **)batches->pdata;
    bool expected = hcp_journal_append(world->model, items, n_batches, &model_error);
    bool done = hcp_journal_append(world->store, items, n_batches, &store_error);
    g_assert_cmpint(done, ==, expected);
    if (!done)
        g_assert_cmpint(store_error->code, ==, model_error->code);
}

static void save_snapshot(twins *world)
{
    uint64_t last = hcp_journal_last(world->model, NULL);
    g_auto(hcp_journal_snapshot) snapshot =
        fixture_snapshot(1 + below(world, (guint)last + 2), below(world, 30000));
    bool expected = hcp_journal_snapshot_save(world->model, &snapshot, NULL);
    g_assert_cmpint(hcp_journal_snapshot_save(world->store, &snapshot, NULL), ==, expected);
    g_assert_cmpint(expected, ==, snapshot.seq <= last);
}

static void compare_snapshots(twins *world)
{
    g_auto(hcp_journal_snapshot) expected = {0};
    g_auto(hcp_journal_snapshot) found = {0};
    uint64_t at_most = below(world, (guint)hcp_journal_last(world->model, NULL) + 3);
    g_assert_true(hcp_journal_snapshot_load(world->model, at_most, &expected, NULL));
    g_assert_true(hcp_journal_snapshot_load(world->store, at_most, &found, NULL));
    g_assert_cmpuint(found.seq, ==, expected.seq);
    fixture_assert_same_hash(found.state_hash, expected.state_hash);
    g_assert_true(!found.blob == !expected.blob);
    g_assert_true(!found.blob || g_bytes_equal(found.blob, expected.blob));
}

typedef struct {
    GChecksum *sum;
    guint left;
    guint seen;
} entry_digest;

static bool digest_entry(void *user_data, const hcp_journal_entry *entry)
{
    entry_digest *digest = user_data;
    g_autofree char *head =
        g_strdup_printf("%" G_GUINT64_FORMAT "|%" G_GINT64_FORMAT "|%s|%s|%s|", entry->seq,
                        entry->time_us, entry->actor, entry->type, entry->trace_id);
    g_checksum_update(digest->sum, (const guchar *)head, -1);
    g_checksum_update(digest->sum, (const guchar *)entry->payload, (gssize)entry->payload_size);
    g_checksum_update(digest->sum, entry->hash, sizeof entry->hash);
    digest->seen++;
    return --digest->left > 0;
}

static char *digest_from(hcp_journal *journal, uint64_t from_seq, guint limit)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    entry_digest digest = {.sum = sum, .left = limit};
    g_autoptr(GError) error = NULL;
    hcp_journal_read(journal, from_seq, digest_entry, &digest, &error);
    g_assert_no_error(error);
    return g_strdup_printf("%u entries %s", digest.seen, g_checksum_get_string(sum));
}

static void compare_entries(twins *world)
{
    uint64_t from = 1 + below(world, (guint)hcp_journal_last(world->model, NULL) + 3);
    guint limit = 1 + below(world, 500);
    g_autofree char *expected = digest_from(world->model, from, limit);
    g_autofree char *found = digest_from(world->store, from, limit);
    g_assert_cmpstr(found, ==, expected);
}

static void reopen(twins *world)
{
    hcp_journal_close(world->store);
    open_store(world);
}

static void (*const OPERATIONS[])(twins *world) = {
    append, append, append, save_snapshot, compare_snapshots, compare_entries, reopen,
};

static void run_seed(uint64_t seed)
{
    twins world = {.directory = fixture_directory(), .model = hcp_journal_memory_new(0)};
    hcp_rng_init(&world.rng, seed, 0);
    open_store(&world);
    for (guint step = 0; step < 150; step++) {
        OPERATIONS[below(&world, G_N_ELEMENTS(OPERATIONS))](&world);
        uint8_t expected[HCP_JOURNAL_HASH_SIZE], found[HCP_JOURNAL_HASH_SIZE];
        g_assert_cmpuint(hcp_journal_last(world.store, found), ==,
                         hcp_journal_last(world.model, expected));
        fixture_assert_same_hash(found, expected);
    }
    g_assert_cmpuint(fixture_verify(world.model, false, NULL), ==, 0);
    g_assert_cmpuint(fixture_verify(world.store, false, NULL), ==, 0);
    hcp_journal_close(world.model);
    hcp_journal_close(world.store);
    fixture_remove(world.directory);
}

static void test_model(void)
{
    guint seeds = g_test_thorough() ? 200 : 8;
    for (uint64_t seed = 1; seed <= seeds; seed++) {
        g_test_message("seed %" G_GUINT64_FORMAT, seed);
        run_seed(seed);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal/model", test_model);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast the journal is: durable appends by batch size, against bare SQLite doing the same
 * inserts in the same run (the floor), the writer thread under 64 concurrent submitters, replay,
 * verification and snapshots.
 *
 * bench_journal [SECONDS PER ROW] [DIRECTORY]
 */
#include "journal/memory.h"
#include "journal/sqlite.h"
#include "journal/writer.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAYLOAD                                                                                    \
    "{\"workload\":\"wl_01jd5x9q0t8m4c\",\"customer\":\"cus_01jd5x9q0t8m4c\",\"class\":\"P2\","    \
    "\"gpus\":8,\"device_class\":\"H100\",\"hours\":12,\"rate_usd_micro_per_h\":3750000,"          \
    "\"deadline\":\"2026-11-21T08:50:58.123456Z\",\"name\":\"fine-tune of a language model\"}"
#define US_PER_S 1e6

static const char *const STATEMENTS[] = {
    "INSERT INTO workload (id, customer, state, submitted_us) VALUES (?1, ?2, ?3, ?4)"};
static const hcp_projection_schema SCHEMA = {
    .version = 1,
    .ddl = "CREATE TABLE workload (id INTEGER PRIMARY KEY, customer TEXT, state TEXT,"
           " submitted_us INTEGER); CREATE INDEX workload_state ON workload (state, id);",
    .statements = STATEMENTS,
    .n_statements = 1,
};

static void must(bool done, GError *error)
{
    if (done)
        return;
    fprintf(stderr, "bench_journal: %s\n", error ? error->message : "failed");
    exit(1);
}

static hcp_journal *open_journal(const char *directory, const hcp_projection_schema *schema)
{
    g_autoptr(GError) error = NULL;
    hcp_journal_sqlite_options options = {.directory = directory, .schema = schema};
    hcp_journal *journal = hcp_journal_sqlite_open(&options, &error);
    must(journal != NULL, error);
    return journal;
}

static void empty_directory(const char *directory)
{
    static const char *const files[] = {"journal.db",   "journal.db-wal", "journal.db-shm",
                                        "journal.ack",  "journal.lock",   "floor.db",
                                        "floor.db-wal", "floor.db-shm"};
    for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(directory, files[i], NULL);
        (void)g_unlink(path); /* absent is as good */
    }
}

static hcp_journal_batch *fill(hcp_journal_batch *batch, uint64_t seq, guint count, bool project)
{
    for (guint i = 0; i < count; i++) {
        hcp_journal_entry entry = {
            .seq = seq + i,
            .time_us = (int64_t)(seq + i),
            .actor = "key_01jd5x9q0t8m4c",
            .type = "workload.submitted",
            .trace_id = "0af7651916cd43dd8448eb211c80319c",
            .payload = PAYLOAD,
            .payload_size = strlen(PAYLOAD),
        };
        hcp_journal_batch_add(batch, &entry);
        if (!project)
            continue;
        hcp_projection_value values[] = {
            hcp_projection_int((int64_t)(seq + i)), hcp_projection_text("cus_01jd5x9q0t8m4c"),
            hcp_projection_text("queued"), hcp_projection_int((int64_t)(seq + i))};
        hcp_journal_batch_add_op(batch, 0, values, G_N_ELEMENTS(values));
    }
    return batch;
}

static double append_rate(hcp_journal *journal, guint size, double seconds, bool project)
{
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    gint64 start = g_get_monotonic_time(), now = start;
    uint64_t n = 0;
    for (; (double)(now - start) < seconds * US_PER_S; now = g_get_monotonic_time()) {
        g_autoptr(GError) error = NULL;
        hcp_journal_batch_clear(batch);
        fill(batch, hcp_journal_last(journal, NULL) + 1, size, project);
        must(hcp_journal_append(journal, &batch, 1, &error), error);
        n += size;
    }
    return (double)n * US_PER_S / (double)(now - start);
}

static void insert_bare(sqlite3_stmt *insert)
{
    static const uint8_t hash[HCP_JOURNAL_HASH_SIZE] = {1};
    sqlite3_bind_int64(insert, 1, g_get_monotonic_time());
    sqlite3_bind_text(insert, 2, "key_01jd5x9q0t8m4c", -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 3, "workload.submitted", -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 4, "0af7651916cd43dd8448eb211c80319c", -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 5, PAYLOAD, -1, SQLITE_STATIC);
    sqlite3_bind_blob(insert, 6, hash, sizeof hash, SQLITE_STATIC);
    must(sqlite3_step(insert) == SQLITE_DONE, NULL);
    sqlite3_reset(insert);
}

/* The floor: the same rows into the same table by SQLite alone, no chain, no copies, no
 * acknowledgement. */
static double floor_rate(const char *directory, guint size, double seconds)
{
    g_autofree char *path = g_build_filename(directory, "floor.db", NULL);
    sqlite3 *db = NULL;
    sqlite3_stmt *insert = NULL;
    must(sqlite3_open(path, &db) == SQLITE_OK, NULL);
    sqlite3_exec(db,
                 "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                 "CREATE TABLE entry (seq INTEGER PRIMARY KEY, time_us INTEGER, actor TEXT,"
                 " type TEXT, trace_id TEXT, payload TEXT, hash BLOB)",
                 NULL, NULL, NULL);
    sqlite3_prepare_v2(db, "INSERT INTO entry VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6)", -1, &insert,
                       NULL);
    gint64 start = g_get_monotonic_time(), now = start;
    uint64_t n = 0;
    for (; (double)(now - start) < seconds * US_PER_S; now = g_get_monotonic_time()) {
        sqlite3_exec(db, "BEGIN", NULL, NULL, NULL);
        for (guint i = 0; i < size; i++)
            insert_bare(insert);
        must(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) == SQLITE_OK, NULL);
        n += size;
    }
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return (double)n * US_PER_S / (double)(now - start);
}

static void bench_appends(const char *directory, double seconds)
{
    static const guint sizes[] = {1, 10, 100, 1000};
    printf("durable appends, entries/s (payload %zu bytes)\n", strlen(PAYLOAD));
    printf("%8s %12s %12s %8s %14s %12s\n", "batch", "bare SQLite", "journal", "ratio",
           "with 1 row op", "in memory");
    for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
        empty_directory(directory);
        double bare = floor_rate(directory, sizes[i], seconds);
        g_autoptr(hcp_journal) plain = open_journal(directory, NULL);
        double entries = append_rate(plain, sizes[i], seconds, false);
        g_clear_pointer(&plain, hcp_journal_close);
        empty_directory(directory);
        g_autoptr(hcp_journal) projected = open_journal(directory, &SCHEMA);
        double rows = append_rate(projected, sizes[i], seconds, true);
        g_autoptr(hcp_journal) memory = hcp_journal_memory_new(1000);
        double chained = append_rate(memory, sizes[i], seconds / 4, false);
        printf("%8u %12.0f %12.0f %8.2f %14.0f %12.0f\n", sizes[i], bare, entries, entries / bare,
               rows, chained);
        fflush(stdout);
    }
}

/* Submitters that each wait for their own completion before the next submission. */
typedef struct {
    hcp_journal_writer *writer;
    uint64_t next_seq;
    GArray *latencies_us; /* gint64 */
    gint64 end_us;
    guint running;
} workload;

typedef struct {
    workload *load;
    gint64 submitted_us;
} submitter;

static void client_done(void *user_data, const hcp_journal_batch *batch, const GError *error);

static void client_submit(submitter *client)
{
    workload *load = client->load;
    client->submitted_us = g_get_monotonic_time();
    hcp_journal_batch *batch = fill(hcp_journal_batch_new(), load->next_seq++, 1, true);
    must(hcp_journal_writer_try_submit(load->writer, batch, client_done, client), NULL);
}

static void client_done(void *user_data, const hcp_journal_batch *batch, const GError *error)
{
    (void)batch;
    submitter *client = user_data;
    must(!error, (GError *)error);
    gint64 now = g_get_monotonic_time(), took = now - client->submitted_us;
    g_array_append_val(client->load->latencies_us, took);
    if (now < client->load->end_us)
        client_submit(client);
    else
        client->load->running--;
}

static gint compare_us(gconstpointer a, gconstpointer b)
{
    gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
    return (x > y) - (x < y);
}

static void bench_writer(const char *directory, guint n_clients, double seconds)
{
    empty_directory(directory);
    g_autoptr(hcp_journal) journal = open_journal(directory, &SCHEMA);
    g_autoptr(hcp_journal_writer) writer = hcp_journal_writer_new(journal, NULL);
    g_autoptr(GArray) latencies = g_array_new(FALSE, FALSE, sizeof(gint64));
    g_autofree submitter *clients = g_new0(submitter, n_clients);
    gint64 start = g_get_monotonic_time();
    workload load = {.writer = writer,
                     .next_seq = 1,
                     .latencies_us = latencies,
                     .end_us = start + (gint64)(seconds * US_PER_S),
                     .running = n_clients};
    for (guint i = 0; i < n_clients; i++) {
        clients[i].load = &load;
        client_submit(&clients[i]);
    }
    while (load.running > 0)
        g_main_context_iteration(NULL, TRUE);
    double took_s = (double)(g_get_monotonic_time() - start) / US_PER_S;
    hcp_journal_writer_stats stats;
    hcp_journal_writer_get_stats(writer, &stats);
    g_array_sort(latencies, compare_us);
    printf("%8u %12.0f %12.1f %10" G_GINT64_FORMAT " %10" G_GINT64_FORMAT "\n", n_clients,
           latencies->len / took_s, (double)stats.n_entries / (double)stats.n_commits,
           g_array_index(latencies, gint64, latencies->len / 2),
           g_array_index(latencies, gint64, latencies->len * 99 / 100));
    fflush(stdout);
}

static bool count_entry(void *user_data, const hcp_journal_entry *entry)
{
    (void)entry;
    (*(uint64_t *)user_data)++;
    return true;
}

static void bench_reading(const char *directory)
{
    empty_directory(directory);
    g_autoptr(hcp_journal) journal = open_journal(directory, &SCHEMA);
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    for (guint i = 0; i < 200; i++) {
        hcp_journal_batch_clear(batch);
        fill(batch, 1 + i * 1000, 1000, true);
        must(hcp_journal_append(journal, &batch, 1, NULL), NULL);
    }
    uint64_t n = 0;
    gint64 start = g_get_monotonic_time();
    must(hcp_journal_read(journal, 1, count_entry, &n, NULL), NULL);
    double read_s = (double)(g_get_monotonic_time() - start) / US_PER_S;
    g_auto(hcp_journal_report) report = {0};
    start = g_get_monotonic_time();
    must(hcp_journal_verify(journal, NULL, &report, NULL) && report.findings->len == 0, NULL);
    double verify_s = (double)(g_get_monotonic_time() - start) / US_PER_S;
    hcp_journal_snapshot snapshot = {.seq = n,
                                     .blob = g_bytes_new_take(g_malloc0(10 << 20), 10 << 20)};
    start = g_get_monotonic_time();
    must(hcp_journal_snapshot_save(journal, &snapshot, NULL), NULL);
    double save_s = (double)(g_get_monotonic_time() - start) / US_PER_S;
    hcp_journal_snapshot_clear(&snapshot);
    start = g_get_monotonic_time();
    must(hcp_journal_snapshot_load(journal, n, &snapshot, NULL) && snapshot.seq == n, NULL);
    double load_s = (double)(g_get_monotonic_time() - start) / US_PER_S;
    hcp_journal_snapshot_clear(&snapshot);
    g_clear_pointer(&journal, hcp_journal_close);
    start = g_get_monotonic_time();
    journal = open_journal(directory, &SCHEMA);
    double open_s = (double)(g_get_monotonic_time() - start) / US_PER_S;
    printf("reading with the chain checked: %.0f entries/s; verify: %.0f entries/s\n",
           (double)n / read_s, (double)n / verify_s);
    printf("snapshot of 10 MiB: save %.0f ms, load %.0f ms; open with %.0f entries: %.0f ms\n",
           save_s * 1e3, load_s * 1e3, (double)n, open_s * 1e3);
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? g_ascii_strtod(argv[1], NULL) : 1.0;
    g_autofree char *directory =
        argc > 2 ? g_strdup(argv[2]) : g_dir_make_tmp("hcp-bench-XXXXXX", NULL);
    bench_appends(directory, seconds);
    printf("\nwriter thread, one entry and one row op per submission\n");
    printf("%8s %12s %12s %10s %10s\n", "clients", "entries/s", "per commit", "p50 us", "p99 us");
    static const guint clients[] = {1, 10, 64, 256};
    for (guint i = 0; i < G_N_ELEMENTS(clients); i++)
        bench_writer(directory, clients[i], seconds);
    printf("\n");
    bench_reading(directory);
    empty_directory(directory);
    if (argc <= 2)
        (void)g_rmdir(directory); /* a temporary directory that stays harms nobody */
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <glib/gstdio.h>
#include <string.h>

char *fixture_directory(void)
{
    g_autoptr(GError) error = NULL;
    char *directory = g_dir_make_tmp("hcp-journal-XXXXXX", &error);
    g_assert_no_error(error);
    return directory;
}

void fixture_remove(char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
    const char *name;
    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    g_assert_cmpint(g_rmdir(directory), ==, 0);
    g_free(directory);
}

void fixture_assert_same_hash(const uint8_t *one, const uint8_t *other)
{
    g_assert_cmpint(memcmp(one, other, HCP_JOURNAL_HASH_SIZE), ==, 0);
}

static char *payload_of(uint64_t seq)
{
    GString *text = g_string_new(NULL);
    g_string_printf(text, "{\"n\":%" G_GUINT64_FORMAT ",\"text\":\"µ", seq);
    for (uint64_t i = 0; i < seq * 7 % 200; i++)
        g_string_append_c(text, (char)('a' + (seq + i) % 26));
    g_string_append(text, "\"}");
    return g_string_free(text, FALSE);
}

static const char *type_of(uint64_t seq)
{
    return seq % 3 == 1 ? "workload.submitted" : "workload.updated";
}

static void add_entry(hcp_journal_batch *batch, uint64_t seq)
{
    g_autofree char *payload = payload_of(seq);
    g_autofree char *trace = seq % 2 ? g_strdup_printf("trace-%" G_GUINT64_FORMAT, seq) : NULL;
    hcp_journal_entry entry = {
        .seq = seq,
        .time_us = 1700000000000000 + (int64_t)seq * 1000,
        .actor = seq % 5 ? "system" : "usr_operator",
        .type = type_of(seq),
        .trace_id = trace ? trace : "",
        .payload = payload,
        .payload_size = strlen(payload),
    };
    hcp_journal_batch_add(batch, &entry);
}

void fixture_fill(hcp_journal_batch *batch, uint64_t seq, guint count)
{
    for (guint i = 0; i < count; i++)
        add_entry(batch, seq + i);
}

static void append_batch(hcp_journal *journal, hcp_journal_batch *batch)
{
    g_autoptr(GError) error = NULL;
    bool done = hcp_journal_append(journal, &batch, 1, &error);
    g_assert_no_error(error);
    g_assert_true(done);
}

void fixture_append(hcp_journal *journal, guint count)
{
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    fixture_fill(batch, hcp_journal_last(journal, NULL) + 1, count);
    append_batch(journal, batch);
}

void fixture_append_projected(hcp_journal *journal, guint count)
{
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    fixture_fill(batch, hcp_journal_last(journal, NULL) + 1, count);
    for (guint i = 0; i < count; i++)
        g_assert_true(fixture_project(NULL, hcp_journal_batch_entry(batch, i), batch, NULL));
    append_batch(journal, batch);
}

static bool check_entry(void *user_data, const hcp_journal_entry *entry)
{
    uint64_t *next = user_data;
    g_autoptr(hcp_journal_batch) expected = hcp_journal_batch_new();
    fixture_fill(expected, *next, 1);
    const hcp_journal_entry *other = hcp_journal_batch_entry(expected, 0);
    g_assert_cmpuint(entry->seq, ==, *next);
    g_assert_cmpint(entry->time_us, ==, other->time_us);
    g_assert_cmpstr(entry->actor, ==, other->actor);
    g_assert_cmpstr(entry->type, ==, other->type);
    g_assert_cmpstr(entry->trace_id, ==, other->trace_id);
    g_assert_cmpuint(entry->payload_size, ==, other->payload_size);
    g_assert_cmpstr(entry->payload, ==, other->payload);
    (*next)++;
    return true;
}

uint64_t fixture_check(hcp_journal *journal, uint64_t from_seq)
{
    g_autoptr(GError) error = NULL;
    uint64_t next = from_seq;
    bool done = hcp_journal_read(journal, from_seq, check_entry, &next, &error);
    g_assert_no_error(error);
    g_assert_true(done);
    return next - from_seq;
}

guint fixture_verify(hcp_journal *journal, bool with_projection, uint64_t *ret_first_bad)
{
    g_autoptr(GError) error = NULL;
    g_auto(hcp_journal_report) report = {0};
    hcp_journal_verify_options options = {.project = with_projection ? fixture_project : NULL};
    bool done = hcp_journal_verify(journal, &options, &report, &error);
    g_assert_no_error(error);
    g_assert_true(done);
    for (guint i = 0; i < report.findings->len; i++) {
        const hcp_journal_finding *finding = report.findings->pdata[i];
        g_test_message("entry %" G_GUINT64_FORMAT ": %s", finding->seq, finding->what);
    }
    if (ret_first_bad)
        *ret_first_bad = report.first_bad_seq;
    return report.findings->len;
}

#define WORKLOAD_INDEX "CREATE INDEX workload_state ON workload (state, id);"
#define WORKLOAD_VIEW "CREATE VIEW active AS SELECT * FROM workload WHERE state <> 'done';"

static const char *const STATEMENTS[] = {
    "INSERT INTO workload (id, state, updates, rate) VALUES (?1, ?2, 0, ?3)",
    "UPDATE workload SET state = ?2, updates = updates + 1 WHERE id = ?1",
};

const hcp_projection_schema FIXTURE_SCHEMA = {
    .version = 1,
    .ddl = "CREATE TABLE workload (id INTEGER PRIMARY KEY, state TEXT, updates INTEGER, rate REAL)"
           " STRICT;" WORKLOAD_INDEX WORKLOAD_VIEW,
    .statements = STATEMENTS,
    .n_statements = G_N_ELEMENTS(STATEMENTS),
};

const hcp_projection_schema FIXTURE_SCHEMA_2 = {
    .version = 2,
    .ddl = "CREATE TABLE workload (id INTEGER PRIMARY KEY, state TEXT, updates INTEGER, rate REAL,"
           " note TEXT DEFAULT 'none') STRICT;" WORKLOAD_INDEX WORKLOAD_VIEW,
    .statements = STATEMENTS,
    .n_statements = G_N_ELEMENTS(STATEMENTS),
};

bool fixture_project(void *user_data, const hcp_journal_entry *entry, hcp_journal_batch *ops,
                     GError **error)
{
    (void)user_data, (void)error;
    int64_t seq = (int64_t)entry->seq;
    hcp_projection_value id = hcp_projection_int(seq - (seq + 2) % 3);
    if (seq % 3 == 1) {
        hcp_projection_value values[] = {id, hcp_projection_text("queued"),
                                         hcp_projection_double((double)seq / 4)};
        hcp_journal_batch_add_op(ops, 0, values, G_N_ELEMENTS(values));
    } else {
        hcp_projection_value values[] = {id,
                                         hcp_projection_text(seq % 3 == 2 ? "running" : "done")};
        hcp_journal_batch_add_op(ops, 1, values, G_N_ELEMENTS(values));
    }
    return true;
}

static bool first_int(void *user_data, const hcp_projection_value *values, int n_values)
{
    int64_t *result = user_data;
    g_assert_cmpint(n_values, >=, 1);
    g_assert_cmpint(values[0].kind, ==, HCP_PROJECTION_INT);
    *result = values[0].integer;
    return false;
}

int64_t fixture_query_int(hcp_journal *journal, const char *sql)
{
    g_autoptr(GError) error = NULL;
    int64_t result = G_MININT64;
    hcp_journal_query_spec spec = {.sql = sql};
    bool done = hcp_journal_query(journal, &spec, first_int, &result, &error);
    g_assert_no_error(error);
    g_assert_true(done);
    return result;
}

hcp_journal_snapshot fixture_snapshot(uint64_t seq, gsize size)
{
    hcp_journal_snapshot snapshot = {.seq = seq};
    guint8 *bytes = g_malloc(size);
    for (gsize i = 0; i < size; i++)
        bytes[i] = (guint8)(seq + i * 31);
    memset(snapshot.state_hash, (int)(seq & 0xff), sizeof snapshot.state_hash);
    snapshot.blob = g_bytes_new_take(bytes, size);
    return snapshot;
}

void fixture_check_snapshot(const hcp_journal_snapshot *snapshot, uint64_t seq, gsize size)
{
    g_auto(hcp_journal_snapshot) expected = fixture_snapshot(seq, size);
    g_assert_cmpuint(snapshot->seq, ==, seq);
    fixture_assert_same_hash(snapshot->state_hash, expected.state_hash);
    g_assert_true(g_bytes_equal(snapshot->blob, expected.blob));
}

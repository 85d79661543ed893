/* SPDX-License-Identifier: Apache-2.0 */
/* Batches own copies of what is put into them. */
#include "fixture.h"
#include "journal/batch.h"

#include <string.h>

static void test_entries_are_copied(void)
{
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    char actor[] = "usr_1", type[] = "alert.raised", trace[] = "t-1", payload[] = "{\"a\":1}";
    hcp_journal_entry entry = {
        .seq = 41,
        .time_us = -5,
        .actor = actor,
        .type = type,
        .trace_id = trace,
        .payload = payload,
        .payload_size = strlen(payload),
    };
    hcp_journal_batch_add(batch, &entry);
    actor[0] = type[0] = trace[0] = payload[0] = '?';
    entry.seq = 42;
    hcp_journal_batch_add(batch, &entry);
    g_assert_cmpuint(hcp_journal_batch_count(batch), ==, 2);
    const hcp_journal_entry *first = hcp_journal_batch_entry(batch, 0);
    g_assert_cmpuint(first->seq, ==, 41);
    g_assert_cmpint(first->time_us, ==, -5);
    g_assert_cmpstr(first->actor, ==, "usr_1");
    g_assert_cmpstr(first->type, ==, "alert.raised");
    g_assert_cmpstr(first->trace_id, ==, "t-1");
    g_assert_cmpstr(first->payload, ==, "{\"a\":1}");
    g_assert_cmpuint(first->payload_size, ==, 7);
    g_assert_cmpstr(hcp_journal_batch_entry(batch, 1)->payload, ==, "?\"a\":1}");
}

/* The payload is as long as its size says, and terminated behind that. */
static void test_payload_size_counts(void)
{
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    hcp_journal_entry entry = {.seq = 1,
                               .actor = "",
                               .type = "",
                               .trace_id = "",
                               .payload = "[1,2]trailing",
                               .payload_size = 5};
    hcp_journal_batch_add(batch, &entry);
    g_assert_cmpstr(hcp_journal_batch_entry(batch, 0)->payload, ==, "[1,2]");
}

static void test_ops_are_copied(void)
{
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    char text[] = "queued";
    hcp_projection_value values[] = {hcp_projection_int(7), hcp_projection_text(text),
                                     hcp_projection_double(0.5), hcp_projection_text(NULL)};
    hcp_journal_batch_add_op(batch, 3, values, 4);
    hcp_journal_batch_add_op(batch, 4, NULL, 0);
    text[0] = '?';
    values[0] = hcp_projection_int(8);
    hcp_journal_batch_add_op(batch, 5, values, 2);
    g_assert_cmpuint(hcp_journal_batch_op_count(batch), ==, 3);

    const hcp_projection_value *found;
    hcp_projection_op op = hcp_journal_batch_op(batch, 0, &found);
    g_assert_cmpuint(op.statement, ==, 3);
    g_assert_cmpuint(op.n_values, ==, 4);
    g_assert_cmpint(found[0].kind, ==, HCP_PROJECTION_INT);
    g_assert_cmpint(found[0].integer, ==, 7);
    g_assert_cmpstr(found[1].text, ==, "queued");
    g_assert_cmpfloat(found[2].number, ==, 0.5);
    g_assert_cmpint(found[3].kind, ==, HCP_PROJECTION_NULL);
    op = hcp_journal_batch_op(batch, 1, &found);
    g_assert_cmpuint(op.n_values, ==, 0);
    op = hcp_journal_batch_op(batch, 2, &found);
    g_assert_cmpuint(op.statement, ==, 5);
    g_assert_cmpint(found[0].integer, ==, 8);
    g_assert_cmpstr(found[1].text, ==, "?ueued");
}

/* Text stays where it is while the batch grows. */
static void test_growth(void)
{
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    size_t before = hcp_journal_batch_size(batch);
    fixture_fill(batch, 1, 1);
    const char *text = hcp_journal_batch_entry(batch, 0)->payload;
    g_autofree char *copy = g_strdup(text);
    fixture_fill(batch, 2, 5000);
    g_assert_true(hcp_journal_batch_entry(batch, 0)->payload == text);
    g_assert_cmpstr(text, ==, copy);
    g_assert_cmpuint(hcp_journal_batch_size(batch), >, before + 5000 * sizeof(hcp_journal_entry));
}

static void test_clear(void)
{
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    size_t before = hcp_journal_batch_size(batch);
    for (guint i = 0; i < 3; i++) {
        fixture_fill(batch, 100 * i + 1, 50);
        hcp_journal_batch_add_op(batch, 0, NULL, 0);
        hcp_journal_batch_clear(batch);
        g_assert_cmpuint(hcp_journal_batch_count(batch), ==, 0);
        g_assert_cmpuint(hcp_journal_batch_op_count(batch), ==, 0);
        g_assert_cmpuint(hcp_journal_batch_size(batch), ==, before);
    }
}

/* Texts of all sizes around what the batch keeps in one piece, in a batch that is used again and again. */
static void test_texts_of_any_size(void)
{
    static const size_t sizes[] = {0,     1,      20000, 32766, 32767, 32768,
                                   32769, 100000, 12767, 3,     32767};
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    for (int round = 0; round < 20; round++) {
        for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
            g_autofree char *payload = g_strnfill(sizes[i], (char)('a' + (i + (guint)round) % 26));
            hcp_journal_batch_add(batch, &(hcp_journal_entry){.seq = i + 1,
                                                              .actor = "a",
                                                              .type = "t",
                                                              .trace_id = "",
                                                              .payload = payload,
                                                              .payload_size = sizes[i]});
        }
        for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
            const hcp_journal_entry *entry = hcp_journal_batch_entry(batch, i);
            g_autofree char *payload = g_strnfill(sizes[i], (char)('a' + (i + (guint)round) % 26));
            g_assert_cmpstr(entry->payload, ==, payload);
            g_assert_cmpstr(entry->type, ==, "t");
        }
        hcp_journal_batch_clear(batch);
    }
}

static void test_gap_is_a_bug(void)
{
    if (g_test_subprocess()) {
        g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
        fixture_fill(batch, 1, 2);
        fixture_fill(batch, 4, 1);
        return;
    }
    g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*seq*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal/batch/entries-are-copied", test_entries_are_copied);
    g_test_add_func("/journal/batch/payload-size-counts", test_payload_size_counts);
    g_test_add_func("/journal/batch/ops-are-copied", test_ops_are_copied);
    g_test_add_func("/journal/batch/growth", test_growth);
    g_test_add_func("/journal/batch/clear", test_clear);
    g_test_add_func("/journal/batch/texts-of-any-size", test_texts_of_any_size);
    g_test_add_func("/journal/batch/gap-is-a-bug", test_gap_is_a_bug);
    return g_test_run();
}

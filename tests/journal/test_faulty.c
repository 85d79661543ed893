/* SPDX-License-Identifier: Apache-2.0 */
/* The failing journal: faults happen when asked, are seeded, and leave what they promise to
 * leave. */
#include "base/error.h"
#include "fixture.h"
#include "journal/faulty.h"
#include "journal/memory.h"

static bool append_one(hcp_journal *journal, GError **error)
{
    g_autoptr(hcp_journal_batch) batch = hcp_journal_batch_new();
    fixture_fill(batch, hcp_journal_last(journal, NULL) + 1, 1);
    return hcp_journal_append(journal, &batch, 1, error);
}

static void test_refusals(void)
{
    static const struct {
        hcp_journal_fault fault;
        gint code;
    } refusals[] = {{HCP_JOURNAL_FAULT_FULL, HCP_ERROR_FULL}, {HCP_JOURNAL_FAULT_IO, HCP_ERROR_IO}};
    for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(hcp_journal) journal = hcp_journal_faulty_new(hcp_journal_memory_new(0), NULL);
        hcp_journal_faulty_arm(journal, 3, refusals[i].fault);
        fixture_append(journal, 1);
        fixture_append(journal, 1);
        g_assert_false(append_one(journal, &error));
        g_assert_error(error, HCP_ERROR, refusals[i].code);
        g_assert_false(hcp_journal_faulty_crashed(journal));
        g_assert_cmpuint(hcp_journal_last(journal, NULL), ==, 2);
        fixture_append(journal, 1);
        g_assert_cmpuint(fixture_check(journal, 1), ==, 3);
        g_assert_cmpuint(hcp_journal_faulty_count(journal, refusals[i].fault), ==, 1);
    }
}

static void test_crash(gconstpointer data)
{
    hcp_journal_fault fault = (hcp_journal_fault)GPOINTER_TO_INT(data);
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_journal) journal = hcp_journal_faulty_new(hcp_journal_memory_new(0), NULL);
    fixture_append(journal, 5);
    hcp_journal_faulty_arm(journal, 1, fault);
    g_assert_false(append_one(journal, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_IO);
    g_assert_true(hcp_journal_faulty_crashed(journal));

    g_auto(hcp_journal_snapshot) snapshot = {0};
    g_assert_false(append_one(journal, NULL));
    g_assert_false(hcp_journal_snapshot_load(journal, 1, &snapshot, NULL));

    hcp_journal_faulty_restart(journal);
    uint64_t survived = fault == HCP_JOURNAL_FAULT_CRASH_AFTER ? 6 : 5;
    g_assert_cmpuint(hcp_journal_last(journal, NULL), ==, survived);
    g_assert_cmpuint(fixture_check(journal, 1), ==, survived);
    fixture_append(journal, 1);
    g_assert_cmpuint(fixture_verify(journal, false, NULL), ==, 0);
}

/* Outcome of 2,000 appends with restarts, as text: one letter each. */
static char *run_plan(uint64_t seed)
{
    const hcp_journal_fault_plan plan = {
        .seed = seed,
        .rates = {[HCP_JOURNAL_FAULT_FULL] = 0.1,
                  [HCP_JOURNAL_FAULT_IO] = 0.05,
                  [HCP_JOURNAL_FAULT_CRASH_BEFORE] = 0.05,
                  [HCP_JOURNAL_FAULT_CRASH_AFTER] = 0.02},
    };
    g_autoptr(hcp_journal) journal = hcp_journal_faulty_new(hcp_journal_memory_new(0), &plan);
    GString *outcome = g_string_new(NULL);
    for (guint i = 0; i < 2000; i++) {
        uint64_t before = hcp_journal_last(journal, NULL);
        bool done = append_one(journal, NULL);
        bool crashed = hcp_journal_faulty_crashed(journal);
        if (crashed)
            hcp_journal_faulty_restart(journal);
        uint64_t grown = hcp_journal_last(journal, NULL) - before;
        g_assert_cmpuint(grown, <=, 1);
        g_assert_true(done ? grown == 1 && !crashed : grown == 0 || crashed);
        g_string_append_c(outcome, done ? '.' : crashed ? (grown ? 'A' : 'B') : 'f');
    }
    uint64_t appended = hcp_journal_last(journal, NULL);
    g_assert_cmpuint(fixture_check(journal, 1), ==, appended);
    g_assert_cmpuint(hcp_journal_faulty_count(journal, HCP_JOURNAL_FAULT_FULL), >, 100);
    g_assert_cmpuint(hcp_journal_faulty_count(journal, HCP_JOURNAL_FAULT_FULL), <, 300);
    g_assert_cmpuint(hcp_journal_faulty_count(journal, HCP_JOURNAL_FAULT_CRASH_AFTER), >, 5);
    return g_string_free(outcome, FALSE);
}

static void test_seeded(void)
{
    g_autofree char *one = run_plan(7);
    g_autofree char *again = run_plan(7);
    g_autofree char *other = run_plan(8);
    g_assert_cmpstr(one, ==, again);
    g_assert_cmpstr(one, !=, other);
}

/* What a trimmed journal in memory forgets is refused, what it keeps still chains. */
static void test_trim(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(hcp_journal) journal = hcp_journal_memory_new(0);
    fixture_append(journal, 1000);
    g_assert_true(hcp_journal_trim(journal, 100));
    g_assert_cmpuint(hcp_journal_last(journal, NULL), ==, 1000);
    g_assert_cmpuint(fixture_check(journal, 901), ==, 100);
    uint64_t seen = 0;
    g_assert_false(hcp_journal_read(journal, 900, NULL, &seen, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND);
    fixture_append(journal, 5);
    g_assert_cmpuint(fixture_check(journal, 901), ==, 105);
    g_assert_cmpuint(fixture_verify(journal, false, NULL), ==, 0);

    g_autoptr(hcp_journal) bounded = hcp_journal_memory_new(50);
    for (guint i = 0; i < 500; i++)
        fixture_append(bounded, 1);
    g_assert_cmpuint(fixture_check(bounded, 451), ==, 50);
    g_clear_error(&error);
    g_assert_false(hcp_journal_read(bounded, 1, NULL, &seen, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/journal/faulty/refusals", test_refusals);
    g_test_add_data_func("/journal/faulty/crash-before",
                         GINT_TO_POINTER(HCP_JOURNAL_FAULT_CRASH_BEFORE), test_crash);
    g_test_add_data_func("/journal/faulty/crash-after",
                         GINT_TO_POINTER(HCP_JOURNAL_FAULT_CRASH_AFTER), test_crash);
    g_test_add_func("/journal/faulty/seeded", test_seeded);
    g_test_add_func("/journal/memory/trim", test_trim);
    return g_test_run();
}

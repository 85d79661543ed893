/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets: each is settled exactly once, as durable or as lost, and none is given out twice. */
#include "journal/faulty.h"
#include "journal/memory.h"
#include "runtime/commit.h"

#include <glib.h>

typedef struct {
    hcp_journal *journal;
    hcp_journal_writer *writer; /* NULL without a thread */
    hcp_commit *commit;
    hcp_core *core;
    uint64_t durable, lost; /* the highest ticket reported */
    unsigned reports;
} fixture;

static void on_done(void *data, uint64_t ticket, const hcp_journal_batch *batch,
                    const GError *error)
{
    fixture *f = data;
    g_assert_cmpuint(hcp_journal_batch_count(batch), >, 0);
    g_assert_cmpuint(ticket, >, MAX(f->durable, f->lost));
    f->reports++;
    if (error == NULL) {
        f->durable = ticket;
        return;
    }
    f->lost = ticket;
    hcp_commit_restart(f->commit);
}

/* `data` says whether there is a journal thread. */
static void set_up(fixture *f, gconstpointer data)
{
    f->journal = hcp_journal_faulty_new(hcp_journal_memory_new(0), NULL);
    f->writer = data != NULL ? hcp_journal_writer_new(f->journal, NULL) : NULL;
    f->core = hcp_core_new();
    f->commit = hcp_commit_new(&(hcp_commit_options){
        .journal = f->journal, .writer = f->writer, .done = on_done, .data = f});
}

static void tear_down(fixture *f, gconstpointer data)
{
    (void)data;
    hcp_journal_writer_free(f->writer);
    hcp_commit_free(f->commit);
    hcp_core_free(f->core);
    hcp_journal_close(f->journal);
}

/* Adds an event and returns the ticket of who waits for it. */
static uint64_t add(fixture *f)
{
    const hcp_state *state = hcp_core_state(f->core);
    const hcp_event event = {.type = HCP_EVENT_SETTINGS_CHANGED,
                             .settings_changed = state->settings};
    hcp_commit_add(f->commit, state, &event, &(hcp_actor){.actor = "tester"});
    return hcp_commit_ticket(f->commit);
}

/* Until the journal has answered for everything added. */
static void settle(fixture *f)
{
    hcp_commit_flush(f->commit);
    while (hcp_commit_ticket(f->commit) != 0)
        (void)g_main_context_iteration(NULL, TRUE);
}

static void test_tickets_rise_and_settle(fixture *f, gconstpointer data)
{
    (void)data;
    uint64_t first = add(f), second = add(f);
    g_assert_cmpuint(second, ==, first + 1);
    settle(f);
    g_assert_cmpuint(f->durable, ==, second);
    g_assert_cmpuint(f->reports, ==, 1);
    g_assert_cmpuint(hcp_commit_durable(f->commit), ==, 2);
    g_assert_cmpuint(add(f), ==, second + 1);
}

/* Who asked while a batch was on its way that failed would otherwise wait forever, or be told later that a stranger's
 * event is its own. */
static void test_failure_settles_what_came_after(fixture *f, gconstpointer data)
{
    (void)data;
    (void)add(f);
    settle(f);
    hcp_journal_faulty_arm(f->journal, 1, HCP_JOURNAL_FAULT_FULL);
    (void)add(f);
    if (f->writer != NULL)
        hcp_commit_flush(f->commit);
    uint64_t later = add(f);
    settle(f);
    g_assert_cmpuint(f->lost, ==, later);
    g_assert_cmpuint(f->durable, <, later);
    g_assert_cmpuint(hcp_commit_durable(f->commit), ==, 1);
}

/* Its place in the journal is that of a lost event; its ticket is new, so nothing that it tells leaves early. */
static void test_tickets_are_not_given_out_twice(fixture *f, gconstpointer data)
{
    (void)data;
    for (unsigned loss = 1; loss <= 3; loss++) {
        hcp_journal_faulty_arm(f->journal, 1, HCP_JOURNAL_FAULT_IO);
        (void)add(f);
        (void)add(f);
        settle(f);
        uint64_t lost = f->lost;
        uint64_t next = add(f);
        g_assert_cmpuint(next, >, lost);
        g_assert_cmpuint(f->durable, <, next);
        settle(f);
        g_assert_cmpuint(f->durable, ==, next);
        g_assert_cmpuint(hcp_commit_durable(f->commit), ==, loss);
        g_assert_cmpuint(hcp_journal_last(f->journal, NULL), ==, loss);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(name, function)                                                                        \
    g_test_add("/commit/here/" name, fixture, NULL, set_up, function, tear_down);                  \
    g_test_add("/commit/thread/" name, fixture, "", set_up, function, tear_down)
    ADD("tickets_rise_and_settle", test_tickets_rise_and_settle);
    ADD("failure_settles_what_came_after", test_failure_settles_what_came_after);
    ADD("tickets_are_not_given_out_twice", test_tickets_are_not_given_out_twice);
#undef ADD
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a period from the journal: where it lies, the state before it, what happened in it, and what its meters say. */
#include "base/error.h"
#include "base/timefmt.h"
#include "runtime/whatif_internal.h"

#include <string.h>

/* Facts are held in memory for the reruns: about 300 bytes each. */
#define FACTS_MAX 4000000
#define TELL_EVERY 2000 /* entries */

/* --- where it lies ----------------------------------------------------------------------------------------------------- */

static bool take_time(void *user_data, const hcp_journal_entry *entry)
{
    *(int64_t *)user_data = entry->time_us;
    return false;
}

static bool time_of(hcp_journal *journal, uint64_t seq, int64_t *ret_time_us, GError **error)
{
    *ret_time_us = 0;
    return hcp_journal_read(journal, seq, take_time, ret_time_us, error);
}

/* First entry at or after `time_us` by halving: times never fall. */
static bool find_seq(hcp_journal *journal, uint64_t last, int64_t time_us, uint64_t *ret_seq,
                     GError **error)
{
    uint64_t low = 1, high = last + 1;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        int64_t at_us;
        if (!time_of(journal, middle, &at_us, error))
            return false;
        if (at_us < time_us)
            low = middle + 1;
        else
            high = middle;
    }
    *ret_seq = low;
    return true;
}

static bool find_period(hcp_journal *journal, const hcp_whatif_question *question, uint64_t last,
                        hcp_whatif_period *period, GError **error)
{
    if (last == 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND,
                    "from: the journal is empty; nothing has happened yet");
        return false;
    }
    return time_of(journal, 1, &period->stored_from_us, error) &&
           time_of(journal, last, &period->stored_until_us, error) &&
           hcp_whatif_question_period(question, period->stored_from_us, period->stored_until_us,
                                      &period->from_us, &period->to_us, error) &&
           find_seq(journal, last, period->from_us, &period->first_seq, error);
}

/* --- reading it -------------------------------------------------------------------------------------------------------- */

typedef struct {
    hcp_whatif_period *period;
    const hcp_whatif_stage *stage;
    hcp_core *core;
    hcp_tally tally;
    uint64_t begin, last; /* entries, for progress */
    uint64_t seq;         /* of the entry at hand */
    bool inside;          /* past the definitions that the period may begin with */
    GError *error;
} reading;

static bool apply(reading *r, const hcp_event *event)
{
    if (hcp_core_apply(r->core, event, &r->error))
        return true;
    g_prefix_error(&r->error, "entry %" G_GUINT64_FORMAT ": ", r->seq);
    return false;
}

static bool is_definition(hcp_event_type type)
{
    return type == HCP_EVENT_SETTINGS_CHANGED || type == HCP_EVENT_CLASS_DEFINED ||
           type == HCP_EVENT_FACILITY_DEFINED || type == HCP_EVENT_CUSTOMER_DEFINED ||
           type == HCP_EVENT_DEVICES_REGISTERED;
}

static void enter(reading *r)
{
    const hcp_state *state = hcp_core_state(r->core);
    r->inside = true;
    r->period->from_us = MAX(r->period->from_us, state->now_us);
    r->period->state = hcp_core_snapshot(r->core);
    r->period->sums = hcp_whatif_sum(state, r->period->from_us);
    hcp_whatif_begin_tally(&r->tally, r->core);
}

static void note_policy(hcp_whatif_period *period, const char *policy)
{
    if (period->policy == NULL)
        period->policy = g_strdup(policy);
    else if (policy != NULL && !g_str_equal(period->policy, policy))
        period->several_policies = true;
}

/* New classes, sites and devices belong to the start of a platform; a rerun has the devices it began with. */
static bool refuse_definition(reading *r, const hcp_event *event)
{
    char time[HCP_TIME_TEXT_SIZE];
    hcp_time_format(event->time_us, time);
    g_set_error(&r->error, HCP_ERROR, HCP_ERROR_UNSUPPORTED,
                "from: the fleet grew at %s, inside the period; choose one that begins after that",
                time);
    return false;
}

static bool take_fact(reading *r, hcp_event *event)
{
    if (r->period->facts->len >= FACTS_MAX) {
        g_set_error(&r->error, HCP_ERROR, HCP_ERROR_FULL,
                    "to: more than %d things happened in the period; choose a shorter one",
                    FACTS_MAX);
        return false;
    }
    g_array_append_val(r->period->facts, *event);
    *event = (hcp_event){.type = HCP_EVENT_TYPES};
    return true;
}

/* One event of the period: applied and counted, and kept when a rerun needs it. */
static bool live_through(reading *r, hcp_event *event)
{
    bool grows = event->type == HCP_EVENT_CLASS_DEFINED ||
                 event->type == HCP_EVENT_FACILITY_DEFINED ||
                 event->type == HCP_EVENT_DEVICES_REGISTERED;
    if (grows)
        return refuse_definition(r, event);
    bool fact = hcp_whatif_is_fact(r->core, event);
    if (!apply(r, event))
        return false;
    hcp_tally_note(&r->tally, r->core, event);
    if (event->type == HCP_EVENT_DECISION_RECORDED)
        note_policy(r->period, event->decision_recorded.policy);
    r->period->n_entries++;
    return !fact || take_fact(r, event);
}

static bool follow(reading *r, const hcp_journal_entry *entry, hcp_event *event)
{
    if (entry->seq >= r->period->first_seq && !r->inside && !is_definition(event->type))
        enter(r);
    if (r->inside)
        return live_through(r, event);
    return apply(r, event);
}

static bool read_entry(void *user_data, const hcp_journal_entry *entry)
{
    reading *r = user_data;
    if (entry->seq > r->last || entry->time_us >= r->period->to_us)
        return false;
    r->seq = entry->seq;
    if (entry->seq % TELL_EVERY == 0 &&
        !hcp_whatif_tell(r->stage,
                         (double)(entry->seq - r->begin) / (double)(r->last - r->begin + 1),
                         &r->error))
        return false;
    hcp_event event;
    if (!hcp_event_parse(entry->type, entry->time_us, entry->payload, entry->payload_size, &event,
                         &r->error))
        return false;
    bool going = follow(r, entry, &event);
    if (event.type != HCP_EVENT_TYPES)
        hcp_event_clear(&event);
    return going;
}

static bool read_all(reading *r, hcp_journal *journal, GError **error)
{
    hcp_whatif_period *period = r->period;
    bool read = hcp_journal_read(journal, r->begin, read_entry, r, error);
    if (r->error != NULL) {
        g_clear_error(error);
        g_propagate_error(error, r->error);
        return false;
    }
    if (!read)
        return false;
    if (!r->inside)
        enter(r);
    hcp_whatif_figure(&period->sums, hcp_core_state(r->core), period->to_us, &r->tally,
                      &period->actual);
    return true;
}

static hcp_core *core_before(hcp_journal *journal, uint64_t first_seq, uint64_t *ret_begin,
                             GError **error)
{
    g_auto(hcp_journal_snapshot) snapshot = {0};
    if (!hcp_journal_snapshot_load(journal, first_seq - 1, &snapshot, error))
        return NULL;
    *ret_begin = snapshot.seq + 1;
    return snapshot.seq > 0 ? hcp_core_restore(snapshot.blob, error) : hcp_core_new();
}

bool hcp_whatif_period_read(hcp_journal *journal, const hcp_whatif_question *question,
                            const hcp_whatif_stage *stage, hcp_whatif_period *ret_period,
                            GError **error)
{
    g_auto(hcp_whatif_period) period = {.facts = g_array_new(FALSE, FALSE, sizeof(hcp_event))};
    g_array_set_clear_func(period.facts, (GDestroyNotify)hcp_event_clear);
    reading r = {.period = &period, .stage = stage, .last = hcp_journal_last(journal, NULL)};
    if (!find_period(journal, question, r.last, &period, error))
        return false;
    r.core = core_before(journal, period.first_seq, &r.begin, error);
    if (r.core == NULL)
        return false;
    hcp_tally_init(&r.tally);
    bool read = read_all(&r, journal, error);
    hcp_tally_finish(&r.tally);
    hcp_core_free(r.core);
    if (!read)
        return false;
    *ret_period = period;
    period = (hcp_whatif_period){0};
    return true;
}

void hcp_whatif_period_clear(hcp_whatif_period *period)
{
    g_clear_pointer(&period->state, g_bytes_unref);
    g_clear_pointer(&period->facts, g_array_unref);
    g_free(period->policy);
    *period = (hcp_whatif_period){0};
}

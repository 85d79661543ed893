/* SPDX-License-Identifier: Apache-2.0 */
/* Faults in front of another journal. */
#include "journal/faulty.h"

#include "base/error.h"
#include "base/rng.h"
#include "journal/ops.h"

#define FAULT_STREAM 0x6a6f75726e616cULL

typedef struct {
    hcp_journal base;
    hcp_journal *inner;
    hcp_journal_fault_plan plan;
    hcp_rng rng;
    uint64_t armed_in; /* appends until the armed fault, 0 = none */
    hcp_journal_fault armed;
    bool crashed;
    uint64_t counts[HCP_JOURNAL_FAULT_KINDS];
} faulty;

static const faulty *faulty_of_const(const hcp_journal *journal);

static faulty *faulty_of(hcp_journal *journal)
{
    return (faulty *)faulty_of_const(journal);
}

static bool is_alive(const faulty *self, GError **error)
{
    if (!self->crashed)
        return true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_IO, "injected crash: the process is gone");
    return false;
}

/* The fault of this append. One number is drawn per append, armed or not, so that arming shifts
 * nothing. */
static hcp_journal_fault draw(faulty *self)
{
    double at = hcp_rng_uniform(&self->rng);
    if (self->armed_in > 0 && --self->armed_in == 0)
        return self->armed;
    for (hcp_journal_fault fault = HCP_JOURNAL_FAULT_FULL; fault < HCP_JOURNAL_FAULT_KINDS;
         fault++) {
        if (at < self->plan.rates[fault])
            return fault;
        at -= self->plan.rates[fault];
    }
    return HCP_JOURNAL_FAULT_NONE;
}

static bool fail(faulty *self, hcp_journal_fault fault, GError **error)
{
    static const struct {
        hcp_error_code code;
        bool crash;
        const char *message;
    } effects[HCP_JOURNAL_FAULT_KINDS] = {
        [HCP_JOURNAL_FAULT_FULL] = {HCP_ERROR_FULL, false, "injected: no space left"},
        [HCP_JOURNAL_FAULT_IO] = {HCP_ERROR_IO, false, "injected: input/output error"},
        [HCP_JOURNAL_FAULT_CRASH_BEFORE] = {HCP_ERROR_IO, true, "injected crash before the commit"},
        [HCP_JOURNAL_FAULT_CRASH_AFTER] = {HCP_ERROR_IO, true, "injected crash after the commit"},
    };
    self->crashed = effects[fault].crash;
    g_set_error_literal(error, HCP_ERROR, (gint)effects[fault].code, effects[fault].message);
    return false;
}

static bool faulty_append(hcp_journal *journal, hcp_journal_batch *const *batches, guint n_batches,
                          GError **error)
{
    faulty *self = faulty_of(journal);
    if (!is_alive(self, error))
        return false;
    hcp_journal_fault fault = draw(self);
    self->counts[fault]++;
    bool reaches_disk = fault == HCP_JOURNAL_FAULT_NONE || fault == HCP_JOURNAL_FAULT_CRASH_AFTER;
    if (reaches_disk && !hcp_journal_append(self->inner, batches, n_batches, error))
        return false;
    return fault == HCP_JOURNAL_FAULT_NONE || fail(self, fault, error);
}

static bool faulty_read(hcp_journal *journal, uint64_t from_seq, hcp_journal_entry_fn visit,
                        void *user_data, GError **error)
{
    faulty *self = faulty_of(journal);
    return is_alive(self, error) &&
           self->inner->ops->read(self->inner, from_seq, visit, user_data, error);
}

static bool faulty_snapshot_save(hcp_journal *journal, const hcp_journal_snapshot *snapshot,
                                 GError **error)
{
    faulty *self = faulty_of(journal);
    return is_alive(self, error) && hcp_journal_snapshot_save(self->inner, snapshot, error);
}

static bool faulty_snapshot_load(hcp_journal *journal, uint64_t at_most,
                                 hcp_journal_snapshot *ret_snapshot, GError **error)
{
    faulty *self = faulty_of(journal);
    return is_alive(self, error) &&
           hcp_journal_snapshot_load(self->inner, at_most, ret_snapshot, error);
}

static bool faulty_query(hcp_journal *journal, const hcp_journal_query_spec *spec,
                         hcp_journal_row_fn visit, void *user_data, GError **error)
{
    faulty *self = faulty_of(journal);
    return is_alive(self, error) && hcp_journal_query(self->inner, spec, visit, user_data, error);
}

static bool faulty_rebuild(hcp_journal *journal, hcp_journal_project_fn project,
                           hcp_journal_progress_fn progress, void *user_data, GError **error)
{
    faulty *self = faulty_of(journal);
    return is_alive(self, error) &&
           hcp_journal_rebuild(self->inner, project, progress, user_data, error);
}

static bool faulty_verify(hcp_journal *journal, const hcp_journal_verify_options *options,
                          hcp_journal_report *report, GError **error)
{
    faulty *self = faulty_of(journal);
    if (!is_alive(self, error))
        return false;
    return !self->inner->ops->verify ||
           self->inner->ops->verify(self->inner, options, report, error);
}

static void faulty_tidy(hcp_journal *journal)
{
    hcp_journal_tidy(faulty_of(journal)->inner);
}

static void faulty_trim(hcp_journal *journal, uint64_t keep)
{
    (void)hcp_journal_trim(faulty_of(journal)->inner, keep); /* where it cannot, all is kept */
}

static void faulty_close(hcp_journal *journal)
{
    faulty *self = faulty_of(journal);
    hcp_journal_close(self->inner);
    hcp_journal_finish(journal);
    g_free(self);
}

static const hcp_journal_ops FAULTY_OPS = {
    .append = faulty_append,
    .tidy = faulty_tidy,
    .read = faulty_read,
    .snapshot_save = faulty_snapshot_save,
    .snapshot_load = faulty_snapshot_load,
    .query = faulty_query,
    .rebuild = faulty_rebuild,
    .verify = faulty_verify,
    .trim = faulty_trim,
    .close = faulty_close,
};

static const faulty *faulty_of_const(const hcp_journal *journal)
{
    g_assert(journal->ops == &FAULTY_OPS);
    return (const faulty *)journal;
}

hcp_journal *hcp_journal_faulty_new(hcp_journal *inner, const hcp_journal_fault_plan *plan)
{
    faulty *self = g_new0(faulty, 1);
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
    uint64_t seq = hcp_journal_last(inner, hash);
    hcp_journal_init(&self->base, &FAULTY_OPS, seq, hash);
    self->base.needs_rebuild = inner->needs_rebuild;
    self->inner = inner;
    if (plan)
        self->plan = *plan;
    hcp_rng_init(&self->rng, self->plan.seed, FAULT_STREAM);
    return &self->base;
}

void hcp_journal_faulty_arm(hcp_journal *journal, uint64_t nth, hcp_journal_fault fault)
{
    faulty *self = faulty_of(journal);
    self->armed_in = nth;
    self->armed = fault;
}

bool hcp_journal_faulty_crashed(const hcp_journal *journal)
{
    return faulty_of_const(journal)->crashed;
}

void hcp_journal_faulty_restart(hcp_journal *journal)
{
    faulty *self = faulty_of(journal);
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
    self->crashed = false;
    hcp_journal_set_last(journal, hcp_journal_last(self->inner, hash), hash);
}

uint64_t hcp_journal_faulty_count(const hcp_journal *journal, hcp_journal_fault fault)
{
    return faulty_of_const(journal)->counts[fault];
}

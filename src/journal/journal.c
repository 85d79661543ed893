/* SPDX-License-Identifier: Apache-2.0 */
/* What every journal has in common: consecutive numbers, the hash chain, bounds, findings. */
#include "journal/journal.h"

#include "base/error.h"
#include "journal/ops.h"

#include <string.h>

#define CHAIN_TAG "hcp-journal-1"
#define PROGRESS_EVERY 1000

void hcp_journal_init(hcp_journal *journal, const hcp_journal_ops *ops, uint64_t last_seq,
                      const uint8_t last_hash[HCP_JOURNAL_HASH_SIZE])
{
    journal->ops = ops;
    journal->needs_rebuild = false;
    journal->sum = g_checksum_new(G_CHECKSUM_SHA256);
    g_mutex_init(&journal->lock);
    journal->last_seq = last_seq;
    memcpy(journal->last_hash, last_hash, HCP_JOURNAL_HASH_SIZE);
}

void hcp_journal_finish(hcp_journal *journal)
{
    g_checksum_free(journal->sum);
    g_mutex_clear(&journal->lock);
}

void hcp_journal_set_last(hcp_journal *journal, uint64_t seq,
                          const uint8_t hash[HCP_JOURNAL_HASH_SIZE])
{
    g_mutex_lock(&journal->lock);
    journal->last_seq = seq;
    memcpy(journal->last_hash, hash, HCP_JOURNAL_HASH_SIZE);
    g_mutex_unlock(&journal->lock);
}

static void feed_u64(GChecksum *sum, uint64_t value)
{
    uint64_t little = GUINT64_TO_LE(value);
    g_checksum_update(sum, (const guchar *)&little, sizeof little);
}

static void feed_bytes(GChecksum *sum, const char *bytes, size_t size)
{
    feed_u64(sum, size);
    g_checksum_update(sum, (const guchar *)bytes, (gssize)size);
}

void hcp_journal_chain_hash(GChecksum *sum, const uint8_t previous[HCP_JOURNAL_HASH_SIZE],
                            const hcp_journal_entry *entry, uint8_t ret_hash[HCP_JOURNAL_HASH_SIZE])
{
    g_checksum_reset(sum);
    g_checksum_update(sum, (const guchar *)CHAIN_TAG, sizeof CHAIN_TAG);
    g_checksum_update(sum, previous, HCP_JOURNAL_HASH_SIZE);
    feed_u64(sum, entry->seq);
    feed_u64(sum, (uint64_t)entry->time_us);
    feed_bytes(sum, entry->actor, strlen(entry->actor));
    feed_bytes(sum, entry->type, strlen(entry->type));
    feed_bytes(sum, entry->trace_id, strlen(entry->trace_id));
    feed_bytes(sum, entry->payload, entry->payload_size);
    gsize size = HCP_JOURNAL_HASH_SIZE;
    g_checksum_get_digest(sum, ret_hash, &size);
}

/* The position a run of batches leads to: filled by link_batches, taken over once the data is
 * durable. */
typedef struct {
    uint64_t seq;
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
} chain_end;

static bool link_batches(hcp_journal *journal, hcp_journal_batch *const *batches, guint n_batches,
                         chain_end *end, GError **error)
{
    for (guint b = 0; b < n_batches; b++) {
        guint count = hcp_journal_batch_count(batches[b]);
        for (guint i = 0; i < count; i++) {
            const hcp_journal_entry *entry = hcp_journal_batch_entry(batches[b], i);
            if (entry->seq != end->seq + 1) {
                g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                            "journal entry %" G_GUINT64_FORMAT " cannot follow %" G_GUINT64_FORMAT,
                            entry->seq, end->seq);
                return false;
            }
            hcp_journal_chain_hash(journal->sum, end->hash, entry, end->hash);
            hcp_journal_batch_set_hash(batches[b], i, end->hash);
            end->seq = entry->seq;
        }
    }
    return true;
}

bool hcp_journal_append(hcp_journal *journal, hcp_journal_batch *const *batches, guint n_batches,
                        GError **error)
{
    g_assert(!journal->needs_rebuild);
    chain_end end;
    end.seq = hcp_journal_last(journal, end.hash);
    if (!link_batches(journal, batches, n_batches, &end, error))
        return false;
    if (!journal->ops->append(journal, batches, n_batches, error))
        return false;
    hcp_journal_set_last(journal, end.seq, end.hash);
    return true;
}

void hcp_journal_tidy(hcp_journal *journal)
{
    if (journal->ops->tidy != NULL)
        journal->ops->tidy(journal);
}

uint64_t hcp_journal_last(hcp_journal *journal, uint8_t ret_hash[HCP_JOURNAL_HASH_SIZE])
{
    g_mutex_lock(&journal->lock);
    uint64_t seq = journal->last_seq;
    if (ret_hash)
        memcpy(ret_hash, journal->last_hash, HCP_JOURNAL_HASH_SIZE);
    g_mutex_unlock(&journal->lock);
    return seq;
}

/* Reading with the chain checked on the way. */
typedef struct {
    hcp_journal_entry_fn visit;
    void *user_data;
    uint64_t from_seq;
    GChecksum *sum;
    bool may_start_late; /* nothing visited yet and the head may have been trimmed */
    bool anchored;       /* `hash` is the hash of entry `seq` */
    uint64_t seq;
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
    GError *error;
} chain_reader;

static bool link_holds(chain_reader *reader, const hcp_journal_entry *entry)
{
    if (entry->seq != reader->seq + 1)
        return false;
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
    hcp_journal_chain_hash(reader->sum, reader->hash, entry, hash);
    return memcmp(hash, entry->hash, sizeof hash) == 0;
}

static bool read_entry(void *user_data, const hcp_journal_entry *entry)
{
    chain_reader *reader = user_data;
    if (reader->may_start_late && entry->seq > reader->from_seq) {
        g_set_error(&reader->error, HCP_ERROR, HCP_ERROR_NOT_FOUND,
                    "journal entries before %" G_GUINT64_FORMAT " are no longer held", entry->seq);
        return false;
    }
    if (reader->anchored && !link_holds(reader, entry)) {
        g_set_error(&reader->error, HCP_ERROR, HCP_ERROR_CORRUPT,
                    "journal entry %" G_GUINT64_FORMAT " is missing or does not match its hash",
                    reader->seq + 1);
        return false;
    }
    reader->may_start_late = false;
    reader->anchored = true;
    reader->seq = entry->seq;
    memcpy(reader->hash, entry->hash, sizeof reader->hash);
    return entry->seq < reader->from_seq || reader->visit(reader->user_data, entry);
}

bool hcp_journal_read(hcp_journal *journal, uint64_t from_seq, hcp_journal_entry_fn visit,
                      void *user_data, GError **error)
{
    g_assert(from_seq >= 1);
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    chain_reader reader = {
        .visit = visit,
        .user_data = user_data,
        .from_seq = from_seq,
        .sum = sum,
        .may_start_late = journal->ops->trim != NULL,
        .anchored = from_seq == 1, /* the chain starts from zeroes */
    };
    /* The entry before the first one asked for anchors the chain. */
    uint64_t start = from_seq == 1 ? 1 : from_seq - 1;
    if (!journal->ops->read(journal, start, read_entry, &reader, error)) {
        g_clear_error(&reader.error);
        return false;
    }
    if (reader.error) {
        g_propagate_error(error, reader.error);
        return false;
    }
    return true;
}

bool hcp_journal_snapshot_save(hcp_journal *journal, const hcp_journal_snapshot *snapshot,
                               GError **error)
{
    g_assert(snapshot->seq > 0 && snapshot->blob);
    if (snapshot->seq > hcp_journal_last(journal, NULL)) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "snapshot at entry %" G_GUINT64_FORMAT " is past the end of the journal",
                    snapshot->seq);
        return false;
    }
    return journal->ops->snapshot_save(journal, snapshot, error);
}

bool hcp_journal_snapshot_load(hcp_journal *journal, uint64_t at_most,
                               hcp_journal_snapshot *ret_snapshot, GError **error)
{
    hcp_journal_snapshot found = {0};
    uint64_t bound = MIN(at_most, hcp_journal_last(journal, NULL));
    if (!journal->ops->snapshot_load(journal, bound, &found, error))
        return false;
    *ret_snapshot = found;
    return true;
}

void hcp_journal_snapshot_clear(hcp_journal_snapshot *snapshot)
{
    g_clear_pointer(&snapshot->blob, g_bytes_unref);
    memset(snapshot, 0, sizeof *snapshot);
}

bool hcp_journal_query(hcp_journal *journal, const hcp_journal_query_spec *spec,
                       hcp_journal_row_fn visit, void *user_data, GError **error)
{
    if (!journal->ops->query) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED, "this journal has no projections");
        return false;
    }
    return journal->ops->query(journal, spec, visit, user_data, error);
}

bool hcp_journal_needs_rebuild(const hcp_journal *journal)
{
    return journal->needs_rebuild;
}

bool hcp_journal_rebuild(hcp_journal *journal, hcp_journal_project_fn project,
                         hcp_journal_progress_fn progress, void *user_data, GError **error)
{
    if (journal->ops->rebuild &&
        !journal->ops->rebuild(journal, project, progress, user_data, error))
        return false;
    journal->needs_rebuild = false;
    return true;
}

/* Verification walks on past a bad entry: its stored hash is the next one's anchor, so damage is
 * located exactly. */
typedef struct {
    const hcp_journal_verify_options *options;
    hcp_journal_report *report;
    uint64_t total;
    chain_reader chain;
} verifier;

static bool verify_entry(void *user_data, const hcp_journal_entry *entry)
{
    verifier *self = user_data;
    chain_reader *chain = &self->chain;
    if (chain->anchored && entry->seq != chain->seq + 1)
        hcp_journal_report_add(self->report, chain->seq + 1,
                               "entry %" G_GUINT64_FORMAT " is missing", chain->seq + 1);
    else if (chain->anchored && !link_holds(chain, entry))
        hcp_journal_report_add(self->report, entry->seq,
                               "entry %" G_GUINT64_FORMAT " does not match its hash", entry->seq);
    chain->anchored = true;
    chain->seq = entry->seq;
    memcpy(chain->hash, entry->hash, sizeof chain->hash);
    self->report->n_entries++;
    const hcp_journal_verify_options *options = self->options;
    if (options->progress && self->report->n_entries % PROGRESS_EVERY == 0)
        options->progress(options->progress_data, self->report->n_entries, self->total);
    return true;
}

/* Reads the chain to its end; damage that stops the reading is a finding, not a failure. */
static void verify_chain(hcp_journal *journal, verifier *self)
{
    g_autoptr(GError) error = NULL;
    uint64_t last = self->total;
    self->chain.anchored = !journal->ops->trim; /* only a trimmed journal may start later */
    if (!journal->ops->read(journal, 1, verify_entry, self, &error))
        hcp_journal_report_add(self->report, self->chain.seq + 1,
                               "reading stops after entry %" G_GUINT64_FORMAT ": %s",
                               self->chain.seq, error->message);
    else if (self->chain.seq < last)
        hcp_journal_report_add(self->report, self->chain.seq + 1,
                               "entries %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " are missing",
                               self->chain.seq + 1, last);
}

static void clear_finding(void *item)
{
    hcp_journal_finding *finding = item;
    g_free(finding->what);
    g_free(finding);
}

bool hcp_journal_verify(hcp_journal *journal, const hcp_journal_verify_options *options,
                        hcp_journal_report *ret_report, GError **error)
{
    static const hcp_journal_verify_options defaults = {0};
    g_auto(hcp_journal_report) report = {.findings = g_ptr_array_new_with_free_func(clear_finding)};
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    verifier self = {
        .options = options ? options : &defaults,
        .report = &report,
        .total = hcp_journal_last(journal, NULL),
        .chain = {.sum = sum},
    };
    if (journal->ops->verify && !journal->ops->verify(journal, self.options, &report, error))
        return false;
    verify_chain(journal, &self);
    *ret_report = report;
    memset(&report, 0, sizeof report);
    return true;
}

void hcp_journal_report_add(hcp_journal_report *report, uint64_t seq, const char *format, ...)
{
    if (seq > 0 && (report->first_bad_seq == 0 || seq < report->first_bad_seq))
        report->first_bad_seq = seq;
    if (report->findings->len >= HCP_JOURNAL_MAX_FINDINGS)
        return;
    hcp_journal_finding *finding = g_new0(hcp_journal_finding, 1);
    va_list arguments;
    va_start(arguments, format);
    finding->seq = seq;
    finding->what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(report->findings, finding);
}

void hcp_journal_report_clear(hcp_journal_report *report)
{
    g_clear_pointer(&report->findings, g_ptr_array_unref);
    memset(report, 0, sizeof *report);
}

bool hcp_journal_trim(hcp_journal *journal, uint64_t keep)
{
    if (!journal->ops->trim)
        return false;
    journal->ops->trim(journal, keep);
    return true;
}

void hcp_journal_close(hcp_journal *journal)
{
    if (journal)
        journal->ops->close(journal);
}

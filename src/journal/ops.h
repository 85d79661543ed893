/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For implementations of the journal only. An implementation embeds hcp_journal as its first
 * member, calls hcp_journal_init() when it is ready, and points `ops` to a const table. The checks
 * common to all (consecutive numbers, the hash chain, snapshot bounds) are made by journal.c before
 * or after these functions, not in them.
 */
#ifndef HCP_JOURNAL_OPS_H
#define HCP_JOURNAL_OPS_H

#include "journal/journal.h"

typedef struct {
    /* Stores all entries and executes all row operations in one transaction. Entries are
     * consecutive after `last` and carry their hashes. Durable on true; on false the stored state
     * is exactly as before. May block on the disk. Mandatory. */
    bool (*append)(hcp_journal *journal, hcp_journal_batch *const *batches, guint n_batches,
                   GError **error);

    /* Does what must be done now and then but can wait until an append has been acknowledged.
     * NULL: nothing. */
    void (*tidy)(hcp_journal *journal);

    /* Visits stored entries with seq >= from_seq in order, unchecked; starts at the first one held
     * when earlier ones were trimmed. Runs beside append. Mandatory. */
    bool (*read)(hcp_journal *journal, uint64_t from_seq, hcp_journal_entry_fn visit,
                 void *user_data, GError **error);

    /* Stores a snapshot (seq is not past the last entry) and drops surplus ones. Mandatory. */
    bool (*snapshot_save)(hcp_journal *journal, const hcp_journal_snapshot *snapshot,
                          GError **error);

    /* The newest sound snapshot at or below at_most; *ret_snapshot is zeroed on entry.
     * Mandatory. */
    bool (*snapshot_load)(hcp_journal *journal, uint64_t at_most,
                          hcp_journal_snapshot *ret_snapshot, GError **error);

    /* Runs a read-only query. NULL: unsupported. */
    bool (*query)(hcp_journal *journal, const hcp_journal_query_spec *spec,
                  hcp_journal_row_fn visit, void *user_data, GError **error);

    /* Drops and refills the projections. NULL: there are none, nothing to do. */
    bool (*rebuild)(hcp_journal *journal, hcp_journal_project_fn project,
                    hcp_journal_progress_fn progress, void *user_data, GError **error);

    /* Adds findings about what the chain does not cover (files, pages, snapshots, projections); the
     * chain itself is walked by journal.c afterwards. NULL: there is nothing else. */
    bool (*verify)(hcp_journal *journal, const hcp_journal_verify_options *options,
                   hcp_journal_report *report, GError **error);

    /* Forgets all but the newest entries. NULL: cannot. */
    void (*trim)(hcp_journal *journal, uint64_t keep);

    /* Releases everything, the struct itself included. Mandatory. */
    void (*close)(hcp_journal *journal);
} hcp_journal_ops;

struct hcp_journal {
    const hcp_journal_ops *ops;
    bool needs_rebuild;
    GChecksum *sum; /* scratch of the writing side */
    GMutex lock;    /* guards the two below, which both sides read */
    uint64_t last_seq;
    uint8_t last_hash[HCP_JOURNAL_HASH_SIZE];
};

/* Makes the embedded base ready; the journal ends at `last_seq` with `last_hash` (zeroes for an
 * empty one). */
void hcp_journal_init(hcp_journal *journal, const hcp_journal_ops *ops, uint64_t last_seq,
                      const uint8_t last_hash[HCP_JOURNAL_HASH_SIZE]);

/* Moves the end after the store itself changed (an open that found more, a restart). */
void hcp_journal_set_last(hcp_journal *journal, uint64_t seq,
                          const uint8_t hash[HCP_JOURNAL_HASH_SIZE]);

/* Releases what hcp_journal_init() made; the implementation's close calls it last. */
void hcp_journal_finish(hcp_journal *journal);

/* Adds a finding (printf-like) about entry `seq` (0 = none); dropped beyond
 * HCP_JOURNAL_MAX_FINDINGS. */
void hcp_journal_report_add(hcp_journal_report *report, uint64_t seq, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* The SHA-256 of `entry` after `previous`: a version tag, the previous hash and every field,
 * variable ones length-prefixed. `sum` is scratch of type G_CHECKSUM_SHA256. */
void hcp_journal_chain_hash(GChecksum *sum, const uint8_t previous[HCP_JOURNAL_HASH_SIZE],
                            const hcp_journal_entry *entry,
                            uint8_t ret_hash[HCP_JOURNAL_HASH_SIZE]);

#endif

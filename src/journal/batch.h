/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A batch: the entries and row operations that become durable together or not at all. It owns
 * copies of everything put into it. Build it on one thread, hand it over, do not touch it until it
 * comes back.
 */
#ifndef HCP_JOURNAL_BATCH_H
#define HCP_JOURNAL_BATCH_H

#include "journal/projection.h"

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#define HCP_JOURNAL_HASH_SIZE 32

/* One fact. Strings are NUL-terminated UTF-8 and never NULL ("" where there is none). `hash` is the
 * SHA-256 that chains the entry to the one before it; hcp_journal_append() fills it in. */
typedef struct {
    uint64_t seq; /* 1, 2, 3, … without gaps */
    int64_t time_us;
    const char *actor;    /* who caused it: "system", "usr_…", "key_…" */
    const char *type;     /* "workload.submitted" */
    const char *trace_id; /* of the request that caused it, or "" */
    const char *payload;  /* JSON text; NUL-terminated as well, but its size counts */
    size_t payload_size;
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
} hcp_journal_entry;

typedef struct hcp_journal_batch hcp_journal_batch;

/* An empty batch. */
hcp_journal_batch *hcp_journal_batch_new(void);

/* Appends a copy of `entry` (its hash is ignored). Sequence numbers within a batch are
 * consecutive. */
void hcp_journal_batch_add(hcp_journal_batch *batch, const hcp_journal_entry *entry);

/* Appends one row operation: statement `statement` of the projection schema with copies of
 * `values`. */
void hcp_journal_batch_add_op(hcp_journal_batch *batch, uint16_t statement,
                              const hcp_projection_value *values, uint8_t n_values);

/* Number of entries, and entry `index`; borrowed from the batch. */
guint hcp_journal_batch_count(const hcp_journal_batch *batch);
const hcp_journal_entry *hcp_journal_batch_entry(const hcp_journal_batch *batch, guint index);

/* Number of row operations, and operation `index` with its values; borrowed from the batch. */
guint hcp_journal_batch_op_count(const hcp_journal_batch *batch);
hcp_projection_op hcp_journal_batch_op(const hcp_journal_batch *batch, guint index,
                                       const hcp_projection_value **ret_values);

/* Bytes of text and tables it holds, for bounding queues. */
size_t hcp_journal_batch_size(const hcp_journal_batch *batch);

/* Forgets every entry and operation but keeps the memory, up to half a megabyte of text, for
 * reuse. */
void hcp_journal_batch_clear(hcp_journal_batch *batch);

/* Stores the computed hash of entry `index`; for the journal's own use. */
void hcp_journal_batch_set_hash(hcp_journal_batch *batch, guint index,
                                const uint8_t hash[HCP_JOURNAL_HASH_SIZE]);

/* Frees the batch; NULL is allowed. */
void hcp_journal_batch_free(hcp_journal_batch *batch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_journal_batch, hcp_journal_batch_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the journal tests share: temporary directories, entries with known content, a small
 * projection. */
#ifndef HCP_TEST_JOURNAL_FIXTURE_H
#define HCP_TEST_JOURNAL_FIXTURE_H

#include "journal/journal.h"

/* A new empty directory under the system's temporary one; fixture_remove() deletes it with its
 * files. */
char *fixture_directory(void);
void fixture_remove(char *directory);

/* Both are HCP_JOURNAL_HASH_SIZE bytes. */
void fixture_assert_same_hash(const uint8_t *one, const uint8_t *other);

/* Adds `count` entries from `seq` on; their content follows from their number. */
void fixture_fill(hcp_journal_batch *batch, uint64_t seq, guint count);

/* Appends `count` entries after the last in one batch and asserts that it worked. */
void fixture_append(hcp_journal *journal, guint count);

/* The same with the row operations of the projection. */
void fixture_append_projected(hcp_journal *journal, guint count);

/* Reads everything from `from_seq` and asserts that each entry has the content that follows from
 * its number; returns how many there were. */
uint64_t fixture_check(hcp_journal *journal, uint64_t from_seq);

/* Verifies and returns the number of findings; each is printed as a TAP comment. */
guint fixture_verify(hcp_journal *journal, bool with_projection, uint64_t *ret_first_bad);

/* A table of workloads: event 1, 4, 7… submits one, the others update the newest. */
extern const hcp_projection_schema FIXTURE_SCHEMA;
extern const hcp_projection_schema FIXTURE_SCHEMA_2; /* a later version: one more column */

/* hcp_journal_project_fn of both. */
bool fixture_project(void *user_data, const hcp_journal_entry *entry, hcp_journal_batch *ops,
                     GError **error);

/* First column of the first row, as an integer. */
int64_t fixture_query_int(hcp_journal *journal, const char *sql);

/* A snapshot whose blob and hash follow from `seq` and `size`. */
hcp_journal_snapshot fixture_snapshot(uint64_t seq, gsize size);
void fixture_check_snapshot(const hcp_journal_snapshot *snapshot, uint64_t seq, gsize size);

#endif

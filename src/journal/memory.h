/* SPDX-License-Identifier: Apache-2.0 */
/* A journal in memory: for simulation, tests and throw-away runs. Row operations are counted, not
 * executed. */
#ifndef HCP_JOURNAL_MEMORY_H
#define HCP_JOURNAL_MEMORY_H

#include "journal/journal.h"

/* A new empty journal that keeps at least the newest `keep` entries and less than twice as many
 * (0 = all). */
hcp_journal *hcp_journal_memory_new(uint64_t keep);

/* Row operations accepted so far. */
uint64_t hcp_journal_memory_ops(hcp_journal *journal);

#endif

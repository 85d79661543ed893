/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last acknowledged entry, in a small file beside the journal. SQLite drops whatever follows a
 * damaged page of its write-ahead log, and cannot tell a transaction that was never finished from
 * one that was acknowledged and then damaged. This file can: it is written (not flushed) after each
 * durable commit, so it is never ahead of the truth; after a crash of the process it is exact,
 * after a power failure it may be behind.
 */
#ifndef HCP_JOURNAL_ACK_H
#define HCP_JOURNAL_ACK_H

#include "journal/batch.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t seq;
    uint8_t hash[HCP_JOURNAL_HASH_SIZE];
} hcp_ack;

typedef enum {
    HCP_ACK_ABSENT, /* no file: a new journal, or one that was copied without it */
    HCP_ACK_DAMAGED,
    HCP_ACK_VALID,
} hcp_ack_state;

/* Opens (creating it when `create`) journal.ack in `directory`; -1 on failure, with errno. */
int hcp_ack_open(const char *directory, bool create);

/* Reads the record; *ret_ack is set for HCP_ACK_VALID only. A descriptor of -1 and an empty file
 * are HCP_ACK_ABSENT. */
hcp_ack_state hcp_ack_read(int fd, hcp_ack *ret_ack);

/* Overwrites the record. False when that failed: what is there is older and still true. */
bool hcp_ack_write(int fd, const hcp_ack *ack);

#endif

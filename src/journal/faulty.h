/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A journal that fails on purpose, around any other one: for simulation and tests. Faults come from
 * a seeded stream, or one is armed for the nth append from now. A "crash" ends the process as far
 * as the journal is concerned: every later call fails until hcp_journal_faulty_restart(), and what
 * was never acknowledged may or may not be there.
 */
#ifndef HCP_JOURNAL_FAULTY_H
#define HCP_JOURNAL_FAULTY_H

#include "journal/journal.h"

typedef enum {
    HCP_JOURNAL_FAULT_NONE,
    HCP_JOURNAL_FAULT_FULL,         /* HCP_ERROR_FULL, nothing stored */
    HCP_JOURNAL_FAULT_IO,           /* HCP_ERROR_IO, nothing stored */
    HCP_JOURNAL_FAULT_CRASH_BEFORE, /* crash; the transaction is lost */
    HCP_JOURNAL_FAULT_CRASH_AFTER,  /* crash; the transaction is stored, its acknowledgement lost */
    HCP_JOURNAL_FAULT_KINDS
} hcp_journal_fault;

/* Probability of each kind per append, indexed by hcp_journal_fault; their sum is at most 1. */
typedef struct {
    uint64_t seed;
    double rates[HCP_JOURNAL_FAULT_KINDS];
} hcp_journal_fault_plan;

/* Wraps `inner` (taken over, closed with the wrapper). `plan` is copied; NULL means no seeded
 * faults. */
hcp_journal *hcp_journal_faulty_new(hcp_journal *inner, const hcp_journal_fault_plan *plan);

/* Makes the `nth` append from now (1 = the next) fail with `fault`, once, whatever the plan
 * says. */
void hcp_journal_faulty_arm(hcp_journal *journal, uint64_t nth, hcp_journal_fault fault);

/* True after a crash fault and before the restart. */
bool hcp_journal_faulty_crashed(const hcp_journal *journal);

/* The process is back: what survived is readable, hcp_journal_last() tells what that is. */
void hcp_journal_faulty_restart(hcp_journal *journal);

/* How many faults of `fault` have been injected. */
uint64_t hcp_journal_faulty_count(const hcp_journal *journal, hcp_journal_fault fault);

#endif

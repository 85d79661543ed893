/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When something is due. A binary heap ordered by time, kind, row and id, with lazy deletion: an entry only says "look at
 * this row then". Whoever pops it asks the row when it is really due, so nothing is ever removed from the middle, and a
 * replayed core with more stale entries still decides alike. Derived from the state; not hashed.
 */
#ifndef HCP_CORE_TIMERS_H
#define HCP_CORE_TIMERS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    HCP_TIMER_SWITCH_PHASE,
    HCP_TIMER_WORKLOAD_END,
    HCP_TIMER_WORKLOAD_BACKOFF,
    HCP_TIMER_WORKLOAD_DEADLINE,
    HCP_TIMER_PRICE_STALE,
    HCP_TIMER_ACCOUNT,
    HCP_TIMER_GRID,
    HCP_TIMERS
} hcp_timer_kind;

typedef struct {
    int64_t due_us;
    hcp_timer_kind kind;
    uint32_t row;
    uint64_t id; /* tells a reused row from the one meant */
} hcp_timer;

typedef struct {
    GArray *heap; /* hcp_timer */
} hcp_timers;

/* Caller-owned storage. */
void hcp_timers_init(hcp_timers *timers);
void hcp_timers_finish(hcp_timers *timers);

/* Adds an entry; INT64_MAX is "never" and adds none. */
void hcp_timers_arm(hcp_timers *timers, hcp_timer timer);

/* The earliest entry, or NULL. Valid until the next call. */
const hcp_timer *hcp_timers_first(const hcp_timers *timers);

/* Removes the earliest entry into `ret_timer`; false when there is none. */
bool hcp_timers_pop(hcp_timers *timers, hcp_timer *ret_timer);

#endif

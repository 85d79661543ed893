/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs of equal device rows. Devices of one batch mostly do the same, so what has to look at all of them looks at the first
 * of each run: one bit per device says where its row differs from that before it, and the next such bit is found a word at a
 * time. A fleet of a million devices at rest costs a few runs and 16,000 words.
 *
 * Rows are equal when their group, mode, power target, health, admin order, lease and switch are: what decides how a device
 * counts and whether it may move. The resident model is no part of it.
 */
#ifndef HCP_CORE_RUNS_H
#define HCP_CORE_RUNS_H

#include "core/state.h"

/* One past the last device of the run that `first` is in, at most `end`. `first` < `end` <= n_devices. */
uint32_t hcp_runs_end(const hcp_fleet *fleet, uint32_t first, uint32_t end);

/* The first device of the run that `last` is in, at least `begin`. `begin` <= `last` < n_devices. */
uint32_t hcp_runs_begin(const hcp_fleet *fleet, uint32_t last, uint32_t begin);

/* Notes that the rows of the range, equal before, were written and are equal now: they may have become equal to their
 * neighbours, or no longer be. */
void hcp_runs_note(hcp_fleet *fleet, hcp_range rows);

/* Finds all runs anew. */
void hcp_runs_find(hcp_fleet *fleet);

/* Whether the bits are those of the rows; for the invariants. */
bool hcp_runs_hold(const hcp_fleet *fleet);

/* Room for `capacity` rows, more than the fleet has room for; new ones have no bit. */
void hcp_runs_reserve(hcp_fleet *fleet, uint32_t capacity);

#endif

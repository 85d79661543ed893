/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The accounts of a facility by interval: what its meters did, at which prices, under which cap, and what the devices that
 * dispatch may move did meanwhile. Intervals follow each other without gaps, so their figures add up to the meters, to the
 * micro-dollar. They are what hindsight is judged by; docs/economics-model.md.
 *
 * An interval is as long as one of the facility's electricity prices, between a quarter of an hour and an hour, and ends
 * with a UTC quarter, half or hour. One that was cut short or drawn out (the platform began, or stood still) says so by its
 * own times.
 */
#ifndef HCP_CORE_ACCOUNT_H
#define HCP_CORE_ACCOUNT_H

#include "core/state.h"

/* Closed intervals are kept in the state that long; the journal has all of them. */
#define HCP_ACCOUNT_KEPT_US (INT64_C(30) * 24 * 3600 * 1000000)

/* Mining, AI and grid income of the interval less its electricity as billed and the peak charge booked in it. */
hcp_usd_micro hcp_account_profit(const hcp_interval_closed *interval);

/* Energy of all uses in the interval, at the meter. */
int64_t hcp_account_energy_j(const hcp_interval_closed *interval);

/* An interval is no longer than an hour; over one of more than twice that the platform stood still, so it is of no price. */
bool hcp_account_stood_still(const hcp_interval_closed *interval);

/* Position in state->intervals of the first interval that ended after `since_us`. */
guint hcp_accounts_since(const hcp_state *state, int64_t since_us);

#endif

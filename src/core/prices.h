/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prices over time: the settled ones of the last days, which a dispatch policy is told after a restart, and the published
 * ones of coming intervals. Both are state, so what a policy remembers follows from the journal.
 */
#ifndef HCP_CORE_PRICES_H
#define HCP_CORE_PRICES_H

#include "core/state.h"

/* Settled prices are kept that long, and at most one in each of these slots for a facility. */
#define HCP_SETTLED_WINDOW_US (INT64_C(7) * 24 * 3600 * 1000000)
#define HCP_SETTLED_SLOT_US (INT64_C(15) * 60 * 1000000)

/* Published prices are kept for a while after their interval, for prices that settle late. */
#define HCP_PUBLISHED_KEPT_US (INT64_C(24) * 3600 * 1000000)

/* Prices that are published one after the other. */
typedef struct {
    hcp_price_kind kind; /* HCP_PRICE_DAY_AHEAD or HCP_PRICE_RESERVE */
    uint32_t facility;
    hcp_reserve product; /* of prices of reserve; else HCP_RESERVE_NONE */
} hcp_price_series;

/* Fills `ret_values` with the published prices of the series, one for each of the `n` moments at_us, at_us + step_us, …; NAN
 * where none is. Returns how many there are up to and with the last one published. */
int hcp_prices_ahead(const hcp_state *state, const hcp_price_series *series, int64_t at_us,
                     int64_t step_us, double *ret_values, int n);

/* The published price of the series whose interval contains `at_us`, or NULL. Valid until the next event. */
const hcp_published_price *hcp_prices_at(const hcp_state *state, const hcp_price_series *series,
                                         int64_t at_us);

/* Power may cost nearly nothing: sources this near each other agree whatever share of the price that is. */
#define HCP_DISAGREEMENT_MIN_USD_PER_MWH 5.0

/* Whether the sources of a price lie further apart than the settings allow: a share of the price; of power at least
 * HCP_DISAGREEMENT_MIN_USD_PER_MWH. */
bool hcp_prices_disagree(const hcp_settings *settings, const hcp_price_observed *price);

/* Position in market.settled of the first price that came after `since_us`. */
guint hcp_prices_settled_since(const hcp_state *state, int64_t since_us);

#endif

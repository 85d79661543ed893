/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reserve: running miners are paid to stand ready to stop. A facility sells some products; in every hour it is paid the
 * dearest of them, for the share of its running miners that it sells. Prices of each product are published the day before.
 */
#ifndef HCP_CORE_RESERVE_H
#define HCP_CORE_RESERVE_H

#include "core/state.h"

/* The price of reserve in an interval: NAN and HCP_RESERVE_NONE where none is published. */
typedef struct {
    double usd_per_mw; /* and hour */
    hcp_reserve product;
} hcp_reserve_price;

/* Fills `ret_prices` with the dearest published price of the products that the facility sells, one for each of the `n`
 * moments at_us, at_us + step_us, …. Returns how many there are up to and with the last one published. */
int hcp_reserve_ahead(const hcp_state *state, uint32_t facility, int64_t at_us, int64_t step_us,
                      hcp_reserve_price *ret_prices, int n);

/* What a running MW is paid an hour for standing ready at `at_us` by what is published: false, and 0, where nothing is sold or
 * published. */
bool hcp_reserve_at_usd_per_mw(const hcp_state *state, uint32_t facility, int64_t at_us,
                               double *ret_usd_per_mw);

/* The bit of the product of that name in a mask of products; 0 = there is none. */
uint32_t hcp_reserve_bit_of(const char *name);

/* Of a price of a MW that stands ready, what the share of it that the facility sells is paid; NAN stays NAN. */
double hcp_reserve_of_share(const hcp_facility_defined *facility, double usd_per_mw);

/* Of what stands ready, the share that the facility sells, in thousandths. */
int64_t hcp_reserve_share_milli(const hcp_facility_defined *facility);

/* What one more running MW at the meter would be paid an hour for standing ready now, USD: the price in force of the share
 * that is sold. 0 while nothing is sold or paid, and while a grid event takes the power. */
double hcp_reserve_usd_per_mw(const hcp_state *state, uint32_t facility);

/* The price in force of the product that is sold now: HCP_QUALITY_MISSING while there is none. */
const hcp_price_observed *hcp_reserve_in_force(const hcp_state *state, uint32_t facility);

#endif

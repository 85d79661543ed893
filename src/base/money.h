/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Money is a whole number of micro-dollars (USD 1 = 1,000,000). Arithmetic is integer; the one rounding rule is half away
 * from zero and happens once, where a price meets a quantity.
 */
#ifndef HCP_BASE_MONEY_H
#define HCP_BASE_MONEY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef int64_t hcp_usd_micro;

#define HCP_USD ((hcp_usd_micro)1000000)

/* `rate` per hour over `duration_us`, times `count` units; 128-bit inside, rounded half away from zero.
 * Asserts that the result fits 64 bits. */
hcp_usd_micro hcp_money_accrue(hcp_usd_micro rate_per_h, int64_t duration_us, int64_t count);

/* Energy cost: `energy_j` joules at `usd_micro_per_mwh`, rounded half away from zero. May be negative. */
hcp_usd_micro hcp_money_energy_cost(int64_t energy_j, int64_t usd_micro_per_mwh);

/* A price in dollars (economics rooms) rounded once to micro-dollars; asserts that it is finite and in range. */
hcp_usd_micro hcp_money_from_usd(double usd);

/* Dollars as a double, for display and ratios only. */
double hcp_money_to_usd(hcp_usd_micro amount);

/* Rounds `n` amounts (at most 16) to cents such that they add up to their sum rounded to cents: those whose fractions are the
 * largest get what rounding down leaves over. No part moves by a cent or more. Negative amounts are allowed. */
void hcp_money_split_cents(const hcp_usd_micro *parts, int n, int64_t *ret_cents);

/* "-12.345678" with as many decimals as needed, at least two: "7.50", "0.000001". Caller frees. */
char *hcp_money_format(hcp_usd_micro amount);

/* Parses a decimal number of dollars with at most six decimals, exactly. */
bool hcp_money_parse(const char *text, hcp_usd_micro *ret_amount, GError **error);

#endif

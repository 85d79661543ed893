/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The formulas of mining and AI income, exact and without state. Prices are doubles in the named unit; they are rounded
 * once, where they become money. Sources: the block reward share of a hashrate is the definition of difficulty
 * (difficulty * 2^32 expected hashes a block); the rest is accounting.
 */
#ifndef HCP_ECONOMICS_FORMULA_H
#define HCP_ECONOMICS_FORMULA_H

#include <stdint.h>

/* Expected BTC a day of `hashrate_ths` TH/s: hashrate * 86400 / (difficulty * 2^32) * reward, reward = subsidy plus fees
 * in BTC a block. Difficulty must be positive. */
double hcp_formula_btc_per_day(double hashrate_ths, double difficulty, double reward_btc);

/* Hashprice in USD per PH/s and day, before pool fees. */
double hcp_formula_hashprice(double difficulty, double reward_btc, double btc_usd);

/* Mining income in USD/h of `hashrate_ths` TH/s at `hashprice` USD/(PH/s day), less the pool's share (0.02 = 2 %). */
double hcp_formula_mining_usd_per_h(double hashrate_ths, double hashprice, double pool_fee);

/* Cost in USD/h of `power_w` watts of IT load at `usd_per_mwh` with overhead `pue` (1.0 = none). */
double hcp_formula_power_usd_per_h(double power_w, double pue, double usd_per_mwh);

/* Electricity price in USD/MWh at which mining with `j_per_th` joules a terahash earns nothing. */
double hcp_formula_breakeven_usd_per_mwh(double j_per_th, double pue, double hashprice,
                                         double pool_fee);

/* AI income in USD/h: base rate plus bonus times utilisation (0…1), the seeds' rate card. */
double hcp_formula_ai_usd_per_h(double base_usd_per_h, double bonus_usd_per_h, double utilisation);

/* Profit per megawatt-hour at the meter of `profit_usd_per_h` made with `power_w` watts of IT load and overhead `pue`;
 * 0 when no power is used. The platform's unit of comparison. */
double hcp_formula_usd_per_mwh(double profit_usd_per_h, double power_w, double pue);

/* The seeds' decision matrix: two modes with revenue and power cost in USD/h, and an amortised cost of switching. */
typedef struct {
    double btc_revenue_usd_per_h, ai_revenue_usd_per_h;
    double btc_power_usd_per_h, ai_power_usd_per_h;
    double switch_cost_usd_per_h;
    double threshold; /* 1.1: AI must beat mining by 10 % */
} hcp_matrix_input;

typedef struct {
    double btc_net_usd_per_h, ai_net_usd_per_h;
    /* ai / btc - 1; infinite profit ratios (mining at or below 0) are reported as 1 when AI
     * earns, else 0 */
    double gain;
    int switch_to_ai;
} hcp_matrix_result;

/* Fills the matrix: switch when AI's net profit less the switching cost exceeds threshold times mining's net profit (when
 * mining loses money: when AI's exceeds it). */
hcp_matrix_result hcp_formula_matrix(const hcp_matrix_input *input);

/* Seeds' profitability score, 0…100: net profit as a share of revenue, in per cent, clipped; 0 without revenue. */
double hcp_formula_score(double revenue_usd_per_h, double cost_usd_per_h);

#endif

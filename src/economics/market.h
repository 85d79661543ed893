/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded market: what was published and what settled, step by step, and the rule by which day-ahead prices become
 * public. Observations for a policy are cut out of it here and nowhere else, so that no later value can slip in.
 */
#ifndef HCP_ECONOMICS_MARKET_H
#define HCP_ECONOMICS_MARKET_H

#include "economics/peak.h"
#include "economics/policy/policy.h"

/* One step as recorded. */
typedef struct {
    int64_t ts_us;            /* start, UTC */
    double dam_usd_per_mwh;   /* NAN = not available */
    double price_usd_per_mwh; /* settlement */
    double btc_usd;           /* at the start of the step */
    double difficulty;
    double subsidy_btc;
    double fee_btc_per_block;          /* of the same day: settles, not known in advance */
    double fee_previous_btc_per_block; /* of the day before: known */
    double reserve_usd_per_mw;         /* best published price for standing ready; 0 = none */
    double demand;                     /* busy fraction of the GPUs */
    double rate_usd_per_gpu_h;
    /* Filled by hcp_market_assume_peaks. */
    double peak_usd_per_mwh; /* peak charge that settles on this step; 0 in all but the peaks */
    /* that the highest step of the month so far, known up to here, is its peak */
    double peak_chance;
    size_t peak_so_far; /* that step */
} hcp_market_step;

/* A run of steps of equal length. */
typedef struct {
    double step_h;
    size_t n;
    hcp_market_step *steps;
    double utc_offset_h;     /* standard time of the market day */
    bool sells_reserve;      /* miners that run stand ready, paid the reserve price */
    double call_usd_per_mwh; /* settled price from which they are called */
    hcp_peak_rule peak;      /* the peak charge; none when all zero */
    bool avoids_peaks;       /* observations hold the charge that is expected */
    double publication_hour; /* local hour from which the next day's day-ahead prices are public */
} hcp_market;

/* The most day-ahead prices an observation can hold: two days of five-minute steps. */
#define HCP_MARKET_DAM_MAX 576

/* Index one past the last step whose day-ahead price is public when step t begins. */
size_t hcp_market_published(const hcp_market *market, size_t t);

/* Settles the peak charge on the steps that the rule of peak.h assumes to be the peaks of this run of steps, and keeps what
 * could be known of them. */
void hcp_market_assume_peaks(hcp_market *market);

/* Storage for what an observation points to. */
typedef struct {
    double dam[HCP_MARKET_DAM_MAX];
    double reserve[HCP_MARKET_DAM_MAX];
    double peak[HCP_MARKET_DAM_MAX];
} hcp_market_published_prices;

/* Fills what is known when step t begins; `prices` is the observation's storage. */
void hcp_market_observe(const hcp_market *market, size_t t, hcp_market_published_prices *prices,
                        hcp_policy_observation *ret_observation);

/* What step t settles on. */
hcp_plant_inputs hcp_market_settled(const hcp_market *market, size_t t);

/* Writes the realised profit of every step and state (n rows of plant->n_states). Caller frees. */
double *hcp_market_rewards(const hcp_market *market, const hcp_plant *plant);

#endif

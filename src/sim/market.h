/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A market that moves: Bitcoin (jump diffusion with bull and bear episodes), difficulty that
 * follows price, electricity (day shape, mean reversion, spike and negative regimes, day-ahead and
 * real-time), GPU rent correlated with Bitcoin. Every process steps on a fixed grid from the start
 * time, so how often it is asked does not change what it says.
 */
#ifndef HCP_SIM_MARKET_H
#define HCP_SIM_MARKET_H

#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

#define HCP_MARKET_MAX_HUBS 16
#define HCP_MARKET_MAX_EVENTS 16

typedef enum {
    HCP_MARKET_FREE,   /* no bounds: BTC 111k, ERCOT-like power with spikes and negative hours, rent
                          about $2.35 */
    HCP_MARKET_NARROW, /* BTC 60-70k, power 0.03-0.07 $/kWh, rent 2-3 $/h */
    HCP_MARKET_WIDE,   /* BTC 40-70k, power 0.02-0.15 $/kWh, rent 1.5-5 $/h */
    HCP_MARKET_DEMO,   /* around BTC $72,450, power 0.045 $/kWh, no bounds */
    HCP_MARKET_PRESETS
} hcp_market_preset;

typedef enum {
    HCP_MARKET_HALVING, /* the subsidy halves at this time, whatever the height */
    HCP_MARKET_BULL,    /* drift of `magnitude` per year from here to the next event */
    HCP_MARKET_BEAR,    /* the same, downwards */
    HCP_MARKET_CALM,    /* ends an episode */
} hcp_market_event_kind;

typedef struct {
    int64_t at_us; /* after the start */
    hcp_market_event_kind kind;
    double magnitude; /* log drift per year, positive; 0 = a default of 1.5 */
} hcp_market_event;

/* A price with its process: log price reverts to `mean` and is reflected at the bounds. */
typedef struct {
    double start, low, high; /* low = high = 0: no bounds */
    double mean;             /* 0: no reversion (a martingale but for drift and jumps) */
    double reversion_per_day;
    double volatility; /* of the log price, per square root of a year; of power: of a day */
} hcp_market_process;

typedef struct {
    hcp_market_process btc, rent, power;                  /* USD; USD per GPU-hour; USD/MWh */
    double jump_per_year, jump_mean, jump_deviation;      /* of BTC's log price */
    double rent_correlation;                              /* of rent's shocks with BTC's */
    double spike_per_day, spike_hours, spike_usd_per_mwh; /* rate, mean length, mean height */
    double negative_per_day, negative_hours, negative_usd_per_mwh;
    double day_ahead_deviation; /* of a day's level, log */
    double day_swing;           /* of the day shape: 0 flat, 1 the full evening peak */
    double hub_basis_deviation; /* of a hub against the system, log */
    double difficulty, subsidy_btc, fee_btc;
    int64_t height;        /* block height at the start */
    int64_t utc_offset_us; /* local time minus UTC, for the day shape */
    hcp_market_event events[HCP_MARKET_MAX_EVENTS];
    int n_events;
    int n_hubs;
} hcp_market_params;

/* Prices in force. Times are those of the last step of each process. */
typedef struct {
    int64_t btc_us, power_us, rent_us;
    double btc_usd;
    double rent_usd_per_gpu_h;
    double power_usd_per_mwh[HCP_MARKET_MAX_HUBS]; /* real time */
    double difficulty, subsidy_btc, fee_btc;
    int64_t height;
} hcp_market_prices;

/* The whole state; copying it copies the market. Fields below `prices` are private. */
typedef struct {
    hcp_market_params params;
    hcp_market_prices prices;

    uint64_t seed;
    int64_t start_us;
    hcp_rng btc_rng, power_rng, rent_rng;
    double btc_log, rent_log, power_dev, drift_per_year, shock_sum;
    int shocks; /* BTC steps in shock_sum */
    double basis[HCP_MARKET_MAX_HUBS];
    double spike_usd, negative_usd; /* level while the regime lasts, else 0 */
    int64_t spike_until_us, negative_until_us;
    double hashrate_log, block_part,
        retarget_s; /* log hashes/s; part of the next block; time since the last retarget */
    int64_t retarget_height;
    int next_event;
} hcp_market_sim;

#define HCP_MARKET_BTC_STEP_US INT64_C(10000000)
#define HCP_MARKET_RENT_STEP_US INT64_C(60000000)
#define HCP_MARKET_POWER_STEP_US INT64_C(300000000)

/* Parameters of a preset, with one hub. */
void hcp_market_preset_params(hcp_market_preset preset, hcp_market_params *ret_params);

/* Name of a preset ("free", "narrow", "wide", "demo"), and back (-1 when unknown). */
const char *hcp_market_preset_name(hcp_market_preset preset);
int hcp_market_preset_parse(const char *name);

/* A market at its start time. Events are sorted by time. */
void hcp_market_init(hcp_market_sim *market, const hcp_market_params *params, uint64_t seed,
                     int64_t start_us);

/* Steps every process up to and including `now_us`; earlier times do nothing. */
void hcp_market_advance(hcp_market_sim *market, int64_t now_us);

/* Day-ahead price of hub `hub` for the hour that contains `at_us`: what a day-ahead auction would
 * clear, without the real-time surprise. Depends on seed and day alone, so any day may be asked at
 * any time. */
double hcp_market_day_ahead_usd_per_mwh(const hcp_market_sim *market, int hub, int64_t at_us);

/* Reserve that a load which can stop may sell. */
typedef enum {
    HCP_MARKET_RRS,
    HCP_MARKET_ECRS,
    HCP_MARKET_NSPIN,
    HCP_MARKET_RESERVES
} hcp_market_reserve;

/* What the same auction pays for a MW and hour of reserve in the hour that contains `at_us`, system-wide, USD. About a dollar
 * while energy is cheap, and the dearer the scarcer energy is: docs/simulation.md has what it follows. */
double hcp_market_reserve_usd_per_mw(const hcp_market_sim *market, hcp_market_reserve product,
                                     int64_t at_us);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated market: each process on its own fixed grid, each with its own stream of the seed.
 */
#include "sim/market.h"

#include "sim/noise.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define S_PER_YEAR 31557600.0
#define S_PER_DAY 86400.0
#define US_PER_H INT64_C(3600000000)
#define US_PER_DAY (24 * US_PER_H)

#define BLOCKS_PER_HALVING 210000
#define BLOCKS_PER_RETARGET 2016
#define BLOCK_S 600.0

/* Miners follow the price with this elasticity and delay, and grow by this rate anyway. */
#define HASHRATE_ELASTICITY 0.4
#define HASHRATE_DELAY_DAYS 60.0
#define HASHRATE_GROWTH_YEAR 0.25

/* Independent streams of one seed. */
enum { STREAM_BTC = 1, STREAM_POWER, STREAM_RENT, STREAM_DAY, STREAM_FEE, STREAM_RESERVE };

/* Price of each local hour against the day's mean; its mean is 1. Cheap at night, dear in the
 * evening. */
static const double DAY_SHAPE[24] = {
    0.70, 0.66, 0.64, 0.63, 0.65, 0.75, 0.95, 1.00, 0.90, 0.85, 0.85, 0.88,
    0.92, 0.97, 1.05, 1.15, 1.37, 1.55, 1.70, 1.55, 1.35, 1.15, 1.00, 0.78,
};

static const char *const PRESET_NAMES[HCP_MARKET_PRESETS] = {
    [HCP_MARKET_FREE] = "free",
    [HCP_MARKET_NARROW] = "narrow",
    [HCP_MARKET_WIDE] = "wide",
    [HCP_MARKET_DEMO] = "demo",
};

static const hcp_market_params FREE_PARAMS = {
    .btc = {.start = 111185, .volatility = 0.55},
    .rent = {.start = 2.35, .mean = 2.35, .reversion_per_day = 0.05, .volatility = 0.35},
    .power = {.start = 38, .mean = 38, .reversion_per_day = 8, .volatility = 0.9},
    .jump_per_year = 12,
    .jump_mean = -0.01,
    .jump_deviation = 0.04,
    .rent_correlation = 0.3,
    .spike_per_day = 0.15,
    .spike_hours = 0.75,
    .spike_usd_per_mwh = 600,
    .negative_per_day = 0.35,
    .negative_hours = 2,
    .negative_usd_per_mwh = 8,
    .day_ahead_deviation = 0.25,
    .day_swing = 1,
    .hub_basis_deviation = 0.06,
    .difficulty = 146.72e12,
    .subsidy_btc = 3.125,
    .fee_btc = 0.03,
    .height = 921500,
    .utc_offset_us = -6 * US_PER_H,
    .n_hubs = 1,
};

const char *hcp_market_preset_name(hcp_market_preset preset)
{
    return (unsigned)preset < HCP_MARKET_PRESETS ? PRESET_NAMES[preset] : "unknown";
}

int hcp_market_preset_parse(const char *name)
{
    for (int i = 0; i < HCP_MARKET_PRESETS; i++) {
        if (strcmp(PRESET_NAMES[i], name) == 0)
            return i;
    }
    return -1;
}

static void set_bounds(hcp_market_process *process, double low, double high, double mean)
{
    process->low = low;
    process->high = high;
    process->start = mean;
    if (process->mean > 0)
        process->mean = mean;
}

/* Bitcoin at 40 to 72 thousand dollars belongs to the network of October 2024: with the difficulty of
 * a later year no miner would run at such prices. */
static void set_network_of_2024(hcp_market_params *params)
{
    params->difficulty = 92.05e12;
    params->fee_btc = 0.1;
    params->height = 865700;
}

void hcp_market_preset_params(hcp_market_preset preset, hcp_market_params *ret_params)
{
    hcp_market_params params = FREE_PARAMS;

    switch (preset) {
    case HCP_MARKET_FREE:
        break;
    case HCP_MARKET_NARROW:
        set_network_of_2024(&params);
        set_bounds(&params.btc, 60000, 70000, 65000);
        set_bounds(&params.power, 30, 70, 46);
        set_bounds(&params.rent, 2, 3, 2.5);
        params.day_swing = 0.5;
        params.spike_per_day = params.negative_per_day = 0;
        break;
    case HCP_MARKET_WIDE:
        set_network_of_2024(&params);
        set_bounds(&params.btc, 40000, 70000, 55000);
        set_bounds(&params.power, 20, 150, 55);
        set_bounds(&params.rent, 1.5, 5, 2.73);
        params.spike_per_day = 0.5;
        params.spike_usd_per_mwh = 130;
        params.negative_per_day = 0;
        break;
    case HCP_MARKET_DEMO:
        set_network_of_2024(&params);
        params.btc.start = 72450;
        params.power.start = params.power.mean = 48;
        params.rent.start = params.rent.mean = 2.5;
        break;
    case HCP_MARKET_PRESETS:
        g_assert_not_reached();
    }
    *ret_params = params;
}

static int compare_events(const void *a, const void *b)
{
    int64_t left = ((const hcp_market_event *)a)->at_us;
    int64_t right = ((const hcp_market_event *)b)->at_us;
    return (left > right) - (left < right);
}

/* Whole steps of `step_us` in `time_us`, rounded down also for negative times. */
static int64_t floor_div(int64_t time_us, int64_t step_us)
{
    int64_t quotient = time_us / step_us;
    return quotient - (time_us % step_us < 0);
}

/* A normal number that belongs to one day of one stream. */
static double day_normal(uint64_t seed, uint64_t stream, int64_t day)
{
    return (double)hcp_noise_bell(hcp_noise_u64(seed, stream, (uint64_t)day));
}

/* Log deviation of a day's level; neighbouring days are correlated (weather lasts). */
static double day_factor(const hcp_market_sim *market, int64_t day)
{
    double z = day_normal(market->seed, STREAM_DAY, day) +
               0.7 * day_normal(market->seed, STREAM_DAY, day - 1) +
               0.5 * day_normal(market->seed, STREAM_DAY, day - 2);
    double deviation = market->params.day_ahead_deviation;
    return deviation * z / sqrt(1 + 0.49 + 0.25) - deviation * deviation / 2;
}

static double shaped(const hcp_market_params *params, double hour)
{
    int from = (int)hour % 24;
    double part = hour - floor(hour);
    double shape = DAY_SHAPE[from] * (1 - part) + DAY_SHAPE[(from + 1) % 24] * part;
    return 1 + params->day_swing * (shape - 1);
}

/* Level that day and hour alone give, without the real-time surprise. */
static double base_usd_per_mwh(const hcp_market_sim *market, int64_t at_us, bool whole_hour)
{
    int64_t local_us = at_us + market->params.utc_offset_us;
    int64_t day = floor_div(local_us, US_PER_DAY);
    double hour = (double)(local_us - day * US_PER_DAY) / (double)US_PER_H;
    /* The shape is given at the start of each hour: an hourly product has the mean, its middle. */
    double at = whole_hour ? floor(hour) + 0.5 : hour;
    return market->params.power.mean * shaped(&market->params, at) * exp(day_factor(market, day));
}

static double bounded(const hcp_market_process *process, double price)
{
    return process->high > process->low ? CLAMP(price, process->low, process->high) : price;
}

double hcp_market_day_ahead_usd_per_mwh(const hcp_market_sim *market, int hub, int64_t at_us)
{
    g_assert(hub >= 0 && hub < market->params.n_hubs);
    /* Buyers pay a little for certainty. */
    return bounded(&market->params.power, 1.02 * base_usd_per_mwh(market, at_us, true));
}

double hcp_market_reserve_usd_per_mw(const hcp_market_sim *market, hcp_market_reserve product,
                                     int64_t at_us)
{
    /* USD at 50 USD/MWh beyond the dollar of calm hours; the power with which scarcity is paid; deviation of an hour's log. */
    static const double scarcity_usd[HCP_MARKET_RESERVES] = {5.0, 7.0, 5.5};
    static const double power = 1.8, deviation = 0.3;
    g_assert(product < HCP_MARKET_RESERVES);
    double energy = fmax(0, hcp_market_day_ahead_usd_per_mwh(market, 0, at_us));
    double usd = 1.0 + scarcity_usd[product] * pow(energy / 50.0, power);
    uint64_t stream = STREAM_RESERVE + (uint64_t)product;
    double z = day_normal(market->seed, stream, floor_div(at_us, US_PER_H));
    return usd * exp(deviation * z - deviation * deviation / 2);
}

/* Keeps a log price inside its bounds by reflection. */
static double reflect(const hcp_market_process *process, double log_price)
{
    if (process->high <= process->low)
        return log_price;
    double low = log(process->low);
    double high = log(process->high);
    if (log_price < low)
        log_price = 2 * low - log_price;
    if (log_price > high)
        log_price = 2 * high - log_price;
    return CLAMP(log_price, low, high);
}

static void halve(hcp_market_sim *market)
{
    market->prices.subsidy_btc /= 2;
}

static void take_events(hcp_market_sim *market, int64_t now_us)
{
    const hcp_market_params *params = &market->params;
    while (market->next_event < params->n_events &&
           market->start_us + params->events[market->next_event].at_us <= now_us) {
        const hcp_market_event *event = &params->events[market->next_event++];
        double magnitude = event->magnitude > 0 ? event->magnitude : 1.5;
        switch (event->kind) {
        case HCP_MARKET_HALVING:
            halve(market);
            break;
        case HCP_MARKET_BULL:
            market->drift_per_year = magnitude;
            break;
        case HCP_MARKET_BEAR:
            market->drift_per_year = -magnitude;
            break;
        case HCP_MARKET_CALM:
            market->drift_per_year = 0;
            break;
        }
    }
}

/* One step of the jump diffusion. The compensators make the price a martingale while no episode
 * drifts it. */
static void step_btc(hcp_market_sim *market)
{
    const hcp_market_params *params = &market->params;
    const hcp_market_process *btc = &params->btc;
    double dt = (double)HCP_MARKET_BTC_STEP_US * 1e-6 / S_PER_YEAR;
    double sigma = btc->volatility;
    double jump_variance = params->jump_deviation * params->jump_deviation;
    double compensator = params->jump_per_year * (exp(params->jump_mean + jump_variance / 2) - 1);
    double z = hcp_rng_normal(&market->btc_rng);

    market->btc_log += (market->drift_per_year - sigma * sigma / 2 - compensator) * dt;
    market->btc_log += sigma * sqrt(dt) * z;
    if (hcp_rng_uniform(&market->btc_rng) < params->jump_per_year * dt)
        market->btc_log +=
            params->jump_mean + params->jump_deviation * hcp_rng_normal(&market->btc_rng);
    market->btc_log = reflect(btc, market->btc_log);
    market->shock_sum += z;
    market->shocks++;
    market->prices.btc_usd = exp(market->btc_log);
}

static void step_rent(hcp_market_sim *market)
{
    const hcp_market_process *rent = &market->params.rent;
    double dt_s = (double)HCP_MARKET_RENT_STEP_US * 1e-6;
    double rho = market->params.rent_correlation;
    double own = hcp_rng_normal(&market->rent_rng);
    double common = market->shocks > 0 ? market->shock_sum / sqrt(market->shocks) : own;
    double z = rho * common + sqrt(1 - rho * rho) * own;

    market->shock_sum = 0;
    market->shocks = 0;
    if (rent->mean > 0)
        market->rent_log +=
            rent->reversion_per_day * (log(rent->mean) - market->rent_log) * dt_s / S_PER_DAY;
    market->rent_log += rent->volatility * sqrt(dt_s / S_PER_YEAR) * z;
    market->rent_log = reflect(rent, market->rent_log);
    market->prices.rent_usd_per_gpu_h = exp(market->rent_log);
}

/* Starts a regime now with the chance that its daily rate gives one step, weighted by how likely
 * this hour is. */
static bool starts(hcp_rng *rng, double per_day, double weight)
{
    double steps_per_day = S_PER_DAY / ((double)HCP_MARKET_POWER_STEP_US * 1e-6);
    return hcp_rng_uniform(rng) < per_day * weight / steps_per_day;
}

static void step_regimes(hcp_market_sim *market, int64_t now_us, double shape)
{
    const hcp_market_params *params = &market->params;
    hcp_rng *rng = &market->power_rng;

    if (market->spike_usd > 0 && now_us >= market->spike_until_us)
        market->spike_usd = 0;
    if (market->negative_usd > 0 && now_us >= market->negative_until_us)
        market->negative_usd = 0;
    /* Scarcity belongs to the evening, surplus to the hours of low demand; both weights average
     * about 1. */
    bool spike = starts(rng, params->spike_per_day, shape > 1.1 ? 3.0 : 0.2);
    bool negative = starts(rng, params->negative_per_day, shape < 0.9 ? 2.2 : 0.05);
    double length = hcp_rng_exponential(rng, 1.0);
    double height = hcp_rng_exponential(rng, 1.0);
    if (spike && market->spike_usd == 0) {
        market->spike_usd = params->spike_usd_per_mwh * (0.3 + 0.7 * height);
        market->spike_until_us =
            now_us + (int64_t)(params->spike_hours * length * (double)US_PER_H);
    }
    if (negative && market->negative_usd == 0) {
        market->negative_usd = params->negative_usd_per_mwh * (0.1 + 0.9 * height);
        market->negative_until_us =
            now_us + (int64_t)(params->negative_hours * length * (double)US_PER_H);
    }
}

static double hub_usd_per_mwh(const hcp_market_sim *market, int hub, double system)
{
    if (market->negative_usd > 0)
        system = -market->negative_usd;
    if (market->spike_usd > 0)
        system = fmax(system, market->spike_usd);
    double factor = exp(market->basis[hub]);
    return bounded(&market->params.power, system * factor);
}

static void step_power(hcp_market_sim *market, int64_t now_us)
{
    const hcp_market_params *params = &market->params;
    const hcp_market_process *power = &params->power;
    double dt_days = (double)HCP_MARKET_POWER_STEP_US * 1e-6 / S_PER_DAY;
    double decay = exp(-power->reversion_per_day * dt_days);
    double variance = power->reversion_per_day > 0
                          ? power->volatility * power->volatility / (2 * power->reversion_per_day)
                          : 0;

    market->power_dev = market->power_dev * decay +
                        sqrt(variance * (1 - decay * decay)) * hcp_rng_normal(&market->power_rng);
    double base = base_usd_per_mwh(market, now_us, false);
    step_regimes(market, now_us,
                 DAY_SHAPE[(floor_div(now_us + params->utc_offset_us, US_PER_H) % 24 + 24) % 24]);
    double system = base * exp(market->power_dev - variance / 2);
    for (int hub = 0; hub < params->n_hubs; hub++) {
        /* The first hub is the system price; others wander around it. */
        double basis = params->hub_basis_deviation * sqrt(1 - decay * decay);
        if (hub > 0)
            market->basis[hub] =
                market->basis[hub] * decay + basis * hcp_rng_normal(&market->power_rng);
        market->prices.power_usd_per_mwh[hub] = hub_usd_per_mwh(market, hub, system);
    }
}

static void retarget(hcp_market_sim *market)
{
    double expected_s = BLOCKS_PER_RETARGET * BLOCK_S;
    market->prices.difficulty *= CLAMP(expected_s / market->retarget_s, 0.25, 4.0);
    market->retarget_height = market->prices.height;
    market->retarget_s = 0;
}

/* Hash rate relaxes towards what the price pays for; blocks come at the rate it gives against the
 * difficulty. */
static void step_network(hcp_market_sim *market, int64_t now_us)
{
    const hcp_market_params *params = &market->params;
    double dt_s = (double)HCP_MARKET_POWER_STEP_US * 1e-6;
    double years = (double)(now_us - market->start_us) * 1e-6 / S_PER_YEAR;
    double start_log = log(params->difficulty * 4294967296.0 / BLOCK_S);
    double target = start_log + HASHRATE_GROWTH_YEAR * years +
                    HASHRATE_ELASTICITY * (market->btc_log - log(params->btc.start));

    market->hashrate_log +=
        (target - market->hashrate_log) * dt_s / (HASHRATE_DELAY_DAYS * S_PER_DAY);
    market->retarget_s += dt_s;
    market->block_part +=
        dt_s * exp(market->hashrate_log) / (market->prices.difficulty * 4294967296.0);
    while (market->block_part >= 1) {
        market->block_part -= 1;
        if (++market->prices.height % BLOCKS_PER_HALVING == 0)
            halve(market);
        if (market->prices.height - market->retarget_height >= BLOCKS_PER_RETARGET)
            retarget(market);
    }
    int64_t day = floor_div(now_us, US_PER_DAY);
    market->prices.fee_btc =
        params->fee_btc * exp(0.5 * day_normal(market->seed, STREAM_FEE, day - 1) - 0.125);
}

void hcp_market_init(hcp_market_sim *market, const hcp_market_params *params, uint64_t seed,
                     int64_t start_us)
{
    g_assert(params->n_hubs >= 1 && params->n_hubs <= HCP_MARKET_MAX_HUBS);
    g_assert(params->n_events >= 0 && params->n_events <= HCP_MARKET_MAX_EVENTS);
    g_assert(params->btc.start > 0 && params->rent.start > 0 && params->power.mean > 0);

    *market = (hcp_market_sim){.params = *params, .seed = seed, .start_us = start_us};
    qsort(market->params.events, (size_t)params->n_events, sizeof(params->events[0]),
          compare_events);
    hcp_rng_init(&market->btc_rng, seed, STREAM_BTC);
    hcp_rng_init(&market->power_rng, seed, STREAM_POWER);
    hcp_rng_init(&market->rent_rng, seed, STREAM_RENT);
    market->btc_log = log(params->btc.start);
    market->rent_log = log(params->rent.start);
    market->hashrate_log = log(params->difficulty * 4294967296.0 / BLOCK_S);
    market->retarget_height = params->height - params->height % BLOCKS_PER_RETARGET;
    market->retarget_s = (double)(params->height - market->retarget_height) * BLOCK_S;
    market->prices = (hcp_market_prices){
        .btc_us = start_us,
        .power_us = start_us,
        .rent_us = start_us,
        .btc_usd = params->btc.start,
        .rent_usd_per_gpu_h = params->rent.start,
        .difficulty = params->difficulty,
        .subsidy_btc = params->subsidy_btc,
        .fee_btc = params->fee_btc,
        .height = params->height,
    };
    double base = base_usd_per_mwh(market, start_us, false);
    for (int hub = 0; hub < params->n_hubs; hub++)
        market->prices.power_usd_per_mwh[hub] = hub_usd_per_mwh(market, hub, base);
}

void hcp_market_advance(hcp_market_sim *market, int64_t now_us)
{
    hcp_market_prices *prices = &market->prices;

    /* Rent follows Bitcoin's steps of its own minute, the network those of its five: the order is
     * fixed. */
    while (prices->btc_us + HCP_MARKET_BTC_STEP_US <= now_us) {
        prices->btc_us += HCP_MARKET_BTC_STEP_US;
        take_events(market, prices->btc_us);
        step_btc(market);
        if (prices->btc_us - prices->rent_us >= HCP_MARKET_RENT_STEP_US) {
            prices->rent_us += HCP_MARKET_RENT_STEP_US;
            step_rent(market);
        }
        if (prices->btc_us - prices->power_us >= HCP_MARKET_POWER_STEP_US) {
            prices->power_us += HCP_MARKET_POWER_STEP_US;
            step_power(market, prices->power_us);
            step_network(market, prices->power_us);
        }
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated market: ranges of the presets, moments, shape, events, determinism. */
#include "sim/market.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define S INT64_C(1000000)
#define H (3600 * S)
#define DAY (24 * H)

/* Mean and deviation of a stream of numbers. */
typedef struct {
    double n, sum, squares;
} moments;

static void moments_add(moments *m, double value)
{
    m->n++;
    m->sum += value;
    m->squares += value * value;
}

static double mean_of(const moments *m)
{
    return m->sum / m->n;
}

static double deviation_of(const moments *m)
{
    double mean = mean_of(m);
    return sqrt(fmax(m->squares / m->n - mean * mean, 0));
}

static void test_preset_ranges(void)
{
    static const struct {
        hcp_market_preset preset;
        double btc[2], power[2], rent[2];
    } rows[] = {
        {HCP_MARKET_NARROW, {60000, 70000}, {30, 70}, {2, 3}},
        {HCP_MARKET_WIDE, {40000, 70000}, {20, 150}, {1.5, 5}},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        hcp_market_params params;
        hcp_market_sim market;
        moments power = {0};
        hcp_market_preset_params(rows[i].preset, &params);
        hcp_market_init(&market, &params, 3, 0);
        for (int64_t t = 0; t < 60 * DAY; t += 5 * 60 * S) {
            const hcp_market_prices *prices = &market.prices;
            hcp_market_advance(&market, t);
            g_assert_cmpfloat(prices->btc_usd, >=, rows[i].btc[0] - 1e-6);
            g_assert_cmpfloat(prices->btc_usd, <=, rows[i].btc[1] + 1e-6);
            g_assert_cmpfloat(prices->power_usd_per_mwh[0], >=, rows[i].power[0]);
            g_assert_cmpfloat(prices->power_usd_per_mwh[0], <=, rows[i].power[1]);
            g_assert_cmpfloat(prices->rent_usd_per_gpu_h, >=, rows[i].rent[0] - 1e-9);
            g_assert_cmpfloat(prices->rent_usd_per_gpu_h, <=, rows[i].rent[1] + 1e-9);
            moments_add(&power, prices->power_usd_per_mwh[0]);
        }
        g_assert_cmpfloat(deviation_of(&power), >, 3); /* it moves */
    }
}

static void test_demo_starts_at_seed_prices(void)
{
    hcp_market_params params;
    hcp_market_preset_params(HCP_MARKET_DEMO, &params);
    g_assert_cmpfloat(params.btc.start, ==, 72450);
    g_assert_cmpfloat(params.power.mean, ==, 48);
    g_assert_cmpfloat(params.rent.start, ==, 2.5);
    for (int i = 0; i < HCP_MARKET_PRESETS; i++) {
        const char *name = hcp_market_preset_name((hcp_market_preset)i);
        g_assert_cmpint(hcp_market_preset_parse(name), ==, i);
    }
    g_assert_cmpint(hcp_market_preset_parse("flat"), ==, -1);
}

/* A rated S21 (200 TH/s, 3.5 kW) earns more than the mean price of its power in every preset, but not
 * so much more that power prices would not matter. */
static void test_mining_makes_sense(void)
{
    for (int i = 0; i < HCP_MARKET_PRESETS; i++) {
        hcp_market_params params;
        hcp_market_preset_params((hcp_market_preset)i, &params);
        double btc_per_h = 200e12 * 3600 / (params.difficulty * 4294967296.0) *
                           (params.subsidy_btc + params.fee_btc);
        double usd_per_mwh = btc_per_h * params.btc.start / 0.0035;
        g_assert_cmpfloat(usd_per_mwh, >, 1.3 * params.power.mean);
        g_assert_cmpfloat(usd_per_mwh, <, 4 * params.power.mean);
    }
}

/* Daily log returns: mean of exp is 1 (no free drift), variance that of diffusion plus jumps. */
static void test_btc_moments(void)
{
    hcp_market_params params;
    hcp_market_sim market;
    moments returns = {0};
    moments growth = {0};
    hcp_market_preset_params(HCP_MARKET_FREE, &params);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        hcp_market_init(&market, &params, seed, 0);
        double last = market.prices.btc_usd;
        for (int64_t day = 1; day <= 100; day++) {
            hcp_market_advance(&market, day * DAY);
            moments_add(&returns, log(market.prices.btc_usd / last));
            moments_add(&growth, market.prices.btc_usd / last);
            last = market.prices.btc_usd;
        }
    }
    double jump_variance = params.jump_per_year * (params.jump_mean * params.jump_mean +
                                                   params.jump_deviation * params.jump_deviation);
    double variance = (params.btc.volatility * params.btc.volatility + jump_variance) / 365.25;
    double expected = sqrt(variance);
    /* 2,000 days: standard errors are 2 % of the deviation (more with jumps) and 0.07 % of the mean. */
    g_assert_cmpfloat(fabs(deviation_of(&returns) / expected - 1), <, 0.08);
    g_assert_cmpfloat(fabs(mean_of(&growth) - 1), <, 4 * expected / sqrt(returns.n));
}

/* Rent's hourly log returns follow Bitcoin's with the stated correlation. */
static void test_rent_correlation(void)
{
    hcp_market_params params;
    hcp_market_sim market;
    double xy = 0;
    double xx = 0;
    double yy = 0;
    hcp_market_preset_params(HCP_MARKET_FREE, &params);
    params.jump_per_year = 0;
    hcp_market_init(&market, &params, 5, 0);
    hcp_market_prices last = market.prices;
    for (int64_t t = H; t <= 200 * DAY; t += H) {
        hcp_market_advance(&market, t);
        double x = log(market.prices.btc_usd / last.btc_usd);
        double y = log(market.prices.rent_usd_per_gpu_h / last.rent_usd_per_gpu_h);
        xy += x * y;
        xx += x * x;
        yy += y * y;
        last = market.prices;
    }
    g_assert_cmpfloat(fabs(xy / sqrt(xx * yy) - params.rent_correlation), <, 0.06);
}

/* Over a year: the mean near its parameter, cheap nights, dear evenings, spikes, negative hours. */
static void test_power_shape(void)
{
    hcp_market_params params;
    hcp_market_sim market;
    moments all = {0};
    moments night = {0};
    moments evening = {0};
    double highest = 0;
    int negative = 0;
    hcp_market_preset_params(HCP_MARKET_FREE, &params);
    hcp_market_init(&market, &params, 8, 0);
    for (int64_t t = 0; t < 365 * DAY; t += H) {
        hcp_market_advance(&market, t);
        double price = market.prices.power_usd_per_mwh[0];
        int hour = (int)(((t + params.utc_offset_us) / H % 24 + 24) % 24);
        moments_add(&all, price);
        if (hour < 5)
            moments_add(&night, price);
        if (hour >= 17 && hour < 20)
            moments_add(&evening, price);
        highest = fmax(highest, price);
        negative += price < 0;
    }
    g_assert_cmpfloat(mean_of(&all), >, 33);
    g_assert_cmpfloat(mean_of(&all), <, 55);
    g_assert_cmpfloat(mean_of(&evening), >, 1.8 * mean_of(&night));
    g_assert_cmpfloat(highest, >, 400);
    g_assert_cmpint(negative, >, 100);
    g_assert_cmpint(negative, <, 600);
}

/* Reserve is about a dollar in cheap hours, follows the day-ahead price, and does not depend on when it is asked. */
static void test_reserve(void)
{
    hcp_market_params params;
    hcp_market_sim market, asked;
    double cheap = 0, dear = 0;
    int n_cheap = 0, n_dear = 0;
    hcp_market_preset_params(HCP_MARKET_FREE, &params);
    hcp_market_init(&market, &params, 11, 0);
    asked = market;
    hcp_market_advance(&asked, 30 * 24 * H);
    for (int64_t t = 0; t < 60 * 24 * H; t += H) {
        double energy = hcp_market_day_ahead_usd_per_mwh(&market, 0, t);
        for (int product = 0; product < HCP_MARKET_RESERVES; product++) {
            double usd = hcp_market_reserve_usd_per_mw(&market, (hcp_market_reserve)product, t);
            g_assert_cmpfloat(usd, >, 0.3);
            g_assert_cmpfloat(
                usd, ==,
                hcp_market_reserve_usd_per_mw(&asked, (hcp_market_reserve)product, t + H / 2));
            cheap += energy < 25 ? usd : 0;
            dear += energy > 60 ? usd : 0;
            n_cheap += energy < 25;
            n_dear += energy > 60;
        }
    }
    g_assert_cmpint(n_cheap, >, 100);
    g_assert_cmpint(n_dear, >, 100);
    g_assert_cmpfloat(cheap / n_cheap, <, 3.5);
    g_assert_cmpfloat(dear / n_dear, >, 8.0);
    g_assert_cmpfloat(dear / n_dear, <, 25.0);
}

static void test_day_ahead(void)
{
    hcp_market_params params;
    hcp_market_sim market;
    moments ahead = {0};
    moments real = {0};
    moments difference = {0};
    hcp_market_preset_params(HCP_MARKET_FREE, &params);
    params.spike_per_day = params.negative_per_day = 0;
    hcp_market_init(&market, &params, 8, 0);
    double tomorrow = hcp_market_day_ahead_usd_per_mwh(&market, 0, 40 * H);
    for (int64_t t = 0; t < 200 * DAY; t += H) {
        double dam = hcp_market_day_ahead_usd_per_mwh(&market, 0, t);
        hcp_market_advance(&market, t + H / 2);
        double rtm = market.prices.power_usd_per_mwh[0];
        moments_add(&ahead, dam);
        moments_add(&real, rtm);
        moments_add(&difference, rtm - dam);
    }
    /* Asking again, later, changes nothing. */
    g_assert_cmpfloat(hcp_market_day_ahead_usd_per_mwh(&market, 0, 40 * H), ==, tomorrow);
    /* The auction is about right on average and less wild than real time, and not the same. */
    g_assert_cmpfloat(fabs(mean_of(&ahead) / mean_of(&real) - 1), <, 0.1);
    g_assert_cmpfloat(deviation_of(&ahead), <, deviation_of(&real));
    g_assert_cmpfloat(deviation_of(&difference), >, 2);
}

static void test_difficulty_follows_price(void)
{
    hcp_market_params params;
    hcp_market_preset_params(HCP_MARKET_FREE, &params);
    params.jump_per_year = 0;
    params.btc.volatility = 0.01;
    double end[2];
    for (int bear = 0; bear < 2; bear++) {
        hcp_market_sim market;
        params.n_events = 1;
        params.events[0] = (hcp_market_event){
            .at_us = DAY, .kind = bear ? HCP_MARKET_BEAR : HCP_MARKET_BULL, .magnitude = 2};
        hcp_market_init(&market, &params, 1, 0);
        int64_t height = market.prices.height;
        hcp_market_advance(&market, 200 * DAY);
        end[bear] = market.prices.difficulty;
        double blocks_per_day = (double)(market.prices.height - height) / 200;
        g_assert_cmpfloat(blocks_per_day, >, 135);
        g_assert_cmpfloat(blocks_per_day, <, 155);
        g_assert_cmpfloat(fabs(log(market.prices.btc_usd / params.btc.start)), >, 0.8);
    }
    g_assert_cmpfloat(end[0], >, 1.2 * params.difficulty);
    g_assert_cmpfloat(end[1], <, end[0] / 1.3);
}

static void test_halving(void)
{
    hcp_market_params params;
    hcp_market_sim market;
    hcp_market_preset_params(HCP_MARKET_FREE, &params);
    params.height = 1050000 - 144; /* a day before the next one by height */
    hcp_market_init(&market, &params, 1, 0);
    hcp_market_advance(&market, DAY / 2);
    g_assert_cmpfloat(market.prices.subsidy_btc, ==, 3.125);
    hcp_market_advance(&market, 2 * DAY);
    g_assert_cmpfloat(market.prices.subsidy_btc, ==, 1.5625);

    params.height = 921500;
    params.n_events = 1;
    params.events[0] = (hcp_market_event){.at_us = H, .kind = HCP_MARKET_HALVING};
    hcp_market_init(&market, &params, 1, 0);
    hcp_market_advance(&market, 2 * H);
    g_assert_cmpfloat(market.prices.subsidy_btc, ==, 1.5625);
}

/* How often the market is asked does not change what it says; another seed does. */
static void test_determinism(void)
{
    hcp_market_params params;
    hcp_market_sim a;
    hcp_market_sim b;
    hcp_market_sim c;
    hcp_market_preset_params(HCP_MARKET_FREE, &params);
    params.n_hubs = 3;
    hcp_market_init(&a, &params, 42, 0);
    hcp_market_init(&b, &params, 42, 0);
    hcp_market_init(&c, &params, 43, 0);
    for (int64_t t = 0; t <= 3 * DAY; t += 7 * S)
        hcp_market_advance(&a, t);
    hcp_market_advance(&a, 3 * DAY);
    hcp_market_advance(&b, 3 * DAY);
    hcp_market_advance(&b, DAY); /* the past changes nothing */
    hcp_market_advance(&c, 3 * DAY);
    g_assert_true(memcmp(&a.prices, &b.prices, sizeof(a.prices)) == 0);
    g_assert_cmpfloat(a.prices.btc_usd, !=, c.prices.btc_usd);
    g_assert_cmpfloat(a.prices.power_usd_per_mwh[1], !=, a.prices.power_usd_per_mwh[0]);
}

static void test_cadence(void)
{
    hcp_market_params params;
    hcp_market_sim market;
    hcp_market_preset_params(HCP_MARKET_FREE, &params);
    hcp_market_init(&market, &params, 1, 0);
    double btc = market.prices.btc_usd;
    hcp_market_advance(&market, 9 * S);
    g_assert_cmpfloat(market.prices.btc_usd, ==, btc);
    hcp_market_advance(&market, 10 * S);
    g_assert_cmpfloat(market.prices.btc_usd, !=, btc);
    g_assert_cmpint(market.prices.rent_us, ==, 0);
    hcp_market_advance(&market, 61 * S);
    g_assert_cmpint(market.prices.rent_us, ==, 60 * S);
    g_assert_cmpint(market.prices.power_us, ==, 0);
    hcp_market_advance(&market, 301 * S);
    g_assert_cmpint(market.prices.power_us, ==, 300 * S);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/market/preset-ranges", test_preset_ranges);
    g_test_add_func("/market/presets", test_demo_starts_at_seed_prices);
    g_test_add_func("/market/mining", test_mining_makes_sense);
    g_test_add_func("/market/btc-moments", test_btc_moments);
    g_test_add_func("/market/rent-correlation", test_rent_correlation);
    g_test_add_func("/market/power-shape", test_power_shape);
    g_test_add_func("/market/day-ahead", test_day_ahead);
    g_test_add_func("/market/reserve", test_reserve);
    g_test_add_func("/market/difficulty", test_difficulty_follows_price);
    g_test_add_func("/market/halving", test_halving);
    g_test_add_func("/market/determinism", test_determinism);
    g_test_add_func("/market/cadence", test_cadence);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Events of the grid weighed on figures worked out by hand, and laws that hold on random sites and prices. */
#include "base/rng.h"
#include "economics/bids.h"
#include "economics/curtailment.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define NEAR(actual, expected) g_assert_cmpfloat_with_epsilon(actual, expected, 1e-6)

/* 20 J/TH, or 17.5 at the lower target. At 60 USD/(PH/s day) and no fee a TH/s earns 0.0025 USD an hour. */
static const hcp_dispatch_target ASIC[] = {{4000, 200}, {2800, 160}};

/* 1,000 miners that draw nothing asleep, for round figures. */
static hcp_dispatch_class miners(int n_targets)
{
    return (hcp_dispatch_class){
        .asic = true, .mining = 1000, .targets = ASIC, .n_targets = n_targets, .switch_usd = 0.01};
}

static hcp_dispatch_class gpus(uint32_t serving, uint32_t idle)
{
    return (hcp_dispatch_class){.id = 1,
                                .serving = serving,
                                .idle = idle,
                                .serving_w = 1000,
                                .idle_w = 100,
                                .serve_usd_per_h = 3};
}

static hcp_dispatch_input site_of(const hcp_dispatch_class *classes, int n)
{
    return (hcp_dispatch_input){.pue = 1,
                                .cap_w = 10e6,
                                .usd_per_mwh = 40,
                                .hashprice = 60,
                                .price_good = true,
                                .hashprice_good = true,
                                .classes = classes,
                                .n_classes = n};
}

/* Ten minutes of ramp, two hours, half an hour back, all at the price in force. */
static void parts_of(double target_w, hcp_curtailment_part ret_parts[3])
{
    const double h[] = {1.0 / 6, 2, 0.5};
    for (int i = 0; i < 3; i++)
        ret_parts[i] = (hcp_curtailment_part){
            .h = h[i], .cap_w = target_w, .open_cap_w = 10e6, .paid = i == 1, .step = -1};
}

static hcp_curtailment event_of(const hcp_dispatch_input *site, const hcp_curtailment_part *parts)
{
    return (hcp_curtailment){.site = site,
                             .parts = parts,
                             .n_parts = 3,
                             .baseline_w = 4e6,
                             .target_w = 1e6,
                             .payment_usd_per_mwh = 100,
                             .availability_usd_per_mw = 50,
                             .penalty_usd_per_mwh = 200};
}

/* --- the bid curve ------------------------------------------------------------------------------------------------------ */

static void test_bids_by_hand(void)
{
    const hcp_dispatch_class classes[] = {miners(2)};
    const hcp_dispatch_input site = site_of(classes, 1);
    hcp_bids bids;
    hcp_bids_fill(&site, &bids);
    /* 2,800 W earn 0.40 USD: 142.86 USD/MWh; the 1,200 W more earn 0.10: 83.33. */
    g_assert_cmpint(bids.n, ==, 2);
    NEAR(bids.items[0].usd_per_mwh, 0.4 / 0.0028);
    NEAR(bids.items[0].mw, 2.8);
    NEAR(bids.items[0].devices, 1000);
    NEAR(bids.items[1].usd_per_mwh, 0.1 / 0.0012);
    NEAR(bids.items[1].mw, 1.2);
    NEAR(bids.items[1].devices, 0);
    static const struct {
        double usd_per_mwh, room_mw, mw, devices, usd_per_h;
    } cases[] = {
        {40, 10, 4.0, 1000, 500}, {40, 1.4, 1.4, 500, 200}, {100, 10, 2.8, 1000, 400},
        {150, 10, 0.0, 0, 0},     {40, -1, 0.0, 0, 0},      {-20, 3.4, 3.4, 1000, 450},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        hcp_bids_taken taken;
        hcp_bids_take(&bids, cases[i].usd_per_mwh, cases[i].room_mw, &taken);
        NEAR(taken.mw, cases[i].mw);
        NEAR(taken.devices[0], cases[i].devices);
        NEAR(taken.usd_per_h, cases[i].usd_per_h);
    }
}

/* An order to rest above a price holds in the curve; reserve that is sold is income of every MW. */
static void test_bids_strike_and_reserve(void)
{
    hcp_dispatch_class classes[] = {miners(1), miners(1)};
    hcp_dispatch_input site = site_of(classes, 2);
    hcp_bids_taken taken;
    hcp_bids bids;
    classes[1].struck = true;
    classes[1].strike_usd_per_mwh = 35;
    hcp_bids_fill(&site, &bids);
    hcp_bids_take(&bids, 40, 20, &taken);
    NEAR(taken.mw, 4);
    NEAR(taken.devices[1], 0);
    site.reserve_usd_per_mw = 12;
    hcp_bids_fill(&site, &bids);
    NEAR(bids.items[0].usd_per_mwh, 125 + 12);
    hcp_bids_take(&bids, 34, 20, &taken);
    NEAR(taken.mw, 8);
    NEAR(taken.asic_mw, 8);
}

/* --- events ------------------------------------------------------------------------------------------------------------- */

/* 4 MW of miners that earn 125 USD/MWh and pay 40. The event leaves 1 MW for 2 h 40 min. */
static void test_miners_that_would_run(void)
{
    const hcp_dispatch_class classes[] = {miners(1)};
    const hcp_dispatch_input site = site_of(classes, 1);
    hcp_curtailment_part parts[3];
    hcp_curtailment_worth worth;
    parts_of(1e6, parts);
    const hcp_curtailment event = event_of(&site, parts);
    hcp_curtailment_assess(&event, &worth);
    NEAR(worth.asked_mwh, 6);
    NEAR(worth.without_mwh, 8);
    NEAR(worth.with_mwh, 2);
    NEAR(worth.mining_usd.expected, 3 * 125 * (8.0 / 3)); /* 1,000 USD */
    NEAR(worth.electricity_usd.expected, 3 * 40 * (8.0 / 3));
    NEAR(worth.price_usd_per_mwh, 40);
    NEAR(worth.payment_usd, 600);
    NEAR(worth.availability_usd, 150);
    NEAR(worth.penalty_usd, 0);
    NEAR(worth.switch_usd, 750 * 0.01 * 2); /* 750 stop, and start again */
    NEAR(worth.worth_usd.expected, 600 + 150 - 1000 + 320 - 15);
    NEAR(worth.worth_usd.low, worth.worth_usd.expected); /* the price is known */
    NEAR(worth.worth_usd.high, worth.worth_usd.expected);
    NEAR(worth.gain_chance, 1);
    NEAR(worth.break_even_usd_per_mwh, 100 - 55.0 / 6);
    NEAR(worth.short_chance, 0);
    g_assert_nonnull(strstr(worth.reason, "55.00 USD"));
}

/* At 130 USD/MWh they would rest anyway: the whole payment is gain, and nothing is given up. */
static void test_miners_that_would_rest(void)
{
    const hcp_dispatch_class classes[] = {miners(1)};
    hcp_dispatch_input site = site_of(classes, 1);
    hcp_curtailment_part parts[3];
    hcp_curtailment_worth worth;
    site.usd_per_mwh = 130;
    parts_of(1e6, parts);
    const hcp_curtailment event = event_of(&site, parts);
    hcp_curtailment_assess(&event, &worth);
    NEAR(worth.without_mwh, 0);
    NEAR(worth.mining_usd.expected, 0);
    NEAR(worth.electricity_usd.expected, 0);
    NEAR(worth.switch_usd, 0);
    NEAR(worth.worth_usd.expected, 750);
    NEAR(worth.break_even_usd_per_mwh, -25); /* availability alone would do */
}

/* What leases draw is there with and without the event, so it costs nothing; those that are ended do. */
static void test_leases(void)
{
    const hcp_dispatch_class classes[] = {miners(1), gpus(800, 0)};
    const hcp_dispatch_input site = site_of(classes, 2);
    hcp_curtailment_part parts[3];
    hcp_curtailment_worth worth;
    parts_of(1e6, parts);
    hcp_curtailment event = event_of(&site, parts);
    hcp_curtailment_assess(&event, &worth);
    NEAR(worth.without_mwh, 2 * 4.8);
    NEAR(worth.with_mwh, 2);
    NEAR(worth.mining_usd.expected, 3.8 * 125 * (8.0 / 3));
    NEAR(worth.ai_usd, 0);
    parts_of(0.5e6, parts);
    event.target_w = 0.5e6;
    event.may_end = true;
    event.ended_w = 300e3;
    event.ended_usd = 2400;
    hcp_curtailment_assess(&event, &worth);
    NEAR(worth.with_mwh, 1);
    NEAR(worth.ai_usd, 2400);
    NEAR(worth.electricity_usd.expected, 4.3 * 40 * (8.0 / 3));
}

/* 100 idle GPUs draw 10 kW, and sleep where the target leaves no room. New leases would draw 100 kW at most. */
static void test_falling_short(void)
{
    const hcp_dispatch_class classes[] = {miners(1), gpus(900, 100)};
    const hcp_dispatch_input site = site_of(classes, 2);
    const double rises_w[] = {-50e3, 0, 20e3, 1e6};
    hcp_curtailment_part parts[3];
    hcp_curtailment_worth worth;
    parts_of(0.9e6, parts);
    hcp_curtailment event = event_of(&site, parts);
    event.target_w = 0.9e6;
    hcp_curtailment_assess(&event, &worth);
    NEAR(worth.with_mwh, 1.8);
    g_assert_true(isnan(worth.short_chance));
    NEAR(worth.penalty_usd, 0);
    event.rise_w = rises_w;
    event.n_rises = G_N_ELEMENTS(rises_w);
    hcp_curtailment_assess(&event, &worth);
    /* Short by 20 of 3,100 kW once and by 100 once, of four. */
    double missing = (0.02 + 0.1) / 4 / 3.1;
    NEAR(worth.short_chance, 0.5);
    NEAR(worth.payment_usd, 620 * (1 - missing));
    NEAR(worth.availability_usd, 155 * (1 - missing));
    NEAR(worth.penalty_usd, 1240 * missing);
    NEAR(worth.short_usd, (620 + 155 + 1240) * 0.1 / 3.1);
    event.may_end = true;
    hcp_curtailment_assess(&event, &worth);
    NEAR(worth.short_chance, 0);
    NEAR(worth.short_usd, 0);
}

/* While the event is in force no reserve is sold; a call of the reserve is paid on. */
static void test_reserve(void)
{
    const hcp_dispatch_class classes[] = {miners(1)};
    hcp_dispatch_input site = site_of(classes, 1);
    hcp_curtailment_part parts[3];
    hcp_curtailment_worth worth;
    site.reserve_usd_per_mw = 6;
    parts_of(1e6, parts);
    hcp_curtailment event = event_of(&site, parts);
    hcp_curtailment_assess(&event, &worth);
    NEAR(worth.reserve_usd, 4 * 6 * (8.0 / 3));
    NEAR(worth.mining_usd.expected, 1000);
    event.ready_w = 4e6;
    hcp_curtailment_assess(&event, &worth);
    NEAR(worth.reserve_usd, 0);
}

/* --- prices that are not known ------------------------------------------------------------------------------------------ */

/* Two prices, 20 and 200, equally likely in the first step; then they stay as they are. */
static hcp_price_outlook *two_prices(void)
{
    hcp_price_outlook *outlook = g_new0(hcp_price_outlook, 1);
    outlook->n = 3;
    outlook->first[0] = outlook->first[HCP_CHAIN_BINS - 1] = 0.5F;
    for (int k = 0; k < outlook->n; k++)
        for (int b = 0; b < HCP_CHAIN_BINS; b++) {
            outlook->matrix[k].to[b][b] = 1.0F;
            outlook->usd_per_mwh[k][b] = b < HCP_CHAIN_BINS / 2 ? 20.0F : 200.0F;
        }
    return outlook;
}

static void test_uncertain_prices(void)
{
    const hcp_dispatch_class classes[] = {miners(1)};
    const hcp_dispatch_input site = site_of(classes, 1);
    g_autofree hcp_price_outlook *outlook = two_prices();
    hcp_curtailment_part parts[3];
    hcp_curtailment_worth worth;
    parts_of(1e6, parts);
    for (int i = 0; i < 3; i++)
        parts[i].step = i;
    hcp_curtailment event = event_of(&site, parts);
    event.outlook = outlook;
    event.payment_usd_per_mwh = 0;
    event.availability_usd_per_mw = 0;
    hcp_curtailment_assess(&event, &worth);
    /* At 20 mining earns 105 USD/MWh on 3 MW for 2 h 40 min; at 200 it rests. */
    NEAR(worth.price_usd_per_mwh, 110);
    NEAR(worth.mining_usd.expected, 500);
    NEAR(worth.mining_usd.low, 0);
    NEAR(worth.mining_usd.high, 1000);
    NEAR(worth.electricity_usd.expected, 80);
    NEAR(worth.electricity_usd.high, 160);
    NEAR(worth.worth_usd.expected, -0.5 * (840 + 15));
    NEAR(worth.worth_usd.low, -855);
    NEAR(worth.worth_usd.high, 0);
    NEAR(worth.gain_chance, 0);
    NEAR(worth.break_even_usd_per_mwh, 427.5 / 6);
    NEAR(worth.without_mwh, 4);
    event.payment_usd_per_mwh = 100;
    hcp_curtailment_assess(&event, &worth);
    g_assert_cmpfloat(worth.gain_chance, >, 0.45);
    g_assert_cmpfloat(worth.gain_chance, <, 0.55);
    NEAR(worth.break_even_usd_per_mwh, 427.5 / 6);
}

/* A part may start several steps ahead: the belief is carried there. */
static void test_later_steps(void)
{
    const hcp_dispatch_class classes[] = {miners(1)};
    const hcp_dispatch_input site = site_of(classes, 1);
    g_autofree hcp_price_outlook *outlook = two_prices();
    hcp_curtailment_part parts[3];
    hcp_curtailment_worth worth;
    memset(&outlook->matrix[1], 0, sizeof outlook->matrix[1]);
    for (int b = 0; b < HCP_CHAIN_BINS; b++)
        outlook->matrix[1].to[b][0] = 1.0F; /* from the second step on it is 20 */
    parts_of(1e6, parts);
    for (int i = 0; i < 3; i++)
        parts[i].step = 2;
    hcp_curtailment event = event_of(&site, parts);
    event.outlook = outlook;
    hcp_curtailment_assess(&event, &worth);
    NEAR(worth.price_usd_per_mwh, 20);
    NEAR(worth.mining_usd.low, 1000);
    NEAR(worth.mining_usd.high, 1000);
}

/* --- laws --------------------------------------------------------------------------------------------------------------- */

static void random_outlook(hcp_rng *rng, hcp_price_outlook *outlook)
{
    memset(outlook, 0, sizeof *outlook);
    outlook->n = 3;
    for (int k = 0; k < outlook->n; k++)
        for (int b = 0; b < HCP_CHAIN_BINS; b++) {
            outlook->usd_per_mwh[k][b] = (float)(hcp_rng_uniform(rng) * 300 - 50);
            outlook->matrix[k].to[b][hcp_rng_below(rng, HCP_CHAIN_BINS)] += 0.5F;
            outlook->matrix[k].to[b][hcp_rng_below(rng, HCP_CHAIN_BINS)] += 0.5F;
        }
    outlook->first[hcp_rng_below(rng, HCP_CHAIN_BINS)] = 1.0F;
}

/* What is given up is never a gain; at the break-even payment the worth is 0; more payment is worth what it pays; the
 * intervals hold what is expected. */
static void test_laws(void)
{
    g_autofree hcp_price_outlook *outlook = g_new(hcp_price_outlook, 1);
    hcp_rng rng;
    hcp_rng_init(&rng, 7, 0);
    for (int round = 0; round < 200; round++) {
        hcp_dispatch_class classes[] = {miners(2), miners(1),
                                        gpus((uint32_t)hcp_rng_below(&rng, 400), 50)};
        classes[1].mining = (uint32_t)hcp_rng_below(&rng, 3000);
        classes[1].ramp_up_h = hcp_rng_uniform(&rng);
        hcp_dispatch_input site = site_of(classes, G_N_ELEMENTS(classes));
        site.usd_per_mwh = hcp_rng_uniform(&rng) * 200;
        random_outlook(&rng, outlook);
        hcp_curtailment_part parts[3];
        parts_of(1e6 + hcp_rng_uniform(&rng) * 2e6, parts);
        for (int i = 0; i < 3; i++)
            parts[i].step = i - (int)hcp_rng_below(&rng, 2);
        parts[2].step = 2;
        parts[1].step = MAX(parts[0].step, MIN(parts[1].step, 1));
        hcp_curtailment event = event_of(&site, parts);
        event.outlook = outlook;
        event.target_w = parts[1].cap_w;
        hcp_curtailment_worth worth, at_even;
        hcp_curtailment_assess(&event, &worth);
        double saved = worth.electricity_usd.expected - worth.mining_usd.expected;
        g_assert_cmpfloat(saved, <=, 1e-6);
        g_assert_cmpfloat(worth.with_mwh, <=, event.target_w / 1e6 * 2 + 1e-6);
        g_assert_cmpfloat(worth.with_mwh, <=, worth.without_mwh + 1e-6);
        g_assert_cmpfloat(worth.worth_usd.low, <=, worth.worth_usd.expected);
        g_assert_cmpfloat(worth.worth_usd.high, >=, worth.worth_usd.expected);
        event.payment_usd_per_mwh = worth.break_even_usd_per_mwh;
        hcp_curtailment_assess(&event, &at_even);
        NEAR(at_even.worth_usd.expected, 0);
        NEAR(at_even.payment_usd - worth.payment_usd, -worth.worth_usd.expected);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bids/by-hand", test_bids_by_hand);
    g_test_add_func("/bids/strike-and-reserve", test_bids_strike_and_reserve);
    g_test_add_func("/curtailment/would-run", test_miners_that_would_run);
    g_test_add_func("/curtailment/would-rest", test_miners_that_would_rest);
    g_test_add_func("/curtailment/leases", test_leases);
    g_test_add_func("/curtailment/falling-short", test_falling_short);
    g_test_add_func("/curtailment/reserve", test_reserve);
    g_test_add_func("/curtailment/uncertain-prices", test_uncertain_prices);
    g_test_add_func("/curtailment/later-steps", test_later_steps);
    g_test_add_func("/curtailment/laws", test_laws);
    return g_test_run();
}

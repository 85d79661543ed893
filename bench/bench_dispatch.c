/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The dispatch policies over a recorded market: the miners of the guide scenario's Texas North, with the site's cap and with
 * one that cannot hold all of them. Prints profit, share of the gap between never moving and the optimum that is
 * closed, and processor time a decision; the same of each half, planned with a price model fitted on the other; then how
 * time grows with classes and with the steps of the day that is planned.
 *
 *     bench_dispatch [MARKET.csv]        without one: markets of several kinds, eight seeds of 60 days each
 */
#include "../tests/economics/kinds.h"
#include "../tests/economics/synthetic.h"
#include "cli/economics.h"
#include "economics/dispatch/backtest.h"
#include "economics/forecast/fit.h"

#include <stdio.h>
#include <time.h>

static const hcp_dispatch_target S21[] = {{3500, 200}, {2800, 170}, {2100, 135}};
static const hcp_dispatch_target S19XP[] = {{3010, 140}, {2410, 119}, {1810, 94}};

/* Seconds of ramps and dollars of a switch as the platform measured them. */
#define RAMP_UP_H (10.0 / 3600)
#define RAMP_DOWN_H (5.0 / 3600)

static hcp_dispatch_class miners(uint32_t id, uint32_t count, const hcp_dispatch_target *targets,
                                 double switch_usd)
{
    return (hcp_dispatch_class){.id = id,
                                .asic = true,
                                .mining = count,
                                .idle_w = 120,
                                .standby_w = 25,
                                .targets = targets,
                                .n_targets = 3,
                                .switch_usd = switch_usd,
                                .ramp_up_h = RAMP_UP_H,
                                .ramp_down_h = RAMP_DOWN_H};
}

typedef struct {
    const char *name;
    double cap_w, switch_usd;
    int64_t min_dwell_us;
    bool late;
} setting;

static const setting SETTINGS[] = {
    {"cap 100 MW, paid at the price in force", 100e6, 0.001, INT64_C(600000000), false},
    {"cap 100 MW, paid at the hour's own price", 100e6, 0.001, INT64_C(600000000), true},
    {"cap 30 MW, paid at the hour's own price", 30e6, 0.001, INT64_C(600000000), true},
    {"cap 100 MW, own price, 0.21 USD a switch, 4 h", 100e6, 0.21, INT64_C(14400000000), true},
};

static void print(const char *name, const hcp_dispatch_backtest_result *r, double fixed_usd,
                  double optimum_usd, double us)
{
    double closed = 100.0 * (r->profit_usd - fixed_usd) / (optimum_usd - fixed_usd);
    printf("  %-10s %14.0f USD %8.1f %% closed %6d moves %10.0f MWh %8.0f USD switching %6.1f us\n",
           name, r->profit_usd, closed, r->moves, r->mined_mwh, r->switching_usd,
           us / (double)r->steps);
    fflush(stdout);
}

/* What all miners earn at full power, as many as fit, nothing ever moved: the plan that `mine` would be without targets. */
static double still(const hcp_market *market, const hcp_dispatch_site *site)
{
    hcp_dispatch_class classes[HCP_DISPATCH_MAX_CLASSES];
    hcp_dispatch_site fixed = *site;
    for (int c = 0; c < site->n_classes; c++) {
        classes[c] = site->classes[c];
        classes[c].n_targets = 1;
    }
    fixed.classes = classes;
    return hcp_dispatch_backtest_play(market, &fixed, &HCP_DISPATCH_MINE, NULL, NULL).profit_usd;
}

static const char *const POLICIES[] = {"mine", "threshold", "band", "lcp", "mpc", "hcp"};
#define N_POLICIES G_N_ELEMENTS(POLICIES)

/* What each policy earned, and the two ends of the gap. */
typedef struct {
    double fixed_usd, best_usd, bound_usd;
    hcp_dispatch_backtest_result of[N_POLICIES];
    double us[N_POLICIES]; /* of processor time */
} score;

static score judge(const hcp_market *market, const setting *s, const hcp_price_model *model)
{
    const hcp_dispatch_class classes[] = {miners(1, 10000, S21, s->switch_usd),
                                          miners(2, 5000, S19XP, s->switch_usd)};
    const hcp_dispatch_site site = {.classes = classes,
                                    .n_classes = 2,
                                    .cap_w = s->cap_w,
                                    .pue = 1.1,
                                    .pool_fee = 0.01,
                                    .threshold = 1.1,
                                    .min_dwell_us = s->min_dwell_us,
                                    .settles_late = s->late,
                                    .model = model};
    score all = {.fixed_usd = still(market, &site)};
    if (!hcp_dispatch_backtest_optimum(market, &site, 1.0, &all.best_usd, &all.bound_usd))
        g_error("the optimum could not be solved");
    for (size_t i = 0; i < N_POLICIES; i++) {
        clock_t before = clock();
        all.of[i] = hcp_dispatch_backtest_play(market, &site, hcp_dispatch_policy_find(POLICIES[i]),
                                               NULL, NULL);
        all.us[i] = (double)(clock() - before) * 1e6 / CLOCKS_PER_SEC;
    }
    return all;
}

static void play(const hcp_market *market, const setting *s, const hcp_price_model *model)
{
    score all = judge(market, s, model);
    printf("%s: %zu steps of %g h, never moving %.0f USD, optimum %.0f USD (bound %.0f)\n", s->name,
           market->n - 1, market->step_h, all.fixed_usd, all.best_usd, all.bound_usd);
    for (size_t i = 0; i < N_POLICIES; i++)
        print(POLICIES[i], &all.of[i], all.fixed_usd, all.best_usd, all.us[i]);
}

/* Each half of the market, planned with a model that knows the other alone. */
static void play_halves(const hcp_market *market)
{
    size_t middle = market->n / 2;
    for (int half = 0; half < 2; half++) {
        g_autoptr(hcp_price_fit) fit = hcp_price_fit_new(market->step_h);
        hcp_market judged = *market;
        judged.steps += half == 0 ? 0 : middle;
        judged.n = half == 0 ? middle : market->n - middle;
        hcp_price_fit_add(fit, market, half == 0 ? middle : 0, half == 0 ? market->n : middle);
        hcp_price_model model = hcp_price_fit_model(fit);
        printf("%s half, the price model fitted on the other:\n", half == 0 ? "first" : "second");
        for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++)
            play(&judged, &SETTINGS[i], &model);
    }
}

/* Share of the gap of all seeds together that each policy closes. */
static void play_seeds(market_kind kind, bool published, const setting *s)
{
    enum { SEEDS = 8, STEPS = 1440 };
    double earned_usd[N_POLICIES] = {0}, gap_usd = 0, best_usd = 0;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        hcp_market market = market_of_kind(kind, seed, STEPS, 1.0);
        if (!published)
            market_hide_day_ahead(&market);
        score all = judge(&market, s, NULL);
        for (size_t i = 0; i < N_POLICIES; i++)
            earned_usd[i] += all.of[i].profit_usd - all.fixed_usd;
        gap_usd += all.best_usd - all.fixed_usd;
        best_usd += all.best_usd;
        g_free(market.steps);
    }
    printf("  %-10s %-13s gap %5.2f %%, closed:", MARKET_KIND_NAMES[kind],
           published ? "day-ahead" : "no day-ahead", 100.0 * gap_usd / best_usd);
    for (size_t i = 0; i < N_POLICIES; i++)
        printf("  %s %.1f", POLICIES[i], 100.0 * earned_usd[i] / gap_usd);
    putchar('\n');
    fflush(stdout);
}

static void play_kinds(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++) {
        printf("%s, eight seeds of 60 days:\n", SETTINGS[i].name);
        for (int kind = 0; kind < MARKET_KINDS; kind++)
            for (int published = 1; published >= 0; published--)
                play_seeds((market_kind)kind, published > 0, &SETTINGS[i]);
    }
}

static void play_file(const char *path)
{
    hcp_market market = {0};
    g_autoptr(GError) error = NULL;
    if (!hcp_cli_load_market(path, HCP_UTC_OFFSET_DEFAULT_H, &market, &error))
        g_error("%s", error->message);
    for (size_t i = 0; i < G_N_ELEMENTS(SETTINGS); i++)
        play(&market, &SETTINGS[i], NULL);
    play_halves(&market);
    hcp_cli_market_finish(&market);
}

/* The first decision of an instance that is told a week at once, as after a restart. */
static void restart(const hcp_market *market, hcp_dispatch_input *input, int64_t step_us)
{
    const hcp_dispatch_config config = {.step_us = step_us};
    g_autoptr(hcp_dispatch) dispatch = hcp_dispatch_new(&HCP_DISPATCH_HCP, &config);
    hcp_dispatch_plan plan;
    for (size_t t = 0; t < market->n; t++)
        hcp_dispatch_observe(dispatch, &(hcp_dispatch_price){market->steps[t].ts_us,
                                                             market->steps[t].price_usd_per_mwh,
                                                             market->steps[t].dam_usd_per_mwh, 50});
    input->now_us = input->price_at_us = input->price_known_us = market->steps[market->n - 1].ts_us;
    clock_t before = clock();
    hcp_dispatch_ask(dispatch, input, &plan);
    printf("      the first one after a restart, a week of prices: %.0f ms\n",
           (double)(clock() - before) * 1e3 / CLOCKS_PER_SEC);
}

/* One decision after a new price, and one between two prices, when only the room is shared out. */
static void grow(int n_classes, double step_h)
{
    enum { AGAIN = 200 };
    size_t steps = (size_t)(7 * 24 / step_h);
    hcp_dispatch_class classes[HCP_DISPATCH_MAX_CLASSES];
    hcp_market market = synthetic_market(1, steps, step_h);
    for (int c = 0; c < n_classes; c++)
        classes[c] = miners((uint32_t)c, 1000, c % 2 == 0 ? S21 : S19XP, 0.001);
    const hcp_dispatch_site site = {.classes = classes,
                                    .n_classes = n_classes,
                                    .cap_w = 2.5e6 * n_classes,
                                    .pue = 1.1,
                                    .pool_fee = 0.01,
                                    .threshold = 1.1,
                                    .min_dwell_us = INT64_C(600000000)};
    clock_t before = clock();
    (void)hcp_dispatch_backtest_play(&market, &site, &HCP_DISPATCH_HCP, NULL, NULL);
    double fresh_us = (double)(clock() - before) * 1e6 / CLOCKS_PER_SEC / (double)steps;
    int64_t at_us = market.steps[0].ts_us, step_us = (int64_t)(step_h * 3.6e9);
    const hcp_dispatch_config config = {.step_us = step_us};
    g_autoptr(hcp_dispatch) dispatch = hcp_dispatch_new(&HCP_DISPATCH_HCP, &config);
    hcp_dispatch_observe(dispatch, &(hcp_dispatch_price){at_us, 40, 35, 50});
    hcp_dispatch_input input = {.now_us = at_us,
                                .cap_w = site.cap_w,
                                .pue = 1.1,
                                .usd_per_mwh = 40,
                                .price_at_us = at_us,
                                .price_known_us = at_us,
                                .hashprice = 50,
                                .price_good = true,
                                .hashprice_good = true,
                                .classes = classes,
                                .n_classes = n_classes};
    hcp_dispatch_plan plan;
    hcp_dispatch_ask(dispatch, &input, &plan);
    before = clock();
    for (int i = 0; i < AGAIN; i++) {
        input.now_us = at_us + i * (step_us / AGAIN);
        hcp_dispatch_ask(dispatch, &input, &plan);
    }
    double again_us = (double)(clock() - before) * 1e6 / CLOCKS_PER_SEC / AGAIN;
    printf("  %2d classes, %2.0f steps: %8.1f us after a new price, %6.1f us between two\n",
           n_classes, 24 / step_h, fresh_us, again_us);
    restart(&market, &input, step_us);
    g_free(market.steps);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        play_file(argv[1]);
    else
        play_kinds();
    puts("hcp, every class with three targets, the cap binding:");
    for (int n = 1; n <= HCP_DISPATCH_MAX_CLASSES; n *= 4)
        for (double step_h = 1.0; step_h >= 0.25; step_h /= 2)
            grow(n, step_h);
    return 0;
}

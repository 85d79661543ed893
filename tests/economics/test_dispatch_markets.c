/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hcp` against the simple rules on markets that its price model has never seen. Where day-ahead prices are published it may
 * trail the best of them in hindsight by its guard's bound. Where none are it has days of the worst kind to learn from, and
 * which rule is best turns with them: there it may by twice the bound. HCP_TEST_SEEDS sets how many seeds.
 */
#include "economics/dispatch/backtest.h"
#include "kinds.h"

static const hcp_dispatch_target S21[] = {{3500, 200}, {2800, 170}, {2100, 135}};
static const hcp_dispatch_target S19XP[] = {{3010, 140}, {2410, 119}, {1810, 94}};

static const char *const SIMPLE[] = {"mine", "rest", "threshold", "band", "lcp"};

/* What switching costs and how long a device stays. An hour is paid at its own price: where the price in force is paid, all
 * that react do nearly as well. */
typedef struct {
    const char *name;
    double switch_usd;
    int64_t min_dwell_us;
} terms;

static const terms TERMS[] = {
    {"cheap switches", 0.001, INT64_C(600000000)},
    {"dear switches", 0.21, INT64_C(14400000000)},
};

typedef struct {
    market_kind kind;
    bool published;
    const terms *terms;
} world;

static uint64_t seeds(void)
{
    const char *text = g_getenv("HCP_TEST_SEEDS");
    return text != NULL ? g_ascii_strtoull(text, NULL, 10) : 1;
}

static double earned(const hcp_market *market, const hcp_dispatch_site *site, const char *policy)
{
    return hcp_dispatch_backtest_play(market, site, hcp_dispatch_policy_find(policy), NULL, NULL)
        .profit_usd;
}

static hcp_dispatch_class miners(uint32_t id, uint32_t count, const hcp_dispatch_target *targets,
                                 int n_targets, const terms *t)
{
    return (hcp_dispatch_class){.id = id,
                                .asic = true,
                                .mining = count,
                                .standby_w = 25,
                                .targets = targets,
                                .n_targets = n_targets,
                                .switch_usd = t->switch_usd,
                                .ramp_up_h = 10.0 / 3600,
                                .ramp_down_h = 5.0 / 3600};
}

/* Full power throughout: `mine` without other targets to go to. */
static double full_power(const hcp_market *market, const hcp_dispatch_site *site, const terms *t)
{
    const hcp_dispatch_class classes[] = {miners(1, 10000, S21, 1, t),
                                          miners(2, 5000, S19XP, 1, t)};
    hcp_dispatch_site still = *site;
    still.classes = classes;
    return earned(market, &still, "mine");
}

/* USD that `hcp` trails the best simple rule by, negative when it is ahead; `ret_bound_usd` is what it may. */
static double trails(const world *w, uint64_t seed, double *ret_bound_usd)
{
    hcp_market market = market_of_kind(w->kind, seed, 24 * 45, 1.0);
    const hcp_dispatch_class classes[] = {miners(1, 10000, S21, 3, w->terms),
                                          miners(2, 5000, S19XP, 3, w->terms)};
    const hcp_dispatch_site site = {.classes = classes,
                                    .n_classes = 2,
                                    .cap_w = 100e6,
                                    .pue = 1.1,
                                    .pool_fee = 0.01,
                                    .threshold = 1.1,
                                    .min_dwell_us = w->terms->min_dwell_us,
                                    .settles_late = true};
    if (!w->published)
        market_hide_day_ahead(&market);
    double best_usd = full_power(&market, &site, w->terms);
    for (size_t i = 0; i < G_N_ELEMENTS(SIMPLE); i++)
        best_usd = MAX(best_usd, earned(&market, &site, SIMPLE[i]));
    double behind_usd = best_usd - earned(&market, &site, "hcp");
    *ret_bound_usd = hcp_dispatch_backtest_bound_usd(&market, &site);
    g_free(market.steps);
    return behind_usd;
}

static void test_never_far_behind(gconstpointer data)
{
    const world *w = data;
    for (uint64_t seed = 1; seed <= seeds(); seed++) {
        double bound_usd, behind_usd = trails(w, seed, &bound_usd);
        g_test_message("%s, %s, %s, seed %" G_GUINT64_FORMAT ": behind %.0f of %.0f USD",
                       MARKET_KIND_NAMES[w->kind], w->published ? "day-ahead" : "no day-ahead",
                       w->terms->name, seed, behind_usd, bound_usd);
        g_assert_cmpfloat(behind_usd, <=, (w->published ? 1.0 : 2.0) * bound_usd);
    }
}

int main(int argc, char **argv)
{
    static world worlds[MARKET_KINDS * 2 * G_N_ELEMENTS(TERMS)];
    size_t n = 0;
    g_test_init(&argc, &argv, NULL);
    for (size_t t = 0; t < G_N_ELEMENTS(TERMS); t++)
        for (int kind = 0; kind < MARKET_KINDS; kind++)
            for (int published = 0; published < 2; published++) {
                worlds[n] = (world){(market_kind)kind, published > 0, &TERMS[t]};
                g_autofree char *path = g_strdup_printf("/dispatch_markets/%s/%s/%s", TERMS[t].name,
                                                        MARKET_KIND_NAMES[kind],
                                                        published ? "day-ahead" : "no day-ahead");
                g_test_add_data_func(path, &worlds[n++], test_never_far_behind);
            }
    return g_test_run();
}

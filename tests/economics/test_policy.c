/* SPDX-License-Identifier: Apache-2.0 */
/* One conformance suite for every policy, and what sets each of them apart. */
#include "base/error.h"
#include "economics/backtest.h"
#include "economics/forecast/fit.h"
#include "economics/policy/policies.h"
#include "synthetic.h"

static hcp_plant *plant_of(int kind, double step_h)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    int per_hour = (int)(1.0 / step_h);
    spec.step_h = step_h;
    spec.asic_j_per_th = 21.5;
    spec.asic_start_usd_per_mw = 60.0;
    spec.asic_min_down_steps = 4 * per_hour;
    spec.asic_min_up_steps = 2 * per_hour;
    if (kind >= 1) {
        spec.gpus = 8000;
        spec.gpu_w = 300;
        spec.gpu_start_usd_per_mw = 5;
        spec.gpu_stop_usd_per_mw = 5;
        spec.gpu_min_up_steps = 2;
    }
    if (kind == 2)
        spec.kind = HCP_PLANT_SLOT;
    return hcp_plant_new(&spec, NULL);
}

static hcp_policy *policy_of(const hcp_policy_ops *ops, const hcp_plant *plant)
{
    hcp_policy_config config = hcp_policy_config_default();
    return hcp_policy_new_ops(ops, plant, &config);
}

/* What every decision must be. */
static bool check_decision(void *data, size_t t, const hcp_policy_decision *decision, double profit)
{
    const hcp_plant *plant = data;
    (void)t;
    g_assert_true(isfinite(profit));
    g_assert_true(decision->state >= 0 && decision->state < plant->n_states);
    g_assert_true(isfinite(decision->forecast_usd_per_mwh));
    g_assert_cmpfloat(decision->forecast_low_usd_per_mwh, <=, decision->forecast_high_usd_per_mwh);
    g_assert_cmpfloat(decision->gain_low_usd, <=, decision->gain_high_usd + 1e-9);
    g_assert_cmpint(decision->rejected_state, !=, decision->state);
    g_assert_cmpuint(strlen(decision->reason), >, 0);
    g_assert_cmpuint(strlen(decision->source), >, 0);
    return true;
}

static void test_conformance(void)
{
    for (int kind = 0; kind < 3; kind++) {
        for (int slow = 0; slow < 2; slow++) {
            double step_h = slow ? 0.25 : 1.0;
            hcp_market market = synthetic_market(5, slow ? 100 : 500, step_h);
            g_autoptr(hcp_plant) plant = plant_of(kind, step_h);
            g_autofree double *rewards = hcp_market_rewards(&market, plant);
            hcp_backtest_bounds bounds = hcp_backtest_bounds_get(&market, plant, rewards);
            for (int i = 0; hcp_policy_all()[i] != NULL; i++) {
                g_autoptr(hcp_policy) policy = policy_of(hcp_policy_all()[i], plant);
                hcp_backtest_result r =
                    hcp_backtest_play(&market, plant, policy, check_decision, plant);
                g_assert_cmpfloat(r.profit_usd, <=, bounds.optimum.profit_usd + 1e-6);
            }
            g_free(market.steps);
        }
    }
}

/* Feeds that are late, empty or wild: a decision all the same, and no state the plant cannot be in. */
static void test_bad_feeds(void)
{
    g_autoptr(hcp_plant) plant = plant_of(1, 1.0);
    for (int i = 0; hcp_policy_all()[i] != NULL; i++) {
        g_autoptr(hcp_policy) policy = policy_of(hcp_policy_all()[i], plant);
        for (int t = 0; t < 300; t++) {
            double dam[3] = {t % 5 == 0 ? NAN : 30.0 + t, NAN, t % 7 == 0 ? -250.0 : 9000.0};
            hcp_policy_observation o = {
                .step = t,
                .ts_us = (int64_t)t * 3600000000,
                .dam_usd_per_mwh = dam,
                .n_dam = (size_t)(t % 4),
                .has_last = t % 3 != 0,
                .last_price_usd_per_mwh = t % 11 == 0 ? -200.0 : (t % 13 == 0 ? 9000.0 : 25.0),
                .last_demand = 0.5,
                .last_rate_usd_per_gpu_h = 0.1,
                .hashprice = t % 17 == 0 ? 0.0 : 50.0,
            };
            hcp_policy_decision d;
            hcp_policy_step(policy, &o, &d);
            check_decision(plant, 0, &d, 0.0);
        }
    }
}

/* When prices stop coming, ours stops moving and says so; when they come again, it goes on. */
static void test_stale(void)
{
    hcp_market market = synthetic_market(9, 400, 1.0);
    g_autoptr(hcp_plant) plant = plant_of(0, 1.0);
    g_autoptr(hcp_policy) policy = policy_of(&hcp_policy_hcp_ops, plant);
    int before = 0;
    for (size_t t = 0; t < market.n; t++) {
        hcp_market_published_prices prices;
        hcp_policy_observation o;
        hcp_policy_decision d;
        hcp_market_observe(&market, t, &prices, &o);
        if (t >= 300 && t < 340)
            o.has_last = false;
        hcp_policy_step(policy, &o, &d);
        g_assert_cmpfloat(d.stale_h, ==, t >= 300 && t < 340 ? (double)t - 299.0 : 0.0);
        if (d.stale_h > 6.0) {
            g_assert_cmpint(d.state, ==, before);
            g_assert_cmpstr(d.source, ==, "stale");
        } else {
            g_assert_cmpstr(d.source, !=, "stale");
        }
        before = d.state;
    }
    g_free(market.steps);
}

/* Two copies of a policy given the same say the same. */
static void test_deterministic(void)
{
    hcp_market market = synthetic_market(9, 300, 1.0);
    g_autoptr(hcp_plant) plant = plant_of(1, 1.0);
    for (int i = 0; hcp_policy_all()[i] != NULL; i++) {
        g_autoptr(hcp_policy) a = policy_of(hcp_policy_all()[i], plant);
        g_autoptr(hcp_policy) b = policy_of(hcp_policy_all()[i], plant);
        double x = hcp_backtest_play(&market, plant, a, NULL, NULL).profit_usd;
        double y = hcp_backtest_play(&market, plant, b, NULL, NULL).profit_usd;
        g_assert_cmpfloat(x, ==, y);
    }
    g_free(market.steps);
}

/* Changing the future changes no decision of the past. */
static void test_no_look_ahead(void)
{
    const size_t n = 400, cut = 200;
    hcp_market market = synthetic_market(21, n, 1.0), other = synthetic_market(21, n, 1.0);
    for (size_t t = cut; t < n; t++) {
        other.steps[t].price_usd_per_mwh += 700.0;
        other.steps[t].demand = 0.0;
    }
    for (size_t t = cut + 48; t < n; t++)
        other.steps[t].dam_usd_per_mwh = 900.0;
    g_autoptr(hcp_plant) plant = plant_of(1, 1.0);
    for (int i = 0; hcp_policy_all()[i] != NULL; i++) {
        g_autoptr(hcp_policy) a = policy_of(hcp_policy_all()[i], plant);
        g_autoptr(hcp_policy) b = policy_of(hcp_policy_all()[i], plant);
        for (size_t t = 0; t <= cut; t++) {
            hcp_market_published_prices prices;
            hcp_policy_observation o;
            hcp_policy_decision x, y;
            hcp_market_observe(&market, t, &prices, &o);
            hcp_policy_step(a, &o, &x);
            hcp_market_observe(&other, t, &prices, &o);
            hcp_policy_step(b, &o, &y);
            g_assert_cmpint(x.state, ==, y.state);
        }
    }
    g_free(market.steps);
    g_free(other.steps);
}

static double closed_by(const hcp_policy_ops *ops, const hcp_plant *plant, const hcp_market *market,
                        const hcp_price_model *model)
{
    g_autofree double *rewards = hcp_market_rewards(market, plant);
    hcp_backtest_bounds bounds = hcp_backtest_bounds_get(market, plant, rewards);
    hcp_policy_config config = hcp_policy_config_default();
    config.initial_state = bounds.best_static;
    config.model = model;
    g_autoptr(hcp_policy) policy = hcp_policy_new_ops(ops, plant, &config);
    double profit = hcp_backtest_play(market, plant, policy, NULL, NULL).profit_usd;
    return hcp_backtest_closed_pct(&bounds, profit);
}

/* On a market whose kind it was fitted to (spikes that nothing announces), ours still closes a part, static nothing. */
static void test_ranking(void)
{
    hcp_market past = synthetic_market(32, 5000, 1.0);
    g_autoptr(hcp_price_fit) fit = hcp_price_fit_new(1.0);
    hcp_price_fit_add(fit, &past, 0, past.n);
    hcp_price_model model = hcp_price_fit_model(fit);
    g_free(past.steps);
    hcp_market market = synthetic_market(33, 2500, 1.0);
    g_autoptr(hcp_plant) plant = plant_of(0, 1.0);
    double still = closed_by(&hcp_policy_static_ops, plant, &market, NULL);
    double ours = closed_by(&hcp_policy_hcp_ops, plant, &market, &model);
    g_assert_cmpfloat_with_epsilon(still, 0.0, 1e-9);
    g_assert_cmpfloat(ours, >, 20.0);
    g_free(market.steps);
}

/* Where the day-ahead price settles, nothing is uncertain a day ahead, and nearly all of the gap closes. */
static void test_settled_at_day_ahead(void)
{
    hcp_market market = synthetic_market(34, 3000, 1.0);
    for (size_t t = 0; t < market.n; t++) {
        market.steps[t].dam_usd_per_mwh *= t % 24 >= 18 && t % 24 < 22 ? 6.0 : 1.0;
        market.steps[t].price_usd_per_mwh = market.steps[t].dam_usd_per_mwh;
    }
    g_autoptr(hcp_plant) plant = plant_of(0, 1.0);
    g_assert_cmpfloat(closed_by(&hcp_policy_hcp_ops, plant, &market, NULL), >, 98.0);
    g_free(market.steps);
}

/* With reserve sold, profit is energy profit plus what standing ready paid, less nothing twice; and being called in a
 * spike makes a stop before it worth less. */
static void test_reserve(void)
{
    hcp_market market = synthetic_market(35, 1500, 1.0);
    for (size_t t = 0; t < market.n; t++)
        market.steps[t].reserve_usd_per_mw = 4.0;
    g_autoptr(hcp_plant) plant = plant_of(0, 1.0);
    market.call_usd_per_mwh = 400.0;
    hcp_backtest_result r[2];
    for (int sold = 0; sold < 2; sold++) {
        market.sells_reserve = sold;
        g_autoptr(hcp_policy) policy = policy_of(&hcp_policy_hcp_ops, plant);
        r[sold] = hcp_backtest_play(&market, plant, policy, NULL, NULL);
    }
    g_assert_cmpfloat(r[0].reserve_usd, ==, 0.0);
    g_assert_cmpuint(r[0].called_steps, ==, 0);
    g_assert_cmpfloat_with_epsilon(r[1].reserve_usd, 40.0 * (double)r[1].steps_in[0], 1e-6);
    g_assert_cmpuint(r[1].called_steps, >, 0);
    g_assert_cmpfloat(r[1].profit_usd, >, r[0].profit_usd + 0.8 * r[1].reserve_usd);
    g_assert_cmpint(r[1].switches, <=, r[0].switches);
    g_free(market.steps);
}

/* The flip price is where the decision flips. */
static void test_flip_price(void)
{
    hcp_market market = synthetic_market(40, 60, 1.0);
    g_autoptr(hcp_plant) plant = plant_of(0, 1.0);
    g_autoptr(hcp_policy) policy = policy_of(&hcp_policy_hcp_ops, plant);
    int found = 0;
    for (size_t t = 0; t < market.n; t++) {
        hcp_market_published_prices prices;
        hcp_policy_observation o;
        hcp_policy_decision d;
        hcp_market_observe(&market, t, &prices, &o);
        hcp_policy_step(policy, &o, &d);
        if (t == 0 || d.rejected_state < 0)
            continue;
        g_assert_cmpfloat(d.gain_usd, >=, 0.0);
        if (d.state == 0) /* mining: only a higher price stops it */
            g_assert_cmpfloat(d.flip_price_usd_per_mwh, >=, d.forecast_usd_per_mwh);
        found++;
    }
    g_assert_cmpint(found, >, 40);
    g_free(market.steps);
}

static void test_unknown_name(void)
{
    g_autoptr(hcp_plant) plant = plant_of(0, 1.0);
    hcp_policy_config config = hcp_policy_config_default();
    g_autoptr(GError) error = NULL;
    g_assert_null(hcp_policy_new("magic", plant, &config, &error));
    g_assert_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND);
    g_assert_nonnull(strstr(error->message, "hcp"));
    g_autoptr(hcp_policy) policy = hcp_policy_new("lcp", plant, &config, NULL);
    g_assert_cmpstr(hcp_policy_name(policy), ==, "lcp");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/policy/conformance", test_conformance);
    g_test_add_func("/policy/bad-feeds", test_bad_feeds);
    g_test_add_func("/policy/stale", test_stale);
    g_test_add_func("/policy/deterministic", test_deterministic);
    g_test_add_func("/policy/no-look-ahead", test_no_look_ahead);
    g_test_add_func("/policy/ranking", test_ranking);
    g_test_add_func("/policy/settled-at-day-ahead", test_settled_at_day_ahead);
    g_test_add_func("/policy/reserve", test_reserve);
    g_test_add_func("/policy/flip-price", test_flip_price);
    g_test_add_func("/policy/unknown-name", test_unknown_name);
    return g_test_run();
}

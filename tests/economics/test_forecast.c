/* SPDX-License-Identifier: Apache-2.0 */
/* Price and demand forecasts on series whose law is known. */
#include "base/rng.h"
#include "base/units.h"
#include "economics/forecast/demand.h"
#include "economics/forecast/fit.h"
#include "economics/forecast/price.h"
#include "synthetic.h"

#include <math.h>

static void step(hcp_price_forecast *f, int t, const double *dam, size_t n, double last)
{
    hcp_price_known known = {
        .ts_us = (int64_t)t * HCP_US_PER_H,
        .dam_usd_per_mwh = dam,
        .n_dam = n,
        .has_last = !isnan(last),
        .last_price_usd_per_mwh = last,
    };
    hcp_price_forecast_step(f, &known);
}

static void test_exact_settlement(void)
{
    g_autoptr(hcp_price_forecast) f = hcp_price_forecast_new(1.0, -6.0, NULL);
    g_autofree hcp_price_outlook *outlook = g_new0(hcp_price_outlook, 1);
    double dam[24];
    for (int t = 0; t < 30; t++) {
        for (int k = 0; k < 24; k++)
            dam[k] = 20.0 + (t + k) % 24;
        step(f, t, dam, 24, t == 0 ? NAN : 20.0 + (t - 1) % 24);
    }
    hcp_price_forecast_outlook(f, 24, outlook);
    g_assert_cmpfloat_with_epsilon(hcp_price_outlook_mean(outlook), dam[0], 1e-3);
    g_assert_cmpfloat_with_epsilon(hcp_price_outlook_quantile(outlook, 0.9), dam[0], 1e-3);
    for (int k = 0; k < 24; k++)
        g_assert_cmpfloat_with_epsilon(outlook->base_usd_per_mwh[k], dam[k], 1e-9);
}

/* Beyond what is published the day before repeats, and gaps are filled from it. */
static void test_unpublished(void)
{
    g_autoptr(hcp_price_forecast) f = hcp_price_forecast_new(1.0, 0.0, NULL);
    double dam[24];
    for (int t = 0; t < 30; t++) {
        for (int k = 0; k < 24; k++)
            dam[k] = 10.0 + (t + k) % 24;
        dam[3] = NAN;
        step(f, t, dam, 6, NAN);
    }
    for (int k = 0; k < 20; k++)
        g_assert_cmpfloat_with_epsilon(hcp_price_forecast_base(f, k), 10.0 + (29 + k) % 24, 1e-9);
    step(f, 30, NULL, 0, 55.0);
    g_assert_cmpfloat_with_epsilon(hcp_price_forecast_base(f, 0), 10.0 + 30 % 24, 1e-9);
}

/* Where nothing is ever published, each hour has the habit of what settled at it, and follows when that changes. */
static void test_habit(void)
{
    g_autoptr(hcp_price_forecast) f = hcp_price_forecast_new(1.0, 0.0, NULL);
    int t = 0;
    for (; t < 24 * 10; t++)
        step(f, t, NULL, 0, t == 0 ? NAN : 10.0 + (t - 1) % 24);
    for (int k = 0; k < 24; k++)
        g_assert_cmpfloat_with_epsilon(hcp_price_forecast_base(f, k), 10.0 + (t - 1 + k) % 24, 3.0);
    for (; t < 24 * 30; t++)
        step(f, t, NULL, 0, 60.0 + (t - 1) % 24);
    for (int k = 0; k < 24; k++)
        g_assert_cmpfloat_with_epsilon(hcp_price_forecast_base(f, k), 60.0 + (t - 1 + k) % 24, 3.0);
    g_assert_cmpfloat_with_epsilon(hcp_price_forecast_base_before(f), 60.0 + (t - 2) % 24, 3.0);
}

/* Calibration on a market of known law: the mean is right and the 10-90 % range holds about 80 % of the prices. */
static void test_calibration(void)
{
    hcp_market market = synthetic_market(8, 6000, 1.0);
    g_autoptr(hcp_price_forecast) f = hcp_price_forecast_new(1.0, -6.0, NULL);
    g_autofree hcp_price_outlook *outlook = g_new0(hcp_price_outlook, 1);
    double said = 0.0, was = 0.0;
    int inside = 0, count = 0;
    for (size_t t = 1; t < market.n; t++) {
        step(f, (int)t + 6, &market.steps[t].dam_usd_per_mwh, 1,
             market.steps[t - 1].price_usd_per_mwh);
        if (t < 2000)
            continue;
        hcp_price_forecast_outlook(f, 1, outlook);
        double price = market.steps[t].price_usd_per_mwh;
        said += hcp_price_outlook_mean(outlook);
        was += price;
        inside += price >= hcp_price_outlook_quantile(outlook, 0.1) &&
                  price <= hcp_price_outlook_quantile(outlook, 0.9);
        count++;
    }
    g_assert_cmpfloat_with_epsilon(said / count, was / count, 0.1 * was / count);
    g_assert_cmpfloat((double)inside / count, >, 0.7);
    g_assert_cmpfloat((double)inside / count, <, 0.95);
    g_free(market.steps);
}

static void test_fit_round_trip(void)
{
    hcp_market market = synthetic_market(4, 2000, 1.0);
    market.steps[700].price_usd_per_mwh = NAN;
    g_autoptr(hcp_price_fit) fit = hcp_price_fit_new(1.0);
    hcp_price_fit_add(fit, &market, 0, market.n);
    hcp_price_model model = hcp_price_fit_model(fit);
    size_t moves = 0;
    for (size_t i = 0; i < model.n_cells; i++)
        moves += model.cells[i].count;
    g_assert_cmpuint(moves, ==,
                     market.n - 1 - 2); /* the gap costs the move into it and out of it */

    /* a forecast that knows the fit is better than one that knows nothing, on another stretch */
    hcp_market other = synthetic_market(5, 1000, 1.0);
    double error[2] = {0};
    g_autofree hcp_price_outlook *outlook = g_new0(hcp_price_outlook, 1);
    for (int with = 0; with < 2; with++) {
        g_autoptr(hcp_price_forecast) f = hcp_price_forecast_new(1.0, -6.0, with ? &model : NULL);
        for (size_t t = 1; t < other.n; t++) {
            step(f, (int)t + 6, &other.steps[t].dam_usd_per_mwh, 1,
                 other.steps[t - 1].price_usd_per_mwh);
            hcp_price_forecast_outlook(f, 1, outlook);
            double miss = hcp_price_outlook_mean(outlook) - other.steps[t].price_usd_per_mwh;
            error[with] += miss * miss;
        }
    }
    g_assert_cmpfloat(error[1], <, error[0]);
    g_free(market.steps);
    g_free(other.steps);
}

static double width_of(hcp_price_forecast *f)
{
    g_autofree hcp_price_outlook *outlook = g_new0(hcp_price_outlook, 1);
    hcp_price_forecast_outlook(f, 1, outlook);
    return hcp_price_outlook_quantile(outlook, 0.9) - hcp_price_outlook_quantile(outlook, 0.1);
}

/* Missing prices widen the outlook against one that has them, and the first that arrives narrows it again. */
static void test_stale(void)
{
    hcp_market market = synthetic_market(8, 1500, 1.0);
    g_autoptr(hcp_price_forecast) late = hcp_price_forecast_new(1.0, -6.0, NULL);
    g_autoptr(hcp_price_forecast) timely = hcp_price_forecast_new(1.0, -6.0, NULL);
    double wide = 0.0, narrow = 0.0;
    for (size_t t = 1; t < market.n; t++) {
        bool missing = t >= 1400 && t < 1410;
        double last = market.steps[t - 1].price_usd_per_mwh;
        step(late, (int)t + 6, &market.steps[t].dam_usd_per_mwh, 1, missing ? NAN : last);
        step(timely, (int)t + 6, &market.steps[t].dam_usd_per_mwh, 1, last);
        g_assert_cmpfloat(hcp_price_forecast_stale_h(late), ==, missing ? (double)t - 1399.0 : 0.0);
        if (missing && t >= 1403) {
            wide += width_of(late);
            narrow += width_of(timely);
        }
    }
    g_assert_cmpfloat(wide, >, 1.2 * narrow);
    g_assert_cmpfloat_with_epsilon(width_of(late), width_of(timely), 0.1 * width_of(timely));
    g_free(market.steps);
}

static double daily(int t)
{
    return 0.5 + 0.3 * sin(t / 24.0 * 2.0 * G_PI);
}

static void test_demand_daily(void)
{
    g_autoptr(hcp_demand_forecast) f = hcp_demand_forecast_new(1.0);
    g_assert_cmpfloat(hcp_demand_forecast_at(f, 1), ==, 0.0);
    hcp_rng rng;
    hcp_rng_init(&rng, 6, 0);
    int t = 0;
    for (; t < 24 * 20; t++)
        hcp_demand_forecast_observe(f, daily(t) + 0.02 * hcp_rng_normal(&rng));
    g_assert_cmpstr(hcp_demand_forecast_model(f), ==, "day");
    for (int k = 1; k <= 48; k++)
        g_assert_cmpfloat_with_epsilon(hcp_demand_forecast_at(f, k), daily(t - 1 + k), 0.08);
}

/* A random walk has no profile: every seasonal model loses and is off. */
static void test_demand_walk(void)
{
    g_autoptr(hcp_demand_forecast) f = hcp_demand_forecast_new(1.0);
    hcp_rng rng;
    hcp_rng_init(&rng, 7, 0);
    double v = 0.5;
    for (int t = 0; t < 24 * 40; t++) {
        v = CLAMP(v + 0.01 * hcp_rng_normal(&rng), 0.0, 1.0);
        hcp_demand_forecast_observe(f, v);
    }
    g_assert_cmpstr(hcp_demand_forecast_model(f), ==, "persistence");
    g_assert_cmpfloat(hcp_demand_forecast_at(f, 5), ==, v);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/forecast/exact-settlement", test_exact_settlement);
    g_test_add_func("/forecast/unpublished", test_unpublished);
    g_test_add_func("/forecast/habit", test_habit);
    g_test_add_func("/forecast/calibration", test_calibration);
    g_test_add_func("/forecast/fit-round-trip", test_fit_round_trip);
    g_test_add_func("/forecast/stale", test_stale);
    g_test_add_func("/forecast/demand-daily", test_demand_daily);
    g_test_add_func("/forecast/demand-walk", test_demand_walk);
    return g_test_run();
}

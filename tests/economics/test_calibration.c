/* SPDX-License-Identifier: Apache-2.0 */
/* The reliability tables, counted by hand; and that what the planner states on a known market is right as often. */
#include "economics/backtest.h"
#include "economics/forecast/price.h"
#include "synthetic.h"

#include <math.h>

static void test_bins(void)
{
    hcp_calibration c = {0};
    hcp_calibration_add(&c, 19.9, 10, 30, 31);
    hcp_calibration_add(&c, 20.0, 10, 30, 30);
    hcp_calibration_add(&c, 600.0, 100, 900, 50);
    g_assert_cmpuint(c.bins[0].n, ==, 1);
    g_assert_cmpuint(c.bins[0].inside, ==, 0);
    g_assert_cmpuint(c.bins[1].inside, ==, 1);
    g_assert_cmpuint(c.bins[8].n, ==, 1);
    g_assert_cmpfloat_with_epsilon(hcp_calibration_coverage(&c), 1.0 / 3.0, 1e-12);
}

static void test_levels(void)
{
    hcp_calibration c = {0};
    hcp_calibration_add_confidence(&c, 0.95, true);
    hcp_calibration_add_confidence(&c, 0.97, false);
    hcp_calibration_add_confidence(&c, 0.2, false);
    hcp_calibration_add_confidence(&c, 1.0, true);
    g_assert_cmpuint(c.levels[5].n, ==, 2);
    g_assert_cmpuint(c.levels[5].right, ==, 1);
    g_assert_cmpfloat_with_epsilon(c.levels[5].said_sum, 1.92, 1e-12);
    g_assert_cmpuint(c.levels[0].n, ==, 1);
    g_assert_cmpuint(c.levels[8].n, ==, 1);
    g_assert_cmpfloat(hcp_calibration_level_edge(5), ==, 0.95);
}

/* Two grid points at 20 and 40 USD/MWh, squashed asinh(1) and asinh(2), all else impossible: each mass lies half an
 * interval around its point. */
static void test_chance_below(void)
{
    g_autofree hcp_price_outlook *o = g_new0(hcp_price_outlook, 1);
    o->stretch_low = o->stretch_high = 1.0;
    for (int b = 0; b < HCP_CHAIN_BINS; b++)
        o->usd_per_mwh[0][b] = (float)hcp_chain_unsquash((b - 9) * 0.5);
    o->first[9] = 0.25F;
    o->first[11] = 0.75F;
    g_assert_cmpfloat_with_epsilon(hcp_price_outlook_below(o, -100.0), 0.0, 1e-6);
    g_assert_cmpfloat_with_epsilon(hcp_price_outlook_below(o, 0.0), 0.125, 1e-6);
    g_assert_cmpfloat_with_epsilon(hcp_price_outlook_below(o, hcp_chain_unsquash(0.5)), 0.25, 1e-6);
    g_assert_cmpfloat_with_epsilon(hcp_price_outlook_below(o, hcp_chain_unsquash(1.0)), 0.625,
                                   1e-6);
    g_assert_cmpfloat_with_epsilon(hcp_price_outlook_below(o, 9e3), 1.0, 1e-6);
    g_assert_cmpfloat_with_epsilon(hcp_price_outlook_quantile(o, 0.625), hcp_chain_unsquash(1.0),
                                   1e-3);
    double median = hcp_chain_squash(hcp_price_outlook_quantile(o, 0.5));
    double plain = hcp_chain_squash(hcp_price_outlook_quantile(o, 0.9));
    o->stretch_high = 2.0;
    double wide = hcp_chain_squash(hcp_price_outlook_quantile(o, 0.9));
    g_assert_cmpfloat_with_epsilon(wide - median, 2.0 * (plain - median), 1e-6);
}

static void test_stated_is_right(void)
{
    hcp_market market = synthetic_market(12, 12000, 1.0);
    hcp_plant_spec spec = hcp_plant_spec_default();
    g_autoptr(hcp_plant) plant = hcp_plant_new(&spec, NULL);
    hcp_policy_config config = hcp_policy_config_default();
    g_autoptr(hcp_policy) policy = hcp_policy_new("hcp", plant, &config, NULL);
    hcp_backtest_result result = hcp_backtest_play(&market, plant, policy, NULL, NULL);
    g_assert_cmpfloat_with_epsilon(hcp_calibration_coverage(&result.calibration), 0.8, 0.02);
    size_t n = 0;
    double said = 0.0, right = 0.0;
    for (int i = 0; i < HCP_CALIBRATION_LEVELS; i++) {
        const hcp_calibration_level *l = &result.calibration.levels[i];
        n += l->n;
        said += l->said_sum;
        right += (double)l->right;
    }
    g_assert_cmpuint(n, >, 11000);
    g_assert_cmpfloat_with_epsilon(said / (double)n, right / (double)n, 0.01);
    g_free(market.steps);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/calibration/bins", test_bins);
    g_test_add_func("/calibration/levels", test_levels);
    g_test_add_func("/calibration/chance-below", test_chance_below);
    g_test_add_func("/calibration/stated-is-right", test_stated_is_right);
    return g_test_run();
}

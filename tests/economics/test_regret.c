/* SPDX-License-Identifier: Apache-2.0 */
/* Regret adds up and is never negative. */
#include "economics/backtest.h"
#include "economics/policy/policies.h"
#include "economics/regret.h"
#include "synthetic.h"

static hcp_plant *site(void)
{
    hcp_plant_spec spec = hcp_plant_spec_default();
    spec.asic_j_per_th = 21.5;
    spec.asic_start_usd_per_mw = 60.0;
    spec.asic_min_down_steps = 4;
    spec.asic_min_up_steps = 2;
    return hcp_plant_new(&spec, NULL);
}

static void test_by_cause(void)
{
    hcp_market market = synthetic_market(50, 1500, 1.0);
    g_autoptr(hcp_plant) plant = site();
    for (int i = 0; hcp_policy_all()[i] != NULL; i++) {
        hcp_policy_config config = hcp_policy_config_default();
        g_autoptr(hcp_policy) policy = hcp_policy_new_ops(hcp_policy_all()[i], plant, &config);
        double earned = hcp_backtest_play(&market, plant, policy, NULL, NULL).profit_usd;
        hcp_regret r = hcp_regret_by_cause(&market, plant, earned);
        g_assert_cmpfloat(r.switching_usd, >, 0.0);
        g_assert_cmpfloat(r.constraints_usd, >=, -1e-6);
        g_assert_cmpfloat(r.forecast_usd, >=, -1e-6);
        g_assert_cmpfloat_with_epsilon(
            r.ideal_usd - r.switching_usd - r.constraints_usd - r.forecast_usd, r.earned_usd, 1e-6);
    }
    g_free(market.steps);
}

static void test_calibration(void)
{
    hcp_calibration c = {0};
    g_assert_true(isnan(hcp_calibration_coverage(&c)));
    hcp_calibration_add(&c, 10, 5, 15, 12);
    hcp_calibration_add(&c, -30, -40, -20, 50);
    hcp_calibration_add(&c, 600, 100, 2000, 1500);
    g_assert_cmpfloat_with_epsilon(hcp_calibration_coverage(&c), 2.0 / 3.0, 1e-12);
    g_assert_cmpuint(c.bins[0].n, ==, 2);
    g_assert_cmpuint(c.bins[HCP_CALIBRATION_BINS - 1].n, ==, 1);
    for (int i = 1; i < HCP_CALIBRATION_BINS; i++)
        g_assert_cmpfloat(hcp_calibration_edge(i), >, hcp_calibration_edge(i - 1));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/regret/by-cause", test_by_cause);
    g_test_add_func("/regret/calibration", test_calibration);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The range's factors: where they start, how one step moves them, and that they end up holding 80 %. */
#include "economics/forecast/range.h"

#include "base/rng.h"
#include "economics/forecast/chain.h"

#include <math.h>

static void test_start(void)
{
    hcp_price_range range;
    double low, high;
    hcp_price_range_init(&range);
    hcp_price_range_factors(&range, 60.0, &low, &high);
    g_assert_cmpfloat_with_epsilon(low, 1.0, 1e-12);
    hcp_price_range_factors(&range, 400.0, &low, &high);
    g_assert_cmpfloat_with_epsilon(high, exp(0.5), 1e-12);
    hcp_price_range_factors(&range, 5000.0, &low, &high);
    g_assert_cmpfloat_with_epsilon(high, exp(0.5), 1e-12);
    hcp_price_range_factors(&range, -30.0, &low, &high);
    g_assert_cmpfloat_with_epsilon(low, exp(-0.2), 1e-12);
}

/* Half way between two levels a miss moves both by half of 0.1 x (1 - 0.1), and the other side back by 0.1 x 0.1. */
static void test_one_step(void)
{
    hcp_price_range range;
    hcp_price_range_init(&range);
    double middle = hcp_chain_unsquash((hcp_chain_squash(20.0) + hcp_chain_squash(60.0)) / 2.0);
    hcp_price_range_observe(&range, middle, false, true);
    g_assert_cmpfloat_with_epsilon(range.log_high[0], -0.2 + 0.045, 1e-12);
    g_assert_cmpfloat_with_epsilon(range.log_high[1], 0.0 + 0.045, 1e-12);
    g_assert_cmpfloat_with_epsilon(range.log_low[0], -0.2 - 0.005, 1e-12);
    g_assert_cmpfloat(range.log_high[2], ==, 0.2);
}

static void test_bounded(void)
{
    hcp_price_range range;
    double low, high;
    hcp_price_range_init(&range);
    for (int i = 0; i < 1000; i++)
        hcp_price_range_observe(&range, 900.0, true, false);
    hcp_price_range_factors(&range, 900.0, &low, &high);
    g_assert_cmpfloat_with_epsilon(low, 4.5, 1e-9);
    g_assert_cmpfloat_with_epsilon(high, 1.0 / 4.5, 1e-9);
}

/* A range of one unit each side around standard normal errors of deviation 2 must be stretched to 1.2816 x 2 in the
 * long run; at another level, where the deviation is 0.5, to 1.2816 x 0.5. */
static void test_converges(void)
{
    hcp_price_range range;
    hcp_rng rng;
    hcp_price_range_init(&range);
    hcp_rng_init(&rng, 11, 0);
    int outside = 0, n = 4000;
    for (int i = 0; i < n; i++) {
        double expected = i % 2 == 0 ? 15.0 : 450.0, low, high;
        double error = hcp_rng_normal(&rng) * (i % 2 == 0 ? 0.5 : 2.0);
        hcp_price_range_factors(&range, expected, &low, &high);
        outside += error < -low || error > high;
        hcp_price_range_observe(&range, expected, error<-low, error> high);
    }
    double low, high;
    g_assert_cmpfloat_with_epsilon((double)outside / n, 0.2, 0.01);
    hcp_price_range_factors(&range, 15.0, &low, &high);
    g_assert_cmpfloat_with_epsilon(high, 0.641, 0.2);
    hcp_price_range_factors(&range, 450.0, &low, &high);
    g_assert_cmpfloat_with_epsilon(high, 2.563, 0.8);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/range/start", test_start);
    g_test_add_func("/range/one-step", test_one_step);
    g_test_add_func("/range/bounded", test_bounded);
    g_test_add_func("/range/converges", test_converges);
    return g_test_run();
}

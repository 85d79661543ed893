/* SPDX-License-Identifier: Apache-2.0 */
/* Golden vectors: published network figures and the seeds' own decision matrix. */
#include "economics/formula.h"

#include <glib.h>
#include <math.h>

#define CLOSE(actual, expected, tolerance)                                                         \
    g_assert_cmpfloat_with_epsilon((actual), (expected), (tolerance))

static void test_btc_per_day(void)
{
    /* An S21 (200 TH/s) at difficulty 146.72 T, subsidy 3.125 BTC. */
    CLOSE(hcp_formula_btc_per_day(200, 146.72e12, 3.125), 8.569e-5, 1e-8);
    /* One device with the whole network's hashrate finds 144 blocks a day. */
    double network_ths = 146.72e12 * 4294967296.0 / 600.0 / 1e12;
    CLOSE(hcp_formula_btc_per_day(network_ths, 146.72e12, 3.125), 144 * 3.125, 1e-6);
}

static void test_hashprice(void)
{
    /* Published: about 47.6 USD/(PH/s day) at 146.72 T, 111,185 USD, subsidy only; 0.397 USD/h for an S21. */
    double hashprice = hcp_formula_hashprice(146.72e12, 3.125, 111185);
    CLOSE(hashprice, 47.6, 0.05);
    CLOSE(hcp_formula_mining_usd_per_h(200, hashprice, 0), 0.397, 0.001);
    CLOSE(hcp_formula_mining_usd_per_h(200, hashprice, 0.02), 0.389, 0.001);
}

static void test_breakeven(void)
{
    static const struct {
        double hashprice, usd_per_mwh;
    } rows[] = {{38.2, 91}, {43.1, 103}, {47.6, 113}, {53, 126}};
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++)
        CLOSE(hcp_formula_breakeven_usd_per_mwh(17.5, 1.0, rows[i].hashprice, 0),
              rows[i].usd_per_mwh, 0.6);
}

static void test_breakeven_earns_nothing(void)
{
    double price = hcp_formula_breakeven_usd_per_mwh(21.5, 1.08, 50, 0.01);
    double income = hcp_formula_mining_usd_per_h(140, 50, 0.01);
    double cost = hcp_formula_power_usd_per_h(140 * 21.5, 1.08, price);
    CLOSE(income, cost, 1e-9);
}

static void test_power(void)
{
    /* 0.7 kW at 0.045 USD/kWh: the seeds' 0.0315 USD/h, and 2.6985 left of 2.73. */
    double cost = hcp_formula_power_usd_per_h(700, 1.0, 45.0);
    CLOSE(cost, 0.0315, 1e-12);
    CLOSE(2.73 - cost, 2.6985, 1e-12);
    CLOSE(hcp_formula_usd_per_mwh(2.6985, 700, 1.0), 3855.0, 1e-6);
    g_assert_cmpfloat(hcp_formula_usd_per_mwh(1, 0, 1.2), ==, 0);
    CLOSE(hcp_formula_ai_usd_per_h(2.0, 1.5, 0.5), 2.75, 1e-12);
}

static void test_matrix(void)
{
    /* S2: 12.50 against 18.00, 4.00 USD/h of power each, 0.10 amortised. */
    hcp_matrix_input input = {.btc_revenue_usd_per_h = 12.5,
                              .ai_revenue_usd_per_h = 18,
                              .btc_power_usd_per_h = 4,
                              .ai_power_usd_per_h = 4,
                              .switch_cost_usd_per_h = 0.1,
                              .threshold = 1.1};
    hcp_matrix_result result = hcp_formula_matrix(&input);
    CLOSE(result.btc_net_usd_per_h, 8.5, 1e-12);
    CLOSE(result.ai_net_usd_per_h, 14, 1e-12);
    CLOSE(result.gain, 0.647, 0.0001);
    g_assert_true(result.switch_to_ai);

    input.ai_revenue_usd_per_h =
        4 + 8.5 * 1.1 + 0.05; /* above the threshold, but not after the switching cost */
    g_assert_false(hcp_formula_matrix(&input).switch_to_ai);
    input.btc_revenue_usd_per_h = 3; /* mining loses money: anything better will do */
    input.ai_revenue_usd_per_h = 3.5;
    g_assert_true(hcp_formula_matrix(&input).switch_to_ai);
}

static void test_score(void)
{
    CLOSE(hcp_formula_score(2.73, 0.0315), 98.846, 0.001);
    g_assert_cmpfloat(hcp_formula_score(0, 1), ==, 0);
    g_assert_cmpfloat(hcp_formula_score(1, 2), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/formula/btc_per_day", test_btc_per_day);
    g_test_add_func("/formula/hashprice", test_hashprice);
    g_test_add_func("/formula/breakeven", test_breakeven);
    g_test_add_func("/formula/breakeven_earns_nothing", test_breakeven_earns_nothing);
    g_test_add_func("/formula/power", test_power);
    g_test_add_func("/formula/matrix", test_matrix);
    g_test_add_func("/formula/score", test_score);
    return g_test_run();
}

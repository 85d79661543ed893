/* SPDX-License-Identifier: Apache-2.0 */
#include "base/money.h"
#include "base/rng.h"
#include "base/units.h"
#include "check.h"

static void test_accrue(void)
{
    g_assert_cmpint(hcp_money_accrue(2500000, HCP_US_PER_H, 8), ==, 20 * HCP_USD);
    g_assert_cmpint(hcp_money_accrue(3600, HCP_US_PER_S / 2, 1), ==, 1); /* half a micro-dollar */
    g_assert_cmpint(hcp_money_accrue(-3600, HCP_US_PER_S / 2, 1), ==, -1);
    g_assert_cmpint(hcp_money_accrue(3600, HCP_US_PER_S / 2 - 1, 1), ==, 0);
    g_assert_cmpint(hcp_money_accrue(98 * HCP_USD, 365 * HCP_US_PER_DAY, 100000), ==,
                    INT64_C(98) * 8760 * 100000 * HCP_USD);
}

/* Adding up second by second may round each second; the sum stays within half a micro-dollar per step. */
static void test_accrue_splits(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 7, 0);
    for (int i = 0; i < 2000; i++) {
        hcp_usd_micro rate = (hcp_usd_micro)hcp_rng_below(&rng, 10000000);
        int64_t duration_us = (int64_t)hcp_rng_below(&rng, (uint64_t)HCP_US_PER_DAY);
        int64_t cut = (int64_t)hcp_rng_below(&rng, (uint64_t)duration_us + 1);
        hcp_usd_micro whole = hcp_money_accrue(rate, duration_us, 3);
        hcp_usd_micro parts =
            hcp_money_accrue(rate, cut, 3) + hcp_money_accrue(rate, duration_us - cut, 3);
        g_assert_cmpint(ABS(whole - parts), <=, 1);
    }
}

static void test_accrue_overflow(void)
{
    if (g_test_subprocess()) {
        (void)hcp_money_accrue(INT64_MAX, INT64_MAX, INT64_MAX);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*!overflow*");
}

static void test_energy_cost(void)
{
    g_assert_cmpint(hcp_money_energy_cost(HCP_J_PER_MWH, 45 * HCP_USD), ==, 45 * HCP_USD);
    g_assert_cmpint(hcp_money_energy_cost(HCP_J_PER_KWH, 45 * HCP_USD), ==, 45000);
    g_assert_cmpint(hcp_money_energy_cost(HCP_J_PER_MWH, -12500000), ==, -12500000);
    g_assert_cmpint(hcp_money_energy_cost(1800, 1000000), ==, 1); /* 0.5 rounds away */
    g_assert_cmpint(hcp_money_energy_cost(1800, -1000000), ==, -1);
    g_assert_cmpint(hcp_money_energy_cost(1799, 1000000), ==, 0);
}

static void test_usd(void)
{
    g_assert_cmpint(hcp_money_from_usd(1.5), ==, 1500000);
    g_assert_cmpint(hcp_money_from_usd(-0.0000005), ==, -1);
    g_assert_cmpint(hcp_money_from_usd(0.1 + 0.2), ==, 300000);
    g_assert_cmpfloat(hcp_money_to_usd(-7250000), ==, -7.25);
}

static void test_text(void)
{
    static const struct {
        hcp_usd_micro amount;
        const char *text;
    } CASES[] = {
        {7500000, "7.50"},
        {1, "0.000001"},
        {0, "0.00"},
        {-12345678, "-12.345678"},
        {-1, "-0.000001"},
        {1234500, "1.2345"},
        {INT64_MAX, "9223372036854.775807"},
        {INT64_MIN, "-9223372036854.775808"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *text = hcp_money_format(CASES[i].amount);
        hcp_usd_micro parsed = 42;
        g_assert_cmpstr(text, ==, CASES[i].text);
        g_assert_true(hcp_money_parse(text, &parsed, NULL));
        g_assert_cmpint(parsed, ==, CASES[i].amount);
    }
}

static void test_text_round_trip(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 11, 0);
    for (int i = 0; i < 20000; i++) {
        hcp_usd_micro amount = (hcp_usd_micro)(hcp_rng_u64(&rng) >> hcp_rng_below(&rng, 64));
        hcp_usd_micro parsed;
        g_autofree char *text = hcp_money_format(amount);
        g_assert_true(hcp_money_parse(text, &parsed, NULL));
        g_assert_cmpint(parsed, ==, amount);
    }
}

static void test_parse_errors(void)
{
    static const struct {
        const char *text, *part;
    } CASES[] = {
        {"", "not a plain decimal number"},
        {"-", "not a plain decimal number"},
        {".5", "not a plain decimal number"},
        {"+1", "not a plain decimal number"},
        {" 1", "not a plain decimal number"},
        {"1 ", "not a plain decimal number"},
        {"1e3", "not a plain decimal number"},
        {"1,000", "\"1,000\" is not an amount of dollars"},
        {"1.", "no digit after the point"},
        {"1.0000000", "more than six decimals"},
        {"9223372036854.775808", "too large"},
        {"-9223372036854.775809", "too large"},
        {"99999999999999999999999", "too large"},
        {"$5", "expected a decimal number such as 12.50"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        GError *error = NULL;
        hcp_usd_micro amount = 42;
        g_assert_false(hcp_money_parse(CASES[i].text, &amount, &error));
        g_assert_cmpint(amount, ==, 42);
        check_error(&error, HCP_ERROR_INVALID, CASES[i].part);
    }
}

static void test_split_cents(void)
{
    int64_t cents[4];
    /* Two halves of a cent: the first gets it. */
    hcp_money_split_cents((hcp_usd_micro[]){1005000, 2005000}, 2, cents);
    g_assert_cmpint(cents[0], ==, 101);
    g_assert_cmpint(cents[1], ==, 200);
    /* $0.3333333 three times is a dollar: one of them gets the cent. */
    hcp_money_split_cents((hcp_usd_micro[]){333333, 333333, 333334}, 3, cents);
    g_assert_cmpint(cents[0], ==, 33);
    g_assert_cmpint(cents[1], ==, 33);
    g_assert_cmpint(cents[2], ==, 34);
    hcp_money_split_cents((hcp_usd_micro[]){-15000, 5000}, 2, cents);
    g_assert_cmpint(cents[0] + cents[1], ==, -1);
    hcp_rng rng;
    hcp_rng_init(&rng, 5, 0);
    for (int i = 0; i < 20000; i++) {
        hcp_usd_micro parts[4], sum = 0;
        int64_t total = 0;
        for (int p = 0; p < 4; p++) {
            parts[p] = (hcp_usd_micro)hcp_rng_below(&rng, 100000000) - 20000000;
            sum += parts[p];
        }
        hcp_money_split_cents(parts, 4, cents);
        for (int p = 0; p < 4; p++) {
            total += cents[p];
            g_assert_cmpint(ABS(cents[p] * 10000 - parts[p]), <, 10000);
        }
        g_assert_cmpint(ABS(2 * (total * 10000 - sum)), <=, 10000);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/money/accrue/golden", test_accrue);
    g_test_add_func("/money/accrue/splits", test_accrue_splits);
    g_test_add_func("/money/accrue/overflow-asserts", test_accrue_overflow);
    g_test_add_func("/money/energy-cost", test_energy_cost);
    g_test_add_func("/money/usd", test_usd);
    g_test_add_func("/money/split-cents", test_split_cents);
    g_test_add_func("/money/text/golden", test_text);
    g_test_add_func("/money/text/round-trip", test_text_round_trip);
    g_test_add_func("/money/text/errors", test_parse_errors);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rng.h"
#include "base/units.h"

#include <glib.h>
#include <math.h>

static void test_muldiv_rounds_half_away(void)
{
    static const struct {
        int64_t a, b, c, expected;
    } CASES[] = {
        {7, 1, 2, 4},
        {-7, 1, 2, -4},
        {7, 1, -2, -4},
        {-7, 1, -2, 4},
        {5, 1, 4, 1},
        {-5, 1, 4, -1},
        {6, 1, 4, 2},
        {0, 5, 3, 0},
        {1, 1, 3, 0},
        {2, 1, 3, 1},
        {INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX},
        {INT64_MIN, 1, 1, INT64_MIN},
        {INT64_MIN, 3, 3, INT64_MIN},
        {1, 1, INT64_MIN, 0},
        {INT64_MIN, 1, INT64_MIN, 1},
        {INT64_C(1) << 62, 1, INT64_MIN, -1}, /* exactly one half */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++)
        g_assert_cmpint(hcp_units_muldiv(CASES[i].a, CASES[i].b, CASES[i].c), ==,
                        CASES[i].expected);
}

/* The result is the nearest integer: |a*b - q*c| <= |c| / 2, computed in long double. */
static void test_muldiv_is_nearest(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 1, 0);
    for (int i = 0; i < 20000; i++) {
        int64_t a = (int64_t)hcp_rng_below(&rng, 1 << 30) - (1 << 29);
        int64_t b = (int64_t)hcp_rng_below(&rng, 1 << 30) - (1 << 29);
        int64_t c = (int64_t)hcp_rng_below(&rng, 1 << 20) - (1 << 19);
        if (c == 0)
            continue;
        int64_t q = hcp_units_muldiv(a, b, c);
        int64_t rest = a * b - q * c;
        g_assert_cmpint(2 * (rest < 0 ? -rest : rest), <=, c < 0 ? -c : c);
        g_assert_cmpint(q, ==, -hcp_units_muldiv(-a, b, c));
    }
}

static void test_energy(void)
{
    g_assert_cmpint(hcp_units_energy_j(700, HCP_US_PER_H), ==, 700 * 3600);
    g_assert_cmpint(hcp_units_energy_j(1, HCP_US_PER_S / 2), ==, 1);
    g_assert_cmpint(hcp_units_energy_j(1, HCP_US_PER_S / 2 - 1), ==, 0);
    /* A gigawatt for a century still fits. */
    g_assert_cmpint(hcp_units_energy_j(1000 * HCP_W_PER_MW, 100 * 365 * HCP_US_PER_DAY), ==,
                    INT64_C(3153600000000000000));
    g_assert_cmpfloat(hcp_units_mwh(HCP_J_PER_MWH * 3 / 2), ==, 1.5);
    g_assert_cmpfloat(hcp_units_kwh(-HCP_J_PER_KWH), ==, -1.0);
}

static void test_muldiv_asserts(void)
{
    if (g_test_subprocess()) {
        (void)hcp_units_muldiv(INT64_MAX, 2, 1);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_failed();
    g_test_trap_assert_stderr("*INT64_MAX*");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/units/muldiv/half-away", test_muldiv_rounds_half_away);
    g_test_add_func("/units/muldiv/nearest", test_muldiv_is_nearest);
    g_test_add_func("/units/muldiv/overflow-asserts", test_muldiv_asserts);
    g_test_add_func("/units/energy", test_energy);
    return g_test_run();
}

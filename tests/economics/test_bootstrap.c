/* SPDX-License-Identifier: Apache-2.0 */
/* The bootstrap: its limits, and that its interval holds what it states. */
#include "base/rng.h"
#include "economics/bootstrap.h"

#include <glib.h>
#include <math.h>

static void test_limits(void)
{
    double few[HCP_BOOTSTRAP_LEAST_BLOCKS - 1] = {1, 2, 3}, same[20], low, high;
    hcp_bootstrap_sum(few, G_N_ELEMENTS(few), &low, &high);
    g_assert_true(isnan(low) && isnan(high));
    for (size_t i = 0; i < G_N_ELEMENTS(same); i++)
        same[i] = 2.5;
    hcp_bootstrap_sum(same, G_N_ELEMENTS(same), &low, &high);
    g_assert_cmpfloat(low, ==, 50);
    g_assert_cmpfloat(high, ==, 50);
}

/* Sums of 100 normal numbers with mean 1: about 19 of 20 intervals hold 100. */
static void test_coverage(void)
{
    hcp_rng rng;
    int inside = 0, rounds = 400;
    hcp_rng_init(&rng, 9, 0);
    for (int round = 0; round < rounds; round++) {
        double blocks[100], low, high;
        for (size_t i = 0; i < G_N_ELEMENTS(blocks); i++)
            blocks[i] = 1 + 3 * hcp_rng_normal(&rng);
        hcp_bootstrap_sum(blocks, G_N_ELEMENTS(blocks), &low, &high);
        inside += low <= 100 && 100 <= high;
    }
    /* 380 expected, standard deviation 4.4 */
    g_assert_cmpint(inside, >=, 366);
    g_assert_cmpint(inside, <=, 393);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/bootstrap/limits", test_limits);
    g_test_add_func("/bootstrap/coverage", test_coverage);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/clock.h"

#include "base/units.h"

#include <glib.h>

static void test_virtual(void)
{
    hcp_clock clock;
    hcp_clock_init_virtual(&clock, 1000);
    g_assert_cmpint(hcp_clock_now(&clock), ==, 1000);
    hcp_clock_set(&clock, 5000);
    hcp_clock_set(&clock, 4000); /* never back */
    g_assert_cmpint(hcp_clock_now(&clock), ==, 5000);
    g_assert_cmpint(hcp_clock_wait_us(&clock, 9000), ==, 4000);
    g_assert_cmpint(hcp_clock_wait_us(&clock, 10), ==, 0);
    g_assert_cmpint(hcp_clock_wait_us(&clock, INT64_MAX), ==, INT64_MAX);
}

static void test_accelerated(void)
{
    hcp_clock clock;
    hcp_clock_init_real(&clock, HCP_US_PER_H, 1000);
    int64_t before_us = g_get_monotonic_time();
    int64_t first_us = hcp_clock_now(&clock), next_us;
    while ((next_us = hcp_clock_now(&clock)) < first_us + 100 * HCP_US_PER_MS)
        continue;
    int64_t real_us = g_get_monotonic_time() - before_us;
    g_assert_cmpint(next_us - first_us, <=, (real_us + 1000) * 1000);
    g_assert_cmpint(first_us, >=, HCP_US_PER_H);
    /* A wait is told in real time. */
    int64_t wait_us = hcp_clock_wait_us(&clock, hcp_clock_now(&clock) + HCP_US_PER_S);
    g_assert_cmpint(wait_us, <=, HCP_US_PER_MS);
}

static void test_real_starts_now(void)
{
    hcp_clock clock;
    hcp_clock_init_real(&clock, 0, 1);
    g_assert_cmpint(ABS(hcp_clock_now(&clock) - g_get_real_time()), <, HCP_US_PER_MIN);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/virtual", test_virtual);
    g_test_add_func("/clock/accelerated", test_accelerated);
    g_test_add_func("/clock/real_starts_now", test_real_starts_now);
    return g_test_run();
}

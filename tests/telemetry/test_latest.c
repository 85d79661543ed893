/* SPDX-License-Identifier: Apache-2.0 */
/* The latest readings: never seen, fresh, stale, and more devices. */
#include "telemetry/latest.h"

#include <glib.h>
#include <math.h>

static void test_never_seen(void)
{
    hcp_latest latest;
    hcp_latest_init(&latest, 4);
    g_assert_cmpuint(latest.n_devices, ==, 4);
    for (uint32_t d = 0; d < 4; d++) {
        g_assert_cmpint(latest.observed_us[d], ==, 0);
        g_assert_true(isnan(latest.temp_c[d]) && isnan(latest.power_w[d]));
        g_assert_true(hcp_latest_is_stale(&latest, d, 1, 1000));
    }
    hcp_latest_finish(&latest);
}

static void test_age(void)
{
    hcp_latest latest;
    hcp_latest_init(&latest, 2);
    latest.observed_us[1] = 1000;
    g_assert_false(hcp_latest_is_stale(&latest, 1, 1500, 500));
    g_assert_true(hcp_latest_is_stale(&latest, 1, 1501, 500));
    g_assert_true(hcp_latest_is_stale(&latest, 7, 1000, 500));
    hcp_latest_finish(&latest);
}

static void test_grow_keeps_what_is_there(void)
{
    hcp_latest latest;
    hcp_latest_init(&latest, 1);
    latest.observed_us[0] = 5;
    latest.temp_c[0] = 61.5f;
    hcp_latest_grow(&latest, 3);
    g_assert_cmpuint(latest.n_devices, ==, 3);
    g_assert_cmpint(latest.observed_us[0], ==, 5);
    g_assert_cmpfloat(latest.temp_c[0], ==, 61.5f);
    g_assert_cmpint(latest.observed_us[2], ==, 0);
    g_assert_true(isnan(latest.temp_c[2]));
    hcp_latest_finish(&latest);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/latest/never-seen", test_never_seen);
    g_test_add_func("/latest/age", test_age);
    g_test_add_func("/latest/grow", test_grow_keeps_what_is_there);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Workload arrivals: rate, cycles, bounds, determinism. */
#include "sim/arrivals.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define H INT64_C(3600000000)
#define DAY (24 * H)

static void test_rate(void)
{
    hcp_arrivals_params params;
    hcp_arrivals arrivals;
    hcp_arrivals_item item;
    int64_t n = 0;
    hcp_arrivals_default_params(20, 8, 3, &params);
    hcp_arrivals_init(&arrivals, &params, 1, 0);
    while (hcp_arrivals_next(&arrivals, &item) && item.at_us < 70 * DAY)
        n++;
    double expected = 20.0 * 24 * 70;
    g_assert_cmpfloat(fabs((double)n - expected), <, 5 * sqrt(expected));
}

/* Half as many at the trough as at the peak (swing 0.5), fewer at the weekend. */
static void test_cycles(void)
{
    hcp_arrivals_params params;
    hcp_arrivals_default_params(30, 8, 3, &params);
    double peak = hcp_arrivals_rate_per_h(&params, 20 * H);  /* Thursday 14:00 local */
    double trough = hcp_arrivals_rate_per_h(&params, 8 * H); /* Thursday 02:00 local */
    double sunday = hcp_arrivals_rate_per_h(&params, 3 * DAY + 20 * H);
    g_assert_cmpfloat_with_epsilon(peak / trough, 3, 1e-9);
    g_assert_cmpfloat_with_epsilon(sunday / peak, 0.6, 1e-9);

    double total = 0;
    for (int64_t hour = 0; hour < 7 * 24; hour++)
        total += hcp_arrivals_rate_per_h(&params, hour * H);
    g_assert_cmpfloat_with_epsilon(total / (7 * 24), 30, 1e-6);
}

static void test_items_are_sound(void)
{
    hcp_arrivals_params params;
    hcp_arrivals arrivals;
    hcp_arrivals_item item;
    int by_type[HCP_ARRIVALS_TYPES] = {0};
    uint32_t most_gpus = 0;
    int64_t last_us = 0;
    hcp_arrivals_default_params(100, 8, 3, &params);
    params.classes[0] = (hcp_arrivals_class){.weight = 3, .memory_bytes = 40000000000};
    params.classes[2] = (hcp_arrivals_class){.weight = 1, .memory_bytes = 80000000000};
    hcp_arrivals_init(&arrivals, &params, 5, 0);
    for (uint64_t k = 0; k < 50000; k++) {
        g_assert_true(hcp_arrivals_next(&arrivals, &item));
        g_assert_cmpuint(item.sequence, ==, k);
        g_assert_cmpint(item.at_us, >=, last_us);
        g_assert_cmpuint(item.customer, <, 8);
        g_assert_cmpuint(item.gpu_class, <, 3);
        g_assert_cmpuint(item.gpu_class, !=, 1);
        g_assert_cmpint(item.model_bytes, <, params.classes[item.gpu_class].memory_bytes);
        g_assert_cmpuint(item.gpu_count, >=, 1);
        g_assert_cmpuint(item.gpu_count, <=, 64);
        g_assert_cmpuint(item.gpu_count & (item.gpu_count - 1), ==, 0);
        g_assert_cmpint(item.duration_us, >=, H / 60);
        g_assert_cmpint(item.priority, >=, 1);
        g_assert_cmpint(item.priority, <=, 3);
        g_assert_cmpint(item.priority == 1, ==, item.max_latency_us > 0);
        last_us = item.at_us;
        by_type[item.type]++;
        most_gpus = MAX(most_gpus, item.gpu_count);
    }
    for (int type = 0; type < HCP_ARRIVALS_TYPES; type++)
        g_assert_cmpfloat(fabs(by_type[type] / 50000.0 - params.type_weights[type]), <, 0.02);
    g_assert_cmpuint(most_gpus, ==, 64);
}

static void test_mean_duration(void)
{
    hcp_arrivals_params params;
    hcp_arrivals arrivals;
    hcp_arrivals_item item;
    double hours = 0;
    hcp_arrivals_default_params(100, 1, 1, &params);
    memset(params.type_weights, 0, sizeof(params.type_weights));
    params.type_weights[HCP_ARRIVALS_TRAINING] = 1;
    hcp_arrivals_init(&arrivals, &params, 5, 0);
    for (int k = 0; k < 20000; k++) {
        g_assert_true(hcp_arrivals_next(&arrivals, &item));
        g_assert_cmpint(item.type, ==, HCP_ARRIVALS_TRAINING);
        hours += (double)item.duration_us / (double)H;
    }
    g_assert_cmpfloat(fabs(hours / 20000 / 12 - 1), <, 0.04);
}

static void test_nothing_arrives_at_rate_zero(void)
{
    hcp_arrivals_params params;
    hcp_arrivals arrivals;
    hcp_arrivals_item item = {.gpu_count = 77};
    hcp_arrivals_default_params(0, 1, 1, &params);
    hcp_arrivals_init(&arrivals, &params, 1, 0);
    g_assert_false(hcp_arrivals_next(&arrivals, &item));
    g_assert_cmpuint(item.gpu_count, ==, 77);
}

static void test_determinism(void)
{
    hcp_arrivals_params params;
    hcp_arrivals a;
    hcp_arrivals b;
    hcp_arrivals c;
    int equal = 0;
    hcp_arrivals_default_params(10, 8, 3, &params);
    hcp_arrivals_init(&a, &params, 9, 0);
    hcp_arrivals_init(&b, &params, 9, 0);
    hcp_arrivals_init(&c, &params, 10, 0);
    for (int k = 0; k < 1000; k++) {
        hcp_arrivals_item from_a;
        hcp_arrivals_item from_b;
        hcp_arrivals_item from_c;
        g_assert_true(hcp_arrivals_next(&a, &from_a));
        g_assert_true(hcp_arrivals_next(&b, &from_b));
        g_assert_true(hcp_arrivals_next(&c, &from_c));
        g_assert_cmpint(from_a.at_us, ==, from_b.at_us);
        g_assert_cmpint(from_a.duration_us, ==, from_b.duration_us);
        g_assert_cmpuint(from_a.customer, ==, from_b.customer);
        equal += from_a.at_us == from_c.at_us;
    }
    g_assert_cmpint(equal, <, 10);
}

static void test_names(void)
{
    g_assert_cmpstr(hcp_arrivals_type_name(HCP_ARRIVALS_TUNING), ==, "hyperparameter_tuning");
    g_assert_cmpstr(hcp_arrivals_type_name((hcp_arrivals_type)77), ==, "unknown");
    g_assert_cmpstr(hcp_arrivals_tier_name(HCP_ARRIVALS_ENTERPRISE), ==, "enterprise");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/arrivals/rate", test_rate);
    g_test_add_func("/arrivals/cycles", test_cycles);
    g_test_add_func("/arrivals/items", test_items_are_sound);
    g_test_add_func("/arrivals/duration", test_mean_duration);
    g_test_add_func("/arrivals/rate-zero", test_nothing_arrives_at_rate_zero);
    g_test_add_func("/arrivals/determinism", test_determinism);
    g_test_add_func("/arrivals/names", test_names);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Accelerator physics: ranges, closed form, caps, energy, determinism. */
#include "sim/gpu.h"

#include "base/rng.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define S INT64_C(1000000)

static hcp_gpu_class h100(void)
{
    hcp_gpu_class class = {
        .name = "h100",
        .tdp_w = 700,
        .idle_w = 70,
        .tflops = 989,
        .memory_bytes = INT64_C(80000000000),
        .hbm_bytes_per_s = 3.35e12,
        .host_bytes_per_s = 55e9,
    };
    hcp_gpu_class_fit(&class);
    return class;
}

/* The seed's ranges: 45 to 85 C and 300 to 700 W while working, at every load, once settled. */
static void test_ranges(void)
{
    hcp_gpu_class class = h100();
    hcp_gpu gpu;
    hcp_gpu_init(&gpu, &class, 1000, 1, 0);
    for (uint32_t i = 0; i < gpu.count; i++)
        hcp_gpu_set(&gpu, i, HCP_GPU_BUSY, 0.01 + 0.99 * i / 999.0);
    hcp_gpu_advance(&gpu, 0, gpu.count, 3600 * S, 30);
    for (uint32_t i = 0; i < gpu.count; i++) {
        g_assert_cmpfloat(gpu.power_w[i], >=, 300);
        g_assert_cmpfloat(gpu.power_w[i], <=, 700);
        g_assert_cmpfloat(gpu.temp_c[i], >=, 45);
        g_assert_cmpfloat(gpu.temp_c[i], <=, 85);
        g_assert_cmpfloat(gpu.util[i], >=, 0);
        g_assert_cmpfloat(gpu.util[i], <=, 1);
        if (i > 0)
            g_assert_cmpfloat(gpu.power_w[i], >, gpu.power_w[i - 1]);
    }
    hcp_gpu_finish(&gpu);
}

/* "52 C, 650 W" just after a switch: idle silicon passes 52 C some seconds after the load arrives. */
static void test_warm_up(void)
{
    hcp_gpu_class class = h100();
    hcp_gpu gpu;
    hcp_gpu_init(&gpu, &class, 1, 1, 0);
    hcp_gpu_set(&gpu, 0, HCP_GPU_BUSY, 0.875);
    g_assert_cmpfloat(gpu.power_w[0], ==, 650);
    g_assert_cmpfloat_with_epsilon(gpu.temp_c[0], 47, 0.5);
    int64_t at_us = 0;
    while (gpu.temp_c[0] < 52 && at_us < 60 * S) {
        at_us += S;
        hcp_gpu_advance(&gpu, 0, 1, at_us, 30);
    }
    g_assert_cmpint(at_us, >, 3 * S);
    g_assert_cmpint(at_us, <, 20 * S);
    hcp_gpu_finish(&gpu);
}

/* Closed form: one step of an hour ends where 3600 steps of a second end. */
static void test_step_size_does_not_matter(void)
{
    hcp_gpu_class class = h100();
    hcp_gpu one;
    hcp_gpu many;
    hcp_gpu_init(&one, &class, 10, 5, 0);
    hcp_gpu_init(&many, &class, 10, 5, 0);
    for (uint32_t i = 0; i < 10; i++) {
        hcp_gpu_set(&one, i, HCP_GPU_BUSY, 0.1 * i);
        hcp_gpu_set(&many, i, HCP_GPU_BUSY, 0.1 * i);
    }
    hcp_gpu_advance(&one, 0, 10, 3600 * S, 30);
    for (int64_t s = 1; s <= 3600; s++)
        hcp_gpu_advance(&many, 0, 10, s * S, 30);
    for (uint32_t i = 0; i < 10; i++) {
        g_assert_cmpfloat_with_epsilon(one.temp_c[i], many.temp_c[i], 0.01);
        g_assert_cmpfloat_with_epsilon(one.energy_j[i], many.energy_j[i], 1);
        g_assert_cmpfloat_with_epsilon(one.ops[i], many.ops[i], 1);
    }
    hcp_gpu_finish(&one);
    hcp_gpu_finish(&many);
}

static void test_energy_is_power_times_time(void)
{
    hcp_gpu_class class = h100();
    hcp_gpu gpu;
    hcp_gpu_init(&gpu, &class, 1, 1, 0);
    hcp_gpu_advance(&gpu, 0, 1, 3600 * S, 30);
    g_assert_cmpfloat_with_epsilon(gpu.energy_j[0], 70 * 3600.0, 1e-6);
    hcp_gpu_set(&gpu, 0, HCP_GPU_BUSY, 1);
    hcp_gpu_advance(&gpu, 0, 1, 7200 * S, 30);
    g_assert_cmpfloat_with_epsilon(gpu.energy_j[0], 770 * 3600.0, 1e-6);
    g_assert_cmpfloat_with_epsilon(gpu.ops[0], 989 * 3600.0, 1e-3);
    hcp_gpu_advance(&gpu, 0, 1, 100 * S, 30); /* the past changes nothing */
    g_assert_cmpfloat_with_epsilon(gpu.energy_j[0], 770 * 3600.0, 1e-6);
    hcp_gpu_finish(&gpu);
}

/* 700 W capped to 600 W costs 5 to 15 % of the work. */
static void test_cap_costs_throughput(void)
{
    hcp_gpu_class class = h100();
    double capped = hcp_gpu_throughput(&class, 1, 600);
    g_assert_cmpfloat(capped, >=, 0.85);
    g_assert_cmpfloat(capped, <=, 0.95);
    g_assert_cmpfloat(hcp_gpu_throughput(&class, 1, 700), ==, 1);
    g_assert_cmpfloat(hcp_gpu_throughput(&class, 0.3, 600), ==, 0.3);
    g_assert_cmpfloat(hcp_gpu_throughput(&class, 0, 600), ==, 0);

    hcp_gpu gpu;
    hcp_gpu_init(&gpu, &class, 1, 1, 0);
    g_assert_cmpfloat(hcp_gpu_set_cap(&gpu, 0, 10000), ==, 700);
    g_assert_cmpfloat(hcp_gpu_set_cap(&gpu, 0, 1), ==, 210);
    g_assert_cmpfloat(hcp_gpu_set_cap(&gpu, 0, 0), ==, 700);
    hcp_gpu_finish(&gpu);
}

static void test_hot_inlet_throttles(void)
{
    hcp_gpu_class class = h100();
    hcp_gpu gpu;
    hcp_gpu_init(&gpu, &class, 100, 3, 0);
    for (uint32_t i = 0; i < gpu.count; i++)
        hcp_gpu_set(&gpu, i, HCP_GPU_BUSY, 1);
    hcp_gpu_advance(&gpu, 0, gpu.count, 3600 * S, 45);
    for (uint32_t i = 0; i < gpu.count; i++) {
        g_assert_cmpfloat(gpu.power_w[i], <, 560);
        g_assert_cmpfloat(gpu.temp_c[i], <=, (float)class.throttle_c + 0.01f);
    }
    hcp_gpu_finish(&gpu);
}

static void test_memory_is_bounded(void)
{
    hcp_gpu_class class = h100();
    hcp_gpu gpu;
    hcp_gpu_init(&gpu, &class, 2, 1, 0);
    hcp_gpu_set_memory(&gpu, 0, INT64_C(78000000000));
    g_assert_cmpint(gpu.memory_bytes[0], ==, 78000000000);
    hcp_gpu_set_memory(&gpu, 0, INT64_C(99000000000));
    g_assert_cmpint(gpu.memory_bytes[0], ==, class.memory_bytes);
    hcp_gpu_set_memory(&gpu, 0, -5);
    g_assert_cmpint(gpu.memory_bytes[0], ==, 0);
    hcp_gpu_finish(&gpu);
}

static void check_invariants(const hcp_gpu *gpu, uint32_t i, double energy_j, double ops)
{
    const hcp_gpu_class *class = &gpu->class;
    g_assert_cmpfloat(gpu->power_w[i], >=, (float)class->off_w);
    g_assert_cmpfloat(gpu->power_w[i], <=, fmaxf(gpu->cap_w[i], (float)class->idle_w));
    g_assert_cmpfloat(gpu->power_w[i], <=, (float)class->tdp_w);
    g_assert_cmpfloat(gpu->util[i], >=, 0);
    g_assert_cmpfloat(gpu->util[i], <=, 1);
    g_assert_cmpfloat(gpu->temp_c[i], <=, (float)class->throttle_c + 0.01f);
    g_assert_cmpfloat(gpu->energy_j[i], >=, energy_j);
    g_assert_cmpfloat(gpu->ops[i], >=, ops);
}

/* Random commands at random times: the invariants of the header hold after each. */
static void test_invariants(void)
{
    hcp_gpu_class class = h100();
    hcp_gpu gpu;
    hcp_rng rng;
    int64_t now_us = 0;
    hcp_rng_init(&rng, 11, 0);
    hcp_gpu_init(&gpu, &class, 8, 2, 0);
    for (int round = 0; round < 20000; round++) {
        uint32_t i = (uint32_t)hcp_rng_below(&rng, gpu.count);
        double energy_j = gpu.energy_j[i];
        double ops = gpu.ops[i];
        now_us += (int64_t)hcp_rng_exponential(&rng, 30e6);
        hcp_gpu_advance(&gpu, i, 1, now_us, 20 + 25 * hcp_rng_uniform(&rng));
        check_invariants(&gpu, i, energy_j, ops);
        switch (hcp_rng_below(&rng, 3)) {
        case 0:
            hcp_gpu_set(&gpu, i, (hcp_gpu_state)hcp_rng_below(&rng, 4), hcp_rng_uniform(&rng));
            break;
        case 1:
            (void)hcp_gpu_set_cap(&gpu, i, 1000 * hcp_rng_uniform(&rng));
            break;
        default:
            hcp_gpu_set_memory(&gpu, i, (int64_t)hcp_rng_below(&rng, 160000000000));
            break;
        }
        g_assert_cmpfloat(gpu.power_w[i], <=, fmaxf(gpu.cap_w[i], (float)class.idle_w));
    }
    hcp_gpu_finish(&gpu);
}

static void test_same_seed_same_bytes(void)
{
    hcp_gpu_class class = h100();
    hcp_gpu a;
    hcp_gpu b;
    hcp_gpu c;
    hcp_gpu_init(&a, &class, 50, 9, 0);
    hcp_gpu_init(&b, &class, 50, 9, 0);
    hcp_gpu_init(&c, &class, 50, 10, 0);
    for (uint32_t i = 0; i < 50; i++) {
        hcp_gpu_set(&a, i, HCP_GPU_BUSY, 0.7);
        hcp_gpu_set(&b, i, HCP_GPU_BUSY, 0.7);
        hcp_gpu_set(&c, i, HCP_GPU_BUSY, 0.7);
    }
    for (int64_t s = 1; s < 100; s++) {
        hcp_gpu_advance(&a, 0, 50, s * S, 30);
        for (uint32_t i = 50; i-- > 0;) /* another order of asking */
            hcp_gpu_advance(&b, i, 1, s * S, 30);
        hcp_gpu_advance(&c, 0, 50, s * S, 30);
        g_assert_true(memcmp(a.temp_c, b.temp_c, 50 * sizeof(float)) == 0);
        g_assert_true(memcmp(a.util, b.util, 50 * sizeof(float)) == 0);
    }
    g_assert_true(memcmp(a.energy_j, b.energy_j, 50 * sizeof(double)) == 0);
    g_assert_true(memcmp(a.temp_c, c.temp_c, 50 * sizeof(float)) != 0);
    hcp_gpu_finish(&a);
    hcp_gpu_finish(&b);
    hcp_gpu_finish(&c);
}

/* A GPU without its fan rises 1.6 times as far, until it must give up power to stay below its limit. */
static void test_wear(void)
{
    hcp_gpu_class class = h100();
    hcp_gpu gpu;
    hcp_gpu_init(&gpu, &class, 1, 1, 0);
    hcp_gpu_set(&gpu, 0, HCP_GPU_BUSY, 0.1);
    hcp_gpu_advance(&gpu, 0, 1, 3600 * S, 20);
    double power_w = (double)gpu.power_w[0], ambient_c = 20.0 + class.fan_offset_c;
    double rise_c = (double)gpu.temp_c[0] - ambient_c;
    hcp_gpu_set_cooling(&gpu, 0, 1.6);
    hcp_gpu_advance(&gpu, 0, 1, 7200 * S, 20);
    g_assert_cmpfloat_with_epsilon(gpu.temp_c[0], ambient_c + 1.6 * rise_c, 0.05);
    g_assert_cmpfloat_with_epsilon(gpu.power_w[0], power_w, 1e-3);
    hcp_gpu_set(&gpu, 0, HCP_GPU_BUSY, 1.0);
    hcp_gpu_advance(&gpu, 0, 1, 10800 * S, 20);
    g_assert_cmpfloat_with_epsilon(gpu.temp_c[0], class.throttle_c, 0.05);
    g_assert_cmpfloat(gpu.power_w[0], <, 0.9 * class.tdp_w);
    hcp_gpu_finish(&gpu);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/gpu/ranges", test_ranges);
    g_test_add_func("/gpu/warm-up", test_warm_up);
    g_test_add_func("/gpu/step-size", test_step_size_does_not_matter);
    g_test_add_func("/gpu/energy", test_energy_is_power_times_time);
    g_test_add_func("/gpu/cap", test_cap_costs_throughput);
    g_test_add_func("/gpu/hot-inlet", test_hot_inlet_throttles);
    g_test_add_func("/gpu/memory", test_memory_is_bounded);
    g_test_add_func("/gpu/wear", test_wear);
    g_test_add_func("/gpu/invariants", test_invariants);
    g_test_add_func("/gpu/determinism", test_same_seed_same_bytes);
    return g_test_run();
}

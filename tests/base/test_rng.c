/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rng.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#define DRAWS 200000

/* Reference vector of xoshiro256** from the state 1, 2, 3, 4. */
static void test_reference(void)
{
    static const uint64_t EXPECTED[] = {
        11520u,
        0u,
        1509978240u,
        1215971899390074240u,
        1216172134540287360u,
        607988272756665600u,
        16172922978634559625u,
        8476171486693032832u,
        10595114339597558777u,
        2904607092377533576u,
    };
    hcp_rng rng = {.s = {1, 2, 3, 4}};
    for (size_t i = 0; i < G_N_ELEMENTS(EXPECTED); i++)
        g_assert_cmpuint(hcp_rng_u64(&rng), ==, EXPECTED[i]);
}

static void test_seeds_and_streams(void)
{
    hcp_rng a, b, other_stream, other_seed, swapped;
    hcp_rng_init(&a, 1, 2);
    hcp_rng_init(&b, 1, 2);
    hcp_rng_init(&other_stream, 1, 3);
    hcp_rng_init(&other_seed, 2, 2);
    hcp_rng_init(&swapped, 2, 1);
    for (int i = 0; i < 1000; i++) {
        uint64_t value = hcp_rng_u64(&a);
        g_assert_cmpuint(value, ==, hcp_rng_u64(&b));
        g_assert_cmpuint(value, !=, hcp_rng_u64(&other_stream));
        g_assert_cmpuint(value, !=, hcp_rng_u64(&other_seed));
        g_assert_cmpuint(value, !=, hcp_rng_u64(&swapped));
    }
    g_assert_true(memcmp(&a, &b, sizeof a) == 0);
}

static void test_below(void)
{
    hcp_rng rng;
    int counts[7] = {0};
    hcp_rng_init(&rng, 42, 0);
    for (int i = 0; i < DRAWS; i++)
        counts[hcp_rng_below(&rng, 7)]++;
    double chi_square = 0.0;
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++)
        chi_square += pow(counts[i] - DRAWS / 7.0, 2) / (DRAWS / 7.0);
    g_assert_cmpfloat(chi_square, <, 22.5); /* 6 degrees of freedom, p = 0.001 */
    g_assert_cmpuint(hcp_rng_below(&rng, 1), ==, 0);
    for (int i = 0; i < 1000; i++)
        g_assert_cmpuint(hcp_rng_below(&rng, UINT64_C(3) << 62), <, UINT64_C(3) << 62);
}

typedef struct {
    double mean, variance, minimum, maximum;
} moments;

typedef double (*sampler)(hcp_rng *rng, double parameter);

static moments measure(sampler sample, double parameter)
{
    hcp_rng rng;
    double sum = 0.0, squares = 0.0;
    moments result = {.minimum = INFINITY, .maximum = -INFINITY};
    hcp_rng_init(&rng, 2026, 1);
    for (int i = 0; i < DRAWS; i++) {
        double x = sample(&rng, parameter);
        sum += x;
        squares += x * x;
        result.minimum = fmin(result.minimum, x);
        result.maximum = fmax(result.maximum, x);
    }
    result.mean = sum / DRAWS;
    result.variance = squares / DRAWS - result.mean * result.mean;
    return result;
}

static double sample_uniform(hcp_rng *rng, double unused)
{
    (void)unused;
    return hcp_rng_uniform(rng);
}

static double sample_normal(hcp_rng *rng, double unused)
{
    (void)unused;
    return hcp_rng_normal(rng);
}

static double sample_poisson(hcp_rng *rng, double mean)
{
    return (double)hcp_rng_poisson(rng, mean);
}

static void test_uniform(void)
{
    moments m = measure(sample_uniform, 0.0);
    g_assert_cmpfloat_with_epsilon(m.mean, 0.5, 0.003);
    g_assert_cmpfloat_with_epsilon(m.variance, 1.0 / 12.0, 0.001);
    g_assert_cmpfloat(m.minimum, >=, 0.0);
    g_assert_cmpfloat(m.maximum, <, 1.0);
}

static void test_normal(void)
{
    moments m = measure(sample_normal, 0.0);
    g_assert_cmpfloat_with_epsilon(m.mean, 0.0, 0.01);
    g_assert_cmpfloat_with_epsilon(m.variance, 1.0, 0.015);
    g_assert_cmpfloat(m.maximum, >, 3.5);
    g_assert_cmpfloat(m.minimum, <, -3.5);
}

static void test_exponential(void)
{
    moments m = measure(hcp_rng_exponential, 4.0);
    g_assert_cmpfloat_with_epsilon(m.mean, 4.0, 0.05);
    g_assert_cmpfloat_with_epsilon(m.variance, 16.0, 0.5);
    g_assert_cmpfloat(m.minimum, >=, 0.0);
}

/* Mean and variance are both the parameter, on either side of the change of method. */
static void test_poisson(void)
{
    static const double MEANS[] = {0.01, 1.0, 12.5, 29.9, 30.1, 250.0, 1e6};
    for (size_t i = 0; i < G_N_ELEMENTS(MEANS); i++) {
        moments m = measure(sample_poisson, MEANS[i]);
        g_assert_cmpfloat_with_epsilon(m.mean, MEANS[i], 5.0 * sqrt(MEANS[i] / DRAWS));
        g_assert_cmpfloat_with_epsilon(m.variance / MEANS[i], 1.0, i == 0 ? 0.2 : 0.03);
        g_assert_cmpfloat(m.minimum, >=, 0.0);
    }
    hcp_rng rng;
    hcp_rng_init(&rng, 1, 1);
    g_assert_cmpint(hcp_rng_poisson(&rng, 0.0), ==, 0);
}

/* Golden numbers of our own seeding: a change here changes every recorded simulation. */
static void test_golden(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 42, 7);
    g_assert_cmpuint(hcp_rng_u64(&rng), ==, UINT64_C(604193557174818115));
    g_assert_cmpuint(hcp_rng_u64(&rng), ==, UINT64_C(17831704879512269148));
    hcp_rng_init(&rng, 0, 0);
    g_assert_cmpuint(hcp_rng_u64(&rng), ==, UINT64_C(10108759220886529493));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rng/reference", test_reference);
    g_test_add_func("/rng/golden", test_golden);
    g_test_add_func("/rng/seeds-and-streams", test_seeds_and_streams);
    g_test_add_func("/rng/below", test_below);
    g_test_add_func("/rng/uniform", test_uniform);
    g_test_add_func("/rng/normal", test_normal);
    g_test_add_func("/rng/exponential", test_exponential);
    g_test_add_func("/rng/poisson", test_poisson);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* xoshiro256** and the distributions the simulators draw from. */
#include "base/rng.h"

#include <glib.h>
#include <math.h>

__extension__ typedef unsigned __int128 uint128;

/* Above this mean, multiplying uniforms takes longer than rejection and loses precision. */
#define POISSON_REJECTION_MEAN 30.0

/* splitmix64 (Steele, Lea, Flood 2014): advances the state and returns its scrambled value. */
static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static uint64_t rotate_left(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

void hcp_rng_init(hcp_rng *rng, uint64_t seed, uint64_t stream)
{
    /* Both are scrambled before they meet, so neighbouring seeds and streams share nothing. */
    uint64_t state = seed;
    state = splitmix64(&state) + stream;
    state = splitmix64(&state);
    for (size_t i = 0; i < G_N_ELEMENTS(rng->s); i++)
        rng->s[i] = splitmix64(&state);
}

uint64_t hcp_rng_u64(hcp_rng *rng)
{
    uint64_t *s = rng->s;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t hcp_rng_below(hcp_rng *rng, uint64_t bound)
{
    g_assert(bound > 0);
    /* Lemire 2019: the high half of a 128-bit product, rejecting the few low halves that would be
     * over-represented. */
    uint64_t threshold = -bound % bound;
    uint128 product;
    do {
        product = (uint128)hcp_rng_u64(rng) * bound;
    } while ((uint64_t)product < threshold);
    return (uint64_t)(product >> 64);
}

double hcp_rng_uniform(hcp_rng *rng)
{
    return (double)(hcp_rng_u64(rng) >> 11) * 0x1p-53;
}

double hcp_rng_normal(hcp_rng *rng)
{
    double u, v, square;
    do {
        u = 2.0 * hcp_rng_uniform(rng) - 1.0;
        v = 2.0 * hcp_rng_uniform(rng) - 1.0;
        square = u * u + v * v;
    } while (square >= 1.0 || square == 0.0);
    return u * sqrt(-2.0 * log(square) / square);
}

double hcp_rng_exponential(hcp_rng *rng, double mean)
{
    g_assert(mean > 0.0 && isfinite(mean));
    /* 1 - u is in (0, 1], so the logarithm is finite. */
    return -mean * log(1.0 - hcp_rng_uniform(rng));
}

/* Knuth: count uniforms until their product falls below e^-mean. */
static int64_t poisson_small(hcp_rng *rng, double mean)
{
    double limit = exp(-mean);
    int64_t count = 0;
    for (double product = hcp_rng_uniform(rng); product > limit; product *= hcp_rng_uniform(rng))
        count++;
    return count;
}

/* PTRS, transformed rejection with squeeze (Hoermann 1993); constants are the paper's. */
static int64_t poisson_large(hcp_rng *rng, double mean)
{
    double b = 0.931 + 2.53 * sqrt(mean);
    double a = -0.059 + 0.02483 * b;
    double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
    double squeeze = 0.9277 - 3.6224 / (b - 2.0);
    for (;;) {
        double u = hcp_rng_uniform(rng) - 0.5;
        double v = 1.0 - hcp_rng_uniform(rng); /* in (0, 1]: its logarithm is taken */
        double us = 0.5 - fabs(u);
        if (us <= 0.0)
            continue;
        double k = floor((2.0 * a / us + b) * u + mean + 0.43);
        if (us >= 0.07 && v <= squeeze)
            return (int64_t)k;
        if (k < 0.0 || (us < 0.013 && v > us))
            continue;
        int sign;
        double accept = k * log(mean) - mean - lgamma_r(k + 1.0, &sign);
        if (log(v * inverse_alpha / (a / (us * us) + b)) <= accept)
            return (int64_t)k;
    }
}

int64_t hcp_rng_poisson(hcp_rng *rng, double mean)
{
    g_assert(mean >= 0.0 && mean <= 1e15);
    if (mean == 0.0)
        return 0;
    return mean < POISSON_REJECTION_MEAN ? poisson_small(rng, mean) : poisson_large(rng, mean);
}

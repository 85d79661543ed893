/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers that depend on what they are for and not on the order in which they are asked: a
 * draw is a hash of (seed, subject, moment), so skipping a device or asking twice changes nothing
 * else.
 */
#ifndef HCP_SIM_NOISE_H
#define HCP_SIM_NOISE_H

#include <stdint.h>

/* 64 mixed bits of `x` (the finaliser of splitmix64). */
static inline uint64_t hcp_noise_mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

/* 64 bits for `subject` at `moment` under `seed`. */
static inline uint64_t hcp_noise_u64(uint64_t seed, uint64_t subject, uint64_t moment)
{
    return hcp_noise_mix(hcp_noise_mix(seed ^ hcp_noise_mix(subject)) ^ moment);
}

/* Uniform in [0, 1) from 64 bits. */
static inline double hcp_noise_uniform(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1.0p-53;
}

/* About normal, mean 0, deviation 1, bounded by +-3.47: the sum of the four 16-bit quarters,
 * centred. Enough for sensors. */
static inline float hcp_noise_bell(uint64_t bits)
{
    uint32_t sum = (uint32_t)(bits & 0xffff) + (uint32_t)((bits >> 16) & 0xffff) +
                   (uint32_t)((bits >> 32) & 0xffff) + (uint32_t)(bits >> 48);
    return ((float)sum - 131070.0f) * (1.0f / 37837.0f);
}

#endif

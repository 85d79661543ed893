/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seeded random numbers for simulation (xoshiro256**, Blackman and Vigna 2018, seeded by splitmix64): same seed, same
 * bytes, on every machine. The whole state is the struct, so it can be stored. Not for secrets.
 */
#ifndef HCP_BASE_RNG_H
#define HCP_BASE_RNG_H

#include <stdint.h>

typedef struct {
    uint64_t s[4];
} hcp_rng;

/* Seeds `rng`; `stream` separates independent sequences of one seed (one per model, so that adding a device to one model
 * does not shift the numbers of another). */
void hcp_rng_init(hcp_rng *rng, uint64_t seed, uint64_t stream);

/* 64 uniform bits. */
uint64_t hcp_rng_u64(hcp_rng *rng);

/* Uniform in [0, bound), without modulo bias; bound must be positive. */
uint64_t hcp_rng_below(hcp_rng *rng, uint64_t bound);

/* Uniform in [0, 1). */
double hcp_rng_uniform(hcp_rng *rng);

/* Standard normal (polar method without a cached second value, so the state is the struct alone). */
double hcp_rng_normal(hcp_rng *rng);

/* Exponential with the given mean; mean must be positive. */
double hcp_rng_exponential(hcp_rng *rng, double mean);

/* Poisson with the given mean (0 or more). */
int64_t hcp_rng_poisson(hcp_rng *rng, double mean);

#endif

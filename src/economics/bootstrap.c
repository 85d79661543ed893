/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/bootstrap.h"

#include "base/order.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>

#define DRAWS 2000
#define SEED 2026

void hcp_bootstrap_sum(const double *blocks, size_t n, double *ret_low, double *ret_high)
{
    double sums[DRAWS];
    hcp_rng rng;
    *ret_low = *ret_high = NAN;
    if (n < HCP_BOOTSTRAP_LEAST_BLOCKS)
        return;
    hcp_rng_init(&rng, SEED, 0);
    for (int i = 0; i < DRAWS; i++) {
        sums[i] = 0;
        for (size_t k = 0; k < n; k++)
            sums[i] += blocks[hcp_rng_below(&rng, (uint32_t)n)];
    }
    qsort(sums, DRAWS, sizeof *sums, hcp_order_doubles);
    *ret_low = sums[DRAWS / 40];
    *ret_high = sums[DRAWS - 1 - DRAWS / 40];
}

/* SPDX-License-Identifier: Apache-2.0 */
/* 128-bit intermediates for integer money and energy; private to base. */
#ifndef HCP_BASE_INT128_H
#define HCP_BASE_INT128_H

#include <glib.h>
#include <stdint.h>

__extension__ typedef __int128 hcp_int128;

/* `numerator` / `divisor` rounded half away from zero; asserts that `divisor` is not zero and the
 * quotient fits. */
static inline int64_t hcp_int128_div_round(hcp_int128 numerator, int64_t divisor)
{
    g_assert(divisor != 0);
    hcp_int128 quotient = numerator / divisor;
    hcp_int128 rest = numerator % divisor;
    /* |rest| < 2^63, so doubling it cannot overflow; C truncates, so rest has the numerator's
     * sign. */
    hcp_int128 twice = rest < 0 ? -rest * 2 : rest * 2;
    hcp_int128 magnitude = divisor < 0 ? -(hcp_int128)divisor : divisor;
    if (twice >= magnitude)
        quotient += (numerator < 0) == (divisor < 0) ? 1 : -1;
    g_assert(quotient >= INT64_MIN && quotient <= INT64_MAX);
    return (int64_t)quotient;
}

#endif

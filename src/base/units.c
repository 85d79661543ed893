/* SPDX-License-Identifier: Apache-2.0 */
/* Unit conversions; integer arithmetic with 128-bit intermediates. */
#include "base/units.h"

#include "base/int128.h"

int64_t hcp_units_muldiv(int64_t a, int64_t b, int64_t c)
{
    return hcp_int128_div_round((hcp_int128)a * b, c);
}

int64_t hcp_units_energy_j(int64_t power_w, int64_t duration_us)
{
    return hcp_units_muldiv(power_w, duration_us, HCP_US_PER_S);
}

double hcp_units_mwh(int64_t energy_j)
{
    return (double)energy_j / (double)HCP_J_PER_MWH;
}

double hcp_units_kwh(int64_t energy_j)
{
    return (double)energy_j / (double)HCP_J_PER_KWH;
}

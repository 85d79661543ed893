/* SPDX-License-Identifier: Apache-2.0 */
/* Integer money: one rounding, half away from zero, where a price meets a quantity. */
#include "base/money.h"

#include "base/error.h"
#include "base/int128.h"
#include "base/units.h"

#include <inttypes.h>
#include <math.h>

#define DECIMALS 6
#define MICRO_PER_CENT INT64_C(10000)
#define SPLIT_MAX 16

hcp_usd_micro hcp_money_accrue(hcp_usd_micro rate_per_h, int64_t duration_us, int64_t count)
{
    hcp_int128 product;
    bool overflow =
        __builtin_mul_overflow((hcp_int128)rate_per_h * duration_us, (hcp_int128)count, &product);
    g_assert(!overflow);
    return hcp_int128_div_round(product, HCP_US_PER_H);
}

hcp_usd_micro hcp_money_energy_cost(int64_t energy_j, int64_t usd_micro_per_mwh)
{
    return hcp_units_muldiv(energy_j, usd_micro_per_mwh, HCP_J_PER_MWH);
}

hcp_usd_micro hcp_money_from_usd(double usd)
{
    double micro = round(usd * (double)HCP_USD);
    /* 2^63 is exact as a double and INT64_MAX is not, hence the half-open range; NaN fails both. */
    g_assert(micro >= -0x1p63 && micro < 0x1p63);
    return (hcp_usd_micro)micro;
}

double hcp_money_to_usd(hcp_usd_micro amount)
{
    return (double)amount / (double)HCP_USD;
}

static int64_t floor_cents(hcp_usd_micro amount)
{
    int64_t cents = amount / MICRO_PER_CENT;
    return amount % MICRO_PER_CENT < 0 ? cents - 1 : cents;
}

/* The part not yet rounded up that lost most; the first of equals. */
static int next_to_round_up(const hcp_usd_micro *parts, const bool *up, int n)
{
    int best = -1;
    int64_t most = -1;
    for (int i = 0; i < n; i++) {
        int64_t rest = parts[i] - floor_cents(parts[i]) * MICRO_PER_CENT;
        if (!up[i] && rest > most) {
            best = i;
            most = rest;
        }
    }
    return best;
}

void hcp_money_split_cents(const hcp_usd_micro *parts, int n, int64_t *ret_cents)
{
    bool up[SPLIT_MAX] = {false};
    hcp_usd_micro sum = 0;
    g_assert(n <= SPLIT_MAX);
    int64_t left = 0;
    for (int i = 0; i < n; i++) {
        sum += parts[i];
        ret_cents[i] = floor_cents(parts[i]);
        left -= ret_cents[i];
    }
    for (left += (int64_t)hcp_int128_div_round(sum, MICRO_PER_CENT); left > 0; left--) {
        int i = next_to_round_up(parts, up, n);
        up[i] = true;
        ret_cents[i]++;
    }
}

char *hcp_money_format(hcp_usd_micro amount)
{
    uint64_t magnitude = amount < 0 ? -(uint64_t)amount : (uint64_t)amount;
    char *text = g_strdup_printf("%s%" PRIu64 ".%06" PRIu64, amount < 0 ? "-" : "",
                                 magnitude / (uint64_t)HCP_USD, magnitude % (uint64_t)HCP_USD);
    size_t length = strlen(text);
    for (int decimals = DECIMALS; decimals > 2 && text[length - 1] == '0'; decimals--)
        text[--length] = '\0';
    return text;
}

/* Appends one decimal digit to a magnitude that may grow to 2^63 (the most negative amount). */
static bool push_digit(uint64_t *magnitude, int digit)
{
    return !__builtin_mul_overflow(*magnitude, UINT64_C(10), magnitude) &&
           !__builtin_add_overflow(*magnitude, (uint64_t)digit, magnitude);
}

/* Consumes digits at *cursor; returns how many, or -1 when the magnitude overflows. */
static int push_digits(const char **cursor, uint64_t *magnitude)
{
    int digits = 0;
    for (; g_ascii_isdigit(**cursor); (*cursor)++, digits++) {
        if (!push_digit(magnitude, g_ascii_digit_value(**cursor)))
            return -1;
    }
    return digits;
}

static bool refuse(const char *text, const char *reason, GError **error)
{
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                "\"%s\" is not an amount of dollars: %s; expected a decimal number such as 12.50",
                text, reason);
    return false;
}

bool hcp_money_parse(const char *text, hcp_usd_micro *ret_amount, GError **error)
{
    const char *cursor = text;
    uint64_t magnitude = 0;
    bool negative = *cursor == '-';
    if (negative)
        cursor++;
    int whole = push_digits(&cursor, &magnitude);
    int decimals = 0;
    if (whole > 0 && *cursor == '.') {
        cursor++;
        decimals = push_digits(&cursor, &magnitude);
        if (decimals == 0)
            return refuse(text, "no digit after the point", error);
    }
    if (decimals > DECIMALS)
        return refuse(text, "more than six decimals", error);
    if (whole < 0 || decimals < 0)
        return refuse(text, "too large", error);
    if (whole == 0 || *cursor != '\0')
        return refuse(text, "not a plain decimal number", error);
    for (; decimals < DECIMALS; decimals++) {
        if (!push_digit(&magnitude, 0))
            return refuse(text, "too large", error);
    }
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1 : 0))
        return refuse(text, "too large", error);
    *ret_amount = (hcp_usd_micro)(negative ? -magnitude : magnitude);
    return true;
}

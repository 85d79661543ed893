/* SPDX-License-Identifier: Apache-2.0 */
/* Text form of public identifiers: Crockford base 32 with a check character. */
#include "base/id.h"

#include <string.h>

#define DIGITS 13 /* 13 * 5 bits hold 64; the first digit carries only 4 of them */
#define SEQUENCE_BITS 20
#define TIME_BITS 44
#define CHECK_MODULUS 37

/* The first 32 are the digits, the last five only stand in the check position. */
static const char ALPHABET[] = "0123456789abcdefghjkmnpqrstvwxyz*~$=u";

static const char *const PREFIXES[HCP_ID_KINDS] = {
    [HCP_ID_NONE] = "",         [HCP_ID_WORKLOAD] = "wl_",  [HCP_ID_DEVICE] = "dev_",
    [HCP_ID_FACILITY] = "fac_", [HCP_ID_CUSTOMER] = "cus_", [HCP_ID_LEASE] = "lse_",
    [HCP_ID_SWITCH] = "sw_",    [HCP_ID_DECISION] = "dec_", [HCP_ID_ALERT] = "alr_",
    [HCP_ID_USER] = "usr_",     [HCP_ID_KEY] = "key_",      [HCP_ID_INVOICE] = "inv_",
    [HCP_ID_WHATIF] = "wif_",   [HCP_ID_GRID] = "grd_",
};

const char *hcp_id_prefix(hcp_id_kind kind)
{
    g_assert((unsigned)kind < HCP_ID_KINDS);
    return PREFIXES[kind];
}

void hcp_id_format(hcp_id_kind kind, uint64_t value, char ret_text[HCP_ID_TEXT_SIZE])
{
    if (value == 0) {
        ret_text[0] = '\0';
        return;
    }
    const char *prefix = hcp_id_prefix(kind);
    size_t length = strlen(prefix);
    memcpy(ret_text, prefix, length);
    char *digits = ret_text + length;
    uint64_t rest = value;
    for (int i = DIGITS - 1; i >= 0; i--, rest >>= 5)
        digits[i] = ALPHABET[rest & 31];
    digits[DIGITS] = ALPHABET[value % CHECK_MODULUS];
    digits[DIGITS + 1] = '\0';
}

/* Value of one character of the alphabet, with Crockford's reading of look-alikes; -1 for any
 * other. */
static int digit_value(char c)
{
    c = g_ascii_tolower(c);
    if (c == 'o')
        return 0;
    if (c == 'i' || c == 'l')
        return 1;
    const char *found = c != '\0' ? strchr(ALPHABET, c) : NULL;
    return found != NULL ? (int)(found - ALPHABET) : -1;
}

bool hcp_id_parse(hcp_id_kind kind, const char *text, uint64_t *ret_value)
{
    const char *prefix = hcp_id_prefix(kind);
    size_t length = strlen(prefix);
    if (g_ascii_strncasecmp(text, prefix, length) != 0 || strlen(text + length) != DIGITS + 1)
        return false;
    const char *digits = text + length;
    uint64_t value = 0;
    for (int i = 0; i < DIGITS; i++) {
        int digit = digit_value(digits[i]);
        if (digit < 0 || digit >= 32 || (i == 0 && digit >= 16))
            return false;
        value = value << 5 | (uint64_t)digit;
    }
    if (value == 0 || digit_value(digits[DIGITS]) != (int)(value % CHECK_MODULUS))
        return false;
    *ret_value = value;
    return true;
}

uint64_t hcp_id_next(uint64_t last, int64_t now_us)
{
    g_assert(last < UINT64_MAX);
    int64_t now_ms = CLAMP(now_us / 1000, 0, (INT64_C(1) << TIME_BITS) - 1);
    return MAX((uint64_t)now_ms << SEQUENCE_BITS, last + 1);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML 1.2 core schema. "yes", "no", "on", "off" and 12:30 are strings here, not the booleans and
 * base-60 numbers of YAML 1.1. */
#include "base/yaml_scalar.h"

#include <errno.h>
#include <math.h>
#include <string.h>

static const char *const NULLS[] = {"", "~", "null", "Null", "NULL", NULL};
static const char *const TRUES[] = {"true", "True", "TRUE", NULL};
static const char *const FALSES[] = {"false", "False", "FALSE", NULL};
static const char *const SPECIALS[] = {
    ".inf",  ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
    "-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL,
};

static json_t *parse_integer(const char *text, int base, const char **ret_reason)
{
    errno = 0;
    gint64 value = g_ascii_strtoll(text, NULL, (guint)base);
    if (errno == 0)
        return json_integer(value);
    *ret_reason = "an integer that does not fit 64 bits; quote it if it is text";
    return NULL;
}

/* Base of the integer `text` is, with *ret_digits where its digits (or its sign) begin; 0 when it is
 * none. */
static int integer_base(const char *text, const char **ret_digits)
{
    static const char DECIMAL[] = "0123456789", HEX[] = "0123456789abcdefABCDEF";
    const char *digits = text + (*text == '+' || *text == '-');
    *ret_digits = text;
    if (*digits != '\0' && digits[strspn(digits, DECIMAL)] == '\0')
        return 10;
    if (text[0] != '0' || (text[1] != 'x' && text[1] != 'o') || text[2] == '\0')
        return 0;
    *ret_digits = text + 2;
    const char *allowed = text[1] == 'x' ? HEX : "01234567";
    if (text[2 + strspn(text + 2, allowed)] != '\0')
        return 0;
    return text[1] == 'x' ? 16 : 8;
}

static bool parse_real(const char *text, double *ret_value)
{
    if (text[strspn(text, "0123456789+-.eE")] != '\0' || strpbrk(text, "0123456789") == NULL)
        return false;
    char *end;
    double value = g_ascii_strtod(text, &end);
    if (*end != '\0')
        return false;
    *ret_value = value;
    return true;
}

json_t *hcp_yaml_scalar_plain(const char *text, const char **ret_reason)
{
    if (g_strv_contains(NULLS, text))
        return json_null();
    if (g_strv_contains(TRUES, text))
        return json_true();
    if (g_strv_contains(FALSES, text))
        return json_false();
    if (g_strv_contains(SPECIALS, text)) {
        *ret_reason = "not a number that can be used; give a finite one";
        return NULL;
    }
    const char *digits;
    int base = integer_base(text, &digits);
    if (base != 0)
        return parse_integer(digits, base, ret_reason);
    double real;
    if (!parse_real(text, &real))
        return json_string(text);
    if (isfinite(real))
        return json_real(real);
    *ret_reason = "a number too large for a double; quote it if it is text";
    return NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* JSON text out. jansson prints doubles with one fixed precision (0.1 becomes 0.10000000000000001
 * at 17 digits), so the text is made here: the shortest that reads back. */
#include "base/json.h"
#include "base/json_text.h"
#include "base/timefmt.h"

#include <math.h>
#include <string.h>

#define DESCRIBE_LENGTH 64
#define NUMBER_SIZE 40
#define INDENT_WIDTH 2
#define EXACT_DIGITS 1e15 /* every decimal of up to 15 digits survives a trip through a double */
#define FIXED_SCALE 1e6
#define FIXED_DIGITS 6
#define FIXED_MINIMUM 1e-4 /* below, %g turns to exponents */

/* What follows the backslash for bytes below 0x20; 'u' means \u00XX. */
static const char CONTROL_ESCAPES[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";

/* The letter after the backslash, or 0 when the byte stands for itself. */
static inline char escape_of(unsigned char c)
{
    if (G_UNLIKELY(c < 0x20))
        return CONTROL_ESCAPES[c];
    return c == '"' || c == '\\' ? (char)c : 0;
}

static char *write_escape(char *at, unsigned char c)
{
    static const char HEX[] = "0123456789abcdef";
    *at++ = '\\';
    *at++ = escape_of(c);
    if (escape_of(c) == 'u') {
        *at++ = '0';
        *at++ = '0';
        *at++ = HEX[c >> 4];
        *at++ = HEX[c & 15];
    }
    return at;
}

void hcp_json_text_string(GString *out, const char *text)
{
    g_autofree char *valid = NULL;
    const unsigned char *bytes = (const unsigned char *)text;
    size_t length = 0;
    unsigned char seen = 0;
    for (; bytes[length] != 0; length++)
        seen |= bytes[length];
    if (seen >= 0x80 && !g_utf8_validate(text, (gssize)length, NULL)) {
        valid = g_utf8_make_valid(text, (gssize)length);
        bytes = (const unsigned char *)valid;
        length = strlen(valid);
    }
    /* An escape is at most six bytes for one. */
    char *at = hcp_json_text_reserve(out, 6 * length + 2);
    *at++ = '"';
    for (size_t i = 0; i < length; i++) {
        if (G_LIKELY(escape_of(bytes[i]) == 0))
            *at++ = (char)bytes[i];
        else
            at = write_escape(at, bytes[i]);
    }
    *at++ = '"';
    hcp_json_text_commit(out, at);
}

/* Writes the decimal digits of `value` at `at`, padded with zeros to `width`; returns the end. */
static char *write_digits(char *at, uint64_t value, int width)
{
    char digits[20];
    int count = 0;
    for (; value > 0 || count < width; value /= 10)
        digits[count++] = (char)('0' + value % 10);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

static char *write_int(char *at, int64_t value)
{
    if (value < 0)
        *at++ = '-';
    return write_digits(at, value < 0 ? -(uint64_t)value : (uint64_t)value, 1);
}

void hcp_json_text_int(GString *out, int64_t value)
{
    hcp_json_text_commit(out, write_int(hcp_json_text_reserve(out, NUMBER_SIZE), value));
}

/* Writes numbers with at most six decimals and 15 digits, which is most of them; NULL for all
 * others. The result is what %.15g gives: a quotient of two exact doubles is correctly rounded, so
 * equality proves that the text reads back, and no two decimals of 15 digits share a double. */
static char *write_fixed(char *at, double value)
{
    double magnitude = fabs(value);
    double scaled = round(magnitude * FIXED_SCALE);
    if (magnitude < FIXED_MINIMUM || scaled >= EXACT_DIGITS || scaled / FIXED_SCALE != magnitude)
        return NULL;
    uint64_t whole = (uint64_t)scaled / (uint64_t)FIXED_SCALE;
    uint64_t decimals = (uint64_t)scaled % (uint64_t)FIXED_SCALE;
    if (value < 0)
        *at++ = '-';
    at = write_digits(at, whole, 1);
    *at++ = '.';
    at = write_digits(at, decimals, FIXED_DIGITS);
    while (at[-1] == '0' && at[-2] != '.')
        at--;
    return at;
}

static char *write_shortest(char *at, double value)
{
    static const char *const FORMATS[] = {"%.15g", "%.16g", "%.17g"};
    for (size_t i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
        g_ascii_formatd(at, NUMBER_SIZE, FORMATS[i], value);
        if (g_ascii_strtod(at, NULL) == value)
            break;
    }
    size_t length = strlen(at);
    if (strpbrk(at, ".e") == NULL) {
        memcpy(at + length, ".0", 2);
        length += 2;
    }
    return at + length;
}

void hcp_json_text_number(GString *out, double value)
{
    if (!isfinite(value)) {
        g_string_append(out, "null");
        return;
    }
    char *at = hcp_json_text_reserve(out, NUMBER_SIZE);
    char *end = write_fixed(at, value);
    if (end == NULL)
        end = write_shortest(at, value);
    hcp_json_text_commit(out, end);
}

void hcp_json_text_plain(GString *out, const char *text, size_t length)
{
    char *at = hcp_json_text_reserve(out, length);
    memcpy(at, text, length);
    hcp_json_text_commit(out, at + length);
}

void hcp_json_text_quoted(GString *out, const char *text)
{
    size_t length = strlen(text);
    char *at = hcp_json_text_reserve(out, length + 2);
    *at = '"';
    memcpy(at + 1, text, length);
    at[length + 1] = '"';
    hcp_json_text_commit(out, at + length + 2);
}

void hcp_json_text_null(GString *out)
{
    hcp_json_text_plain(out, "null", 4);
}

void hcp_json_text_time(GString *out, int64_t time_us)
{
    char text[HCP_TIME_TEXT_SIZE];
    if (time_us == 0) {
        hcp_json_text_null(out);
        return;
    }
    hcp_time_format(time_us, text);
    hcp_json_text_quoted(out, text);
}

void hcp_json_text_id(GString *out, hcp_id_kind kind, uint64_t value)
{
    char text[HCP_ID_TEXT_SIZE];
    if (value == 0) {
        hcp_json_text_null(out);
        return;
    }
    hcp_id_format(kind, value, text);
    hcp_json_text_quoted(out, text);
}

/* Starts a line for a child at `depth` when printing for people (indent >= 0 is the depth, -1 is
 * compact). */
static void break_line(GString *out, int indent)
{
    if (indent < 0)
        return;
    size_t width = (size_t)indent * INDENT_WIDTH;
    char *at = hcp_json_text_reserve(out, width + 1);
    *at = '\n';
    memset(at + 1, ' ', width);
    hcp_json_text_commit(out, at + 1 + width);
}

static void print_value(GString *out, const json_t *value, int indent);

static void print_array(GString *out, const json_t *array, int indent)
{
    int inner = indent < 0 ? -1 : indent + 1;
    size_t count = json_array_size(array);
    g_string_append_c(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        break_line(out, inner);
        print_value(out, json_array_get(array, i), inner);
    }
    if (count > 0)
        break_line(out, indent);
    g_string_append_c(out, ']');
}

static void print_object(GString *out, const json_t *object, int indent)
{
    int inner = indent < 0 ? -1 : indent + 1;
    const char *separator = "";
    const char *key;
    json_t *member;
    g_string_append_c(out, '{');
    json_object_foreach((json_t *)object, key, member)
    {
        g_string_append(out, separator);
        separator = ",";
        break_line(out, inner);
        hcp_json_text_string(out, key);
        g_string_append(out, indent < 0 ? ":" : ": ");
        print_value(out, member, inner);
    }
    if (json_object_size(object) > 0)
        break_line(out, indent);
    g_string_append_c(out, '}');
}

static void print_value(GString *out, const json_t *value, int indent)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        print_object(out, value, indent);
        break;
    case JSON_ARRAY:
        print_array(out, value, indent);
        break;
    case JSON_STRING:
        hcp_json_text_string(out, json_string_value(value));
        break;
    case JSON_INTEGER:
        hcp_json_text_int(out, json_integer_value(value));
        break;
    case JSON_REAL:
        hcp_json_text_number(out, json_real_value(value));
        break;
    case JSON_TRUE:
        g_string_append(out, "true");
        break;
    case JSON_FALSE:
        g_string_append(out, "false");
        break;
    case JSON_NULL:
        g_string_append(out, "null");
        break;
    }
}

char *hcp_json_print(const json_t *value, size_t *ret_size)
{
    GString *out = g_string_sized_new(256);
    print_value(out, value, -1);
    if (ret_size != NULL)
        *ret_size = out->len;
    return g_string_free(out, FALSE);
}

char *hcp_json_print_pretty(const json_t *value)
{
    GString *out = g_string_sized_new(256);
    print_value(out, value, 0);
    return g_string_free(out, FALSE);
}

char *hcp_json_describe(const json_t *value)
{
    if (json_is_object(value))
        return g_strdup("an object");
    if (json_is_array(value))
        return g_strdup("an array");
    char *text = hcp_json_print(value, NULL);
    if (g_utf8_strlen(text, -1) <= DESCRIBE_LENGTH)
        return text;
    g_autofree char *whole = text;
    g_autofree char *cut = g_utf8_substring(whole, 0, DESCRIBE_LENGTH);
    return g_strconcat(cut, "…", NULL);
}

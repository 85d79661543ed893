/* SPDX-License-Identifier: Apache-2.0 */
/* Strict JSON parsing with limits, and typed access to members. */
#include "base/json.h"

#include "base/error.h"
#include "base/file.h"
#include "base/json_text.h"
#include "base/timefmt.h"

#include <math.h>
#include <string.h>

#define MAX_FILE_SIZE ((size_t)64 << 20)

/* Offset of the first bracket that nests deeper than allowed, or `size`. jansson recurses once per
 * level; counting brackets outside strings first keeps hostile input off the stack. In malformed
 * text the count may be off, but then the parser stops at the malformation before it gets deeper
 * than the count. */
static size_t find_too_deep(const char *text, size_t size)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if ((c == '[' || c == '{') && ++depth > HCP_JSON_MAX_DEPTH)
            return i;
        else if (c == ']' || c == '}')
            depth--;
    }
    return size;
}

static void set_depth_error(const char *text, size_t offset, GError **error)
{
    int line = 1;
    size_t line_start = 0;
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            line++;
            line_start = i + 1;
        }
    }
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                "line %d, column %zu: nested deeper than %d levels; flatten the document", line,
                offset - line_start + 1, HCP_JSON_MAX_DEPTH);
}

json_t *hcp_json_parse(const char *text, size_t size, GError **error)
{
    size_t too_deep = find_too_deep(text, size);
    if (too_deep < size) {
        set_depth_error(text, too_deep, error);
        return NULL;
    }
    json_error_t detail;
    json_t *value = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &detail);
    if (value == NULL) {
        /* jansson cuts its text at a byte, perhaps inside a character. */
        g_autofree char *reason = g_utf8_make_valid(detail.text, -1);
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "line %d, column %d: %s", detail.line,
                    detail.column, reason);
    }
    return value;
}

json_t *hcp_json_parse_file(const char *path, GError **error)
{
    g_autofree char *text = NULL;
    size_t size;
    if (!hcp_file_read(path, MAX_FILE_SIZE, &text, &size, error))
        return NULL;
    json_t *value = hcp_json_parse(text, size, error);
    if (value == NULL)
        g_prefix_error(error, "%s: ", path);
    return value;
}

bool hcp_json_to_int(const json_t *value, int64_t *ret_value)
{
    if (json_is_integer(value)) {
        *ret_value = json_integer_value(value);
        return true;
    }
    double real = json_is_real(value) ? json_real_value(value) : NAN;
    if (!(real >= -0x1p63 && real < 0x1p63) || real != trunc(real))
        return false;
    *ret_value = (int64_t)real;
    return true;
}

const char *hcp_json_string(const json_t *object, const char *key, const char *fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? json_string_value(value) : fallback;
}

int64_t hcp_json_int(const json_t *object, const char *key, int64_t fallback)
{
    int64_t value = fallback;
    (void)hcp_json_to_int(json_object_get(object, key), &value);
    return value;
}

double hcp_json_number(const json_t *object, const char *key, double fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

bool hcp_json_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

json_t *hcp_json_new_string(const char *text)
{
    if (text == NULL)
        return json_null();
    json_t *value = json_string(text);
    if (value != NULL)
        return value;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return json_string(valid);
}

json_t *hcp_json_new_number(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *hcp_json_new_time(int64_t time_us)
{
    if (time_us == 0)
        return json_null();
    char text[HCP_TIME_TEXT_SIZE];
    hcp_time_format(time_us, text);
    return json_string_nocheck(text);
}

/* Takes `value`. Only a bug fails here: a target that is no object, or a key that is not UTF-8. */
static void set_member(json_t *object, const char *key, json_t *value)
{
    int status = json_object_set_new(object, key, value);
    g_assert(status == 0);
}

void hcp_json_set_string(json_t *object, const char *key, const char *value)
{
    set_member(object, key, hcp_json_new_string(value));
}

void hcp_json_set_int(json_t *object, const char *key, int64_t value)
{
    set_member(object, key, json_integer(value));
}

void hcp_json_set_number(json_t *object, const char *key, double value)
{
    set_member(object, key, hcp_json_new_number(value));
}

void hcp_json_set_bool(json_t *object, const char *key, bool value)
{
    set_member(object, key, json_boolean(value));
}

void hcp_json_set_time(json_t *object, const char *key, int64_t time_us)
{
    set_member(object, key, hcp_json_new_time(time_us));
}

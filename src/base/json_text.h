/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON text of single values, shared by the tree printer and the record printer; private to
 * base. */
#ifndef HCP_BASE_JSON_TEXT_H
#define HCP_BASE_JSON_TEXT_H

#include "base/id.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Makes room for `size` more bytes and their terminator in `out` and returns where they start. */
static inline char *hcp_json_text_reserve(GString *out, size_t size)
{
    if (G_UNLIKELY(out->len + size >= out->allocated_len)) {
        gsize length = out->len;
        g_string_set_size(out, length + size);
        out->len = length;
    }
    return out->str + out->len;
}

/* Declares that `out` now ends at `end`, a position inside the reserved room. */
static inline void hcp_json_text_commit(GString *out, char *end)
{
    out->len = (gsize)(end - out->str);
    *end = '\0';
}

/* Appends `text` quoted and escaped; bytes that are not UTF-8 become U+FFFD. */
void hcp_json_text_string(GString *out, const char *text);

/* Appends a decimal integer. */
void hcp_json_text_int(GString *out, int64_t value);

/* Appends the shortest text (15 to 17 significant digits) that reads back as `value`, always with a
 * point or an exponent so that it stays a real; null when `value` is not finite. */
void hcp_json_text_number(GString *out, double value);

/* Appends `length` bytes as they are: literals, names, text that is JSON already. */
void hcp_json_text_plain(GString *out, const char *text, size_t length);

/* Appends `text` in quotes; it holds nothing that needs escaping. */
void hcp_json_text_quoted(GString *out, const char *text);

/* Appends null. */
void hcp_json_text_null(GString *out);

/* Appends RFC 3339 text, or null when `time_us` is 0. */
void hcp_json_text_time(GString *out, int64_t time_us);

/* Appends the id's text, or null when `value` is 0. */
void hcp_json_text_id(GString *out, hcp_id_kind kind, uint64_t value);

/* The value as messages show it: its JSON text cut at 64 characters, or "an object", "an array".
 * Caller frees. */
char *hcp_json_describe(const json_t *value);

/* New string value; bytes that are not UTF-8 become U+FFFD, NULL becomes null. */
json_t *hcp_json_new_string(const char *text);

/* New real value; null when `value` is not finite. */
json_t *hcp_json_new_number(double value);

/* New time value: RFC 3339 text, or null when `time_us` is 0. */
json_t *hcp_json_new_time(int64_t time_us);

/* The value as a 64-bit integer: a JSON integer, or a real without a fraction (7.0). */
bool hcp_json_to_int(const json_t *value, int64_t *ret_value);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one place that talks to jansson: strict parsing with limits, and typed reading and writing. Callers use json_t
 * directly for building and walking trees; they parse and print only here.
 */
#ifndef HCP_BASE_JSON_H
#define HCP_BASE_JSON_H

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)

#define HCP_JSON_MAX_DEPTH 64

/* Parses `size` bytes as one JSON value: duplicate keys, NaN, invalid UTF-8, trailing bytes and nesting deeper than
 * HCP_JSON_MAX_DEPTH are refused; the message carries line and column. Returns a new reference, or NULL. */
json_t *hcp_json_parse(const char *text, size_t size, GError **error);

/* Reads and parses a file; the message carries its path. */
json_t *hcp_json_parse_file(const char *path, GError **error);

/* Compact text of `value`, keys in insertion order, doubles with the shortest text that reads back (at most 17 digits).
 * Caller frees. */
char *hcp_json_print(const json_t *value, size_t *ret_size);

/* Two-space indented text of `value` for people. Caller frees. */
char *hcp_json_print_pretty(const json_t *value);

/* Typed members with a fallback for absent or null ones; a member of another type counts as absent (validate first). */
const char *hcp_json_string(const json_t *object, const char *key, const char *fallback);
int64_t hcp_json_int(const json_t *object, const char *key, int64_t fallback);
double hcp_json_number(const json_t *object, const char *key, double fallback);
bool hcp_json_bool(const json_t *object, const char *key, bool fallback);

/* Sets `key`; NULL strings become null. Times are RFC 3339 text, 0 becomes null. Money is {"usd_micro", "usd"}-free: one
 * integer member named by the caller with the suffix _usd_micro. */
void hcp_json_set_string(json_t *object, const char *key, const char *value);
void hcp_json_set_int(json_t *object, const char *key, int64_t value);
void hcp_json_set_number(json_t *object, const char *key, double value);
void hcp_json_set_bool(json_t *object, const char *key, bool value);
void hcp_json_set_time(json_t *object, const char *key, int64_t time_us);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text written member by member, without a tree: for answers that are made often and in one go. What is to be looked
 * into or changed before it is sent is a json_t (base/json.h). Both print every value alike.
 *
 * The comma is found from what stands before, so members are simply written one after the other. Keys are plain names,
 * printed as they are.
 */
#ifndef HCP_BASE_JSON_WRITE_H
#define HCP_BASE_JSON_WRITE_H

#include "base/id.h"

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* Opens an object: the value of `key`, or of nothing when it is NULL. Each is closed by hcp_json_write_end(). */
void hcp_json_write_object(GString *out, const char *key);

/* Closes the object opened last. */
void hcp_json_write_end(GString *out);

/* One member. A NULL string, a time of 0, an id of 0 and a number that is not finite become null; bytes of a string that
 * are not UTF-8 become U+FFFD. */
void hcp_json_write_string(GString *out, const char *key, const char *value);
void hcp_json_write_int(GString *out, const char *key, int64_t value);
void hcp_json_write_number(GString *out, const char *key, double value);
void hcp_json_write_time(GString *out, const char *key, int64_t time_us);
void hcp_json_write_id(GString *out, const char *key, hcp_id_kind kind, uint64_t value);
void hcp_json_write_null(GString *out, const char *key);

/* One member whose value is `size` bytes of JSON text that exists already. */
void hcp_json_write_text(GString *out, const char *key, const char *text, size_t size);

#endif

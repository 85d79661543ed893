/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_write.h"

#include "base/json_text.h"

#include <string.h>

/* The comma where one is due, and the name. Nothing but an opening leaves a bracket at the end. */
static void begin_member(GString *out, const char *key)
{
    size_t length = strlen(key);
    char *at = hcp_json_text_reserve(out, length + 4);
    if (at[-1] != '{')
        *at++ = ',';
    *at++ = '"';
    memcpy(at, key, length);
    at += length;
    *at++ = '"';
    *at++ = ':';
    hcp_json_text_commit(out, at);
}

void hcp_json_write_object(GString *out, const char *key)
{
    if (key != NULL)
        begin_member(out, key);
    g_string_append_c(out, '{');
}

void hcp_json_write_end(GString *out)
{
    g_string_append_c(out, '}');
}

void hcp_json_write_string(GString *out, const char *key, const char *value)
{
    begin_member(out, key);
    if (value == NULL)
        hcp_json_text_null(out);
    else
        hcp_json_text_string(out, value);
}

void hcp_json_write_int(GString *out, const char *key, int64_t value)
{
    begin_member(out, key);
    hcp_json_text_int(out, value);
}

void hcp_json_write_number(GString *out, const char *key, double value)
{
    begin_member(out, key);
    hcp_json_text_number(out, value);
}

void hcp_json_write_time(GString *out, const char *key, int64_t time_us)
{
    begin_member(out, key);
    hcp_json_text_time(out, time_us);
}

void hcp_json_write_id(GString *out, const char *key, hcp_id_kind kind, uint64_t value)
{
    begin_member(out, key);
    hcp_json_text_id(out, kind, value);
}

void hcp_json_write_null(GString *out, const char *key)
{
    begin_member(out, key);
    hcp_json_text_null(out);
}

void hcp_json_write_text(GString *out, const char *key, const char *text, size_t size)
{
    begin_member(out, key);
    hcp_json_text_plain(out, text, size);
}

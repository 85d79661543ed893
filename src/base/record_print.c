/* SPDX-License-Identifier: Apache-2.0 */
/* Records as JSON text without a tree: the journal's encoder. */
#include "base/json_text.h"
#include "base/record.h"
#include "base/timefmt.h"

#include <string.h>

/* Appends text that needs no escaping: names of fields, and literals. */
static void append_plain(GString *out, const char *text, size_t length)
{
    char *at = hcp_json_text_reserve(out, length);
    memcpy(at, text, length);
    hcp_json_text_commit(out, at + length);
}

static void append_quoted(GString *out, const char *text)
{
    size_t length = strlen(text);
    char *at = hcp_json_text_reserve(out, length + 2);
    *at = '"';
    memcpy(at + 1, text, length);
    at[length + 1] = '"';
    hcp_json_text_commit(out, at + length + 2);
}

static void append_null(GString *out)
{
    append_plain(out, "null", 4);
}

static void append_time(GString *out, int64_t time_us)
{
    char text[HCP_TIME_TEXT_SIZE];
    if (time_us == 0) {
        append_null(out);
        return;
    }
    hcp_time_format(time_us, text);
    append_quoted(out, text);
}

static void append_id(GString *out, hcp_id_kind kind, uint64_t value)
{
    char text[HCP_ID_TEXT_SIZE];
    if (value == 0) {
        append_null(out);
        return;
    }
    hcp_id_format(kind, value, text);
    append_quoted(out, text);
}

static void append_array(GString *out, const hcp_field *field, const hcp_array *array)
{
    g_string_append_c(out, '[');
    for (uint32_t i = 0; i < array->count; i++) {
        if (i > 0)
            g_string_append_c(out, ',');
        if (field->kind == HCP_FIELD_U32S)
            hcp_json_text_int(out, ((const uint32_t *)array->items)[i]);
        else
            hcp_record_print(field->record, (const char *)array->items + i * field->record->size,
                             out);
    }
    g_string_append_c(out, ']');
}

static void append_string(GString *out, const char *text)
{
    if (text == NULL)
        append_null(out);
    else
        hcp_json_text_string(out, text);
}

static void append_field(GString *out, const hcp_field *field, const void *at)
{
    switch (field->kind) {
    case HCP_FIELD_BOOL:
        *(const bool *)at ? append_plain(out, "true", 4) : append_plain(out, "false", 5);
        break;
    case HCP_FIELD_U8:
        hcp_json_text_int(out, *(const uint8_t *)at);
        break;
    case HCP_FIELD_U32:
        hcp_json_text_int(out, *(const uint32_t *)at);
        break;
    case HCP_FIELD_I32:
        hcp_json_text_int(out, *(const int32_t *)at);
        break;
    case HCP_FIELD_I64:
        hcp_json_text_int(out, *(const int64_t *)at);
        break;
    case HCP_FIELD_F64:
        hcp_json_text_number(out, *(const double *)at);
        break;
    case HCP_FIELD_ENUM:
        hcp_json_text_string(out, hcp_enum_name(field->names, *(const int *)at));
        break;
    case HCP_FIELD_STRING:
        append_string(out, *(const char *const *)at);
        break;
    case HCP_FIELD_TIME:
        append_time(out, *(const int64_t *)at);
        break;
    case HCP_FIELD_ID:
        append_id(out, field->id_kind, *(const uint64_t *)at);
        break;
    case HCP_FIELD_RECORD:
        hcp_record_print(field->record, at, out);
        break;
    case HCP_FIELD_ARRAY:
    case HCP_FIELD_U32S:
        append_array(out, field, at);
        break;
    }
}

void hcp_record_print(const hcp_record *record, const void *data, GString *out)
{
    g_string_append_c(out, '{');
    for (int i = 0; i < record->n_fields; i++) {
        const hcp_field *field = &record->fields[i];
        if (i > 0)
            g_string_append_c(out, ',');
        append_quoted(out, field->name);
        g_string_append_c(out, ':');
        append_field(out, field, (const char *)data + field->offset);
    }
    g_string_append_c(out, '}');
}

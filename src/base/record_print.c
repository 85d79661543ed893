/* SPDX-License-Identifier: Apache-2.0 */
/* Records as JSON text without a tree: the journal's encoder. */
#include "base/json_text.h"
#include "base/record.h"

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
        hcp_json_text_null(out);
    else
        hcp_json_text_string(out, text);
}

static void append_field(GString *out, const hcp_field *field, const void *at)
{
    switch (field->kind) {
    case HCP_FIELD_BOOL:
        *(const bool *)at ? hcp_json_text_plain(out, "true", 4)
                          : hcp_json_text_plain(out, "false", 5);
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
        hcp_json_text_time(out, *(const int64_t *)at);
        break;
    case HCP_FIELD_ID:
        hcp_json_text_id(out, field->id_kind, *(const uint64_t *)at);
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
        hcp_json_text_quoted(out, field->name);
        g_string_append_c(out, ':');
        append_field(out, field, (const char *)data + field->offset);
    }
    g_string_append_c(out, '}');
}

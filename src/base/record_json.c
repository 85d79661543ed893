/* SPDX-License-Identifier: Apache-2.0 */
/* Records as JSON trees, and back. */
#include "base/error.h"
#include "base/json_text.h"
#include "base/record.h"
#include "base/timefmt.h"

#include <inttypes.h>
#include <math.h>

static json_t *id_to_json(hcp_id_kind kind, uint64_t value)
{
    char text[HCP_ID_TEXT_SIZE];
    if (value == 0)
        return json_null();
    hcp_id_format(kind, value, text);
    return json_string_nocheck(text);
}

static json_t *array_to_json(const hcp_field *field, const hcp_array *array)
{
    json_t *result = json_array();
    for (uint32_t i = 0; i < array->count; i++) {
        json_t *item = field->kind == HCP_FIELD_U32S
                           ? json_integer(((const uint32_t *)array->items)[i])
                           : hcp_record_to_json(field->record, (const char *)array->items +
                                                                   i * field->record->size);
        json_array_append_new(result, item);
    }
    return result;
}

static json_t *field_to_json(const hcp_field *field, const void *at)
{
    switch (field->kind) {
    case HCP_FIELD_BOOL:
        return json_boolean(*(const bool *)at);
    case HCP_FIELD_U8:
        return json_integer(*(const uint8_t *)at);
    case HCP_FIELD_U32:
        return json_integer(*(const uint32_t *)at);
    case HCP_FIELD_I32:
        return json_integer(*(const int32_t *)at);
    case HCP_FIELD_I64:
        return json_integer(*(const int64_t *)at);
    case HCP_FIELD_F64:
        return hcp_json_new_number(*(const double *)at);
    case HCP_FIELD_ENUM:
        return json_string(hcp_enum_name(field->names, *(const int *)at));
    case HCP_FIELD_STRING:
        return hcp_json_new_string(*(const char *const *)at);
    case HCP_FIELD_TIME:
        return hcp_json_new_time(*(const int64_t *)at);
    case HCP_FIELD_ID:
        return id_to_json(field->id_kind, *(const uint64_t *)at);
    case HCP_FIELD_RECORD:
        return hcp_record_to_json(field->record, at);
    case HCP_FIELD_ARRAY:
    case HCP_FIELD_U32S:
        return array_to_json(field, at);
    }
    g_assert_not_reached();
}

json_t *hcp_record_to_json(const hcp_record *record, const void *data)
{
    json_t *object = json_object();
    for (int i = 0; i < record->n_fields; i++) {
        const hcp_field *field = &record->fields[i];
        json_object_set_new(object, field->name,
                            field_to_json(field, (const char *)data + field->offset));
    }
    return object;
}

/* Reports that the member `name` is not `expected`, quoting the value when it is a short scalar. */
static bool refuse(const char *name, const json_t *value, const char *expected, GError **error)
{
    g_autofree char *text = hcp_json_describe(value);
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: expected %s, got %s", name, expected,
                text);
    return false;
}

static bool read_int(const hcp_field *field, const json_t *value, int64_t *ret_value,
                     GError **error)
{
    int64_t minimum = INT64_MIN, maximum = INT64_MAX;
    if (field->kind == HCP_FIELD_U8) {
        minimum = 0;
        maximum = UINT8_MAX;
    } else if (field->kind == HCP_FIELD_U32) {
        minimum = 0;
        maximum = UINT32_MAX;
    } else if (field->kind == HCP_FIELD_I32) {
        minimum = INT32_MIN;
        maximum = INT32_MAX;
    }
    int64_t number;
    if (hcp_json_to_int(value, &number) && number >= minimum && number <= maximum) {
        *ret_value = number;
        return true;
    }
    g_autofree char *expected =
        g_strdup_printf("an integer from %" PRId64 " to %" PRId64, minimum, maximum);
    return refuse(field->name, value, expected, error);
}

static bool int_from_json(const hcp_field *field, const json_t *value, void *at, GError **error)
{
    int64_t number;
    if (!read_int(field, value, &number, error))
        return false;
    if (field->kind == HCP_FIELD_U8)
        *(uint8_t *)at = (uint8_t)number;
    else if (field->kind == HCP_FIELD_U32)
        *(uint32_t *)at = (uint32_t)number;
    else if (field->kind == HCP_FIELD_I32)
        *(int32_t *)at = (int32_t)number;
    else
        *(int64_t *)at = number;
    return true;
}

static bool number_from_json(const hcp_field *field, const json_t *value, void *at, GError **error)
{
    if (!json_is_number(value) && !json_is_null(value))
        return refuse(field->name, value, "a number", error);
    *(double *)at = json_is_null(value) ? (double)NAN : json_number_value(value);
    return true;
}

static bool bool_from_json(const hcp_field *field, const json_t *value, void *at, GError **error)
{
    if (!json_is_boolean(value))
        return refuse(field->name, value, "true or false", error);
    *(bool *)at = json_is_true(value);
    return true;
}

static bool enum_from_json(const hcp_field *field, const json_t *value, void *at, GError **error)
{
    int number =
        json_is_string(value) ? hcp_enum_value(field->names, json_string_value(value)) : -1;
    if (number >= 0) {
        *(int *)at = number;
        return true;
    }
    g_autoptr(GString) expected = g_string_new("one of ");
    for (int i = 0; i < field->names->count; i++)
        g_string_append_printf(expected, "%s%s", i > 0 ? ", " : "", field->names->names[i]);
    return refuse(field->name, value, expected->str, error);
}

static bool string_from_json(const hcp_field *field, const json_t *value, void *at, GError **error)
{
    if (!json_is_string(value) && !json_is_null(value))
        return refuse(field->name, value, "a string or null", error);
    *(char **)at = g_strdup(json_string_value(value)); /* NULL for null */
    return true;
}

static bool time_from_json(const hcp_field *field, const json_t *value, void *at, GError **error)
{
    if (json_is_null(value))
        return true;
    if (json_is_string(value) && hcp_time_parse(json_string_value(value), at, NULL))
        return true;
    return refuse(field->name, value, "an RFC 3339 time or null", error);
}

static bool id_from_json(const hcp_field *field, const json_t *value, void *at, GError **error)
{
    if (json_is_null(value))
        return true;
    if (json_is_string(value) && hcp_id_parse(field->id_kind, json_string_value(value), at))
        return true;
    g_autofree char *expected =
        g_strdup_printf("an id that starts with %s or null", hcp_id_prefix(field->id_kind));
    return refuse(field->name, value, expected, error);
}

static bool record_from_json(const hcp_field *field, const json_t *value, void *at, GError **error)
{
    if (!json_is_object(value))
        return refuse(field->name, value, "an object", error);
    if (hcp_record_from_json(field->record, value, at, error))
        return true;
    g_prefix_error(error, "%s.", field->name);
    return false;
}

static bool array_from_json(const hcp_field *field, const json_t *value, void *at, GError **error)
{
    if (!json_is_array(value))
        return refuse(field->name, value, "an array", error);
    uint32_t count = (uint32_t)json_array_size(value);
    hcp_array *array = at;
    char *item = hcp_array_init(array, count, field->record->size);
    for (uint32_t i = 0; i < count; i++, item += field->record->size) {
        const json_t *element = json_array_get(value, i);
        if (!json_is_object(element)) {
            g_autofree char *name = g_strdup_printf("%s[%" PRIu32 "]", field->name, i);
            return refuse(name, element, "an object", error);
        }
        if (!hcp_record_from_json(field->record, element, item, error)) {
            g_prefix_error(error, "%s[%" PRIu32 "].", field->name, i);
            return false;
        }
    }
    return true;
}

static bool numbers_from_json(const hcp_field *field, const json_t *value, void *at, GError **error)
{
    if (!json_is_array(value))
        return refuse(field->name, value, "an array", error);
    uint32_t count = (uint32_t)json_array_size(value);
    uint32_t *items = hcp_array_init(at, count, sizeof *items);
    for (uint32_t i = 0; i < count; i++) {
        int64_t number;
        const json_t *element = json_array_get(value, i);
        if (!hcp_json_to_int(element, &number) || number < 0 || number > UINT32_MAX) {
            g_autofree char *name = g_strdup_printf("%s[%" PRIu32 "]", field->name, i);
            return refuse(name, element, "an integer from 0 to 4294967295", error);
        }
        items[i] = (uint32_t)number;
    }
    return true;
}

typedef bool (*field_reader)(const hcp_field *field, const json_t *value, void *at, GError **error);

static const field_reader READERS[] = {
    [HCP_FIELD_BOOL] = bool_from_json,     [HCP_FIELD_U8] = int_from_json,
    [HCP_FIELD_U32] = int_from_json,       [HCP_FIELD_I32] = int_from_json,
    [HCP_FIELD_I64] = int_from_json,       [HCP_FIELD_F64] = number_from_json,
    [HCP_FIELD_ENUM] = enum_from_json,     [HCP_FIELD_STRING] = string_from_json,
    [HCP_FIELD_TIME] = time_from_json,     [HCP_FIELD_ID] = id_from_json,
    [HCP_FIELD_RECORD] = record_from_json, [HCP_FIELD_ARRAY] = array_from_json,
    [HCP_FIELD_U32S] = numbers_from_json,
};

bool hcp_record_from_json(const hcp_record *record, const json_t *object, void *data,
                          GError **error)
{
    if (!json_is_object(object)) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: expected an object", record->name);
        return false;
    }
    for (int i = 0; i < record->n_fields; i++) {
        const hcp_field *field = &record->fields[i];
        const json_t *value = json_object_get(object, field->name);
        if (value == NULL)
            continue;
        if (!READERS[field->kind](field, value, (char *)data + field->offset, error)) {
            hcp_record_clear(record, data);
            return false;
        }
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Life of records described by field tables: clear, copy and canonical hash; enum names. */
#include "base/record.h"

#include <math.h>
#include <string.h>

const char *hcp_enum_name(const hcp_enum_names *names, int value)
{
    return value >= 0 && value < names->count ? names->names[value] : "unknown";
}

int hcp_enum_value(const hcp_enum_names *names, const char *name)
{
    for (int i = 0; i < names->count; i++) {
        if (strcmp(names->names[i], name) == 0)
            return i;
    }
    return -1;
}

void *hcp_array_init(hcp_array *array, uint32_t count, size_t size)
{
    g_assert(array->items == NULL && array->count == 0);
    array->items = g_malloc0_n(count, size);
    array->count = count;
    return array->items;
}

static void clear_field(const hcp_field *field, void *at)
{
    hcp_array *array = at;
    switch (field->kind) {
    case HCP_FIELD_STRING:
        g_free(*(char **)at);
        break;
    case HCP_FIELD_RECORD:
        hcp_record_clear(field->record, at);
        break;
    case HCP_FIELD_ARRAY:
        for (uint32_t i = 0; i < array->count; i++)
            hcp_record_clear(field->record, (char *)array->items + i * field->record->size);
        g_free(array->items);
        break;
    case HCP_FIELD_U32S:
        g_free(array->items);
        break;
    default: /* owns nothing */
        break;
    }
}

void hcp_record_clear(const hcp_record *record, void *data)
{
    for (int i = 0; i < record->n_fields; i++)
        clear_field(&record->fields[i], (char *)data + record->fields[i].offset);
    memset(data, 0, record->size);
}

void hcp_record_unshare(const hcp_record *record, void *data)
{
    for (int i = 0; i < record->n_fields; i++) {
        const hcp_field *field = &record->fields[i];
        void *at = (char *)data + field->offset;
        hcp_array *array = at;
        if (field->kind == HCP_FIELD_STRING) {
            *(char **)at = g_strdup(*(char **)at);
        } else if (field->kind == HCP_FIELD_RECORD) {
            hcp_record_unshare(field->record, at);
        } else if (field->kind == HCP_FIELD_U32S) {
            array->items = g_memdup2(array->items, array->count * sizeof(uint32_t));
        } else if (field->kind == HCP_FIELD_ARRAY) {
            array->items = g_memdup2(array->items, array->count * field->record->size);
            for (uint32_t k = 0; k < array->count; k++)
                hcp_record_unshare(field->record, (char *)array->items + k * field->record->size);
        }
    }
}

void hcp_record_copy(const hcp_record *record, const void *source, void *dest)
{
    memcpy(dest, source, record->size);
    hcp_record_unshare(record, dest);
}

/* Gathers small values, because GChecksum costs a call and a block walk per update. */
typedef struct {
    GChecksum *checksum;
    size_t used;
    uint8_t bytes[512];
} hasher;

static void hasher_flush(hasher *hash)
{
    g_checksum_update(hash->checksum, hash->bytes, (gssize)hash->used);
    hash->used = 0;
}

static void hash_uint(hasher *hash, uint64_t value, size_t width)
{
    if (hash->used + width > sizeof hash->bytes)
        hasher_flush(hash);
    for (size_t i = 0; i < width; i++, value >>= 8)
        hash->bytes[hash->used++] = (uint8_t)value;
}

static void hash_string(hasher *hash, const char *text)
{
    /* No string is 2^32 - 1 bytes long, so that length marks NULL. */
    size_t length = text != NULL ? strlen(text) : UINT32_MAX;
    hash_uint(hash, length, 4);
    if (text == NULL)
        return;
    hasher_flush(hash);
    g_checksum_update(hash->checksum, (const guchar *)text, (gssize)length);
}

/* Every non-finite number is one value, as in the JSON form (null), so that a replay hashes
 * alike. */
static void hash_number(hasher *hash, double value)
{
    uint64_t bits = UINT64_C(0x7ff8000000000000);
    if (isfinite(value))
        memcpy(&bits, &value, sizeof bits);
    hash_uint(hash, bits, 8);
}

static void hash_record(hasher *hash, const hcp_record *record, const void *data);

static void hash_array(hasher *hash, const hcp_field *field, const hcp_array *array)
{
    hash_uint(hash, array->count, 4);
    for (uint32_t i = 0; i < array->count; i++) {
        if (field->kind == HCP_FIELD_U32S)
            hash_uint(hash, ((const uint32_t *)array->items)[i], 4);
        else
            hash_record(hash, field->record, (const char *)array->items + i * field->record->size);
    }
}

static void hash_field(hasher *hash, const hcp_field *field, const void *at)
{
    switch (field->kind) {
    case HCP_FIELD_BOOL:
        hash_uint(hash, *(const bool *)at, 1);
        break;
    case HCP_FIELD_U8:
        hash_uint(hash, *(const uint8_t *)at, 1);
        break;
    case HCP_FIELD_U32:
    case HCP_FIELD_I32:
    case HCP_FIELD_ENUM:
        hash_uint(hash, *(const uint32_t *)at, 4);
        break;
    case HCP_FIELD_I64:
    case HCP_FIELD_TIME:
    case HCP_FIELD_ID:
        hash_uint(hash, *(const uint64_t *)at, 8);
        break;
    case HCP_FIELD_F64:
        hash_number(hash, *(const double *)at);
        break;
    case HCP_FIELD_STRING:
        hash_string(hash, *(const char *const *)at);
        break;
    case HCP_FIELD_RECORD:
        hash_record(hash, field->record, at);
        break;
    case HCP_FIELD_ARRAY:
    case HCP_FIELD_U32S:
        hash_array(hash, field, at);
        break;
    }
}

static void hash_record(hasher *hash, const hcp_record *record, const void *data)
{
    for (int i = 0; i < record->n_fields; i++)
        hash_field(hash, &record->fields[i], (const char *)data + record->fields[i].offset);
}

void hcp_record_hash(const hcp_record *record, const void *data, GChecksum *checksum)
{
    hasher hash;
    hash.checksum = checksum;
    hash.used = 0;
    hash_record(&hash, record, data);
    hasher_flush(&hash);
}

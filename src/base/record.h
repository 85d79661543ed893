/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records described by data: a const table of fields (name, kind, offset) gives a C struct its JSON form, its canonical
 * hash, its copy and its destruction. Events, snapshots, config and catalog all use it, so a field is named once.
 *
 *     static const hcp_field PRICE_FIELDS[] = {
 *         HCP_FIELD(hcp_price, HCP_FIELD_I64, value_usd_micro),
 *         HCP_FIELD_ENUM(hcp_price, quality, &HCP_QUALITY_NAMES),
 *     };
 *     const hcp_record HCP_PRICE_RECORD = HCP_RECORD(hcp_price, PRICE_FIELDS);
 */
#ifndef HCP_BASE_RECORD_H
#define HCP_BASE_RECORD_H

#include "base/id.h"
#include "base/json.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Names of an enum's values, in order; index = value. */
typedef struct {
    const char *const *names;
    int count;
} hcp_enum_names;

/* clang-format off */
#define HCP_ENUM_NAMES(array) { .names = (array), .count = (int) G_N_ELEMENTS(array) }
/* clang-format on */

/* The name of `value`, or "unknown" outside the table. */
const char *hcp_enum_name(const hcp_enum_names *names, int value);

/* The value named `name` (case-sensitive), or -1. */
int hcp_enum_value(const hcp_enum_names *names, const char *name);

typedef enum {
    HCP_FIELD_BOOL,   /* bool */
    HCP_FIELD_U8,     /* uint8_t */
    HCP_FIELD_U32,    /* uint32_t */
    HCP_FIELD_I32,    /* int32_t */
    HCP_FIELD_I64,    /* int64_t */
    HCP_FIELD_F64,    /* double */
    HCP_FIELD_ENUM,   /* int-sized enum, printed by name */
    HCP_FIELD_STRING, /* char *, owned, may be NULL (null in JSON) */
    HCP_FIELD_TIME,   /* int64_t microseconds, RFC 3339 text in JSON, 0 = null */
    HCP_FIELD_ID,     /* struct with one uint64_t, id text in JSON, 0 = null */
    HCP_FIELD_RECORD, /* a nested struct */
    HCP_FIELD_ARRAY,  /* hcp_array of nested structs, owned */
    HCP_FIELD_U32S,   /* hcp_array of uint32_t, owned; JSON array of numbers */
} hcp_field_kind;

/* A counted array owned by the record that holds it. Zero-initialised is empty. */
typedef struct {
    void *items;
    uint32_t count;
} hcp_array;

struct hcp_record;

typedef struct {
    const char *name;
    hcp_field_kind kind;
    uint16_t offset;
    hcp_id_kind id_kind;             /* HCP_FIELD_ID */
    const hcp_enum_names *names;     /* HCP_FIELD_ENUM */
    const struct hcp_record *record; /* HCP_FIELD_RECORD, HCP_FIELD_ARRAY */
} hcp_field;

typedef struct hcp_record {
    const char *name;
    size_t size;
    const hcp_field *fields;
    int n_fields;
} hcp_record;

/* Initializers, which the formatter takes for statements. */
/* clang-format off */
#define HCP_FIELD(type, kind_, member) \
    { .name = #member, .kind = (kind_), .offset = offsetof(type, member) }
/* A member that is an element of an array gets a name of its own. */
#define HCP_FIELD_AT(type, kind_, name_, member) \
    { .name = (name_), .kind = (kind_), .offset = offsetof(type, member) }
#define HCP_FIELD_ENUM_OF(type, member, names_) \
    { .name = #member, .kind = HCP_FIELD_ENUM, .offset = offsetof(type, member), .names = (names_) }
#define HCP_FIELD_ID_OF(type, member, id_kind_) \
    { .name = #member, .kind = HCP_FIELD_ID, \
      .offset = offsetof(type, member), .id_kind = (id_kind_) }
#define HCP_FIELD_RECORD_OF(type, member, record_) \
    { .name = #member, .kind = HCP_FIELD_RECORD, \
      .offset = offsetof(type, member), .record = (record_) }
#define HCP_FIELD_ARRAY_OF(type, member, record_) \
    { .name = #member, .kind = HCP_FIELD_ARRAY, \
      .offset = offsetof(type, member), .record = (record_) }
#define HCP_RECORD(type, fields_) \
    { .name = #type, .size = sizeof(type), \
      .fields = (fields_), .n_fields = (int) G_N_ELEMENTS(fields_) }
/* clang-format on */

/* JSON object of the struct at `data`, every field in table order. New reference. */
json_t *hcp_record_to_json(const hcp_record *record, const void *data);

/* Appends the compact JSON text of the struct at `data` to `out`: the same text as printing hcp_record_to_json, without
 * the tree. This is the journal's encoder and must stay fast (about a microsecond for a ten-field record). */
void hcp_record_print(const hcp_record *record, const void *data, GString *out);

/* Fills the zeroed struct at `data` from `object`. Unknown members are ignored (a newer writer), absent ones keep zero
 * (an older writer), wrong types and out-of-range numbers are errors that name the member. On failure `data` is cleared. */
bool hcp_record_from_json(const hcp_record *record, const json_t *object, void *data,
                          GError **error);

/* Frees what the struct at `data` owns and zeroes it. */
void hcp_record_clear(const hcp_record *record, void *data);

/* Deep copy into the uninitialised struct at `dest`. */
void hcp_record_copy(const hcp_record *record, const void *source, void *dest);

/* Replaces what the fields of `data`, a plain copy of another record, own by copies of their own. */
void hcp_record_unshare(const hcp_record *record, void *data);

/* Feeds a canonical binary form (little-endian, strings length-prefixed) of the struct at `data` to `checksum`. */
void hcp_record_hash(const hcp_record *record, const void *data, GChecksum *checksum);

/* Replaces the array with `count` zeroed items of `size` bytes each; returns the items. The old content must be empty. */
void *hcp_array_init(hcp_array *array, uint32_t count, size_t size);

#endif

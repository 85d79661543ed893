/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation of a JSON tree against a schema that is const data. The tables are generated at build from api/openapi.yaml
 * (request bodies) and api/config.yaml (configuration, scenarios, catalog): one validator, one language of constraints,
 * all violations at once, each with its JSON pointer.
 */
#ifndef HCP_BASE_SCHEMA_H
#define HCP_BASE_SCHEMA_H

#include "base/json.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    HCP_SCHEMA_ANY,
    HCP_SCHEMA_OBJECT,
    HCP_SCHEMA_ARRAY,
    HCP_SCHEMA_STRING,
    HCP_SCHEMA_INTEGER, /* 7 and 7.0 are integers */
    HCP_SCHEMA_NUMBER,
    HCP_SCHEMA_BOOLEAN,
} hcp_schema_type;

typedef enum {
    HCP_SCHEMA_FORMAT_NONE,
    HCP_SCHEMA_FORMAT_DATE_TIME, /* RFC 3339 */
    HCP_SCHEMA_FORMAT_DURATION,  /* base/timefmt.h: "5s", "2h" */
} hcp_schema_format;

struct hcp_schema;

typedef struct {
    const char *name;
    const struct hcp_schema *schema;
    bool required;
} hcp_schema_property;

typedef struct hcp_schema {
    const char *title; /* short human name, for messages and docs; may be NULL */
    const char *description;
    hcp_schema_type type;
    hcp_schema_format format;
    bool nullable;
    bool closed; /* objects: additionalProperties: false */
    bool has_minimum, has_maximum, exclusive_minimum, exclusive_maximum;
    double minimum, maximum;
    int64_t min_length, max_length; /* strings: UTF-8 characters; arrays: items; -1 = no bound */
    const char *pattern;            /* PCRE, matched unanchored as JSON Schema says; NULL = none */
    const char *const *enum_values; /* NULL-terminated strings, or NULL */
    const char *default_text;       /* default as JSON text, or NULL */
    const hcp_schema_property *properties;
    int n_properties;
    const struct hcp_schema *additional;    /* of further members (maps), or NULL */
    const struct hcp_schema *items;         /* arrays */
    const struct hcp_schema *const *any_of; /* NULL-terminated, or NULL: at least one must accept */
} hcp_schema;

typedef struct {
    char *pointer; /* RFC 6901, "" for the whole document */
    char *message; /* what is wrong and what would be right, with the offending value when short */
} hcp_schema_violation;

/* Compiled patterns, kept between checks by whoever checks often; for one thread. */
typedef struct hcp_schema_patterns hcp_schema_patterns;

/* An empty store; patterns are compiled when a check first meets them. */
hcp_schema_patterns *hcp_schema_patterns_new(void);

/* Frees the store and what was compiled; NULL is allowed. */
void hcp_schema_patterns_free(hcp_schema_patterns *patterns);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_schema_patterns, hcp_schema_patterns_free)

/* Checks `value`; returns an array of hcp_schema_violation (element free function set), or NULL when it is valid. At most
 * 64 violations are reported. `misspelt` members of closed objects get the nearest known name as a hint. */
GPtrArray *hcp_schema_check(const hcp_schema *schema, const json_t *value);

/* The same with patterns that were compiled before, or are now and stay. */
GPtrArray *hcp_schema_check_with(hcp_schema_patterns *patterns, const hcp_schema *schema,
                                 const json_t *value);

/* Adds the defaults of absent members to `value`, recursively. */
void hcp_schema_fill_defaults(const hcp_schema *schema, json_t *value);

#endif

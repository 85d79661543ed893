/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request bodies against a schema with every kind of constraint. The validator ends with at most 64
 * violations, each of text that is UTF-8 and each at a pointer; what is valid stays valid when the
 * defaults are filled in, and filling them in twice changes nothing.
 */
#include "base/schema.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_VIOLATIONS = 64 };

static const char *const MODELS[] = {"A100", "H100", NULL};

static const hcp_schema NAME = {
    .type = HCP_SCHEMA_STRING, .min_length = 1, .max_length = 8, .pattern = "^[a-z][a-z0-9-]*$"};
static const hcp_schema MODEL = {
    .type = HCP_SCHEMA_STRING, .max_length = -1, .enum_values = MODELS, .default_text = "\"A100\""};
static const hcp_schema COUNT = {.type = HCP_SCHEMA_INTEGER,
                                 .has_minimum = true,
                                 .minimum = 1,
                                 .has_maximum = true,
                                 .maximum = 512,
                                 .default_text = "1"};
static const hcp_schema SHARE = {.type = HCP_SCHEMA_NUMBER,
                                 .has_minimum = true,
                                 .exclusive_minimum = true,
                                 .has_maximum = true,
                                 .exclusive_maximum = true,
                                 .maximum = 1};
static const hcp_schema WHEN = {.type = HCP_SCHEMA_STRING,
                                .max_length = -1,
                                .format = HCP_SCHEMA_FORMAT_DATE_TIME,
                                .nullable = true};
static const hcp_schema LIMIT = {
    .type = HCP_SCHEMA_STRING, .max_length = -1, .format = HCP_SCHEMA_FORMAT_DURATION};
static const hcp_schema FLAG = {.type = HCP_SCHEMA_BOOLEAN, .default_text = "false"};
static const hcp_schema TAGS = {
    .type = HCP_SCHEMA_ARRAY, .min_length = 1, .max_length = 4, .items = &NAME};
static const hcp_schema LABELS = {.type = HCP_SCHEMA_OBJECT, .additional = &NAME};

/* A member may hold a whole body again. */
static const hcp_schema BODY;
static const hcp_schema BODIES = {.type = HCP_SCHEMA_ARRAY, .max_length = -1, .items = &BODY};
static const hcp_schema *const CHOICES[] = {&NAME, &BODY, &BODIES, NULL};
static const hcp_schema CHOICE = {.type = HCP_SCHEMA_ANY, .any_of = CHOICES};

static const hcp_schema_property PROPERTIES[] = {
    {"name", &NAME, true},     {"model", &MODEL, false}, {"count", &COUNT, false},
    {"share", &SHARE, false},  {"when", &WHEN, false},   {"limit", &LIMIT, false},
    {"flag", &FLAG, false},    {"tags", &TAGS, false},   {"labels", &LABELS, false},
    {"inner", &CHOICE, false},
};
static const hcp_schema BODY = {.type = HCP_SCHEMA_OBJECT,
                                .closed = true,
                                .properties = PROPERTIES,
                                .n_properties = G_N_ELEMENTS(PROPERTIES)};

static void check_violations(const GPtrArray *violations)
{
    g_assert_cmpuint(violations->len, >, 0);
    g_assert_cmpuint(violations->len, <=, MAX_VIOLATIONS);
    for (guint i = 0; i < violations->len; i++) {
        const hcp_schema_violation *violation = violations->pdata[i];
        g_assert_true(violation->pointer[0] == '\0' || violation->pointer[0] == '/');
        g_assert_true(g_utf8_validate(violation->pointer, -1, NULL));
        g_assert_true(g_utf8_validate(violation->message, -1, NULL));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(json_t) value = hcp_json_parse((const char *)data, size, NULL);
    if (value == NULL)
        return 0;
    g_autoptr(GPtrArray) violations = hcp_schema_check(&BODY, value);
    if (violations != NULL)
        check_violations(violations);
    hcp_schema_fill_defaults(&BODY, value);
    g_autofree char *once = hcp_json_print(value, NULL);
    if (violations == NULL)
        g_assert_null(hcp_schema_check(&BODY, value));
    hcp_schema_fill_defaults(&BODY, value);
    g_autofree char *twice = hcp_json_print(value, NULL);
    g_assert_cmpstr(once, ==, twice);
    return 0;
}

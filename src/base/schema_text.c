/* SPDX-License-Identifier: Apache-2.0 */
/* Schemas in words, for messages that name the remedy. */
#include "base/schema_text.h"

#define NAMES_SHOWN 12

void hcp_schema_text_number(GString *out, double value)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append(out, g_ascii_formatd(text, sizeof text, "%.15g", value));
}

void hcp_schema_text_names(GString *out, const char *const *names)
{
    for (int i = 0; names[i] != NULL; i++) {
        if (i == NAMES_SHOWN) {
            g_string_append(out, ", …");
            return;
        }
        g_string_append_printf(out, "%s\"%s\"", i > 0 ? ", " : "", names[i]);
    }
}

void hcp_schema_text_hint(GString *out, const char *word)
{
    if (word != NULL)
        g_string_append_printf(out, "; did you mean \"%s\"?", word);
}

static void append_bound(GString *out, const char *words, double bound)
{
    g_string_append(out, words);
    hcp_schema_text_number(out, bound);
}

static void append_range(GString *out, const hcp_schema *schema)
{
    bool open = schema->exclusive_minimum || schema->exclusive_maximum;
    if (schema->has_minimum && schema->has_maximum && !open) {
        append_bound(out, " from ", schema->minimum);
        append_bound(out, " to ", schema->maximum);
        return;
    }
    if (schema->has_minimum)
        append_bound(out, schema->exclusive_minimum ? " greater than " : " of at least ",
                     schema->minimum);
    if (schema->has_minimum && schema->has_maximum)
        g_string_append(out, " and");
    if (schema->has_maximum)
        append_bound(out, schema->exclusive_maximum ? " less than " : " of at most ",
                     schema->maximum);
}

static void append_string_kind(GString *out, const hcp_schema *schema)
{
    if (schema->enum_values != NULL) {
        g_string_append(out, "one of ");
        hcp_schema_text_names(out, schema->enum_values);
    } else if (schema->format == HCP_SCHEMA_FORMAT_DATE_TIME) {
        g_string_append(out, "an RFC 3339 time such as \"2026-11-21T08:50:58Z\"");
    } else if (schema->format == HCP_SCHEMA_FORMAT_DURATION) {
        g_string_append(out, "a duration such as \"5s\" or \"1h30min\"");
    } else if (schema->pattern != NULL) {
        g_string_append_printf(out, "a string that matches %s", schema->pattern);
    } else {
        g_string_append(out, "a string");
    }
}

static void append_alternatives(GString *out, const hcp_schema *schema)
{
    for (int i = 0; schema->any_of[i] != NULL; i++) {
        if (i > 0)
            g_string_append(out, " or ");
        hcp_schema_text_expected(out, schema->any_of[i]);
    }
}

void hcp_schema_text_expected(GString *out, const hcp_schema *schema)
{
    switch (schema->type) {
    case HCP_SCHEMA_ANY:
        if (schema->any_of != NULL)
            append_alternatives(out, schema);
        else if (schema->enum_values != NULL)
            append_string_kind(out, schema);
        else
            g_string_append(out, "any value");
        break;
    case HCP_SCHEMA_OBJECT:
        g_string_append(out, "an object");
        break;
    case HCP_SCHEMA_ARRAY:
        g_string_append(out, "an array");
        break;
    case HCP_SCHEMA_STRING:
        append_string_kind(out, schema);
        break;
    case HCP_SCHEMA_INTEGER:
        g_string_append(out, "an integer");
        append_range(out, schema);
        break;
    case HCP_SCHEMA_NUMBER:
        g_string_append(out, "a number");
        append_range(out, schema);
        break;
    case HCP_SCHEMA_BOOLEAN:
        g_string_append(out, "true or false");
        break;
    }
    if (schema->nullable)
        g_string_append(out, " or null");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The schema validator. A valid document allocates nothing: the path is a chain of frames on the
 * stack and becomes text only in a violation. */
#include "base/schema.h"

#include "base/json_text.h"
#include "base/schema_text.h"
#include "base/suggest.h"
#include "base/timefmt.h"

#include <inttypes.h>
#include <string.h>

#define MAX_VIOLATIONS 64

/* One step of a JSON pointer; `key` is NULL for an array element. */
typedef struct step {
    const struct step *parent;
    const char *key;
    size_t index;
} step;

struct hcp_schema_patterns {
    GHashTable *regexes; /* pattern (its address) → GRegex; made with the first */
};

typedef struct {
    bool quiet;            /* only count */
    GPtrArray *violations; /* made with the first one */
    int count;
    int limit;
    hcp_schema_patterns *patterns;
} checker;

static void violation_free(void *data)
{
    hcp_schema_violation *violation = data;
    g_free(violation->pointer);
    g_free(violation->message);
    g_free(violation);
}

static void append_pointer(GString *out, const step *at)
{
    if (at == NULL)
        return;
    append_pointer(out, at->parent);
    g_string_append_c(out, '/');
    if (at->key == NULL) {
        g_string_append_printf(out, "%zu", at->index);
        return;
    }
    for (const char *c = at->key; *c != '\0'; c++) {
        if (*c == '~' || *c == '/')
            g_string_append(out, *c == '~' ? "~0" : "~1");
        else
            g_string_append_c(out, *c);
    }
}

/* Counts a violation; true when its text is wanted too. */
static bool count_violation(checker *check)
{
    return check->count++ < check->limit && !check->quiet;
}

/* Takes `message`. */
static void add_violation(checker *check, const step *at, GString *message)
{
    GString *pointer = g_string_new(NULL);
    append_pointer(pointer, at);
    hcp_schema_violation *violation = g_new(hcp_schema_violation, 1);
    violation->pointer = g_string_free(pointer, FALSE);
    violation->message = g_string_free(message, FALSE);
    if (check->violations == NULL)
        check->violations = g_ptr_array_new_with_free_func(violation_free);
    g_ptr_array_add(check->violations, violation);
}

static void append_got(GString *message, const json_t *value)
{
    g_autofree char *text = hcp_json_describe(value);
    g_string_append_printf(message, ", got %s", text);
}

/* "must be an integer from 1 to 512, got "many"". */
static void report_expected(checker *check, const step *at, const hcp_schema *schema,
                            const json_t *value)
{
    if (!count_violation(check))
        return;
    GString *message = g_string_new("must be ");
    hcp_schema_text_expected(message, schema);
    append_got(message, value);
    add_violation(check, at, message);
}

static void report_bound(checker *check, const step *at, const char *words, double bound,
                         const json_t *value)
{
    if (!count_violation(check))
        return;
    GString *message = g_string_new(words);
    hcp_schema_text_number(message, bound);
    append_got(message, value);
    add_violation(check, at, message);
}

static void report_length(checker *check, const step *at, const char *words, int64_t bound,
                          int64_t length)
{
    static const char *const NOUNS[] = {"character", "item"};
    if (!count_violation(check))
        return;
    const char *noun = NOUNS[g_str_has_prefix(words, "must have")];
    GString *message = g_string_new(NULL);
    g_string_printf(message, "%s %" PRId64 " %s%s, got %" PRId64, words, bound, noun,
                    bound == 1 ? "" : "s", length);
    add_violation(check, at, message);
}

static bool is_integer(const json_t *value)
{
    int64_t ignored;
    return hcp_json_to_int(value, &ignored);
}

static bool has_type(hcp_schema_type type, const json_t *value)
{
    switch (type) {
    case HCP_SCHEMA_ANY:
        return true;
    case HCP_SCHEMA_OBJECT:
        return json_is_object(value);
    case HCP_SCHEMA_ARRAY:
        return json_is_array(value);
    case HCP_SCHEMA_STRING:
        return json_is_string(value);
    case HCP_SCHEMA_INTEGER:
        return is_integer(value);
    case HCP_SCHEMA_NUMBER:
        return json_is_number(value);
    case HCP_SCHEMA_BOOLEAN:
        return json_is_boolean(value);
    }
    g_assert_not_reached();
}

static void check_number(checker *check, const step *at, const hcp_schema *schema,
                         const json_t *value)
{
    double number = json_number_value(value);
    if (schema->has_minimum && schema->exclusive_minimum && number <= schema->minimum)
        report_bound(check, at, "must be greater than ", schema->minimum, value);
    else if (schema->has_minimum && number < schema->minimum)
        report_bound(check, at, "must be at least ", schema->minimum, value);
    if (schema->has_maximum && schema->exclusive_maximum && number >= schema->maximum)
        report_bound(check, at, "must be less than ", schema->maximum, value);
    else if (schema->has_maximum && number > schema->maximum)
        report_bound(check, at, "must be at most ", schema->maximum, value);
}

hcp_schema_patterns *hcp_schema_patterns_new(void)
{
    return g_new0(hcp_schema_patterns, 1);
}

static void patterns_clear(hcp_schema_patterns *patterns)
{
    g_clear_pointer(&patterns->regexes, g_hash_table_unref);
}

void hcp_schema_patterns_free(hcp_schema_patterns *patterns)
{
    if (patterns == NULL)
        return;
    patterns_clear(patterns);
    g_free(patterns);
}

static GRegex *find_regex(hcp_schema_patterns *patterns, const char *pattern)
{
    if (patterns->regexes == NULL)
        patterns->regexes = g_hash_table_new_full(NULL, NULL, NULL, (GDestroyNotify)g_regex_unref);
    GRegex *regex = g_hash_table_lookup(patterns->regexes, pattern);
    if (regex != NULL)
        return regex;
    g_autoptr(GError) error = NULL;
    regex = g_regex_new(pattern, G_REGEX_OPTIMIZE, 0, &error);
    if (regex == NULL)
        g_error("schema with a bad pattern: %s", error->message);
    g_hash_table_insert(patterns->regexes, (gpointer)pattern, regex);
    return regex;
}

static bool has_form(checker *check, const hcp_schema *schema, const char *text)
{
    int64_t ignored;
    if (schema->format == HCP_SCHEMA_FORMAT_DATE_TIME && !hcp_time_parse(text, &ignored, NULL))
        return false;
    if (schema->format == HCP_SCHEMA_FORMAT_DURATION && !hcp_duration_parse(text, &ignored, NULL))
        return false;
    return schema->pattern == NULL ||
           g_regex_match(find_regex(check->patterns, schema->pattern), text, 0, NULL);
}

static void check_enum(checker *check, const step *at, const hcp_schema *schema,
                       const json_t *value)
{
    const char *text = json_string_value(value);
    if (text != NULL && g_strv_contains(schema->enum_values, text))
        return;
    if (!count_violation(check))
        return;
    GString *message = g_string_new("must be one of ");
    hcp_schema_text_names(message, schema->enum_values);
    append_got(message, value);
    if (text != NULL)
        hcp_schema_text_hint(message, hcp_suggest_nearest(text, schema->enum_values));
    add_violation(check, at, message);
}

static void check_string(checker *check, const step *at, const hcp_schema *schema,
                         const json_t *value)
{
    const char *text = json_string_value(value);
    if (schema->min_length > 0 || schema->max_length >= 0) {
        int64_t length = g_utf8_strlen(text, (gssize)json_string_length(value));
        bool too_short = length < schema->min_length;
        bool too_long = schema->max_length >= 0 && length > schema->max_length;
        if (too_short)
            report_length(check, at, "must be at least", schema->min_length, length);
        else if (too_long)
            report_length(check, at, "must be at most", schema->max_length, length);
        if (too_short || too_long)
            return; /* and no pattern ever sees a text longer than allowed */
    }
    if (!has_form(check, schema, text))
        report_expected(check, at, schema, value);
}

static void check_value(checker *check, const step *at, const hcp_schema *schema,
                        const json_t *value);

static void check_array(checker *check, const step *at, const hcp_schema *schema,
                        const json_t *value)
{
    int64_t length = (int64_t)json_array_size(value);
    if (length < schema->min_length)
        report_length(check, at, "must have at least", schema->min_length, length);
    if (schema->max_length >= 0 && length > schema->max_length)
        report_length(check, at, "must have at most", schema->max_length, length);
    if (schema->items == NULL)
        return;
    for (step inner = {.parent = at}; (int64_t)inner.index < length; inner.index++) {
        if (check->count >= check->limit)
            return;
        check_value(check, &inner, schema->items, json_array_get(value, inner.index));
    }
}

static const hcp_schema_property *find_property(const hcp_schema *schema, const char *name)
{
    for (int i = 0; i < schema->n_properties; i++) {
        if (strcmp(schema->properties[i].name, name) == 0)
            return &schema->properties[i];
    }
    return NULL;
}

static void report_missing(checker *check, const step *at, const hcp_schema_property *property)
{
    if (!count_violation(check))
        return;
    GString *message = g_string_new("is required: ");
    hcp_schema_text_expected(message, property->schema);
    add_violation(check, at, message);
}

static void report_unknown(checker *check, const step *at, const hcp_schema *schema)
{
    if (!count_violation(check))
        return;
    hcp_suggestion best = {0};
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (int i = 0; i < schema->n_properties; i++) {
        hcp_suggest_consider(&best, at->key, schema->properties[i].name);
        g_ptr_array_add(names, (gpointer)schema->properties[i].name);
    }
    g_ptr_array_add(names, NULL);
    GString *message = g_string_new("is not a known member");
    if (best.word != NULL) {
        hcp_schema_text_hint(message, best.word);
    } else if (schema->n_properties > 0) {
        g_string_append(message, "; the members are ");
        hcp_schema_text_names(message, (const char *const *)names->pdata);
    }
    add_violation(check, at, message);
}

static void check_further_members(checker *check, const step *at, const hcp_schema *schema,
                                  const json_t *value)
{
    step inner = {.parent = at};
    json_t *member;
    json_object_foreach((json_t *)value, inner.key, member)
    {
        if (check->count >= check->limit)
            return;
        if (find_property(schema, inner.key) != NULL)
            continue;
        if (schema->additional != NULL)
            check_value(check, &inner, schema->additional, member);
        else if (schema->closed)
            report_unknown(check, &inner, schema);
    }
}

static void check_object(checker *check, const step *at, const hcp_schema *schema,
                         const json_t *value)
{
    size_t known = 0;
    for (int i = 0; i < schema->n_properties; i++) {
        const hcp_schema_property *property = &schema->properties[i];
        step inner = {.parent = at, .key = property->name};
        const json_t *member = json_object_get(value, property->name);
        if (member != NULL) {
            known++;
            check_value(check, &inner, property->schema, member);
        } else if (property->required) {
            report_missing(check, &inner, property);
        }
    }
    /* Most documents have only known members; then nothing is looked up twice. */
    if (known < json_object_size(value))
        check_further_members(check, at, schema, value);
}

/* How many violations `schema` has for `value`, counted up to `limit`. */
static int count_of(const checker *outer, const hcp_schema *schema, const json_t *value, int limit)
{
    checker inner = {.quiet = true, .limit = limit, .patterns = outer->patterns};
    check_value(&inner, NULL, schema, value);
    return inner.count;
}

static const hcp_schema *find_accepting(const checker *check, const hcp_schema *schema,
                                        const json_t *value)
{
    for (int i = 0; schema->any_of[i] != NULL; i++) {
        if (count_of(check, schema->any_of[i], value, 1) == 0)
            return schema->any_of[i];
    }
    return NULL;
}

/* Reports against the alternative that was most likely meant: of the right type, and with the
 * fewest violations. */
static void check_any_of(checker *check, const step *at, const hcp_schema *schema,
                         const json_t *value)
{
    if (find_accepting(check, schema, value) != NULL)
        return;
    if (check->quiet) {
        /* Looking for the branch that was meant at every level of a nested choice would take
         * exponential time. */
        check->count++;
        return;
    }
    const hcp_schema *meant = NULL;
    int fewest = INT_MAX;
    for (int i = 0; schema->any_of[i] != NULL; i++) {
        const hcp_schema *branch = schema->any_of[i];
        int count = has_type(branch->type, value) ? count_of(check, branch, value, MAX_VIOLATIONS)
                                                  : INT_MAX;
        if (count < fewest) {
            meant = branch;
            fewest = count;
        }
    }
    if (meant != NULL)
        check_value(check, at, meant, value);
    else
        report_expected(check, at, schema, value);
}

/* What applies to the types that have parts or bounds. */
static void check_typed(checker *check, const step *at, const hcp_schema *schema,
                        const json_t *value)
{
    switch (schema->type) {
    case HCP_SCHEMA_OBJECT:
        check_object(check, at, schema, value);
        break;
    case HCP_SCHEMA_ARRAY:
        check_array(check, at, schema, value);
        break;
    case HCP_SCHEMA_STRING:
        check_string(check, at, schema, value);
        break;
    case HCP_SCHEMA_INTEGER:
    case HCP_SCHEMA_NUMBER:
        check_number(check, at, schema, value);
        break;
    case HCP_SCHEMA_ANY:
    case HCP_SCHEMA_BOOLEAN:
        break;
    }
}

static void check_value(checker *check, const step *at, const hcp_schema *schema,
                        const json_t *value)
{
    if (check->count >= check->limit || (schema->nullable && json_is_null(value)))
        return;
    if (!has_type(schema->type, value)) {
        report_expected(check, at, schema, value);
        return;
    }
    if (schema->enum_values != NULL)
        check_enum(check, at, schema, value);
    else
        check_typed(check, at, schema, value);
    if (schema->any_of != NULL)
        check_any_of(check, at, schema, value);
}

GPtrArray *hcp_schema_check_with(hcp_schema_patterns *patterns, const hcp_schema *schema,
                                 const json_t *value)
{
    checker check = {.limit = MAX_VIOLATIONS, .patterns = patterns};
    check_value(&check, NULL, schema, value);
    return check.violations;
}

GPtrArray *hcp_schema_check(const hcp_schema *schema, const json_t *value)
{
    hcp_schema_patterns patterns = {0};
    GPtrArray *violations = hcp_schema_check_with(&patterns, schema, value);
    patterns_clear(&patterns);
    return violations;
}

static void fill(const checker *check, const hcp_schema *schema, json_t *value);

/* The member of `object` that `property` names, made from its default when absent; NULL when there
 * is neither. Borrowed. */
static json_t *member_or_default(const hcp_schema_property *property, json_t *object)
{
    json_t *member = json_object_get(object, property->name);
    const char *text = property->schema->default_text;
    if (member != NULL || text == NULL)
        return member;
    member = hcp_json_parse(text, strlen(text), NULL);
    g_assert(member != NULL);
    json_object_set_new(object, property->name, member);
    return member;
}

static void fill_further_members(const checker *check, const hcp_schema *schema, json_t *object)
{
    const char *key;
    json_t *member;
    json_object_foreach(object, key, member)
    {
        if (find_property(schema, key) == NULL)
            fill(check, schema->additional, member);
    }
}

static void fill_object(const checker *check, const hcp_schema *schema, json_t *object)
{
    for (int i = 0; i < schema->n_properties; i++) {
        json_t *member = member_or_default(&schema->properties[i], object);
        if (member != NULL)
            fill(check, schema->properties[i].schema, member);
    }
    if (schema->additional != NULL)
        fill_further_members(check, schema, object);
}

static void fill(const checker *check, const hcp_schema *schema, json_t *value)
{
    if (json_is_object(value))
        fill_object(check, schema, value);
    if (json_is_array(value) && schema->items != NULL) {
        for (size_t i = 0; i < json_array_size(value); i++)
            fill(check, schema->items, json_array_get(value, i));
    }
    if (schema->any_of != NULL) {
        const hcp_schema *branch = find_accepting(check, schema, value);
        if (branch != NULL)
            fill(check, branch, value);
    }
}

void hcp_schema_fill_defaults(const hcp_schema *schema, json_t *value)
{
    hcp_schema_patterns patterns = {0};
    checker check = {.quiet = true, .limit = 1, .patterns = &patterns};
    fill(&check, schema, value);
    patterns_clear(&patterns);
}

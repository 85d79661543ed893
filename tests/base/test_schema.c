/* SPDX-License-Identifier: Apache-2.0 */
#include "base/schema.h"

#include <string.h>

static const char *const MODELS[] = {"A100", "H100", "H200", NULL};

static const hcp_schema NAME = {
    .type = HCP_SCHEMA_STRING, .min_length = 2, .max_length = 5, .pattern = "^[a-zé]+$"};
static const hcp_schema MODEL = {
    .type = HCP_SCHEMA_STRING, .max_length = -1, .enum_values = MODELS, .default_text = "\"A100\""};
static const hcp_schema COUNT = {.type = HCP_SCHEMA_INTEGER,
                                 .has_minimum = true,
                                 .minimum = 1,
                                 .has_maximum = true,
                                 .maximum = 512};
static const hcp_schema SHARE = {.type = HCP_SCHEMA_NUMBER,
                                 .has_minimum = true,
                                 .exclusive_minimum = true,
                                 .has_maximum = true,
                                 .exclusive_maximum = true,
                                 .maximum = 0.5};
static const hcp_schema WHEN = {.type = HCP_SCHEMA_STRING,
                                .max_length = -1,
                                .format = HCP_SCHEMA_FORMAT_DATE_TIME,
                                .nullable = true};
static const hcp_schema TIMEOUT = {.type = HCP_SCHEMA_STRING,
                                   .max_length = -1,
                                   .format = HCP_SCHEMA_FORMAT_DURATION,
                                   .default_text = "\"5s\""};
static const hcp_schema FLAG = {.type = HCP_SCHEMA_BOOLEAN, .default_text = "true"};
static const hcp_schema TAGS = {
    .type = HCP_SCHEMA_ARRAY, .min_length = 1, .max_length = 3, .items = &NAME};
static const hcp_schema PLAIN_STRING = {.type = HCP_SCHEMA_STRING, .max_length = -1};
static const hcp_schema LABELS = {.type = HCP_SCHEMA_OBJECT, .additional = &PLAIN_STRING};

static const hcp_schema_property POINT_PROPERTIES[] = {{"x", &COUNT, true}, {"flag", &FLAG, false}};
static const hcp_schema POINT = {
    .type = HCP_SCHEMA_OBJECT, .closed = true, .properties = POINT_PROPERTIES, .n_properties = 2};
static const hcp_schema *const PLACES[] = {&PLAIN_STRING, &POINT, NULL};
static const hcp_schema PLACE = {.type = HCP_SCHEMA_ANY, .any_of = PLACES};

static const hcp_schema TREE;
static const hcp_schema BRANCH = {.type = HCP_SCHEMA_ARRAY, .max_length = -1, .items = &TREE};
static const hcp_schema *const TREES[] = {&PLAIN_STRING, &BRANCH, NULL};
static const hcp_schema TREE = {.type = HCP_SCHEMA_ANY, .any_of = TREES};

static const hcp_schema_property JOB_PROPERTIES[] = {
    {"name", &NAME, true},     {"gpu_model", &MODEL, false}, {"gpu_count", &COUNT, true},
    {"share", &SHARE, false},  {"start", &WHEN, false},      {"timeout", &TIMEOUT, false},
    {"preempt", &FLAG, false}, {"tags", &TAGS, false},       {"labels", &LABELS, false},
    {"place", &PLACE, false},
};
static const hcp_schema JOB = {.type = HCP_SCHEMA_OBJECT,
                               .closed = true,
                               .properties = JOB_PROPERTIES,
                               .n_properties = G_N_ELEMENTS(JOB_PROPERTIES)};

/* The violations as lines "pointer: message". */
static char *check(const hcp_schema *schema, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) value = hcp_json_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    g_autoptr(GPtrArray) violations = hcp_schema_check(schema, value);
    if (violations == NULL)
        return g_strdup("");
    g_assert_cmpuint(violations->len, >, 0);
    GString *lines = g_string_new(NULL);
    for (guint i = 0; i < violations->len; i++) {
        const hcp_schema_violation *violation = violations->pdata[i];
        g_string_append_printf(lines, "%s%s: %s", i > 0 ? "\n" : "", violation->pointer,
                               violation->message);
    }
    return g_string_free(lines, FALSE);
}

typedef struct {
    const hcp_schema *schema;
    const char *text;
    const char *expected; /* "" accepts */
} schema_case;

static void run_cases(const schema_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        g_autofree char *lines = check(cases[i].schema, cases[i].text);
        g_assert_cmpstr(lines, ==, cases[i].expected);
    }
}

static void test_scalars(void)
{
    static const schema_case CASES[] = {
        {&NAME, "\"ab\"", ""},
        {&NAME, "\"ééééé\"", ""},
        {&NAME, "\"a\"", ": must be at least 2 characters, got 1"},
        {&NAME, "\"abcdef\"", ": must be at most 5 characters, got 6"},
        {&NAME, "\"AB\"", ": must be a string that matches ^[a-zé]+$, got \"AB\""},
        {&NAME, "7", ": must be a string that matches ^[a-zé]+$, got 7"},
        {&PLAIN_STRING, "null", ": must be a string, got null"},
        {&PLAIN_STRING, "{}", ": must be a string, got an object"},
        {&COUNT, "1", ""},
        {&COUNT, "512.0", ""},
        {&COUNT, "7.5", ": must be an integer from 1 to 512, got 7.5"},
        {&COUNT, "\"7\"", ": must be an integer from 1 to 512, got \"7\""},
        {&COUNT, "0", ": must be at least 1, got 0"},
        {&COUNT, "513", ": must be at most 512, got 513"},
        {&COUNT, "1e300", ": must be an integer from 1 to 512, got 1e+300"},
        {&SHARE, "0.25", ""},
        {&SHARE, "0", ": must be greater than 0, got 0"},
        {&SHARE, "0.5", ": must be less than 0.5, got 0.5"},
        {&SHARE, "[]", ": must be a number greater than 0 and less than 0.5, got an array"},
        {&FLAG, "true", ""},
        {&FLAG, "\"true\"", ": must be true or false, got \"true\""},
        {&WHEN, "null", ""},
        {&WHEN, "\"2026-11-21T08:50:58Z\"", ""},
        {&WHEN, "\"noon\"",
         ": must be an RFC 3339 time such as \"2026-11-21T08:50:58Z\" or null, got \"noon\""},
        {&TIMEOUT, "\"1h30min\"", ""},
        {&TIMEOUT, "\"5\"", ": must be a duration such as \"5s\" or \"1h30min\", got \"5\""},
        {&MODEL, "\"H100\"", ""},
        {&MODEL, "\"h100\"",
         ": must be one of \"A100\", \"H100\", \"H200\", got \"h100\"; did you mean \"H100\"?"},
        {&MODEL, "\"tpu\"", ": must be one of \"A100\", \"H100\", \"H200\", got \"tpu\""},
        {&MODEL, "1", ": must be one of \"A100\", \"H100\", \"H200\", got 1"},
    };
    run_cases(CASES, G_N_ELEMENTS(CASES));
}

static void test_structures(void)
{
    static const schema_case CASES[] = {
        {&TAGS, "[\"ab\"]", ""},
        {&TAGS, "[]", ": must have at least 1 item, got 0"},
        {&TAGS, "[\"ab\",\"ab\",\"ab\",\"ab\"]", ": must have at most 3 items, got 4"},
        {&TAGS, "[\"ab\",7,\"c\"]",
         "/1: must be a string that matches ^[a-zé]+$, got 7\n"
         "/2: must be at least 2 characters, got 1"},
        {&LABELS, "{\"a\":\"b\",\"c\":\"\"}", ""},
        {&LABELS, "{\"a/b~c\":1}", "/a~1b~0c: must be a string, got 1"},
        {&POINT, "{\"x\":1}", ""},
        {&POINT, "{}", "/x: is required: an integer from 1 to 512"},
        {&POINT, "{\"x\":1,\"flga\":true}", "/flga: is not a known member; did you mean \"flag\"?"},
        {&POINT, "{\"x\":1,\"zzzz\":1}",
         "/zzzz: is not a known member; the members are \"x\", \"flag\""},
        {&POINT, "[]", ": must be an object, got an array"},
        {&PLACE, "\"here\"", ""},
        {&PLACE, "{\"x\":1}", ""},
        {&PLACE, "{\"x\":0}", "/x: must be at least 1, got 0"},
        {&PLACE, "7", ": must be a string or an object, got 7"},
    };
    run_cases(CASES, G_N_ELEMENTS(CASES));
}

static void test_everything_at_once(void)
{
    static const schema_case CASES[] = {
        {&JOB,
         "{\"name\":\"ab\",\"gpu_model\":\"H100\",\"gpu_count\":8,\"share\":0.1,\"start\":null,"
         "\"timeout\":\"5s\",\"preempt\":true,\"tags\":[\"ab\"],\"labels\":{},\"place\":\"x\"}",
         ""},
        {&JOB,
         "{\"gpu_model\":\"H10\",\"gpu_count\":0,\"tags\":[\"ab\",\"c\"],\"place\":{\"y\":1},"
         "\"priorty\":1}",
         "/name: is required: a string that matches ^[a-zé]+$\n"
         "/gpu_model: must be one of \"A100\", \"H100\", \"H200\", got \"H10\"; did you mean "
         "\"H100\"?\n"
         "/gpu_count: must be at least 1, got 0\n"
         "/tags/1: must be at least 2 characters, got 1\n"
         "/place/x: is required: an integer from 1 to 512\n"
         "/place/y: is not a known member; the members are \"x\", \"flag\"\n"
         "/priorty: is not a known member; the members are \"name\", \"gpu_model\", \"gpu_count\", "
         "\"share\", \"start\", \"timeout\", \"preempt\", \"tags\", \"labels\", \"place\""},
    };
    run_cases(CASES, G_N_ELEMENTS(CASES));
}

/* A schema that contains itself, and a document nested as deep as the parser allows. */
static void test_recursive_choice(void)
{
    g_autofree char *open = g_strnfill(HCP_JSON_MAX_DEPTH, '[');
    g_autofree char *close = g_strnfill(HCP_JSON_MAX_DEPTH, ']');
    g_autofree char *good = g_strconcat(open, "\"leaf\"", close, NULL);
    g_autofree char *bad = g_strconcat(open, "7", close, NULL);
    g_autofree char *none = check(&TREE, good);
    g_autofree char *lines = check(&TREE, bad);
    g_assert_cmpstr(none, ==, "");
    g_assert_true(g_str_has_suffix(lines, "/0: must be a string or an array, got 7"));
}

/* At most 64 violations, whatever the size of the document. */
static void test_limit(void)
{
    static const hcp_schema ITEMS = {.type = HCP_SCHEMA_ARRAY, .max_length = -1, .items = &COUNT};
    g_autoptr(json_t) value = json_array();
    for (int i = 0; i < 1000; i++)
        json_array_append_new(value, json_integer(0));
    g_autoptr(GPtrArray) violations = hcp_schema_check(&ITEMS, value);
    g_assert_nonnull(violations);
    g_assert_cmpuint(violations->len, ==, 64);
    const hcp_schema_violation *last = violations->pdata[63];
    g_assert_cmpstr(last->pointer, ==, "/63");

    g_autoptr(json_t) object = json_object();
    for (int i = 0; i < 1000; i++) {
        g_autofree char *key = g_strdup_printf("k%d", i);
        hcp_json_set_int(object, key, i);
    }
    g_autoptr(GPtrArray) unknown = hcp_schema_check(&POINT, object);
    g_assert_cmpuint(unknown->len, ==, 64);
}

/* Long lists and long values are cut in messages. */
static void test_long_messages(void)
{
    static const char *const MANY[] = {"a1", "a2", "a3",  "a4",  "a5",  "a6",  "a7",
                                       "a8", "a9", "a10", "a11", "a12", "a13", NULL};
    static const hcp_schema SCHEMA = {
        .type = HCP_SCHEMA_STRING, .max_length = -1, .enum_values = MANY};
    g_autofree char *text = g_strnfill(3000, 'x');
    g_autofree char *quoted = g_strdup_printf("\"%s\"", text);
    g_autofree char *lines = check(&SCHEMA, quoted);
    g_assert_nonnull(strstr(lines, "\"a12\", …, got \"xxx"));
    g_assert_cmpuint(strlen(lines), <, 250);
}

static void test_open_objects(void)
{
    static const hcp_schema OPEN = {
        .type = HCP_SCHEMA_OBJECT, .properties = POINT_PROPERTIES, .n_properties = 2};
    g_autofree char *lines = check(&OPEN, "{\"x\":1,\"whatever\":[null]}");
    g_assert_cmpstr(lines, ==, "");
}

static void test_defaults(void)
{
    static const char TEXT[] = "{\"name\":\"ab\",\"preempt\":false,\"place\":{\"x\":2}}";
    g_autoptr(json_t) value = hcp_json_parse(TEXT, strlen(TEXT), NULL);
    hcp_schema_fill_defaults(&JOB, value);
    g_autofree char *text = hcp_json_print(value, NULL);
    g_assert_cmpstr(text, ==,
                    "{\"name\":\"ab\",\"preempt\":false,\"place\":{\"x\":2,\"flag\":true},"
                    "\"gpu_model\":\"A100\",\"timeout\":\"5s\"}");
    hcp_schema_fill_defaults(&JOB, value);
    g_autofree char *again = hcp_json_print(value, NULL);
    g_assert_cmpstr(again, ==, text);
}

static void test_nested_defaults(void)
{
    static const hcp_schema LIST = {.type = HCP_SCHEMA_ARRAY, .max_length = -1, .items = &POINT};
    static const hcp_schema INNER = {.type = HCP_SCHEMA_OBJECT,
                                     .properties = POINT_PROPERTIES,
                                     .n_properties = 2,
                                     .default_text = "{}"};
    static const hcp_schema_property OUTER_PROPERTIES[] = {{"list", &LIST, false},
                                                           {"inner", &INNER, false}};
    static const hcp_schema OUTER = {.type = HCP_SCHEMA_OBJECT,
                                     .properties = OUTER_PROPERTIES,
                                     .n_properties = 2,
                                     .additional = &POINT};
    static const char TEXT[] = "{\"list\":[{},7],\"more\":{}}";
    g_autoptr(json_t) value = hcp_json_parse(TEXT, strlen(TEXT), NULL);
    hcp_schema_fill_defaults(&OUTER, value);
    g_autofree char *text = hcp_json_print(value, NULL);
    g_assert_cmpstr(text, ==,
                    "{\"list\":[{\"flag\":true},7],\"more\":{\"flag\":true},"
                    "\"inner\":{\"flag\":true}}");
}

/* A measurement, run with -m perf. */
static void test_speed(void)
{
    static const char TEXT[] =
        "{\"name\":\"ab\",\"gpu_model\":\"H200\",\"gpu_count\":8,\"share\":0.1,\"start\":null,"
        "\"timeout\":\"5s\",\"preempt\":true,\"tags\":[],\"labels\":{\"a\":\"b\"},\"place\":\"x\"}";
    const int rounds = 500000;
    hcp_schema_property properties[G_N_ELEMENTS(JOB_PROPERTIES)];
    static const hcp_schema FREE_LIST = {.type = HCP_SCHEMA_ARRAY, .max_length = 3, .items = &NAME};
    memcpy(properties, JOB_PROPERTIES, sizeof properties);
    properties[0].schema = &PLAIN_STRING; /* patterns are rare and cost microseconds */
    properties[7].schema = &FREE_LIST;
    hcp_schema job = JOB;
    job.properties = properties;
    g_autoptr(json_t) value = hcp_json_parse(TEXT, strlen(TEXT), NULL);
    gint64 start = g_get_monotonic_time();
    for (int i = 0; i < rounds; i++)
        g_assert_null(hcp_schema_check(&job, value));
    double ns = (double)(g_get_monotonic_time() - start) * 1000.0 / rounds;
    g_test_minimized_result(ns, "hcp_schema_check %.0f ns for ten members", ns);
}

/* What was compiled for one document serves the next, whatever was wrong with the first. */
static void test_kept_patterns(void)
{
    g_autoptr(hcp_schema_patterns) patterns = hcp_schema_patterns_new();
    static const struct {
        const char *text;
        bool valid;
    } CASES[] = {{"abc", true}, {"ABC", false}, {"abé", true}, {"a1c", false}, {"xyz", true}};
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(json_t) value = json_string(CASES[i].text);
        g_autoptr(GPtrArray) violations = hcp_schema_check_with(patterns, &NAME, value);
        g_assert_cmpint(violations == NULL, ==, CASES[i].valid);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/schema/scalars", test_scalars);
    g_test_add_func("/schema/structures", test_structures);
    g_test_add_func("/schema/all-at-once", test_everything_at_once);
    g_test_add_func("/schema/recursive-choice", test_recursive_choice);
    g_test_add_func("/schema/limit", test_limit);
    g_test_add_func("/schema/long-messages", test_long_messages);
    g_test_add_func("/schema/open-objects", test_open_objects);
    g_test_add_func("/schema/defaults", test_defaults);
    g_test_add_func("/schema/defaults/nested", test_nested_defaults);
    g_test_add_func("/schema/kept-patterns", test_kept_patterns);
    if (g_test_perf())
        g_test_add_func("/schema/speed", test_speed);
    return g_test_run();
}

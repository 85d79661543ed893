/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"
#include "base/rng.h"
#include "check.h"

#include <glib/gstdio.h>
#include <locale.h>
#include <math.h>

static json_t *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    json_t *value = hcp_json_parse(text, strlen(text), &error);
    g_assert_no_error(error);
    return value;
}

/* Printing what was parsed gives the same text. */
static void test_print_golden(void)
{
    static const char *const TEXTS[] = {
        "{}",
        "[]",
        "null",
        "true",
        "\"\"",
        "-9223372036854775808",
        "[0,-1,9223372036854775807]",
        "{\"z\":1,\"a\":{\"y\":[true,false,null]},\"m\":\"x\"}",
        "[0.1,7.0,-0.0,1e+20,1.7976931348623157e+308,4.94065645841247e-324,123456.789,-2.5,0.0001]",
        "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x92\xa1\"",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(TEXTS); i++) {
        g_autoptr(json_t) value = parse(TEXTS[i]);
        size_t size = 0;
        g_autofree char *text = hcp_json_print(value, &size);
        g_assert_cmpstr(text, ==, TEXTS[i]);
        g_assert_cmpuint(size, ==, strlen(text));
    }
}

static void test_print_pretty(void)
{
    g_autoptr(json_t) value = parse("{\"a\":[1,{\"b\":[]}],\"c\":{}}");
    g_autofree char *text = hcp_json_print_pretty(value);
    g_assert_cmpstr(text, ==,
                    "{\n"
                    "  \"a\": [\n"
                    "    1,\n"
                    "    {\n"
                    "      \"b\": []\n"
                    "    }\n"
                    "  ],\n"
                    "  \"c\": {}\n"
                    "}");
}

static double random_double(hcp_rng *rng)
{
    switch (hcp_rng_below(rng, 4)) {
    case 0: { /* any bit pattern */
        uint64_t bits = hcp_rng_u64(rng);
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    case 1: /* a price */
        return (double)hcp_rng_below(rng, 100000000) / 1e4;
    case 2: /* a measurement with noise */
        return 1e3 * hcp_rng_normal(rng);
    default: /* a whole number, perhaps past 2^53 */
        return (double)(hcp_rng_u64(rng) >> hcp_rng_below(rng, 64));
    }
}

/* Every finite double reads back bit for bit, and 15 digits are used where 15 are enough. */
static void test_numbers_read_back(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 99, 0);
    for (int i = 0; i < 50000; i++) {
        double value = random_double(&rng);
        if (!isfinite(value))
            continue;
        g_autoptr(json_t) tree = json_pack("[f]", value);
        size_t size;
        g_autofree char *text = hcp_json_print(tree, &size);
        g_autoptr(json_t) again = hcp_json_parse(text, size, NULL);
        g_assert_nonnull(again);
        double read = json_real_value(json_array_get(again, 0));
        g_assert_true(memcmp(&read, &value, sizeof value) == 0);
        char fifteen[64];
        g_ascii_formatd(fifteen, sizeof fifteen, "%.15g", value);
        if (g_ascii_strtod(fifteen, NULL) == value) {
            g_autofree char *whole = g_strdup_printf("[%s.0]", fifteen);
            g_autofree char *plain = g_strdup_printf("[%s]", fifteen);
            g_assert_cmpstr(text, ==, strpbrk(fifteen, ".e") == NULL ? whole : plain);
        }
    }
}

static void test_locale(void)
{
    const char *old = setlocale(LC_NUMERIC, NULL);
    g_autofree char *saved = g_strdup(old);
    if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL)
        g_test_message("no locale with a decimal comma here");
    g_autoptr(json_t) value = parse("[0.30000000000000004,1e-9]");
    g_autofree char *text = hcp_json_print(value, NULL);
    g_assert_cmpstr(text, ==, "[0.30000000000000004,1e-09]");
    setlocale(LC_NUMERIC, saved);
}

static void test_parse_errors(void)
{
    static const struct {
        const char *text, *part;
    } CASES[] = {
        {"", "line 1, column 0"},
        {"  ", "line 1"},
        {"{\"a\":1,\n \"a\":2}", "line 2, column 4: duplicate object key"},
        {"[1] x", "line 1, column 5: end of file expected"},
        {"[NaN]", "invalid token"},
        {"[Infinity]", "invalid token"},
        {"[1,]", "unexpected token"},
        {"{\"a\"}", "':' expected"},
        {"{'a':1}", "string or '}' expected"},
        {"[01]", "near"},
        {"[1e999]", "real number overflow"},
        {"[9223372036854775808]", "too big integer"},
        {"[\"\\u0000\"]", "\\u0000 is not allowed"},
        {"[\"a\nb\"]", "unexpected newline"},
        {"[\"\\ud800\"]", "Unicode"},
        {"[\"\xff\"]", "unable to decode byte 0xff"},
        {"[\"\xc0\x80\"]", "unable to decode byte"},
        {"[\"\xed\xa0\x80\"]", "unable to decode byte"},
        {"// no\n1", "invalid token"},
        {"\xef\xbb\xbf{}", "invalid token"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        GError *error = NULL;
        g_assert_null(hcp_json_parse(CASES[i].text, strlen(CASES[i].text), &error));
        check_error(&error, HCP_ERROR_INVALID, CASES[i].part);
    }
    GError *error = NULL;
    g_assert_null(hcp_json_parse("[1]\0", 4, &error));
    check_error(&error, HCP_ERROR_INVALID, "end of file expected");
    /* Only the given bytes are read. */
    g_autoptr(json_t) one = hcp_json_parse("12", 1, NULL);
    g_assert_cmpint(json_integer_value(one), ==, 1);
}

static char *nested(int depth, char open, char close)
{
    GString *text = g_string_new(NULL);
    for (int i = 0; i < depth; i++)
        g_string_append(text, open == '{' ? "{\"[\\\"\":" : "[");
    g_string_append_c(text, '1');
    for (int i = 0; i < depth; i++)
        g_string_append_c(text, close);
    return g_string_free(text, FALSE);
}

static void test_depth(void)
{
    static const struct {
        char open, close;
        const char *column;
    } KINDS[] = {{'[', ']', "line 1, column 65:"}, {'{', '}', "line 1, column 449:"}};
    for (size_t i = 0; i < G_N_ELEMENTS(KINDS); i++) {
        GError *error = NULL;
        g_autofree char *deep = nested(HCP_JSON_MAX_DEPTH, KINDS[i].open, KINDS[i].close);
        g_autofree char *too_deep = nested(HCP_JSON_MAX_DEPTH + 1, KINDS[i].open, KINDS[i].close);
        g_autoptr(json_t) value = parse(deep);
        g_assert_nonnull(value);
        g_assert_null(hcp_json_parse(too_deep, strlen(too_deep), &error));
        check_error(&error, HCP_ERROR_INVALID, KINDS[i].column);
    }
    /* Hostile: a megabyte of brackets, never closed; and brackets in strings, which do not count. */
    g_autofree char *hostile = g_strnfill(1 << 20, '[');
    hostile[2] = '\n';
    GError *error = NULL;
    g_assert_null(hcp_json_parse(hostile, 1 << 20, &error));
    check_error(&error, HCP_ERROR_INVALID, "line 2, column 63: nested deeper than 64 levels");
    g_autofree char *brackets = g_strnfill(1000, '{');
    g_autofree char *quoted = g_strdup_printf("\"%s\"", brackets);
    g_autoptr(json_t) text = parse(quoted);
    g_assert_cmpuint(json_string_length(text), ==, 1000);
}

static void test_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("hcp-json-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "a.json", NULL);
    g_assert_null(hcp_json_parse_file(path, &error));
    check_error(&error, HCP_ERROR_NOT_FOUND, path);
    g_assert_true(g_file_set_contents(path, "{\"a\":[1,2", -1, NULL));
    g_assert_null(hcp_json_parse_file(path, &error));
    check_error(&error, HCP_ERROR_INVALID, "a.json: line 1");
    g_assert_true(g_file_set_contents(path, "{\"a\":2}\n", -1, NULL));
    g_autoptr(json_t) value = hcp_json_parse_file(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(hcp_json_int(value, "a", 0), ==, 2);
    g_assert_null(hcp_json_parse_file(dir, &error));
    check_error(&error, HCP_ERROR_IO, dir);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

static void test_members(void)
{
    g_autoptr(json_t) o =
        parse("{\"s\":\"x\",\"i\":7,\"w\":7.0,\"f\":1.5,\"b\":true,\"n\":null,\"h\":1e19}");
    g_assert_cmpstr(hcp_json_string(o, "s", "-"), ==, "x");
    g_assert_cmpstr(hcp_json_string(o, "i", "-"), ==, "-");
    g_assert_cmpstr(hcp_json_string(o, "n", "-"), ==, "-");
    g_assert_cmpint(hcp_json_int(o, "i", -1), ==, 7);
    g_assert_cmpint(hcp_json_int(o, "w", -1), ==, 7);
    g_assert_cmpint(hcp_json_int(o, "f", -1), ==, -1);
    g_assert_cmpint(hcp_json_int(o, "h", -1), ==, -1);
    g_assert_cmpint(hcp_json_int(o, "absent", -1), ==, -1);
    g_assert_cmpfloat(hcp_json_number(o, "f", 0.0), ==, 1.5);
    g_assert_cmpfloat(hcp_json_number(o, "i", 0.0), ==, 7.0);
    g_assert_cmpfloat(hcp_json_number(o, "s", 0.5), ==, 0.5);
    g_assert_true(hcp_json_bool(o, "b", false));
    g_assert_true(hcp_json_bool(o, "n", true));
    g_assert_false(hcp_json_bool(NULL, "b", false));
}

static void test_setters(void)
{
    g_autoptr(json_t) o = json_object();
    hcp_json_set_string(o, "s", "a\xff");
    hcp_json_set_string(o, "none", NULL);
    hcp_json_set_int(o, "i", INT64_MIN);
    hcp_json_set_number(o, "f", 0.25);
    hcp_json_set_number(o, "nan", (double)NAN);
    hcp_json_set_bool(o, "b", false);
    hcp_json_set_time(o, "t", INT64_C(1795251058123456));
    hcp_json_set_time(o, "never", 0);
    g_autofree char *text = hcp_json_print(o, NULL);
    g_assert_cmpstr(text, ==,
                    "{\"s\":\"a\xef\xbf\xbd\",\"none\":null,\"i\":-9223372036854775808,\"f\":0.25,"
                    "\"nan\":null,\"b\":false,\"t\":\"2026-11-21T08:50:58.123456Z\","
                    "\"never\":null}");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json/print/golden", test_print_golden);
    g_test_add_func("/json/print/pretty", test_print_pretty);
    g_test_add_func("/json/print/numbers", test_numbers_read_back);
    g_test_add_func("/json/print/locale", test_locale);
    g_test_add_func("/json/parse/errors", test_parse_errors);
    g_test_add_func("/json/parse/depth", test_depth);
    g_test_add_func("/json/parse/file", test_file);
    g_test_add_func("/json/members", test_members);
    g_test_add_func("/json/setters", test_setters);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/yaml.h"
#include "check.h"

#include <glib/gstdio.h>

static hcp_yaml *parse(const char *text)
{
    g_autoptr(GError) error = NULL;
    hcp_yaml *yaml = hcp_yaml_parse(text, strlen(text), "test.yaml", &error);
    g_assert_no_error(error);
    return yaml;
}

static void check_tree(const char *text, const char *expected)
{
    g_autoptr(hcp_yaml) yaml = parse(text);
    g_autofree char *json = hcp_json_print(hcp_yaml_root(yaml), NULL);
    g_assert_cmpstr(json, ==, expected);
}

static void test_scalars(void)
{
    static const struct {
        const char *yaml, *json;
    } CASES[] = {
        {"~", "null"},
        {"", "null"},
        {"# only a comment\n", "null"},
        {"--- \n", "null"},
        {"Null", "null"},
        {"true", "true"},
        {"FALSE", "false"},
        {"yes", "\"yes\""},
        {"on", "\"on\""},
        {"'true'", "\"true\""},
        {"\"7\"", "\"7\""},
        {"7", "7"},
        {"-7", "-7"},
        {"+7", "7"},
        {"007", "7"},
        {"0x1F", "31"},
        {"0o17", "15"},
        {"0x", "\"0x\""},
        {"0o8", "\"0o8\""},
        {"-0x1", "\"-0x1\""},
        {"9223372036854775807", "9223372036854775807"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"1.5", "1.5"},
        {".5", "0.5"},
        {"-1.", "-1.0"},
        {"1e3", "1000.0"},
        {"1_000", "\"1_000\""},
        {"12:30", "\"12:30\""},
        {"1.2.3", "\"1.2.3\""},
        {"1-2", "\"1-2\""},
        {"-", "[null]"},
        {".", "\".\""},
        {"1e", "\"1e\""},
        {"2026-11-21T08:50:58Z", "\"2026-11-21T08:50:58Z\""},
        {"5s", "\"5s\""},
        {"|\n  a\n  b\n", "\"a\\nb\\n\""},
        {">\n  a\n  b\n", "\"a b\\n\""},
        {"caf\xc3\xa9", "\"caf\xc3\xa9\""},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++)
        check_tree(CASES[i].yaml, CASES[i].json);
}

static void test_no_buffer(void)
{
    g_autoptr(hcp_yaml) yaml = hcp_yaml_parse(NULL, 0, "test.yaml", NULL);
    g_assert_true(json_is_null(hcp_yaml_root(yaml)));
    g_assert_cmpint(hcp_yaml_line(yaml, ""), ==, 1);
}

static void test_containers(void)
{
    check_tree("b: 1\na: [x, {y: z}, []]\nc:\n  - 1\n  - d: 2\n    e:\n7: {}\n",
               "{\"b\":1,\"a\":[\"x\",{\"y\":\"z\"},[]],\"c\":[1,{\"d\":2,\"e\":null}],\"7\":{}}");
    check_tree("%YAML 1.2\n---\n- a\n...\n", "[\"a\"]");
}

static void test_aliases(void)
{
    check_tree("base: &b {x: [1, &s text]}\nuse: *b\nagain: *b\nscalar: *s\n",
               "{\"base\":{\"x\":[1,\"text\"]},\"use\":{\"x\":[1,\"text\"]},"
               "\"again\":{\"x\":[1,\"text\"]},\"scalar\":\"text\"}");
    check_tree("- &a 1\n- &a 2\n- *a\n", "[1,2,2]"); /* the nearest anchor before it counts */
}

/* A change at one place does not show at another. */
static void test_aliases_are_copies(void)
{
    g_autoptr(hcp_yaml) yaml = parse("a: &x {k: [1]}\nb: *x\n");
    json_t *root = hcp_yaml_root(yaml);
    json_t *list = json_object_get(json_object_get(root, "b"), "k");
    json_array_append_new(list, json_integer(2));
    g_autofree char *json = hcp_json_print(root, NULL);
    g_assert_cmpstr(json, ==, "{\"a\":{\"k\":[1]},\"b\":{\"k\":[1,2]}}");
}

static void test_lines(void)
{
    static const struct {
        const char *pointer;
        int line;
    } CASES[] = {
        {"", 2},
        {"/site", 2},
        {"/site/name", 3},
        {"/site/flag", 4},
        {"/devices", 5},
        {"/devices/0", 6},
        {"/devices/0/count", 7},
        {"/devices/1", 8},
        {"/devices/1/missing/deeper", 8},
        {"/devices/2", 5},
        {"/devices/x", 5},
        {"/devices/-1", 5},
        {"/a~1b~0c", 9},
        {"/copy/name", 10},
        {"/quoted", 11},
        {"/after", 13},
        {"/unknown", 2},
        {"nonsense", 2},
    };
    g_autoptr(hcp_yaml) yaml = parse("# comment\n"
                                     "site: &s\n"
                                     "  name: x\n"
                                     "  flag: true\n"
                                     "devices:\n"
                                     "  - kind: a\n"
                                     "    count: 1\n"
                                     "  - {kind: b}\n"
                                     "a/b~c: 1\n"
                                     "copy: *s\n"
                                     "quoted: \"one\n"
                                     "  two\"\n"
                                     "after:\n"
                                     "  x\n");
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++)
        g_assert_cmpint(hcp_yaml_line(yaml, CASES[i].pointer), ==, CASES[i].line);
}

static void check_refused(const char *text, size_t size, const char *part)
{
    GError *error = NULL;
    g_assert_null(hcp_yaml_parse(text, size, "test.yaml", &error));
    check_error(&error, HCP_ERROR_INVALID, part);
}

static void test_errors(void)
{
    static const struct {
        const char *text, *part;
    } CASES[] = {
        {"a: 1\nb: 2\na: 3\n", "test.yaml: line 3, column 1: duplicate key \"a\""},
        {"a: !!int 7\n", "line 1, column 4: tags are not supported; remove tag:yaml.org,2002:int"},
        {"a: !x {}\n", "remove !x"},
        {"a: ! x\n", "remove !"},
        {"a: !!seq []\n", "remove tag:yaml.org,2002:seq"},
        {"x: &x {a: 1}\ny:\n  <<: *x\n", "line 3, column 3: merge keys (<<) are not supported"},
        {"a: &a [*a]\n", "line 1, column 8: alias *a has no anchor before it"},
        {"a: *b\n", "alias *b has no anchor before it"},
        {"? [a]\n: b\n", "a key must be plain text"},
        {"&k a: 1\n", "a key must not have a tag or an anchor"},
        {"!!str a: 1\n", "a key must not have a tag or an anchor"},
        {"a: .inf\n", "line 1, column 4: .inf is not a number that can be used"},
        {"a: -.INF\n", "-.INF is not a number that can be used"},
        {"a: .nan\n", ".nan is not a number that can be used"},
        {"a: 1e999\n", "1e999 is a number too large for a double"},
        {"a: 9223372036854775808\n", "an integer that does not fit 64 bits"},
        {"a: \"x\\0y\"\n", "a text must not contain \\0"},
        {"\"x\\0y\": 1\n", "a key must not contain \\0"},
        {"--- 1\n--- 2\n", "line 2, column 1: a second document begins"},
        {"a: [1, 2\nb: 3\n", "line 2"},
        {"a:\n\t- 1\n", "line 2, column 1: found character that cannot start any token"},
        {"a: \"open\n", "unexpected end of stream while scanning a quoted scalar"},
        {"a: b: c\n", "line 1, column 5: mapping values are not allowed in this context"},
        {"a: \xff\n", "line 1"},
        {"%YAML 3.0\n--- 1\n", "incompatible YAML document"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++)
        check_refused(CASES[i].text, strlen(CASES[i].text), CASES[i].part);
}

/* Each level refers nine times to the one below: 9^9 nodes if it were believed. */
static void test_bomb(void)
{
    g_autoptr(GString) text = g_string_new("a0: &a0 [x,x,x,x,x,x,x,x,x]\n");
    for (int i = 1; i < 10; i++) {
        g_string_append_printf(text, "a%d: &a%d [", i, i);
        for (int k = 0; k < 9; k++)
            g_string_append_printf(text, "%s*a%d", k > 0 ? "," : "", i - 1);
        g_string_append(text, "]\n");
    }
    check_refused(text->str, text->len, "more than 100000 values, aliases expanded");
}

static void test_limits(void)
{
    g_autofree char *deep = g_strnfill(64, '[');
    g_autofree char *closed = g_strnfill(64, ']');
    g_autofree char *fits = g_strconcat(deep, closed, NULL);
    g_autoptr(hcp_yaml) yaml = parse(fits);
    g_assert_nonnull(yaml);
    g_autofree char *too_deep = g_strnfill(100000, '[');
    check_refused(too_deep, 100000, "line 1, column 65: nested deeper than 64 levels");
    /* Depth counts through aliases: 40 levels inside 40. */
    g_autofree char *outer = g_strnfill(40, '[');
    g_autofree char *end = g_strnfill(40, ']');
    g_autofree char *joined = g_strdup_printf("- &x %s1%s\n- %s*x%s\n", outer, end, outer, end);
    check_refused(joined, strlen(joined), "line 2, column 43: nested deeper than 64 levels");
    g_autofree char *key = g_strnfill(1025, 'k');
    g_autofree char *member = g_strdup_printf("? %s\n: 1\n", key);
    check_refused(member, strlen(member), "a key of more than 1024 bytes");
    size_t huge = ((size_t)16 << 20) + 1;
    g_autofree char *blanks = g_strnfill(huge, '\n');
    check_refused(blanks, huge, "test.yaml: larger than 16777216 bytes");
}

static void test_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("hcp-yaml-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "a.yaml", NULL);
    g_assert_null(hcp_yaml_parse_file(path, &error));
    check_error(&error, HCP_ERROR_NOT_FOUND, path);
    g_assert_true(g_file_set_contents(path, "a: [\n", -1, NULL));
    g_assert_null(hcp_yaml_parse_file(path, &error));
    check_error(&error, HCP_ERROR_INVALID, "a.yaml: line 2");
    g_assert_true(g_file_set_contents(path,
                                      "\xef\xbb\xbf"
                                      "a: 2\n",
                                      -1, NULL));
    g_autoptr(hcp_yaml) yaml = hcp_yaml_parse_file(path, &error);
    g_assert_no_error(error);
    g_assert_cmpint(hcp_json_int(hcp_yaml_root(yaml), "a", 0), ==, 2);
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/yaml/scalars", test_scalars);
    g_test_add_func("/yaml/no-buffer", test_no_buffer);
    g_test_add_func("/yaml/containers", test_containers);
    g_test_add_func("/yaml/aliases", test_aliases);
    g_test_add_func("/yaml/aliases/copies", test_aliases_are_copies);
    g_test_add_func("/yaml/lines", test_lines);
    g_test_add_func("/yaml/errors", test_errors);
    g_test_add_func("/yaml/bomb", test_bomb);
    g_test_add_func("/yaml/limits", test_limits);
    g_test_add_func("/yaml/file", test_file);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Text written member by member equals the text of the tree with the same members. */
#include "base/json.h"
#include "base/json_write.h"
#include "base/rng.h"

#include <math.h>
#include <string.h>

static void test_golden(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    hcp_json_write_object(out, NULL);
    hcp_json_write_string(out, "name", "a\"b\\\n\x01");
    hcp_json_write_string(out, "none", NULL);
    hcp_json_write_int(out, "least", INT64_MIN);
    hcp_json_write_object(out, "empty");
    hcp_json_write_end(out);
    hcp_json_write_object(out, "inner");
    hcp_json_write_number(out, "tenth", 0.1);
    hcp_json_write_number(out, "whole", 7);
    hcp_json_write_number(out, "not", NAN);
    hcp_json_write_end(out);
    hcp_json_write_time(out, "at", 1700000000123456);
    hcp_json_write_time(out, "never", 0);
    hcp_json_write_id(out, "nobody", HCP_ID_WORKLOAD, 0);
    hcp_json_write_null(out, "null");
    hcp_json_write_text(out, "data", "[1,{}]", 6);
    hcp_json_write_end(out);
    g_assert_cmpstr(
        out->str, ==,
        "{\"name\":\"a\\\"b\\\\\\n\\u0001\",\"none\":null,\"least\":-9223372036854775808,"
        "\"empty\":{},\"inner\":{\"tenth\":0.1,\"whole\":7.0,\"not\":null},"
        "\"at\":\"2023-11-14T22:13:20.123456Z\",\"never\":null,\"nobody\":null,"
        "\"null\":null,\"data\":[1,{}]}");
}

/* A value that ends in a bracket must not look like an opening. */
static void test_comma_after_text(void)
{
    g_autoptr(GString) out = g_string_new(NULL);
    hcp_json_write_object(out, NULL);
    hcp_json_write_string(out, "a", "{");
    hcp_json_write_text(out, "b", "[]", 2);
    hcp_json_write_int(out, "c", 1);
    hcp_json_write_end(out);
    g_assert_cmpstr(out->str, ==, "{\"a\":\"{\",\"b\":[],\"c\":1}");
}

static void random_text(hcp_rng *rng, char ret_text[17])
{
    uint64_t length = hcp_rng_below(rng, 17);
    for (uint64_t i = 0; i < length; i++)
        ret_text[i] = (char)(1 + hcp_rng_below(rng, 255)); /* often not UTF-8 */
    ret_text[length] = '\0';
}

static void add_both(hcp_rng *rng, GString *out, json_t *tree, const char *key)
{
    char text[17];
    int64_t integer = (int64_t)hcp_rng_u64(rng) >> hcp_rng_below(rng, 64);
    switch (hcp_rng_below(rng, 4)) {
    case 0:
        random_text(rng, text);
        hcp_json_write_string(out, key, text);
        hcp_json_set_string(tree, key, text);
        break;
    case 1:
        hcp_json_write_int(out, key, integer);
        hcp_json_set_int(tree, key, integer);
        break;
    case 2:
        hcp_json_write_number(out, key, (double)integer / 1024);
        hcp_json_set_number(tree, key, (double)integer / 1024);
        break;
    default:
        integer = (int64_t)hcp_rng_below(rng, UINT64_C(1) << 52);
        hcp_json_write_time(out, key, integer);
        hcp_json_set_time(tree, key, integer);
    }
}

static void write_both(hcp_rng *rng, GString *out, json_t *tree, int depth)
{
    uint64_t count = hcp_rng_below(rng, 6);
    for (uint64_t i = 0; i < count; i++) {
        char key[2] = {(char)('a' + i), '\0'};
        if (depth < 4 && hcp_rng_below(rng, 4) == 0) {
            json_t *inner = json_object();
            json_object_set_new(tree, key, inner);
            hcp_json_write_object(out, key);
            write_both(rng, out, inner, depth + 1);
            hcp_json_write_end(out);
        } else {
            add_both(rng, out, tree, key);
        }
    }
}

static void test_same_as_tree(void)
{
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        hcp_rng rng;
        hcp_rng_init(&rng, seed, 0);
        g_autoptr(GString) out = g_string_new(NULL);
        g_autoptr(json_t) tree = json_object();
        hcp_json_write_object(out, NULL);
        write_both(&rng, out, tree, 0);
        hcp_json_write_end(out);
        g_autofree char *text = hcp_json_print(tree, NULL);
        if (strcmp(out->str, text) != 0)
            g_error("seed %" G_GUINT64_FORMAT ": %s is not %s", seed, out->str, text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-write/golden", test_golden);
    g_test_add_func("/json-write/comma-after-text", test_comma_after_text);
    g_test_add_func("/json-write/same-as-tree", test_same_as_tree);
    return g_test_run();
}

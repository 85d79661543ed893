/* SPDX-License-Identifier: Apache-2.0 */
#include "base/record.h"
#include "base/rng.h"
#include "check.h"

#include <math.h>

typedef enum { COLOUR_RED, COLOUR_GREEN } colour;

static const char *const COLOURS[] = {"red", "green"};
static const hcp_enum_names COLOUR_NAMES = HCP_ENUM_NAMES(COLOURS);

typedef struct {
    uint8_t level;
    char *label;
} inner;

static const hcp_field INNER_FIELDS[] = {
    HCP_FIELD(inner, HCP_FIELD_U8, level),
    HCP_FIELD(inner, HCP_FIELD_STRING, label),
};
static const hcp_record INNER_RECORD = HCP_RECORD(inner, INNER_FIELDS);

/* One member of every kind. */
typedef struct {
    bool flag;
    uint8_t small;
    uint32_t medium;
    int32_t delta;
    int64_t energy_j;
    double price;
    colour tint;
    char *name;
    int64_t at_us;
    hcp_device_id device;
    inner one;
    hcp_array many;
    hcp_array numbers;
} sample;

static const hcp_field SAMPLE_FIELDS[] = {
    HCP_FIELD(sample, HCP_FIELD_BOOL, flag),
    HCP_FIELD(sample, HCP_FIELD_U8, small),
    HCP_FIELD(sample, HCP_FIELD_U32, medium),
    HCP_FIELD(sample, HCP_FIELD_I32, delta),
    HCP_FIELD(sample, HCP_FIELD_I64, energy_j),
    HCP_FIELD(sample, HCP_FIELD_F64, price),
    HCP_FIELD_ENUM_OF(sample, tint, &COLOUR_NAMES),
    HCP_FIELD(sample, HCP_FIELD_STRING, name),
    HCP_FIELD(sample, HCP_FIELD_TIME, at_us),
    HCP_FIELD_ID_OF(sample, device, HCP_ID_DEVICE),
    HCP_FIELD_RECORD_OF(sample, one, &INNER_RECORD),
    HCP_FIELD_ARRAY_OF(sample, many, &INNER_RECORD),
    HCP_FIELD(sample, HCP_FIELD_U32S, numbers),
};
static const hcp_record SAMPLE_RECORD = HCP_RECORD(sample, SAMPLE_FIELDS);

static char *random_text(hcp_rng *rng)
{
    static const char *const TEXTS[] = {
        "", "a", "quo\"te\\", "caf\xc3\xa9", "\x01\n", "long one 01234567890123456789"};
    uint64_t pick = hcp_rng_below(rng, G_N_ELEMENTS(TEXTS) + 1);
    return pick < G_N_ELEMENTS(TEXTS) ? g_strdup(TEXTS[pick]) : NULL;
}

static void fill_inner(inner *it, hcp_rng *rng)
{
    it->level = (uint8_t)hcp_rng_u64(rng);
    it->label = random_text(rng);
}

static void fill(sample *it, hcp_rng *rng)
{
    memset(it, 0, sizeof *it);
    it->flag = hcp_rng_below(rng, 2) == 1;
    it->small = (uint8_t)hcp_rng_u64(rng);
    it->medium = (uint32_t)hcp_rng_u64(rng);
    it->delta = (int32_t)hcp_rng_u64(rng);
    it->energy_j = (int64_t)(hcp_rng_u64(rng) >> hcp_rng_below(rng, 64));
    it->price = hcp_rng_below(rng, 10) == 0 ? (double)INFINITY : hcp_rng_normal(rng) * 100.0;
    it->tint = (colour)hcp_rng_below(rng, 2);
    it->name = random_text(rng);
    it->at_us = (int64_t)hcp_rng_below(rng, UINT64_C(4000000000000000));
    it->device.value = hcp_rng_below(rng, 4) == 0 ? 0 : hcp_rng_u64(rng);
    fill_inner(&it->one, rng);
    inner *many = hcp_array_init(&it->many, (uint32_t)hcp_rng_below(rng, 4), sizeof *many);
    for (uint32_t i = 0; i < it->many.count; i++)
        fill_inner(&many[i], rng);
    uint32_t *numbers =
        hcp_array_init(&it->numbers, (uint32_t)hcp_rng_below(rng, 4), sizeof *numbers);
    for (uint32_t i = 0; i < it->numbers.count; i++)
        numbers[i] = (uint32_t)hcp_rng_u64(rng);
}

static char *print(const sample *it)
{
    GString *out = g_string_new(NULL);
    hcp_record_print(&SAMPLE_RECORD, it, out);
    g_assert_cmpuint(strlen(out->str), ==, out->len);
    return g_string_free(out, FALSE);
}

static char *hash(const sample *it)
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    hcp_record_hash(&SAMPLE_RECORD, it, checksum);
    return g_strdup(g_checksum_get_string(checksum));
}

static void test_golden(void)
{
    char label[] = "x";
    inner many[] = {{.level = 1, .label = label}, {.level = 2}};
    uint32_t numbers[] = {0, UINT32_MAX};
    sample it = {
        .flag = true,
        .small = 255,
        .medium = UINT32_MAX,
        .delta = INT32_MIN,
        .energy_j = INT64_MIN,
        .price = 42.5,
        .tint = COLOUR_GREEN,
        .name = label,
        .at_us = INT64_C(1795251058123456),
        .device = {1},
        .many = {many, 2},
        .numbers = {numbers, 2},
    };
    g_autofree char *text = print(&it);
    g_assert_cmpstr(text, ==,
                    "{\"flag\":true,\"small\":255,\"medium\":4294967295,\"delta\":-2147483648,"
                    "\"energy_j\":-9223372036854775808,\"price\":42.5,\"tint\":\"green\","
                    "\"name\":\"x\",\"at_us\":\"2026-11-21T08:50:58.123456Z\","
                    "\"device\":\"dev_00000000000011\",\"one\":{\"level\":0,\"label\":null},"
                    "\"many\":[{\"level\":1,\"label\":\"x\"},{\"level\":2,\"label\":null}],"
                    "\"numbers\":[0,4294967295]}");
    sample zero = {0};
    g_autofree char *zeros = print(&zero);
    g_assert_cmpstr(zeros, ==,
                    "{\"flag\":false,\"small\":0,\"medium\":0,\"delta\":0,\"energy_j\":0,"
                    "\"price\":0.0,\"tint\":\"red\",\"name\":null,\"at_us\":null,\"device\":null,"
                    "\"one\":{\"level\":0,\"label\":null},\"many\":[],\"numbers\":[]}");
}

/* print == to_json, and parse(print) is the same record by text and by hash; a copy too. */
static void test_round_trip(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 2026, 0);
    for (int i = 0; i < 5000; i++) {
        sample it, again = {0}, copy;
        fill(&it, &rng);
        g_autofree char *text = print(&it);
        g_autoptr(json_t) tree = hcp_record_to_json(&SAMPLE_RECORD, &it);
        g_autofree char *tree_text = hcp_json_print(tree, NULL);
        g_assert_cmpstr(text, ==, tree_text);

        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) parsed = hcp_json_parse(text, strlen(text), &error);
        g_assert_no_error(error);
        hcp_record_from_json(&SAMPLE_RECORD, parsed, &again, &error);
        g_assert_no_error(error);
        hcp_record_copy(&SAMPLE_RECORD, &it, &copy);
        g_autofree char *digest = hash(&it);
        hcp_record_clear(&SAMPLE_RECORD, &it);
        g_autofree char *again_text = print(&again);
        g_autofree char *copy_text = print(&copy);
        g_autofree char *again_digest = hash(&again);
        g_autofree char *copy_digest = hash(&copy);
        g_assert_cmpstr(again_text, ==, text);
        g_assert_cmpstr(copy_text, ==, text);
        g_assert_cmpstr(again_digest, ==, digest);
        g_assert_cmpstr(copy_digest, ==, digest);
        hcp_record_clear(&SAMPLE_RECORD, &again);
        hcp_record_clear(&SAMPLE_RECORD, &copy);
        sample zero = {0};
        g_assert_true(memcmp(&zero, &copy, sizeof zero) == 0);
    }
}

/* The canonical form, spelt out by hand: little-endian, lengths before strings, 2^32 - 1 for NULL. */
static void test_hash_golden(void)
{
    char label[] = "ab";
    inner many[] = {{.level = 7, .label = label}};
    sample it = {.flag = true, .medium = 0x01020304, .price = (double)NAN, .many = {many, 1}};
    static const guchar FORM[] = {
        1,                                                        /* flag */
        0,                                                        /* small */
        4,    3,    2,    1,                                      /* medium */
        0,    0,    0,    0,                                      /* delta */
        0,    0,    0,    0,    0,    0, 0,    0,                 /* energy_j */
        0,    0,    0,    0,    0,    0, 0xf8, 0x7f,              /* price */
        0,    0,    0,    0,                                      /* tint */
        0xff, 0xff, 0xff, 0xff,                                   /* name */
        0,    0,    0,    0,    0,    0, 0,    0,                 /* at_us */
        0,    0,    0,    0,    0,    0, 0,    0,                 /* device */
        0,    0xff, 0xff, 0xff, 0xff,                             /* one */
        1,    0,    0,    0,    7,    2, 0,    0,    0, 'a', 'b', /* many */
        0,    0,    0,    0,                                      /* numbers */
    };
    g_autofree char *expected = g_compute_checksum_for_data(G_CHECKSUM_SHA256, FORM, sizeof FORM);
    g_autofree char *digest = hash(&it);
    g_assert_cmpstr(digest, ==, expected);
}

static void test_hash_tells_apart(void)
{
    char empty[] = "";
    sample a = {0}, b = {0};
    b.name = empty;
    g_autofree char *null_name = hash(&a), *empty_name = hash(&b);
    g_assert_cmpstr(null_name, !=, empty_name);
    b.name = NULL;
    b.one.label = empty; /* the same bytes in another place */
    g_autofree char *moved = hash(&b);
    g_assert_cmpstr(moved, !=, empty_name);
}

/* Long arrays pass the gathering buffer many times. */
static void test_hash_long(void)
{
    sample it = {0};
    uint32_t *numbers = hcp_array_init(&it.numbers, 1000, sizeof *numbers);
    for (uint32_t i = 0; i < 1000; i++)
        numbers[i] = i;
    g_autofree char *before = hash(&it);
    numbers[999]++;
    g_autofree char *after = hash(&it);
    g_assert_cmpstr(before, !=, after);
    hcp_record_clear(&SAMPLE_RECORD, &it);
}

static void test_versions(void)
{
    sample it = {0};
    static const char OLDER[] = "{\"medium\":3}", NEWER[] = "{\"flag\":true,\"shape\":{\"x\":[1]}}";
    g_autoptr(json_t) older = hcp_json_parse(OLDER, strlen(OLDER), NULL);
    g_autoptr(json_t) newer = hcp_json_parse(NEWER, strlen(NEWER), NULL);
    g_assert_true(hcp_record_from_json(&SAMPLE_RECORD, older, &it, NULL));
    g_assert_cmpuint(it.medium, ==, 3);
    g_assert_null(it.name);
    hcp_record_clear(&SAMPLE_RECORD, &it);
    g_assert_true(hcp_record_from_json(&SAMPLE_RECORD, newer, &it, NULL));
    g_assert_true(it.flag);
    hcp_record_clear(&SAMPLE_RECORD, &it);
}

static void test_errors(void)
{
    static const struct {
        const char *text, *part;
    } CASES[] = {
        {"[]", "sample: expected an object"},
        {"{\"name\":\"owned\",\"flag\":1}", "flag: expected true or false, got 1"},
        {"{\"small\":256}", "small: expected an integer from 0 to 255, got 256"},
        {"{\"small\":-1}", "small: expected an integer from 0 to 255, got -1"},
        {"{\"medium\":4294967296}", "medium: expected an integer from 0 to 4294967295"},
        {"{\"delta\":2147483648}", "delta: expected an integer from -2147483648 to 2147483647"},
        {"{\"energy_j\":1.5}", "energy_j: expected an integer from -9223372036854775808"},
        {"{\"price\":\"7\"}", "price: expected a number, got \"7\""},
        {"{\"tint\":\"blue\"}", "tint: expected one of red, green, got \"blue\""},
        {"{\"tint\":null}", "tint: expected one of red, green, got null"},
        {"{\"name\":{}}", "name: expected a string or null, got an object"},
        {"{\"at_us\":\"noon\"}", "at_us: expected an RFC 3339 time or null, got \"noon\""},
        {"{\"device\":\"wl_00000000000011\"}", "device: expected an id that starts with dev_"},
        {"{\"one\":[]}", "one: expected an object, got an array"},
        {"{\"one\":{\"label\":\"owned\",\"level\":\"x\"}}", "one.level: expected an integer"},
        {"{\"many\":[{\"label\":\"owned\"},{\"level\":300}]}", "many[1].level: expected"},
        {"{\"many\":[{\"label\":\"owned\"},7]}", "many[1]: expected an object, got 7"},
        {"{\"many\":7}", "many: expected an array, got 7"},
        {"{\"numbers\":[1,-2]}", "numbers[1]: expected an integer from 0 to 4294967295, got -2"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        GError *error = NULL;
        sample it = {0}, zero = {0};
        g_autoptr(json_t) value = hcp_json_parse(CASES[i].text, strlen(CASES[i].text), NULL);
        g_assert_nonnull(value);
        g_assert_false(hcp_record_from_json(&SAMPLE_RECORD, value, &it, &error));
        check_error(&error, HCP_ERROR_INVALID, CASES[i].part);
        g_assert_true(memcmp(&it, &zero, sizeof it) == 0);
    }
}

static void test_long_value_is_cut(void)
{
    GError *error = NULL;
    sample it = {0};
    g_autoptr(json_t) object = json_object();
    g_autofree char *text = g_strnfill(5000, 'x');
    hcp_json_set_string(object, "tint", text);
    g_assert_false(hcp_record_from_json(&SAMPLE_RECORD, object, &it, &error));
    g_assert_cmpuint(strlen(error->message), <, 200);
    check_error(&error, HCP_ERROR_INVALID, "…");
}

/* Bytes that are not UTF-8 must not make the journal unreadable. */
static void test_bad_text(void)
{
    char bad[] = "a\xff\"";
    sample it = {.name = bad};
    g_autofree char *text = print(&it);
    g_autoptr(json_t) tree = hcp_record_to_json(&SAMPLE_RECORD, &it);
    g_autofree char *tree_text = hcp_json_print(tree, NULL);
    g_assert_nonnull(strstr(text, "\"a\xef\xbf\xbd\\\"\""));
    g_assert_cmpstr(text, ==, tree_text);
}

static void test_enum_names(void)
{
    g_assert_cmpstr(hcp_enum_name(&COLOUR_NAMES, 1), ==, "green");
    g_assert_cmpstr(hcp_enum_name(&COLOUR_NAMES, 2), ==, "unknown");
    g_assert_cmpstr(hcp_enum_name(&COLOUR_NAMES, -1), ==, "unknown");
    g_assert_cmpint(hcp_enum_value(&COLOUR_NAMES, "green"), ==, 1);
    g_assert_cmpint(hcp_enum_value(&COLOUR_NAMES, "Green"), ==, -1);
}

/* A measurement, run with -m perf. */
static void test_speed(void)
{
    hcp_rng rng;
    sample it;
    hcp_rng_init(&rng, 1, 0);
    fill(&it, &rng);
    it.price = 42.125; /* prices are recorded with few decimals; 17 digits cost a microsecond */
    GString *out = g_string_sized_new(1 << 16);
    const int rounds = 1000000;
    gint64 start = g_get_monotonic_time();
    for (int i = 0; i < rounds; i++) {
        g_string_truncate(out, 0);
        hcp_record_print(&SAMPLE_RECORD, &it, out);
    }
    double ns = (double)(g_get_monotonic_time() - start) * 1000.0 / rounds;
    g_test_minimized_result(ns, "hcp_record_print %.0f ns for %zu bytes: %s", ns, out->len,
                            out->str);
    g_string_free(out, TRUE);
    hcp_record_clear(&SAMPLE_RECORD, &it);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/record/golden", test_golden);
    g_test_add_func("/record/round-trip", test_round_trip);
    g_test_add_func("/record/hash/golden", test_hash_golden);
    g_test_add_func("/record/hash/tells-apart", test_hash_tells_apart);
    g_test_add_func("/record/hash/long", test_hash_long);
    g_test_add_func("/record/versions", test_versions);
    g_test_add_func("/record/errors", test_errors);
    g_test_add_func("/record/errors/cut", test_long_value_is_cut);
    g_test_add_func("/record/bad-text", test_bad_text);
    g_test_add_func("/record/enum-names", test_enum_names);
    if (g_test_perf())
        g_test_add_func("/record/speed", test_speed);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"
#include "base/rng.h"

#include <string.h>

static void test_golden(void)
{
    static const struct {
        hcp_id_kind kind;
        uint64_t value;
        const char *text;
    } CASES[] = {
        {HCP_ID_WORKLOAD, 1, "wl_00000000000011"},
        {HCP_ID_DEVICE, 32, "dev_0000000000010*"},
        {HCP_ID_FACILITY, 36, "fac_0000000000014u"},
        {HCP_ID_SWITCH, 37, "sw_00000000000150"},
        {HCP_ID_INVOICE, UINT64_MAX, "inv_fzzzzzzzzzzzzb"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        char text[HCP_ID_TEXT_SIZE];
        uint64_t value = 0;
        hcp_id_format(CASES[i].kind, CASES[i].value, text);
        g_assert_cmpstr(text, ==, CASES[i].text);
        g_assert_true(hcp_id_parse(CASES[i].kind, text, &value));
        g_assert_cmpuint(value, ==, CASES[i].value);
    }
    char text[HCP_ID_TEXT_SIZE] = "x";
    hcp_id_format(HCP_ID_DEVICE, 0, text);
    g_assert_cmpstr(text, ==, "");
}

static void test_round_trip(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 3, 0);
    for (int i = 0; i < 20000; i++) {
        hcp_id_kind kind = (hcp_id_kind)(1 + hcp_rng_below(&rng, HCP_ID_KINDS - 1));
        uint64_t value = hcp_rng_u64(&rng) >> hcp_rng_below(&rng, 63);
        uint64_t parsed = 0;
        char text[HCP_ID_TEXT_SIZE];
        if (value == 0)
            continue;
        hcp_id_format(kind, value, text);
        g_assert_cmpuint(strlen(text), ==, strlen(hcp_id_prefix(kind)) + 14);
        g_assert_true(hcp_id_parse(kind, text, &parsed));
        g_assert_cmpuint(parsed, ==, value);
        g_autofree char *upper = g_ascii_strup(text, -1);
        g_assert_true(hcp_id_parse(kind, upper, &parsed));
        g_assert_cmpuint(parsed, ==, value);
    }
}

/* The check character catches every change of one digit and every swap of neighbours. */
static void test_check_character(void)
{
    static const char DIGITS[] = "0123456789abcdefghjkmnpqrstvwxyz";
    char text[HCP_ID_TEXT_SIZE], changed[HCP_ID_TEXT_SIZE];
    uint64_t value = 42;
    hcp_id_format(HCP_ID_WORKLOAD, hcp_id_next(0, INT64_C(1795251058123456)) + 77, text);
    for (int at = 3; at < 16; at++) {
        for (int d = 0; d < 32; d++) {
            strcpy(changed, text);
            changed[at] = DIGITS[d];
            if (DIGITS[d] != text[at])
                g_assert_false(hcp_id_parse(HCP_ID_WORKLOAD, changed, &value));
        }
        strcpy(changed, text);
        changed[at] = text[at + 1];
        changed[at + 1] = text[at];
        if (at < 15 && text[at] != text[at + 1])
            g_assert_false(hcp_id_parse(HCP_ID_WORKLOAD, changed, &value));
    }
    g_assert_cmpuint(value, ==, 42);
}

static void test_refusals(void)
{
    static const char *const BAD[] = {
        "",
        "wl_",
        "wl_0000000000001",   /* short */
        "wl_000000000000011", /* long */
        "dev_00000000000011", /* another noun */
        "00000000000011",     /* no prefix */
        "wl_00000000000000",  /* zero is "none" */
        "wl_g0000000000001",  /* 65th bit */
        "wl_0000000000*011",  /* check symbol among the digits */
        "wl_000000000000 11", /* blank */
        "wl_00000000000u11",  /* u is no digit */
        "wl_0000000000001\xc3\xa9",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(BAD); i++) {
        uint64_t value = 42;
        g_assert_false(hcp_id_parse(HCP_ID_WORKLOAD, BAD[i], &value));
        g_assert_cmpuint(value, ==, 42);
    }
}

static void test_look_alikes(void)
{
    uint64_t value = 0;
    g_assert_true(hcp_id_parse(HCP_ID_WORKLOAD, "WL_OOoooo000000iL", &value));
    g_assert_cmpuint(value, ==, 1);
}

static void test_next(void)
{
    int64_t now_us = INT64_C(1795251058123456);
    uint64_t first = hcp_id_next(0, now_us);
    g_assert_cmpuint(first >> 20, ==, 1795251058123);
    g_assert_cmpuint(first & 0xfffff, ==, 0);
    g_assert_cmpuint(hcp_id_next(first, now_us), ==, first + 1);
    g_assert_cmpuint(hcp_id_next(first, now_us - HCP_ID_KINDS * INT64_C(1000000)), ==, first + 1);
    g_assert_cmpuint(hcp_id_next(first, now_us + 1000), ==, first + (1 << 20));
    g_assert_cmpuint(hcp_id_next(0, 0), ==, 1);
    g_assert_cmpuint(hcp_id_next(0, -5), ==, 1);
    g_assert_cmpuint(hcp_id_next(5, INT64_MAX), >, 5);
}

/* Text sorts as values do, so lists sort by creation. */
static void test_text_sorts(void)
{
    hcp_rng rng;
    hcp_rng_init(&rng, 5, 0);
    char last[HCP_ID_TEXT_SIZE] = "";
    uint64_t value = 0;
    int64_t now_us = 1;
    for (int i = 0; i < 5000; i++) {
        char text[HCP_ID_TEXT_SIZE];
        now_us += (int64_t)hcp_rng_below(&rng, 1000000);
        value = hcp_id_next(value, now_us);
        hcp_id_format(HCP_ID_LEASE, value, text);
        g_assert_cmpstr(last, <, text);
        strcpy(last, text);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/id/golden", test_golden);
    g_test_add_func("/id/round-trip", test_round_trip);
    g_test_add_func("/id/check-character", test_check_character);
    g_test_add_func("/id/refusals", test_refusals);
    g_test_add_func("/id/look-alikes", test_look_alikes);
    g_test_add_func("/id/next", test_next);
    g_test_add_func("/id/sorts", test_text_sorts);
    return g_test_run();
}

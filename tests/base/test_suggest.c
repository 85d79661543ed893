/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggest.h"

#include <glib.h>

static void test_nearest(void)
{
    static const char *const WORDS[] = {"priority", "gpu_count", "gpu_model",
                                        "deadline", "h100",      NULL};
    static const struct {
        const char *text, *expected;
    } CASES[] = {
        {"priorty", "priority"},
        {"PRIORITY", "priority"},
        {"gpu-count", "gpu_count"},
        {"gpuCount", "gpu_count"},
        {"gpu_modle", "gpu_model"},
        {"dead_line", "deadline"},
        {"h010", "h100"}, /* a swap of neighbours counts once */
        {"H100", "h100"},
        {"h10", "h100"},
        {"a100", "h100"}, /* one letter of four */
        {"b300", NULL},
        {"colour", NULL},
        {"", NULL},
        {"0123456789012345678901234567890123456789012345678901234567890123456789", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++)
        g_assert_cmpstr(hcp_suggest_nearest(CASES[i].text, WORDS), ==, CASES[i].expected);
}

static void test_first_of_equals(void)
{
    hcp_suggestion best = {0};
    hcp_suggest_consider(&best, "cat", "bat");
    hcp_suggest_consider(&best, "cat", "rat");
    g_assert_cmpstr(best.word, ==, "bat");
    g_assert_cmpint(best.distance, ==, 1);
    hcp_suggest_consider(&best, "cat", "cat");
    g_assert_cmpstr(best.word, ==, "cat");
    g_assert_cmpint(best.distance, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/suggest/nearest", test_nearest);
    g_test_add_func("/suggest/first-of-equals", test_first_of_equals);
    return g_test_run();
}

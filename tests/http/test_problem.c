/* SPDX-License-Identifier: Apache-2.0 */
#include "http/problem.h"
#include "http/trace.h"

#include "base/json.h"

#include <string.h>

static void test_members(void)
{
    g_autoptr(hcp_problem) problem =
        hcp_problem_new(403, "quota-exceeded", "%d GPU-hours are left", 3);
    hcp_problem_add(problem, "/requirements/gpu_count", "must be at most 3");
    hcp_problem_add(problem, "?limit", "must be a whole number");
    hcp_problem_set(problem, "retry_after_s", json_integer(9));
    hcp_problem_set(problem, "status", json_integer(1)); /* must not replace a member of its own */
    g_autoptr(json_t) document = hcp_problem_to_json(problem, "/x", "0af7");
    g_autofree char *text = hcp_json_print(document, NULL);
    g_assert_cmpstr(text, ==,
                    "{\"type\":\"urn:hcp:problem:quota-exceeded\",\"title\":\"Quota exceeded\","
                    "\"status\":403,\"detail\":\"3 GPU-hours are left\",\"instance\":\"/x\","
                    "\"trace_id\":\"0af7\",\"errors\":["
                    "{\"pointer\":\"/requirements/gpu_count\",\"detail\":\"must be at most 3\"},"
                    "{\"pointer\":\"?limit\",\"detail\":\"must be a whole number\"}],"
                    "\"retry_after_s\":9}");
    g_assert_cmpuint(hcp_problem_status(problem), ==, 403);
}

/* A client's own bytes may end up in a detail; the answer must stay valid JSON. */
static void test_invalid_utf8(void)
{
    g_autoptr(hcp_problem) problem = hcp_problem_new(400, "bad", "no thing '%s'", "\xff\xfe");
    hcp_problem_add(problem, "/\xc0", "x");
    g_autoptr(json_t) document = hcp_problem_to_json(problem, "/\x80", NULL);
    g_autofree char *text = hcp_json_print(document, NULL);
    g_autoptr(json_t) again = hcp_json_parse(text, strlen(text), NULL);
    g_assert_nonnull(again);
    g_assert_true(g_str_has_prefix(hcp_json_string(again, "detail", ""), "no thing '"));
}

static void test_traceparent(void)
{
    char id[HCP_TRACE_ID_SIZE], other[HCP_TRACE_ID_SIZE];
    hcp_trace_id_init(id, "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
    g_assert_cmpstr(id, ==, "4bf92f3577b34da6a3ce929d0e0e4736");
    static const char *const MALFORMED[] = {
        NULL,
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473\"-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(MALFORMED); i++) {
        hcp_trace_id_init(id, MALFORMED[i]);
        hcp_trace_id_init(other, MALFORMED[i]);
        g_assert_cmpuint(strlen(id), ==, 32);
        g_assert_cmpuint(strspn(id, "0123456789abcdef"), ==, 32);
        g_assert_cmpstr(id, !=, other);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/problem/members", test_members);
    g_test_add_func("/http/problem/invalid-utf8", test_invalid_utf8);
    g_test_add_func("/http/trace/traceparent", test_traceparent);
    return g_test_run();
}

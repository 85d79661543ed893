/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request bodies against the contract: the first byte picks an operation, the rest is what a stranger sends it. Whatever
 * is refused names its place with a pointer and a sentence that survive being sent; whatever is accepted stays acceptable
 * once the defaults are in.
 */
#include "http/api.h"
#include "http/problem.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const hcp_schema *pick_schema(uint8_t choice)
{
    int n_bodies = 0;
    for (int i = 0; i < HCP_API.n_operations; i++)
        n_bodies += HCP_API.operations[i].body != NULL;
    int wanted = choice % n_bodies;
    for (int i = 0; i < HCP_API.n_operations; i++) {
        if (HCP_API.operations[i].body != NULL && wanted-- == 0)
            return HCP_API.operations[i].body;
    }
    g_assert_not_reached();
}

static void check_violations(const GPtrArray *violations)
{
    g_autoptr(hcp_problem) problem = hcp_problem_new(400, "invalid-request", "see errors");
    g_assert_cmpuint(violations->len, >, 0);
    for (guint i = 0; i < violations->len; i++) {
        const hcp_schema_violation *violation = g_ptr_array_index(violations, i);
        g_assert_true(violation->pointer[0] == '\0' || violation->pointer[0] == '/');
        g_assert_cmpstr(violation->message, !=, "");
        hcp_problem_add(problem, violation->pointer, violation->message);
    }
    g_autoptr(json_t) document = hcp_problem_to_json(problem, "/x", NULL);
    size_t length = 0;
    g_autofree char *text = hcp_json_print(document, &length);
    g_autoptr(json_t) again = hcp_json_parse(text, length, NULL);
    g_assert_nonnull(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    g_autoptr(json_t) body = hcp_json_parse((const char *)data + 1, size - 1, NULL);
    if (body == NULL)
        return 0;
    const hcp_schema *schema = pick_schema(data[0]);
    g_autoptr(GPtrArray) violations = hcp_schema_check(schema, body);
    if (violations != NULL) {
        check_violations(violations);
        return 0;
    }
    hcp_schema_fill_defaults(schema, body);
    g_autoptr(GPtrArray) after = hcp_schema_check(schema, body);
    g_assert_null(after);
    return 0;
}

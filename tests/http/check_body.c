/* SPDX-License-Identifier: Apache-2.0 */
/* For compare_bodies.py: reads lines "operationId JSON", answers each with "accepted" or the
 * refused pointers. */
#include "http/api.h"

#include <stdio.h>
#include <string.h>

static const hcp_schema *schema_of(const char *id)
{
    for (int i = 0; i < HCP_API.n_operations; i++) {
        if (strcmp(HCP_API.operations[i].id, id) == 0)
            return HCP_API.operations[i].body;
    }
    g_error("no operation %s", id);
}

static void check(const char *id, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) body = hcp_json_parse(text, strlen(text), &error);
    if (body == NULL)
        g_error("%s: %s", text, error->message);
    g_autoptr(GPtrArray) violations = hcp_schema_check(schema_of(id), body);
    if (violations == NULL)
        printf("accepted");
    for (guint i = 0; violations != NULL && i < violations->len; i++)
        printf("%s\t", ((const hcp_schema_violation *)g_ptr_array_index(violations, i))->pointer);
    putchar('\n');
}

int main(void)
{
    char *line = NULL;
    size_t size = 0;
    while (getline(&line, &size, stdin) > 0) {
        g_autofree char *row = g_strchomp(g_strdup(line));
        char *space = strchr(row, ' ');
        g_assert_nonnull(space);
        *space = '\0';
        check(row, space + 1);
    }
    free(line);
    return 0;
}

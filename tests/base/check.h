/* SPDX-License-Identifier: Apache-2.0 */
/* Assertions shared by the tests of base. */
#ifndef HCP_TESTS_BASE_CHECK_H
#define HCP_TESTS_BASE_CHECK_H

#include "base/error.h"

#include <glib.h>
#include <string.h>

/* Asserts an error of our domain whose message contains `part`, and clears it. */
static inline void check_error(GError **error, hcp_error_code code, const char *part)
{
    g_assert_error(*error, HCP_ERROR, (int)code);
    if (strstr((*error)->message, part) == NULL)
        g_error("message \"%s\" lacks \"%s\"", (*error)->message, part);
    g_assert_true(g_utf8_validate((*error)->message, -1, NULL));
    g_clear_error(error);
}

#endif

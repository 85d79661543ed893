/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON bodies as strangers send them. What is accepted must survive printing and parsing again, and the printed text must
 * not change the second time: the journal relies on both.
 */
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) value = hcp_json_parse((const char *)data, size, &error);
    if (value == NULL) {
        g_assert_nonnull(error);
        return 0;
    }
    size_t length = 0, again_length = 0;
    g_autofree char *text = hcp_json_print(value, &length);
    g_autoptr(json_t) again = hcp_json_parse(text, length, &error);
    g_assert_no_error(error);
    g_autofree char *again_text = hcp_json_print(again, &again_length);
    g_assert_cmpuint(length, ==, again_length);
    g_assert_cmpstr(text, ==, again_text);
    return 0;
}

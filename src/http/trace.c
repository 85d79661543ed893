/* SPDX-License-Identifier: Apache-2.0 */
#include "http/trace.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>

#define ID_DIGITS (HCP_TRACE_ID_SIZE - 1)

static bool is_hex(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (!g_ascii_isxdigit(text[i]) || g_ascii_isupper(text[i]))
            return false;
    }
    return true;
}

/* version "-" trace id "-" parent id "-" flags; an all-zero trace id is invalid, and so is version
 * ff. */
static bool is_traceparent(const char *text)
{
    static const char ZERO[] = "00000000000000000000000000000000";
    return strlen(text) >= 55 && is_hex(text, 2) && memcmp(text, "ff", 2) != 0 && text[2] == '-' &&
           is_hex(text + 3, ID_DIGITS) && memcmp(text + 3, ZERO, ID_DIGITS) != 0 &&
           text[35] == '-' && is_hex(text + 36, 16) && text[52] == '-' && is_hex(text + 53, 2);
}

void hcp_trace_id_init(char ret_id[HCP_TRACE_ID_SIZE], const char *traceparent)
{
    static const char DIGITS[] = "0123456789abcdef";
    if (traceparent != NULL && is_traceparent(traceparent)) {
        memcpy(ret_id, traceparent + 3, ID_DIGITS);
    } else {
        for (int word = 0; word < ID_DIGITS / 8; word++) {
            guint32 bits = g_random_int();
            for (int i = 0; i < 8; i++)
                ret_id[8 * word + i] = DIGITS[(bits >> (4 * i)) & 15];
        }
    }
    ret_id[ID_DIGITS] = '\0';
}

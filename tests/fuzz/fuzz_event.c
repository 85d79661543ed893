/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Journal records: the first byte picks the kind of event, the rest is its JSON. What is read must print to text that
 * reads back to the same text, or a replay would drift from what was written.
 */
#include "core/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(const hcp_event *event)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GString) again = g_string_new(NULL);
    hcp_event copy = {0};
    hcp_event_print(event, text);
    bool read = hcp_event_parse(hcp_event_type_name(event->type), event->time_us, text->str,
                                text->len, &copy, &error);
    g_assert_no_error(error);
    g_assert_true(read);
    hcp_event_print(&copy, again);
    g_assert_cmpstr(text->str, ==, again->str);
    hcp_event_clear(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    g_autoptr(GError) error = NULL;
    hcp_event event = {0};
    const char *type = hcp_event_type_name(data[0] % HCP_EVENT_TYPES);
    if (!hcp_event_parse(type, 0, (const char *)data + 1, size - 1, &event, &error)) {
        g_assert_nonnull(error);
        return 0;
    }
    check_round_trip(&event);
    hcp_event_clear(&event);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Events at the journal's edge: printing, parsing, destruction. */
#include "core/event.h"

#include "base/error.h"

void hcp_event_clear(hcp_event *event)
{
    hcp_record_clear(hcp_event_record(event->type), hcp_event_payload(event));
}

void hcp_event_print(const hcp_event *event, GString *out)
{
    hcp_record_print(hcp_event_record(event->type), hcp_event_payload((hcp_event *)event), out);
}

bool hcp_event_parse(const char *type, int64_t time_us, const char *payload, size_t size,
                     hcp_event *ret_event, GError **error)
{
    hcp_event event = {.type = hcp_event_type_from_name(type), .time_us = time_us};
    if (event.type == HCP_EVENT_TYPES) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_UNSUPPORTED,
                    "the journal holds an event of type \"%s\", which this version does not know",
                    type);
        return false;
    }
    g_autoptr(json_t) object = hcp_json_parse(payload, size, error);
    if (object == NULL || !hcp_record_from_json(hcp_event_record(event.type), object,
                                                hcp_event_payload(&event), error))
        return false;
    *ret_event = event;
    return true;
}

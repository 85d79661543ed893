/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of devices: the filters of a request, and pages over the dense index of the fleet. */
#ifndef HCP_SERVICES_DEVICE_LIST_H
#define HCP_SERVICES_DEVICE_LIST_H

#include "services/device_view.h"

#define HCP_DEVICE_ANY (-1)

/* What devices must be like; HCP_DEVICE_ANY, HCP_NO_INDEX and NULL ask for nothing. */
typedef struct {
    uint64_t classes;  /* mask */
    uint32_t facility; /* HCP_NO_INDEX = any */
    int status, mode, health;
    int available;    /* 0 or 1 */
    const char *text; /* part of the name */
} hcp_device_filter;

/* Reads those of the parameters type, class, facility, status, mode, health, available and q that the operation has.
 * False: the request has been answered. */
bool hcp_device_filter_read(const hcp_device_view *view, hcp_http_request *request,
                            hcp_device_filter *ret_filter);

/* Called with a matching device; false stops. */
typedef bool (*hcp_device_fn)(void *data, uint32_t device);

/* Calls `visit` with every matching device from index `first` on, in order. Batches whose class, facility or counters rule
 * them out are passed over whole. */
void hcp_device_list_each(const hcp_device_view *view, const hcp_device_filter *filter,
                          uint32_t first, hcp_device_fn visit, void *data);

/* How many devices match: from the counters of the groups where they know it, else by looking at each. */
uint32_t hcp_device_list_count(const hcp_device_view *view, const hcp_device_filter *filter);

/* Shows a device as an item of a page. New reference. */
typedef json_t *(*hcp_device_row_fn)(const hcp_device_view *view, uint32_t device);

/* Answers the request with a page of matching devices under `member`. */
void hcp_device_list_reply(const hcp_device_view *view, hcp_http_request *request,
                           const char *member, hcp_device_row_fn row);

#endif

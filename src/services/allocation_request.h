/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked for with an allocation, from the request's words to the core's order. */
#ifndef HCP_SERVICES_ALLOCATION_REQUEST_H
#define HCP_SERVICES_ALLOCATION_REQUEST_H

#include "services/internal.h"

typedef struct {
    hcp_allocate order;
    uint32_t *devices; /* what order.devices points to; owned */
} hcp_allocation_request;

/* Frees what the request owns. */
void hcp_allocation_request_clear(hcp_allocation_request *wanted);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_allocation_request, hcp_allocation_request_clear)

/* Reads the body, which matches AllocationRequest. False: the request has been answered with every offending member. */
bool hcp_allocation_request_read(hcp_services *services, hcp_http_request *request,
                                 hcp_allocation_request *ret_wanted);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Trace ids: read from a W3C traceparent header, or made up. */
#ifndef HCP_HTTP_TRACE_H
#define HCP_HTTP_TRACE_H

#define HCP_TRACE_ID_SIZE 33

/* Fills `ret_id` with the trace id of `traceparent` ("00-<32 hex>-<16 hex>-<2 hex>"); with a new
 * random one when the header is NULL or malformed. */
void hcp_trace_id_init(char ret_id[HCP_TRACE_ID_SIZE], const char *traceparent);

#endif

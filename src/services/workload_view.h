/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads as the interface shows them: from the live state, or from the projection once they have left it. */
#ifndef HCP_SERVICES_WORKLOAD_VIEW_H
#define HCP_SERVICES_WORKLOAD_VIEW_H

#include "services/internal.h"

/* Workload `ix` of the state with its live figures. New reference. */
json_t *hcp_workload_view(hcp_services *services, uint32_t ix);

/* An estimate as {low_ms, high_ms, basis}, null when it never starts as things stand. New reference. */
json_t *hcp_workload_view_eta(const hcp_core *core, uint32_t ix, int64_t now_us);

/* What the workload will cost: rate of all its devices per hour, and the total when its length is known. */
json_t *hcp_workload_view_quote(const hcp_workload_accepted *def);

/* The same two as members "eta" and "quote" of an object that is being written. */
void hcp_workload_view_write_eta(GString *out, const hcp_core *core, uint32_t ix, int64_t now_us);
void hcp_workload_view_write_quote(GString *out, const hcp_workload_accepted *def);

/* The columns of the projection that hcp_workload_view_row reads, in its order. */
#define HCP_WORKLOAD_VIEW_COLUMNS                                                                  \
    "id, customer, name, type, model, priority, status, devices, facility, class, accepted_us,"    \
    " started_us, finished_us, served_us, requests, cost_usd_micro, reason"

/* A row of the projection; one that is in the state is shown from there. New reference. */
json_t *hcp_workload_view_row(hcp_services *services, const hcp_projection_value *values);

#endif

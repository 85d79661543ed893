/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a customer asks for, from either shape of the published request to one command: `customer_id, workload_type,
 * priority, requirements{gpu_type, gpu_count, …}` and `type, model, gpu_type, max_latency_ms, duration_hours`.
 */
#ifndef HCP_SERVICES_SUBMISSION_H
#define HCP_SERVICES_SUBMISSION_H

#include "services/internal.h"

/* Fills `ret_submit` from `body`, which matches WorkloadSubmission or WorkloadDescription; its texts are borrowed from
 * `body`. False: the request has been answered with a problem that names every offending member. */
bool hcp_submission_read(hcp_services *services, hcp_http_request *request, const json_t *body,
                         hcp_submit *ret_submit);

/* Answers with the refusal of a submission, its pointer where the client wrote the member. */
void hcp_submission_refuse(hcp_http_request *request, const json_t *body,
                           const hcp_refusal *refusal);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Problem documents (RFC 9457):
 * {"type","title","status","detail","instance","trace_id","errors":[{"pointer","detail"}]}. `type`
 * is "urn:hcp:problem:<slug>", the title is the slug in words, so a slug is chosen once and means
 * one thing.
 */
#ifndef HCP_HTTP_PROBLEM_H
#define HCP_HTTP_PROBLEM_H

#include <glib.h>
#include <jansson.h>

typedef struct hcp_problem hcp_problem;

/* A problem of HTTP `status`; `slug` is lower-case words joined by dashes ("quota-exceeded"). */
hcp_problem *hcp_problem_new(unsigned status, const char *slug, const char *detail_format, ...)
    G_GNUC_PRINTF(3, 4);

/* Names one offending place: a JSON pointer into the body ("/requirements/gpu_count"), or "?limit"
 * for the query parameter `limit`, or "header:Idempotency-Key". */
void hcp_problem_add(hcp_problem *problem, const char *pointer, const char *detail);

/* Adds an extension member, e.g. "retry_after_s"; the reference of `value` is taken. */
void hcp_problem_set(hcp_problem *problem, const char *name, json_t *value);

/* The status given at creation. */
unsigned hcp_problem_status(const hcp_problem *problem);

/* The document, with `instance` (the path) and `trace_id`, both may be NULL. New reference. */
json_t *hcp_problem_to_json(const hcp_problem *problem, const char *instance, const char *trace_id);

/* Frees `problem`; NULL is allowed. */
void hcp_problem_free(hcp_problem *problem);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_problem, hcp_problem_free)

#endif

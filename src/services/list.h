/* SPDX-License-Identifier: Apache-2.0 */
/* Lists that page over the projections: one query, one row function. */
#ifndef HCP_SERVICES_LIST_H
#define HCP_SERVICES_LIST_H

#include "http/request.h"
#include "journal/journal.h"
#include "services/internal.h"

#include <jansson.h>

#define HCP_LIST_MAX_VALUES 8

/* Row to JSON object; `values` are the query's columns from the second on. New reference. */
typedef json_t *(*hcp_list_row_fn)(void *data, const hcp_projection_value *values, int n_values);

/* `sql` selects the position of a row as its first column, ordered by it, and binds ?1 = position after which to begin
 * (text, "" at first) and ?2 = how many rows; ?3… are `values`. */
typedef struct {
    const char *sql;
    hcp_projection_value values[HCP_LIST_MAX_VALUES];
    int n_values;
    const char *member; /* of the answer: "decisions" */
    hcp_list_row_fn row;
    void *data;
} hcp_list;

/* Answers the request with one page. */
void hcp_list_reply(hcp_services *services, hcp_http_request *request, const hcp_list *list);

/* A query parameter as a text value, NULL when absent. */
hcp_projection_value hcp_list_text(const hcp_http_request *request, const char *name);

/* The key of the customer (?customer_id) or facility (?facility) that the client named by key or id, for tables that know
 * keys; its own text when there is none such, which then matches nothing; NULL when absent. */
hcp_projection_value hcp_list_customer(hcp_services *services, const hcp_http_request *request);
hcp_projection_value hcp_list_facility(hcp_services *services, const hcp_http_request *request);

/* A query parameter that is a moment; `fallback_us` when absent. Its format was checked with the request. */
int64_t hcp_list_time(const hcp_http_request *request, const char *name, int64_t fallback_us);

/* Columns of a row. */
const char *hcp_list_column_text(const hcp_projection_value *value);
int64_t hcp_list_column_int(const hcp_projection_value *value);
double hcp_list_column_number(const hcp_projection_value *value);

#endif

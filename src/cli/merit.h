/* SPDX-License-Identifier: Apache-2.0 */
/* The merit order as commands show it. */
#ifndef HCP_CLI_MERIT_H
#define HCP_CLI_MERIT_H

#include <jansson.h>

/* What a row of the merit order is about, in words. Caller frees. */
char *hcp_cli_merit_label(const json_t *row);

/* The rows of one facility of GET /api/v1/merit-order, each with "label" and "facility". New reference. */
json_t *hcp_cli_merit_rows(const json_t *facility);

/* Prints the title line and the table of one facility. */
void hcp_cli_merit_print(const json_t *facility);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Several backtests of the same site and policies added up. */
#ifndef HCP_CLI_REPORT_TOTAL_H
#define HCP_CLI_REPORT_TOTAL_H

#include "cli/report.h"

/* Sums by plan, as they were added. */
typedef struct hcp_cli_total hcp_cli_total;

/* Nothing yet. */
hcp_cli_total *hcp_cli_total_new(void);

/* Frees the sums; NULL is allowed. */
void hcp_cli_total_free(hcp_cli_total *total);

/* Adds a report, which is the report of one market. */
void hcp_cli_total_add(hcp_cli_total *total, const hcp_cli_report *report);

/* Prints the table, and the same as an object. New reference. */
void hcp_cli_total_print(const hcp_cli_total *total);
json_t *hcp_cli_total_json(const hcp_cli_total *total);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_cli_total, hcp_cli_total_free)

#endif

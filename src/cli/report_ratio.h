/* SPDX-License-Identifier: Apache-2.0 */
/* The empirical competitive ratio of each run, whole and by day (economics/competitive.h). */
#ifndef HCP_CLI_REPORT_RATIO_H
#define HCP_CLI_REPORT_RATIO_H

#include "cli/report.h"

/* Prints a table of all runs. */
void hcp_cli_report_print_ratios(const hcp_cli_report *report);

/* Costs and ratios of a run; ratios that do not exist are left out. New reference. */
json_t *hcp_cli_report_ratio_json(const hcp_cli_report *report, const hcp_cli_run *run);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy earned over four baselines, with the 95 % interval of that by a bootstrap over weeks. */
#ifndef HCP_CLI_REPORT_UPLIFT_H
#define HCP_CLI_REPORT_UPLIFT_H

#include "cli/report.h"

typedef enum {
    HCP_CLI_OVER_MINE,
    HCP_CLI_OVER_AI,
    HCP_CLI_OVER_STATIC, /* the best static plan, known in hindsight */
    HCP_CLI_OVER_GREEDY, /* the best state of the step, without looking ahead */
    HCP_CLI_BASELINES
} hcp_cli_baseline;

/* Member names of the JSON, in order: mine_only, ai_only, best_static, greedy. */
extern const char *const HCP_CLI_BASELINE_NAMES[HCP_CLI_BASELINES];

typedef struct {
    double usd;               /* NAN: the site has no such plan, or greedy was not played */
    double low_usd, high_usd; /* NAN: too few weeks */
} hcp_cli_uplift;

/* Fills one uplift per baseline. */
void hcp_cli_report_uplift(const hcp_cli_report *report, const hcp_cli_run *run,
                           hcp_cli_uplift ret_uplifts[HCP_CLI_BASELINES]);

/* Prints a table of all runs. */
void hcp_cli_report_print_uplifts(const hcp_cli_report *report);

/* Object of the baselines there are. New reference. */
json_t *hcp_cli_report_uplift_json(const hcp_cli_report *report, const hcp_cli_run *run);

#endif

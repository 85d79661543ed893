/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a backtest found, as text, as JSON, and as one HTML page without outside parts: table, cumulative gain, a storm
 * week and an ordinary week.
 */
#ifndef HCP_CLI_REPORT_H
#define HCP_CLI_REPORT_H

#include "base/json.h"
#include "economics/backtest.h"

/* One policy's run, step by step. */
typedef struct {
    const char *name;
    hcp_backtest_result result;
    double *profit_usd; /* cumulative, per step */
    float *forecast;    /* USD/MWh, per step */
    uint8_t *state;
} hcp_cli_run;

/* What the page shows. */
typedef struct {
    const char *site;
    const char *market_file;
    const hcp_market *market;
    const hcp_plant *plant;
    const hcp_backtest_bounds *bounds;
    const double *rewards_usd;     /* per step and state */
    const double *optimum_usd;     /* cumulative, per step */
    const uint8_t *optimum_states; /* per step */
    const hcp_cli_run *runs;
    size_t n_runs;      /* the last one is drawn in the weeks */
    const GArray *grid; /* hcp_cli_grid_row; NULL = nothing is sold to the grid */
} hcp_cli_report;

/* Result and name ("mine-only", "ai-only", "both-on") of staying in `state`, one of the static plans. */
hcp_backtest_result hcp_cli_report_static(const hcp_cli_report *report, int state);
const char *hcp_cli_report_static_name(const hcp_cli_report *report, int state);

/* Hours in which no miner ran, and of a slot nothing else either. */
double hcp_cli_report_stopped_h(const hcp_cli_report *report, const hcp_backtest_result *result);

/* Prints tables: plans, uplift over the baselines, regret by cause, and whether the last policy's forecasts were right. */
void hcp_cli_report_print(const hcp_cli_report *report);

/* The figures of those tables as one object. New reference. */
json_t *hcp_cli_report_json(const hcp_cli_report *report);

/* Writes the page. */
bool hcp_cli_report_write(const hcp_cli_report *report, const char *path, GError **error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the grid pays and charges, in one plan with energy: the backtest of a market that sells reserve or has a peak charge,
 * once for each thing that the plan may know of. All of them are settled alike, so the rows say what knowing is worth.
 */
#ifndef HCP_CLI_REPORT_GRID_H
#define HCP_CLI_REPORT_GRID_H

#include "base/json.h"
#include "economics/backtest.h"

typedef struct {
    const char *name; /* static */
    hcp_backtest_result result;
} hcp_cli_grid_row;

/* Plays never switching, and the plan `hcp` for energy alone, with reserve, with peaks, with both, as far as the market has
 * them. Rows are hcp_cli_grid_row; caller frees. */
GArray *hcp_cli_grid_play(const hcp_market *market, const hcp_plant *plant,
                          const hcp_policy_config *config, GError **error);

/* Prints the account of every row, which adds up to its profit, and the peaks that were assumed. */
void hcp_cli_grid_print(const hcp_market *market, const GArray *rows);

/* The same as an array of objects. New reference. */
json_t *hcp_cli_grid_json(const GArray *rows);

/* The peaks that the rows were charged for, and what is assumed of them; null without a charge. New reference. */
json_t *hcp_cli_grid_peaks_json(const hcp_market *market);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The regret of a simulated run, as text and as JSON. */
#ifndef HCP_CLI_SIMULATE_REGRET_H
#define HCP_CLI_SIMULATE_REGRET_H

#include "runtime/simulate.h"

/* Prints a line for each facility of `regret` (hcp_simulate_regret). */
void hcp_cli_regret_print(const GArray *regret);

/* The same with all figures, as GET /api/v1/regret has them. New reference. */
json_t *hcp_cli_regret_json(const GArray *regret);

#endif

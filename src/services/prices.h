/* SPDX-License-Identifier: Apache-2.0 */
/* Prices as answers show them. */
#ifndef HCP_SERVICES_PRICES_H
#define HCP_SERVICES_PRICES_H

#include "core/state.h"

#include <jansson.h>

/* Latest electricity price of a facility; "missing" when there is none. */
const hcp_price_observed *hcp_prices_electricity(const hcp_state *state, uint32_t facility);

/* {"value","unit","source","observed_at","age_ms","quality","simulated","low","high","sources","disagreeing"} of a price. New
 * reference. */
json_t *hcp_prices_json(const hcp_state *state, const hcp_price_observed *price,
                        hcp_price_kind kind, int64_t now_us);

#endif

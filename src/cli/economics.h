/* SPDX-License-Identifier: Apache-2.0 */
/* Files that the subcommands about economics share: recorded markets, price models. */
#ifndef HCP_CLI_ECONOMICS_H
#define HCP_CLI_ECONOMICS_H

#include "economics/forecast/model_json.h"
#include "economics/market.h"

/* Reads a price model file. */
bool hcp_cli_load_model(const char *path, hcp_price_model_owned **ret_model, GError **error);

/* Reads a recorded market: ts_utc, dam_usd_mwh, rtm_usd_mwh (where it is there on every row it settles, otherwise the
 * day-ahead price does), btc_usd, difficulty, subsidy_btc, fee_btc_per_block, fee_btc_per_block_prevday. `utc_offset_h` is the standard time of its market day. The step is
 * the distance of the first two rows. Free with hcp_cli_market_finish. */
bool hcp_cli_load_market(const char *path, double utc_offset_h, hcp_market *ret_market,
                         GError **error);

/* Releases a market's steps. */
void hcp_cli_market_finish(hcp_market *market);

/* Sets demand: "const:0.7", or "trace:FILE:COLUMN:MEAN" (t_s column in seconds; hourly means, scaled to MEAN, clipped
 * to 1, whole days repeated, its start at 00:00 UTC). */
bool hcp_cli_set_demand(hcp_market *market, const char *spec, GError **error);

/* Sets the rental rate: "2.07", or "series:FILE:COLUMN" (hourly, by ts_utc, last value held). */
bool hcp_cli_set_rate(hcp_market *market, const char *spec, GError **error);

#endif

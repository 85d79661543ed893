/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The prices that a dispatch policy with a memory has been told, and the forecast that learns from them one after the
 * other. What it knows of published prices at a step is what the market's rule had made public when the step began, so an
 * instance that is told the past at once learns exactly what one learnt that lived through it.
 */
#ifndef HCP_ECONOMICS_DISPATCH_PRICES_H
#define HCP_ECONOMICS_DISPATCH_PRICES_H

#include "economics/dispatch/dispatch.h"
#include "economics/forecast/price.h"

typedef struct hcp_dispatch_prices hcp_dispatch_prices;

/* Starts with the model of the configuration. Caller frees. */
hcp_dispatch_prices *hcp_dispatch_prices_new(const hcp_dispatch_config *config);

/* Releases it; NULL is allowed. */
void hcp_dispatch_prices_free(hcp_dispatch_prices *prices);

/* Keeps a settled price until it is taken in. Prices of a step that was told before are left out. */
void hcp_dispatch_prices_tell(hcp_dispatch_prices *prices, const hcp_dispatch_price *price);

/* What standing ready is paid in the `after`th step (0: in that one) after the last price taken in, USD per MW and hour: as
 * published by then; beyond that like the same hour of the day before; NAN where that is not known either. */
double hcp_dispatch_prices_reserve(const hcp_dispatch_prices *prices, int after);

/* Keeps the published prices of the input. */
void hcp_dispatch_prices_publish(hcp_dispatch_prices *prices, const hcp_dispatch_input *input);

/* Takes in the oldest price that waits: the forecast then stands at the step after it. False when none waits. */
bool hcp_dispatch_prices_take(hcp_dispatch_prices *prices, hcp_dispatch_price *ret_price);

/* The newest price taken in, or NULL before the first. */
const hcp_dispatch_price *hcp_dispatch_prices_last(const hcp_dispatch_prices *prices);

/* The forecast, at the step after the last price taken in; borrowed. */
hcp_price_forecast *hcp_dispatch_prices_forecast(const hcp_dispatch_prices *prices);

/* Steps that have gone by without their price: 0 when the market is in time. */
int hcp_dispatch_prices_overdue(const hcp_dispatch_prices *prices, const hcp_dispatch_input *input);

/* What is left of the step that the price in force is paid for, in hours: 0 once it is overdue. */
double hcp_dispatch_prices_left_h(const hcp_dispatch_prices *prices,
                                  const hcp_dispatch_input *input);

/* Hours of a step. */
double hcp_dispatch_prices_step_h(const hcp_dispatch_prices *prices);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_dispatch_prices, hcp_dispatch_prices_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Where the money of a meter came from, and the switching that could have brought more. */
#ifndef HCP_SERVICES_REVENUE_H
#define HCP_SERVICES_REVENUE_H

#include "core/metering.h"
#include "services/internal.h"

/*
 * The split of what could have been earned: Bitcoin, AI, grid, and lost to curtailment, with the total of the first three,
 * the profit and its margin in per cent of the revenue (null without any). Members in micro-dollars are exact; those in
 * dollars are rounded to cents so that the parts still add up to `potential_usd`. New reference.
 */
json_t *hcp_revenue_json(const hcp_meter *meter);

/* Today's decisions (UTC) that wanted to move devices: how many, how many were carried out, since when; null when the
 * history cannot be read. New reference. */
json_t *hcp_opportunities_json(hcp_services *services);

#endif

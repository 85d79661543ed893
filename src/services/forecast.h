/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When devices come free and when they run out, from what is known: the ends of the leases that are held, the demand of the
 * last day hour by hour, and how long leases have lasted. With demand at a rate r, new leases hold r * E[min(hold, t)]
 * devices after a time t; low, expected and high take the 10th, 50th and 90th percentile of the hourly demand as r.
 */
#ifndef HCP_SERVICES_FORECAST_H
#define HCP_SERVICES_FORECAST_H

#include "services/internal.h"

/* Answers with the forecast of the next `hours` for a facility (HCP_NO_INDEX = all), class by class. */
void hcp_forecast_reply(hcp_services *services, hcp_http_request *request, uint32_t facility,
                        int hours);

#endif

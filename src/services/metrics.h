/* SPDX-License-Identifier: Apache-2.0 */
/* What the platform counts about itself, and its exposition at /metrics. */
#ifndef HCP_SERVICES_METRICS_H
#define HCP_SERVICES_METRICS_H

#include "services/services.h"
#include "telemetry/metrics.h"

/* Every family there is, in the order of exposition. */
enum {
    HCP_METRICS_BUILD_INFO,
    HCP_METRICS_START_TIME,
    HCP_METRICS_MEMORY,
    HCP_METRICS_REQUESTS,
    HCP_METRICS_REQUEST_DURATION,
    HCP_METRICS_RECEIVED,
    HCP_METRICS_SENT,
    HCP_METRICS_CONNECTIONS,
    HCP_METRICS_COMMANDS,
    HCP_METRICS_REFUSALS,
    HCP_METRICS_COMMITS,
    HCP_METRICS_ENTRIES,
    HCP_METRICS_WRITABLE,
    HCP_METRICS_QUEUE_DEPTH,
    HCP_METRICS_QUEUE_CAPACITY,
    HCP_METRICS_WORKLOADS,
    HCP_METRICS_WORKLOADS_ENDED,
    HCP_METRICS_PREEMPTIONS,
    HCP_METRICS_WAIT,
    HCP_METRICS_LATE,
    HCP_METRICS_DEVICES,
    HCP_METRICS_DEVICES_SWITCHING,
    HCP_METRICS_DEVICES_UNHEALTHY,
    HCP_METRICS_DEVICES_ANOMALOUS,
    HCP_METRICS_SAMPLE_AGE,
    HCP_METRICS_SWITCHES,
    HCP_METRICS_SWITCH_DURATION,
    HCP_METRICS_PHASE_DURATION,
    HCP_METRICS_POWER,
    HCP_METRICS_POWER_CAP,
    HCP_METRICS_ENERGY,
    HCP_METRICS_CARBON,
    HCP_METRICS_ENERGY_COST,
    HCP_METRICS_REVENUE,
    HCP_METRICS_PRICE,
    HCP_METRICS_PRICE_AGE,
    HCP_METRICS_REGRET,
    HCP_METRICS_REGRET_RATIO,
    HCP_METRICS_ALERTS,
    HCP_METRICS_FAMILIES
};

/* The declarations, by the names above. */
extern const hcp_metric_family HCP_METRICS_FAMILY[HCP_METRICS_FAMILIES];

/* Sets every gauge, and every counter that the state keeps, to what it is now. */
void hcp_metrics_collect(hcp_services *services, hcp_metrics *metrics);

#endif

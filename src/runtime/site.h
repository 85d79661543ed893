/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Composition: from a configuration and a scenario to a platform with facilities, devices, a market and arrivals. The
 * daemon and the simulation are put together here in the same way.
 */
#ifndef HCP_RUNTIME_SITE_H
#define HCP_RUNTIME_SITE_H

#include "runtime/config.h"
#include "runtime/platform.h"
#include "runtime/scenario.h"
#include "sim/faults.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const hcp_config *config;
    const hcp_scenario *scenario;
    const hcp_faults_params *faults; /* devices, commands and feeds that fail; NULL = none */
    int64_t start_us;                /* platform time at which market and arrivals began */
    /* a job trace is played from its busiest stretch of this length; 0 = 30 days */
    int64_t span_us;
} hcp_site_options;

/* Platform options of a configuration; clock, journal and watch are the caller's to set. False when the policy is
 * unknown. */
bool hcp_site_platform_options(const hcp_config *config, hcp_platform_options *ret_options,
                               GError **error);

/* Defines the scenario on an empty platform; does nothing on one that has facilities already, except that changed
 * scheduling rules are recorded. */
bool hcp_site_bootstrap(hcp_platform *platform, const hcp_scenario *scenario, GError **error);

/* Gives the platform its simulated devices, its market (simulated or replayed) and its arrivals. */
bool hcp_site_attach(hcp_platform *platform, const hcp_site_options *options, GError **error);

/* Platform time of the first journal entry, or 0 when the journal is empty. */
bool hcp_site_began(hcp_journal *journal, int64_t *ret_start_us, GError **error);

/* Platform time at which a replayed market begins (its first row), or 0 for a simulated one. */
bool hcp_site_market_start(const hcp_config *config, int64_t *ret_start_us, GError **error);

#endif

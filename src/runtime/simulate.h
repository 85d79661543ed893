/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole platform on a virtual clock: the same code as the daemon, with time that jumps from one thing due to the next.
 * Same scenario, market, workloads, seed and hours: the same events and the same state hash. With faults it is a test: after
 * every step the invariants of the state are checked, crashes restart it from the journal, and what the journal had
 * acknowledged must still be there.
 */
#ifndef HCP_RUNTIME_SIMULATE_H
#define HCP_RUNTIME_SIMULATE_H

#include "runtime/config.h"
#include "runtime/regret.h"
#include "runtime/scenario.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Readings only help placement to prefer cool devices; nobody watches them on a virtual clock. */
#define HCP_SIMULATE_SAMPLE_INTERVAL_US ((int64_t)600 * 1000000)

/* Of one facility over the whole run. */
typedef struct {
    char facility[64]; /* its key */
    hcp_regret_answer answer;
} hcp_simulate_regret;

typedef struct {
    const hcp_config *config;
    const hcp_scenario *scenario;
    double hours;
    bool faults; /* device failures, lost and late commands, feed gaps, journal errors, crashes */
    bool check;  /* check every invariant after every step */
    /* Told every event that was applied; may be NULL. */
    void (*applied)(void *data, const hcp_event *event);
    void *applied_data;
    /* Told now and then; may be NULL. */
    void (*progress)(void *data, double hours_done, double hours);
    void *progress_data;
    GArray *regret; /* gets an hcp_simulate_regret for each facility; NULL = not wanted */
} hcp_simulate_options;

/* Waits from submission to the first lease of one priority. */
typedef struct {
    uint64_t started;
    uint64_t within_limit; /* leased no later than the class's maximum wait */
    int64_t limit_us;
    int64_t mean_us, p50_us, p99_us, max_us;
} hcp_simulate_waits;

typedef struct {
    uint64_t ended, rolled_back;
    int64_t mean_us, p50_us, p99_us, max_us; /* of those that ended well */
} hcp_simulate_switches;

/* Figures of one run; money in micro-dollars, energy at the meter in joules. */
typedef struct {
    double hours;
    uint32_t devices, facilities;
    uint64_t submitted, refused, completed, failed, preempted, queued, running;
    hcp_usd_micro mining_usd_micro, ai_usd_micro, grid_usd_micro, energy_cost_usd_micro,
        profit_usd_micro;
    hcp_usd_micro true_up_usd_micro;     /* of settled intervals; see core/metering.h */
    hcp_usd_micro peak_charge_usd_micro; /* estimated, of assumed peaks of months that are over */
    hcp_usd_micro pool_fee_usd_micro;    /* mining is what the pool pays out */
    hcp_usd_micro foregone_usd_micro, avoided_usd_micro; /* of miners that slept */
    hcp_reserve_sold reserve_sold[HCP_RESERVES];         /* of the grid's, by product */
    int64_t energy_j[HCP_USES];
    int64_t carbon_mg[HCP_USES]; /* of the facilities whose electricity has a figure */
    double gpu_utilisation;      /* leased GPU time over all GPU time */
    hcp_simulate_waits waits[HCP_PRIORITIES];
    hcp_simulate_switches gpu_switches, fleet_switches; /* into and out of leases; of classes */
    uint64_t deferred,
        deadlines_missed; /* starts put off; those of them that ended after their deadline */
    hcp_usd_micro deferral_usd_micro; /* expected of that when it was planned */
    uint64_t events, steps, decisions;
    uint64_t grid_events; /* announced among the faults */
    uint64_t faults_journal, crashes, device_failures, checks;
    double wall_s;
    char state_hash[65];
} hcp_simulate_report;

/* Runs it. False with `error` when the input is bad, or an invariant is broken (HCP_ERROR_CORRUPT; the message names it,
 * the step and the seed). */
bool hcp_simulate(const hcp_simulate_options *options, hcp_simulate_report *ret_report,
                  GError **error);

#endif

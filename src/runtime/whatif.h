/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What if: a period of the journal run again on a virtual clock with other prices, caps, fleet, policy or rules. What people
 * and the world did in the period (prices, submissions, cancellations, allocations, failures, orders) happens again at its
 * recorded time; what the platform decided is decided anew. The answer has three columns: what the journal's own meters say,
 * the rerun without a change (how far the model is from what happened), and the rerun with the changes.
 *
 * The journal is only read. The same journal, question and model give the same answer. Devices are simulated; what an
 * answer leaves out is in its notes.
 */
#ifndef HCP_RUNTIME_WHATIF_H
#define HCP_RUNTIME_WHATIF_H

#include "journal/journal.h"
#include "runtime/platform.h"
#include "runtime/simulate.h"
#include "runtime/whatif_question.h"
#include "sim/switchtime.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* What the journal does not hold and a rerun needs; by value, so that it may go to another thread. */
typedef struct {
    /* policy (where the journal names none), intervals, fees; no clock and no journal */
    hcp_platform_options platform;
    hcp_switchtime_preset preset;
    uint64_t seed; /* of the simulated devices */
} hcp_whatif_model;

/* The model that `config` describes. */
bool hcp_whatif_model_of(const hcp_config *config, hcp_whatif_model *ret_model, GError **error);

/* Figures of one column, of the period alone; money in micro-dollars, energy at the meter in joules. */
typedef struct {
    hcp_usd_micro mining_usd_micro, ai_usd_micro, grid_usd_micro, energy_cost_usd_micro,
        true_up_usd_micro, peak_charge_usd_micro, profit_usd_micro;
    int64_t energy_j[HCP_USES];
    uint64_t workload_switches, dispatch_switches, rolled_back; /* ended in the period */
    uint64_t submitted, refused, completed, failed, cancelled, preempted;
    uint64_t waiting; /* at the end */
    hcp_simulate_waits waits[HCP_PRIORITIES];
    uint64_t sla_missed
        [HCP_PRIORITIES]; /* leased too late, or still waiting beyond the limit at the end */
    uint64_t decisions;
} hcp_whatif_figures;

typedef struct {
    int64_t from_us, to_us;                  /* the period */
    int64_t stored_from_us, stored_until_us; /* what the journal holds */
    uint64_t first_seq, n_entries;           /* of the period */
    char *policy, *changed_policy;
    hcp_whatif_figures actual, unchanged, changed;
    bool has_changes;    /* false: `changed` is `unchanged` */
    char state_hash[65]; /* of the state at the end of the changed rerun */
    GPtrArray *notes;    /* char *: what limits this answer */
} hcp_whatif_answer;

/* Told now and then: `done` of the whole, 0…1. False stops the work. */
typedef bool (*hcp_whatif_progress_fn)(void *data, const char *stage, double done);

typedef struct {
    hcp_journal *journal; /* read by this thread alone while the call lasts */
    const hcp_whatif_model *model;
    const hcp_whatif_question *question;
    hcp_whatif_progress_fn progress; /* may be NULL */
    void *progress_data;
} hcp_whatif_options;

/* Answers. Errors: HCP_ERROR_NOT_FOUND (the period is not stored; a facility, class or policy is unknown), HCP_ERROR_INVALID
 * (a change cannot be made), HCP_ERROR_BUSY (`progress` stopped it), and those of the journal. The caller clears. */
bool hcp_whatif_run(const hcp_whatif_options *options, hcp_whatif_answer *ret_answer,
                    GError **error);

/* Frees what the answer owns. */
void hcp_whatif_answer_clear(hcp_whatif_answer *answer);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_whatif_answer, hcp_whatif_answer_clear)

/* Profit per MWh at the meter, and what a MWh cost on average; NaN without energy. */
double hcp_whatif_profit_usd_per_mwh(const hcp_whatif_figures *figures);
double hcp_whatif_paid_usd_per_mwh(const hcp_whatif_figures *figures);

/* The answer in the shape of api/openapi.yaml's WhatIfAnswer. New reference. */
json_t *hcp_whatif_answer_json(const hcp_whatif_answer *answer);

#endif

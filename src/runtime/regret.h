/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Regret of a facility over a period: the closed intervals of its accounts, taken out of the state on the loop's thread and
 * judged by economics/fleet_regret.h on any thread. Intervals with a stale price, and such as are far longer than an hour
 * because the platform stood still, are left out and counted; what comes after them is a stretch of its own.
 */
#ifndef HCP_RUNTIME_REGRET_H
#define HCP_RUNTIME_REGRET_H

#include "core/state.h"
#include "economics/fleet_regret.h"
#include "runtime/platform.h"

#include <jansson.h>

/* What the state does not know. */
typedef struct {
    double switch_usd_per_device; /* where too few switches were measured */
} hcp_regret_costs;

/* Those of a platform's options. */
hcp_regret_costs hcp_regret_costs_of(const hcp_platform *platform);

typedef struct hcp_regret_case hcp_regret_case;

/* The intervals of `facility` among `intervals` (hcp_interval_closed, in order) that began at `since_us` or later. It
 * borrows nothing. Caller frees. */
hcp_regret_case *hcp_regret_case_new(const hcp_state *state, const GArray *intervals,
                                     uint32_t facility, int64_t since_us,
                                     const hcp_regret_costs *costs);

/* Frees the case; NULL is allowed. */
void hcp_regret_case_free(hcp_regret_case *regret_case);

typedef struct {
    int64_t from_us, until_us; /* of the intervals there are; 0 = none */
    uint32_t intervals;        /* judged */
    uint32_t excluded;         /* left out */
    double excluded_h;
    hcp_fleet_regret figures; /* over its `hours` */
    bool failed;              /* the solver of a linear program did; the figures are nothing */
} hcp_regret_answer;

/* Judges every stretch of the case and adds them up. Takes up to seconds where the cap binds. */
hcp_regret_answer hcp_regret_case_solve(const hcp_regret_case *regret_case);

/* The answer as a JSON object: hours, intervals, money in integer micro-dollars, causes that add up to the regret, and the
 * share of the gap closed, null where there is none. New reference. */
json_t *hcp_regret_answer_json(const hcp_regret_answer *answer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_regret_case, hcp_regret_case_free)

#endif

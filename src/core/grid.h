/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Grid events: for a while a facility is to draw less than it would have. From `ramp_us` before the start the cap in force
 * is the target of the event, so everything that asks how much may be drawn keeps to it; after the end the cap comes back
 * in equal steps. From start to end the meter is read every interval, and what was left against the baseline is paid.
 */
#ifndef HCP_CORE_GRID_H
#define HCP_CORE_GRID_H

#include "core/core.h"

/* The cap comes back in so many steps. */
#define HCP_GRID_STEPS 4

/* Events that are over are kept until there are more than that many of them. */
#define HCP_GRID_KEPT 256

/* An event of a day, measured every five minutes, is the longest there is. */
#define HCP_GRID_MAX_INTERVALS 288

/* The baseline is the mean of so many full hours before the announcement, or of as many as there are. */
#define HCP_GRID_BASELINE_H 10

/* A facility has met an event when it left this share of the energy asked for, in per cent. */
#define HCP_GRID_MET_PERCENT 95

typedef enum { HCP_GRID_PENDING, HCP_GRID_MET, HCP_GRID_SHORT, HCP_GRID_VERDICTS } hcp_grid_verdict;
extern const hcp_enum_names HCP_GRID_VERDICT_NAMES; /* pending, met, short */

/* What an event came to so far. Energy in joules at the meter; credited is what is paid: delivered, but in no interval below
 * 0 or above what was asked. */
typedef struct {
    int64_t measured_us; /* length of the measured part */
    int64_t energy_j, committed_j, delivered_j, credited_j;
    double ratio; /* credited to committed; 1 when nothing was asked */
    hcp_usd_micro payment_usd_micro, availability_usd_micro, penalty_usd_micro;
    hcp_usd_micro income_usd_micro; /* payment and availability less penalty */
    uint32_t intervals, short_intervals;
    int64_t reach_us; /* from the fall of the cap until the target was reached; -1 = it was not */
    hcp_grid_verdict verdict;
} hcp_grid_report;

/* Adds up the measured intervals of `event`. */
void hcp_grid_report_of(const hcp_grid_event *event, hcp_grid_report *ret_report);

/* Energy of an interval that is paid. */
int64_t hcp_grid_credited_j(const hcp_grid_measured *interval);

/* The event of that id, or NULL. Valid until the next event of the journal. */
const hcp_grid_event *hcp_grid_find(const hcp_state *state, hcp_grid_id id);

/* The event that bounds the power of a facility now, or NULL. */
const hcp_grid_event *hcp_grid_in_force(const hcp_state *state, uint32_t facility);

/* The cap at the meter while the event is in force at a facility whose own cap is `cap_w`. */
int64_t hcp_grid_cap_w(const hcp_grid_event *event, int64_t cap_w);

/* The announced event that will bound the power of a facility at a coming moment, or NULL. */
const hcp_grid_event *hcp_grid_at(const hcp_state *state, uint32_t facility, int64_t at_us);
/* The cap at the meter at a moment of an event as it is agreed, at a facility whose own cap is `cap_w`. */
int64_t hcp_grid_planned_cap_w(const hcp_grid_announced *def, int64_t cap_w, int64_t at_us);

/* The cap at the meter that the announced events leave the facility at a coming moment. */
int64_t hcp_grid_cap_at_w(const hcp_state *state, uint32_t facility, int64_t at_us);

/* When the cap falls for an event, and when its last step has come back. */
int64_t hcp_grid_begin_us(const hcp_grid_announced *def);
int64_t hcp_grid_over_us(const hcp_grid_announced *def);

/* What announcing `wanted` at `now_us` would come to, without doing it: baseline, target and ramp filled in. False with the
 * refusal. The strings of `ret_def` stay the caller's. */
bool hcp_grid_preview(const hcp_core *core, const hcp_grid_announced *wanted, int64_t now_us,
                      hcp_grid_announced *ret_def, hcp_refusal *ret_refusal);

/* Is the event not over? Offers are open too. */
bool hcp_grid_is_open(const hcp_grid_event *event);

/* Is it open and agreed, so that it takes power? */
bool hcp_grid_is_agreed(const hcp_grid_event *event);

/* Whether what was weighed is worth more than a margin; no while its prices are not trusted. */
bool hcp_grid_is_worth(const hcp_grid_weighed *weighed, hcp_usd_micro margin_usd_micro);

#endif

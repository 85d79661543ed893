/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peak charges (4CP and its kin): a year's transmission charge is the mean of what a site drew in the peak hour of each of a
 * few months, so one MW left in such an hour saves a share of it. Which hour it was is known only when the month is over.
 *
 * No record of the system's load lies beside the recorded prices, so the peak of a month is ASSUMED to be the step with the
 * month's highest day-ahead price. Before the month is over only the highest step so far can become it; that it does is
 * taken to have the chance days gone / days of the month, which is exact when the highest prices of days come in no
 * particular order: every day is as likely to hold the month's highest.
 */
#ifndef HCP_ECONOMICS_PEAK_H
#define HCP_ECONOMICS_PEAK_H

#include "base/timefmt.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* June to September, as ERCOT counts. */
#define HCP_PEAK_SUMMER 0x1E0U

typedef struct {
    double usd_per_mw_year; /* 0 = no charge */
    uint32_t months;        /* with a peak that counts; bit 0 = January */
    double utc_offset_h;    /* standard time of the market day */
} hcp_peak_rule;

/* What one MW drawn in one peak step costs: the year's charge over its number of peaks; 0 without a charge. */
double hcp_peak_usd_per_mw(const hcp_peak_rule *rule);

/* The highest step of the month so far, while prices are taken in one after the other. */
typedef struct {
    hcp_peak_rule rule;
    hcp_date date; /* of the last step taken in */
    double highest_usd_per_mwh;
    size_t at;     /* the highest step of this month so far, the first of equals */
    bool counts;   /* the month is one with a peak, and a price of it is known */
    double chance; /* that step `at` becomes the peak, after what is known; 0 where none counts */
} hcp_peak_tracker;

/* A tracker that has seen nothing. */
void hcp_peak_tracker_init(hcp_peak_tracker *tracker, const hcp_peak_rule *rule);

/* Takes in the day-ahead price of step `step`, which begins at `ts_us`; NAN = not known. Steps come in order. */
void hcp_peak_track(hcp_peak_tracker *tracker, size_t step, int64_t ts_us, double dam_usd_per_mwh);

#endif

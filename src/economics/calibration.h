/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Are forecasts what they say? A reliability table by forecast price, how often the stated range held the price, and
 * how often decisions taken with a stated confidence were right.
 */
#ifndef HCP_ECONOMICS_CALIBRATION_H
#define HCP_ECONOMICS_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>

#define HCP_CALIBRATION_BINS 9
#define HCP_CALIBRATION_LEVELS 9

typedef struct {
    size_t n;
    double forecast_sum; /* USD/MWh */
    double settled_sum;
    double settled_square_sum;
    size_t inside; /* settled between the 10 % and the 90 % quantile */
} hcp_calibration_bin;

/* Decisions whose stated confidence lies between two levels. */
typedef struct {
    size_t n;
    double said_sum;
    size_t right;
} hcp_calibration_level;

typedef struct {
    hcp_calibration_bin bins[HCP_CALIBRATION_BINS];
    hcp_calibration_level levels[HCP_CALIBRATION_LEVELS];
} hcp_calibration;

/* Lower edge of a bin, USD/MWh; the first is open below. */
double hcp_calibration_edge(int bin);

/* Counts one step: expected price, its 10 % and 90 % quantiles, and what settled. */
void hcp_calibration_add(hcp_calibration *calibration, double forecast, double low, double high,
                         double settled);

/* Lower edge of a level of confidence, 0..1; the first is 0. */
double hcp_calibration_level_edge(int level);

/* Counts one decision: the confidence it stated, 0..1, and whether it was right. */
void hcp_calibration_add_confidence(hcp_calibration *calibration, double said, bool right);

/* Standard error of the mean settled price of a bin with steps in it, USD/MWh. */
double hcp_calibration_std_error(const hcp_calibration_bin *bin);

/* Share of all steps whose price fell inside the stated 80 % range; NAN before the first. */
double hcp_calibration_coverage(const hcp_calibration *calibration);

#endif

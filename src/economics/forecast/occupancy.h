/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many devices of a class will be leased: those held now whose end is known, and those that new demand brings and has
 * not yet returned. Three ways of telling the new demand run beside each other on the history (as many as now; as many
 * as the rate of the history brings; as many as the same hours of the days before brought), and the one that was nearest
 * speaks. The 80 % range is what its errors on the history were: no distribution is assumed (split conformal
 * prediction, Vovk et al. 2005; the errors of neighbouring hours are alike, so 80 % holds on average, not exactly), wider
 * while the newest of them were larger than those before.
 */
#ifndef HCP_ECONOMICS_FORECAST_OCCUPANCY_H
#define HCP_ECONOMICS_FORECAST_OCCUPANCY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* A lease that began before `now_us` of the forecast. */
typedef struct {
    int64_t granted_us;
    int64_t planned_us; /* its end as was known when it began; INT64_MAX = open-ended */
    int64_t ended_us;   /* its real end; INT64_MAX = it is held */
    uint32_t devices;
} hcp_occupancy_lease;

typedef enum {
    HCP_OCCUPANCY_PERSISTENCE, /* as many as now */
    HCP_OCCUPANCY_RATE,        /* at the rate and with the holds of the history */
    HCP_OCCUPANCY_DAY,         /* as the same hours of the days before */
    HCP_OCCUPANCY_MODELS
} hcp_occupancy_model;

/* The horizons at which errors are measured; one between two is treated as the longer one. */
#define HCP_OCCUPANCY_HORIZONS 6
extern const int HCP_OCCUPANCY_HORIZON_H[HCP_OCCUPANCY_HORIZONS]; /* 1, 3, 6, 12, 24, 48 */

/* At least this many errors make a range of their own; with fewer it is ±1.28 of the spread that demand has by chance. */
#define HCP_OCCUPANCY_ERRORS_MIN 20

/* A forecast rests on this much history, and so do those of the past week on which it is judged. */
#define HCP_OCCUPANCY_WINDOW_US (INT64_C(7) * 24 * 3600 * 1000000)
#define HCP_OCCUPANCY_HISTORY_US (2 * HCP_OCCUPANCY_WINDOW_US)

typedef struct hcp_occupancy hcp_occupancy;

typedef struct {
    double low, expected,
        high; /* 10 % quantile, median or mean, 90 % quantile, devices leased; never below 0 */
} hcp_occupancy_range;

/* A forecast at `now_us` from the `n` leases (copied) that began since `began_us` or HCP_OCCUPANCY_HISTORY_US ago, whatever is
 * later, and those that are held, judged on the history on the spot: about a millisecond for a thousand leases up to
 * 20,000, and not much more beyond, where fewer forecasts of the past are made. Caller frees. */
hcp_occupancy *hcp_occupancy_new(const hcp_occupancy_lease *leases, size_t n, int64_t began_us,
                                 int64_t now_us);

/* Releases the forecast; NULL is allowed. */
void hcp_occupancy_free(hcp_occupancy *occupancy);

/* Devices leased `ahead_us` from now, 0 or more. */
hcp_occupancy_range hcp_occupancy_at(const hcp_occupancy *occupancy, int64_t ahead_us);

/* The model that speaks at that horizon, how many forecasts of the past it was judged on, and the mean absolute error of
 * each model there, in devices (NaN with none). */
hcp_occupancy_model hcp_occupancy_speaks(const hcp_occupancy *occupancy, int64_t ahead_us,
                                         uint32_t *ret_judged,
                                         double ret_error[HCP_OCCUPANCY_MODELS]);

/* "persistence", "rate", "day". */
const char *hcp_occupancy_model_name(hcp_occupancy_model model);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_occupancy, hcp_occupancy_free)

#endif

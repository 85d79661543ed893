/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Placement, all or nothing, in one facility, one class and on one feeder:
 *
 *     1 request → 2 filter by class, facility and availability → 3 leave out the unhealthy → 4 score → 5 take the best →
 *     6 reserve by lease → 7 watch until completion
 *
 * The score is 0…100,000: four parts of 0…1 times the weights of the settings. Efficiency: W/TFLOP (J/TH for miners)
 * against the best accepted class of its kind. Utilisation: what is not in use; mining is filler and counts as unused.
 * Thermal headroom: how far below its limit. Network: round trip and backbone of the facility against the best.
 */
#ifndef HCP_CORE_PLACEMENT_H
#define HCP_CORE_PLACEMENT_H

#include "core/internal.h"

#define HCP_SCORE_MAX 100000
#define HCP_SCORES_KEPT 16 /* per lease: the chosen first, then the best not chosen */

/* Thermal headroom is full at 25 °C and none at 85 °C, where GPUs begin to slow down. */
#define HCP_THERMAL_FULL_C 25.0
#define HCP_THERMAL_NONE_C 85.0

typedef struct {
    uint64_t classes;  /* mask of accepted classes */
    uint32_t facility; /* HCP_NO_INDEX = any */
    uint32_t count;
    int64_t max_rtt_us; /* 0 = any distance */
    uint32_t customer;
    hcp_workload_id workload; /* 0 = explicit allocation */
    const char *model;        /* to activate; may be NULL */
    int64_t model_bytes;      /* of the whole model; each device takes its share */
} hcp_placement_request;

typedef struct {
    uint32_t group;
    hcp_array devices;    /* uint32_t, ascending */
    hcp_array scores;     /* hcp_scored_device */
    hcp_array rejections; /* hcp_rejection */
    uint64_t score_sum;   /* milli, of the chosen */
    int64_t added_w; /* IT watts that site and feeder need on top while they switch in and after */
} hcp_placement;

/* Chooses devices for the request. HCP_WAIT_NONE: `ret_placement` holds them and there is power. HCP_WAIT_POWER: it holds
 * them, but the caps leave no room yet. Anything else: nothing was chosen. Clear with hcp_placement_clear. */
hcp_wait hcp_placement_choose(const hcp_txn *txn, const hcp_placement_request *request,
                              hcp_placement *ret_placement);

/* What a workload asks placement for; borrows from `def`. */
hcp_placement_request hcp_placement_request_of(const hcp_workload_accepted *def);

/* Counts why devices of the accepted classes are not in the placement, into its rejections. */
void hcp_placement_count_rejections(const hcp_state *state, const hcp_placement_request *request,
                                    hcp_placement *placement);

/* Frees what the placement owns and zeroes it. */
void hcp_placement_clear(hcp_placement *placement);

/* What the parts of a score look at. */
typedef struct {
    double efficiency;    /* 0…1: best W/TFLOP of the accepted classes over this one's */
    double network;       /* 0…1 */
    double utilisation;   /* 0…1, of customers' work */
    double temperature_c; /* NaN = not known: half the headroom is assumed */
} hcp_score_inputs;

/* The score, in thousandths of a point. */
uint32_t hcp_placement_score(const hcp_settings *settings, const hcp_score_inputs *inputs);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recorded job trace as a workload source. Columns (others are ignored): arrival_s, duration_s
 * (empty = still running when the trace ended), num_gpu, and optionally gpu_milli and qos.
 * Latency-sensitive pods (qos LS) become real-time inference, best-effort ones (BE) training when
 * longer than an hour and batch inference otherwise, the rest data processing. Rows without a GPU
 * are skipped. Rows may be in any order.
 */
#ifndef HCP_FEEDS_WORKLOAD_REPLAY_H
#define HCP_FEEDS_WORKLOAD_REPLAY_H

#include "feeds/workload_source.h"

#include <stddef.h>

typedef struct {
    const char *path; /* file to read, or… */
    const char *text; /* …text of `text_size` bytes, used when path is NULL */
    size_t text_size;
    int64_t start_us;         /* platform time at which the trace starts */
    double anchor_s;          /* trace time played at start_us; earlier rows are left out */
    int64_t window_us;        /* when positive, the anchor is chosen: the window of this length (of
                                 platform time) with the most arrivals is played from its start */
    double speed;             /* trace seconds per platform second of arrivals; 0 = 1. Durations are
                                 not scaled */
    int64_t open_duration_us; /* duration of jobs that never ended; 0 = 24 h */
    uint32_t n_customers, n_gpu_classes; /* rows are spread over these by a hash; 0 = 1 */
    hcp_arrivals_class classes[HCP_ARRIVALS_CLASSES]; /* all weights zero = equal */
} hcp_workload_replay_config;

typedef struct {
    int64_t rows, skipped, censored; /* skipped: without a GPU, or before the anchor */
    double first_s, last_s;          /* trace time of the first and last row with a GPU */
    double anchor_s;                 /* trace time played at start_us */
} hcp_workload_replay_info;

/* Reads and checks the whole file; errors name the line. */
hcp_workload_source *hcp_workload_replay_new(const hcp_workload_replay_config *config,
                                             GError **error);

/* What was read. */
hcp_workload_replay_info hcp_workload_replay_describe(const hcp_workload_source *source);

#endif

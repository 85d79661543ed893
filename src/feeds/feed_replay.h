/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Recorded prices played back on the platform's clock. Reads a CSV with a `ts_utc` column (start of
 * the interval) and any of the known price columns; hourly and 15-minute files alike. The file's
 * time `anchor_us` becomes the platform's time `start_us`.
 *
 * When a value becomes known: real-time power at the end of its interval; day-ahead power and
 * ancillary prices for a whole local day at once, in the afternoon before; Bitcoin, difficulty,
 * subsidy, rent and the previous day's fee when the interval starts; a day's own fee when the day
 * is over. What was known at the anchor is published at the start. Empty cells are stale, then
 * missing, never zero; a row marked `filled` is stale; after the last row everything is missing.
 */
#ifndef HCP_FEEDS_FEED_REPLAY_H
#define HCP_FEEDS_FEED_REPLAY_H

#include "feeds/feed.h"

#include <stddef.h>

typedef struct {
    const char *path; /* file to read, or… */
    const char *text; /* …text of `text_size` bytes (tests, fuzzing), used when path is NULL */
    size_t text_size;
    int64_t start_us;       /* platform time at which the replay starts */
    int64_t anchor_us;      /* file time played at start_us; INT64_MIN = the end of the first row */
    const char *hub;        /* subject of the rtm and dam columns; NULL = "HUB" */
    const char *gpu_class;  /* subject of the rent column; NULL = "v100" */
    const char *time_zone;  /* POSIX rule of the market's local day; NULL = US Central */
    int64_t dam_publish_us; /* time of local day at which the next day is published; 0 = 13:30 */
} hcp_feed_replay_config;

/* What a file holds. */
typedef struct {
    int64_t first_us, last_us; /* file time of the first and last row */
    int64_t step_us;           /* interval length */
    int64_t rows, empty_cells; /* rows that the file skips count as empty ones */
    double start_btc_usd;      /* NaN when absent */
} hcp_feed_replay_info;

/* Reads and checks the whole file; errors name the line. */
hcp_feed *hcp_feed_replay_new(const hcp_feed_replay_config *config, GError **error);

/* What was read. */
hcp_feed_replay_info hcp_feed_replay_describe(const hcp_feed *feed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Time at the edge: RFC 3339 text and human durations. Inside, time is int64 microseconds UTC. */
#ifndef HCP_BASE_TIMEFMT_H
#define HCP_BASE_TIMEFMT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HCP_TIME_TEXT_SIZE 32

/* "2026-11-21T08:50:58.123456Z"; trailing zeros of the fraction are kept to three digits ("…58.000Z"). */
void hcp_time_format(int64_t time_us, char ret_text[HCP_TIME_TEXT_SIZE]);

/* Parses RFC 3339 ("Z" or an offset, any fraction). */
bool hcp_time_parse(const char *text, int64_t *ret_time_us, GError **error);

/* Parses "250ms", "5s", "10min", "2h", "1d" or a sum of them ("1h30min") into microseconds. */
bool hcp_duration_parse(const char *text, int64_t *ret_us, GError **error);

/* "450 ms", "2.0 s", "12 min", "2 h 34 min", "3 d 4 h": two significant parts at most. Caller frees. */
char *hcp_duration_format(int64_t duration_us);

/* A local date; month and day from 1. */
typedef struct {
    int year, month, day;
    int days_in_month;
} hcp_date;

/* The date of a moment in the standard time that is `utc_offset_h` hours ahead of UTC. */
hcp_date hcp_date_of(int64_t time_us, double utc_offset_h);

#endif

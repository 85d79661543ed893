/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Market feeds behind one interface. A feed says when it has something next and, when polled, what
 * became known since: observations with source, unit, quality and the interval they are for. A
 * value is never known before a real observer could know it, so a controller fed from here cannot
 * look ahead.
 *
 * Time is the platform's clock, passed in; a feed never reads one and never blocks.
 */
#ifndef HCP_FEEDS_FEED_H
#define HCP_FEEDS_FEED_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    HCP_FEED_POWER_RTM,   /* USD/MWh, real time, per hub */
    HCP_FEED_POWER_DAM,   /* USD/MWh, day-ahead, per hub; published the day before */
    HCP_FEED_BTC,         /* USD */
    HCP_FEED_GPU_RENT,    /* USD per GPU-hour, per GPU class */
    HCP_FEED_DIFFICULTY,  /* dimensionless */
    HCP_FEED_SUBSIDY,     /* BTC per block */
    HCP_FEED_FEE,         /* BTC per block, mean of the previous UTC day: what can be known */
    HCP_FEED_FEE_SETTLED, /* BTC per block, mean of a UTC day once it is over: for settlement */
    HCP_FEED_AS_REGUP,    /* USD per MW and hour, ancillary capacity, day-ahead */
    HCP_FEED_AS_REGDN,
    HCP_FEED_AS_RRS,
    HCP_FEED_AS_NSPIN,
    HCP_FEED_AS_ECRS,
    HCP_FEED_KINDS
} hcp_feed_kind;

/* Whether prices of the kind come from an auction, a day of them before they hold. */
bool hcp_feed_is_auctioned(hcp_feed_kind kind);

typedef enum {
    HCP_FEED_GOOD,
    HCP_FEED_STALE,     /* the last known value, older than it should be */
    HCP_FEED_MISSING,   /* no value: `value` is NaN */
    HCP_FEED_SIMULATED, /* a model's value */
    HCP_FEED_QUALITIES
} hcp_feed_quality;

/* Strings are borrowed from the feed (or static) and live as long as it does. */
typedef struct {
    hcp_feed_kind kind;
    hcp_feed_quality quality;
    double value;         /* in the unit of the kind; NaN when missing */
    double low, high;     /* the band in which its sources lie; both are `value` of one source */
    int sources;          /* whose values it joins; 0 = the feed is one source */
    int64_t published_us; /* when this became known */
    int64_t observed_us;  /* when the value was true: older than published_us when stale */
    int64_t from_us, until_us; /* the interval it is the price of; until_us = from_us when it holds
                                  until the next */
    const char *subject; /* hub ("HB_WEST") or GPU class ("h100"); "" where there is only one */
    const char *source;  /* "simulated", or the file's name */
} hcp_feed_observation;

typedef struct hcp_feed hcp_feed;

/*
 * The operations of a feed. All run on the loop's thread, never block, and may be called in any
 * state.
 */
typedef struct {
    const char *name;

    /* Earliest time at which poll may yield something; INT64_MAX when never again. Constant
     * between polls. */
    int64_t (*next_due)(const hcp_feed *feed);

    /* Appends to `observations` everything that became known in (last poll, now_us], ordered by
     * published_us. A second poll at the same time, or at an earlier one, yields nothing. What was
     * due and did not come is reported as stale or missing, not left out. */
    void (*poll)(hcp_feed *feed, int64_t now_us, GArray *observations);

    /* Releases the feed; not called during poll. */
    void (*free)(hcp_feed *feed);
} hcp_feed_ops;

/* Embedded first in every implementation. */
struct hcp_feed {
    const hcp_feed_ops *ops;
};

/* Array for observations, to be passed to hcp_feed_poll and reused. */
GArray *hcp_feed_observations_new(void);

/* See hcp_feed_ops; free allows NULL. */
int64_t hcp_feed_next_due(const hcp_feed *feed);
void hcp_feed_poll(hcp_feed *feed, int64_t now_us, GArray *observations);
void hcp_feed_free(hcp_feed *feed);

/* Gives `seen` the value of one source: its band has no width. NaN for a missing one. */
void hcp_feed_set_value(hcp_feed_observation *seen, double value);

/* Lower-case name ("power_rtm") and unit ("USD/MWh"); "unknown" outside the enum. */
const char *hcp_feed_kind_name(hcp_feed_kind kind);
const char *hcp_feed_kind_unit(hcp_feed_kind kind);
const char *hcp_feed_quality_name(hcp_feed_quality quality);

/* What `last` is worth at `now_us` when nothing newer came: itself up to `max_age_us`, stale up to
 * four times that, then missing. */
hcp_feed_observation hcp_feed_aged(const hcp_feed_observation *last, int64_t max_age_us,
                                   int64_t now_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_feed, hcp_feed_free)

#endif

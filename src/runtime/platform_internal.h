/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of the platform, shared by the files that make it up (platform, observe, effects, steer); not for others. */
#ifndef HCP_RUNTIME_PLATFORM_INTERNAL_H
#define HCP_RUNTIME_PLATFORM_INTERNAL_H

#include "runtime/platform.h"

/* Something to tell a driver once the event that causes it is durable. */
typedef struct {
    uint64_t ticket;
    hcp_switch_id id;
    hcp_phase phase; /* to start */
    bool cancel;     /* or: forget the switch */
} hcp_effect;

/* What steering remembers of a facility between decisions. */
typedef struct {
    double last_usd_per_mwh;
    double change_variance; /* of the price's hourly change, exponentially weighted */
    int64_t last_us;
    int64_t learnt_us;      /* when the newest settled price that it knows came */
    int64_t step_us;        /* that the instance plans in */
    hcp_dispatch *dispatch; /* owned; made by the first decision */
} hcp_steer_memory;

typedef struct hcp_saving hcp_saving; /* saving.c */

struct hcp_platform {
    hcp_platform_options options;
    hcp_core *core;
    hcp_commit *commit;
    hcp_driver *driver;
    GPtrArray *feeds; /* hcp_feed, owned */
    hcp_workload_source *arrivals;
    hcp_classifier_owned *classifier; /* NULL = the rules alone */
    hcp_classifier_drift drift;       /* of submissions that asked for no priority */
    bool drift_told;                  /* an alert says that it is too large */
    hcp_latest latest;
    hcp_anomaly anomaly; /* how far the latest readings are from what they should be */

    GQueue effects;                /* hcp_effect *, in ticket order */
    GArray *observations;          /* scratch of feed polls */
    GArray *coming;                /* hcp_feed_observation of intervals that have not begun */
    hcp_driver_batch driver_batch; /* scratch of driver polls */
    GArray *ranges;                /* scratch: hcp_driver_range */
    GArray *steering;              /* hcp_steer_memory by facility */

    int64_t dispatch_due_us, sample_due_us;
    uint64_t snapshot_seq; /* of the last snapshot begun */
    hcp_saving *saving;    /* the one that is being written, or NULL */
    char *read_only;       /* why the journal takes nothing, or NULL */
    bool failed;           /* for good */
    int64_t probe_due_us;
    int64_t silent_until_us[HCP_PRICE_KINDS]; /* injected silence of feeds; 0 = none */
    hcp_platform_counters counters;
};

extern const hcp_actor HCP_ACTOR_SYSTEM;

/* Executes a command of the platform itself; refusals are counted, not reported. */
void hcp_platform_command(hcp_platform *platform, const hcp_command *command);

/* saving.c: hands over the snapshot that has been written, and begins one when one is due. */
void hcp_saving_go_on(hcp_platform *platform);

/* Waits for the snapshot that is being written, and drops it. */
void hcp_saving_drop(hcp_platform *platform);

/* observe.c: what feeds, drivers and arrivals have to say, as commands. */
/* Takes only the newest of everything the feeds have said until now: a platform that was down. */
void hcp_observe_catch_up(hcp_platform *platform, int64_t now_us);
void hcp_observe_feeds(hcp_platform *platform, int64_t now_us);
void hcp_observe_driver(hcp_platform *platform, int64_t now_us);
void hcp_observe_arrivals(hcp_platform *platform, int64_t now_us);
void hcp_observe_telemetry(hcp_platform *platform, int64_t now_us);
/* The hashprice that follows from Bitcoin price, difficulty and block reward: as good as the worst of them. False while
 * they are not known. Borrows its source. */
bool hcp_observe_hashprice(const hcp_state *state, hcp_price_observed *ret_price);
/* Whether a price that is not of a facility says anything that the one in force does not, or that one is a minute old. */
bool hcp_observe_is_news(const hcp_state *state, const hcp_price_observed *price, int64_t now_us);
/* watch.c: scores the latest readings and reports devices whose readings do not fit together. */
void hcp_watch_readings(hcp_platform *platform, int64_t now_us);
/* Takes up the reports that are open in the state. */
void hcp_watch_resume(hcp_platform *platform);
/* Whether the fleet has whole GPUs of the class and they have a price: what arrivals may ask for. */
bool hcp_observe_is_rentable(const hcp_state *state, uint32_t class_ix);
int64_t hcp_observe_next_due(const hcp_platform *platform);

/* auction.c: prices of coming intervals. */
/* Tells the core what has just been polled of them, interval by interval as one publication. */
void hcp_auction_publish(hcp_platform *platform, int64_t now_us);
/* Keeps an observation until its interval begins; hands out, in order, those whose has. */
void hcp_auction_wait(hcp_platform *platform, const hcp_feed_observation *observation);
bool hcp_auction_take(hcp_platform *platform, int64_t now_us,
                      hcp_feed_observation *ret_observation);
int64_t hcp_auction_next_due(const hcp_platform *platform);

/* effects.c: from events to driver commands. */
void hcp_effects_gather(hcp_platform *platform, const hcp_event *event, uint64_t ticket);
void hcp_effects_release(hcp_platform *platform, uint64_t ticket);
void hcp_effects_drop(hcp_platform *platform);
/* Tells the driver again about every switch that is under way in the state. */
void hcp_effects_resume(hcp_platform *platform);
/* The core's phase of a driver's report; HCP_PHASES when the report is not of the phase in progress. */
hcp_phase hcp_effects_phase_of(const hcp_platform *platform, const hcp_driver_report *report);

typedef char hcp_deferral_text[256];

/* defer.c: plans the start of a submission that can wait; the plan's reason lives in `ret_text`. */
void hcp_defer_plan(hcp_platform *platform, hcp_submit *submit, hcp_deferral_text ret_text);

typedef char hcp_learned_text[512];

/* classify.c: what the model says of a submission that asks for no priority, if it may decide; its reason lives in
 * `ret_text`. */
void hcp_classify_plan(const hcp_platform *platform, hcp_submit *submit, hcp_learned_text ret_text);
/* Remembers a submission that was accepted without having asked for a priority. */
void hcp_classify_remember(hcp_platform *platform, const hcp_submit *submit);

/* steer.c: asks the dispatch policies and hands their plans to the core. */
GArray *hcp_steer_memory_new(void);
void hcp_steer_all(hcp_platform *platform, int64_t now_us);
/* Standard time of ERCOT, whose day the price models know. */
#define HCP_STEER_UTC_OFFSET_H (-6.0)
/* Steps in which the prices of a facility come. */
int64_t hcp_steer_step_us(hcp_platform *platform, uint32_t facility);
/* A settled price as policies and forecasts are told it. */
hcp_dispatch_price hcp_steer_told(const hcp_settled_price *price);

/* curtail.c: answers the offers of the grid whose facility has a rule for it, shortly before their deadline. */
void hcp_curtail_answer(hcp_platform *platform, int64_t now_us);
int64_t hcp_curtail_next_due(const hcp_platform *platform);

/* The product of reserve that a feed's prices of that kind are of; HCP_RESERVE_NONE of all others. */
hcp_reserve hcp_reserve_product_of(hcp_feed_kind kind);

/* Fills the peak charges that plans in steps of `step_us` are to expect from now on; returns how many. */
int hcp_peaks_expect(const hcp_state *state, uint32_t facility, int64_t now_us, int64_t step_us,
                     hcp_dispatch_peak ret_peaks[HCP_DISPATCH_MAX_PEAKS]);

/* Whether the price of a reserve product is what the facility is paid: it sells the product, and has no dearer one for the
 * same hour. */
bool hcp_reserve_is_best(const hcp_platform *platform, const hcp_price_observed *price);

/* After an electricity price: announces the call of the reserve that the facility has ready, when its scenario assumes calls
 * from such a price on and nothing else takes its power. */
void hcp_reserve_call(hcp_platform *platform, const hcp_price_observed *price);

#endif

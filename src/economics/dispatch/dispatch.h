/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dispatch of one facility: what the free devices of each class should do now, under the caps of site and feeders. Devices of a
 * class are interchangeable, so the cost of a decision grows with classes, not devices. Leased devices are given: serving
 * customers comes first. A policy is a plug-in behind hcp_dispatch_policy; the runtime holds one instance for each
 * facility, tells it every settled price, fills the input from the state, asks, and hands the plan to the core, which
 * validates it and names devices. What an instance remembers follows from the settled prices it was told, so a restart
 * that tells them again gives the same instance.
 */
#ifndef HCP_ECONOMICS_DISPATCH_DISPATCH_H
#define HCP_ECONOMICS_DISPATCH_DISPATCH_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define HCP_DISPATCH_MAX_CLASSES 64
#define HCP_DISPATCH_MAX_FEEDERS 32
#define HCP_DISPATCH_TEXT 256

/* At most two months lie within what is published. */
#define HCP_DISPATCH_MAX_PEAKS 2

/* A peak charge that is expected: what a MW drawn on average from from_us to until_us costs, times the chance that it does. */
typedef struct {
    int64_t from_us, until_us;
    double usd_per_mw;
} hcp_dispatch_peak;

/* A point of a miner's power curve. */
typedef struct {
    double power_w;
    double ths;
} hcp_dispatch_target;

/* One device class on one feeder of the facility. Counts are of devices. */
typedef struct {
    uint32_t id; /* the same class on the same feeder has the same one in every input */
    int feeder;  /* that they hang on, from 1; 0 = none, the cap of the facility alone counts */
    bool asic;   /* can do nothing but mine */
    uint32_t serving;
    uint32_t mining, idle, curtailed; /* free: healthy, in service, unleased, not switching */
    uint32_t switching; /* busy until their switch ends; their power counts as `switching_w` */
    double switching_w;
    double serving_w, idle_w, standby_w; /* a device */
    const hcp_dispatch_target *targets;
    int n_targets;
    int current_target;
    /* labelled GPU mining simulation: income a device; 0 = does not mine */
    double mining_usd_per_h;
    double serve_usd_per_h;        /* what a customer pays for a device-hour now */
    double switch_usd;             /* lost by moving one device to or from mining, amortised */
    double ramp_down_h, ramp_up_h; /* without income while power is shed or restored */
    int64_t moved_us;              /* last economic move; 0 = never */
    bool struck; /* an operator wants its miners to rest above this electricity price: */
    double strike_usd_per_mwh;
} hcp_dispatch_class;

typedef struct {
    int64_t now_us;
    double cap_w;              /* at the meter, in force */
    const double *cap_ahead_w; /* the cap by step, the first the one after that of price_at_us */
    int n_cap_ahead; /* cap_w where nothing else is known: after them, and throughout with 0 */
    double pue;
    const double *feeder_w; /* IT watts that each feeder may carry, the first being feeder 1 */
    int n_feeders;
    double usd_per_mwh; /* in force */
    /* start of the interval that price is for: before now where a market settles late */
    int64_t price_at_us;
    /* when it became known; it is what is paid from then on, until the next one comes */
    int64_t price_known_us;
    /* false: the price in force is paid; true: what is paid now is known when the step is over */
    bool settles_late;
    const double *day_ahead_usd_per_mwh; /* by step from price_at_us on; NAN = not published */
    int n_day_ahead;
    double usd_per_mwh_low,
        usd_per_mwh_high; /* band in which its sources lie; both 0 = not known */
    /* spread of the price's change over the next hour, from the recent past; 0 = unknown */
    double usd_per_mwh_sd;
    double reserve_usd_per_mw; /* and hour, for miners that stand ready to stop; 0 = none sold */
    /* the same in the coming steps, the first the one after that of price_at_us; NAN = not published */
    const double *reserve_ahead_usd_per_mw;
    int n_reserve_ahead;
    const hcp_dispatch_peak *peaks; /* not over yet */
    int n_peaks;
    double hashprice; /* USD/(PH/s day) */
    double pool_fee;
    bool price_good, hashprice_good; /* fresh and trusted; otherwise nothing may move */
    int64_t min_dwell_us;
    double threshold; /* 1.1 */
    const hcp_dispatch_class *classes;
    int n_classes;
} hcp_dispatch_input;

/* What the free devices of one class should do. */
typedef struct {
    uint32_t mine, idle, curtail;
    int target;         /* of the miners */
    double power_w;     /* IT load of the whole class, serving included */
    double usd_per_h;   /* profit of the whole class */
    double usd_per_mwh; /* of its best free use */
} hcp_dispatch_choice;

typedef struct {
    hcp_dispatch_choice chosen[HCP_DISPATCH_MAX_CLASSES];
    hcp_dispatch_choice rejected[HCP_DISPATCH_MAX_CLASSES]; /* the best plan not taken */
    double chosen_usd_per_h, rejected_usd_per_h;
    double btc_usd_per_h, ai_usd_per_h; /* profit of all mining, of all serving */
    double reserve_usd_per_h;           /* of that of mining, for standing ready */
    double switch_cost_usd;
    /* that the price will not cross the flip price within the hour, normal changes; 0…1 */
    double confidence;
    double flip_usd_per_mwh; /* electricity price at which the choice changes; 0 = none */
    double gap_usd_per_h;    /* expected worth of chosen over rejected, per hour of the horizon */
    double gain_usd;         /* the same over the whole horizon */
    double gain_low_usd, gain_high_usd; /* 80 % interval of it */
    double horizon_h;                   /* that the two plans are compared over */
    double forecast_usd_per_mwh;        /* price of the next step, with its 80 % range */
    double forecast_low_usd_per_mwh, forecast_high_usd_per_mwh;
    const char *source; /* what decided: "rule", "plan", "lcp", "static", "stale"; static text */
    /* there is a rejected plan; without one `reason` says why, and `rejected` repeats the chosen
     * one */
    bool alternative;
    bool moves; /* differs from what the devices do now */
    const char *recommendation;
    char reason[HCP_DISPATCH_TEXT];
    char flip[HCP_DISPATCH_TEXT];
} hcp_dispatch_plan;

/* How prices come. */
typedef struct {
    int64_t step_us;     /* between two of them */
    double utc_offset_h; /* standard time of the market day */
    /* fitted prices (borrowed, needed only while the instance is made); NULL = the built-in ones
     * for the step */
    const struct hcp_price_model *model;
} hcp_dispatch_config;

/* A settled price and what was known beside it. */
typedef struct {
    int64_t at_us; /* start of the interval it is for */
    double usd_per_mwh;
    double day_ahead_usd_per_mwh; /* NAN = was not published */
    double hashprice;
    double reserve_usd_per_mw; /* and hour, for standing ready in that interval; NAN = not known */
} hcp_dispatch_price;

/* The interface. A policy without memory has `decide` alone and is called with self = NULL. */
typedef struct hcp_dispatch_policy {
    const char *name;
    const char *summary; /* one line for --help */
    void *(*create)(const hcp_dispatch_config *config);
    /* Takes in a settled price. Called in order of time, also for what settled before the instance was made. */
    void (*observe)(void *self, const hcp_dispatch_price *price);
    /* Fills `ret_plan` for `input`. Reads no clock and draws no numbers: the same history and input give the same plan. */
    void (*decide)(void *self, const hcp_dispatch_input *input, hcp_dispatch_plan *ret_plan);
    void (*destroy)(void *self);
} hcp_dispatch_policy;

/* A policy with its memory of one facility. */
typedef struct hcp_dispatch hcp_dispatch;

/* A fresh instance of `policy` (borrowed, static). Caller frees. */
hcp_dispatch *hcp_dispatch_new(const hcp_dispatch_policy *policy,
                               const hcp_dispatch_config *config);

/* Releases the instance; NULL is allowed. */
void hcp_dispatch_free(hcp_dispatch *dispatch);

/* See hcp_dispatch_policy. Free devices of classes whose strike price is exceeded by a trusted price are not the policy's to
 * plan: they rest, and the reason says so. */
void hcp_dispatch_observe(hcp_dispatch *dispatch, const hcp_dispatch_price *price);
void hcp_dispatch_ask(hcp_dispatch *dispatch, const hcp_dispatch_input *input,
                      hcp_dispatch_plan *ret_plan);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_dispatch, hcp_dispatch_free)

/* The seeds' rule: mine while it pays, move only when the other use is better by the threshold or the current one loses
 * money, never before the dwell is over, best $/MWh first under the cap. */
extern const hcp_dispatch_policy HCP_DISPATCH_THRESHOLD;

/* Two prices around each class's break-even: stop above the upper, start below the lower. */
extern const hcp_dispatch_policy HCP_DISPATCH_BAND;

/* Lazy switching: moves when staying has cost as much as moving and back (see workfunction.h). */
extern const hcp_dispatch_policy HCP_DISPATCH_LCP;

/* Plans of the coming day for every class: on one expected price path; and over the price chain, where later steps react to
 * the price they see, bounded by lazy switching and by not switching. */
extern const hcp_dispatch_policy HCP_DISPATCH_MPC, HCP_DISPATCH_HCP;

/* Plans that never change, as baselines: all that is free mines, or rests. */
extern const hcp_dispatch_policy HCP_DISPATCH_MINE, HCP_DISPATCH_REST;

/* The policy of that name, or NULL. */
const hcp_dispatch_policy *hcp_dispatch_policy_find(const char *name);

/* Names of all policies with ", " between them, for messages. Caller frees. */
char *hcp_dispatch_policy_names(void);

/* What one device of `class_` is paid an hour for standing ready while it mines at `target`, USD. */
double hcp_dispatch_reserve_usd_per_h(const hcp_dispatch_input *input,
                                      const hcp_dispatch_class *class_, int target);

/* What the expected peak charges add to the price of power from `from_us` to `until_us`, USD/MWh. */
double hcp_dispatch_peak_usd_per_mwh(const hcp_dispatch_input *input, int64_t from_us,
                                     int64_t until_us);

/* Profit in USD/h of one device of `class_` mining at `target`, electricity with overhead paid and reserve sold. */
double hcp_dispatch_mining_usd_per_h(const hcp_dispatch_input *input,
                                     const hcp_dispatch_class *class_, int target);

#endif

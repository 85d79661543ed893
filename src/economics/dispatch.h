/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dispatch of one facility: what the free devices of each class should do now, under the site's power cap. Devices of a
 * class are interchangeable, so the cost of a decision grows with classes, not devices. Leased devices are given: serving
 * customers comes first. A policy is a plug-in behind hcp_dispatch_policy; the runtime fills the input from the state,
 * asks the policy, and hands the plan to the core, which validates it and names devices.
 */
#ifndef HCP_ECONOMICS_DISPATCH_H
#define HCP_ECONOMICS_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#define HCP_DISPATCH_MAX_CLASSES 64
#define HCP_DISPATCH_TEXT 256

/* A point of a miner's power curve. */
typedef struct {
    double power_w;
    double ths;
} hcp_dispatch_target;

/* One device class at the facility. Counts are of devices. */
typedef struct {
    bool asic; /* can do nothing but mine */
    uint32_t serving;
    uint32_t mining, idle, curtailed; /* free: healthy, in service, unleased, not switching */
    uint32_t switching; /* busy until their switch ends; their power counts as `switching_w` */
    double switching_w;
    double serving_w, idle_w, standby_w; /* a device */
    const hcp_dispatch_target *targets;
    int n_targets;
    int current_target;
    double
        mining_usd_per_h;   /* labelled GPU mining simulation: income a device; 0 = does not mine */
    double serve_usd_per_h; /* what a customer pays for a device-hour now */
    double switch_usd;      /* lost by moving one device to or from mining, amortised */
    int64_t moved_us;       /* last economic move; 0 = never */
} hcp_dispatch_class;

typedef struct {
    int64_t now_us;
    double cap_w; /* at the meter */
    double pue;
    double usd_per_mwh;
    double
        usd_per_mwh_sd; /* spread of the price's change over the next hour, from the recent past; 0 = unknown */
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
    double switch_cost_usd;
    double
        confidence; /* that the price will not cross the flip price within the hour, normal changes; 0…1 */
    double flip_usd_per_mwh; /* electricity price at which the choice changes; 0 = none */
    bool moves;              /* differs from what the devices do now */
    const char *recommendation;
    char reason[HCP_DISPATCH_TEXT];
    char flip[HCP_DISPATCH_TEXT];
} hcp_dispatch_plan;

typedef struct hcp_dispatch_policy {
    const char *name;
    const char *summary; /* one line for --help */
    /* Fills `ret_plan` for `input`. Pure: same input, same plan. */
    void (*decide)(const hcp_dispatch_input *input, hcp_dispatch_plan *ret_plan);
} hcp_dispatch_policy;

/* The seeds' rule: mine while it pays, move only when the other use is better by the threshold or the current one loses
 * money, never before the dwell is over, best $/MWh first under the cap. */
extern const hcp_dispatch_policy HCP_DISPATCH_THRESHOLD;

/* Plans that never change, as baselines: all that is free mines, or rests. */
extern const hcp_dispatch_policy HCP_DISPATCH_MINE, HCP_DISPATCH_REST;

/* The policy of that name, or NULL. */
const hcp_dispatch_policy *hcp_dispatch_policy_find(const char *name);

/* Profit in USD/h of one device of `class_` mining at `target`, electricity with overhead paid. */
double hcp_dispatch_mining_usd_per_h(const hcp_dispatch_input *input,
                                     const hcp_dispatch_class *class_, int target);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of the platform. Everybody may read it on the loop thread; only the apply functions of this room write it, so
 * replaying the journal gives the same state, bit for bit (hcp_core_hash). Devices are structure-of-arrays by dense index:
 * a sweep over a million is a few linear passes. Derived tables (queues, timers, name lookups) are kept by apply as well
 * and are left out of the hash.
 */
#ifndef HCP_CORE_STATE_H
#define HCP_CORE_STATE_H

#include "core/event.h"

#include <glib.h>

/* A block of devices registered together: same facility, same class, consecutive indices, ids and names. */
typedef struct {
    hcp_devices_registered def;
    uint32_t first; /* dense index of its first device */
} hcp_device_batch;

/* Devices of a group that dispatch may move, in the interval whose account is open: see hcp_class_account. */
typedef struct {
    int64_t at_hand_us;
    int64_t mined_us[HCP_MAX_POWER_TARGETS];
    int64_t starts, stops;
    int64_t drawn_uj; /* reserved by all its devices, without PUE */
} hcp_group_account;

/* The account of a facility that is open: integrals since from_us, and where the meters stood then. */
typedef struct {
    int64_t from_us, due_us;
    double usd_h_per_mwh, hashprice_h, cap_wh; /* price, hashprice and cap times hours */
    int64_t stale_us;
    int64_t energy_j[HCP_USES];
    int64_t carbon_mg[HCP_USES];
    hcp_usd_micro energy_cost_usd_micro, mining_usd_micro, ai_usd_micro;
    hcp_usd_micro foregone_usd_micro, avoided_usd_micro;
    hcp_usd_micro grid_usd_micro;
    int64_t avoided_j;
    hcp_usd_micro pool_fee_usd_micro;
    hcp_usd_micro peak_charge_usd_micro;
    hcp_reserve_sold reserve_sold[HCP_RESERVES];
    double ready_usd_h_per_mw; /* what a running MW would be paid for standing ready, times hours */
} hcp_open_account;

/* Devices of one class on one feeder of a facility: the unit of dispatch. Counters follow every transition. */
typedef struct {
    uint32_t facility;
    uint32_t class_ix;
    uint32_t feeder; /* of the facility, from 1; 0 = none */
    GArray *batches; /* uint32_t indices into fleet.batches */
    uint32_t count;
    uint32_t by_mode
        [HCP_MODES]; /* of all its devices; a switching device counts in the mode it comes from */
    uint32_t switching; /* devices inside a switch */
    uint32_t leased;
    uint32_t unhealthy; /* degraded or failed */
    uint32_t out;       /* cordoned or in maintenance */
    /* could take a lease now: healthy, in service, unleased, not switching, not off */
    uint32_t free;
    uint32_t free_curtailed;   /* of those: curtailed ones, which need power first */
    uint32_t mining_target;    /* power target the miners of the group run at */
    int64_t moved_us;          /* last economic move, for the dwell */
    bool struck;               /* an operator set a strike price: */
    double strike_usd_per_mwh; /* above it its miners rest */
    hcp_group_account account;
} hcp_group;

typedef struct {
    hcp_facility_defined def;
    /* reserved IT power: each device at its mode, the larger of two while it switches */
    int64_t it_power_w;
    int64_t use_power_w[HCP_USES]; /* the same split by use */
    double mining_ths;             /* hashrate of its miners at their targets */
    int64_t asleep_ghs; /* what its sleeping miners would hash at their default target, */
    int64_t asleep_w;   /* and the IT watts that would take beyond their sleep */
    bool emergency;
    int64_t emergency_us;        /* when the emergency in force was declared */
    int64_t safe_us;             /* when everything was asleep after that; 0 = not yet */
    int64_t metered_us;          /* the accumulators below are exact up to here */
    int64_t energy_j[HCP_USES];  /* at the meter, PUE included, split by use */
    int64_t carbon_mg[HCP_USES]; /* CO2 of that energy */
    int64_t carbon_rest[HCP_USES];
    hcp_usd_micro energy_cost_usd_micro;
    hcp_usd_micro mining_usd_micro;
    hcp_usd_micro ai_usd_micro;
    hcp_usd_micro foregone_usd_micro; /* mining income that sleeping miners did not make */
    hcp_usd_micro avoided_usd_micro;  /* and what their electricity would have cost */
    hcp_usd_micro ai_usd_micro_per_h; /* what the workloads running there are charged now */
    int64_t energy_rest[HCP_USES];    /* what whole units of the accumulators leave over, so that */
    int64_t energy_cost_rest;         /* sums are exact however often the meter is read: 1e-9 J, */
    int64_t mining_rest;              /* and the fractions of a micro-dollar of metering.c */
    int64_t ai_rest;
    int64_t foregone_rest;
    int64_t avoided_rest;
    hcp_usd_micro grid_usd_micro;    /* paid for grid events, less penalties */
    hcp_usd_micro reserve_usd_micro; /* paid for miners that stood ready to stop */
    int64_t reserve_rest;
    hcp_usd_micro pool_fee_usd_micro; /* kept by the pool: mining is what it pays out */
    int64_t pool_fee_rest;
    int64_t avoided_j; /* electricity not bought for sleeping miners */
    int64_t avoided_j_rest;
    hcp_usd_micro true_up_usd_micro; /* of settled intervals, beyond energy_cost_usd_micro */
    /* fractions of settled bills: see hcp_metering_cost */
    int64_t true_up_rest, avoided_true_up_rest;
    hcp_peak_assumed peak;               /* of this month so far; until_us 0 = none yet */
    hcp_usd_micro peak_charge_usd_micro; /* of the assumed peaks of months that are over */
    hcp_usd_micro closed_past_usd_micro; /* derived: profit of accounts that are forgotten */
    hcp_reserve_sold reserve_sold[HCP_RESERVES]; /* of reserve_usd_micro, by product */
    int64_t ready_rest;
    int64_t ready_w; /* derived: IT watts that its running miners draw beyond their sleep */
    hcp_usd_micro grid_past_usd_micro; /* of that, by events that are forgotten */
    uint64_t grid_event;               /* derived: the event that bounds its power now; 0 = none */
    uint32_t grid_open;                /* derived: events that are agreed and not over */
    bool grid_rule;                    /* it answers offers of the grid by itself: */
    hcp_usd_micro grid_margin_usd_micro; /* yes to what is worth more than this */
    hcp_decision_recorded decision;      /* in force; id 0 = none yet */
    int64_t decided_us;
    hcp_open_account account;
} hcp_facility;

typedef struct {
    hcp_class_defined def;
} hcp_class;

typedef struct {
    hcp_customer_defined def;
    /* -1 = unlimited; reserved at admission, settled at the end, never below 0 */
    int64_t quota_left_device_us;
    int64_t used_device_us;
    hcp_usd_micro spent_usd_micro;
    uint32_t active; /* workloads neither finished nor cancelled */
} hcp_customer;

typedef struct {
    GArray *facilities; /* hcp_facility */
    GArray *classes;    /* hcp_class */
    GArray *customers;  /* hcp_customer */
    GArray *batches;    /* hcp_device_batch */
    GArray *groups;     /* hcp_group */
    uint32_t n_devices;
    uint32_t capacity;       /* of the arrays below */
    uint8_t *mode;           /* hcp_mode */
    uint8_t *health;         /* hcp_health */
    uint8_t *admin;          /* hcp_admin */
    uint8_t *target;         /* power target index of miners */
    uint32_t *group;         /* index into groups */
    uint32_t *lease;         /* index into leases, or HCP_NO_INDEX */
    uint32_t *active_switch; /* index into switches, or HCP_NO_INDEX */
    uint32_t *resident; /* model held warm: index into the interned model names, or HCP_NO_INDEX */
    uint64_t *run_bits; /* derived: where runs of equal rows begin, see core/runs.h */
} hcp_fleet;

typedef struct {
    hcp_lease_granted def; /* scores and rejections are kept for explain until the lease ends */
    int64_t granted_us;
    uint32_t workload; /* index, or HCP_NO_INDEX */
    /* per device, of an explicit allocation; a workload has its own */
    hcp_usd_micro rate_usd_micro_per_h;
    bool live;
} hcp_lease;

typedef struct {
    hcp_workload_accepted def;
    hcp_workload_status status;
    hcp_wait wait;
    uint32_t lease; /* index, or HCP_NO_INDEX */
    int64_t accepted_us;
    int64_t queued_us; /* since when it waits; after a requeue that moment */
    /* when it will have waited its limit, in all: its place in the queue; 0 = no limit */
    int64_t due_us;
    int64_t first_started_us;
    int64_t started_us; /* of the current run; 0 while not running */
    int64_t ends_us;    /* of the current run */
    int64_t finished_us;
    int64_t served_us;     /* of earlier runs, less what was lost */
    int64_t not_before_us; /* back-off, deferral */
    uint32_t preemptions, retries;
    int64_t requests;
    hcp_usd_micro cost_usd_micro; /* settled; add the running accrual with hcp_workload_accrued */
    char *reason;                 /* of the deferral, the last requeue or the end */
    hcp_usd_micro deferral_usd_micro; /* expected of the deferral; 0 = it was not put off */
} hcp_workload;

typedef struct {
    hcp_switch_started def;
    hcp_phase phase;        /* in progress */
    hcp_phase failed_phase; /* phase == HCP_PHASE_ROLLBACK: what failed */
    char *reason;           /* and why */
    int64_t started_us;
    int64_t phase_started_us;
    int64_t phase_us[HCP_PHASES]; /* measured */
    uint32_t left;                /* devices still in it */
    uint32_t from_target;         /* power target of its devices when they mined before */
    bool live;
} hcp_switch;

typedef struct {
    hcp_alert_raised def;
    int64_t raised_us, acknowledged_us, cleared_us;
    char *note;
} hcp_alert;

/* What the meter of a facility said when a boundary of an interval passed: later it no longer knows. */
typedef struct {
    int64_t at_us;
    int64_t energy_j; /* of all uses */
} hcp_grid_mark;

/* A grid event and what the meter said about it. */
typedef struct {
    hcp_grid_announced def;
    hcp_grid_stage stage;
    uint32_t step; /* of the restoration */
    int64_t announced_us;
    int64_t reached_us;  /* first at or below the target; 0 = not yet */
    int64_t finished_us; /* ended, cancelled or declined */
    int64_t measured_us; /* measured up to here; 0 = not begun */
    int64_t measured_j;  /* energy of the facility at that moment */
    hcp_array intervals; /* hcp_grid_measured */
    hcp_array marks;     /* hcp_grid_mark of boundaries that have passed and are not measured yet */
    hcp_usd_micro availability_usd_micro;
    char *reason;      /* of the last change that gave one */
    bool automatic;    /* an offer that was answered by rule, or by nobody in time */
    hcp_array weighed; /* hcp_grid_weighed, what the answer rests on; one or none */
} hcp_grid_event;

/* An electricity price that settled, and what was known beside it: at most one a quarter of an hour and facility. */
typedef struct {
    uint32_t facility;
    int64_t settled_us; /* when it came */
    int64_t at_us;      /* start of the interval it is for */
    double usd_per_mwh;
    bool has_day_ahead; /* a day-ahead price was published for that interval */
    double day_ahead_usd_per_mwh;
    double hashprice;
    bool has_reserve;          /* reserve was sold, at a price published for that interval: */
    double reserve_usd_per_mw; /* what a running MW was paid an hour */
} hcp_settled_price;

/* A price of an interval, published in advance. */
typedef struct {
    hcp_price_kind kind;
    uint32_t facility;
    hcp_reserve product; /* of a price of reserve */
    int64_t from_us, until_us;
    double value;
    bool simulated;
} hcp_published_price;

/* Switches of a class at a facility from one mode to another that ended, and what they lost: sums over switches. */
typedef struct {
    uint32_t facility, class_ix;
    hcp_mode from, to;
    int64_t switches, devices;
    int64_t duration_us;
    double usd, usd_square; /* lost by one device of each, and its square */
} hcp_switch_cost;

/* Latest price of each kind; electricity and day-ahead per facility. */
typedef struct {
    hcp_price_observed global[HCP_PRICE_KINDS];
    GArray *electricity; /* hcp_price_observed by facility */
    GArray *day_ahead;   /* hcp_price_observed by facility */
    GArray *reserve;     /* hcp_price_observed by facility */
    GArray *settled;     /* hcp_settled_price of the last HCP_SETTLED_WINDOW_US, as they came */
    GArray *published;   /* hcp_published_price, by kind, facility, product and time */
} hcp_price_board;

/* Slots of leases, workloads and switches are reused; `free` lists keep the order deterministic. */
typedef struct {
    GArray *items;
    GArray *free; /* uint32_t */
} hcp_slots;

typedef struct {
    hcp_settings settings;
    hcp_fleet fleet;
    hcp_price_board market;
    hcp_slots leases;     /* hcp_lease */
    hcp_slots workloads;  /* hcp_workload */
    hcp_slots switches;   /* hcp_switch */
    GArray *switch_costs; /* hcp_switch_cost, in the order in which they were first measured */
    GArray *intervals;    /* hcp_interval_closed of the last HCP_ACCOUNT_KEPT_US, by their end */
    GArray *alerts;       /* hcp_alert: open ones and those of the last retention */
    GArray *grid_events;  /* hcp_grid_event by id: those not over and the last HCP_GRID_KEPT */
    GPtrArray *models;    /* interned model names */
    GHashTable *model_ix; /* model name → its index + 1; borrows the names */
    uint64_t last_id;     /* every public id is greater than the one before */
    uint64_t last_fence;
    int64_t now_us; /* time of the last applied event */
    int64_t switch_count, preemption_count, submitted_count, completed_count, failed_count,
        cancelled_count;
} hcp_state;

/* Rows by index. The pointer is valid until the next event is applied. Asserts that the index is in range. */
const hcp_facility *hcp_state_facility(const hcp_state *state, uint32_t ix);
const hcp_class *hcp_state_class(const hcp_state *state, uint32_t ix);
const hcp_customer *hcp_state_customer(const hcp_state *state, uint32_t ix);
const hcp_group *hcp_state_group(const hcp_state *state, uint32_t ix);
const hcp_workload *hcp_state_workload(const hcp_state *state, uint32_t ix);
const hcp_lease *hcp_state_lease(const hcp_state *state, uint32_t ix);
const hcp_switch *hcp_state_switch(const hcp_state *state, uint32_t ix);

#endif

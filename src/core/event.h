/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events: the facts of the journal. They are the only way in which state changes, so they carry everything apply needs and
 * nothing has to be decided again on replay. One list below gives the enum, the union, the names and the record tables; a
 * new kind is one line, one struct, one table and one apply function. Kinds and members are only ever added: an older
 * journal must open.
 *
 * Events speak of devices by dense index, of facilities, classes and customers by table index: all of them are assigned by
 * earlier events, so they mean the same on every replay.
 */
#ifndef HCP_CORE_EVENT_H
#define HCP_CORE_EVENT_H

#include "core/types.h"

#include <stdbool.h>

/* name, member of the union */
#define HCP_EVENT_LIST(X)                                                                          \
    X(SETTINGS_CHANGED, settings_changed)                                                          \
    X(CLASS_DEFINED, class_defined)                                                                \
    X(FACILITY_DEFINED, facility_defined)                                                          \
    X(CUSTOMER_DEFINED, customer_defined)                                                          \
    X(DEVICES_REGISTERED, devices_registered)                                                      \
    X(PRICE_OBSERVED, price_observed)                                                              \
    X(WORKLOAD_ACCEPTED, workload_accepted)                                                        \
    X(WORKLOAD_STARTED, workload_started)                                                          \
    X(WORKLOAD_REQUEUED, workload_requeued)                                                        \
    X(WORKLOAD_ENDED, workload_ended)                                                              \
    X(WAIT_CHANGED, wait_changed)                                                                  \
    X(LEASE_GRANTED, lease_granted)                                                                \
    X(LEASE_RELEASED, lease_released)                                                              \
    X(SWITCH_STARTED, switch_started)                                                              \
    X(SWITCH_PHASE_ENDED, switch_phase_ended)                                                      \
    X(SWITCH_ENDED, switch_ended)                                                                  \
    X(HEALTH_CHANGED, health_changed)                                                              \
    X(ADMIN_CHANGED, admin_changed)                                                                \
    X(CAP_CHANGED, cap_changed)                                                                    \
    X(EMERGENCY_CHANGED, emergency_changed)                                                        \
    X(DECISION_RECORDED, decision_recorded)                                                        \
    X(ALERT_RAISED, alert_raised)                                                                  \
    X(ALERT_CHANGED, alert_changed)                                                                \
    X(REPLY_REMEMBERED, reply_remembered)                                                          \
    X(WORKLOAD_DEFERRED, workload_deferred)                                                        \
    X(PRICES_PUBLISHED, prices_published)                                                          \
    X(INTERVAL_CLOSED, interval_closed)                                                            \
    X(GRID_ANNOUNCED, grid_announced)                                                              \
    X(GRID_CHANGED, grid_changed)                                                                  \
    X(GRID_MEASURED, grid_measured)                                                                \
    X(STRIKE_CHANGED, strike_changed)                                                              \
    X(INTERVAL_SETTLED, interval_settled)                                                          \
    X(PEAK_ASSUMED, peak_assumed)                                                                  \
    X(PEAK_CHARGED, peak_charged)                                                                  \
    X(RESERVE_CHANGED, reserve_changed)                                                            \
    X(GRID_RULE_CHANGED, grid_rule_changed)

typedef enum {
#define HCP_EVENT_ENUM(NAME, member) HCP_EVENT_##NAME,
    HCP_EVENT_LIST(HCP_EVENT_ENUM)
#undef HCP_EVENT_ENUM
        HCP_EVENT_TYPES
} hcp_event_type;

/* A run of consecutive device indices [first, first + count). Mass actions carry a few of these, not devices. */
typedef struct {
    uint32_t first;
    uint32_t count;
} hcp_range;

/* Rules of scheduling and dispatch that are configuration but must replay. */
typedef struct {
    int64_t max_wait_p1_us, max_wait_p2_us, max_wait_p3_us; /* WR6: 100 ms, 5 min, 30 min */
    int64_t min_dwell_us;          /* least time between two economic moves of a group */
    int64_t gpu_phase_deadline_us; /* a phase not confirmed by then is rolled back */
    int64_t asic_phase_deadline_us;
    int64_t retry_backoff_us;         /* doubles with each retry of a workload */
    uint32_t max_retries;             /* switches or devices lost before a workload fails */
    uint32_t max_preemptions;         /* after that a workload can no longer be preempted */
    uint32_t backfill_depth;          /* queued workloads looked at past a blocked head */
    uint32_t queue_capacity;          /* admission refuses beyond this */
    uint32_t score_weight_efficiency; /* RM7, per cent; the four sum to 100 */
    uint32_t score_weight_utilisation;
    uint32_t score_weight_thermal;
    uint32_t score_weight_network;
    int64_t electricity_stale_us, btc_stale_us, gpu_spot_stale_us,
        network_stale_us;          /* age at which a price is stale */
    int64_t finished_retention_us; /* finished workloads stay in memory that long */
    /* P3 and P4 without a deadline may end that much later than they could; 0 = at once */
    int64_t deferral_slack_us;
    /* of requests that name none, until they carry credentials; HCP_NO_INDEX = refuse */
    uint32_t default_customer;
    bool gpu_mining;       /* SW20: idle GPUs mine, a labelled simulation */
    int64_t cold_start_us; /* what activating a cold model may take beyond deadline and transfer:
                              its engine starts from nothing */
    /* band of a price's sources beyond which it is suspect, of the price; 0 = any */
    int64_t price_disagreement_permille;
    /* an interval is billed at the price that settles for it, also where that comes later; false: at the price in force */
    bool own_price;
    int64_t pool_fee_ppm; /* of mining income, kept by the pool */
} hcp_settings_changed;

typedef hcp_settings_changed hcp_settings;

/* One point of the power curve of a miner. */
typedef struct {
    int64_t power_w; /* at the wall */
    double ths;
} hcp_power_target;

typedef struct {
    char *key;    /* "H100-80GB" */
    char *label;  /* "NVIDIA H100 SXM 80 GB" */
    char *family; /* "H100": what a customer asks for */
    char *source; /* where the figures come from */
    hcp_device_kind kind;
    int64_t tdp_w; /* serving at full load */
    int64_t idle_w;
    int64_t standby_w; /* curtailed or off */
    int64_t memory_bytes;
    double tflops; /* dense FP16/BF16 tensor, GPUs */
    double hbm_gb_per_s, pcie_gb_per_s;
    /* hcp_power_target, best J/TH first is not required; empty: cannot mine */
    hcp_array power_targets;
    uint32_t default_target; /* index into power_targets */
    /* GPUs only: configured income of the labelled simulation, 0 = does not mine */
    hcp_usd_micro mining_usd_micro_per_h;
    /* list price of one device-hour for customers, 0 = not rented */
    hcp_usd_micro rate_usd_micro_per_h;
    int64_t requests_milli_per_s; /* inference throughput of one device under the reference model */
    int64_t ramp_down_us, ramp_up_us; /* physical time to shed and to restore power */
    /* Of a whole GPU that one device is, in thousandths: a hardware partition (MIG) is a device of its own class, with its
     * own memory, engines and price. 0 and 1000 = whole. */
    uint32_t share_milli;
} hcp_class_defined;

/* A line inside a facility on which devices hang: a transformer, a busbar. */
typedef struct {
    char *name;    /* "T1" */
    int64_t cap_w; /* IT watts: what its devices may draw; overhead has lines of its own */
} hcp_feeder;

typedef struct {
    hcp_facility_id id;
    char *key;      /* "texas-north" */
    char *name;     /* "Texas North" */
    char *location; /* "Dallas" */
    char *region;   /* grid: "ERCOT" */
    char *hub;      /* "HB_WEST" */
    int64_t cap_w;  /* at the meter, PUE included */
    int64_t pue_milli;
    int64_t backbone_gbps;
    int64_t network_rtt_us;    /* to the region's users, for placement */
    int64_t carbon_mg_per_kwh; /* CO2 of the electricity bought, mean of a year; 0 = not known */
    char *carbon_source;       /* where that figure comes from */
    uint32_t reserve_products; /* mask of the reserve that its running miners sell; 0 = none */
    double call_usd_per_mwh;   /* settled price from which it is assumed to be called; 0 = never */
    /* Peak charge: for each MW of mean power in the peak of each of these months (bit 0 = January) of standard time. */
    int64_t peak_usd_micro_per_mw; /* 0 = no such charge */
    uint32_t peak_months;
    double utc_offset_h;
    /* of what stands ready, what it sells, in thousandths; 0 and 1000 = all */
    uint32_t reserve_share_milli;
    hcp_array feeders; /* hcp_feeder; a feeder is known by its place, from 1 */
} hcp_facility_defined;

typedef struct {
    hcp_customer_id id;
    char *key;  /* "cust-001" */
    char *name; /* "Acme Corporation" */
    char *tier; /* enterprise, growth, startup */
    char *industry;
    int64_t quota_device_us; /* GPU time that may still be reserved, microseconds; -1 = unlimited */
    hcp_usd_micro budget_usd_micro; /* monthly, 0 = none */
    hcp_usd_micro rate_permille;    /* price book: thousandths of the list price */
} hcp_customer_defined;

typedef struct {
    hcp_device_id first_id; /* ids of the batch are first_id, first_id + 1, … */
    uint32_t facility;
    uint32_t class_ix;
    uint32_t count;
    uint32_t first_ordinal; /* names are "<prefix>-<ordinal>" */
    char *name_prefix;      /* "gpu-tx-h100" */
    hcp_mode mode;          /* they start in */
    uint32_t feeder;        /* of the facility that they hang on, from 1; 0 = none */
} hcp_devices_registered;

typedef struct {
    hcp_price_kind kind;
    uint32_t facility; /* electricity and day-ahead only, else HCP_NO_INDEX */
    double value;
    char *source; /* "simulated", "replay:ercot_hb_west…", "derived" */
    int64_t observed_us;
    hcp_quality quality;
    bool simulated;
    /* it is the mean of this time up to observed_us; 0 = a quote of the moment */
    int64_t interval_us;
    double low, high;    /* the band in which its sources lie */
    uint32_t sources;    /* whose values it joins, those left out not counted; 0 = not known */
    hcp_reserve product; /* of a price of reserve: the one that is sold */
} hcp_price_observed;

typedef struct {
    hcp_workload_id id;
    uint32_t customer;
    hcp_workload_kind kind;
    hcp_priority priority;
    char *name, *model, *tier, *classified_by; /* classified_by: why this priority */
    uint64_t classes;                          /* mask of accepted device classes */
    uint32_t facility;                         /* HCP_NO_INDEX = any */
    uint32_t count;                            /* devices, all or nothing */
    int64_t duration_us;                       /* service time wanted; 0 = until released */
    int64_t max_latency_us;
    int64_t model_bytes;                /* weights, for residency and switch time */
    int64_t deadline_us;                /* latest start promised */
    hcp_usd_micro rate_usd_micro_per_h; /* per device, price book applied */
    int64_t quota_device_us;            /* reserved now, settled at the end */
    bool deferrable;      /* its start may be put off as long as it ends by finish_by_us */
    int64_t finish_by_us; /* 0 = no such deadline */
    /* of a GPU, that each device counts as in the quota; 0 and 1000 = whole */
    uint32_t share_milli;
} hcp_workload_accepted;

/* The start of a queued workload is put off. */
typedef struct {
    hcp_workload_id id;
    int64_t not_before_us;
    char *reason; /* "31.20 instead of 78.00 USD/MWh, saves about 4.10 USD; …" */
    hcp_usd_micro saving_usd_micro; /* expected */
} hcp_workload_deferred;

typedef struct {
    hcp_workload_id id;
    int64_t ends_us; /* when it completes if nothing happens; 0 = open-ended */
} hcp_workload_started;

typedef struct {
    hcp_workload_id id;
    char *reason; /* "preempted by wl_…", "device gpu-… failed" */
    bool preempted;
    int64_t lost_us;       /* service time since the last checkpoint, to be done again */
    int64_t not_before_us; /* back-off */
} hcp_workload_requeued;

typedef struct {
    hcp_workload_id id;
    hcp_workload_status status; /* completed, failed, cancelled */
    char *reason;
    int64_t served_us; /* charged service time */
    int64_t requests;  /* inference requests served, 0 for others */
    hcp_usd_micro cost_usd_micro;
} hcp_workload_ended;

/* The wait reason of a queued workload changed (only when it does). */
typedef struct {
    hcp_workload_id id;
    hcp_wait wait;
} hcp_wait_changed;

typedef struct {
    uint32_t device;
    uint32_t score_milli; /* 0…100,000 */
} hcp_scored_device;

/* Why devices of the accepted classes were not taken, counted. */
typedef struct {
    /* "leased", "failed", "degraded", "cordoned", "maintenance", "switching", "other facility",
     * "lower score" */
    char *reason;
    uint32_t count;
} hcp_rejection;

typedef struct {
    hcp_lease_id id;
    hcp_workload_id workload; /* 0 for an explicit allocation */
    uint32_t customer;
    uint64_t fence; /* fencing token, grows with every grant */
    uint32_t facility;
    uint32_t class_ix;
    hcp_array devices; /* uint32_t */
    /* hcp_scored_device: the chosen first, then the best not chosen (at most 16) */
    hcp_array scores;
    hcp_array rejections; /* hcp_rejection */
} hcp_lease_granted;

typedef struct {
    hcp_lease_id id;
    char *reason;
} hcp_lease_released;

typedef struct {
    hcp_switch_id id;
    hcp_lease_id lease; /* 0 for economic and power moves */
    char *cause; /* "placement", "release", "dispatch", "power cap", "emergency", "maintenance" */
    uint32_t facility;
    uint32_t class_ix;
    hcp_array ranges; /* hcp_range */
    uint32_t count;   /* devices in all ranges */
    hcp_mode from, to;
    uint32_t power_target; /* to = mining */
    hcp_residency residency;
    char *model;   /* to = serving */
    int64_t bytes; /* to activate on each device */
    bool scrub;    /* memory is cleared before another tenant may have it */
} hcp_switch_started;

/* A phase ended well for all devices but `lost`, or failed for all of them; the next (or the rollback) begins at the same
 * time. */
typedef struct {
    hcp_switch_id id;
    hcp_phase phase;
    int64_t started_us, ended_us; /* measured by the platform's clock */
    hcp_array lost; /* uint32_t devices that failed in this phase and left the switch */
    bool failed;    /* the rollback begins */
    char *reason;   /* why it failed */
} hcp_switch_phase_ended;

typedef struct {
    hcp_switch_id id;
    bool ok; /* false: rolled back to `from` */
    hcp_phase failed_phase;
    char *reason;
    int64_t duration_us; /* from start to serve (or to the end of the rollback) */
} hcp_switch_ended;

typedef struct {
    hcp_array devices; /* uint32_t */
    hcp_health health;
    char *reason; /* "XID 79: GPU has fallen off the bus" */
    int32_t xid;  /* 0 = none */
} hcp_health_changed;

typedef struct {
    hcp_array devices; /* uint32_t */
    hcp_admin admin;
    char *reason;
} hcp_admin_changed;

typedef struct {
    uint32_t facility;
    int64_t cap_w;
} hcp_cap_changed;

typedef struct {
    uint32_t facility; /* HCP_NO_INDEX = all */
    bool active;
    char *reason;
} hcp_emergency_changed;

/* One input of a decision with its provenance. */
typedef struct {
    char *name, *unit, *source;
    double value;
    int64_t observed_us;
    hcp_quality quality;
} hcp_decision_input;

/* What a plan wants for the free (unleased, healthy) devices of one class on one feeder of the facility. */
typedef struct {
    uint32_t class_ix;
    uint32_t mine;         /* devices to mine */
    uint32_t power_target; /* at this point of the curve */
    uint32_t serve;        /* devices leased to customers, for the record */
    uint32_t idle;         /* kept on without work */
    uint32_t curtail;      /* asleep */
    int64_t power_w;       /* of all of them, without PUE */
    hcp_usd_micro usd_micro_per_h;
    double usd_per_mwh; /* profit per MWh at the meter of the best use */
    uint32_t feeder;    /* 0 = none */
} hcp_class_plan;

typedef struct {
    hcp_decision_id id;
    uint32_t facility;
    char *policy;
    int64_t expires_us;
    hcp_array inputs;   /* hcp_decision_input */
    hcp_array chosen;   /* hcp_class_plan */
    hcp_array rejected; /* hcp_class_plan: the best plan not chosen */
    hcp_usd_micro chosen_usd_micro_per_h, rejected_usd_micro_per_h;
    hcp_usd_micro btc_usd_micro_per_h,
        ai_usd_micro_per_h; /* S2 line 607: profit of mining, of AI */
    hcp_usd_micro switch_cost_usd_micro;
    char *recommendation; /* "AI_INFERENCE", "BITCOIN_MINING", "HYBRID", "CURTAIL", "HOLD" */
    char *reason;         /* one sentence: why this, why not the other */
    char *flip;           /* one sentence: what would change it; names input and value */
    double flip_value;    /* of the electricity price, USD/MWh; NaN-free, 0 when none */
    double confidence;    /* 0…1 */
    bool switch_recommended;
    bool moved; /* this decision starts switches */
    /* What the chosen plan is expected to be worth over the rejected one: an hour, and over the horizon, with the 80 %
     * interval of that. */
    hcp_usd_micro gap_usd_micro_per_h;
    hcp_usd_micro gain_usd_micro, gain_low_usd_micro, gain_high_usd_micro;
    int64_t horizon_us;          /* 0 in decisions recorded before it was told */
    double forecast_usd_per_mwh; /* electricity in the next step, with its 80 % range */
    double forecast_low_usd_per_mwh, forecast_high_usd_per_mwh;
    char *source; /* what decided: "rule", "plan", "lcp", "static", "stale" */
    hcp_usd_micro reserve_usd_micro_per_h; /* of the profit of mining, for standing ready */
} hcp_decision_recorded;

typedef struct {
    hcp_alert_id id;
    hcp_severity severity;
    hcp_alert_category category;
    char *kind; /* "gpu_overheating", "power_cap", "asic_failure", "queue_wait", … */
    char *message;
    char *subject; /* what it is about, stable: at most one open alert per kind and subject */
    uint32_t facility;
    uint32_t customer;
    hcp_workload_id workload;
} hcp_alert_raised;

typedef struct {
    hcp_alert_id id;
    bool acknowledged;
    bool cleared;
    char *note;
} hcp_alert_changed;

/* Prices of coming intervals, known in advance: what an auction published. They replace what was published for the same
 * time before. */
typedef struct {
    hcp_price_kind kind; /* HCP_PRICE_DAY_AHEAD or HCP_PRICE_RESERVE */
    uint32_t facility;
    char *source;
    bool simulated;
    int64_t from_us, step_us;
    hcp_array prices;    /* hcp_coming_price, one a step */
    hcp_reserve product; /* of prices of reserve */
} hcp_prices_published;

typedef struct {
    double value;
} hcp_coming_price;

/* Time for which devices of a class mined at one power target, summed over them. */
typedef struct {
    uint32_t target;
    int64_t mined_us;
} hcp_mined_target;

/* What the devices of one class on one feeder that dispatch may move (healthy, in service, unleased) did in an interval.
 * One inside a switch counts as what it is on its way to: what the way costs is the cost of the switch. */
typedef struct {
    uint32_t class_ix;
    int64_t at_hand_us; /* summed over devices */
    hcp_array mined;    /* hcp_mined_target */
    uint32_t at_hand;   /* devices, when the interval ended */
    uint32_t mining;    /* of those */
    int64_t starts;     /* devices sent from rest to mining, and the other way */
    int64_t stops;
    hcp_usd_micro switch_usd_micro; /* of both, as measured; 0 until enough switches were */
    uint32_t feeder;                /* 0 = none */
    int64_t drawn_j;                /* reserved by all its devices, without PUE */
} hcp_class_account;

/* What was sold of one product of reserve: power that stood ready times time, at the meter, and what was paid for it. */
typedef struct {
    hcp_reserve product;
    int64_t ready_j;
    hcp_usd_micro usd_micro;
} hcp_reserve_sold;

/* The account of a facility over an interval that ended now. */
typedef struct {
    uint32_t facility;
    int64_t from_us, until_us;
    double usd_per_mwh; /* in force, weighted by time */
    double hashprice;   /* likewise, USD/(PH/s day) */
    double cap_w;       /* likewise, at the meter; 0 W while an emergency is in force */
    int64_t stale_us;   /* for which the electricity price was stale or missing */
    /* What the meters did: core/metering.h. */
    int64_t energy_j[HCP_USES];
    hcp_usd_micro energy_cost_usd_micro, mining_usd_micro, ai_usd_micro;
    hcp_usd_micro foregone_usd_micro, avoided_usd_micro;
    hcp_array classes; /* hcp_class_account */
    int64_t carbon_mg[HCP_USES];
    hcp_usd_micro grid_usd_micro;
    int64_t avoided_j; /* the electricity not bought */
    hcp_usd_micro pool_fee_usd_micro;
    /* What INTERVAL_SETTLED added later; `settled` and its price also by closing, in journals from before there was that. */
    bool settled; /* what the electricity of this interval costs has become known */
    double settled_usd_per_mwh;
    bool own_price; /* and is billed */
    hcp_usd_micro true_up_usd_micro;
    hcp_usd_micro peak_charge_usd_micro; /* estimated, of the month that ended before it */
    hcp_array reserve;                   /* hcp_reserve_sold: part of the grid income */
    /* what one more running MW would have been paid an hour for standing ready, weighted by time */
    double ready_usd_per_mw;
} hcp_interval_closed;

/* The price of a closed interval has become known. */
typedef struct {
    uint32_t facility;
    int64_t from_us, until_us;
    double usd_per_mwh;
    bool own_price;                  /* it is billed, and not the prices that were in force */
    hcp_usd_micro true_up_usd_micro; /* which is that much more than was charged so far */
    hcp_usd_micro avoided_usd_micro; /* the same for the electricity not bought */
    int64_t true_up_rest; /* what whole micro-dollars leave over, for the next interval */
    int64_t avoided_rest;
} hcp_interval_settled;

/* Of the month so far the interval that closed now had the highest day-ahead price: it is assumed to hold the peak. */
typedef struct {
    uint32_t facility;
    int64_t from_us, until_us;
    double usd_per_mwh; /* day-ahead */
    int64_t energy_j;   /* used, at the meter */
} hcp_peak_assumed;

/* The month is over: what its assumed peak costs, by the mean power drawn in it. An estimate. */
typedef struct {
    uint32_t facility;
    int64_t from_us, until_us;
    double usd_per_mwh;
    int64_t energy_j;
    hcp_usd_micro charge_usd_micro;
} hcp_peak_charged;

/* The grid wants a facility to draw less for a while. Watts are at the meter. */
typedef struct {
    hcp_grid_id id;
    uint32_t facility;
    hcp_grid_kind kind;
    char *program; /* "ERCOT ERS"; NULL = not said */
    char *source;  /* who announced it, or the assumption it rests on */
    int64_t start_us, end_us;
    int64_t ramp_us;     /* the cap falls that long before the start */
    int64_t restore_us;  /* and comes back in equal steps over this time after the end */
    int64_t interval_us; /* measured and paid in these */
    int64_t reduce_w;    /* asked below the baseline; 0 = a level was asked for */
    int64_t target_w;    /* to be at or below from start to end */
    int64_t baseline_w;  /* what would have been drawn, frozen at the announcement */
    uint32_t baseline_h; /* full hours whose mean that is; 0 = the power at the announcement */
    hcp_usd_micro payment_usd_micro_per_mwh;     /* for energy not used, up to what was asked */
    hcp_usd_micro availability_usd_micro_per_mw; /* for the whole event, by what was delivered */
    hcp_usd_micro penalty_usd_micro_per_mwh;     /* for energy used beyond the target */
    bool evict;        /* leases may be ended when miners and idle devices do not suffice */
    int64_t reserve_w; /* of a call: what stood ready at the announcement, at the meter */
    /* an offer: it binds once accepted, and is declined without an answer by then; 0 = agreed */
    int64_t respond_by_us;
} hcp_grid_announced;

/* What an event was expected to be worth when it was weighed; intervals hold 80 %. */
typedef struct {
    int64_t at_us;
    int64_t asked_j;           /* below the baseline, from start to end */
    int64_t without_j, with_j; /* expected draw then, without the event and with it */
    double usd_per_mwh;        /* expected electricity price then */
    hcp_usd_micro payment_usd_micro, availability_usd_micro;
    hcp_usd_micro electricity_usd_micro, electricity_low_usd_micro, electricity_high_usd_micro;
    hcp_usd_micro mining_usd_micro, mining_low_usd_micro, mining_high_usd_micro; /* not made */
    hcp_usd_micro reserve_usd_micro;                                             /* not sold */
    hcp_usd_micro ai_usd_micro; /* of the leases that it ends */
    uint32_t leases;
    hcp_usd_micro switch_usd_micro;
    hcp_usd_micro penalty_usd_micro;
    bool short_known;              /* the accounts are long enough to tell: */
    double short_chance;           /* that new leases make the facility fall short */
    hcp_usd_micro short_usd_micro; /* at stake if all free GPUs were leased before it */
    hcp_usd_micro worth_usd_micro, worth_low_usd_micro, worth_high_usd_micro;
    double gain_chance; /* that the worth is above 0 */
    bool payable;       /* some payment makes up for it: */
    hcp_usd_micro break_even_usd_micro_per_mwh;
    bool forecast; /* on a forecast; else on the price in force */
    bool trusted;  /* prices were fresh and not contradicted */
    char *reason;
} hcp_grid_weighed;

/* The event is further than before. */
typedef struct {
    hcp_grid_id id;
    hcp_grid_stage stage;
    uint32_t step; /* of the restoration, 0 … HCP_GRID_STEPS */
    bool reached;  /* the facility draws no more than the target, for the first time */
    hcp_usd_micro availability_usd_micro; /* earned, with the end of the event */
    char *reason;
    bool automatic;    /* an answer that the facility's rule gave, or the deadline */
    hcp_array weighed; /* hcp_grid_weighed, what an answer rests on; one or none */
} hcp_grid_changed;

/* What the meter says about a part of an active event. */
typedef struct {
    hcp_grid_id id;
    int64_t from_us, until_us;
    int64_t energy_j;    /* used */
    int64_t committed_j; /* asked to be left */
    int64_t delivered_j; /* left, against the baseline; negative when more was used */
    hcp_usd_micro payment_usd_micro, penalty_usd_micro;
} hcp_grid_measured;

/* The electricity price above which the miners of a class rest, whatever they would earn. */
typedef struct {
    uint32_t facility;
    uint32_t class_ix; /* HCP_NO_INDEX = every class of the facility */
    bool active;       /* false: no such price; the policy decides alone */
    double usd_per_mwh;
} hcp_strike_changed;

/* What a facility sells as reserve from now on. */
typedef struct {
    uint32_t facility;
    uint32_t products; /* mask; 0 = nothing */
    double call_usd_per_mwh;
    uint32_t share_milli; /* 0 and 1000 = all that stands ready */
} hcp_reserve_changed;

/* Whether a facility answers offers of the grid by itself. */
typedef struct {
    uint32_t facility;
    bool active;                    /* false: people answer */
    hcp_usd_micro margin_usd_micro; /* accepts what is worth more than this, declines the rest */
} hcp_grid_rule_changed;

/* The reply to a request with an Idempotency-Key, so that a retry after a crash gets the same answer. */
typedef struct {
    char *scope, *key, *fingerprint;
    int32_t status;
    char *body;
} hcp_reply_remembered;

typedef struct {
    hcp_event_type type;
    int64_t time_us;
    union {
#define HCP_EVENT_MEMBER(NAME, member) hcp_##member member;
        HCP_EVENT_LIST(HCP_EVENT_MEMBER)
#undef HCP_EVENT_MEMBER
    };
} hcp_event;

/* The field tables of what rows of the state embed. */
extern const hcp_record HCP_DECISION_RECORDED_RECORD;
extern const hcp_record HCP_GRID_MEASURED_RECORD;
extern const hcp_record HCP_PEAK_ASSUMED_RECORD;
extern const hcp_record HCP_RESERVE_SOLD_RECORD;
extern const hcp_record HCP_GRID_WEIGHED_RECORD;

/* Wire name of an event type, "workload_accepted"; stable. */
const char *hcp_event_type_name(hcp_event_type type);

/* The type of that name, or HCP_EVENT_TYPES. */
hcp_event_type hcp_event_type_from_name(const char *name);

/* The field table of the payload. */
const hcp_record *hcp_event_record(hcp_event_type type);

/* Start of the payload inside `event`. */
void *hcp_event_payload(hcp_event *event);

/* Frees what the payload owns. */
void hcp_event_clear(hcp_event *event);

/* Appends the payload as compact JSON to `out`: what the journal stores. */
void hcp_event_print(const hcp_event *event, GString *out);

/* Reads an event back from the journal's columns. Unknown types are HCP_ERROR_UNSUPPORTED. */
bool hcp_event_parse(const char *type, int64_t time_us, const char *payload, size_t size,
                     hcp_event *ret_event, GError **error);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands: what somebody wants. decide answers each with events or with one typed refusal. Pointers inside a command are
 * borrowed for the call.
 */
#ifndef HCP_CORE_COMMAND_H
#define HCP_CORE_COMMAND_H

#include "core/event.h"

typedef enum {
    HCP_COMMAND_TICK, /* time has passed: deadlines, completions, back-offs, stale prices, scheduling */
    HCP_COMMAND_DEFINE, /* bootstrap: an event of a *_defined or registered kind, ids filled in by decide */
    HCP_COMMAND_OBSERVE_PRICE,
    HCP_COMMAND_PUBLISH_PRICES, /* of coming intervals */
    HCP_COMMAND_SUBMIT,
    HCP_COMMAND_CANCEL,
    HCP_COMMAND_ALLOCATE, /* an explicit lease without a workload */
    HCP_COMMAND_RELEASE,
    HCP_COMMAND_REPORT_PHASE, /* a driver finished a phase of a switch */
    HCP_COMMAND_REPORT_HEALTH,
    HCP_COMMAND_REPORT_ANOMALY, /* readings that do not fit together, or fit again */
    HCP_COMMAND_REPORT_DRIFT, /* submissions no longer look like those a model was fitted on, or do again */
    HCP_COMMAND_SET_ADMIN,
    HCP_COMMAND_SET_CAP,
    HCP_COMMAND_EMERGENCY,
    HCP_COMMAND_DISPATCH, /* a plan of the economics room for one facility */
    HCP_COMMAND_ACKNOWLEDGE,
    HCP_COMMAND_REMEMBER_REPLY,
    HCP_COMMAND_ANNOUNCE_GRID,
    HCP_COMMAND_ANSWER_GRID, /* yes or no to an offer of the grid */
    HCP_COMMAND_CANCEL_GRID,
    HCP_COMMAND_SET_GRID_RULE,
    HCP_COMMAND_SET_STRIKE,
    HCP_COMMAND_SET_RESERVE,
    HCP_COMMANDS
} hcp_command_type;

typedef struct {
    uint32_t customer; /* HCP_NO_INDEX = settings.default_customer */
    const char *name, *model, *tier;
    hcp_workload_kind kind;
    hcp_priority priority; /* HCP_PRIORITY_NONE = classify */
    uint64_t classes;      /* mask; 0 = the default of the kind */
    uint32_t facility;     /* HCP_NO_INDEX = any */
    uint32_t count;
    uint32_t share_milli; /* part of a GPU that is enough, in thousandths; 0 = whole devices */
    int64_t duration_us;
    int64_t max_latency_us; /* 0 = none */
    int64_t model_bytes;
    bool deferrable;      /* with finish_by_us: the start may be put off */
    int64_t finish_by_us; /* to be completed by then; 0 = no deadline */
    struct {
        int64_t not_before_us; /* 0 = at once */
        hcp_usd_micro saving_usd_micro;
        const char *reason;
    } deferral; /* the runtime's plan; dropped when it does not hold */
    struct {
        hcp_priority priority; /* HCP_PRIORITY_NONE = the rules decide */
        const char *reason;
    } learned; /* what a model of the runtime says where no priority is asked for */
} hcp_submit;

typedef struct {
    uint32_t customer;
    uint64_t classes;
    uint32_t facility;
    uint32_t count;
    const uint32_t *devices; /* exactly these when not NULL, `count` of them */
} hcp_allocate;

typedef struct {
    hcp_switch_id id;
    hcp_phase phase;
    bool ok; /* false: the whole phase failed; roll back */
    const char *reason;
    const uint32_t *lost; /* devices that failed while the others succeeded */
    uint32_t n_lost;
} hcp_phase_report;

typedef struct {
    const uint32_t *devices;
    uint32_t count;
    hcp_health health;
    const char *reason;
    int32_t xid;
} hcp_health_report;

typedef struct {
    uint32_t device;
    bool found;        /* false: its readings are as expected again */
    const char *cause; /* the reading that is off: "temperature", "hashrate" */
    double score;      /* standard deviations */
} hcp_anomaly_report;

typedef struct {
    const char *model;
    const char *what; /* a sentence; NULL: no longer */
} hcp_drift_report;

typedef struct {
    const uint32_t *devices;
    uint32_t count;
    hcp_admin admin;
    const char *reason;
} hcp_admin_order;

/* An answer to an offer of the grid. */
typedef enum { HCP_ANSWER_ACCEPT, HCP_ANSWER_DECLINE, HCP_ANSWER_BY_RULE } hcp_answer;

typedef struct {
    hcp_grid_id id;
    hcp_answer answer;
    const char *reason;              /* NULL = not said */
    const hcp_grid_weighed *weighed; /* what it rests on; NULL = it could not be weighed */
} hcp_grid_answer;

typedef struct {
    hcp_command_type type;
    union {
        const hcp_event *define;
        const hcp_price_observed *price;
        const hcp_prices_published *prices;
        hcp_submit submit;
        hcp_workload_id cancel;
        hcp_allocate allocate;
        struct {
            hcp_lease_id lease;
            uint64_t fence; /* 0 = not checked (operator) */
        } release;
        hcp_phase_report phase;
        hcp_health_report health;
        hcp_anomaly_report anomaly;
        hcp_drift_report drift;
        hcp_admin_order admin;
        hcp_cap_changed cap;
        hcp_emergency_changed emergency;
        const hcp_decision_recorded *dispatch; /* id filled in by decide */
        struct {
            hcp_alert_id alert;
            const char *note;
        } acknowledge;
        const hcp_reply_remembered *reply;
        /* id, baseline and, when reduce_w is given, target_w are filled in by decide */
        const hcp_grid_announced *grid;
        hcp_strike_changed strike;
        hcp_reserve_changed reserve;
        hcp_grid_answer answer_grid;
        struct {
            hcp_grid_id id;
            const char *reason; /* NULL = not said */
        } cancel_grid;
        hcp_grid_rule_changed grid_rule;
    };
} hcp_command;

/* Why a command was refused. The services map these to HTTP statuses in one table. */
typedef enum {
    HCP_REFUSAL_NONE,
    HCP_REFUSAL_INVALID,   /* a field breaks a rule: 422 */
    HCP_REFUSAL_NOT_FOUND, /* 404 */
    HCP_REFUSAL_CONFLICT,  /* the thing is not in a state that allows it: 409 */
    HCP_REFUSAL_FENCED,    /* an old fencing token: 409 */
    HCP_REFUSAL_QUOTA,     /* GPU-hours left do not cover it: 403 */
    HCP_REFUSAL_CAPACITY, /* can never or not in time be met: 409 for an allocation, 422 for a submission */
    HCP_REFUSAL_QUEUE_FULL, /* 503 */
    HCP_REFUSAL_UNAVAILABLE, /* 503: the journal takes nothing; the runtime's refusal, not the core's */
    HCP_REFUSAL_EMERGENCY, /* 503 */
    HCP_REFUSALS
} hcp_refusal_code;

typedef struct {
    hcp_refusal_code code;
    const char *field; /* JSON member of the request it is about, static text; NULL = none */
    char message[256]; /* a sentence with the figures and the remedy */
} hcp_refusal;

#endif

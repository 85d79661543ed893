/* SPDX-License-Identifier: Apache-2.0 */
/* The vocabulary of the domain: enumerations with their names at the edge, and the handles of dense tables. */
#ifndef HCP_CORE_TYPES_H
#define HCP_CORE_TYPES_H

#include "base/id.h"
#include "base/money.h"
#include "base/record.h"

#include <stdint.h>

/* Index of "no such row" in every dense table of the state. */
#define HCP_NO_INDEX UINT32_MAX

/* Hard limits of the state, checked on definition. Class sets travel as 64-bit masks. */
#define HCP_MAX_CLASSES 64
#define HCP_MAX_FACILITIES 256
#define HCP_MAX_GANG 4096
#define HCP_MAX_DEVICES (1u << 22)
#define HCP_MAX_POWER_TARGETS 8
#define HCP_MAX_FEEDERS 32         /* of a facility */
#define HCP_MAX_FACILITY_GROUPS 64 /* as many as dispatch plans for */

/* No charge for a MW in one peak is near this: 10 million USD. */
#define HCP_PEAK_USD_MICRO_MAX INT64_C(10000000000000)

/* A whole GPU, in the thousandths in which parts of one are counted. */
#define HCP_SHARE_WHOLE 1000

typedef enum { HCP_DEVICE_GPU, HCP_DEVICE_ASIC, HCP_DEVICE_CPU, HCP_DEVICE_KINDS } hcp_device_kind;

/* What a device is doing. A device is in exactly one mode; while it switches it still has the mode it comes from. */
typedef enum {
    HCP_MODE_OFF,       /* no power but the controller's */
    HCP_MODE_IDLE,      /* on, no work */
    HCP_MODE_MINING,    /* P4 filler; GPUs: a labelled simulation of proof-of-work income */
    HCP_MODE_SERVING,   /* holds a lease of a customer workload or allocation */
    HCP_MODE_CURTAILED, /* asleep on purpose: price, power cap, grid call or emergency */
    HCP_MODES
} hcp_mode;

typedef enum {
    HCP_HEALTH_OK,
    HCP_HEALTH_DEGRADED, /* excluded from placement, keeps what it runs */
    HCP_HEALTH_FAILED,   /* loses what it runs */
    HCP_HEALTHS
} hcp_health;

/* What an operator ordered for a device. */
typedef enum {
    HCP_ADMIN_NONE,
    HCP_ADMIN_CORDONED,    /* no new work; keeps what it runs */
    HCP_ADMIN_MAINTENANCE, /* drained, then out of service */
    HCP_ADMINS
} hcp_admin;

/* The one word shown for a device, derived from mode, health, admin, switch and telemetry age (RM14). */
typedef enum {
    HCP_DEVICE_STATUS_ACTIVE,
    HCP_DEVICE_STATUS_IDLE,
    HCP_DEVICE_STATUS_MAINTENANCE,
    HCP_DEVICE_STATUS_FAILED,
    HCP_DEVICE_STATUS_DEGRADED,
    HCP_DEVICE_STATUS_DRAINING,
    HCP_DEVICE_STATUS_CURTAILED,
    HCP_DEVICE_STATUS_RAMPING,
    HCP_DEVICE_STATUS_STALE,
    HCP_DEVICE_STATUSES
} hcp_device_status;

/* One priority scale: "P1"…"P4" = numbers 1…4 = Critical, High, Medium, Low. */
typedef enum {
    HCP_PRIORITY_NONE,
    HCP_PRIORITY_P1, /* real-time inference: starts within 100 ms */
    HCP_PRIORITY_P2, /* batch inference: within 5 min */
    HCP_PRIORITY_P3, /* training: within 30 min */
    HCP_PRIORITY_P4, /* mining: background filler */
    HCP_PRIORITIES
} hcp_priority;

typedef enum {
    HCP_WORKLOAD_AI_INFERENCE_REALTIME,
    HCP_WORKLOAD_AI_INFERENCE_BATCH,
    HCP_WORKLOAD_MODEL_TRAINING,
    HCP_WORKLOAD_HYPERPARAMETER_TUNING,
    HCP_WORKLOAD_DATA_PROCESSING,
    HCP_WORKLOAD_BITCOIN_MINING,
    HCP_WORKLOAD_KINDS
} hcp_workload_kind;

typedef enum {
    HCP_WORKLOAD_QUEUED,
    HCP_WORKLOAD_STARTING, /* leased, devices switching in */
    HCP_WORKLOAD_RUNNING,
    HCP_WORKLOAD_COMPLETED,
    HCP_WORKLOAD_FAILED,
    HCP_WORKLOAD_CANCELLED,
    HCP_WORKLOAD_STATUSES
} hcp_workload_status;

/* Why a queued workload waits (PX1). The numbers that go with it are computed on reading. */
typedef enum {
    HCP_WAIT_NONE,
    HCP_WAIT_BEHIND,  /* earlier workloads of the class come first */
    HCP_WAIT_DEVICES, /* too few free devices of the accepted classes in one facility */
    HCP_WAIT_POWER,   /* devices are free, the site cap leaves no room; mining is being curtailed */
    HCP_WAIT_PREEMPTION, /* victims are draining */
    HCP_WAIT_EMERGENCY,  /* every accepted facility is shut down */
    HCP_WAIT_BACKOFF,    /* retry after a failed switch */
    HCP_WAIT_DEFERRED,   /* put off on purpose to cheaper hours; devices are kept for it */
    HCP_WAITS
} hcp_wait;

/* The phases of a switch, in order (DESIGN section 8). */
typedef enum {
    HCP_PHASE_VALIDATE,
    HCP_PHASE_ASSIGN,
    HCP_PHASE_QUIESCE,
    HCP_PHASE_SAVE,
    HCP_PHASE_ACTIVATE,
    HCP_PHASE_VERIFY,
    HCP_PHASE_SERVE,
    HCP_PHASE_ROLLBACK, /* back to the mode it came from */
    HCP_PHASES
} hcp_phase;

/* Where the bytes of a model are when a switch begins. */
typedef enum {
    HCP_RESIDENCY_HBM,
    HCP_RESIDENCY_HOST,
    HCP_RESIDENCY_DISK,
    HCP_RESIDENCY_COLD,
    HCP_RESIDENCIES
} hcp_residency;

typedef enum {
    HCP_PRICE_ELECTRICITY, /* per facility, USD/MWh */
    HCP_PRICE_BTC,         /* USD/BTC */
    HCP_PRICE_GPU_SPOT,    /* USD/GPU-hour */
    HCP_PRICE_DIFFICULTY,
    HCP_PRICE_BLOCK_SUBSIDY, /* BTC/block */
    HCP_PRICE_BLOCK_FEES,    /* BTC/block, mean of the previous day */
    HCP_PRICE_HASHPRICE,     /* USD/(PH/s day), derived from the four above */
    HCP_PRICE_DAY_AHEAD, /* per facility, USD/MWh for the current hour, published the day before */
    HCP_PRICE_RESERVE, /* per facility, USD per MW and hour: the dearest reserve that it sells now */
    HCP_PRICE_KINDS
} hcp_price_kind;

typedef enum {
    HCP_QUALITY_MISSING, /* never seen, or withdrawn by the source */
    HCP_QUALITY_STALE,   /* older than its limit */
    HCP_QUALITY_SUSPECT, /* outlier or frozen */
    HCP_QUALITY_GOOD,
    HCP_QUALITIES
} hcp_quality;

typedef enum {
    HCP_SEVERITY_CRITICAL,
    HCP_SEVERITY_WARNING,
    HCP_SEVERITY_INFO,
    HCP_SEVERITY_SUCCESS,
    HCP_SEVERITIES
} hcp_severity;

typedef enum {
    HCP_ALERT_INFRASTRUCTURE,
    HCP_ALERT_CUSTOMER,
    HCP_ALERT_SYSTEM,
    HCP_ALERT_CATEGORIES
} hcp_alert_category;

/* What energy and power are used for; site overhead (PUE) is carried by its use. */
typedef enum {
    HCP_USE_AI,
    HCP_USE_MINING,
    HCP_USE_IDLE, /* idle, off and curtailed standby power */
    HCP_USES
} hcp_use;

typedef enum {
    HCP_GRID_DEMAND_RESPONSE, /* paid for the energy it does not use */
    HCP_GRID_RESERVE_CALL,    /* reserve that was sold is wanted */
    HCP_GRID_KINDS
} hcp_grid_kind;

/* Reserve that a load which can stop may sell. */
typedef enum {
    HCP_RESERVE_NONE, /* not said, as in journals from before products were told apart */
    HCP_RESERVE_RRS,
    HCP_RESERVE_ECRS,
    HCP_RESERVE_NSPIN,
    HCP_RESERVE_REGUP,
    HCP_RESERVES
} hcp_reserve;

/* Products as a mask; not of HCP_RESERVE_NONE. */
#define HCP_RESERVE_BIT(product) (1U << ((product)-1))
#define HCP_RESERVE_EVERY (HCP_RESERVE_BIT(HCP_RESERVES) - 1)

/* How far a grid event is. */
typedef enum {
    HCP_GRID_OFFERED, /* an answer is wanted; it binds nobody */
    HCP_GRID_ANNOUNCED,
    HCP_GRID_RAMPING,   /* the cap has fallen; load goes until the start */
    HCP_GRID_ACTIVE,    /* measured and paid */
    HCP_GRID_RESTORING, /* over; the cap comes back step by step */
    HCP_GRID_ENDED,
    HCP_GRID_CANCELLED,
    HCP_GRID_DECLINED, /* the answer was no, or there was none in time */
    HCP_GRID_STAGES
} hcp_grid_stage;

/* Names at the edge, in enum order. */
extern const hcp_enum_names HCP_DEVICE_KIND_NAMES;   /* gpu, asic, cpu */
extern const hcp_enum_names HCP_MODE_NAMES;          /* off, idle, mining, serving, curtailed */
extern const hcp_enum_names HCP_HEALTH_NAMES;        /* ok, degraded, failed */
extern const hcp_enum_names HCP_ADMIN_NAMES;         /* none, cordoned, maintenance */
extern const hcp_enum_names HCP_DEVICE_STATUS_NAMES; /* active, idle, … */
extern const hcp_enum_names HCP_PRIORITY_NAMES;      /* none, P1, P2, P3, P4 */
extern const hcp_enum_names HCP_WORKLOAD_KIND_NAMES; /* ai_inference_realtime, … */
extern const hcp_enum_names
    HCP_WORKLOAD_STATUS_NAMES; /* queued, starting, running, completed, failed, cancelled */
extern const hcp_enum_names HCP_WAIT_NAMES;
extern const hcp_enum_names HCP_PHASE_NAMES;
extern const hcp_enum_names HCP_RESIDENCY_NAMES;
extern const hcp_enum_names HCP_PRICE_KIND_NAMES;
extern const hcp_enum_names HCP_QUALITY_NAMES;
extern const hcp_enum_names HCP_SEVERITY_NAMES;
extern const hcp_enum_names HCP_ALERT_CATEGORY_NAMES;
extern const hcp_enum_names HCP_USE_NAMES;
extern const hcp_enum_names HCP_GRID_KIND_NAMES;  /* demand_response, reserve_call */
extern const hcp_enum_names HCP_GRID_STAGE_NAMES; /* offered, announced, ramping, … */
extern const hcp_enum_names HCP_RESERVE_NAMES;    /* none, rrs, ecrs, nspin, regup */

#endif

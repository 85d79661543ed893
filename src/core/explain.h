/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a workload waits, in figures of this moment, and what would make it start. Every remedy named is sufficient as
 * things stand: applying it starts the workload (after the devices have switched). Also the history of a workload.
 */
#ifndef HCP_CORE_EXPLAIN_H
#define HCP_CORE_EXPLAIN_H

#include "core/eta.h"

typedef enum {
    HCP_REMEDY_WAIT, /* nothing to do: it starts by itself (back-off, draining, switching) */
    HCP_REMEDY_ACCEPT_CLASS,    /* a submission that also accepts class_ix would start at once */
    HCP_REMEDY_ACCEPT_FACILITY, /* one that also accepts the facility would */
    HCP_REMEDY_RETURN_DEVICES,  /* bring `count` devices of the group back into service */
    HCP_REMEDY_END_LEASES,      /* end the leases in `leases`, `count` devices together */
    HCP_REMEDY_RAISE_CAP,       /* raise the cap of the facility by power_w at the meter */
    HCP_REMEDY_END_EMERGENCY,   /* end the emergency of the facility */
    HCP_REMEDIES
} hcp_remedy_kind;

extern const hcp_enum_names HCP_REMEDY_NAMES; /* wait, accept_class, … */

typedef struct {
    hcp_remedy_kind kind;
    uint32_t facility, class_ix; /* HCP_NO_INDEX = not about one */
    uint32_t count;
    int64_t power_w;
    GArray *leases; /* hcp_lease_id, or NULL */
    char *text;     /* a sentence with the figures */
} hcp_remedy;

/* Devices of the accepted classes that are not available, by reason. */
typedef struct {
    const char *reason; /* static: "leased", "failed", … as in hcp_rejection */
    uint32_t count;
} hcp_unavailable;

typedef struct {
    /* static: "accepted", "queued", "leased", a phase, "started", "completed", … */
    const char *what;
    int64_t at_us;
} hcp_moment;

typedef struct {
    hcp_wait wait;
    uint32_t position;      /* in the order of service, 1 = next; 0 = not queued */
    uint64_t devices_ahead; /* asked for by those ahead that accept one of its classes */
    uint32_t needed;
    uint32_t facility, class_ix; /* where it is nearest to starting; HCP_NO_INDEX = nowhere */
    uint32_t free;               /* free devices there */
    uint32_t kept;               /* of those: kept for workloads ahead */
    uint32_t missing;            /* devices there that it lacks now */
    int64_t power_short_w;       /* watts at the meter that the cap there lacks */
    uint32_t feeder;             /* of that group; 0 = none */
    int64_t feeder_short_w;      /* IT watts that this feeder lacks */
    GArray *unavailable;         /* hcp_unavailable, of all its classes and facilities */
    GArray *remedies;            /* hcp_remedy, the easiest first */
    GArray *timeline;            /* hcp_moment, the oldest first */
    hcp_eta eta;
    char *sentence;
} hcp_explanation;

/* Explains workload `ix` at `now_us` (not before the last event). For one that does not wait, wait is HCP_WAIT_NONE, and
 * timeline and sentence tell what became of it. Clear with hcp_explanation_clear. */
void hcp_explain(const hcp_core *core, uint32_t ix, int64_t now_us,
                 hcp_explanation *ret_explanation);

/* Frees what the explanation owns and zeroes it. */
void hcp_explanation_clear(hcp_explanation *explanation);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Devices behind one interface. The platform tells a driver to carry out phases of a switch on
 * ranges of devices and hears later what came of it; it asks for telemetry in bulk, into arrays,
 * because a fleet has a million devices.
 *
 * Devices are dense indices 0..n-1 given by whoever builds the driver. Time is the platform's
 * clock, passed in; a driver that must wait for hardware does so elsewhere and reports at a later
 * poll. All calls come from one thread and return at once.
 */
#ifndef HCP_DRIVERS_DRIVER_H
#define HCP_DRIVERS_DRIVER_H

#include "sim/switchtime.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef enum {
    HCP_DRIVER_OFF,  /* standby: powered down or curtailed */
    HCP_DRIVER_IDLE, /* ready, doing nothing */
    HCP_DRIVER_MINE,
    HCP_DRIVER_SERVE, /* any customer workload */
    HCP_DRIVER_MODES
} hcp_driver_mode;

typedef struct {
    uint32_t first, count;
} hcp_driver_range;

/* A set of devices; borrowed for the call. Ranges do not overlap. */
typedef struct {
    const hcp_driver_range *ranges;
    uint32_t n_ranges;
} hcp_driver_devices;

/* One phase of one switch on a set of devices. */
typedef struct {
    uint64_t switch_id;
    hcp_switchtime_phase phase;
    uint32_t attempt; /* 0, then 1, … when the platform repeats a phase that was not confirmed */
    hcp_driver_devices devices;
    hcp_driver_mode from, to;
    hcp_switchtime_payload payload;
    double power_target_w; /* per device where it goes (in rollback: back to); 0 = rated */
    double load;           /* wanted utilisation there, 0..1 */
} hcp_driver_command;

typedef enum {
    HCP_DRIVER_OK,
    HCP_DRIVER_PARTIAL, /* some devices failed, the rest are through the phase */
    HCP_DRIVER_FAILED,  /* no device is through the phase */
} hcp_driver_outcome;

typedef enum {
    HCP_DRIVER_CAUSE_NONE,
    HCP_DRIVER_CAUSE_OOM,
    HCP_DRIVER_CAUSE_RESTORE,     /* state came back incomplete; nothing was let through */
    HCP_DRIVER_CAUSE_DEVICE_DOWN, /* the device failed before or during the phase */
    HCP_DRIVER_CAUSE_REJECTED,    /* the device cannot do this, e.g. a miner told to serve */
    HCP_DRIVER_CAUSES
} hcp_driver_cause;

/* Completion of a command, once per accepted command, never before `ended_us`. */
typedef struct {
    uint64_t switch_id;
    hcp_switchtime_phase phase;
    uint32_t attempt;
    hcp_driver_outcome outcome;
    hcp_driver_cause cause;
    int64_t started_us, ended_us;    /* as measured, on the platform's clock */
    uint32_t failed_first, n_failed; /* slice of hcp_driver_batch.failed */
} hcp_driver_report;

typedef enum {
    HCP_DRIVER_DEVICE_FAILED,
    HCP_DRIVER_DEVICE_DEGRADED,
    HCP_DRIVER_DEVICE_RECOVERED,
} hcp_driver_health_kind;

typedef struct {
    int64_t at_us;
    uint32_t device;
    hcp_driver_health_kind kind;
    int xid; /* NVIDIA XID code, see drivers/xid.h; 0 = none */
} hcp_driver_health;

/* What one poll yields. The caller owns it and clears it between polls. */
typedef struct {
    GArray *reports; /* hcp_driver_report, by ended_us */
    GArray *health;  /* hcp_driver_health, by at_us */
    GArray *failed;  /* uint32_t device indices, referred to by reports */
} hcp_driver_batch;

typedef enum {
    HCP_DRIVER_GPU,
    HCP_DRIVER_ASIC,
    HCP_DRIVER_CPU,
} hcp_driver_kind;

/* What discovery tells about a run of alike devices. */
typedef struct {
    hcp_driver_range range;
    hcp_driver_kind kind;
    char class_name[32];
    double idle_w;
    double min_power_w, max_power_w; /* power targets and caps are accepted between these */
    int64_t memory_bytes;
    hcp_switchtime_links links;
    hcp_switchtime_ramps ramps;
} hcp_driver_group;

/* Columns for devices [first, first + count); entry i is device first + i. NULL columns are not
 * wanted. Values that a device does not have or did not send are NaN (floating) or left alone
 * (integers); `observed_us` then keeps its old value, which is how age is known. */
typedef struct {
    uint32_t first, count;
    int64_t *observed_us;
    float *temp_c;
    float *power_w;
    float *utilization; /* 0..1 */
    float *hashrate_ths;
    int64_t *memory_bytes;
    double *energy_j;                            /* counter */
    uint64_t *shares_accepted, *shares_rejected; /* counters */
    uint8_t *mode;                               /* hcp_driver_mode as the device has it */
} hcp_driver_columns;

typedef struct hcp_driver hcp_driver;

/*
 * The operations of a driver. Each is called from one thread, must not block and must not call back.
 */
typedef struct {
    const char *name;

    /* Appends an hcp_driver_group per run of alike devices, ordered by index, covering every device
     * once. Read only and repeatable. */
    void (*discover)(hcp_driver *driver, GArray *groups);

    /* Takes a command, copying what it needs. One phase of a switch is in progress at a time: the
     * same (switch, phase, attempt) again changes nothing, another one abandons the unfinished one,
     * of which no report comes any more. What the hardware refuses is a report. A command may be
     * lost: then no report ever comes, and the platform's deadline is what notices. */
    void (*start)(hcp_driver *driver, const hcp_driver_command *command, int64_t now_us);

    /* Forgets the unfinished command of a switch: no report of it comes after. Devices stay as they
     * are and accept new commands. Unknown switches are ignored. */
    void (*cancel)(hcp_driver *driver, uint64_t switch_id, int64_t now_us);

    /* Sets the power target of working devices and the cap of others, clamped to the class; ramps
     * take their time. 0 = rated. Devices that are off stay off. */
    void (*set_power)(hcp_driver *driver, hcp_driver_devices devices, double power_w,
                      int64_t now_us);

    /* Sets the wanted utilisation, 0..1, of serving devices; others ignore it. */
    void (*set_load)(hcp_driver *driver, hcp_driver_devices devices, double load, int64_t now_us);

    /* Earliest time at which poll yields something, INT64_MAX when nothing is under way. */
    int64_t (*next_due)(const hcp_driver *driver);

    /* Appends what ended and what happened up to `now_us`, in time order; a second poll at the same
     * time yields nothing new. */
    void (*poll)(hcp_driver *driver, int64_t now_us, hcp_driver_batch *batch);

    /* Fills the wanted columns as of `now_us`; time must not fall between calls. */
    void (*sample)(hcp_driver *driver, int64_t now_us, const hcp_driver_columns *columns);

    /* Releases the driver and abandons what is under way. */
    void (*free)(hcp_driver *driver);
} hcp_driver_ops;

/* Embedded first in every implementation. */
struct hcp_driver {
    const hcp_driver_ops *ops;
    uint32_t n_devices;
};

/* Makes the arrays of a batch, empties them for the next poll, and frees them. */
void hcp_driver_batch_init(hcp_driver_batch *batch);
void hcp_driver_batch_clear(hcp_driver_batch *batch);
void hcp_driver_batch_finish(hcp_driver_batch *batch);

/* All groups, as an array of hcp_driver_group; the caller unrefs it. */
GArray *hcp_driver_discover(hcp_driver *driver);

/* Starts a phase (see hcp_driver_ops.start). False with HCP_ERROR_INVALID, and nothing done, for an
 * empty set, an unknown device, or a load outside 0..1. */
bool hcp_driver_start(hcp_driver *driver, const hcp_driver_command *command, int64_t now_us,
                      GError **error);

/* See hcp_driver_ops.cancel. */
void hcp_driver_cancel(hcp_driver *driver, uint64_t switch_id, int64_t now_us);

/* See hcp_driver_ops.set_power and set_load; errors as for hcp_driver_start. */
bool hcp_driver_set_power(hcp_driver *driver, hcp_driver_devices devices, double power_w,
                          int64_t now_us, GError **error);
bool hcp_driver_set_load(hcp_driver *driver, hcp_driver_devices devices, double load,
                         int64_t now_us, GError **error);

/* See hcp_driver_ops. The columns of a sample must lie within the fleet. */
int64_t hcp_driver_next_due(const hcp_driver *driver);
void hcp_driver_poll(hcp_driver *driver, int64_t now_us, hcp_driver_batch *batch);
void hcp_driver_sample(hcp_driver *driver, int64_t now_us, const hcp_driver_columns *columns);

/* Releases the driver; NULL is allowed. */
void hcp_driver_free(hcp_driver *driver);

/* Lower-case names ("serve", "device_down"); "unknown" outside the enum. */
const char *hcp_driver_mode_name(hcp_driver_mode mode);
const char *hcp_driver_cause_name(hcp_driver_cause cause);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_driver, hcp_driver_free)

#endif

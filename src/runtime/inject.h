/* SPDX-License-Identifier: Apache-2.0 */
/* Faults on demand, for exercises and tests: simulated devices fail, commands to them are lost or late, feeds fall silent. */
#ifndef HCP_RUNTIME_INJECT_H
#define HCP_RUNTIME_INJECT_H

#include "runtime/platform.h"

typedef enum {
    HCP_INJECT_DEVICE_FAILED,
    HCP_INJECT_DEVICE_DEGRADED,
    HCP_INJECT_DEVICE_RECOVERED,
    HCP_INJECT_COMMAND_LOST, /* the next command to the device never arrives */
    HCP_INJECT_COMMAND_LATE, /* the next one takes `duration_us` longer */
    HCP_INJECT_FAN_FAILED,   /* the device runs hot and does not say so */
    HCP_INJECT_BOARD_LOST,   /* a miner loses one hash board of three, silently */
    HCP_INJECT_FEED_STALE,   /* nothing is heard of a price: it grows old */
    HCP_INJECT_FEED_RECOVERED,
    HCP_INJECT_KINDS
} hcp_inject_kind;

/* Names at the edge: device_failed, … */
extern const hcp_enum_names HCP_INJECT_NAMES;

typedef struct {
    hcp_inject_kind kind;
    uint32_t device;     /* faults of devices and commands */
    hcp_price_kind feed; /* faults of feeds */
    int xid;             /* 0 = none */
    int64_t duration_us; /* failures and silence end after it; 0 = with the matching recovery */
} hcp_inject;

/* Injects the fault now. HCP_ERROR_UNSUPPORTED when the devices are not simulated. */
bool hcp_platform_inject(hcp_platform *platform, const hcp_inject *fault, GError **error);

/* Until when nothing is heard of the price: INT64_MAX = until it is told to recover; 0 = it is heard. */
int64_t hcp_platform_silent_until(hcp_platform *platform, hcp_price_kind feed);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One device of a class as planning policies see it: what it earns and draws in each mode beyond rest, and what changing
 * mode costs. Devices of a class are alike, so one stands for all.
 */
#ifndef HCP_ECONOMICS_DISPATCH_DEVICE_H
#define HCP_ECONOMICS_DISPATCH_DEVICE_H

#include "economics/dispatch/dispatch.h"

/* Rest and power targets. */
#define HCP_DISPATCH_MAX_MODES 9

/* The longest minimum time that is planned with; a longer one is kept all the same, by those who carry the plan out. */
#define HCP_DISPATCH_MAX_DWELL 16

#define HCP_DISPATCH_MAX_NODES (HCP_DISPATCH_MAX_MODES * HCP_DISPATCH_MAX_DWELL)

/* A device. Mode 0 rests, mode t + 1 mines at target t. */
typedef struct {
    int n_modes;
    int dwell_steps; /* in a mode at least, 1 or more */
    /* income beyond rest's, before electricity and reserve */
    double usd_per_h[HCP_DISPATCH_MAX_MODES];
    double extra_mw[HCP_DISPATCH_MAX_MODES];  /* at the meter, beyond rest */
    double start_usd, stop_usd, retarget_usd; /* costs of changing mode */
    bool ready;                /* what it draws beyond rest can be sold as reserve, */
    double reserve_usd_per_mw; /* at this price, an hour */
} hcp_dispatch_device;

/* The device of `class_` at `hashprice` and the input's reserve price, in steps of `step_h`. Costs of changing are what was
 * measured or configured, at least the income of the ramp. */
void hcp_dispatch_device_fill(const hcp_dispatch_input *input, const hcp_dispatch_class *class_,
                              double hashprice, double step_h, hcp_dispatch_device *ret_device);

/* Cost in USD of changing from mode to mode. */
double hcp_dispatch_device_change_usd(const hcp_dispatch_device *device, int from, int to);

/* USD/h beyond rest at a price of electricity, reserve sold. */
double hcp_dispatch_device_usd_per_h(const hcp_dispatch_device *device, int mode,
                                     double usd_per_mwh);

/* The mode, rest left out, that earns most at a price. */
int hcp_dispatch_device_best(const hcp_dispatch_device *device, double usd_per_mwh);

#endif

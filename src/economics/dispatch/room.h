/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The room under the caps of a site and its feeders, shared out to classes of which every mode has its worth. Where
 * everything fits, each class gets the mode it is worth most in. Where it does not, power gets a price: the lowest at which
 * what is wanted fits. A feeder that binds has a price of its own, found from its classes alone; a class pays the larger of
 * that and the site's, so both are exact whichever binds. At that price a class may be worth more at a lower power target on
 * more devices than at full power on fewer. What is left goes, by the class, to whatever earns most with it.
 */
#ifndef HCP_ECONOMICS_DISPATCH_ROOM_H
#define HCP_ECONOMICS_DISPATCH_ROOM_H

#include "economics/dispatch/dispatch.h"
#include "economics/dispatch/worth.h"

#include <stdint.h>

/* What a class has to offer. Devices that mine stand in mode `mode`, the others rest. */
typedef struct {
    uint32_t mining, resting;
    int mode;
    int n_modes; /* 0: cannot mine */
    /* worth of a device that mines, by the mode it goes to */
    double stay_usd[HCP_DISPATCH_MAX_MODES];
    double start_usd[HCP_DISPATCH_MAX_MODES]; /* of one that rests */
    double extra_w[HCP_DISPATCH_MAX_MODES];   /* IT watts beyond rest */
    bool keep;                                /* nothing of it may move */
    int feeder;                               /* that it hangs on; 0 = none */
} hcp_dispatch_offer;

/* So many devices of it mine, in that mode; the others rest. */
typedef struct {
    int mode;
    uint32_t mine;
} hcp_dispatch_grant;

/* Worth in USD of the class with that grant. Those that mine already go first. */
double hcp_dispatch_grant_usd(const hcp_dispatch_offer *offer, const hcp_dispatch_grant *grant);

/* Shares what each supply has, IT watts counted from all devices at rest (hcp_dispatch_rooms), to `n` classes. */
void hcp_dispatch_room_share(const hcp_dispatch_offer *offers, int n, const double *room_w,
                             int n_feeders, hcp_dispatch_grant *ret_grants);

/* The electricity price from which on `n` kinds of device, `counts` of each, would together draw no more than `room_mw`
 * beyond rest, each in the mode that earns most; -INFINITY when they fit at any price. None of them pays less than its own of
 * `least_usd_per_mwh`. */
double hcp_dispatch_room_floor(const hcp_dispatch_device *devices, const uint32_t *counts,
                               const double *least_usd_per_mwh, int n, double room_mw);

#endif

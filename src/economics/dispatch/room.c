/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/dispatch/room.h"

#include "economics/dispatch/share.h"

#include <glib.h>
#include <math.h>
#include <string.h>

/* Halvings of an interval of prices: beyond the precision of what is compared. */
#define HALVINGS 60

/* No price of electricity is further from zero. */
#define PRICE_MOST 1e5

double hcp_dispatch_grant_usd(const hcp_dispatch_offer *offer, const hcp_dispatch_grant *grant)
{
    if (offer->n_modes == 0)
        return 0.0;
    uint32_t stay = MIN(grant->mine, offer->mining), start = grant->mine - stay;
    return stay * offer->stay_usd[grant->mode] + (offer->mining - stay) * offer->stay_usd[0] +
           start * offer->start_usd[grant->mode] + (offer->resting - start) * offer->start_usd[0];
}

static uint32_t that_fit(const hcp_dispatch_offer *offer, int mode, uint32_t wanted, double room_w)
{
    double each_w = offer->extra_w[mode];
    return each_w <= 0 ? wanted : (uint32_t)MIN(floor(MAX(room_w, 0) / each_w), (double)wanted);
}

/* Devices for which mining in `mode` is worth more than rest when a watt costs `usd_per_w`; what is equal stays. */
static uint32_t wanted_in(const hcp_dispatch_offer *offer, int mode, double usd_per_w)
{
    double price = usd_per_w * offer->extra_w[mode];
    uint32_t wanted = 0;
    if (offer->stay_usd[mode] - price >= offer->stay_usd[0])
        wanted += offer->mining;
    if (offer->start_usd[mode] - price > offer->start_usd[0])
        wanted += offer->resting;
    return wanted;
}

static hcp_dispatch_grant kept(const hcp_dispatch_offer *offer)
{
    return (hcp_dispatch_grant){.mode = offer->mode, .mine = offer->mining};
}

static double draw_w(const hcp_dispatch_offer *offer, const hcp_dispatch_grant *grant)
{
    return grant->mine * offer->extra_w[grant->mode];
}

/* The best of a class at a price of power, in at most `room_w`. The present mode goes first: what is equal stays. */
static hcp_dispatch_grant best_at(const hcp_dispatch_offer *offer, double usd_per_w, double room_w)
{
    int present = CLAMP(offer->mode, 1, offer->n_modes - 1);
    hcp_dispatch_grant best = {.mode = present};
    double best_usd = hcp_dispatch_grant_usd(offer, &best);
    for (int i = 0; i < offer->n_modes - 1; i++) {
        int mode = 1 + (present - 1 + i) % (offer->n_modes - 1);
        hcp_dispatch_grant grant = {.mode = mode};
        grant.mine = that_fit(offer, mode, wanted_in(offer, mode, usd_per_w), room_w);
        double usd = hcp_dispatch_grant_usd(offer, &grant) - usd_per_w * draw_w(offer, &grant);
        if (usd > best_usd) {
            best = grant;
            best_usd = usd;
        }
    }
    return best;
}

/* The classes that share a supply, and the least that each of them pays for power, USD/W. */
typedef struct {
    const hcp_dispatch_offer *offers;
    int n;
    double least_usd[HCP_DISPATCH_MAX_CLASSES];
} market;

static bool buys_from(const hcp_dispatch_offer *offer, int supply)
{
    return offer->n_modes > 0 && !offer->keep && (supply == 0 || offer->feeder == supply);
}

/* What the classes of a supply take of it when a watt costs `usd_per_w`, or more where they pay more. */
static double share_at(const market *m, int supply, double usd_per_w, hcp_dispatch_grant *grants)
{
    double used_w = 0;
    for (int c = 0; c < m->n; c++) {
        if (!buys_from(&m->offers[c], supply))
            continue;
        grants[c] = best_at(&m->offers[c], MAX(usd_per_w, m->least_usd[c]), INFINITY);
        used_w += draw_w(&m->offers[c], &grants[c]);
    }
    return used_w;
}

/* No class wants power that costs more. */
static double dearest(const hcp_dispatch_offer *offers, int n)
{
    double most = 0;
    for (int c = 0; c < n; c++)
        for (int mode = 1; mode < offers[c].n_modes; mode++) {
            double gain = MAX(offers[c].stay_usd[mode] - offers[c].stay_usd[0],
                              offers[c].start_usd[mode] - offers[c].start_usd[0]);
            if (isfinite(gain))
                most = MAX(most, gain / MAX(offers[c].extra_w[mode], 1e-9));
        }
    return 1.001 * most + 1e-9;
}

/* Gives what nobody took at that price, the class first that gains most from a watt. */
static void give_rest(const hcp_dispatch_offer *offers, int n, double *room_w,
                      hcp_dispatch_grant *grants)
{
    bool done[HCP_DISPATCH_MAX_CLASSES] = {false};
    for (int round = 0; round < n; round++) {
        int first = -1;
        double best = 0;
        hcp_dispatch_grant more = {0};
        for (int c = 0; c < n; c++) {
            if (done[c] || !buys_from(&offers[c], 0))
                continue;
            double held_w = draw_w(&offers[c], &grants[c]);
            double own_w = hcp_dispatch_room_for(room_w, offers[c].feeder) + held_w;
            hcp_dispatch_grant grant = best_at(&offers[c], 0.0, own_w);
            double usd = hcp_dispatch_grant_usd(&offers[c], &grant) -
                         hcp_dispatch_grant_usd(&offers[c], &grants[c]);
            double per_w = usd / MAX(draw_w(&offers[c], &grant) - held_w, 1e-9);
            if (usd > 1e-12 && per_w > best) {
                first = c;
                best = per_w;
                more = grant;
            }
        }
        if (first < 0)
            return;
        hcp_dispatch_room_take(room_w, offers[first].feeder,
                               draw_w(&offers[first], &more) -
                                   draw_w(&offers[first], &grants[first]));
        grants[first] = more;
        done[first] = true;
    }
}

/* Raises what the classes of a supply pay until they fit in it; false when they do as it is. */
static bool price_supply(market *m, int supply, double room_w, hcp_dispatch_grant *grants)
{
    if (share_at(m, supply, 0.0, grants) <= room_w)
        return false;
    double low = 0.0, high = dearest(m->offers, m->n);
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (share_at(m, supply, middle, grants) <= room_w)
            high = middle;
        else
            low = middle;
    }
    for (int c = 0; c < m->n; c++)
        if (buys_from(&m->offers[c], supply))
            m->least_usd[c] = MAX(m->least_usd[c], high);
    return true;
}

/* Classes of which nothing may move take first. */
static void grant_kept(const hcp_dispatch_offer *offers, int n, double *room_w,
                       hcp_dispatch_grant *grants)
{
    for (int c = 0; c < n; c++) {
        grants[c] = (hcp_dispatch_grant){0};
        if (offers[c].n_modes == 0 || !offers[c].keep)
            continue;
        grants[c] = kept(&offers[c]);
        grants[c].mine = that_fit(&offers[c], offers[c].mode, offers[c].mining,
                                  hcp_dispatch_room_for(room_w, offers[c].feeder));
        hcp_dispatch_room_take(room_w, offers[c].feeder, draw_w(&offers[c], &grants[c]));
    }
}

void hcp_dispatch_room_share(const hcp_dispatch_offer *offers, int n, const double *room_w,
                             int n_feeders, hcp_dispatch_grant *ret_grants)
{
    double left_w[HCP_DISPATCH_SUPPLIES];
    market m = {.offers = offers, .n = n};
    bool binds = false;
    memcpy(left_w, room_w, (size_t)(n_feeders + 1) * sizeof *left_w);
    grant_kept(offers, n, left_w, ret_grants);
    for (int supply = n_feeders; supply >= 0; supply--) {
        left_w[supply] = MAX(left_w[supply], 0);
        binds |= price_supply(&m, supply, left_w[supply], ret_grants);
    }
    if (!binds)
        return;
    (void)share_at(&m, 0, 0.0, ret_grants);
    for (int c = 0; c < n; c++)
        if (buys_from(&offers[c], 0))
            hcp_dispatch_room_take(left_w, offers[c].feeder, draw_w(&offers[c], &ret_grants[c]));
    give_rest(offers, n, left_w, ret_grants);
}

static double fleet_mw(const hcp_dispatch_device *devices, const uint32_t *counts,
                       const double *least_usd_per_mwh, int n, double usd_per_mwh)
{
    double mw = 0;
    for (int c = 0; c < n; c++) {
        if (devices[c].n_modes < 2 || counts[c] == 0)
            continue;
        double price = MAX(usd_per_mwh, least_usd_per_mwh[c]);
        int mode = hcp_dispatch_device_best(&devices[c], price);
        if (hcp_dispatch_device_usd_per_h(&devices[c], mode, price) > 0)
            mw += counts[c] * devices[c].extra_mw[mode];
    }
    return mw;
}

double hcp_dispatch_room_floor(const hcp_dispatch_device *devices, const uint32_t *counts,
                               const double *least_usd_per_mwh, int n, double room_mw)
{
    double low = -PRICE_MOST, high = PRICE_MOST;
    if (fleet_mw(devices, counts, least_usd_per_mwh, n, low) <= room_mw)
        return -INFINITY;
    for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (fleet_mw(devices, counts, least_usd_per_mwh, n, middle) <= room_mw)
            high = middle;
        else
            low = middle;
    }
    return high;
}

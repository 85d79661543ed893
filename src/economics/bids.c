/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/bids.h"

#include "economics/dispatch/share.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>

/* Equal bids keep a fixed order, and of one class the lower target comes first. */
static int dearest_first(const void *a, const void *b)
{
    const hcp_bid *x = a, *y = b;
    if (x->usd_per_mwh != y->usd_per_mwh)
        return x->usd_per_mwh < y->usd_per_mwh ? 1 : -1;
    if (x->class_ix != y->class_ix)
        return x->class_ix - y->class_ix;
    return (x->devices == 0) - (y->devices == 0);
}

/* The mode that earns most for a MWh beyond `from`, or `from` when none takes more power. */
static int next_on_hull(const hcp_dispatch_device *device, int from, double *ret_usd_per_mwh)
{
    int next = from;
    *ret_usd_per_mwh = -INFINITY;
    for (int mode = 1; mode < device->n_modes; mode++) {
        double mw = device->extra_mw[mode] - device->extra_mw[from];
        if (mw <= 0)
            continue;
        double usd_per_mwh = (device->usd_per_h[mode] - device->usd_per_h[from]) / mw;
        if (usd_per_mwh > *ret_usd_per_mwh) {
            next = mode;
            *ret_usd_per_mwh = usd_per_mwh;
        }
    }
    return next;
}

static void add_class(const hcp_dispatch_input *input, int c, hcp_bids *bids)
{
    const hcp_dispatch_class *class_ = &input->classes[c];
    double devices = hcp_dispatch_class_free(class_) + (class_->asic ? class_->switching : 0);
    hcp_dispatch_device device;
    hcp_dispatch_device_fill(input, class_, input->hashprice, 1.0, &device);
    for (int mode = 0, next; devices > 0; mode = next) {
        double usd_per_mwh;
        next = next_on_hull(&device, mode, &usd_per_mwh);
        if (next == mode)
            return;
        bids->items[bids->n++] = (hcp_bid){
            .usd_per_mwh = usd_per_mwh + device.reserve_usd_per_mw,
            .strike_usd_per_mwh = class_->struck ? class_->strike_usd_per_mwh : INFINITY,
            .mw = devices * (device.extra_mw[next] - device.extra_mw[mode]),
            .class_ix = c,
            .devices = mode == 0 ? devices : 0,
            .asic = class_->asic,
        };
    }
}

void hcp_bids_fill(const hcp_dispatch_input *input, hcp_bids *ret_bids)
{
    g_assert(input->n_classes <= HCP_DISPATCH_MAX_CLASSES);
    ret_bids->n = 0;
    for (int c = 0; c < input->n_classes; c++)
        add_class(input, c, ret_bids);
    qsort(ret_bids->items, (size_t)ret_bids->n, sizeof *ret_bids->items, dearest_first);
}

void hcp_bids_take(const hcp_bids *bids, double usd_per_mwh, double room_mw,
                   hcp_bids_taken *ret_taken)
{
    *ret_taken = (hcp_bids_taken){0};
    for (int i = 0; i < bids->n && bids->items[i].usd_per_mwh > usd_per_mwh; i++) {
        const hcp_bid *bid = &bids->items[i];
        double mw = MIN(bid->mw, room_mw - ret_taken->mw);
        if (mw <= 0 || usd_per_mwh > bid->strike_usd_per_mwh)
            continue;
        ret_taken->mw += mw;
        ret_taken->asic_mw += bid->asic ? mw : 0;
        ret_taken->usd_per_h += mw * bid->usd_per_mwh;
        ret_taken->devices[bid->class_ix] += bid->devices * mw / bid->mw;
    }
}

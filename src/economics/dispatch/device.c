/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/dispatch/device.h"

#include "base/units.h"
#include "economics/dispatch/share.h"

#include <math.h>

void hcp_dispatch_device_fill(const hcp_dispatch_input *input, const hcp_dispatch_class *class_,
                              double hashprice, double step_h, hcp_dispatch_device *ret_device)
{
    hcp_dispatch_input free_power = *input;
    free_power.usd_per_mwh = 0;
    free_power.reserve_usd_per_mw = 0;
    free_power.hashprice = hashprice;
    hcp_dispatch_device device = {.dwell_steps = 1,
                                  .ready = class_->asic,
                                  .reserve_usd_per_mw =
                                      class_->asic ? input->reserve_usd_per_mw : 0};
    if (hcp_dispatch_can_mine(class_))
        device.n_modes = 1 + MIN(class_->n_targets, HCP_DISPATCH_MAX_MODES - 1);
    double most = 0;
    for (int mode = 1; mode < device.n_modes; mode++) {
        device.usd_per_h[mode] = hcp_dispatch_mining_usd_per_h(&free_power, class_, mode - 1) -
                                 hcp_dispatch_rest_usd_per_h(&free_power, class_);
        device.extra_mw[mode] =
            (class_->targets[mode - 1].power_w - hcp_dispatch_rest_w(class_)) * input->pue / 1e6;
        most = MAX(most, device.usd_per_h[mode]);
    }
    device.start_usd = MAX(class_->switch_usd, most * class_->ramp_up_h);
    device.stop_usd = MAX(class_->switch_usd, most * class_->ramp_down_h);
    device.retarget_usd = class_->switch_usd;
    double dwell_steps = (double)input->min_dwell_us / (double)HCP_US_PER_H / step_h;
    device.dwell_steps = (int)CLAMP(ceil(dwell_steps - 1e-9), 1, HCP_DISPATCH_MAX_DWELL);
    *ret_device = device;
}

double hcp_dispatch_device_change_usd(const hcp_dispatch_device *device, int from, int to)
{
    if (from == to)
        return 0.0;
    return from == 0 ? device->start_usd : to == 0 ? device->stop_usd : device->retarget_usd;
}

double hcp_dispatch_device_usd_per_h(const hcp_dispatch_device *device, int mode,
                                     double usd_per_mwh)
{
    return device->usd_per_h[mode] -
           device->extra_mw[mode] * (usd_per_mwh - device->reserve_usd_per_mw);
}

int hcp_dispatch_device_best(const hcp_dispatch_device *device, double usd_per_mwh)
{
    int best = 1;
    for (int mode = 2; mode < device->n_modes; mode++)
        if (hcp_dispatch_device_usd_per_h(device, mode, usd_per_mwh) >
            hcp_dispatch_device_usd_per_h(device, best, usd_per_mwh))
            best = mode;
    return best;
}

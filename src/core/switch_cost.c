/* SPDX-License-Identifier: Apache-2.0 */
#include "core/switch_cost.h"

#include "base/units.h"
#include "core/internal.h"
#include "core/switching.h"

#include <math.h>

/* 97.5 % quantile of the normal distribution. */
static const double INTERVAL = 1.96;

static const hcp_switch_cost *find(const hcp_state *state, const hcp_switch_cost *key)
{
    for (guint i = 0; i < state->switch_costs->len; i++) {
        const hcp_switch_cost *row = &g_array_index(state->switch_costs, hcp_switch_cost, i);
        if (row->facility == key->facility && row->class_ix == key->class_ix &&
            row->from == key->from && row->to == key->to)
            return row;
    }
    return NULL;
}

/* Charged per device and hour under the lease that the switch leads to. */
static hcp_usd_micro lease_rate(const hcp_core *core, hcp_lease_id id)
{
    uint32_t ix = hcp_core_find_lease(core, id);
    if (ix == HCP_NO_INDEX)
        return 0;
    const hcp_lease *lease = hcp_state_lease(&core->state, ix);
    return lease->workload == HCP_NO_INDEX
               ? lease->rate_usd_micro_per_h
               : hcp_state_workload(&core->state, lease->workload)->def.rate_usd_micro_per_h;
}

static double income_usd_per_h(const hcp_core *core, const hcp_switch *sw, hcp_mode mode,
                               uint32_t target)
{
    const hcp_class_defined *cls = &hcp_state_class(&core->state, sw->def.class_ix)->def;
    if (mode == HCP_MODE_SERVING)
        return hcp_money_to_usd(lease_rate(core, sw->def.lease));
    if (mode != HCP_MODE_MINING)
        return 0;
    if (cls->kind != HCP_DEVICE_ASIC)
        return hcp_money_to_usd(cls->mining_usd_micro_per_h);
    const hcp_power_target *targets = cls->power_targets.items;
    double paid = 1 - (double)core->state.settings.pool_fee_ppm / 1e6;
    return targets[target].ths / 1000 * core->state.market.global[HCP_PRICE_HASHPRICE].value / 24 *
           paid;
}

/* Of one device. A switch that was rolled back lost the mode it came from. */
static double loss_usd(const hcp_core *core, const hcp_switch *sw, const hcp_switch_ended *ended)
{
    const hcp_state *state = &core->state;
    const hcp_class_defined *cls = &hcp_state_class(state, sw->def.class_ix)->def;
    const hcp_facility_defined *site = &hcp_state_facility(state, sw->def.facility)->def;
    hcp_mode mode = ended->ok ? sw->def.to : sw->def.from;
    uint32_t target = ended->ok ? sw->def.power_target : sw->from_target;
    int64_t way_w = MAX(hcp_power_device_w(cls, sw->def.from, sw->from_target),
                        hcp_power_device_w(cls, sw->def.to, sw->def.power_target));
    double extra_mw = (double)(way_w - hcp_power_device_w(cls, mode, target)) *
                      (double)site->pue_milli / 1000.0 / (double)HCP_W_PER_MW;
    double usd_per_mwh =
        g_array_index(state->market.electricity, hcp_price_observed, sw->def.facility).value;
    double usd_per_h = income_usd_per_h(core, sw, mode, target) + extra_mw * usd_per_mwh;
    return usd_per_h * (double)ended->duration_us / (double)HCP_US_PER_H;
}

void hcp_switch_cost_note(hcp_core *core, const hcp_switch *sw, const hcp_switch_ended *ended)
{
    const hcp_switch_cost key = {.facility = sw->def.facility,
                                 .class_ix = sw->def.class_ix,
                                 .from = sw->def.from,
                                 .to = sw->def.to};
    /* A move from one power target to another is no pair of modes. */
    if (key.from == key.to || sw->left == 0)
        return;
    hcp_switch_cost *row = (hcp_switch_cost *)find(&core->state, &key);
    if (row == NULL) {
        g_array_append_val(core->state.switch_costs, key);
        row = &g_array_index(core->state.switch_costs, hcp_switch_cost,
                             core->state.switch_costs->len - 1);
    }
    double usd = loss_usd(core, sw, ended);
    row->switches++;
    row->devices += sw->left;
    row->duration_us += ended->duration_us;
    row->usd += usd;
    row->usd_square += usd * usd;
}

void hcp_switch_cost_read(const hcp_switch_cost *row, hcp_switch_cost_view *ret_view)
{
    double n = (double)row->switches, mean = row->usd / n;
    double variance = n > 1 ? MAX(0, row->usd_square - n * mean * mean) / (n - 1) : 0;
    double half = INTERVAL * sqrt(variance / n);
    *ret_view = (hcp_switch_cost_view){
        .mean_usd = mean,
        .low_usd = mean - half,
        .high_usd = mean + half,
        .mean_duration_us = row->duration_us / row->switches,
    };
}

bool hcp_switch_cost_move(const hcp_state *state, uint32_t facility, uint32_t class_ix,
                          double *ret_usd)
{
    bool asic = hcp_state_class(state, class_ix)->def.kind == HCP_DEVICE_ASIC;
    hcp_mode rest = asic ? HCP_MODE_CURTAILED : HCP_MODE_IDLE;
    hcp_switch_cost key = {
        .facility = facility, .class_ix = class_ix, .from = HCP_MODE_MINING, .to = rest};
    const hcp_switch_cost *down = find(state, &key);
    key.from = rest;
    key.to = HCP_MODE_MINING;
    const hcp_switch_cost *up = find(state, &key);
    if (down == NULL || up == NULL || down->switches < HCP_SWITCH_COST_ENOUGH ||
        up->switches < HCP_SWITCH_COST_ENOUGH)
        return false;
    hcp_switch_cost_view there, back;
    hcp_switch_cost_read(down, &there);
    hcp_switch_cost_read(up, &back);
    *ret_usd = MAX(0, (there.mean_usd + back.mean_usd) / 2);
    return true;
}

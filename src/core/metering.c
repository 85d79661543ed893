/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The meters: energy by use, its cost, mining income and service income of every facility. Power, prices and rates are
 * constant between two advances, so each step is a product; the remainder of each division is carried to the next step,
 * which makes the sums exact and independent of how often the meter is advanced.
 */
#include "core/metering.h"

#include "base/units.h"
#include "core/internal.h"
#include "core/power.h"
#include "core/reserve.h"

#include <math.h>
#include <string.h>

__extension__ typedef __int128 wide;

/* One joule is this many W * us * pue_milli. */
#define ENERGY_PER_J INT64_C(1000000000)
/* Micro-dollars per MWh times that, per micro-dollar. */
#define COST_PER_MICRO (HCP_J_PER_MWH * ENERGY_PER_J)
/* Milligrams per kWh times ENERGY_PER_J, per milligram. */
#define CARBON_PER_MG (HCP_J_PER_KWH * ENERGY_PER_J)
/* GH/s times micro-dollars per PH/s and day times us, per micro-dollar. */
#define MINING_PER_MICRO (INT64_C(1000000) * HCP_US_PER_DAY)

/* Adds `amount` / `unit` to `total`, carrying the fraction in `rest` (0 <= rest < unit, also for negative amounts). */
static void accumulate(int64_t *total, int64_t *rest, wide amount, int64_t unit)
{
    wide sum = amount + *rest;
    wide whole = sum / unit;
    wide left = sum % unit;
    if (left < 0) {
        left += unit;
        whole -= 1;
    }
    *total += (int64_t)whole;
    *rest = (int64_t)left;
}

/* The last known price as a whole number of micro-dollars per its unit; 0 when there never was one. */
static int64_t price_micro(const hcp_price_observed *price)
{
    return hcp_money_from_usd(price->value);
}

/* What the pool keeps of the hashprice, rounded once like every price that becomes money. */
static int64_t fee_micro(const hcp_state *state)
{
    return hcp_units_muldiv(price_micro(&state->market.global[HCP_PRICE_HASHPRICE]),
                            state->settings.pool_fee_ppm, 1000000);
}

/* What it pays out. */
static int64_t paid_micro(const hcp_state *state)
{
    return price_micro(&state->market.global[HCP_PRICE_HASHPRICE]) - fee_micro(state);
}

static int64_t hashrate_ghs(const hcp_facility *facility)
{
    return llround(facility->mining_ths * 1000);
}

/* Configured income of the GPUs that mine in the labelled simulation. */
static int64_t gpu_mining_per_h(const hcp_state *state, uint32_t facility)
{
    int64_t sum = 0;
    const hcp_fleet *fleet = &state->fleet;
    for (guint i = 0; i < fleet->groups->len; i++) {
        const hcp_group *group = hcp_state_group(state, i);
        if (group->facility == facility && group->by_mode[HCP_MODE_MINING] > 0)
            sum += hcp_state_class(state, group->class_ix)->def.mining_usd_micro_per_h *
                   group->by_mode[HCP_MODE_MINING];
    }
    return sum;
}

/* Micro-dollars times MINING_PER_MICRO earned by mining over `us`. */
static wide mining_income(const hcp_state *state, uint32_t ix, const hcp_facility *facility,
                          int64_t us)
{
    wide hash = (wide)hashrate_ghs(facility) * paid_micro(state) * us;
    /* us * micro-dollars/h, brought to the unit of the hash income. */
    return hash + (wide)gpu_mining_per_h(state, ix) * us * (MINING_PER_MICRO / HCP_US_PER_H);
}

/* Pays for what stands ready, by the product that is sold now. Below, `facility` is as for advance. */
static void sell_reserve(const hcp_state *state, uint32_t ix, hcp_facility *facility, int64_t us)
{
    const hcp_price_observed *price = hcp_reserve_in_force(state, ix);
    if (price->quality < HCP_QUALITY_SUSPECT)
        return;
    wide ready = (wide)hcp_power_reserve_w(state, ix) * us;
    hcp_reserve_sold *sold = &facility->reserve_sold[price->product];
    hcp_usd_micro before_usd_micro = facility->reserve_usd_micro;
    accumulate(&facility->reserve_usd_micro, &facility->reserve_rest,
               ready * 1000 * price_micro(price), COST_PER_MICRO);
    accumulate(&sold->ready_j, &facility->ready_rest, ready, HCP_US_PER_S);
    sold->usd_micro += facility->reserve_usd_micro - before_usd_micro;
}

/* Advances the meters inside `facility`, a row of `state` or a copy of it. */
static void advance(const hcp_state *state, uint32_t ix, hcp_facility *facility, int64_t now_us)
{
    int64_t us = now_us - facility->metered_us;
    if (us <= 0)
        return;
    const hcp_price_observed *electricity =
        &g_array_index(state->market.electricity, hcp_price_observed, ix);
    wide sum = 0;
    for (int use = 0; use < HCP_USES; use++) {
        wide energy = (wide)facility->use_power_w[use] * facility->def.pue_milli * us;
        accumulate(&facility->energy_j[use], &facility->energy_rest[use], energy, ENERGY_PER_J);
        accumulate(&facility->carbon_mg[use], &facility->carbon_rest[use],
                   energy * facility->def.carbon_mg_per_kwh, CARBON_PER_MG);
        sum += energy;
    }
    accumulate(&facility->energy_cost_usd_micro, &facility->energy_cost_rest,
               sum * price_micro(electricity), COST_PER_MICRO);
    accumulate(&facility->mining_usd_micro, &facility->mining_rest,
               mining_income(state, ix, facility, us), MINING_PER_MICRO);
    accumulate(&facility->pool_fee_usd_micro, &facility->pool_fee_rest,
               (wide)hashrate_ghs(facility) * fee_micro(state) * us, MINING_PER_MICRO);
    accumulate(&facility->ai_usd_micro, &facility->ai_rest, (wide)facility->ai_usd_micro_per_h * us,
               HCP_US_PER_H);
    accumulate(&facility->foregone_usd_micro, &facility->foregone_rest,
               (wide)facility->asleep_ghs * paid_micro(state) * us, MINING_PER_MICRO);
    wide avoided = (wide)facility->asleep_w * facility->def.pue_milli * us;
    accumulate(&facility->avoided_j, &facility->avoided_j_rest, avoided, ENERGY_PER_J);
    accumulate(&facility->avoided_usd_micro, &facility->avoided_rest,
               avoided * price_micro(electricity), COST_PER_MICRO);
    sell_reserve(state, ix, facility, us);
    facility->metered_us = now_us;
}

void hcp_metering_advance(hcp_core *core, uint32_t facility, int64_t now_us)
{
    hcp_facility *row = hcp_core_facility(core, facility);
    if (row->metered_us >= now_us)
        return;
    hcp_grid_mark_boundaries(core, facility, now_us);
    hcp_account_advance(core, facility, now_us - row->metered_us);
    advance(&core->state, facility, row, now_us);
}

void hcp_metering_charge(hcp_core *core, uint32_t facility, hcp_usd_micro delta_per_h)
{
    hcp_facility *row = hcp_core_facility(core, facility);
    hcp_metering_advance(core, facility, core->state.now_us);
    row->ai_usd_micro_per_h += delta_per_h;
}

hcp_usd_micro hcp_metering_cost(int64_t energy_j, double usd_per_mwh, int64_t *rest)
{
    hcp_usd_micro cost = 0;
    accumulate(&cost, rest, (wide)energy_j * hcp_money_from_usd(usd_per_mwh), HCP_J_PER_MWH);
    return cost;
}

void hcp_metering_credit(hcp_core *core, uint32_t facility, hcp_usd_micro per_h, int64_t us)
{
    hcp_facility *row = hcp_core_facility(core, facility);
    accumulate(&row->ai_usd_micro, &row->ai_rest, -(wide)per_h * us, HCP_US_PER_H);
}

void hcp_metering_begin_allocation(hcp_core *core, uint32_t ix)
{
    hcp_lease *lease = hcp_core_lease(core, ix);
    const hcp_customer *customer = hcp_core_customer(core, lease->def.customer);
    const hcp_class *cls = hcp_state_class(&core->state, lease->def.class_ix);
    int64_t permille = customer->def.rate_permille > 0 ? customer->def.rate_permille : 1000;
    lease->rate_usd_micro_per_h = hcp_units_muldiv(cls->def.rate_usd_micro_per_h, permille, 1000);
    hcp_metering_charge(core, lease->def.facility,
                        lease->rate_usd_micro_per_h * lease->def.devices.count);
}

void hcp_metering_end_allocation(hcp_core *core, uint32_t ix)
{
    const hcp_lease *lease = hcp_core_lease(core, ix);
    const hcp_class *cls = hcp_state_class(&core->state, lease->def.class_ix);
    hcp_customer *customer = hcp_core_customer(core, lease->def.customer);
    int64_t held_us = core->state.now_us - lease->granted_us;
    hcp_metering_charge(core, lease->def.facility,
                        -lease->rate_usd_micro_per_h * lease->def.devices.count);
    customer->used_device_us += hcp_units_muldiv(held_us * lease->def.devices.count,
                                                 hcp_class_share_milli(&cls->def), HCP_SHARE_WHOLE);
    customer->spent_usd_micro +=
        hcp_money_accrue(lease->rate_usd_micro_per_h, held_us, lease->def.devices.count);
}

void hcp_meter_read(const hcp_state *state, uint32_t facility, int64_t now_us, hcp_meter *ret_meter)
{
    hcp_facility copy = *hcp_state_facility(state, facility);
    advance(state, facility, &copy, now_us);
    *ret_meter = (hcp_meter){
        .at_us = copy.metered_us,
        .energy_cost_usd_micro = copy.energy_cost_usd_micro,
        .mining_usd_micro = copy.mining_usd_micro,
        .ai_usd_micro = copy.ai_usd_micro,
        .grid_usd_micro = copy.grid_usd_micro + copy.reserve_usd_micro,
        .reserve_usd_micro = copy.reserve_usd_micro,
        .foregone_usd_micro = copy.foregone_usd_micro,
        .avoided_usd_micro = copy.avoided_usd_micro,
        .avoided_j = copy.avoided_j,
        .pool_fee_usd_micro = copy.pool_fee_usd_micro,
        .true_up_usd_micro = copy.true_up_usd_micro,
        .peak_charge_usd_micro = copy.peak_charge_usd_micro,
    };
    for (int use = 0; use < HCP_USES; use++) {
        ret_meter->energy_j[use] = copy.energy_j[use];
        ret_meter->carbon_mg[use] = copy.carbon_mg[use];
    }
    memcpy(ret_meter->reserve_sold, copy.reserve_sold, sizeof copy.reserve_sold);
}

int64_t hcp_meter_energy_j(const hcp_meter *meter)
{
    int64_t total_j = 0;
    for (int use = 0; use < HCP_USES; use++)
        total_j += meter->energy_j[use];
    return total_j;
}

hcp_usd_micro hcp_meter_revenue(const hcp_meter *meter)
{
    return meter->mining_usd_micro + meter->ai_usd_micro + meter->grid_usd_micro;
}

hcp_usd_micro hcp_meter_profit(const hcp_meter *meter)
{
    return hcp_meter_revenue(meter) - meter->energy_cost_usd_micro - meter->true_up_usd_micro -
           meter->peak_charge_usd_micro;
}

void hcp_meter_add(hcp_meter *sum, const hcp_meter *part)
{
    sum->at_us = MAX(sum->at_us, part->at_us);
    for (int use = 0; use < HCP_USES; use++) {
        sum->energy_j[use] += part->energy_j[use];
        sum->carbon_mg[use] += part->carbon_mg[use];
    }
    for (int product = 0; product < HCP_RESERVES; product++) {
        sum->reserve_sold[product].ready_j += part->reserve_sold[product].ready_j;
        sum->reserve_sold[product].usd_micro += part->reserve_sold[product].usd_micro;
    }
    sum->energy_cost_usd_micro += part->energy_cost_usd_micro;
    sum->mining_usd_micro += part->mining_usd_micro;
    sum->ai_usd_micro += part->ai_usd_micro;
    sum->grid_usd_micro += part->grid_usd_micro;
    sum->reserve_usd_micro += part->reserve_usd_micro;
    sum->foregone_usd_micro += part->foregone_usd_micro;
    sum->avoided_usd_micro += part->avoided_usd_micro;
    sum->avoided_j += part->avoided_j;
    sum->pool_fee_usd_micro += part->pool_fee_usd_micro;
    sum->true_up_usd_micro += part->true_up_usd_micro;
    sum->peak_charge_usd_micro += part->peak_charge_usd_micro;
}

hcp_usd_micro hcp_meter_mining_usd_micro_per_h(const hcp_state *state, uint32_t facility)
{
    const hcp_facility *row = hcp_state_facility(state, facility);
    return (hcp_usd_micro)(mining_income(state, facility, row, HCP_US_PER_H) / MINING_PER_MICRO);
}

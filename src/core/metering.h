/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a facility has used and earned up to a moment. The state's own accumulators are exact up to the last change of
 * power or price; this reads them forward to now without writing. Sums are exact: fractions are carried, never rounded
 * away, so reading often gives the same total as reading once.
 */
#ifndef HCP_CORE_METERING_H
#define HCP_CORE_METERING_H

#include "core/state.h"

typedef struct {
    int64_t at_us;
    int64_t energy_j[HCP_USES]; /* at the meter, PUE included */
    /* CO2 of that energy, where the facility's electricity has a figure */
    int64_t carbon_mg[HCP_USES];
    hcp_usd_micro energy_cost_usd_micro; /* at the prices in force */
    /* what settled intervals cost beyond that at their own prices; negative = less */
    hcp_usd_micro true_up_usd_micro;
    /* estimate: charges for the power drawn in the assumed peaks of months that are over */
    hcp_usd_micro peak_charge_usd_micro;
    /* what the pool pays out for hashprice times hashrate, and the configured income of simulated GPU mining */
    hcp_usd_micro mining_usd_micro;
    hcp_usd_micro pool_fee_usd_micro; /* what it keeps; with it, mining is gross */
    /* service time of workloads at their rates; lost work is not charged */
    hcp_usd_micro ai_usd_micro;
    hcp_usd_micro grid_usd_micro; /* from the grid: reserve, and power left to it less penalties */
    hcp_usd_micro reserve_usd_micro; /* of that, for miners that stood ready to stop, */
    /* and of that by product, with the power times time that stood ready; `product` is not set */
    hcp_reserve_sold reserve_sold[HCP_RESERVES];
    /* Of miners that sleep and could be woken, at their default power target: income they did not make, whatever put them
     * to sleep, and the electricity that was not bought for it, as billed. Sleeping paid when the second is larger. */
    hcp_usd_micro foregone_usd_micro, avoided_usd_micro;
    int64_t avoided_j;
} hcp_meter;

/* Energy of all uses. */
int64_t hcp_meter_energy_j(const hcp_meter *meter);

/* Everything earned; that less what the energy has cost, true-up and peak charges included. The one place that knows the
 * parts. */
hcp_usd_micro hcp_meter_revenue(const hcp_meter *meter);
hcp_usd_micro hcp_meter_profit(const hcp_meter *meter);

/* Adds the reading of another facility. */
void hcp_meter_add(hcp_meter *sum, const hcp_meter *part);

/* Reads the meter of `facility` at `now_us` (not before the last event). */
void hcp_meter_read(const hcp_state *state, uint32_t facility, int64_t now_us,
                    hcp_meter *ret_meter);

/* Hashprice income of one hour at the present hashrate and price, and that of simulated GPU mining. */
hcp_usd_micro hcp_meter_mining_usd_micro_per_h(const hcp_state *state, uint32_t facility);

/* Service time (charged so far), requests and cost of a workload at `now_us`, the running part included. */
typedef struct {
    int64_t served_us;
    int64_t requests;
    hcp_usd_micro cost_usd_micro;
} hcp_accrual;

/* Accrual of workload `ix`: what its bill would be if it ended well at `now_us`. */
void hcp_workload_accrued(const hcp_state *state, uint32_t ix, int64_t now_us,
                          hcp_accrual *ret_accrual);

#endif

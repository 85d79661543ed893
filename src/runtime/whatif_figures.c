/* SPDX-License-Identifier: Apache-2.0 */
#include "base/units.h"
#include "core/metering.h"
#include "runtime/whatif_internal.h"

#include <math.h>

hcp_whatif_sums hcp_whatif_sum(const hcp_state *state, int64_t at_us)
{
    hcp_whatif_sums sums = {.submitted = state->submitted_count,
                            .completed = state->completed_count,
                            .failed = state->failed_count,
                            .cancelled = state->cancelled_count};
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++) {
        hcp_meter meter;
        hcp_meter_read(state, f, at_us, &meter);
        sums.mining_usd_micro += meter.mining_usd_micro;
        sums.ai_usd_micro += meter.ai_usd_micro;
        sums.grid_usd_micro += meter.grid_usd_micro;
        sums.energy_cost_usd_micro += meter.energy_cost_usd_micro;
        sums.true_up_usd_micro += meter.true_up_usd_micro;
        sums.peak_charge_usd_micro += meter.peak_charge_usd_micro;
        for (int use = 0; use < HCP_USES; use++)
            sums.energy_j[use] += meter.energy_j[use];
    }
    return sums;
}

void hcp_whatif_begin_tally(hcp_tally *tally, const hcp_core *core)
{
    const hcp_state *state = hcp_core_state(core);
    for (uint32_t i = 0; i < state->switches.items->len; i++) {
        const hcp_switch *sw = hcp_state_switch(state, i);
        if (sw->live)
            hcp_tally_note(
                tally, core,
                &(hcp_event){.type = HCP_EVENT_SWITCH_STARTED, .switch_started = sw->def});
    }
}

static void count_waiting(const hcp_state *state, int64_t at_us, hcp_whatif_figures *figures)
{
    for (uint32_t w = 0; w < state->workloads.items->len; w++) {
        const hcp_workload *workload = hcp_state_workload(state, w);
        if (workload->def.id.value == 0 || workload->status != HCP_WORKLOAD_QUEUED)
            continue;
        const hcp_simulate_waits *waits = &figures->waits[workload->def.priority];
        bool first =
            workload->first_started_us == 0 && workload->retries == 0 && workload->preemptions == 0;
        figures->waiting++;
        figures->sla_missed[workload->def.priority] +=
            first && waits->limit_us > 0 && at_us - workload->accepted_us > waits->limit_us;
    }
}

void hcp_whatif_figure(const hcp_whatif_sums *before, const hcp_state *state, int64_t at_us,
                       hcp_tally *tally, hcp_whatif_figures *ret_figures)
{
    const hcp_whatif_sums after = hcp_whatif_sum(state, at_us);
    hcp_simulate_report report = {0};
    hcp_tally_report(tally, state, &report);
    *ret_figures = (hcp_whatif_figures){
        .mining_usd_micro = after.mining_usd_micro - before->mining_usd_micro,
        .ai_usd_micro = after.ai_usd_micro - before->ai_usd_micro,
        .grid_usd_micro = after.grid_usd_micro - before->grid_usd_micro,
        .energy_cost_usd_micro = after.energy_cost_usd_micro - before->energy_cost_usd_micro,
        .true_up_usd_micro = after.true_up_usd_micro - before->true_up_usd_micro,
        .peak_charge_usd_micro = after.peak_charge_usd_micro - before->peak_charge_usd_micro,
        .submitted = (uint64_t)(after.submitted - before->submitted),
        .completed = (uint64_t)(after.completed - before->completed),
        .failed = (uint64_t)(after.failed - before->failed),
        .cancelled = (uint64_t)(after.cancelled - before->cancelled),
        .preempted = report.preempted,
        .workload_switches = report.gpu_switches.ended,
        .dispatch_switches = report.fleet_switches.ended,
        .rolled_back = report.gpu_switches.rolled_back + report.fleet_switches.rolled_back,
        .decisions = report.decisions,
    };
    ret_figures->profit_usd_micro =
        ret_figures->mining_usd_micro + ret_figures->ai_usd_micro + ret_figures->grid_usd_micro -
        ret_figures->energy_cost_usd_micro - ret_figures->true_up_usd_micro -
        ret_figures->peak_charge_usd_micro;
    for (int use = 0; use < HCP_USES; use++)
        ret_figures->energy_j[use] = after.energy_j[use] - before->energy_j[use];
    for (int p = 0; p < HCP_PRIORITIES; p++) {
        ret_figures->waits[p] = report.waits[p];
        ret_figures->sla_missed[p] = report.waits[p].started - report.waits[p].within_limit;
    }
    count_waiting(state, at_us, ret_figures);
}

static double per_mwh(const hcp_whatif_figures *figures, hcp_usd_micro amount)
{
    int64_t energy_j = 0;
    for (int use = 0; use < HCP_USES; use++)
        energy_j += figures->energy_j[use];
    return energy_j > 0 ? hcp_money_to_usd(amount) / hcp_units_mwh(energy_j) : NAN;
}

double hcp_whatif_profit_usd_per_mwh(const hcp_whatif_figures *figures)
{
    return per_mwh(figures, figures->profit_usd_micro);
}

double hcp_whatif_paid_usd_per_mwh(const hcp_whatif_figures *figures)
{
    return per_mwh(figures, figures->energy_cost_usd_micro + figures->true_up_usd_micro);
}

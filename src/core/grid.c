/* SPDX-License-Identifier: Apache-2.0 */
/* Grid events: what happens when their times come, and their end before it. */
#include "core/grid.h"

#include "base/units.h"
#include "core/internal.h"

void hcp_grid_emit_stage(hcp_txn *txn, hcp_grid_id id, const hcp_grid_changed *change)
{
    hcp_event event = {.type = HCP_EVENT_GRID_CHANGED, .grid_changed = *change};
    event.grid_changed.id = id;
    hcp_txn_emit(txn, &event);
}

static void emit_stage(hcp_txn *txn, const hcp_grid_event *row, const hcp_grid_changed *change)
{
    hcp_grid_emit_stage(txn, row->def.id, change);
}

static void raise_short(hcp_txn *txn, const hcp_grid_event *row, const hcp_grid_measured *part)
{
    const hcp_facility_defined *site =
        &hcp_state_facility(&txn->core->state, row->def.facility)->def;
    char id[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_GRID, row->def.id.value, id);
    hcp_alert_raised alert = {
        .severity = HCP_SEVERITY_CRITICAL,
        .category = HCP_ALERT_INFRASTRUCTURE,
        .kind = g_strdup("grid_shortfall"),
        .message = g_strdup_printf("%s left %.3f of %.3f MWh to the grid in an interval of %s",
                                   site->name, hcp_units_mwh(hcp_grid_credited_j(part)),
                                   hcp_units_mwh(part->committed_j), id),
        .subject = g_strdup(id),
        .facility = row->def.facility,
        .customer = HCP_NO_INDEX,
    };
    hcp_alert_raise(txn, &alert);
}

static void clear_short(hcp_txn *txn, uint64_t id, const char *why)
{
    char text[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_GRID, id, text);
    hcp_alert_clear(txn, "grid_shortfall", text, why);
}

/* Closes the interval in progress at `until_us`, a boundary or now. */
static void measure(hcp_txn *txn, uint64_t id, int64_t until_us)
{
    const hcp_state *state = &txn->core->state;
    const hcp_grid_event *row = hcp_grid_find(state, (hcp_grid_id){id});
    int64_t us = until_us - row->measured_us;
    if (us <= 0)
        return;
    hcp_grid_measured part = {
        .id = row->def.id,
        .from_us = row->measured_us,
        .until_us = until_us,
        .energy_j = hcp_grid_energy_j(state, row, until_us) - row->measured_j,
        .committed_j = hcp_units_energy_j(row->def.baseline_w - row->def.target_w, us),
    };
    part.delivered_j = hcp_units_energy_j(row->def.baseline_w, us) - part.energy_j;
    int64_t credited_j = hcp_grid_credited_j(&part);
    part.payment_usd_micro = hcp_money_energy_cost(credited_j, row->def.payment_usd_micro_per_mwh);
    part.penalty_usd_micro =
        hcp_money_energy_cost(part.committed_j - credited_j, row->def.penalty_usd_micro_per_mwh);
    hcp_txn_emit(txn, &(hcp_event){.type = HCP_EVENT_GRID_MEASURED, .grid_measured = part});
    if (credited_j < part.committed_j / 100 * HCP_GRID_MET_PERCENT)
        raise_short(txn, hcp_grid_find(state, (hcp_grid_id){id}), &part);
    else
        clear_short(txn, id, "what was asked for is left again");
}

/* What is earned for having been available: by the share that was delivered. */
static hcp_usd_micro availability(const hcp_grid_event *row)
{
    hcp_grid_report report;
    hcp_grid_report_of(row, &report);
    int64_t committed_w = row->def.baseline_w - row->def.target_w;
    hcp_usd_micro whole =
        hcp_units_muldiv(row->def.availability_usd_micro_per_mw, committed_w, HCP_W_PER_MW);
    return report.committed_j > 0 ? hcp_units_muldiv(whole, report.credited_j, report.committed_j)
                                  : 0;
}

static void finish(hcp_txn *txn, uint64_t id)
{
    clear_short(txn, id, "the event is over");
    const hcp_grid_event *row = hcp_grid_find(&txn->core->state, (hcp_grid_id){id});
    emit_stage(txn, row, &(hcp_grid_changed){.stage = HCP_GRID_ENDED, .step = HCP_GRID_STEPS});
}

/* The measured part is over: what availability earned is settled, and the cap begins to come back. */
static void end_active(hcp_txn *txn, uint64_t id)
{
    const hcp_grid_event *row = hcp_grid_find(&txn->core->state, (hcp_grid_id){id});
    emit_stage(txn, row,
               &(hcp_grid_changed){.stage = HCP_GRID_RESTORING,
                                   .availability_usd_micro = availability(row)});
    if (row->def.restore_us == 0)
        finish(txn, id);
}

/* What is due at `due_us`: one step further. */
static void advance(hcp_txn *txn, uint64_t id, int64_t due_us)
{
    const hcp_grid_event *row = hcp_grid_find(&txn->core->state, (hcp_grid_id){id});
    uint32_t facility = row->def.facility;
    switch (row->stage) {
    case HCP_GRID_OFFERED:
        hcp_grid_let_lapse(txn, row->def.id);
        break;
    case HCP_GRID_ANNOUNCED:
        emit_stage(txn, row, &(hcp_grid_changed){.stage = HCP_GRID_RAMPING});
        hcp_power_enforce_cap(txn, facility);
        break;
    case HCP_GRID_RAMPING:
        emit_stage(txn, row, &(hcp_grid_changed){.stage = HCP_GRID_ACTIVE});
        break;
    case HCP_GRID_ACTIVE: {
        bool last = due_us >= row->def.end_us;
        measure(txn, id, due_us);
        if (last)
            end_active(txn, id);
        break;
    }
    case HCP_GRID_RESTORING:
        if (row->step + 1 < HCP_GRID_STEPS)
            emit_stage(txn, row,
                       &(hcp_grid_changed){.stage = HCP_GRID_RESTORING, .step = row->step + 1});
        else
            finish(txn, id);
        break;
    default:
        break;
    }
}

int64_t hcp_grid_due(const hcp_core *core, uint32_t row_ix G_GNUC_UNUSED, uint64_t id)
{
    const hcp_grid_event *row = hcp_grid_find(&core->state, (hcp_grid_id){id});
    if (row == NULL)
        return INT64_MAX;
    const hcp_grid_announced *def = &row->def;
    switch (row->stage) {
    case HCP_GRID_OFFERED:
        return def->respond_by_us;
    case HCP_GRID_ANNOUNCED:
        return hcp_grid_begin_us(def);
    case HCP_GRID_RAMPING:
        return def->start_us;
    case HCP_GRID_ACTIVE:
        return hcp_grid_boundary_us(def, row->measured_us);
    case HCP_GRID_RESTORING:
        return def->end_us + def->restore_us * (row->step + 1) / HCP_GRID_STEPS;
    default:
        return INT64_MAX;
    }
}

void hcp_grid_fire(hcp_txn *txn, uint32_t row G_GNUC_UNUSED, uint64_t id)
{
    int64_t due_us;
    while ((due_us = hcp_grid_due(txn->core, 0, id)) <= txn->now_us)
        advance(txn, id, due_us);
}

void hcp_grid_watch(hcp_txn *txn)
{
    const hcp_state *state = &txn->core->state;
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++) {
        const hcp_facility *facility = hcp_state_facility(state, f);
        const hcp_grid_event *row = hcp_grid_in_force(state, f);
        if (row != NULL && row->reached_us == 0 && row->stage != HCP_GRID_RESTORING &&
            hcp_power_meter_w(&facility->def, facility->it_power_w) <= row->def.target_w)
            emit_stage(txn, row, &(hcp_grid_changed){.stage = row->stage, .reached = true});
    }
}

/* --- cancelling ---------------------------------------------------------------------------------------------------- */

bool hcp_grid_decide_cancel(hcp_txn *txn, const hcp_command *command)
{
    uint64_t id = command->cancel_grid.id.value;
    const hcp_grid_event *row = hcp_grid_find(&txn->core->state, command->cancel_grid.id);
    if (row == NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "id", "there is no such grid event");
    txn->outcome->id = id;
    if (row->stage == HCP_GRID_CANCELLED)
        return true;
    if (!hcp_grid_is_open(row))
        return hcp_txn_refuse(txn, HCP_REFUSAL_CONFLICT, "id",
                              "the event is over: it cannot be cancelled");
    /* What was delivered until now is paid. */
    if (row->stage == HCP_GRID_ACTIVE)
        measure(txn, id, txn->now_us);
    clear_short(txn, id, "the event was cancelled");
    const char *reason = command->cancel_grid.reason;
    emit_stage(txn, hcp_grid_find(&txn->core->state, command->cancel_grid.id),
               &(hcp_grid_changed){.stage = HCP_GRID_CANCELLED,
                                   .reason = g_strdup(reason != NULL ? reason : "cancelled")});
    return true;
}

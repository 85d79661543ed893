/* SPDX-License-Identifier: Apache-2.0 */
#include "core/rows.h"

#include <string.h>

/* Whose place in the array says the product. */
/* clang-format off */
#define SOLD_AT(type, name_, product_) \
    HCP_FIELD_AT(type, HCP_FIELD_I64, name_ "_ready_j", reserve_sold[product_].ready_j), \
    HCP_FIELD_AT(type, HCP_FIELD_I64, name_ "_usd_micro", reserve_sold[product_].usd_micro)
#define RESERVE_SOLD_OF(type) \
    SOLD_AT(type, "reserve_none", HCP_RESERVE_NONE), SOLD_AT(type, "reserve_rrs", HCP_RESERVE_RRS), \
    SOLD_AT(type, "reserve_ecrs", HCP_RESERVE_ECRS), \
    SOLD_AT(type, "reserve_nspin", HCP_RESERVE_NSPIN), \
    SOLD_AT(type, "reserve_regup", HCP_RESERVE_REGUP)
/* clang-format on */
G_STATIC_ASSERT(HCP_RESERVES == 5);

static const hcp_field OPEN_ACCOUNT_FIELDS[] = {
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, from_us),
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, due_us),
    HCP_FIELD(hcp_open_account, HCP_FIELD_F64, usd_h_per_mwh),
    HCP_FIELD(hcp_open_account, HCP_FIELD_F64, hashprice_h),
    HCP_FIELD(hcp_open_account, HCP_FIELD_F64, cap_wh),
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, stale_us),
    HCP_FIELD_AT(hcp_open_account, HCP_FIELD_I64, "energy_ai_j", energy_j[HCP_USE_AI]),
    HCP_FIELD_AT(hcp_open_account, HCP_FIELD_I64, "energy_mining_j", energy_j[HCP_USE_MINING]),
    HCP_FIELD_AT(hcp_open_account, HCP_FIELD_I64, "energy_idle_j", energy_j[HCP_USE_IDLE]),
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, energy_cost_usd_micro),
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, mining_usd_micro),
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, ai_usd_micro),
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, foregone_usd_micro),
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, avoided_usd_micro),
    HCP_FIELD_AT(hcp_open_account, HCP_FIELD_I64, "carbon_ai_mg", carbon_mg[HCP_USE_AI]),
    HCP_FIELD_AT(hcp_open_account, HCP_FIELD_I64, "carbon_mining_mg", carbon_mg[HCP_USE_MINING]),
    HCP_FIELD_AT(hcp_open_account, HCP_FIELD_I64, "carbon_idle_mg", carbon_mg[HCP_USE_IDLE]),
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, grid_usd_micro),
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, avoided_j),
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, pool_fee_usd_micro),
    HCP_FIELD(hcp_open_account, HCP_FIELD_I64, peak_charge_usd_micro),
    RESERVE_SOLD_OF(hcp_open_account),
    HCP_FIELD(hcp_open_account, HCP_FIELD_F64, ready_usd_h_per_mw),
};
static const hcp_record OPEN_ACCOUNT_RECORD = HCP_RECORD(hcp_open_account, OPEN_ACCOUNT_FIELDS);

static const hcp_field FACILITY_FIELDS[] = {
    HCP_FIELD(hcp_facility, HCP_FIELD_BOOL, emergency),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, emergency_us),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, safe_us),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, metered_us),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "energy_ai_j", energy_j[HCP_USE_AI]),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "energy_mining_j", energy_j[HCP_USE_MINING]),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "energy_idle_j", energy_j[HCP_USE_IDLE]),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "carbon_ai_mg", carbon_mg[HCP_USE_AI]),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "carbon_mining_mg", carbon_mg[HCP_USE_MINING]),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "carbon_idle_mg", carbon_mg[HCP_USE_IDLE]),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "carbon_ai_rest", carbon_rest[HCP_USE_AI]),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "carbon_mining_rest", carbon_rest[HCP_USE_MINING]),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "carbon_idle_rest", carbon_rest[HCP_USE_IDLE]),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "energy_ai_rest", energy_rest[HCP_USE_AI]),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "energy_mining_rest", energy_rest[HCP_USE_MINING]),
    HCP_FIELD_AT(hcp_facility, HCP_FIELD_I64, "energy_idle_rest", energy_rest[HCP_USE_IDLE]),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, energy_cost_usd_micro),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, energy_cost_rest),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, mining_usd_micro),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, mining_rest),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, ai_usd_micro),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, ai_rest),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, ai_usd_micro_per_h),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, foregone_usd_micro),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, foregone_rest),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, avoided_usd_micro),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, avoided_rest),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, grid_usd_micro),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, grid_past_usd_micro),
    HCP_FIELD(hcp_facility, HCP_FIELD_BOOL, grid_rule),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, grid_margin_usd_micro),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, reserve_usd_micro),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, reserve_rest),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, pool_fee_usd_micro),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, pool_fee_rest),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, avoided_j),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, avoided_j_rest),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, true_up_usd_micro),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, true_up_rest),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, avoided_true_up_rest),
    HCP_FIELD_RECORD_OF(hcp_facility, peak, &HCP_PEAK_ASSUMED_RECORD),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, peak_charge_usd_micro),
    RESERVE_SOLD_OF(hcp_facility),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, ready_rest),
    HCP_FIELD_RECORD_OF(hcp_facility, decision, &HCP_DECISION_RECORDED_RECORD),
    HCP_FIELD(hcp_facility, HCP_FIELD_I64, decided_us),
    HCP_FIELD_RECORD_OF(hcp_facility, account, &OPEN_ACCOUNT_RECORD),
};
static const hcp_record FACILITY_RECORD = HCP_RECORD(hcp_facility, FACILITY_FIELDS);

static const hcp_field CUSTOMER_FIELDS[] = {
    HCP_FIELD(hcp_customer, HCP_FIELD_I64, quota_left_device_us),
    HCP_FIELD(hcp_customer, HCP_FIELD_I64, used_device_us),
    HCP_FIELD(hcp_customer, HCP_FIELD_I64, spent_usd_micro),
    HCP_FIELD(hcp_customer, HCP_FIELD_U32, active),
};
static const hcp_record CUSTOMER_RECORD = HCP_RECORD(hcp_customer, CUSTOMER_FIELDS);

static const hcp_field BATCH_FIELDS[] = {
    HCP_FIELD(hcp_device_batch, HCP_FIELD_U32, first),
};
static const hcp_record BATCH_RECORD = HCP_RECORD(hcp_device_batch, BATCH_FIELDS);

static const hcp_field GROUP_ACCOUNT_FIELDS[] = {
    HCP_FIELD(hcp_group_account, HCP_FIELD_I64, at_hand_us),
    HCP_FIELD_AT(hcp_group_account, HCP_FIELD_I64, "mined_0_us", mined_us[0]),
    HCP_FIELD_AT(hcp_group_account, HCP_FIELD_I64, "mined_1_us", mined_us[1]),
    HCP_FIELD_AT(hcp_group_account, HCP_FIELD_I64, "mined_2_us", mined_us[2]),
    HCP_FIELD_AT(hcp_group_account, HCP_FIELD_I64, "mined_3_us", mined_us[3]),
    HCP_FIELD_AT(hcp_group_account, HCP_FIELD_I64, "mined_4_us", mined_us[4]),
    HCP_FIELD_AT(hcp_group_account, HCP_FIELD_I64, "mined_5_us", mined_us[5]),
    HCP_FIELD_AT(hcp_group_account, HCP_FIELD_I64, "mined_6_us", mined_us[6]),
    HCP_FIELD_AT(hcp_group_account, HCP_FIELD_I64, "mined_7_us", mined_us[7]),
    HCP_FIELD(hcp_group_account, HCP_FIELD_I64, starts),
    HCP_FIELD(hcp_group_account, HCP_FIELD_I64, stops),
    HCP_FIELD(hcp_group_account, HCP_FIELD_I64, drawn_uj),
};
G_STATIC_ASSERT(HCP_MAX_POWER_TARGETS == 8);
static const hcp_record GROUP_ACCOUNT_RECORD = HCP_RECORD(hcp_group_account, GROUP_ACCOUNT_FIELDS);

static const hcp_field GROUP_FIELDS[] = {
    HCP_FIELD(hcp_group, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_group, HCP_FIELD_U32, class_ix),
    HCP_FIELD(hcp_group, HCP_FIELD_U32, feeder),
    HCP_FIELD(hcp_group, HCP_FIELD_U32, mining_target),
    HCP_FIELD(hcp_group, HCP_FIELD_I64, moved_us),
    HCP_FIELD(hcp_group, HCP_FIELD_BOOL, struck),
    HCP_FIELD(hcp_group, HCP_FIELD_F64, strike_usd_per_mwh),
    HCP_FIELD_RECORD_OF(hcp_group, account, &GROUP_ACCOUNT_RECORD),
};
static const hcp_record GROUP_RECORD = HCP_RECORD(hcp_group, GROUP_FIELDS);

static const hcp_field LEASE_FIELDS[] = {
    HCP_FIELD(hcp_lease, HCP_FIELD_I64, granted_us),
    HCP_FIELD(hcp_lease, HCP_FIELD_U32, workload),
    HCP_FIELD(hcp_lease, HCP_FIELD_I64, rate_usd_micro_per_h),
    HCP_FIELD(hcp_lease, HCP_FIELD_BOOL, live),
};
static const hcp_record LEASE_RECORD = HCP_RECORD(hcp_lease, LEASE_FIELDS);

static const hcp_field WORKLOAD_FIELDS[] = {
    HCP_FIELD_ENUM_OF(hcp_workload, status, &HCP_WORKLOAD_STATUS_NAMES),
    HCP_FIELD_ENUM_OF(hcp_workload, wait, &HCP_WAIT_NAMES),
    HCP_FIELD(hcp_workload, HCP_FIELD_U32, lease),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, accepted_us),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, queued_us),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, due_us),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, first_started_us),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, started_us),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, ends_us),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, finished_us),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, served_us),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, not_before_us),
    HCP_FIELD(hcp_workload, HCP_FIELD_U32, preemptions),
    HCP_FIELD(hcp_workload, HCP_FIELD_U32, retries),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, requests),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, cost_usd_micro),
    HCP_FIELD(hcp_workload, HCP_FIELD_STRING, reason),
    HCP_FIELD(hcp_workload, HCP_FIELD_I64, deferral_usd_micro),
};
static const hcp_record WORKLOAD_RECORD = HCP_RECORD(hcp_workload, WORKLOAD_FIELDS);

static const hcp_field SWITCH_FIELDS[] = {
    HCP_FIELD_ENUM_OF(hcp_switch, phase, &HCP_PHASE_NAMES),
    HCP_FIELD_ENUM_OF(hcp_switch, failed_phase, &HCP_PHASE_NAMES),
    HCP_FIELD(hcp_switch, HCP_FIELD_STRING, reason),
    HCP_FIELD(hcp_switch, HCP_FIELD_I64, started_us),
    HCP_FIELD(hcp_switch, HCP_FIELD_I64, phase_started_us),
    HCP_FIELD_AT(hcp_switch, HCP_FIELD_I64, "validate_us", phase_us[HCP_PHASE_VALIDATE]),
    HCP_FIELD_AT(hcp_switch, HCP_FIELD_I64, "assign_us", phase_us[HCP_PHASE_ASSIGN]),
    HCP_FIELD_AT(hcp_switch, HCP_FIELD_I64, "quiesce_us", phase_us[HCP_PHASE_QUIESCE]),
    HCP_FIELD_AT(hcp_switch, HCP_FIELD_I64, "save_us", phase_us[HCP_PHASE_SAVE]),
    HCP_FIELD_AT(hcp_switch, HCP_FIELD_I64, "activate_us", phase_us[HCP_PHASE_ACTIVATE]),
    HCP_FIELD_AT(hcp_switch, HCP_FIELD_I64, "verify_us", phase_us[HCP_PHASE_VERIFY]),
    HCP_FIELD_AT(hcp_switch, HCP_FIELD_I64, "serve_us", phase_us[HCP_PHASE_SERVE]),
    HCP_FIELD_AT(hcp_switch, HCP_FIELD_I64, "rollback_us", phase_us[HCP_PHASE_ROLLBACK]),
    HCP_FIELD(hcp_switch, HCP_FIELD_U32, left),
    HCP_FIELD(hcp_switch, HCP_FIELD_U32, from_target),
    HCP_FIELD(hcp_switch, HCP_FIELD_BOOL, live),
};
static const hcp_record SWITCH_RECORD = HCP_RECORD(hcp_switch, SWITCH_FIELDS);

static const hcp_field ALERT_FIELDS[] = {
    HCP_FIELD(hcp_alert, HCP_FIELD_I64, raised_us),
    HCP_FIELD(hcp_alert, HCP_FIELD_I64, acknowledged_us),
    HCP_FIELD(hcp_alert, HCP_FIELD_I64, cleared_us),
    HCP_FIELD(hcp_alert, HCP_FIELD_STRING, note),
};
static const hcp_record ALERT_RECORD = HCP_RECORD(hcp_alert, ALERT_FIELDS);

static const hcp_field SETTLED_FIELDS[] = {
    HCP_FIELD(hcp_settled_price, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_settled_price, HCP_FIELD_I64, settled_us),
    HCP_FIELD(hcp_settled_price, HCP_FIELD_I64, at_us),
    HCP_FIELD(hcp_settled_price, HCP_FIELD_F64, usd_per_mwh),
    HCP_FIELD(hcp_settled_price, HCP_FIELD_BOOL, has_day_ahead),
    HCP_FIELD(hcp_settled_price, HCP_FIELD_F64, day_ahead_usd_per_mwh),
    HCP_FIELD(hcp_settled_price, HCP_FIELD_F64, hashprice),
    HCP_FIELD(hcp_settled_price, HCP_FIELD_BOOL, has_reserve),
    HCP_FIELD(hcp_settled_price, HCP_FIELD_F64, reserve_usd_per_mw),
};
static const hcp_record SETTLED_RECORD = HCP_RECORD(hcp_settled_price, SETTLED_FIELDS);

static const hcp_field PUBLISHED_FIELDS[] = {
    HCP_FIELD_ENUM_OF(hcp_published_price, kind, &HCP_PRICE_KIND_NAMES),
    HCP_FIELD(hcp_published_price, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_published_price, HCP_FIELD_I64, from_us),
    HCP_FIELD(hcp_published_price, HCP_FIELD_I64, until_us),
    HCP_FIELD(hcp_published_price, HCP_FIELD_F64, value),
    HCP_FIELD_ENUM_OF(hcp_published_price, product, &HCP_RESERVE_NAMES),
    HCP_FIELD(hcp_published_price, HCP_FIELD_BOOL, simulated),
};
static const hcp_record PUBLISHED_RECORD = HCP_RECORD(hcp_published_price, PUBLISHED_FIELDS);

static const hcp_field SWITCH_COST_FIELDS[] = {
    HCP_FIELD(hcp_switch_cost, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_switch_cost, HCP_FIELD_U32, class_ix),
    HCP_FIELD_ENUM_OF(hcp_switch_cost, from, &HCP_MODE_NAMES),
    HCP_FIELD_ENUM_OF(hcp_switch_cost, to, &HCP_MODE_NAMES),
    HCP_FIELD(hcp_switch_cost, HCP_FIELD_I64, switches),
    HCP_FIELD(hcp_switch_cost, HCP_FIELD_I64, devices),
    HCP_FIELD(hcp_switch_cost, HCP_FIELD_I64, duration_us),
    HCP_FIELD(hcp_switch_cost, HCP_FIELD_F64, usd),
    HCP_FIELD(hcp_switch_cost, HCP_FIELD_F64, usd_square),
};
static const hcp_record SWITCH_COST_RECORD = HCP_RECORD(hcp_switch_cost, SWITCH_COST_FIELDS);
static const hcp_field GRID_MARK_FIELDS[] = {
    HCP_FIELD(hcp_grid_mark, HCP_FIELD_I64, at_us),
    HCP_FIELD(hcp_grid_mark, HCP_FIELD_I64, energy_j),
};
static const hcp_record GRID_MARK_RECORD = HCP_RECORD(hcp_grid_mark, GRID_MARK_FIELDS);

static const hcp_field GRID_FIELDS[] = {
    HCP_FIELD_ENUM_OF(hcp_grid_event, stage, &HCP_GRID_STAGE_NAMES),
    HCP_FIELD(hcp_grid_event, HCP_FIELD_U32, step),
    HCP_FIELD(hcp_grid_event, HCP_FIELD_I64, announced_us),
    HCP_FIELD(hcp_grid_event, HCP_FIELD_I64, reached_us),
    HCP_FIELD(hcp_grid_event, HCP_FIELD_I64, finished_us),
    HCP_FIELD(hcp_grid_event, HCP_FIELD_I64, measured_us),
    HCP_FIELD(hcp_grid_event, HCP_FIELD_I64, measured_j),
    HCP_FIELD_ARRAY_OF(hcp_grid_event, intervals, &HCP_GRID_MEASURED_RECORD),
    HCP_FIELD_ARRAY_OF(hcp_grid_event, marks, &GRID_MARK_RECORD),
    HCP_FIELD(hcp_grid_event, HCP_FIELD_I64, availability_usd_micro),
    HCP_FIELD(hcp_grid_event, HCP_FIELD_STRING, reason),
    HCP_FIELD(hcp_grid_event, HCP_FIELD_BOOL, automatic),
    HCP_FIELD_ARRAY_OF(hcp_grid_event, weighed, &HCP_GRID_WEIGHED_RECORD),
};
static const hcp_record GRID_RECORD = HCP_RECORD(hcp_grid_event, GRID_FIELDS);

#define OFFSET(member) offsetof(hcp_state, member)

const hcp_table HCP_TABLES[HCP_N_TABLES] = {
    {"classes", OFFSET(fleet.classes), true, HCP_EVENT_CLASS_DEFINED, NULL},
    {"facilities", OFFSET(fleet.facilities), true, HCP_EVENT_FACILITY_DEFINED, &FACILITY_RECORD},
    {"customers", OFFSET(fleet.customers), true, HCP_EVENT_CUSTOMER_DEFINED, &CUSTOMER_RECORD},
    {"batches", OFFSET(fleet.batches), true, HCP_EVENT_DEVICES_REGISTERED, &BATCH_RECORD},
    {"groups", OFFSET(fleet.groups), false, HCP_EVENT_TYPES, &GROUP_RECORD},
    {"electricity", OFFSET(market.electricity), true, HCP_EVENT_PRICE_OBSERVED, NULL},
    {"day_ahead", OFFSET(market.day_ahead), true, HCP_EVENT_PRICE_OBSERVED, NULL},
    {"reserve", OFFSET(market.reserve), true, HCP_EVENT_PRICE_OBSERVED, NULL},
    {"settled_prices", OFFSET(market.settled), false, HCP_EVENT_TYPES, &SETTLED_RECORD},
    {"published_prices", OFFSET(market.published), false, HCP_EVENT_TYPES, &PUBLISHED_RECORD},
    {"leases", OFFSET(leases.items), true, HCP_EVENT_LEASE_GRANTED, &LEASE_RECORD},
    {"workloads", OFFSET(workloads.items), true, HCP_EVENT_WORKLOAD_ACCEPTED, &WORKLOAD_RECORD},
    {"switches", OFFSET(switches.items), true, HCP_EVENT_SWITCH_STARTED, &SWITCH_RECORD},
    {"alerts", OFFSET(alerts), true, HCP_EVENT_ALERT_RAISED, &ALERT_RECORD},
    {"switch_costs", OFFSET(switch_costs), false, HCP_EVENT_TYPES, &SWITCH_COST_RECORD},
    {"intervals", OFFSET(intervals), true, HCP_EVENT_INTERVAL_CLOSED, NULL},
    {"grid_events", OFFSET(grid_events), true, HCP_EVENT_GRID_ANNOUNCED, &GRID_RECORD},
};

const hcp_column HCP_COLUMNS[HCP_N_COLUMNS] = {
    {"mode", OFFSET(fleet.mode), 1},
    {"health", OFFSET(fleet.health), 1},
    {"admin", OFFSET(fleet.admin), 1},
    {"target", OFFSET(fleet.target), 1},
    {"group", OFFSET(fleet.group), 4},
    {"lease", OFFSET(fleet.lease), 4},
    {"active_switch", OFFSET(fleet.active_switch), 4},
    {"resident", OFFSET(fleet.resident), 4},
};

const hcp_free_list HCP_FREE_LISTS[HCP_N_FREE_LISTS] = {
    {"free_leases", OFFSET(leases.free)},
    {"free_workloads", OFFSET(workloads.free)},
    {"free_switches", OFFSET(switches.free)},
};

static const hcp_field SCALAR_FIELDS[] = {
    HCP_FIELD(hcp_state, HCP_FIELD_I64, now_us),
    HCP_FIELD(hcp_state, HCP_FIELD_I64, last_id),
    HCP_FIELD(hcp_state, HCP_FIELD_I64, last_fence),
    HCP_FIELD(hcp_state, HCP_FIELD_I64, switch_count),
    HCP_FIELD(hcp_state, HCP_FIELD_I64, preemption_count),
    HCP_FIELD(hcp_state, HCP_FIELD_I64, submitted_count),
    HCP_FIELD(hcp_state, HCP_FIELD_I64, completed_count),
    HCP_FIELD(hcp_state, HCP_FIELD_I64, failed_count),
    HCP_FIELD(hcp_state, HCP_FIELD_I64, cancelled_count),
    HCP_FIELD_AT(hcp_state, HCP_FIELD_U32, "n_devices", fleet.n_devices),
};
const hcp_record HCP_SCALARS_RECORD = HCP_RECORD(hcp_state, SCALAR_FIELDS);

void hcp_scalars_copy(const hcp_state *from, hcp_state *to)
{
    for (int i = 0; i < HCP_SCALARS_RECORD.n_fields; i++) {
        const hcp_field *field = &HCP_SCALARS_RECORD.fields[i];
        size_t width = field->kind == HCP_FIELD_U32 ? 4 : 8;
        memcpy((char *)to + field->offset, (const char *)from + field->offset, width);
    }
}

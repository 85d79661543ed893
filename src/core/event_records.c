/* SPDX-License-Identifier: Apache-2.0 */
/* The field tables of every event payload: its JSON form, copy, destruction and hash in one place. */
#include "core/event.h"

static const hcp_field RANGE_FIELDS[] = {
    HCP_FIELD(hcp_range, HCP_FIELD_U32, first),
    HCP_FIELD(hcp_range, HCP_FIELD_U32, count),
};
static const hcp_record RANGE_RECORD = HCP_RECORD(hcp_range, RANGE_FIELDS);

static const hcp_field SETTINGS_CHANGED_FIELDS[] = {
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, max_wait_p1_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, max_wait_p2_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, max_wait_p3_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, min_dwell_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, gpu_phase_deadline_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, asic_phase_deadline_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, retry_backoff_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_U32, max_retries),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_U32, max_preemptions),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_U32, backfill_depth),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_U32, queue_capacity),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_U32, score_weight_efficiency),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_U32, score_weight_utilisation),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_U32, score_weight_thermal),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_U32, score_weight_network),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, electricity_stale_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, btc_stale_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, gpu_spot_stale_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, network_stale_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, finished_retention_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, deferral_slack_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_U32, default_customer),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_BOOL, gpu_mining),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, cold_start_us),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, price_disagreement_permille),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_BOOL, own_price),
    HCP_FIELD(hcp_settings_changed, HCP_FIELD_I64, pool_fee_ppm),
};
static const hcp_record SETTINGS_CHANGED_RECORD =
    HCP_RECORD(hcp_settings_changed, SETTINGS_CHANGED_FIELDS);

static const hcp_field POWER_TARGET_FIELDS[] = {
    HCP_FIELD(hcp_power_target, HCP_FIELD_I64, power_w),
    HCP_FIELD(hcp_power_target, HCP_FIELD_F64, ths),
};
static const hcp_record POWER_TARGET_RECORD = HCP_RECORD(hcp_power_target, POWER_TARGET_FIELDS);

static const hcp_field CLASS_DEFINED_FIELDS[] = {
    HCP_FIELD(hcp_class_defined, HCP_FIELD_STRING, key),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_STRING, label),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_STRING, family),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_STRING, source),
    HCP_FIELD_ENUM_OF(hcp_class_defined, kind, &HCP_DEVICE_KIND_NAMES),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_I64, tdp_w),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_I64, idle_w),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_I64, standby_w),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_I64, memory_bytes),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_F64, tflops),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_F64, hbm_gb_per_s),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_F64, pcie_gb_per_s),
    HCP_FIELD_ARRAY_OF(hcp_class_defined, power_targets, &POWER_TARGET_RECORD),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_U32, default_target),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_I64, mining_usd_micro_per_h),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_I64, rate_usd_micro_per_h),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_I64, requests_milli_per_s),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_I64, ramp_down_us),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_I64, ramp_up_us),
    HCP_FIELD(hcp_class_defined, HCP_FIELD_U32, share_milli),
};
static const hcp_record CLASS_DEFINED_RECORD = HCP_RECORD(hcp_class_defined, CLASS_DEFINED_FIELDS);

static const hcp_field FEEDER_FIELDS[] = {
    HCP_FIELD(hcp_feeder, HCP_FIELD_STRING, name),
    HCP_FIELD(hcp_feeder, HCP_FIELD_I64, cap_w),
};
static const hcp_record FEEDER_RECORD = HCP_RECORD(hcp_feeder, FEEDER_FIELDS);

static const hcp_field FACILITY_DEFINED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_facility_defined, id, HCP_ID_FACILITY),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_STRING, key),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_STRING, name),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_STRING, location),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_STRING, region),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_STRING, hub),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_I64, cap_w),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_I64, pue_milli),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_I64, backbone_gbps),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_I64, network_rtt_us),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_I64, carbon_mg_per_kwh),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_STRING, carbon_source),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_U32, reserve_products),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_F64, call_usd_per_mwh),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_I64, peak_usd_micro_per_mw),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_U32, peak_months),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_F64, utc_offset_h),
    HCP_FIELD(hcp_facility_defined, HCP_FIELD_U32, reserve_share_milli),
    HCP_FIELD_ARRAY_OF(hcp_facility_defined, feeders, &FEEDER_RECORD),
};
static const hcp_record FACILITY_DEFINED_RECORD =
    HCP_RECORD(hcp_facility_defined, FACILITY_DEFINED_FIELDS);

static const hcp_field CUSTOMER_DEFINED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_customer_defined, id, HCP_ID_CUSTOMER),
    HCP_FIELD(hcp_customer_defined, HCP_FIELD_STRING, key),
    HCP_FIELD(hcp_customer_defined, HCP_FIELD_STRING, name),
    HCP_FIELD(hcp_customer_defined, HCP_FIELD_STRING, tier),
    HCP_FIELD(hcp_customer_defined, HCP_FIELD_STRING, industry),
    HCP_FIELD(hcp_customer_defined, HCP_FIELD_I64, quota_device_us),
    HCP_FIELD(hcp_customer_defined, HCP_FIELD_I64, budget_usd_micro),
    HCP_FIELD(hcp_customer_defined, HCP_FIELD_I64, rate_permille),
};
static const hcp_record CUSTOMER_DEFINED_RECORD =
    HCP_RECORD(hcp_customer_defined, CUSTOMER_DEFINED_FIELDS);

static const hcp_field DEVICES_REGISTERED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_devices_registered, first_id, HCP_ID_DEVICE),
    HCP_FIELD(hcp_devices_registered, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_devices_registered, HCP_FIELD_U32, class_ix),
    HCP_FIELD(hcp_devices_registered, HCP_FIELD_U32, count),
    HCP_FIELD(hcp_devices_registered, HCP_FIELD_U32, first_ordinal),
    HCP_FIELD(hcp_devices_registered, HCP_FIELD_STRING, name_prefix),
    HCP_FIELD_ENUM_OF(hcp_devices_registered, mode, &HCP_MODE_NAMES),
    HCP_FIELD(hcp_devices_registered, HCP_FIELD_U32, feeder),
};
static const hcp_record DEVICES_REGISTERED_RECORD =
    HCP_RECORD(hcp_devices_registered, DEVICES_REGISTERED_FIELDS);

static const hcp_field PRICE_OBSERVED_FIELDS[] = {
    HCP_FIELD_ENUM_OF(hcp_price_observed, kind, &HCP_PRICE_KIND_NAMES),
    HCP_FIELD(hcp_price_observed, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_price_observed, HCP_FIELD_F64, value),
    HCP_FIELD(hcp_price_observed, HCP_FIELD_STRING, source),
    HCP_FIELD(hcp_price_observed, HCP_FIELD_I64, observed_us),
    HCP_FIELD_ENUM_OF(hcp_price_observed, quality, &HCP_QUALITY_NAMES),
    HCP_FIELD(hcp_price_observed, HCP_FIELD_BOOL, simulated),
    HCP_FIELD(hcp_price_observed, HCP_FIELD_I64, interval_us),
    HCP_FIELD(hcp_price_observed, HCP_FIELD_F64, low),
    HCP_FIELD(hcp_price_observed, HCP_FIELD_F64, high),
    HCP_FIELD(hcp_price_observed, HCP_FIELD_U32, sources),
    HCP_FIELD_ENUM_OF(hcp_price_observed, product, &HCP_RESERVE_NAMES),
};
static const hcp_record PRICE_OBSERVED_RECORD =
    HCP_RECORD(hcp_price_observed, PRICE_OBSERVED_FIELDS);

static const hcp_field COMING_PRICE_FIELDS[] = {
    HCP_FIELD(hcp_coming_price, HCP_FIELD_F64, value),
};
static const hcp_record COMING_PRICE_RECORD = HCP_RECORD(hcp_coming_price, COMING_PRICE_FIELDS);

static const hcp_field PRICES_PUBLISHED_FIELDS[] = {
    HCP_FIELD_ENUM_OF(hcp_prices_published, kind, &HCP_PRICE_KIND_NAMES),
    HCP_FIELD(hcp_prices_published, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_prices_published, HCP_FIELD_STRING, source),
    HCP_FIELD(hcp_prices_published, HCP_FIELD_BOOL, simulated),
    HCP_FIELD(hcp_prices_published, HCP_FIELD_I64, from_us),
    HCP_FIELD(hcp_prices_published, HCP_FIELD_I64, step_us),
    HCP_FIELD_ARRAY_OF(hcp_prices_published, prices, &COMING_PRICE_RECORD),
    HCP_FIELD_ENUM_OF(hcp_prices_published, product, &HCP_RESERVE_NAMES),
};
static const hcp_record PRICES_PUBLISHED_RECORD =
    HCP_RECORD(hcp_prices_published, PRICES_PUBLISHED_FIELDS);

static const hcp_field WORKLOAD_ACCEPTED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_workload_accepted, id, HCP_ID_WORKLOAD),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_U32, customer),
    HCP_FIELD_ENUM_OF(hcp_workload_accepted, kind, &HCP_WORKLOAD_KIND_NAMES),
    HCP_FIELD_ENUM_OF(hcp_workload_accepted, priority, &HCP_PRIORITY_NAMES),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_STRING, name),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_STRING, model),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_STRING, tier),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_STRING, classified_by),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_I64, classes),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_U32, count),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_I64, duration_us),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_I64, max_latency_us),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_I64, model_bytes),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_I64, deadline_us),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_I64, rate_usd_micro_per_h),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_I64, quota_device_us),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_BOOL, deferrable),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_I64, finish_by_us),
    HCP_FIELD(hcp_workload_accepted, HCP_FIELD_U32, share_milli),
};
static const hcp_record WORKLOAD_ACCEPTED_RECORD =
    HCP_RECORD(hcp_workload_accepted, WORKLOAD_ACCEPTED_FIELDS);

static const hcp_field WORKLOAD_DEFERRED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_workload_deferred, id, HCP_ID_WORKLOAD),
    HCP_FIELD(hcp_workload_deferred, HCP_FIELD_I64, not_before_us),
    HCP_FIELD(hcp_workload_deferred, HCP_FIELD_STRING, reason),
    HCP_FIELD(hcp_workload_deferred, HCP_FIELD_I64, saving_usd_micro),
};
static const hcp_record WORKLOAD_DEFERRED_RECORD =
    HCP_RECORD(hcp_workload_deferred, WORKLOAD_DEFERRED_FIELDS);

static const hcp_field WORKLOAD_STARTED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_workload_started, id, HCP_ID_WORKLOAD),
    HCP_FIELD(hcp_workload_started, HCP_FIELD_I64, ends_us),
};
static const hcp_record WORKLOAD_STARTED_RECORD =
    HCP_RECORD(hcp_workload_started, WORKLOAD_STARTED_FIELDS);

static const hcp_field WORKLOAD_REQUEUED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_workload_requeued, id, HCP_ID_WORKLOAD),
    HCP_FIELD(hcp_workload_requeued, HCP_FIELD_STRING, reason),
    HCP_FIELD(hcp_workload_requeued, HCP_FIELD_BOOL, preempted),
    HCP_FIELD(hcp_workload_requeued, HCP_FIELD_I64, lost_us),
    HCP_FIELD(hcp_workload_requeued, HCP_FIELD_I64, not_before_us),
};
static const hcp_record WORKLOAD_REQUEUED_RECORD =
    HCP_RECORD(hcp_workload_requeued, WORKLOAD_REQUEUED_FIELDS);

static const hcp_field WORKLOAD_ENDED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_workload_ended, id, HCP_ID_WORKLOAD),
    HCP_FIELD_ENUM_OF(hcp_workload_ended, status, &HCP_WORKLOAD_STATUS_NAMES),
    HCP_FIELD(hcp_workload_ended, HCP_FIELD_STRING, reason),
    HCP_FIELD(hcp_workload_ended, HCP_FIELD_I64, served_us),
    HCP_FIELD(hcp_workload_ended, HCP_FIELD_I64, requests),
    HCP_FIELD(hcp_workload_ended, HCP_FIELD_I64, cost_usd_micro),
};
static const hcp_record WORKLOAD_ENDED_RECORD =
    HCP_RECORD(hcp_workload_ended, WORKLOAD_ENDED_FIELDS);

static const hcp_field WAIT_CHANGED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_wait_changed, id, HCP_ID_WORKLOAD),
    HCP_FIELD_ENUM_OF(hcp_wait_changed, wait, &HCP_WAIT_NAMES),
};
static const hcp_record WAIT_CHANGED_RECORD = HCP_RECORD(hcp_wait_changed, WAIT_CHANGED_FIELDS);

static const hcp_field SCORED_DEVICE_FIELDS[] = {
    HCP_FIELD(hcp_scored_device, HCP_FIELD_U32, device),
    HCP_FIELD(hcp_scored_device, HCP_FIELD_U32, score_milli),
};
static const hcp_record SCORED_DEVICE_RECORD = HCP_RECORD(hcp_scored_device, SCORED_DEVICE_FIELDS);

static const hcp_field REJECTION_FIELDS[] = {
    HCP_FIELD(hcp_rejection, HCP_FIELD_STRING, reason),
    HCP_FIELD(hcp_rejection, HCP_FIELD_U32, count),
};
static const hcp_record REJECTION_RECORD = HCP_RECORD(hcp_rejection, REJECTION_FIELDS);

static const hcp_field LEASE_GRANTED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_lease_granted, id, HCP_ID_LEASE),
    HCP_FIELD_ID_OF(hcp_lease_granted, workload, HCP_ID_WORKLOAD),
    HCP_FIELD(hcp_lease_granted, HCP_FIELD_U32, customer),
    HCP_FIELD(hcp_lease_granted, HCP_FIELD_I64, fence),
    HCP_FIELD(hcp_lease_granted, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_lease_granted, HCP_FIELD_U32, class_ix),
    HCP_FIELD(hcp_lease_granted, HCP_FIELD_U32S, devices),
    HCP_FIELD_ARRAY_OF(hcp_lease_granted, scores, &SCORED_DEVICE_RECORD),
    HCP_FIELD_ARRAY_OF(hcp_lease_granted, rejections, &REJECTION_RECORD),
};
static const hcp_record LEASE_GRANTED_RECORD = HCP_RECORD(hcp_lease_granted, LEASE_GRANTED_FIELDS);

static const hcp_field LEASE_RELEASED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_lease_released, id, HCP_ID_LEASE),
    HCP_FIELD(hcp_lease_released, HCP_FIELD_STRING, reason),
};
static const hcp_record LEASE_RELEASED_RECORD =
    HCP_RECORD(hcp_lease_released, LEASE_RELEASED_FIELDS);

static const hcp_field SWITCH_STARTED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_switch_started, id, HCP_ID_SWITCH),
    HCP_FIELD_ID_OF(hcp_switch_started, lease, HCP_ID_LEASE),
    HCP_FIELD(hcp_switch_started, HCP_FIELD_STRING, cause),
    HCP_FIELD(hcp_switch_started, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_switch_started, HCP_FIELD_U32, class_ix),
    HCP_FIELD_ARRAY_OF(hcp_switch_started, ranges, &RANGE_RECORD),
    HCP_FIELD(hcp_switch_started, HCP_FIELD_U32, count),
    HCP_FIELD_ENUM_OF(hcp_switch_started, from, &HCP_MODE_NAMES),
    HCP_FIELD_ENUM_OF(hcp_switch_started, to, &HCP_MODE_NAMES),
    HCP_FIELD(hcp_switch_started, HCP_FIELD_U32, power_target),
    HCP_FIELD_ENUM_OF(hcp_switch_started, residency, &HCP_RESIDENCY_NAMES),
    HCP_FIELD(hcp_switch_started, HCP_FIELD_STRING, model),
    HCP_FIELD(hcp_switch_started, HCP_FIELD_I64, bytes),
    HCP_FIELD(hcp_switch_started, HCP_FIELD_BOOL, scrub),
};
static const hcp_record SWITCH_STARTED_RECORD =
    HCP_RECORD(hcp_switch_started, SWITCH_STARTED_FIELDS);

static const hcp_field SWITCH_PHASE_ENDED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_switch_phase_ended, id, HCP_ID_SWITCH),
    HCP_FIELD_ENUM_OF(hcp_switch_phase_ended, phase, &HCP_PHASE_NAMES),
    HCP_FIELD(hcp_switch_phase_ended, HCP_FIELD_I64, started_us),
    HCP_FIELD(hcp_switch_phase_ended, HCP_FIELD_I64, ended_us),
    HCP_FIELD(hcp_switch_phase_ended, HCP_FIELD_U32S, lost),
    HCP_FIELD(hcp_switch_phase_ended, HCP_FIELD_BOOL, failed),
    HCP_FIELD(hcp_switch_phase_ended, HCP_FIELD_STRING, reason),
};
static const hcp_record SWITCH_PHASE_ENDED_RECORD =
    HCP_RECORD(hcp_switch_phase_ended, SWITCH_PHASE_ENDED_FIELDS);

static const hcp_field SWITCH_ENDED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_switch_ended, id, HCP_ID_SWITCH),
    HCP_FIELD(hcp_switch_ended, HCP_FIELD_BOOL, ok),
    HCP_FIELD_ENUM_OF(hcp_switch_ended, failed_phase, &HCP_PHASE_NAMES),
    HCP_FIELD(hcp_switch_ended, HCP_FIELD_STRING, reason),
    HCP_FIELD(hcp_switch_ended, HCP_FIELD_I64, duration_us),
};
static const hcp_record SWITCH_ENDED_RECORD = HCP_RECORD(hcp_switch_ended, SWITCH_ENDED_FIELDS);

static const hcp_field HEALTH_CHANGED_FIELDS[] = {
    HCP_FIELD(hcp_health_changed, HCP_FIELD_U32S, devices),
    HCP_FIELD_ENUM_OF(hcp_health_changed, health, &HCP_HEALTH_NAMES),
    HCP_FIELD(hcp_health_changed, HCP_FIELD_STRING, reason),
    HCP_FIELD(hcp_health_changed, HCP_FIELD_I32, xid),
};
static const hcp_record HEALTH_CHANGED_RECORD =
    HCP_RECORD(hcp_health_changed, HEALTH_CHANGED_FIELDS);

static const hcp_field ADMIN_CHANGED_FIELDS[] = {
    HCP_FIELD(hcp_admin_changed, HCP_FIELD_U32S, devices),
    HCP_FIELD_ENUM_OF(hcp_admin_changed, admin, &HCP_ADMIN_NAMES),
    HCP_FIELD(hcp_admin_changed, HCP_FIELD_STRING, reason),
};
static const hcp_record ADMIN_CHANGED_RECORD = HCP_RECORD(hcp_admin_changed, ADMIN_CHANGED_FIELDS);

static const hcp_field CAP_CHANGED_FIELDS[] = {
    HCP_FIELD(hcp_cap_changed, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_cap_changed, HCP_FIELD_I64, cap_w),
};
static const hcp_record CAP_CHANGED_RECORD = HCP_RECORD(hcp_cap_changed, CAP_CHANGED_FIELDS);

static const hcp_field EMERGENCY_CHANGED_FIELDS[] = {
    HCP_FIELD(hcp_emergency_changed, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_emergency_changed, HCP_FIELD_BOOL, active),
    HCP_FIELD(hcp_emergency_changed, HCP_FIELD_STRING, reason),
};
static const hcp_record EMERGENCY_CHANGED_RECORD =
    HCP_RECORD(hcp_emergency_changed, EMERGENCY_CHANGED_FIELDS);

static const hcp_field DECISION_INPUT_FIELDS[] = {
    HCP_FIELD(hcp_decision_input, HCP_FIELD_STRING, name),
    HCP_FIELD(hcp_decision_input, HCP_FIELD_STRING, unit),
    HCP_FIELD(hcp_decision_input, HCP_FIELD_STRING, source),
    HCP_FIELD(hcp_decision_input, HCP_FIELD_F64, value),
    HCP_FIELD(hcp_decision_input, HCP_FIELD_I64, observed_us),
    HCP_FIELD_ENUM_OF(hcp_decision_input, quality, &HCP_QUALITY_NAMES),
};
static const hcp_record DECISION_INPUT_RECORD =
    HCP_RECORD(hcp_decision_input, DECISION_INPUT_FIELDS);

static const hcp_field CLASS_PLAN_FIELDS[] = {
    HCP_FIELD(hcp_class_plan, HCP_FIELD_U32, class_ix),
    HCP_FIELD(hcp_class_plan, HCP_FIELD_U32, mine),
    HCP_FIELD(hcp_class_plan, HCP_FIELD_U32, power_target),
    HCP_FIELD(hcp_class_plan, HCP_FIELD_U32, serve),
    HCP_FIELD(hcp_class_plan, HCP_FIELD_U32, idle),
    HCP_FIELD(hcp_class_plan, HCP_FIELD_U32, curtail),
    HCP_FIELD(hcp_class_plan, HCP_FIELD_I64, power_w),
    HCP_FIELD(hcp_class_plan, HCP_FIELD_I64, usd_micro_per_h),
    HCP_FIELD(hcp_class_plan, HCP_FIELD_F64, usd_per_mwh),
    HCP_FIELD(hcp_class_plan, HCP_FIELD_U32, feeder),
};
static const hcp_record CLASS_PLAN_RECORD = HCP_RECORD(hcp_class_plan, CLASS_PLAN_FIELDS);

static const hcp_field DECISION_RECORDED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_decision_recorded, id, HCP_ID_DECISION),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_STRING, policy),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, expires_us),
    HCP_FIELD_ARRAY_OF(hcp_decision_recorded, inputs, &DECISION_INPUT_RECORD),
    HCP_FIELD_ARRAY_OF(hcp_decision_recorded, chosen, &CLASS_PLAN_RECORD),
    HCP_FIELD_ARRAY_OF(hcp_decision_recorded, rejected, &CLASS_PLAN_RECORD),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, chosen_usd_micro_per_h),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, rejected_usd_micro_per_h),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, btc_usd_micro_per_h),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, ai_usd_micro_per_h),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, switch_cost_usd_micro),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_STRING, recommendation),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_STRING, reason),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_STRING, flip),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_F64, flip_value),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_F64, confidence),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_BOOL, switch_recommended),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_BOOL, moved),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, gap_usd_micro_per_h),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, gain_usd_micro),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, gain_low_usd_micro),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, gain_high_usd_micro),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, horizon_us),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_F64, forecast_usd_per_mwh),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_F64, forecast_low_usd_per_mwh),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_F64, forecast_high_usd_per_mwh),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_STRING, source),
    HCP_FIELD(hcp_decision_recorded, HCP_FIELD_I64, reserve_usd_micro_per_h),
};
const hcp_record HCP_DECISION_RECORDED_RECORD =
    HCP_RECORD(hcp_decision_recorded, DECISION_RECORDED_FIELDS);

static const hcp_field ALERT_RAISED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_alert_raised, id, HCP_ID_ALERT),
    HCP_FIELD_ENUM_OF(hcp_alert_raised, severity, &HCP_SEVERITY_NAMES),
    HCP_FIELD_ENUM_OF(hcp_alert_raised, category, &HCP_ALERT_CATEGORY_NAMES),
    HCP_FIELD(hcp_alert_raised, HCP_FIELD_STRING, kind),
    HCP_FIELD(hcp_alert_raised, HCP_FIELD_STRING, message),
    HCP_FIELD(hcp_alert_raised, HCP_FIELD_STRING, subject),
    HCP_FIELD(hcp_alert_raised, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_alert_raised, HCP_FIELD_U32, customer),
    HCP_FIELD_ID_OF(hcp_alert_raised, workload, HCP_ID_WORKLOAD),
};
static const hcp_record ALERT_RAISED_RECORD = HCP_RECORD(hcp_alert_raised, ALERT_RAISED_FIELDS);

static const hcp_field ALERT_CHANGED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_alert_changed, id, HCP_ID_ALERT),
    HCP_FIELD(hcp_alert_changed, HCP_FIELD_BOOL, acknowledged),
    HCP_FIELD(hcp_alert_changed, HCP_FIELD_BOOL, cleared),
    HCP_FIELD(hcp_alert_changed, HCP_FIELD_STRING, note),
};
static const hcp_record ALERT_CHANGED_RECORD = HCP_RECORD(hcp_alert_changed, ALERT_CHANGED_FIELDS);

static const hcp_field REPLY_REMEMBERED_FIELDS[] = {
    HCP_FIELD(hcp_reply_remembered, HCP_FIELD_STRING, scope),
    HCP_FIELD(hcp_reply_remembered, HCP_FIELD_STRING, key),
    HCP_FIELD(hcp_reply_remembered, HCP_FIELD_STRING, fingerprint),
    HCP_FIELD(hcp_reply_remembered, HCP_FIELD_I32, status),
    HCP_FIELD(hcp_reply_remembered, HCP_FIELD_STRING, body),
};
static const hcp_record REPLY_REMEMBERED_RECORD =
    HCP_RECORD(hcp_reply_remembered, REPLY_REMEMBERED_FIELDS);

static const hcp_field MINED_TARGET_FIELDS[] = {
    HCP_FIELD(hcp_mined_target, HCP_FIELD_U32, target),
    HCP_FIELD(hcp_mined_target, HCP_FIELD_I64, mined_us),
};
static const hcp_record MINED_TARGET_RECORD = HCP_RECORD(hcp_mined_target, MINED_TARGET_FIELDS);

static const hcp_field CLASS_ACCOUNT_FIELDS[] = {
    HCP_FIELD(hcp_class_account, HCP_FIELD_U32, class_ix),
    HCP_FIELD(hcp_class_account, HCP_FIELD_I64, at_hand_us),
    HCP_FIELD_ARRAY_OF(hcp_class_account, mined, &MINED_TARGET_RECORD),
    HCP_FIELD(hcp_class_account, HCP_FIELD_U32, at_hand),
    HCP_FIELD(hcp_class_account, HCP_FIELD_U32, mining),
    HCP_FIELD(hcp_class_account, HCP_FIELD_I64, starts),
    HCP_FIELD(hcp_class_account, HCP_FIELD_I64, stops),
    HCP_FIELD(hcp_class_account, HCP_FIELD_I64, switch_usd_micro),
    HCP_FIELD(hcp_class_account, HCP_FIELD_U32, feeder),
    HCP_FIELD(hcp_class_account, HCP_FIELD_I64, drawn_j),
};
static const hcp_record CLASS_ACCOUNT_RECORD = HCP_RECORD(hcp_class_account, CLASS_ACCOUNT_FIELDS);

static const hcp_field RESERVE_SOLD_FIELDS[] = {
    HCP_FIELD_ENUM_OF(hcp_reserve_sold, product, &HCP_RESERVE_NAMES),
    HCP_FIELD(hcp_reserve_sold, HCP_FIELD_I64, ready_j),
    HCP_FIELD(hcp_reserve_sold, HCP_FIELD_I64, usd_micro),
};
const hcp_record HCP_RESERVE_SOLD_RECORD = HCP_RECORD(hcp_reserve_sold, RESERVE_SOLD_FIELDS);

static const hcp_field INTERVAL_CLOSED_FIELDS[] = {
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, from_us),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, until_us),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_F64, usd_per_mwh),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_F64, hashprice),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_F64, cap_w),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, stale_us),
    HCP_FIELD_AT(hcp_interval_closed, HCP_FIELD_I64, "energy_ai_j", energy_j[HCP_USE_AI]),
    HCP_FIELD_AT(hcp_interval_closed, HCP_FIELD_I64, "energy_mining_j", energy_j[HCP_USE_MINING]),
    HCP_FIELD_AT(hcp_interval_closed, HCP_FIELD_I64, "energy_idle_j", energy_j[HCP_USE_IDLE]),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, energy_cost_usd_micro),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, mining_usd_micro),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, ai_usd_micro),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, foregone_usd_micro),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, avoided_usd_micro),
    HCP_FIELD_ARRAY_OF(hcp_interval_closed, classes, &CLASS_ACCOUNT_RECORD),
    HCP_FIELD_AT(hcp_interval_closed, HCP_FIELD_I64, "carbon_ai_mg", carbon_mg[HCP_USE_AI]),
    HCP_FIELD_AT(hcp_interval_closed, HCP_FIELD_I64, "carbon_mining_mg", carbon_mg[HCP_USE_MINING]),
    HCP_FIELD_AT(hcp_interval_closed, HCP_FIELD_I64, "carbon_idle_mg", carbon_mg[HCP_USE_IDLE]),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, grid_usd_micro),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, avoided_j),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, pool_fee_usd_micro),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_BOOL, settled),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_F64, settled_usd_per_mwh),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_BOOL, own_price),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, true_up_usd_micro),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_I64, peak_charge_usd_micro),
    HCP_FIELD_ARRAY_OF(hcp_interval_closed, reserve, &HCP_RESERVE_SOLD_RECORD),
    HCP_FIELD(hcp_interval_closed, HCP_FIELD_F64, ready_usd_per_mw),
};
static const hcp_record INTERVAL_CLOSED_RECORD =
    HCP_RECORD(hcp_interval_closed, INTERVAL_CLOSED_FIELDS);

static const hcp_field INTERVAL_SETTLED_FIELDS[] = {
    HCP_FIELD(hcp_interval_settled, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_interval_settled, HCP_FIELD_I64, from_us),
    HCP_FIELD(hcp_interval_settled, HCP_FIELD_I64, until_us),
    HCP_FIELD(hcp_interval_settled, HCP_FIELD_F64, usd_per_mwh),
    HCP_FIELD(hcp_interval_settled, HCP_FIELD_BOOL, own_price),
    HCP_FIELD(hcp_interval_settled, HCP_FIELD_I64, true_up_usd_micro),
    HCP_FIELD(hcp_interval_settled, HCP_FIELD_I64, avoided_usd_micro),
    HCP_FIELD(hcp_interval_settled, HCP_FIELD_I64, true_up_rest),
    HCP_FIELD(hcp_interval_settled, HCP_FIELD_I64, avoided_rest),
};
static const hcp_record INTERVAL_SETTLED_RECORD =
    HCP_RECORD(hcp_interval_settled, INTERVAL_SETTLED_FIELDS);

static const hcp_field PEAK_ASSUMED_FIELDS[] = {
    HCP_FIELD(hcp_peak_assumed, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_peak_assumed, HCP_FIELD_I64, from_us),
    HCP_FIELD(hcp_peak_assumed, HCP_FIELD_I64, until_us),
    HCP_FIELD(hcp_peak_assumed, HCP_FIELD_F64, usd_per_mwh),
    HCP_FIELD(hcp_peak_assumed, HCP_FIELD_I64, energy_j),
};
const hcp_record HCP_PEAK_ASSUMED_RECORD = HCP_RECORD(hcp_peak_assumed, PEAK_ASSUMED_FIELDS);

static const hcp_field PEAK_CHARGED_FIELDS[] = {
    HCP_FIELD(hcp_peak_charged, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_peak_charged, HCP_FIELD_I64, from_us),
    HCP_FIELD(hcp_peak_charged, HCP_FIELD_I64, until_us),
    HCP_FIELD(hcp_peak_charged, HCP_FIELD_F64, usd_per_mwh),
    HCP_FIELD(hcp_peak_charged, HCP_FIELD_I64, energy_j),
    HCP_FIELD(hcp_peak_charged, HCP_FIELD_I64, charge_usd_micro),
};
static const hcp_record PEAK_CHARGED_RECORD = HCP_RECORD(hcp_peak_charged, PEAK_CHARGED_FIELDS);

static const hcp_field GRID_ANNOUNCED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_grid_announced, id, HCP_ID_GRID),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_U32, facility),
    HCP_FIELD_ENUM_OF(hcp_grid_announced, kind, &HCP_GRID_KIND_NAMES),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_STRING, program),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_STRING, source),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, start_us),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, end_us),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, ramp_us),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, restore_us),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, interval_us),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, reduce_w),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, target_w),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, baseline_w),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_U32, baseline_h),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, payment_usd_micro_per_mwh),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, availability_usd_micro_per_mw),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, penalty_usd_micro_per_mwh),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_BOOL, evict),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, reserve_w),
    HCP_FIELD(hcp_grid_announced, HCP_FIELD_I64, respond_by_us),
};
static const hcp_record GRID_ANNOUNCED_RECORD =
    HCP_RECORD(hcp_grid_announced, GRID_ANNOUNCED_FIELDS);

static const hcp_field GRID_WEIGHED_FIELDS[] = {
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, at_us),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, asked_j),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, without_j),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, with_j),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_F64, usd_per_mwh),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, payment_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, availability_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, electricity_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, electricity_low_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, electricity_high_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, mining_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, mining_low_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, mining_high_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, reserve_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, ai_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_U32, leases),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, switch_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, penalty_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_BOOL, short_known),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_F64, short_chance),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, short_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, worth_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, worth_low_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, worth_high_usd_micro),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_F64, gain_chance),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_BOOL, payable),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_I64, break_even_usd_micro_per_mwh),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_BOOL, forecast),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_BOOL, trusted),
    HCP_FIELD(hcp_grid_weighed, HCP_FIELD_STRING, reason),
};
const hcp_record HCP_GRID_WEIGHED_RECORD = HCP_RECORD(hcp_grid_weighed, GRID_WEIGHED_FIELDS);

static const hcp_field GRID_CHANGED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_grid_changed, id, HCP_ID_GRID),
    HCP_FIELD_ENUM_OF(hcp_grid_changed, stage, &HCP_GRID_STAGE_NAMES),
    HCP_FIELD(hcp_grid_changed, HCP_FIELD_U32, step),
    HCP_FIELD(hcp_grid_changed, HCP_FIELD_BOOL, reached),
    HCP_FIELD(hcp_grid_changed, HCP_FIELD_I64, availability_usd_micro),
    HCP_FIELD(hcp_grid_changed, HCP_FIELD_STRING, reason),
    HCP_FIELD(hcp_grid_changed, HCP_FIELD_BOOL, automatic),
    HCP_FIELD_ARRAY_OF(hcp_grid_changed, weighed, &HCP_GRID_WEIGHED_RECORD),
};
static const hcp_record GRID_CHANGED_RECORD = HCP_RECORD(hcp_grid_changed, GRID_CHANGED_FIELDS);

static const hcp_field GRID_MEASURED_FIELDS[] = {
    HCP_FIELD_ID_OF(hcp_grid_measured, id, HCP_ID_GRID),
    HCP_FIELD(hcp_grid_measured, HCP_FIELD_I64, from_us),
    HCP_FIELD(hcp_grid_measured, HCP_FIELD_I64, until_us),
    HCP_FIELD(hcp_grid_measured, HCP_FIELD_I64, energy_j),
    HCP_FIELD(hcp_grid_measured, HCP_FIELD_I64, committed_j),
    HCP_FIELD(hcp_grid_measured, HCP_FIELD_I64, delivered_j),
    HCP_FIELD(hcp_grid_measured, HCP_FIELD_I64, payment_usd_micro),
    HCP_FIELD(hcp_grid_measured, HCP_FIELD_I64, penalty_usd_micro),
};
const hcp_record HCP_GRID_MEASURED_RECORD = HCP_RECORD(hcp_grid_measured, GRID_MEASURED_FIELDS);

static const hcp_field STRIKE_CHANGED_FIELDS[] = {
    HCP_FIELD(hcp_strike_changed, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_strike_changed, HCP_FIELD_U32, class_ix),
    HCP_FIELD(hcp_strike_changed, HCP_FIELD_BOOL, active),
    HCP_FIELD(hcp_strike_changed, HCP_FIELD_F64, usd_per_mwh),
};
static const hcp_record STRIKE_CHANGED_RECORD =
    HCP_RECORD(hcp_strike_changed, STRIKE_CHANGED_FIELDS);

static const hcp_field RESERVE_CHANGED_FIELDS[] = {
    HCP_FIELD(hcp_reserve_changed, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_reserve_changed, HCP_FIELD_U32, products),
    HCP_FIELD(hcp_reserve_changed, HCP_FIELD_F64, call_usd_per_mwh),
    HCP_FIELD(hcp_reserve_changed, HCP_FIELD_U32, share_milli),
};
static const hcp_record RESERVE_CHANGED_RECORD =
    HCP_RECORD(hcp_reserve_changed, RESERVE_CHANGED_FIELDS);

static const hcp_field GRID_RULE_CHANGED_FIELDS[] = {
    HCP_FIELD(hcp_grid_rule_changed, HCP_FIELD_U32, facility),
    HCP_FIELD(hcp_grid_rule_changed, HCP_FIELD_BOOL, active),
    HCP_FIELD(hcp_grid_rule_changed, HCP_FIELD_I64, margin_usd_micro),
};
static const hcp_record GRID_RULE_CHANGED_RECORD =
    HCP_RECORD(hcp_grid_rule_changed, GRID_RULE_CHANGED_FIELDS);

static const struct {
    const char *name;
    const hcp_record *record;
} EVENTS[] = {
    [HCP_EVENT_SETTINGS_CHANGED] = {"settings_changed", &SETTINGS_CHANGED_RECORD},
    [HCP_EVENT_CLASS_DEFINED] = {"class_defined", &CLASS_DEFINED_RECORD},
    [HCP_EVENT_FACILITY_DEFINED] = {"facility_defined", &FACILITY_DEFINED_RECORD},
    [HCP_EVENT_CUSTOMER_DEFINED] = {"customer_defined", &CUSTOMER_DEFINED_RECORD},
    [HCP_EVENT_DEVICES_REGISTERED] = {"devices_registered", &DEVICES_REGISTERED_RECORD},
    [HCP_EVENT_PRICE_OBSERVED] = {"price_observed", &PRICE_OBSERVED_RECORD},
    [HCP_EVENT_WORKLOAD_ACCEPTED] = {"workload_accepted", &WORKLOAD_ACCEPTED_RECORD},
    [HCP_EVENT_WORKLOAD_STARTED] = {"workload_started", &WORKLOAD_STARTED_RECORD},
    [HCP_EVENT_WORKLOAD_REQUEUED] = {"workload_requeued", &WORKLOAD_REQUEUED_RECORD},
    [HCP_EVENT_WORKLOAD_ENDED] = {"workload_ended", &WORKLOAD_ENDED_RECORD},
    [HCP_EVENT_WAIT_CHANGED] = {"wait_changed", &WAIT_CHANGED_RECORD},
    [HCP_EVENT_LEASE_GRANTED] = {"lease_granted", &LEASE_GRANTED_RECORD},
    [HCP_EVENT_LEASE_RELEASED] = {"lease_released", &LEASE_RELEASED_RECORD},
    [HCP_EVENT_SWITCH_STARTED] = {"switch_started", &SWITCH_STARTED_RECORD},
    [HCP_EVENT_SWITCH_PHASE_ENDED] = {"switch_phase_ended", &SWITCH_PHASE_ENDED_RECORD},
    [HCP_EVENT_SWITCH_ENDED] = {"switch_ended", &SWITCH_ENDED_RECORD},
    [HCP_EVENT_HEALTH_CHANGED] = {"health_changed", &HEALTH_CHANGED_RECORD},
    [HCP_EVENT_ADMIN_CHANGED] = {"admin_changed", &ADMIN_CHANGED_RECORD},
    [HCP_EVENT_CAP_CHANGED] = {"cap_changed", &CAP_CHANGED_RECORD},
    [HCP_EVENT_EMERGENCY_CHANGED] = {"emergency_changed", &EMERGENCY_CHANGED_RECORD},
    [HCP_EVENT_DECISION_RECORDED] = {"decision_recorded", &HCP_DECISION_RECORDED_RECORD},
    [HCP_EVENT_ALERT_RAISED] = {"alert_raised", &ALERT_RAISED_RECORD},
    [HCP_EVENT_ALERT_CHANGED] = {"alert_changed", &ALERT_CHANGED_RECORD},
    [HCP_EVENT_REPLY_REMEMBERED] = {"reply_remembered", &REPLY_REMEMBERED_RECORD},
    [HCP_EVENT_WORKLOAD_DEFERRED] = {"workload_deferred", &WORKLOAD_DEFERRED_RECORD},
    [HCP_EVENT_PRICES_PUBLISHED] = {"prices_published", &PRICES_PUBLISHED_RECORD},
    [HCP_EVENT_INTERVAL_CLOSED] = {"interval_closed", &INTERVAL_CLOSED_RECORD},
    [HCP_EVENT_GRID_ANNOUNCED] = {"grid_announced", &GRID_ANNOUNCED_RECORD},
    [HCP_EVENT_GRID_CHANGED] = {"grid_changed", &GRID_CHANGED_RECORD},
    [HCP_EVENT_GRID_MEASURED] = {"grid_measured", &HCP_GRID_MEASURED_RECORD},
    [HCP_EVENT_STRIKE_CHANGED] = {"strike_changed", &STRIKE_CHANGED_RECORD},
    [HCP_EVENT_INTERVAL_SETTLED] = {"interval_settled", &INTERVAL_SETTLED_RECORD},
    [HCP_EVENT_PEAK_ASSUMED] = {"peak_assumed", &HCP_PEAK_ASSUMED_RECORD},
    [HCP_EVENT_PEAK_CHARGED] = {"peak_charged", &PEAK_CHARGED_RECORD},
    [HCP_EVENT_RESERVE_CHANGED] = {"reserve_changed", &RESERVE_CHANGED_RECORD},
    [HCP_EVENT_GRID_RULE_CHANGED] = {"grid_rule_changed", &GRID_RULE_CHANGED_RECORD},
};

const char *hcp_event_type_name(hcp_event_type type)
{
    return type < HCP_EVENT_TYPES ? EVENTS[type].name : "unknown";
}

hcp_event_type hcp_event_type_from_name(const char *name)
{
    for (int i = 0; i < HCP_EVENT_TYPES; i++)
        if (g_str_equal(EVENTS[i].name, name))
            return (hcp_event_type)i;
    return HCP_EVENT_TYPES;
}

const hcp_record *hcp_event_record(hcp_event_type type)
{
    g_assert(type < HCP_EVENT_TYPES);
    return EVENTS[type].record;
}

void *hcp_event_payload(hcp_event *event)
{
    return (char *)event + offsetof(hcp_event, settings_changed);
}

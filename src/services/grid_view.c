/* SPDX-License-Identifier: Apache-2.0 */
#include "services/grid_view.h"

#include "base/timefmt.h"
#include "base/units.h"
#include "core/power.h"

#include <math.h>

static void set_mw(json_t *object, const char *key, int64_t power_w)
{
    hcp_services_set_rounded(object, key, (double)power_w / (double)HCP_W_PER_MW, 6);
}

static void set_minutes(json_t *object, const char *key, int64_t us)
{
    hcp_services_set_rounded(object, key, (double)us / (double)HCP_US_PER_MIN, 3);
}

/* Mean power over a measured time; null when there is none. */
static void set_mean_mw(json_t *object, const char *key, int64_t energy_j, int64_t us)
{
    if (us > 0)
        hcp_services_set_rounded(object, key,
                                 (double)energy_j / ((double)us / (double)HCP_US_PER_S) / 1e6, 6);
    else
        json_object_set_new(object, key, json_null());
}

static json_t *report_json(const hcp_grid_event *event)
{
    hcp_grid_report report;
    hcp_grid_report_of(event, &report);
    json_t *object = json_object();
    hcp_json_set_string(object, "verdict",
                        hcp_enum_name(&HCP_GRID_VERDICT_NAMES, (int)report.verdict));
    hcp_services_set_rounded(object, "ratio", report.ratio, 4);
    hcp_json_set_int(object, "intervals", report.intervals);
    hcp_json_set_int(object, "short_intervals", report.short_intervals);
    set_mean_mw(object, "actual_mw", report.energy_j, report.measured_us);
    hcp_services_set_rounded(object, "committed_mwh", hcp_units_mwh(report.committed_j), 6);
    hcp_services_set_rounded(object, "delivered_mwh", hcp_units_mwh(report.delivered_j), 6);
    hcp_services_set_rounded(object, "paid_mwh", hcp_units_mwh(report.credited_j), 6);
    if (report.reach_us >= 0)
        hcp_services_set_rounded(object, "time_to_target_s",
                                 (double)report.reach_us / (double)HCP_US_PER_S, 3);
    else
        json_object_set_new(object, "time_to_target_s", json_null());
    hcp_services_set_money(object, "payment", report.payment_usd_micro);
    hcp_services_set_money(object, "availability", report.availability_usd_micro);
    hcp_services_set_money(object, "penalty", report.penalty_usd_micro);
    hcp_services_set_money(object, "income", report.income_usd_micro);
    return object;
}

static void set_terms(json_t *object, const hcp_grid_announced *def)
{
    hcp_json_set_time(object, "start", def->start_us);
    hcp_json_set_time(object, "end", def->end_us);
    set_minutes(object, "ramp_min", def->ramp_us);
    set_minutes(object, "restore_min", def->restore_us);
    set_minutes(object, "interval_min", def->interval_us);
    set_mw(object, "reduce_mw", def->baseline_w - def->target_w);
    set_mw(object, "baseline_mw", def->baseline_w);
    set_mw(object, "target_mw", def->target_w);
    hcp_json_set_int(object, "baseline_hours", def->baseline_h);
    hcp_services_set_money(object, "payment_per_mwh", def->payment_usd_micro_per_mwh);
    hcp_services_set_money(object, "availability_per_mw", def->availability_usd_micro_per_mw);
    hcp_services_set_money(object, "penalty_per_mwh", def->penalty_usd_micro_per_mwh);
    hcp_json_set_bool(object, "evict", def->evict);
}

/* An expected amount with the interval that holds 80 %. */
static void set_expected(json_t *object, const char *key, hcp_usd_micro expected, hcp_usd_micro low,
                         hcp_usd_micro high)
{
    json_t *member = json_object();
    hcp_services_set_money(member, "expected", expected);
    hcp_services_set_money(member, "low", low);
    hcp_services_set_money(member, "high", high);
    json_object_set_new(object, key, member);
}

static json_t *energy_json(const hcp_grid_weighed *w)
{
    json_t *object = json_object();
    hcp_services_set_rounded(object, "asked_mwh", hcp_units_mwh(w->asked_j), 6);
    hcp_services_set_rounded(object, "without_event_mwh", hcp_units_mwh(w->without_j), 6);
    hcp_services_set_rounded(object, "with_event_mwh", hcp_units_mwh(w->with_j), 6);
    return object;
}

static json_t *shortfall_json(const hcp_grid_weighed *w)
{
    json_t *object = json_object();
    hcp_services_set_rounded(object, "chance", w->short_known ? w->short_chance : NAN, 4);
    hcp_services_set_money(object, "at_stake", w->short_usd_micro);
    return object;
}

json_t *hcp_grid_weighed_json(const hcp_grid_weighed *w)
{
    json_t *object = json_object();
    hcp_json_set_time(object, "weighed_at", w->at_us);
    hcp_json_set_string(object, "recommendation", hcp_grid_is_worth(w, 0) ? "accept" : "decline");
    hcp_json_set_string(object, "reason", w->reason);
    set_expected(object, "worth", w->worth_usd_micro, w->worth_low_usd_micro,
                 w->worth_high_usd_micro);
    hcp_services_set_rounded(object, "gain_chance", w->gain_chance, 3);
    hcp_services_set_rounded(object, "break_even_usd_per_mwh",
                             w->payable ? hcp_money_to_usd(w->break_even_usd_micro_per_mwh) : NAN,
                             2);
    hcp_services_set_money(object, "payment", w->payment_usd_micro);
    hcp_services_set_money(object, "availability", w->availability_usd_micro);
    set_expected(object, "electricity_saved", w->electricity_usd_micro,
                 w->electricity_low_usd_micro, w->electricity_high_usd_micro);
    set_expected(object, "mining_foregone", w->mining_usd_micro, w->mining_low_usd_micro,
                 w->mining_high_usd_micro);
    hcp_services_set_money(object, "reserve_foregone", w->reserve_usd_micro);
    hcp_services_set_money(object, "ai_foregone", w->ai_usd_micro);
    hcp_json_set_int(object, "leases_ended", w->leases);
    hcp_services_set_money(object, "switching", w->switch_usd_micro);
    hcp_services_set_money(object, "penalty", w->penalty_usd_micro);
    json_object_set_new(object, "shortfall", shortfall_json(w));
    json_object_set_new(object, "energy", energy_json(w));
    hcp_services_set_rounded(object, "electricity_usd_per_mwh", w->usd_per_mwh, 2);
    hcp_json_set_string(object, "prices", w->forecast ? "forecast" : "in_force");
    hcp_json_set_bool(object, "prices_trusted", w->trusted);
    return object;
}

static void set_place(json_t *object, const hcp_state *state, const hcp_grid_announced *def)
{
    hcp_json_set_string(object, "facility", hcp_state_facility(state, def->facility)->def.key);
    hcp_json_set_string(object, "kind", hcp_enum_name(&HCP_GRID_KIND_NAMES, (int)def->kind));
    hcp_json_set_string(object, "program", def->program);
}

json_t *hcp_grid_assessment_json(const hcp_state *state, const hcp_grid_announced *def,
                                 const hcp_grid_weighed *weighed)
{
    json_t *object = hcp_grid_weighed_json(weighed);
    set_place(object, state, def);
    set_terms(object, def);
    return object;
}

static void set_answer(json_t *object, const hcp_grid_event *event)
{
    const hcp_grid_weighed *weighed = event->weighed.items;
    hcp_json_set_time(object, "respond_by", event->def.respond_by_us);
    hcp_json_set_bool(object, "automatic", event->automatic);
    json_object_set_new(object, "assessment",
                        weighed != NULL ? hcp_grid_weighed_json(weighed) : json_null());
}

json_t *hcp_grid_event_json(const hcp_state *state, const hcp_grid_event *event)
{
    const hcp_grid_announced *def = &event->def;
    json_t *object = json_object();
    hcp_services_set_id(object, "grid_event_id", HCP_ID_GRID, def->id.value);
    set_place(object, state, def);
    hcp_json_set_string(object, "stage", hcp_enum_name(&HCP_GRID_STAGE_NAMES, (int)event->stage));
    hcp_json_set_string(object, "source", def->source);
    set_terms(object, def);
    hcp_json_set_time(object, "announced_at", event->announced_us);
    set_minutes(object, "notice_min", def->start_us - event->announced_us);
    hcp_json_set_time(object, "reached_at", event->reached_us);
    hcp_json_set_time(object, "finished_at", event->finished_us);
    hcp_json_set_string(object, "reason", event->reason);
    set_answer(object, event);
    json_object_set_new(object, "report", report_json(event));
    return object;
}

static json_t *interval_json(const hcp_grid_event *event, const hcp_grid_measured *part)
{
    int64_t us = part->until_us - part->from_us;
    json_t *object = json_object();
    hcp_json_set_time(object, "from", part->from_us);
    hcp_json_set_time(object, "until", part->until_us);
    set_mw(object, "baseline_mw", event->def.baseline_w);
    set_mw(object, "target_mw", event->def.target_w);
    set_mean_mw(object, "actual_mw", part->energy_j, us);
    hcp_json_set_int(object, "energy_j", part->energy_j);
    hcp_services_set_rounded(object, "committed_mwh", hcp_units_mwh(part->committed_j), 6);
    hcp_services_set_rounded(object, "delivered_mwh", hcp_units_mwh(part->delivered_j), 6);
    hcp_services_set_money(object, "payment", part->payment_usd_micro);
    hcp_services_set_money(object, "penalty", part->penalty_usd_micro);
    return object;
}

json_t *hcp_grid_intervals_json(const hcp_grid_event *event)
{
    json_t *array = json_array();
    const hcp_grid_measured *parts = event->intervals.items;
    for (uint32_t i = 0; i < event->intervals.count; i++)
        json_array_append_new(array, interval_json(event, &parts[i]));
    return array;
}

char *hcp_grid_report_csv(const hcp_grid_event *event)
{
    GString *text = g_string_new("from,until,baseline_w,target_w,energy_j,committed_j,delivered_j,"
                                 "payment_usd_micro,penalty_usd_micro\r\n");
    const hcp_grid_measured *parts = event->intervals.items;
    for (uint32_t i = 0; i < event->intervals.count; i++) {
        const hcp_grid_measured *part = &parts[i];
        char from[HCP_TIME_TEXT_SIZE], until[HCP_TIME_TEXT_SIZE];
        hcp_time_format(part->from_us, from);
        hcp_time_format(part->until_us, until);
        const int64_t figures[] = {event->def.baseline_w,  event->def.target_w,
                                   part->energy_j,         part->committed_j,
                                   part->delivered_j,      part->payment_usd_micro,
                                   part->penalty_usd_micro};
        g_string_append_printf(text, "%s,%s", from, until);
        for (size_t k = 0; k < G_N_ELEMENTS(figures); k++)
            g_string_append_printf(text, ",%" G_GINT64_FORMAT, figures[k]);
        g_string_append(text, "\r\n");
    }
    return g_string_free(text, FALSE);
}

/* The event that bounds the power now, else the next to come. */
static const hcp_grid_event *next_of(const hcp_state *state, uint32_t facility)
{
    const hcp_grid_event *next = hcp_grid_in_force(state, facility);
    for (guint i = 0; next == NULL && i < state->grid_events->len; i++) {
        const hcp_grid_event *event = &g_array_index(state->grid_events, hcp_grid_event, i);
        if (event->def.facility == facility && hcp_grid_is_agreed(event))
            next = event;
    }
    return next;
}

json_t *hcp_grid_summary_json(const hcp_state *state, uint32_t facility)
{
    const hcp_grid_event *event = next_of(state, facility);
    if (event == NULL)
        return json_null();
    json_t *object = json_object();
    hcp_services_set_id(object, "grid_event_id", HCP_ID_GRID, event->def.id.value);
    hcp_json_set_string(object, "kind", hcp_enum_name(&HCP_GRID_KIND_NAMES, (int)event->def.kind));
    hcp_json_set_string(object, "stage", hcp_enum_name(&HCP_GRID_STAGE_NAMES, (int)event->stage));
    hcp_json_set_time(object, "start", event->def.start_us);
    hcp_json_set_time(object, "end", event->def.end_us);
    hcp_json_set_int(object, "target_w", event->def.target_w);
    hcp_json_set_int(object, "cap_w", hcp_power_cap_w(state, facility));
    return object;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/curtail.h"

#include "base/units.h"
#include "core/grid.h"
#include "core/power.h"
#include "core/prices.h"
#include "economics/dispatch/prices.h"
#include "runtime/platform_internal.h"

#include <math.h>

/* Fewer spans of the past than this say nothing about the next one. */
#define LEAST_RISES 24

/* --- prices ------------------------------------------------------------------------------------------------------------ */

/* The prices of the coming steps, and when they are paid. */
typedef struct {
    hcp_price_outlook *outlook; /* NULL: none; owned */
    int64_t step_us;
    int64_t first_us; /* from when on the first step's price is paid */
} horizon;

/* A forecast that has lived through all the settled prices that the state still has. Policies keep one of their own, but not
 * all of them, and a question must not depend on which one steers. */
static hcp_dispatch_prices *live_through(const hcp_state *state, uint32_t facility, int64_t step_us,
                                         const hcp_dispatch_input *input)
{
    hcp_dispatch_prices *prices = hcp_dispatch_prices_new(
        &(hcp_dispatch_config){.step_us = step_us, .utc_offset_h = HCP_STEER_UTC_OFFSET_H});
    for (guint i = 0; i < state->market.settled->len; i++) {
        const hcp_settled_price *price =
            &g_array_index(state->market.settled, hcp_settled_price, i);
        if (price->facility != facility)
            continue;
        const hcp_dispatch_price told = hcp_steer_told(price);
        hcp_dispatch_prices_tell(prices, &told);
    }
    hcp_dispatch_prices_publish(prices, input);
    hcp_dispatch_price taken;
    while (hcp_dispatch_prices_take(prices, &taken))
        ;
    return prices;
}

/* Fills the outlook until `until_us`. False: it does not reach so far. */
static bool look_ahead(hcp_platform *platform, uint32_t facility, const hcp_dispatch_input *input,
                       int64_t until_us, horizon *ret)
{
    const hcp_state *state = hcp_core_state(platform->core);
    int64_t step_us = hcp_steer_step_us(platform, facility);
    g_autoptr(hcp_dispatch_prices) prices = live_through(state, facility, step_us, input);
    int64_t paid_us =
        input->settles_late ? input->price_at_us : MAX(input->price_known_us, input->price_at_us);
    *ret = (horizon){.step_us = step_us, .first_us = paid_us + step_us};
    if (hcp_dispatch_prices_last(prices) == NULL)
        return true;
    int64_t n = MAX(0, until_us - ret->first_us) / step_us + 1;
    if (n > HCP_PRICE_STEPS_MAX)
        return false;
    ret->outlook = g_new0(hcp_price_outlook, 1);
    hcp_price_forecast *forecast = hcp_dispatch_prices_forecast(prices);
    hcp_price_forecast_outlook(forecast, (int)n, ret->outlook);
    if (input->price_good)
        hcp_price_forecast_given(forecast, input->usd_per_mwh, ret->outlook);
    return true;
}

static int step_at(const horizon *ahead, int64_t at_us)
{
    if (ahead->outlook == NULL || at_us < ahead->first_us)
        return -1;
    return (int)((at_us - ahead->first_us) / ahead->step_us);
}

/* --- parts ------------------------------------------------------------------------------------------------------------- */

/* Where cap, pay or price change next after `at_us`. */
static int64_t next_change_us(const hcp_grid_announced *def, const horizon *ahead, int64_t at_us)
{
    int64_t next_us = hcp_grid_over_us(def);
    int64_t price_us = ahead->first_us + (int64_t)(step_at(ahead, at_us) + 1) * ahead->step_us;
    if (ahead->outlook != NULL)
        next_us = MIN(next_us, price_us);
    if (at_us < def->start_us)
        return MIN(next_us, def->start_us);
    if (at_us < def->end_us)
        return MIN(next_us, def->end_us);
    int64_t step = (at_us - def->end_us) * HCP_GRID_STEPS / MAX(def->restore_us, 1) + 1;
    int64_t step_us = def->end_us + (def->restore_us * step + HCP_GRID_STEPS - 1) / HCP_GRID_STEPS;
    return MIN(next_us, step_us);
}

static GArray *parts_of(const hcp_grid_announced *def, int64_t cap_w, const horizon *ahead)
{
    GArray *parts = g_array_new(FALSE, FALSE, sizeof(hcp_curtailment_part));
    for (int64_t at_us = hcp_grid_begin_us(def); at_us < hcp_grid_over_us(def);) {
        int64_t until_us = next_change_us(def, ahead, at_us);
        const hcp_curtailment_part part = {
            .h = (double)(until_us - at_us) / (double)HCP_US_PER_H,
            .cap_w = (double)hcp_grid_planned_cap_w(def, cap_w, at_us),
            .open_cap_w = (double)cap_w,
            .paid = at_us >= def->start_us && at_us < def->end_us,
            .step = step_at(ahead, at_us),
        };
        g_array_append_val(parts, part);
        at_us = until_us;
    }
    return parts;
}

/* --- leases ------------------------------------------------------------------------------------------------------------ */

/* Income of a lease while the event lasts, as far as its work goes on until then. */
static double income_usd(const hcp_state *state, const hcp_lease *lease,
                         const hcp_grid_announced *def)
{
    int64_t until_us = hcp_grid_over_us(def);
    hcp_usd_micro rate = lease->rate_usd_micro_per_h;
    if (lease->workload != HCP_NO_INDEX) {
        const hcp_workload *work = hcp_state_workload(state, lease->workload);
        rate = work->def.rate_usd_micro_per_h;
        if (work->ends_us != 0)
            until_us = MIN(until_us, work->ends_us);
    }
    int64_t lost_us = MAX(0, until_us - hcp_grid_begin_us(def));
    return hcp_money_to_usd(hcp_money_accrue(rate, lost_us, lease->def.devices.count));
}

static void count_leases(const hcp_core *core, const hcp_grid_announced *def,
                         hcp_curtailment *event, uint32_t *ret_leases)
{
    const hcp_state *state = hcp_core_state(core);
    *ret_leases = 0;
    if (!def->evict)
        return;
    g_autoptr(GArray) ended = hcp_power_leases_over(core, def->facility, def->target_w);
    for (guint i = 0; i < ended->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, g_array_index(ended, uint32_t, i));
        event->ended_w += (double)hcp_power_lease_w(state, lease);
        event->ended_usd += income_usd(state, lease, def);
    }
    *ret_leases = ended->len;
}

static double leased_w(const hcp_interval_closed *interval)
{
    double s = (double)(interval->until_us - interval->from_us) / (double)HCP_US_PER_S;
    return (double)interval->energy_j[HCP_USE_AI] / MAX(s, 1);
}

/* By how much what leases draw has risen over every span of `span_us` that the accounts hold, W at the meter. */
static GArray *rises_over(const hcp_state *state, uint32_t facility, int64_t span_us)
{
    GArray *rises = g_array_new(FALSE, FALSE, sizeof(double));
    const GArray *intervals = state->intervals;
    for (guint i = 0, j = 0; i < intervals->len; i++) {
        const hcp_interval_closed *from = &g_array_index(intervals, hcp_interval_closed, i);
        if (from->facility != facility)
            continue;
        const hcp_interval_closed *to = NULL;
        for (; j < intervals->len; j++) {
            const hcp_interval_closed *other = &g_array_index(intervals, hcp_interval_closed, j);
            if (other->facility != facility || other->until_us <= from->until_us + span_us)
                continue;
            to = other;
            break;
        }
        if (to == NULL)
            break;
        double rise_w = leased_w(to) - leased_w(from);
        g_array_append_val(rises, rise_w);
    }
    if (rises->len < LEAST_RISES)
        g_array_set_size(rises, 0);
    return rises;
}

/* --- all of it --------------------------------------------------------------------------------------------------------- */

static bool refuse_far(const horizon *ahead, hcp_refusal *ret_refusal)
{
    *ret_refusal = (hcp_refusal){.code = HCP_REFUSAL_INVALID, .field = "end"};
    g_snprintf(
        ret_refusal->message, sizeof ret_refusal->message,
        "prices are forecast %.0f h ahead, the event ends later; ask again when it is nearer",
        (double)(HCP_PRICE_STEPS_MAX * ahead->step_us) / (double)HCP_US_PER_H);
    return false;
}

static void fill_terms(const hcp_grid_announced *def, hcp_curtailment *event)
{
    event->baseline_w = (double)def->baseline_w;
    event->target_w = (double)def->target_w;
    event->payment_usd_per_mwh = hcp_money_to_usd(def->payment_usd_micro_per_mwh);
    event->availability_usd_per_mw = hcp_money_to_usd(def->availability_usd_micro_per_mw);
    event->penalty_usd_per_mwh = hcp_money_to_usd(def->penalty_usd_micro_per_mwh);
    event->ready_w = (double)def->reserve_w;
    event->may_end = def->evict;
}

static int64_t joules(double mwh)
{
    return llround(mwh * (double)HCP_J_PER_MWH);
}

/* Dollars become money, megawatt-hours joules. */
static void record(const hcp_curtailment_worth *worth, hcp_grid_weighed *row)
{
    row->asked_j = joules(worth->asked_mwh);
    row->without_j = joules(worth->without_mwh);
    row->with_j = joules(worth->with_mwh);
    row->usd_per_mwh = worth->price_usd_per_mwh;
    row->payment_usd_micro = hcp_money_from_usd(worth->payment_usd);
    row->availability_usd_micro = hcp_money_from_usd(worth->availability_usd);
    row->electricity_usd_micro = hcp_money_from_usd(worth->electricity_usd.expected);
    row->electricity_low_usd_micro = hcp_money_from_usd(worth->electricity_usd.low);
    row->electricity_high_usd_micro = hcp_money_from_usd(worth->electricity_usd.high);
    row->mining_usd_micro = hcp_money_from_usd(worth->mining_usd.expected);
    row->mining_low_usd_micro = hcp_money_from_usd(worth->mining_usd.low);
    row->mining_high_usd_micro = hcp_money_from_usd(worth->mining_usd.high);
    row->reserve_usd_micro = hcp_money_from_usd(worth->reserve_usd);
    row->ai_usd_micro = hcp_money_from_usd(worth->ai_usd);
    row->switch_usd_micro = hcp_money_from_usd(worth->switch_usd);
    row->penalty_usd_micro = hcp_money_from_usd(worth->penalty_usd);
    row->short_known = !isnan(worth->short_chance);
    row->short_chance = row->short_known ? worth->short_chance : 0;
    row->short_usd_micro = hcp_money_from_usd(worth->short_usd);
    row->worth_usd_micro = hcp_money_from_usd(worth->worth_usd.expected);
    row->worth_low_usd_micro = hcp_money_from_usd(worth->worth_usd.low);
    row->worth_high_usd_micro = hcp_money_from_usd(worth->worth_usd.high);
    row->gain_chance = worth->gain_chance;
    row->payable = !isnan(worth->break_even_usd_per_mwh);
    row->break_even_usd_micro_per_mwh =
        row->payable ? hcp_money_from_usd(worth->break_even_usd_per_mwh) : 0;
}

static void weigh(hcp_platform *platform, const hcp_grid_announced *def,
                  const hcp_dispatch_input *input, const horizon *ahead, hcp_grid_weighed *row)
{
    const hcp_state *state = hcp_core_state(platform->core);
    g_autoptr(GArray) parts =
        parts_of(def, hcp_state_facility(state, def->facility)->def.cap_w, ahead);
    g_autoptr(GArray) rises =
        rises_over(state, def->facility, MAX(0, hcp_grid_begin_us(def) - input->now_us));
    hcp_curtailment event = {
        .site = input,
        .outlook = ahead->outlook,
        .parts = (const hcp_curtailment_part *)(const void *)parts->data,
        .n_parts = (int)parts->len,
        .rise_w = (const double *)(const void *)rises->data,
        .n_rises = (int)rises->len,
    };
    hcp_curtailment_worth worth;
    fill_terms(def, &event);
    count_leases(platform->core, def, &event, &row->leases);
    hcp_curtailment_assess(&event, &worth);
    record(&worth, row);
    row->reason = g_strdup(row->trusted ? worth.reason
                                        : "prices are stale or contradict each other, so what it "
                                          "is worth is not known");
}

bool hcp_platform_weigh_event(hcp_platform *platform, const hcp_grid_announced *def,
                              hcp_grid_weighed *ret_weighed, hcp_refusal *ret_refusal)
{
    hcp_dispatch_storage storage;
    hcp_dispatch_input input;
    horizon ahead;
    hcp_platform_dispatch_input(platform, def->facility, &storage, &input);
    if (!look_ahead(platform, def->facility, &input, hcp_grid_over_us(def), &ahead))
        return refuse_far(&ahead, ret_refusal);
    *ret_weighed = (hcp_grid_weighed){.at_us = input.now_us,
                                      .forecast = ahead.outlook != NULL,
                                      .trusted = input.price_good && input.hashprice_good};
    weigh(platform, def, &input, &ahead, ret_weighed);
    g_free(ahead.outlook);
    return true;
}

/* --- offers ------------------------------------------------------------------------------------------------------------ */

/* The later an offer is weighed, the more is known; this long before the deadline is late enough. */
#define ANSWER_AHEAD_US HCP_US_PER_MIN

/* When the rule of its facility answers the offer; INT64_MAX: people do, or it is answered. */
static int64_t answer_us(const hcp_state *state, const hcp_grid_event *row)
{
    bool ruled =
        row->stage == HCP_GRID_OFFERED && hcp_state_facility(state, row->def.facility)->grid_rule;
    return ruled ? row->def.respond_by_us - ANSWER_AHEAD_US : INT64_MAX;
}

int64_t hcp_curtail_next_due(const hcp_platform *platform)
{
    const hcp_state *state = hcp_core_state(platform->core);
    int64_t due_us = INT64_MAX;
    for (guint i = 0; i < state->grid_events->len; i++)
        due_us =
            MIN(due_us, answer_us(state, &g_array_index(state->grid_events, hcp_grid_event, i)));
    return due_us;
}

static void answer(hcp_platform *platform, const hcp_grid_event *row)
{
    hcp_grid_weighed weighed = {0};
    hcp_refusal refusal;
    bool known = hcp_platform_weigh_event(platform, &row->def, &weighed, &refusal);
    hcp_platform_command(platform,
                         &(hcp_command){.type = HCP_COMMAND_ANSWER_GRID,
                                        .answer_grid = {.id = row->def.id,
                                                        .answer = HCP_ANSWER_BY_RULE,
                                                        .weighed = known ? &weighed : NULL}});
    hcp_record_clear(&HCP_GRID_WEIGHED_RECORD, &weighed);
}

void hcp_curtail_answer(hcp_platform *platform, int64_t now_us)
{
    const hcp_state *state = hcp_core_state(platform->core);
    for (guint i = 0; i < state->grid_events->len; i++) {
        const hcp_grid_event *row = &g_array_index(state->grid_events, hcp_grid_event, i);
        if (answer_us(state, row) <= now_us)
            answer(platform, row);
    }
}

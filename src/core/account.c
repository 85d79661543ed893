/* SPDX-License-Identifier: Apache-2.0 */
/* The open account of each facility and of each of its groups, and what closing it makes of them. */
#include "core/account.h"

#include "base/units.h"
#include "core/internal.h"
#include "core/metering.h"
#include "core/reserve.h"
#include "core/switch_cost.h"

#include <string.h>

/* Prices may come more often; accounts do not. */
static const int64_t SHORTEST_US = 15 * HCP_US_PER_MIN;

/* Rows are dropped a day's worth at a time. */
static const int64_t FORGET_US = 24 * HCP_US_PER_H;

static const hcp_price_observed *electricity(const hcp_state *state, uint32_t facility)
{
    return &g_array_index(state->market.electricity, hcp_price_observed, facility);
}

/* Length of the interval that opens: of one price, and a part of an hour. */
static int64_t length_us(const hcp_price_observed *price)
{
    if (price->interval_us <= SHORTEST_US)
        return SHORTEST_US;
    return price->interval_us <= 2 * SHORTEST_US ? 2 * SHORTEST_US : HCP_US_PER_H;
}

static uint32_t heading(const hcp_group_tally *tally)
{
    uint32_t sum = 0;
    for (int t = 0; t < HCP_MAX_POWER_TARGETS; t++)
        sum += tally->heading[t];
    return sum;
}

/* Opens the account of a facility whose meter stands at `at_us`. */
static void open_account(hcp_core *core, uint32_t ix, int64_t at_us)
{
    hcp_facility *facility = hcp_core_facility(core, ix);
    int64_t length = length_us(electricity(&core->state, ix));
    facility->account = (hcp_open_account){
        .from_us = at_us,
        .due_us = (at_us / length + 1) * length,
        .energy_cost_usd_micro = facility->energy_cost_usd_micro,
        .mining_usd_micro = facility->mining_usd_micro,
        .ai_usd_micro = facility->ai_usd_micro,
        .grid_usd_micro = facility->grid_usd_micro + facility->reserve_usd_micro,
        .foregone_usd_micro = facility->foregone_usd_micro,
        .avoided_usd_micro = facility->avoided_usd_micro,
        .avoided_j = facility->avoided_j,
        .pool_fee_usd_micro = facility->pool_fee_usd_micro,
        .peak_charge_usd_micro = facility->peak_charge_usd_micro,
    };
    memcpy(facility->account.energy_j, facility->energy_j, sizeof facility->energy_j);
    memcpy(facility->account.carbon_mg, facility->carbon_mg, sizeof facility->carbon_mg);
    memcpy(facility->account.reserve_sold, facility->reserve_sold, sizeof facility->reserve_sold);
    for (uint32_t g = 0; g < core->state.fleet.groups->len; g++)
        if (hcp_state_group(&core->state, g)->facility == ix)
            hcp_core_group(core, g)->account = (hcp_group_account){0};
}

static void arm(hcp_core *core, uint32_t facility)
{
    hcp_timers_arm(&core->timers, (hcp_timer){
                                      .due_us = hcp_account_due(core, facility, 0),
                                      .kind = HCP_TIMER_ACCOUNT,
                                      .row = facility,
                                  });
}

void hcp_account_open(hcp_core *core, uint32_t facility)
{
    open_account(core, facility, hcp_state_facility(&core->state, facility)->metered_us);
    arm(core, facility);
}

/* Profit of the accounts that are kept, and what the meters had earned when the open one began. */
static hcp_usd_micro kept_profit(const hcp_state *state, uint32_t facility)
{
    hcp_usd_micro sum = 0;
    for (guint i = 0; i < state->intervals->len; i++) {
        const hcp_interval_closed *row = &g_array_index(state->intervals, hcp_interval_closed, i);
        sum += row->facility == facility ? hcp_account_profit(row) : 0;
    }
    return sum;
}

static hcp_usd_micro opened_profit(const hcp_state *state, uint32_t ix)
{
    const hcp_facility *facility = hcp_state_facility(state, ix);
    const hcp_open_account *opened = &facility->account;
    return opened->mining_usd_micro + opened->ai_usd_micro + opened->grid_usd_micro -
           opened->energy_cost_usd_micro - facility->true_up_usd_micro -
           opened->peak_charge_usd_micro;
}

void hcp_account_rebuild(hcp_core *core)
{
    for (uint32_t f = 0; f < core->state.fleet.facilities->len; f++) {
        /* A snapshot from before there were accounts: they begin where its meters stand. */
        if (hcp_state_facility(&core->state, f)->account.due_us == 0)
            hcp_account_open(core, f);
        else
            arm(core, f);
        hcp_core_facility(core, f)->closed_past_usd_micro =
            opened_profit(&core->state, f) - kept_profit(&core->state, f);
    }
}

/* Moves the account of a facility, a row of the state or a copy of it, on by `us`. */
static void advance_open(const hcp_state *state, uint32_t ix, int64_t us, hcp_open_account *account)
{
    const hcp_facility *facility = hcp_state_facility(state, ix);
    const hcp_price_observed *price = electricity(state, ix);
    double hours = (double)us / (double)HCP_US_PER_H;
    account->usd_h_per_mwh += price->value * hours;
    account->hashprice_h += state->market.global[HCP_PRICE_HASHPRICE].value * hours;
    account->cap_wh += facility->emergency ? 0 : (double)hcp_power_cap_w(state, ix) * hours;
    account->stale_us += price->quality < HCP_QUALITY_SUSPECT ? us : 0;
    account->ready_usd_h_per_mw += hcp_reserve_usd_per_mw(state, ix) * hours;
}

void hcp_account_cap_changed(hcp_core *core, uint32_t ix, int64_t before_w)
{
    hcp_facility *facility = hcp_core_facility(core, ix);
    double hours = (double)(core->state.now_us - facility->metered_us) / (double)HCP_US_PER_H;
    if (!facility->emergency)
        facility->account.cap_wh += (double)(before_w - hcp_power_cap_w(&core->state, ix)) * hours;
}

static void advance_group(const hcp_core *core, uint32_t g, int64_t us, hcp_group_account *account)
{
    const hcp_group_tally *tally = hcp_core_tally(core, g);
    account->at_hand_us += us * tally->at_hand;
    account->drawn_uj += us * tally->power_w;
    for (int t = 0; t < HCP_MAX_POWER_TARGETS; t++)
        account->mined_us[t] += us * tally->heading[t];
}

void hcp_account_advance(hcp_core *core, uint32_t ix, int64_t us)
{
    advance_open(&core->state, ix, us, &hcp_core_facility(core, ix)->account);
    for (uint32_t g = 0; g < core->state.fleet.groups->len; g++) {
        hcp_group *group = hcp_core_group(core, g);
        if (group->facility == ix)
            advance_group(core, g, us, &group->account);
    }
}

/* --- closing ------------------------------------------------------------------------------------------------------- */

static void fill_mined(const hcp_group_account *account, hcp_array *ret_mined)
{
    uint32_t n = 0;
    for (uint32_t t = 0; t < HCP_MAX_POWER_TARGETS; t++)
        n += account->mined_us[t] > 0;
    hcp_mined_target *mined = hcp_array_init(ret_mined, n, sizeof *mined);
    for (uint32_t t = 0; t < HCP_MAX_POWER_TARGETS; t++)
        if (account->mined_us[t] > 0)
            *mined++ = (hcp_mined_target){t, account->mined_us[t]};
}

static void fill_class(const hcp_core *core, uint32_t g, int64_t us, hcp_class_account *row)
{
    const hcp_group *group = hcp_state_group(&core->state, g);
    const hcp_group_tally *tally = hcp_core_tally(core, g);
    hcp_group_account account = group->account;
    double switch_usd = 0;
    advance_group(core, g, us, &account);
    (void)hcp_switch_cost_move(&core->state, group->facility, group->class_ix, &switch_usd);
    *row = (hcp_class_account){
        .class_ix = group->class_ix,
        .at_hand_us = account.at_hand_us,
        .at_hand = tally->at_hand,
        .mining = heading(tally),
        .starts = account.starts,
        .stops = account.stops,
        .switch_usd_micro =
            hcp_money_from_usd(switch_usd * (double)(account.starts + account.stops)),
        .feeder = group->feeder,
        .drawn_j = account.drawn_uj / HCP_US_PER_S,
    };
    fill_mined(&account, &row->mined);
}

static uint32_t count_groups(const hcp_state *state, uint32_t facility)
{
    uint32_t n = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++)
        n += hcp_state_group(state, g)->facility == facility;
    return n;
}

static void fill_classes(const hcp_core *core, uint32_t facility, int64_t us,
                         hcp_array *ret_classes)
{
    const hcp_state *state = &core->state;
    hcp_class_account *rows =
        hcp_array_init(ret_classes, count_groups(state, facility), sizeof *rows);
    for (uint32_t g = 0; g < state->fleet.groups->len; g++)
        if (hcp_state_group(state, g)->facility == facility)
            fill_class(core, g, us, rows++);
}

/* What was sold of each product since the account was opened. */
static void fill_reserve(const hcp_open_account *opened, const hcp_meter *meter,
                         hcp_array *ret_reserve)
{
    hcp_reserve_sold sold[HCP_RESERVES];
    uint32_t n = 0;
    for (int product = 0; product < HCP_RESERVES; product++) {
        const hcp_reserve_sold *then = &opened->reserve_sold[product];
        const hcp_reserve_sold *now = &meter->reserve_sold[product];
        if (now->ready_j != then->ready_j || now->usd_micro != then->usd_micro)
            sold[n++] = (hcp_reserve_sold){.product = (hcp_reserve)product,
                                           .ready_j = now->ready_j - then->ready_j,
                                           .usd_micro = now->usd_micro - then->usd_micro};
    }
    if (n > 0)
        memcpy(hcp_array_init(ret_reserve, n, sizeof *sold), sold, n * sizeof *sold);
}

static void fill_meters(const hcp_state *state, uint32_t facility, hcp_interval_closed *closed)
{
    const hcp_open_account *opened = &hcp_state_facility(state, facility)->account;
    hcp_meter meter;
    hcp_meter_read(state, facility, closed->until_us, &meter);
    for (int use = 0; use < HCP_USES; use++) {
        closed->energy_j[use] = meter.energy_j[use] - opened->energy_j[use];
        closed->carbon_mg[use] = meter.carbon_mg[use] - opened->carbon_mg[use];
    }
    closed->energy_cost_usd_micro = meter.energy_cost_usd_micro - opened->energy_cost_usd_micro;
    closed->mining_usd_micro = meter.mining_usd_micro - opened->mining_usd_micro;
    closed->ai_usd_micro = meter.ai_usd_micro - opened->ai_usd_micro;
    closed->grid_usd_micro = meter.grid_usd_micro - opened->grid_usd_micro;
    closed->foregone_usd_micro = meter.foregone_usd_micro - opened->foregone_usd_micro;
    closed->avoided_usd_micro = meter.avoided_usd_micro - opened->avoided_usd_micro;
    closed->avoided_j = meter.avoided_j - opened->avoided_j;
    closed->pool_fee_usd_micro = meter.pool_fee_usd_micro - opened->pool_fee_usd_micro;
    closed->peak_charge_usd_micro = meter.peak_charge_usd_micro - opened->peak_charge_usd_micro;
    fill_reserve(opened, &meter, &closed->reserve);
}

int64_t hcp_account_due(const hcp_core *core, uint32_t row, uint64_t id G_GNUC_UNUSED)
{
    return hcp_state_facility(&core->state, row)->account.due_us;
}

void hcp_account_fire(hcp_txn *txn, uint32_t row, uint64_t id G_GNUC_UNUSED)
{
    const hcp_state *state = &txn->core->state;
    const hcp_facility *facility = hcp_state_facility(state, row);
    hcp_open_account account = facility->account;
    int64_t us = txn->now_us - facility->metered_us;
    double hours = (double)(txn->now_us - account.from_us) / (double)HCP_US_PER_H;
    advance_open(state, row, us, &account);
    hcp_event event = {.type = HCP_EVENT_INTERVAL_CLOSED};
    event.interval_closed = (hcp_interval_closed){
        .facility = row,
        .from_us = account.from_us,
        .until_us = txn->now_us,
        .usd_per_mwh = account.usd_h_per_mwh / hours,
        .hashprice = account.hashprice_h / hours,
        .cap_w = account.cap_wh / hours,
        .stale_us = account.stale_us,
        .ready_usd_per_mw = account.ready_usd_h_per_mw / hours,
    };
    fill_meters(state, row, &event.interval_closed);
    fill_classes(txn->core, row, us, &event.interval_closed.classes);
    hcp_txn_emit(txn, &event);
    hcp_settlement_settle(txn, row);
    hcp_peak_watch(
        txn, &g_array_index(state->intervals, hcp_interval_closed, state->intervals->len - 1));
}

static bool classes_exist(const hcp_state *state, const hcp_interval_closed *closed)
{
    const hcp_class_account *rows = closed->classes.items;
    for (uint32_t i = 0; i < closed->classes.count; i++)
        if (rows[i].class_ix >= state->fleet.classes->len)
            return false;
    return true;
}

static void forget(hcp_state *state)
{
    GArray *rows = state->intervals;
    int64_t oldest_us = state->now_us - HCP_ACCOUNT_KEPT_US;
    if (g_array_index(rows, hcp_interval_closed, 0).until_us >= oldest_us - FORGET_US)
        return;
    guint n = hcp_accounts_since(state, oldest_us);
    for (guint i = 0; i < n; i++) {
        hcp_interval_closed *row = &g_array_index(rows, hcp_interval_closed, i);
        g_array_index(state->fleet.facilities, hcp_facility, row->facility).closed_past_usd_micro +=
            hcp_account_profit(row);
        hcp_record_clear(hcp_event_record(HCP_EVENT_INTERVAL_CLOSED), row);
    }
    g_array_remove_range(rows, 0, n);
}

const char *hcp_account_apply_closed(hcp_core *core, const hcp_event *event)
{
    const hcp_interval_closed *closed = &event->interval_closed;
    hcp_state *state = &core->state;
    if (closed->facility >= state->fleet.facilities->len || !classes_exist(state, closed))
        return "its facility or a class is unknown";
    if (closed->until_us != event->time_us || closed->from_us >= closed->until_us)
        return "its times are impossible";
    hcp_metering_advance(core, closed->facility, event->time_us);
    hcp_interval_closed row;
    hcp_record_copy(hcp_event_record(event->type), closed, &row);
    g_array_append_val(state->intervals, row);
    forget(state);
    hcp_account_open(core, closed->facility);
    return NULL;
}

/* --- reading ------------------------------------------------------------------------------------------------------- */

hcp_usd_micro hcp_account_profit(const hcp_interval_closed *interval)
{
    return interval->mining_usd_micro + interval->ai_usd_micro + interval->grid_usd_micro -
           interval->energy_cost_usd_micro - interval->true_up_usd_micro -
           interval->peak_charge_usd_micro;
}

int64_t hcp_account_energy_j(const hcp_interval_closed *interval)
{
    int64_t sum_j = 0;
    for (int use = 0; use < HCP_USES; use++)
        sum_j += interval->energy_j[use];
    return sum_j;
}

bool hcp_account_stood_still(const hcp_interval_closed *interval)
{
    return interval->until_us - interval->from_us > 2 * HCP_US_PER_H;
}

guint hcp_accounts_since(const hcp_state *state, int64_t since_us)
{
    guint low = 0, high = state->intervals->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(state->intervals, hcp_interval_closed, middle).until_us <= since_us)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool hcp_accounts_sound(const hcp_state *state)
{
    int64_t until_us = INT64_MIN;
    for (guint i = 0; i < state->intervals->len; i++) {
        const hcp_interval_closed *row = &g_array_index(state->intervals, hcp_interval_closed, i);
        if (row->facility >= state->fleet.facilities->len || !classes_exist(state, row) ||
            row->from_us >= row->until_us || row->until_us < until_us ||
            row->until_us > state->now_us || (row->own_price && !row->settled))
            return false;
        until_us = row->until_us;
    }
    return true;
}

char *hcp_check_accounts(const hcp_core *core)
{
    const hcp_state *state = &core->state;
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++) {
        const hcp_facility *facility = hcp_state_facility(state, f);
        if (opened_profit(state, f) != facility->closed_past_usd_micro + kept_profit(state, f))
            return g_strdup_printf("the accounts of facility %s do not add up to its meters",
                                   facility->def.key);
    }
    return NULL;
}

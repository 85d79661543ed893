/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settlement. A market tells what an hour cost when it is over. The meter charges the price in force meanwhile; what the
 * interval's own price makes of it is trued up here, exactly: energy of the interval times that price, less what was charged.
 */
#include "base/units.h"
#include "core/account.h"
#include "core/internal.h"

/* What the energy costs at the new price and did not at the one it settled at before. */
static hcp_usd_micro difference(const hcp_interval_closed *row, int64_t used_j, double usd_per_mwh,
                                int64_t *rest)
{
    hcp_usd_micro more = hcp_metering_cost(used_j, usd_per_mwh, rest);
    return row->own_price ? more + hcp_metering_cost(-used_j, row->settled_usd_per_mwh, rest)
                          : more;
}

/* The bill of the interval at its own price. */
static void true_up(const hcp_interval_closed *row, hcp_interval_settled *settled)
{
    settled->own_price = true;
    settled->true_up_usd_micro =
        difference(row, hcp_account_energy_j(row), settled->usd_per_mwh, &settled->true_up_rest);
    settled->avoided_usd_micro =
        difference(row, row->avoided_j, settled->usd_per_mwh, &settled->avoided_rest);
    if (row->own_price)
        return;
    settled->true_up_usd_micro -= row->energy_cost_usd_micro;
    settled->avoided_usd_micro -= row->avoided_usd_micro;
}

static void settle(hcp_txn *txn, const hcp_interval_closed *row, double usd_per_mwh)
{
    const hcp_state *state = &txn->core->state;
    const hcp_facility *facility = hcp_state_facility(state, row->facility);
    hcp_interval_settled settled = {
        .facility = row->facility,
        .from_us = row->from_us,
        .until_us = row->until_us,
        .usd_per_mwh = usd_per_mwh,
        .true_up_rest = facility->true_up_rest,
        .avoided_rest = facility->avoided_true_up_rest,
    };
    if (state->settings.own_price || row->own_price)
        true_up(row, &settled);
    hcp_txn_emit(txn,
                 &(hcp_event){.type = HCP_EVENT_INTERVAL_SETTLED, .interval_settled = settled});
}

/* Whether the interval is of the time that the price is for, or a part of it: by its middle, since clocks and feeds are a
 * little late. One over which the platform stood still is of several times. */
static bool is_of(const hcp_interval_closed *row, const hcp_price_observed *price)
{
    int64_t length_us = row->until_us - row->from_us, middle_us = row->from_us + length_us / 2;
    return middle_us >= price->observed_us - price->interval_us && middle_us < price->observed_us &&
           length_us < price->interval_us * 3 / 2;
}

void hcp_settlement_settle(hcp_txn *txn, uint32_t facility)
{
    const hcp_state *state = &txn->core->state;
    const hcp_price_observed price =
        g_array_index(state->market.electricity, hcp_price_observed, facility);
    /* A quote of the moment is the price of no interval, and one that is not trusted settles none. */
    if (price.interval_us <= 0 || price.quality != HCP_QUALITY_GOOD)
        return;
    guint first = hcp_accounts_since(state, price.observed_us - price.interval_us);
    for (guint i = first; i < state->intervals->len; i++) {
        const hcp_interval_closed *row = &g_array_index(state->intervals, hcp_interval_closed, i);
        bool known = row->settled && row->settled_usd_per_mwh == price.value;
        if (row->facility == facility && is_of(row, &price) && !known)
            settle(txn, row, price.value);
    }
}

static hcp_interval_closed *find(const hcp_state *state, const hcp_interval_settled *settled)
{
    for (guint i = hcp_accounts_since(state, settled->until_us - 1); i < state->intervals->len;
         i++) {
        hcp_interval_closed *row = &g_array_index(state->intervals, hcp_interval_closed, i);
        if (row->facility == settled->facility && row->from_us == settled->from_us)
            return row;
    }
    return NULL;
}

static bool is_rest(int64_t rest)
{
    return rest >= 0 && rest < HCP_J_PER_MWH;
}

const char *hcp_settlement_apply_settled(hcp_core *core, const hcp_event *event)
{
    const hcp_interval_settled *settled = &event->interval_settled;
    hcp_interval_closed *row = find(&core->state, settled);
    if (row == NULL)
        return "its interval is unknown";
    if (!is_rest(settled->true_up_rest) || !is_rest(settled->avoided_rest))
        return "what it leaves over is out of range";
    hcp_facility *facility = hcp_core_facility(core, settled->facility);
    row->settled = true;
    row->settled_usd_per_mwh = settled->usd_per_mwh;
    row->own_price |= settled->own_price;
    row->true_up_usd_micro += settled->true_up_usd_micro;
    row->avoided_usd_micro += settled->avoided_usd_micro;
    facility->true_up_usd_micro += settled->true_up_usd_micro;
    facility->true_up_rest = settled->true_up_rest;
    facility->avoided_usd_micro += settled->avoided_usd_micro;
    facility->avoided_true_up_rest = settled->avoided_rest;
    /* It is not of the open interval. */
    facility->account.avoided_usd_micro += settled->avoided_usd_micro;
    return NULL;
}

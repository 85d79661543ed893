/* SPDX-License-Identifier: Apache-2.0 */
#include "core/prices.h"

#include "core/internal.h"
#include "core/reserve.h"

#include <math.h>

/* A day of minutes: no auction publishes more at once. */
#define MOST_PUBLISHED 1440

static const hcp_published_price *published_at(const hcp_state *state, guint i)
{
    return &g_array_index(state->market.published, hcp_published_price, i);
}

static const hcp_settled_price *settled_at(const hcp_state *state, guint i)
{
    return &g_array_index(state->market.settled, hcp_settled_price, i);
}

static hcp_price_series series_of(const hcp_prices_published *prices)
{
    return (hcp_price_series){prices->kind, prices->facility, prices->product};
}

/* Does the row come before, in or after the series? -1, 0, 1. */
static int place_of(const hcp_published_price *row, const hcp_price_series *series)
{
    if (row->kind != series->kind)
        return row->kind < series->kind ? -1 : 1;
    if (row->facility != series->facility)
        return row->facility < series->facility ? -1 : 1;
    return (row->product > series->product) - (row->product < series->product);
}

/* Position of the first price of the series that is not over at `at_us`, or of what follows. */
static guint find_published(const hcp_state *state, const hcp_price_series *series, int64_t at_us)
{
    guint low = 0, high = state->market.published->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const hcp_published_price *row = published_at(state, middle);
        int place = place_of(row, series);
        if (place < 0 || (place == 0 && row->until_us <= at_us))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The row at position i when it is of the series. */
static const hcp_published_price *member_at(const hcp_state *state, const hcp_price_series *series,
                                            guint i)
{
    bool member = i < state->market.published->len && place_of(published_at(state, i), series) == 0;
    return member ? published_at(state, i) : NULL;
}

const hcp_published_price *hcp_prices_at(const hcp_state *state, const hcp_price_series *series,
                                         int64_t at_us)
{
    const hcp_published_price *row = member_at(state, series, find_published(state, series, at_us));
    return row != NULL && row->from_us <= at_us ? row : NULL;
}

int hcp_prices_ahead(const hcp_state *state, const hcp_price_series *series, int64_t at_us,
                     int64_t step_us, double *ret_values, int n)
{
    guint i = find_published(state, series, at_us);
    int known = 0;
    for (int k = 0; k < n; k++) {
        int64_t moment_us = at_us + k * step_us;
        const hcp_published_price *row = member_at(state, series, i);
        while (row != NULL && row->until_us <= moment_us)
            row = member_at(state, series, ++i);
        bool covers = row != NULL && row->from_us <= moment_us;
        ret_values[k] = covers ? row->value : NAN;
        if (covers)
            known = k + 1;
    }
    return known;
}

guint hcp_prices_settled_since(const hcp_state *state, int64_t since_us)
{
    guint i = state->market.settled->len;
    while (i > 0 && settled_at(state, i - 1)->settled_us > since_us)
        i--;
    return i;
}

/* --- settled ------------------------------------------------------------------------------------------------------- */

static int64_t slot_of(int64_t at_us)
{
    return at_us / HCP_SETTLED_SLOT_US;
}

/* Start of the newest settled interval of the facility, or a moment before every interval. */
static int64_t newest_settled(const hcp_state *state, uint32_t facility)
{
    for (guint i = state->market.settled->len; i > 0; i--)
        if (settled_at(state, i - 1)->facility == facility)
            return settled_at(state, i - 1)->at_us;
    return INT64_MIN;
}

/* Old prices go in bulk, a day's worth at a time. */
static void forget_settled(hcp_state *state)
{
    GArray *rows = state->market.settled;
    int64_t oldest_us = state->now_us - HCP_SETTLED_WINDOW_US;
    if (settled_at(state, 0)->settled_us >= oldest_us - HCP_PUBLISHED_KEPT_US)
        return;
    guint n = 0;
    while (n < rows->len && settled_at(state, n)->settled_us < oldest_us)
        n++;
    g_array_remove_range(rows, 0, n);
}

void hcp_prices_settle(hcp_core *core, const hcp_price_observed *price)
{
    hcp_state *state = &core->state;
    int64_t at_us = MAX(price->observed_us, -1) - price->interval_us;
    if (price->kind != HCP_PRICE_ELECTRICITY || price->quality != HCP_QUALITY_GOOD || at_us < 0)
        return;
    int64_t newest_us = newest_settled(state, price->facility);
    if (newest_us != INT64_MIN && slot_of(at_us) <= slot_of(newest_us))
        return;
    hcp_settled_price row = {
        .facility = price->facility,
        .settled_us = state->now_us,
        .at_us = at_us,
        .usd_per_mwh = price->value,
        .hashprice = state->market.global[HCP_PRICE_HASHPRICE].value,
    };
    const hcp_price_series day_ahead = {HCP_PRICE_DAY_AHEAD, price->facility, HCP_RESERVE_NONE};
    const hcp_published_price *ahead = hcp_prices_at(state, &day_ahead, at_us);
    row.has_day_ahead = ahead != NULL;
    row.day_ahead_usd_per_mwh = ahead != NULL ? ahead->value : 0;
    row.has_reserve =
        hcp_reserve_at_usd_per_mw(state, price->facility, at_us, &row.reserve_usd_per_mw);
    g_array_append_val(state->market.settled, row);
    forget_settled(state);
}

/* --- published ----------------------------------------------------------------------------------------------------- */

static int64_t end_us(const hcp_prices_published *prices)
{
    return prices->from_us + prices->prices.count * prices->step_us;
}

static double price_at(const hcp_prices_published *prices, uint32_t i)
{
    return ((const hcp_coming_price *)prices->prices.items)[i].value;
}

/* Why the prices cannot be taken, or NULL. */
static const char *fault_of(const hcp_state *state, const hcp_prices_published *prices)
{
    bool reserve = prices->kind == HCP_PRICE_RESERVE;
    if (prices->kind != HCP_PRICE_DAY_AHEAD && !reserve)
        return "prices of this kind are not published in advance";
    if (prices->product >= HCP_RESERVES || reserve != (prices->product != HCP_RESERVE_NONE))
        return "prices of reserve are of a product, and no others are";
    if (prices->facility >= state->fleet.facilities->len)
        return "it names a facility that does not exist";
    if (prices->prices.count == 0 || prices->prices.count > MOST_PUBLISHED ||
        prices->step_us <= 0 || prices->step_us > HCP_PUBLISHED_KEPT_US || prices->from_us < 0 ||
        prices->from_us > INT64_MAX / 2)
        return "its intervals are out of range";
    for (uint32_t i = 0; i < prices->prices.count; i++)
        if (!isfinite(price_at(prices, i)))
            return "a price is no number";
    return NULL;
}

/* Drops what the new prices replace and what is long over. */
static void make_way(hcp_state *state, const hcp_prices_published *prices)
{
    GArray *rows = state->market.published;
    const hcp_price_series series = series_of(prices);
    int64_t oldest_us = state->now_us - HCP_PUBLISHED_KEPT_US;
    guint i = find_published(state, &series, INT64_MIN);
    const hcp_published_price *row;
    while ((row = member_at(state, &series, i)) != NULL) {
        bool overlaps = row->from_us < end_us(prices) && row->until_us > prices->from_us;
        if (overlaps || row->until_us <= oldest_us)
            g_array_remove_index(rows, i);
        else
            i++;
    }
}

const char *hcp_prices_apply_published(hcp_core *core, const hcp_event *event)
{
    const hcp_prices_published *prices = &event->prices_published;
    hcp_state *state = &core->state;
    const char *fault = fault_of(state, prices);
    if (fault != NULL)
        return fault;
    make_way(state, prices);
    const hcp_price_series series = series_of(prices);
    guint at = find_published(state, &series, prices->from_us);
    for (uint32_t i = 0; i < prices->prices.count; i++) {
        hcp_published_price row = {
            .kind = prices->kind,
            .facility = prices->facility,
            .product = prices->product,
            .from_us = prices->from_us + i * prices->step_us,
            .until_us = prices->from_us + (i + 1) * prices->step_us,
            .value = price_at(prices, i),
            .simulated = prices->simulated,
        };
        g_array_insert_val(state->market.published, at + i, row);
    }
    return NULL;
}

/* Whether all of it is known already, as after a restart, when a feed says everything again. */
static bool is_known(const hcp_state *state, const hcp_prices_published *prices)
{
    const hcp_price_series series = series_of(prices);
    for (uint32_t i = 0; i < prices->prices.count; i++) {
        const hcp_published_price *known =
            hcp_prices_at(state, &series, prices->from_us + i * prices->step_us);
        if (known == NULL || known->value != price_at(prices, i))
            return false;
    }
    return true;
}

bool hcp_prices_decide_publish(hcp_txn *txn, const hcp_command *command)
{
    const hcp_prices_published *prices = command->prices;
    const hcp_state *state = &txn->core->state;
    const char *fault = fault_of(state, prices);
    if (fault != NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "prices", "%s", fault);
    if (end_us(prices) <= txn->now_us - HCP_PUBLISHED_KEPT_US || is_known(state, prices))
        return true;
    hcp_event event = {.type = HCP_EVENT_PRICES_PUBLISHED};
    hcp_record_copy(hcp_event_record(event.type), prices, &event.prices_published);
    hcp_txn_emit(txn, &event);
    return true;
}

/* --- invariants ---------------------------------------------------------------------------------------------------- */

static bool in_order(const hcp_published_price *a, const hcp_published_price *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind;
    if (a->facility != b->facility)
        return a->facility < b->facility;
    if (a->product != b->product)
        return a->product < b->product;
    return a->until_us <= b->from_us;
}

bool hcp_prices_sound(const hcp_state *state)
{
    for (guint i = 0; i < state->market.settled->len; i++) {
        const hcp_settled_price *row = settled_at(state, i);
        if (row->facility >= state->fleet.facilities->len || row->settled_us > state->now_us ||
            (i > 0 && row->settled_us < settled_at(state, i - 1)->settled_us))
            return false;
    }
    for (guint i = 0; i < state->market.published->len; i++) {
        const hcp_published_price *row = published_at(state, i);
        if (row->kind >= HCP_PRICE_KINDS || row->product >= HCP_RESERVES ||
            row->facility >= state->fleet.facilities->len || row->until_us <= row->from_us ||
            (i > 0 && !in_order(published_at(state, i - 1), row)))
            return false;
    }
    return true;
}

char *hcp_check_prices(const hcp_core *core)
{
    return hcp_prices_sound(&core->state)
               ? NULL
               : g_strdup("a settled or published price is out of place");
}

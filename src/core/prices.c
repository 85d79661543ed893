/* SPDX-License-Identifier: Apache-2.0 */
#include "core/prices.h"

#include "core/internal.h"

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

/* Position of the first published price of the kind and facility that is not over at `at_us`, or of what follows. */
static guint find_published(const hcp_state *state, hcp_price_kind kind, uint32_t facility,
                            int64_t at_us)
{
    guint low = 0, high = state->market.published->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const hcp_published_price *row = published_at(state, middle);
        bool before = row->kind != kind           ? row->kind < kind
                      : row->facility != facility ? row->facility < facility
                                                  : row->until_us <= at_us;
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

int hcp_prices_ahead(const hcp_state *state, hcp_price_kind kind, uint32_t facility, int64_t at_us,
                     int64_t step_us, double *ret_values, int n)
{
    guint i = find_published(state, kind, facility, at_us);
    int known = 0;
    for (int k = 0; k < n; k++) {
        int64_t moment_us = at_us + k * step_us;
        while (i < state->market.published->len && published_at(state, i)->kind == kind &&
               published_at(state, i)->facility == facility &&
               published_at(state, i)->until_us <= moment_us)
            i++;
        const hcp_published_price *row =
            i < state->market.published->len ? published_at(state, i) : NULL;
        bool covers = row != NULL && row->kind == kind && row->facility == facility &&
                      row->from_us <= moment_us;
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
    double ahead;
    row.has_day_ahead = hcp_prices_ahead(state, HCP_PRICE_DAY_AHEAD, price->facility, at_us,
                                         HCP_SETTLED_SLOT_US, &ahead, 1) > 0;
    row.day_ahead_usd_per_mwh = row.has_day_ahead ? ahead : 0;
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
    if (prices->kind != HCP_PRICE_DAY_AHEAD)
        return "prices of this kind are not published in advance";
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
    int64_t oldest_us = state->now_us - HCP_PUBLISHED_KEPT_US;
    for (guint i = find_published(state, prices->kind, prices->facility, INT64_MIN);
         i < rows->len;) {
        const hcp_published_price *row = published_at(state, i);
        if (row->kind != prices->kind || row->facility != prices->facility)
            return;
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
    guint at = find_published(state, prices->kind, prices->facility, prices->from_us);
    for (uint32_t i = 0; i < prices->prices.count; i++) {
        hcp_published_price row = {
            .kind = prices->kind,
            .facility = prices->facility,
            .from_us = prices->from_us + i * prices->step_us,
            .until_us = prices->from_us + (i + 1) * prices->step_us,
            .value = price_at(prices, i),
        };
        g_array_insert_val(state->market.published, at + i, row);
    }
    return NULL;
}

/* Whether all of it is known already, as after a restart, when a feed says everything again. */
static bool is_known(const hcp_state *state, const hcp_prices_published *prices)
{
    for (uint32_t i = 0; i < prices->prices.count; i++) {
        double known;
        if (hcp_prices_ahead(state, prices->kind, prices->facility,
                             prices->from_us + i * prices->step_us, prices->step_us, &known,
                             1) == 0 ||
            known != price_at(prices, i))
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
        if (row->kind >= HCP_PRICE_KINDS || row->facility >= state->fleet.facilities->len ||
            row->until_us <= row->from_us || (i > 0 && !in_order(published_at(state, i - 1), row)))
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

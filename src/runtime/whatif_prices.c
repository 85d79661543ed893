/* SPDX-License-Identifier: Apache-2.0 */
/* Prices of a rerun: as recorded, or changed. A replaced price is told afresh as often as a feed would, so that it is
 * neither stale nor known before its time. */
#include "base/error.h"
#include "base/units.h"
#include "runtime/platform_internal.h"
#include "runtime/whatif_internal.h"

static const int64_t TELL_EVERY_US = 5 * HCP_US_PER_MIN;

static const hcp_whatif_price_change *change_of(const hcp_whatif_run_state *run,
                                                hcp_whatif_price price)
{
    static const hcp_whatif_price_change none = {.scale = 1};
    const hcp_whatif_question *question = run->question;
    return question != NULL && question->prices[price].given ? &question->prices[price] : &none;
}

static double value_at(const hcp_whatif_run_state *run, const hcp_whatif_price_change *change,
                       double recorded)
{
    if (change->values == NULL)
        return change->scale * recorded + change->shift;
    int64_t passed_us = run->clock.last_us - run->period->from_us;
    guint i = (guint)MIN(passed_us / change->step_us, (int64_t)change->values->len - 1);
    return g_array_index(change->values, double, i);
}

/* A price and the band of its sources. */
static void change_price(const hcp_whatif_run_state *run, const hcp_whatif_price_change *change,
                         hcp_price_observed *price)
{
    double low = value_at(run, change, price->low), high = value_at(run, change, price->high);
    price->value = value_at(run, change, price->value);
    price->low = MIN(low, high);
    price->high = MAX(low, high);
}

static void observe(hcp_whatif_run_state *run, const hcp_price_observed *price)
{
    hcp_outcome outcome = {0};
    const hcp_command command = {.type = HCP_COMMAND_OBSERVE_PRICE, .price = price};
    run->prices_refused +=
        !hcp_platform_execute(run->platform, &command, &HCP_ACTOR_SYSTEM, &outcome);
    hcp_outcome_clear(&outcome);
}

static hcp_price_observed told(const hcp_whatif_run_state *run, hcp_price_kind kind,
                               uint32_t facility, const hcp_whatif_price_change *change)
{
    return (hcp_price_observed){.kind = kind,
                                .facility = facility,
                                .value = value_at(run, change, 0),
                                .source = (char *)"what-if",
                                .observed_us = run->clock.last_us,
                                .quality = HCP_QUALITY_GOOD,
                                .simulated = true};
}

/* The hashprice that follows from the prices in force, and its own change. */
static void derive(hcp_whatif_run_state *run)
{
    const hcp_whatif_price_change *change = change_of(run, HCP_WHATIF_HASHPRICE);
    hcp_price_observed price;
    if (change->values != NULL || !hcp_observe_hashprice(hcp_platform_state(run->platform), &price))
        return;
    change_price(run, change, &price);
    if (hcp_observe_is_news(hcp_platform_state(run->platform), &price, run->clock.last_us))
        observe(run, &price);
}

static hcp_whatif_price price_of(hcp_price_kind kind)
{
    switch (kind) {
    case HCP_PRICE_ELECTRICITY:
    case HCP_PRICE_DAY_AHEAD:
        return HCP_WHATIF_ELECTRICITY;
    case HCP_PRICE_BTC:
        return HCP_WHATIF_BTC;
    case HCP_PRICE_HASHPRICE:
        return HCP_WHATIF_HASHPRICE;
    default:
        return HCP_WHATIF_PRICES;
    }
}

static bool is_network(hcp_price_kind kind)
{
    return kind == HCP_PRICE_BTC || kind == HCP_PRICE_DIFFICULTY ||
           kind == HCP_PRICE_BLOCK_SUBSIDY || kind == HCP_PRICE_BLOCK_FEES;
}

void hcp_whatif_observe(hcp_whatif_run_state *run, const hcp_price_observed *price)
{
    hcp_price_observed changed = *price; /* borrows its source */
    hcp_whatif_price which = price_of(price->kind);
    if (which != HCP_WHATIF_PRICES) {
        const hcp_whatif_price_change *change = change_of(run, which);
        if (change->values != NULL)
            return;
        change_price(run, change, &changed);
    }
    observe(run, &changed);
    if (is_network(price->kind))
        derive(run);
}

void hcp_whatif_publish(hcp_whatif_run_state *run, const hcp_prices_published *prices)
{
    hcp_whatif_price which = price_of(prices->kind);
    const hcp_record *record = hcp_event_record(HCP_EVENT_PRICES_PUBLISHED);
    hcp_prices_published changed;
    hcp_outcome outcome = {0};
    if (which != HCP_WHATIF_PRICES && change_of(run, which)->values != NULL)
        return; /* nobody announces a price that is told afresh */
    hcp_record_copy(record, prices, &changed);
    hcp_coming_price *coming = changed.prices.items;
    for (uint32_t i = 0; which != HCP_WHATIF_PRICES && i < changed.prices.count; i++)
        coming[i].value = value_at(run, change_of(run, which), coming[i].value);
    const hcp_command command = {.type = HCP_COMMAND_PUBLISH_PRICES, .prices = &changed};
    run->prices_refused +=
        !hcp_platform_execute(run->platform, &command, &HCP_ACTOR_SYSTEM, &outcome);
    hcp_outcome_clear(&outcome);
    hcp_record_clear(record, &changed);
}

static void observe_facilities(hcp_whatif_run_state *run, const hcp_whatif_price_change *change)
{
    const hcp_price_board *market = &hcp_platform_state(run->platform)->market;
    for (uint32_t f = 0; f < market->electricity->len; f++) {
        hcp_price_observed price = told(run, HCP_PRICE_ELECTRICITY, f, change);
        price.interval_us = g_array_index(market->electricity, hcp_price_observed, f).interval_us;
        observe(run, &price);
        if (g_array_index(market->day_ahead, hcp_price_observed, f).quality == HCP_QUALITY_MISSING)
            continue;
        const hcp_price_observed ahead = told(run, HCP_PRICE_DAY_AHEAD, f, change);
        observe(run, &ahead);
    }
}

static void tell(hcp_whatif_run_state *run, hcp_whatif_price which)
{
    const hcp_whatif_price_change *change = change_of(run, which);
    if (which == HCP_WHATIF_ELECTRICITY) {
        observe_facilities(run, change);
        return;
    }
    const hcp_price_observed price = told(
        run, which == HCP_WHATIF_BTC ? HCP_PRICE_BTC : HCP_PRICE_HASHPRICE, HCP_NO_INDEX, change);
    observe(run, &price);
    if (which == HCP_WHATIF_BTC)
        derive(run);
}

/* A price in force at the start, changed as it will be from now on. A price nobody has seen stays unseen. */
static void begin(hcp_whatif_run_state *run, const hcp_price_observed *row)
{
    hcp_price_observed price = {0};
    if (row->quality == HCP_QUALITY_MISSING)
        return;
    const hcp_record *record = hcp_event_record(HCP_EVENT_PRICE_OBSERVED);
    hcp_record_copy(record, row, &price); /* the row changes under us */
    hcp_whatif_observe(run, &price);
    hcp_record_clear(record, &price);
}

void hcp_whatif_begin_prices(hcp_whatif_run_state *run)
{
    const hcp_price_board *market = &hcp_platform_state(run->platform)->market;
    if (change_of(run, HCP_WHATIF_ELECTRICITY)->given)
        for (uint32_t f = 0; f < market->electricity->len; f++) {
            begin(run, &g_array_index(market->electricity, hcp_price_observed, f));
            begin(run, &g_array_index(market->day_ahead, hcp_price_observed, f));
        }
    if (change_of(run, HCP_WHATIF_BTC)->given)
        begin(run, &market->global[HCP_PRICE_BTC]);
    if (change_of(run, HCP_WHATIF_HASHPRICE)->given)
        derive(run);
    for (int p = 0; p < HCP_WHATIF_PRICES; p++)
        if (change_of(run, (hcp_whatif_price)p)->values != NULL)
            tell(run, (hcp_whatif_price)p);
}

/* Time between two tellings: below half the age at which the price is stale. */
static int64_t interval_us(const hcp_whatif_run_state *run, hcp_whatif_price price)
{
    const hcp_settings *settings = &hcp_platform_state(run->platform)->settings;
    const int64_t stale_us[HCP_WHATIF_PRICES] = {
        [HCP_WHATIF_ELECTRICITY] = settings->electricity_stale_us,
        [HCP_WHATIF_BTC] = settings->btc_stale_us,
        [HCP_WHATIF_HASHPRICE] = settings->network_stale_us,
    };
    return stale_us[price] > 1 ? MIN(TELL_EVERY_US, stale_us[price] / 2) : TELL_EVERY_US;
}

static int64_t next_multiple(int64_t passed_us, int64_t step_us)
{
    return (passed_us / step_us + 1) * step_us;
}

static int64_t next_of(const hcp_whatif_run_state *run, hcp_whatif_price price, int64_t after_us)
{
    const hcp_whatif_price_change *change = change_of(run, price);
    if (change->values == NULL)
        return INT64_MAX;
    int64_t from_us = run->period->from_us, passed_us = after_us - from_us;
    return from_us + MIN(next_multiple(passed_us, interval_us(run, price)),
                         next_multiple(passed_us, change->step_us));
}

int64_t hcp_whatif_next_price(const hcp_whatif_run_state *run)
{
    int64_t due_us = INT64_MAX;
    for (int p = 0; p < HCP_WHATIF_PRICES; p++)
        due_us = MIN(due_us, next_of(run, (hcp_whatif_price)p, run->clock.last_us));
    return due_us;
}

void hcp_whatif_tell_prices(hcp_whatif_run_state *run)
{
    for (int p = 0; p < HCP_WHATIF_PRICES; p++)
        if (next_of(run, (hcp_whatif_price)p, run->clock.last_us - 1) == run->clock.last_us)
            tell(run, (hcp_whatif_price)p);
}

bool hcp_whatif_check_series(const hcp_whatif_question *question, const hcp_whatif_period *period,
                             GError **error)
{
    for (int p = 0; p < HCP_WHATIF_PRICES; p++) {
        const hcp_whatif_price_change *change = &question->prices[p];
        if (change->values == NULL || change->values->len == 1)
            continue; /* one value holds throughout */
        int64_t length_us = change->values->len * change->step_us;
        if (length_us >= period->to_us - period->from_us)
            continue;
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "%s: the series covers %.2f h and the period is %.2f h long; give more values "
                    "or a shorter period",
                    hcp_whatif_price_member((hcp_whatif_price)p),
                    (double)length_us / (double)HCP_US_PER_H,
                    (double)(period->to_us - period->from_us) / (double)HCP_US_PER_H);
        return false;
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "economics/dispatch/prices.h"

#include "base/units.h"

#include <math.h>

/* Published prices by slot; more than the settled ones a state keeps and the days ahead, in quarter hours. */
#define SLOTS 2048

/* Local hour from which the auction of the next day is public: by then it is in every market whose models are built in. */
#define PUBLICATION_H 14.0

/* A silence longer than this is learnt from as one missing step. */
#define MISSING_STEPS_MAX 48

typedef struct {
    int64_t slot;
    double usd;
} published;

struct hcp_dispatch_prices {
    int64_t step_us;
    double step_h, utc_offset_h;
    hcp_price_forecast *forecast;
    GQueue waiting;          /* hcp_dispatch_price *, oldest first */
    int64_t told_slot;       /* newest that was told; -1 = none */
    hcp_dispatch_price last; /* newest that was taken in */
    bool has_last;
    published ahead[SLOTS];
    published ready[SLOTS];            /* of reserve */
    double known[HCP_PRICE_STEPS_MAX]; /* what a step is told of them */
};

hcp_dispatch_prices *hcp_dispatch_prices_new(const hcp_dispatch_config *config)
{
    hcp_dispatch_prices *prices = g_new0(hcp_dispatch_prices, 1);
    prices->step_us = config->step_us;
    prices->step_h = (double)config->step_us / (double)HCP_US_PER_H;
    prices->utc_offset_h = config->utc_offset_h;
    const hcp_price_model *model =
        config->model != NULL ? config->model : hcp_price_model_builtin(prices->step_h);
    prices->forecast = hcp_price_forecast_new(prices->step_h, config->utc_offset_h, model);
    prices->told_slot = -1;
    for (int i = 0; i < SLOTS; i++)
        prices->ahead[i].slot = prices->ready[i].slot = -1;
    return prices;
}

void hcp_dispatch_prices_free(hcp_dispatch_prices *prices)
{
    if (prices == NULL)
        return;
    g_queue_clear_full(&prices->waiting, g_free);
    hcp_price_forecast_free(prices->forecast);
    g_free(prices);
}

static int64_t slot_of(const hcp_dispatch_prices *prices, int64_t at_us)
{
    return at_us / prices->step_us;
}

static void note(published *rows, int64_t slot, double usd)
{
    if (!isnan(usd) && slot >= 0)
        rows[slot % SLOTS] = (published){slot, usd};
}

static double noted(const published *rows, int64_t slot)
{
    const published *row = &rows[MAX(slot, 0) % SLOTS];
    return row->slot == slot ? row->usd : NAN;
}

void hcp_dispatch_prices_tell(hcp_dispatch_prices *prices, const hcp_dispatch_price *price)
{
    int64_t slot = slot_of(prices, price->at_us);
    note(prices->ahead, slot, price->day_ahead_usd_per_mwh);
    note(prices->ready, slot, price->reserve_usd_per_mw);
    if (slot <= prices->told_slot)
        return;
    prices->told_slot = slot;
    g_queue_push_tail(&prices->waiting, g_memdup2(price, sizeof *price));
}

void hcp_dispatch_prices_publish(hcp_dispatch_prices *prices, const hcp_dispatch_input *input)
{
    int64_t slot = slot_of(prices, input->price_at_us);
    for (int k = 0; k < input->n_day_ahead; k++)
        note(prices->ahead, slot + k, input->day_ahead_usd_per_mwh[k]);
    for (int k = 0; k < input->n_reserve_ahead; k++)
        note(prices->ready, slot + 1 + k, input->reserve_ahead_usd_per_mw[k]);
}

/* Steps from `slot` on whose published price is public when it begins: the day's, after the auction the next one's too. */
static int public_steps(const hcp_dispatch_prices *prices, int64_t slot)
{
    double h = (double)(slot * prices->step_us) / (double)HCP_US_PER_H + prices->utc_offset_h;
    double of_day = h - 24.0 * floor(h / 24.0);
    double until = (of_day >= PUBLICATION_H ? 48.0 : 24.0) - of_day;
    return MIN((int)ceil(until / prices->step_h - 1e-9), HCP_PRICE_STEPS_MAX);
}

double hcp_dispatch_prices_reserve(const hcp_dispatch_prices *prices, int after)
{
    int64_t now = slot_of(prices, prices->last.at_us) + 1, slot = now - 1 + after;
    int64_t day = (int64_t)lround(24.0 / prices->step_h), beyond = now + public_steps(prices, now);
    while (slot >= beyond)
        slot -= day;
    double usd = noted(prices->ready, slot);
    return isnan(usd) ? noted(prices->ready, slot - day) : usd;
}

static void step(hcp_dispatch_prices *prices, int64_t slot, bool has_last, double usd_per_mwh)
{
    int n = public_steps(prices, slot), known = 0;
    for (int k = 0; k < n; k++) {
        prices->known[k] = noted(prices->ahead, slot + k);
        if (!isnan(prices->known[k]))
            known = k + 1;
    }
    hcp_price_forecast_step(prices->forecast,
                            &(hcp_price_known){.ts_us = slot * prices->step_us,
                                               .dam_usd_per_mwh = prices->known,
                                               .n_dam = (size_t)known,
                                               .has_last = has_last,
                                               .last_price_usd_per_mwh = usd_per_mwh});
}

/* Brings the forecast to the step whose price has come. */
static void catch_up(hcp_dispatch_prices *prices, int64_t slot)
{
    int64_t stands_at = prices->has_last ? slot_of(prices, prices->last.at_us) + 1 : slot;
    if (!prices->has_last)
        step(prices, slot, false, 0.0);
    if (slot - stands_at > MISSING_STEPS_MAX)
        stands_at = slot - 1;
    while (stands_at < slot)
        step(prices, ++stands_at, false, 0.0);
}

bool hcp_dispatch_prices_take(hcp_dispatch_prices *prices, hcp_dispatch_price *ret_price)
{
    g_autofree hcp_dispatch_price *price = g_queue_pop_head(&prices->waiting);
    if (price == NULL)
        return false;
    int64_t slot = slot_of(prices, price->at_us);
    catch_up(prices, slot);
    step(prices, slot + 1, true, price->usd_per_mwh);
    prices->last = *price;
    prices->has_last = true;
    *ret_price = *price;
    return true;
}

const hcp_dispatch_price *hcp_dispatch_prices_last(const hcp_dispatch_prices *prices)
{
    return prices->has_last ? &prices->last : NULL;
}

hcp_price_forecast *hcp_dispatch_prices_forecast(const hcp_dispatch_prices *prices)
{
    return prices->forecast;
}

/* Since the price in force is paid: from the moment it was known. */
static int64_t in_force_us(const hcp_dispatch_input *input)
{
    return MAX(0, input->now_us - MAX(input->price_known_us, input->price_at_us));
}

int hcp_dispatch_prices_overdue(const hcp_dispatch_prices *prices, const hcp_dispatch_input *input)
{
    return (int)MIN(in_force_us(input) / prices->step_us, INT_MAX);
}

double hcp_dispatch_prices_left_h(const hcp_dispatch_prices *prices,
                                  const hcp_dispatch_input *input)
{
    int64_t left_us = MAX(0, prices->step_us - in_force_us(input));
    return (double)left_us / (double)HCP_US_PER_H;
}

double hcp_dispatch_prices_step_h(const hcp_dispatch_prices *prices)
{
    return prices->step_h;
}

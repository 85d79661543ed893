/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prices with their age and quality. A price that nobody renews becomes stale by timer; a reading far from the one before
 * is kept but marked suspect until a second reading confirms the new level. Money keeps being counted at the last known
 * price: a meter does not stop because a feed does.
 */
#include "base/units.h"
#include "core/internal.h"
#include "core/prices.h"

#include <math.h>

/* A reading this many times above or below the one before is suspect. */
#define SUSPECT_RATIO 3.0
/* Electricity may jump a hundredfold within an hour and be negative; beyond every market's offer caps it is suspect. */
#define ELECTRICITY_MIN_USD_PER_MWH (-1000.0)
#define ELECTRICITY_MAX_USD_PER_MWH 9999.0

static bool per_facility(hcp_price_kind kind)
{
    return kind == HCP_PRICE_ELECTRICITY || kind == HCP_PRICE_DAY_AHEAD ||
           kind == HCP_PRICE_RESERVE;
}

/* The row a kind (and facility) lives in; NULL when there is no such facility. */
static hcp_price_observed *price_row(const hcp_state *state, hcp_price_kind kind, uint32_t facility)
{
    if (!per_facility(kind))
        return (hcp_price_observed *)&state->market.global[kind];
    GArray *rows = kind == HCP_PRICE_ELECTRICITY ? state->market.electricity
                   : kind == HCP_PRICE_DAY_AHEAD ? state->market.day_ahead
                                                 : state->market.reserve;
    return facility < rows->len ? &g_array_index(rows, hcp_price_observed, facility) : NULL;
}

/* Age at which a price of this kind is stale. */
static int64_t stale_after_us(const hcp_settings *settings, hcp_price_kind kind)
{
    switch (kind) {
    case HCP_PRICE_ELECTRICITY:
    case HCP_PRICE_DAY_AHEAD:
    case HCP_PRICE_RESERVE:
        return settings->electricity_stale_us;
    case HCP_PRICE_BTC:
        return settings->btc_stale_us;
    case HCP_PRICE_GPU_SPOT:
        return settings->gpu_spot_stale_us;
    default:
        return settings->network_stale_us;
    }
}

static void add_reserve(hcp_price_board *market)
{
    uint32_t facility = market->reserve->len;
    g_array_set_size(market->reserve, facility + 1);
    hcp_price_observed *row = &g_array_index(market->reserve, hcp_price_observed, facility);
    row->kind = HCP_PRICE_RESERVE;
    row->facility = facility;
}

void hcp_market_add_facility(hcp_core *core)
{
    hcp_price_board *market = &core->state.market;
    g_array_set_size(market->electricity, market->electricity->len + 1);
    g_array_set_size(market->day_ahead, market->day_ahead->len + 1);
    uint32_t facility = market->electricity->len - 1;
    g_array_index(market->electricity, hcp_price_observed, facility).facility = facility;
    hcp_price_observed *ahead = &g_array_index(market->day_ahead, hcp_price_observed, facility);
    ahead->kind = HCP_PRICE_DAY_AHEAD;
    ahead->facility = facility;
    add_reserve(market);
}

/* Brings every meter that depends on the price up to date before it changes. */
static void advance_meters(hcp_core *core, const hcp_price_observed *price)
{
    if (price->kind == HCP_PRICE_ELECTRICITY || price->kind == HCP_PRICE_RESERVE)
        hcp_metering_advance(core, price->facility, core->state.now_us);
    if (price->kind != HCP_PRICE_HASHPRICE)
        return;
    for (guint i = 0; i < core->state.fleet.facilities->len; i++)
        hcp_metering_advance(core, i, core->state.now_us);
}

static void arm(hcp_core *core, hcp_price_kind kind, uint32_t facility)
{
    uint64_t id = per_facility(kind) ? (uint64_t)facility + 1 : 0;
    hcp_timers_arm(&core->timers, (hcp_timer){
                                      .due_us = hcp_market_due(core, kind, id),
                                      .kind = HCP_TIMER_PRICE_STALE,
                                      .row = kind,
                                      .id = id,
                                  });
}

const char *hcp_market_apply_price(hcp_core *core, const hcp_event *event)
{
    const hcp_price_observed *price = &event->price_observed;
    if (price->kind >= HCP_PRICE_KINDS || price->product >= HCP_RESERVES ||
        !isfinite(price->value) || !isfinite(price->low) || !isfinite(price->high) ||
        price->interval_us < 0 || price->interval_us > HCP_US_PER_DAY)
        return "its kind, value, band or interval is out of range";
    hcp_price_observed *row = price_row(&core->state, price->kind, price->facility);
    if (row == NULL)
        return "it names a facility that does not exist";
    const hcp_record *record = hcp_event_record(HCP_EVENT_PRICE_OBSERVED);
    advance_meters(core, price);
    hcp_record_clear(record, row);
    hcp_record_copy(record, price, row);
    hcp_prices_settle(core, price);
    arm(core, price->kind, price->facility);
    return NULL;
}

int64_t hcp_market_due(const hcp_core *core, uint32_t row, uint64_t id)
{
    uint32_t facility = id == 0 ? HCP_NO_INDEX : (uint32_t)(id - 1);
    const hcp_price_observed *price = price_row(&core->state, (hcp_price_kind)row, facility);
    int64_t limit_us = stale_after_us(&core->state.settings, (hcp_price_kind)row);
    if (price == NULL || price->quality <= HCP_QUALITY_STALE || limit_us <= 0)
        return INT64_MAX;
    return price->observed_us + limit_us;
}

/* What an alert about a price is about: "btc", "electricity texas-north". Caller frees. */
static char *price_subject(const hcp_state *state, const hcp_price_observed *price)
{
    const char *kind = hcp_enum_name(&HCP_PRICE_KIND_NAMES, (int)price->kind);
    if (!per_facility(price->kind))
        return g_strdup(kind);
    return g_strdup_printf("%s %s", kind, hcp_state_facility(state, price->facility)->def.key);
}

static void raise_stale(hcp_txn *txn, const hcp_price_observed *price)
{
    const hcp_state *state = &txn->core->state;
    char *subject = price_subject(state, price);
    hcp_alert_raised alert = {
        .severity = HCP_SEVERITY_WARNING,
        .category = HCP_ALERT_SYSTEM,
        .kind = g_strdup("price_stale"),
        .message =
            g_strdup_printf("The price of %s from %s is older than %" G_GINT64_FORMAT
                            " s; it is still used, marked stale",
                            subject, price->source != NULL ? price->source : "an unnamed source",
                            stale_after_us(&state->settings, price->kind) / HCP_US_PER_S),
        .subject = subject,
        .facility = per_facility(price->kind) ? price->facility : HCP_NO_INDEX,
        .customer = HCP_NO_INDEX,
    };
    hcp_alert_raise(txn, &alert);
}

void hcp_market_fire(hcp_txn *txn, uint32_t row, uint64_t id)
{
    uint32_t facility = id == 0 ? HCP_NO_INDEX : (uint32_t)(id - 1);
    const hcp_price_observed *price = price_row(&txn->core->state, (hcp_price_kind)row, facility);
    hcp_event event = {.type = HCP_EVENT_PRICE_OBSERVED};
    hcp_record_copy(hcp_event_record(event.type), price, &event.price_observed);
    event.price_observed.quality = HCP_QUALITY_STALE;
    hcp_txn_emit(txn, &event);
    raise_stale(txn, price);
}

bool hcp_prices_disagree(const hcp_settings *settings, const hcp_price_observed *price)
{
    double limit = fabs(price->value) * (double)settings->price_disagreement_permille / 1000.0;
    if (per_facility(price->kind))
        limit = MAX(limit, HCP_DISAGREEMENT_MIN_USD_PER_MWH);
    return price->sources > 1 && settings->price_disagreement_permille > 0 &&
           price->high - price->low > limit;
}

static void watch_disagreement(hcp_txn *txn, const hcp_price_observed *price)
{
    const hcp_settings *settings = &txn->core->state.settings;
    g_autofree char *subject = price_subject(&txn->core->state, price);
    if (!hcp_prices_disagree(settings, price)) {
        hcp_alert_clear(txn, "price_disagreement", subject, "the sources agree again");
        return;
    }
    hcp_alert_raised alert = {
        .severity = HCP_SEVERITY_WARNING,
        .category = HCP_ALERT_SYSTEM,
        .kind = g_strdup("price_disagreement"),
        .message = g_strdup_printf("%u sources of the price of %s lie between %.6g and %.6g; it is "
                                   "used, marked suspect, and nothing moves on it",
                                   price->sources, subject, price->low, price->high),
        .subject = g_strdup(subject),
        .facility = per_facility(price->kind) ? price->facility : HCP_NO_INDEX,
        .customer = HCP_NO_INDEX,
    };
    hcp_alert_raise(txn, &alert);
}

/* Is `value` so far from the reading before that one more is needed to believe it? */
static bool is_suspect(const hcp_price_observed *before, hcp_price_kind kind, double value)
{
    if (per_facility(kind))
        return value < ELECTRICITY_MIN_USD_PER_MWH || value > ELECTRICITY_MAX_USD_PER_MWH;
    /* Fees are whatever people pay; a halving halves subsidy and hashprice. Neither is an error. */
    if (kind == HCP_PRICE_BLOCK_FEES || before->quality <= HCP_QUALITY_STALE || before->value <= 0)
        return false;
    return value > before->value * SUSPECT_RATIO || value < before->value / SUSPECT_RATIO;
}

static bool is_plausible(hcp_price_kind kind, double value)
{
    if (!isfinite(value) || fabs(value) > 1e15)
        return false;
    /* Prices that become money are rounded to micro-dollars and must fit. */
    if (kind != HCP_PRICE_DIFFICULTY && fabs(value) > 1e9)
        return false;
    bool may_be_zero = kind == HCP_PRICE_BLOCK_FEES || kind == HCP_PRICE_HASHPRICE;
    return per_facility(kind) || value > 0 || (may_be_zero && value >= 0);
}

bool hcp_market_decide_price(hcp_txn *txn, const hcp_command *command)
{
    const hcp_price_observed *price = command->price;
    const hcp_state *state = &txn->core->state;
    if (price->kind >= HCP_PRICE_KINDS || price->product >= HCP_RESERVES)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "kind",
                              "there is no such kind of price or product of reserve");
    const hcp_price_observed *before = price_row(state, price->kind, price->facility);
    if (before == NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "facility",
                              "%s prices belong to a facility, and this one does not exist",
                              hcp_enum_name(&HCP_PRICE_KIND_NAMES, (int)price->kind));
    bool missing = price->quality == HCP_QUALITY_MISSING;
    if (!missing && !is_plausible(price->kind, price->value))
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "value", "%g is not a possible value of %s",
                              price->value, hcp_enum_name(&HCP_PRICE_KIND_NAMES, (int)price->kind));
    if (!missing && price->sources > 0 &&
        !(price->low <= price->value && price->value <= price->high && isfinite(price->low) &&
          isfinite(price->high)))
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "low", "the price %g is not in its band",
                              price->value);
    if (price->interval_us < 0 || price->interval_us > HCP_US_PER_DAY)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "interval",
                              "a price is the mean of a day at most");
    if (price->observed_us > txn->now_us)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "observed_at",
                              "the reading is dated in the future");
    if (price->observed_us < before->observed_us)
        return true; /* an older reading that arrived late changes nothing */
    hcp_event event = {.type = HCP_EVENT_PRICE_OBSERVED};
    hcp_price_observed *out = &event.price_observed;
    hcp_record_copy(hcp_event_record(event.type), price, out);
    out->facility = per_facility(price->kind) ? price->facility : HCP_NO_INDEX;
    if (missing) {
        out->product = before->product;
        out->value = before->value;
        out->low = before->low;
        out->high = before->high;
        out->sources = before->sources;
    } else if (out->quality == HCP_QUALITY_GOOD && (is_suspect(before, price->kind, price->value) ||
                                                    hcp_prices_disagree(&state->settings, price))) {
        out->quality = HCP_QUALITY_SUSPECT;
    }
    hcp_txn_emit(txn, &event);
    if (price->kind == HCP_PRICE_ELECTRICITY)
        hcp_settlement_settle(txn, price->facility);
    if (!missing) {
        watch_disagreement(txn, price_row(state, price->kind, price->facility));
        g_autofree char *subject =
            price_subject(state, price_row(state, price->kind, price->facility));
        hcp_alert_clear(txn, "price_stale", subject, "a new reading arrived");
    }
    return true;
}

void hcp_market_rebuild(hcp_core *core)
{
    /* A snapshot from before reserve was sold has no prices of it. */
    while (core->state.market.reserve->len < core->state.fleet.facilities->len)
        add_reserve(&core->state.market);
    for (uint32_t kind = 0; kind < HCP_PRICE_KINDS; kind++) {
        if (!per_facility(kind)) {
            arm(core, kind, HCP_NO_INDEX);
            continue;
        }
        for (guint i = 0; i < core->state.fleet.facilities->len; i++)
            arm(core, kind, i);
    }
}

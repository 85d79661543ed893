/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated market, published at the cadence of each kind. */
#include "feeds/feed_simulated.h"

#include "base/units.h"
#include "sim/noise.h"

#include <math.h>

#define PUBLISH_US (13 * HCP_US_PER_H + 30 * HCP_US_PER_MIN)

/* One stream of observations: a kind and subject with its own next time. */
typedef struct {
    hcp_feed_kind kind;
    int index; /* hub or GPU class */
    const char *subject;
    int64_t step_us;
    int64_t next_us;
} stream;

typedef struct {
    hcp_feed base;
    hcp_market_sim market;
    char **hubs, **gpu_classes;
    double *gpu_factors;
    char *source;
    uint64_t venue;
    double btc_spread, rent_spread;
    GArray *streams; /* stream, in the order in which those of one moment are published */
} feed_simulated;

static const hcp_feed_ops OPS;

static feed_simulated *cast(hcp_feed *feed)
{
    g_assert(feed->ops == &OPS);
    return (feed_simulated *)feed;
}

static double value_of(const feed_simulated *self, const stream *from)
{
    const hcp_market_prices *prices = &self->market.prices;
    switch (from->kind) {
    case HCP_FEED_POWER_RTM:
        return prices->power_usd_per_mwh[from->index];
    case HCP_FEED_GPU_RENT:
        return prices->rent_usd_per_gpu_h * self->gpu_factors[from->index];
    case HCP_FEED_BTC:
        return prices->btc_usd;
    case HCP_FEED_DIFFICULTY:
        return prices->difficulty;
    case HCP_FEED_SUBSIDY:
        return prices->subsidy_btc;
    case HCP_FEED_FEE:
    case HCP_FEED_FEE_SETTLED:
        return prices->fee_btc;
    case HCP_FEED_POWER_DAM:
    case HCP_FEED_AS_REGUP:
    case HCP_FEED_AS_REGDN:
    case HCP_FEED_AS_RRS:
    case HCP_FEED_AS_NSPIN:
    case HCP_FEED_AS_ECRS:
    case HCP_FEED_KINDS:
        break;
    }
    g_assert_not_reached();
}

/* How far this venue's quote lies from the market's: every venue has its own. */
static double venue_factor(const feed_simulated *self, const stream *from, int64_t at_us)
{
    double spread = from->kind == HCP_FEED_BTC        ? self->btc_spread
                    : from->kind == HCP_FEED_GPU_RENT ? self->rent_spread
                                                      : 0;
    uint64_t subject = ((uint64_t)from->kind << 8) | (uint64_t)from->index;
    if (spread == 0)
        return 1;
    return exp(spread *
               (double)hcp_noise_bell(hcp_noise_u64(self->venue, subject, (uint64_t)at_us)));
}

static hcp_feed_observation blank(const feed_simulated *self, const stream *from, int64_t at_us)
{
    return (hcp_feed_observation){.kind = from->kind,
                                  .quality = HCP_FEED_SIMULATED,
                                  .published_us = at_us,
                                  .observed_us = at_us,
                                  .from_us = at_us,
                                  .until_us = at_us,
                                  .subject = from->subject,
                                  .source = self->source};
}

/* What the auction says of the hour that begins at `at_us`. */
static double auctioned(const feed_simulated *self, const stream *from, int64_t at_us)
{
    switch (from->kind) {
    case HCP_FEED_AS_RRS:
        return hcp_market_reserve_usd_per_mw(&self->market, HCP_MARKET_RRS, at_us);
    case HCP_FEED_AS_ECRS:
        return hcp_market_reserve_usd_per_mw(&self->market, HCP_MARKET_ECRS, at_us);
    case HCP_FEED_AS_NSPIN:
        return hcp_market_reserve_usd_per_mw(&self->market, HCP_MARKET_NSPIN, at_us);
    default:
        return hcp_market_day_ahead_usd_per_mwh(&self->market, from->index, at_us);
    }
}

/* Publishes the prices of the local day that begins at `day_us`. */
static void publish_day(const feed_simulated *self, const stream *from, int64_t day_us,
                        GArray *observations)
{
    for (int hour = 0; hour < 24; hour++) {
        hcp_feed_observation seen = blank(self, from, from->next_us);
        seen.from_us = day_us + hour * HCP_US_PER_H;
        seen.until_us = seen.from_us + HCP_US_PER_H;
        hcp_feed_set_value(&seen, auctioned(self, from, seen.from_us));
        g_array_append_val(observations, seen);
    }
}

/* Day-ahead prices: at the start those of the days that are already out, then one day at a time. */
static void publish_day_ahead(const feed_simulated *self, stream *from, GArray *observations)
{
    int64_t offset_us = self->market.params.utc_offset_us;
    int64_t local_us = from->next_us + offset_us;
    int64_t day = local_us / HCP_US_PER_DAY;
    int64_t today_us = day * HCP_US_PER_DAY - offset_us;
    bool afternoon = local_us % HCP_US_PER_DAY >= PUBLISH_US;

    if (from->next_us == self->market.start_us)
        publish_day(self, from, today_us, observations);
    if (afternoon)
        publish_day(self, from, today_us + HCP_US_PER_DAY, observations);
    from->next_us = today_us + PUBLISH_US + (afternoon ? HCP_US_PER_DAY : 0);
}

static void publish(feed_simulated *self, stream *from, GArray *observations)
{
    int64_t at_us = from->next_us;

    if (hcp_feed_is_auctioned(from->kind)) {
        publish_day_ahead(self, from, observations);
        return;
    }
    from->next_us += from->step_us;
    hcp_feed_observation seen = blank(self, from, at_us);
    hcp_feed_set_value(&seen, value_of(self, from) * venue_factor(self, from, at_us));
    if (from->kind == HCP_FEED_FEE_SETTLED)
        seen.from_us = at_us - HCP_US_PER_DAY;
    g_array_append_val(observations, seen);
}

static stream *earliest(const feed_simulated *self)
{
    stream *best = &g_array_index(self->streams, stream, 0);
    for (guint i = 1; i < self->streams->len; i++) {
        stream *other = &g_array_index(self->streams, stream, i);
        if (other->next_us < best->next_us)
            best = other;
    }
    return best;
}

static int64_t simulated_next_due(const hcp_feed *feed)
{
    return earliest((const feed_simulated *)feed)->next_us;
}

static void simulated_poll(hcp_feed *feed, int64_t now_us, GArray *observations)
{
    feed_simulated *self = cast(feed);
    for (;;) {
        stream *next = earliest(self);
        if (next->next_us > now_us)
            return;
        hcp_market_advance(&self->market, next->next_us);
        publish(self, next, observations);
    }
}

static void simulated_free(hcp_feed *feed)
{
    feed_simulated *self = cast(feed);
    g_array_unref(self->streams);
    g_strfreev(self->hubs);
    g_strfreev(self->gpu_classes);
    g_free(self->gpu_factors);
    g_free(self->source);
    g_free(self);
}

static const hcp_feed_ops OPS = {
    .name = "simulated",
    .next_due = simulated_next_due,
    .poll = simulated_poll,
    .free = simulated_free,
};

static char **copy_names(const char *const *names, int n)
{
    char **copy = g_new0(char *, n + 1);
    for (int i = 0; i < n; i++)
        copy[i] = g_strdup(names[i]);
    return copy;
}

static void add_stream(feed_simulated *self, hcp_feed_kind kind, int64_t step_us, int index,
                       const char *subject)
{
    stream added = {
        .kind = kind,
        .index = index,
        .subject = subject,
        .step_us = step_us,
        .next_us = self->market.start_us,
    };
    if (kind == HCP_FEED_FEE_SETTLED) /* known at the next midnight */
        added.next_us = (self->market.start_us / HCP_US_PER_DAY + 1) * HCP_US_PER_DAY;
    g_array_append_val(self->streams, added);
}

static void add_streams(feed_simulated *self, const hcp_feed_simulated_config *config)
{
    int64_t least_us = config->min_interval_us;
    int64_t power_us = MAX(HCP_MARKET_POWER_STEP_US, least_us);

    add_stream(self, HCP_FEED_BTC, MAX(HCP_MARKET_BTC_STEP_US, least_us), 0, "");
    add_stream(self, HCP_FEED_DIFFICULTY, HCP_US_PER_H, 0, "");
    add_stream(self, HCP_FEED_SUBSIDY, HCP_US_PER_H, 0, "");
    add_stream(self, HCP_FEED_FEE, HCP_US_PER_H, 0, "");
    add_stream(self, HCP_FEED_FEE_SETTLED, HCP_US_PER_DAY, 0, "");
    for (int i = 0; i < config->market.n_hubs; i++) {
        add_stream(self, HCP_FEED_POWER_DAM, 0, i, self->hubs[i]);
        add_stream(self, HCP_FEED_POWER_RTM, power_us, i, self->hubs[i]);
    }
    static const hcp_feed_kind reserves[] = {HCP_FEED_AS_RRS, HCP_FEED_AS_ECRS, HCP_FEED_AS_NSPIN};
    for (size_t i = 0; i < G_N_ELEMENTS(reserves); i++) /* one price for the whole system */
        add_stream(self, reserves[i], 0, 0, "*");
    for (int i = 0; i < config->n_gpu_classes; i++)
        add_stream(self, HCP_FEED_GPU_RENT, MAX(HCP_MARKET_RENT_STEP_US, least_us), i,
                   self->gpu_classes[i]);
}

hcp_feed *hcp_feed_simulated_new(const hcp_feed_simulated_config *config)
{
    feed_simulated *self = g_new0(feed_simulated, 1);
    self->base.ops = &OPS;
    self->hubs = copy_names(config->hubs, config->market.n_hubs);
    self->gpu_classes = copy_names(config->gpu_classes, config->n_gpu_classes);
    self->gpu_factors = g_new(double, config->n_gpu_classes + 1);
    for (int i = 0; i < config->n_gpu_classes; i++)
        self->gpu_factors[i] = config->gpu_factors ? config->gpu_factors[i] : 1;
    self->source = g_strdup(config->source ? config->source : "simulated");
    self->venue = hcp_noise_mix(config->seed ^ g_str_hash(self->source));
    self->btc_spread = config->btc_spread;
    self->rent_spread = config->rent_spread;
    hcp_market_init(&self->market, &config->market, config->seed, config->start_us);
    self->streams = g_array_new(FALSE, FALSE, sizeof(stream));
    add_streams(self, config);
    return &self->base;
}

const hcp_market_sim *hcp_feed_simulated_market(const hcp_feed *feed)
{
    g_assert(feed->ops == &OPS);
    return &((const feed_simulated *)feed)->market;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The common part of feeds: what the kinds are and what age makes of a value. */
#include "feeds/feed.h"

#include <math.h>

typedef struct {
    const char *name;
    const char *unit;
    bool auctioned;
} kind_info;

static const kind_info KINDS[HCP_FEED_KINDS] = {
    [HCP_FEED_POWER_RTM] = {"power_rtm", "USD/MWh", false},
    [HCP_FEED_POWER_DAM] = {"power_dam", "USD/MWh", true},
    [HCP_FEED_BTC] = {"btc", "USD", false},
    [HCP_FEED_GPU_RENT] = {"gpu_rent", "USD/GPU-hour", false},
    [HCP_FEED_DIFFICULTY] = {"difficulty", "1", false},
    [HCP_FEED_SUBSIDY] = {"subsidy", "BTC/block", false},
    [HCP_FEED_FEE] = {"fee", "BTC/block", false},
    [HCP_FEED_FEE_SETTLED] = {"fee_settled", "BTC/block", false},
    [HCP_FEED_AS_REGUP] = {"as_regup", "USD/MW/h", true},
    [HCP_FEED_AS_REGDN] = {"as_regdn", "USD/MW/h", true},
    [HCP_FEED_AS_RRS] = {"as_rrs", "USD/MW/h", true},
    [HCP_FEED_AS_NSPIN] = {"as_nspin", "USD/MW/h", true},
    [HCP_FEED_AS_ECRS] = {"as_ecrs", "USD/MW/h", true},
};

static const char *const QUALITY_NAMES[HCP_FEED_QUALITIES] = {
    [HCP_FEED_GOOD] = "good",
    [HCP_FEED_STALE] = "stale",
    [HCP_FEED_MISSING] = "missing",
    [HCP_FEED_SIMULATED] = "simulated",
};

const char *hcp_feed_kind_name(hcp_feed_kind kind)
{
    return (unsigned)kind < HCP_FEED_KINDS ? KINDS[kind].name : "unknown";
}

bool hcp_feed_is_auctioned(hcp_feed_kind kind)
{
    return (unsigned)kind < HCP_FEED_KINDS && KINDS[kind].auctioned;
}

const char *hcp_feed_kind_unit(hcp_feed_kind kind)
{
    return (unsigned)kind < HCP_FEED_KINDS ? KINDS[kind].unit : "unknown";
}

const char *hcp_feed_quality_name(hcp_feed_quality quality)
{
    return (unsigned)quality < HCP_FEED_QUALITIES ? QUALITY_NAMES[quality] : "unknown";
}

GArray *hcp_feed_observations_new(void)
{
    return g_array_new(FALSE, FALSE, sizeof(hcp_feed_observation));
}

int64_t hcp_feed_next_due(const hcp_feed *feed)
{
    return feed->ops->next_due(feed);
}

void hcp_feed_poll(hcp_feed *feed, int64_t now_us, GArray *observations)
{
    feed->ops->poll(feed, now_us, observations);
}

void hcp_feed_free(hcp_feed *feed)
{
    if (feed)
        feed->ops->free(feed);
}

void hcp_feed_set_value(hcp_feed_observation *seen, double value)
{
    seen->value = seen->low = seen->high = value;
}

hcp_feed_observation hcp_feed_aged(const hcp_feed_observation *last, int64_t max_age_us,
                                   int64_t now_us)
{
    hcp_feed_observation aged = *last;
    int64_t age_us = now_us - last->observed_us;

    aged.published_us = now_us;
    if (last->quality == HCP_FEED_MISSING || age_us > 4 * max_age_us) {
        aged.quality = HCP_FEED_MISSING;
        hcp_feed_set_value(&aged, NAN);
    } else if (age_us > max_age_us) {
        aged.quality = HCP_FEED_STALE;
    }
    return aged;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prices that are published before they hold. Each waits here until its interval begins and is then observed like any
 * other price; the core is told all of them at once, so that plans may look at the hours ahead.
 */
#include "core/prices.h"
#include "runtime/platform_internal.h"

#include <math.h>

/* Consecutive intervals of one hub and product, being gathered. */
typedef struct {
    const hcp_feed_observation *first;
    int64_t until_us;
    GArray *prices; /* hcp_coming_price */
} run;

static void clear_run(void *data)
{
    g_array_unref(((run *)data)->prices);
}

static void publish_at(hcp_platform *platform, const run *gathered, uint32_t facility)
{
    const hcp_feed_observation *first = gathered->first;
    hcp_reserve product = hcp_reserve_product_of(first->kind);
    hcp_platform_command(
        platform,
        &(hcp_command){
            .type = HCP_COMMAND_PUBLISH_PRICES,
            .prices = &(hcp_prices_published){
                .kind = product == HCP_RESERVE_NONE ? HCP_PRICE_DAY_AHEAD : HCP_PRICE_RESERVE,
                .product = product,
                .facility = facility,
                .source = (char *)first->source,
                .simulated = first->quality == HCP_FEED_SIMULATED,
                .from_us = first->from_us,
                .step_us = first->until_us - first->from_us,
                .prices = {.items = gathered->prices->data, .count = gathered->prices->len}}});
}

static void publish(hcp_platform *platform, const run *gathered)
{
    const char *hub = gathered->first->subject;
    guint n = hcp_core_state(platform->core)->fleet.facilities->len;
    for (uint32_t f = 0; f < n; f++) {
        const char *its_hub = hcp_state_facility(hcp_core_state(platform->core), f)->def.hub;
        if (g_str_equal(hub, "*") || g_strcmp0(its_hub, hub) == 0)
            publish_at(platform, gathered, f);
    }
}

static bool continues(const run *gathered, const hcp_feed_observation *seen)
{
    const hcp_feed_observation *first = gathered->first;
    return first->kind == seen->kind && gathered->until_us == seen->from_us &&
           seen->until_us - seen->from_us == first->until_us - first->from_us &&
           g_str_equal(first->subject, seen->subject) && g_str_equal(first->source, seen->source);
}

static void gather(GArray *runs, const hcp_feed_observation *seen)
{
    const hcp_coming_price price = {.value = round(seen->value * 100.0) / 100.0};
    run *found = NULL;
    for (guint i = 0; i < runs->len && found == NULL; i++)
        if (continues(&g_array_index(runs, run, i), seen))
            found = &g_array_index(runs, run, i);
    if (found == NULL) {
        run added = {.first = seen, .prices = g_array_new(FALSE, FALSE, sizeof price)};
        g_array_append_val(runs, added);
        found = &g_array_index(runs, run, runs->len - 1);
    }
    g_array_append_val(found->prices, price);
    found->until_us = seen->until_us;
}

static bool is_publication(const hcp_feed_observation *seen, int64_t now_us)
{
    bool auctioned =
        seen->kind == HCP_FEED_POWER_DAM || hcp_reserve_product_of(seen->kind) != HCP_RESERVE_NONE;
    return auctioned && isfinite(seen->value) && seen->quality != HCP_FEED_STALE &&
           seen->until_us > now_us - HCP_PUBLISHED_KEPT_US;
}

void hcp_auction_publish(hcp_platform *platform, int64_t now_us)
{
    g_autoptr(GArray) runs = NULL;
    for (guint i = 0; i < platform->observations->len; i++) {
        const hcp_feed_observation *seen =
            &g_array_index(platform->observations, hcp_feed_observation, i);
        if (!is_publication(seen, now_us))
            continue;
        if (runs == NULL) {
            runs = g_array_new(FALSE, FALSE, sizeof(run));
            g_array_set_clear_func(runs, clear_run);
        }
        gather(runs, seen);
    }
    for (guint i = 0; runs != NULL && i < runs->len; i++)
        publish(platform, &g_array_index(runs, run, i));
}

void hcp_auction_wait(hcp_platform *platform, const hcp_feed_observation *observation)
{
    guint i = platform->coming->len;
    while (i > 0 && g_array_index(platform->coming, hcp_feed_observation, i - 1).from_us >
                        observation->from_us)
        i--;
    g_array_insert_vals(platform->coming, i, observation, 1);
}

int64_t hcp_auction_next_due(const hcp_platform *platform)
{
    return platform->coming->len > 0
               ? g_array_index(platform->coming, hcp_feed_observation, 0).from_us
               : INT64_MAX;
}

bool hcp_auction_take(hcp_platform *platform, int64_t now_us, hcp_feed_observation *ret_observation)
{
    if (hcp_auction_next_due(platform) > now_us)
        return false;
    *ret_observation = g_array_index(platform->coming, hcp_feed_observation, 0);
    g_array_remove_index(platform->coming, 0);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What the world tells the platform, turned into commands of the core: prices, phase reports, device health, arrivals. */
#include "base/units.h"
#include "economics/formula.h"
#include "runtime/platform_internal.h"

#include <math.h>

static hcp_quality quality_of(const hcp_feed_observation *observation)
{
    switch (observation->quality) {
    case HCP_FEED_STALE:
        return HCP_QUALITY_STALE;
    case HCP_FEED_MISSING:
        return HCP_QUALITY_MISSING;
    default:
        return HCP_QUALITY_GOOD;
    }
}

static bool price_kind(const hcp_platform *platform, hcp_feed_kind kind, hcp_price_kind *ret_kind)
{
    bool day_ahead = platform->options.settle_day_ahead;
    switch (kind) {
    case HCP_FEED_POWER_RTM:
        *ret_kind = HCP_PRICE_ELECTRICITY;
        return !day_ahead;
    case HCP_FEED_POWER_DAM:
        *ret_kind = day_ahead ? HCP_PRICE_ELECTRICITY : HCP_PRICE_DAY_AHEAD;
        return true;
    case HCP_FEED_BTC:
        *ret_kind = HCP_PRICE_BTC;
        return true;
    case HCP_FEED_GPU_RENT:
        *ret_kind = HCP_PRICE_GPU_SPOT;
        return true;
    case HCP_FEED_DIFFICULTY:
        *ret_kind = HCP_PRICE_DIFFICULTY;
        return true;
    case HCP_FEED_SUBSIDY:
        *ret_kind = HCP_PRICE_BLOCK_SUBSIDY;
        return true;
    case HCP_FEED_FEE:
        *ret_kind = HCP_PRICE_BLOCK_FEES;
        return true;
    case HCP_FEED_AS_REGUP:
    case HCP_FEED_AS_RRS:
    case HCP_FEED_AS_NSPIN:
    case HCP_FEED_AS_ECRS:
        *ret_kind = HCP_PRICE_RESERVE;
        return true;
    default:
        return false;
    }
}

static void observe_price(hcp_platform *platform, const hcp_price_observed *price)
{
    hcp_platform_command(platform,
                         &(hcp_command){.type = HCP_COMMAND_OBSERVE_PRICE, .price = price});
}

/* Power prices are per hub ("*": of all hubs); every facility on the hub has them. */
static void observe_at_hub(hcp_platform *platform, hcp_price_observed *price, const char *hub)
{
    const GArray *facilities = hcp_core_state(platform->core)->fleet.facilities;
    for (uint32_t f = 0; f < facilities->len; f++) {
        const char *its_hub = hcp_state_facility(hcp_core_state(platform->core), f)->def.hub;
        if (!g_str_equal(hub, "*") && g_strcmp0(its_hub, hub) != 0)
            continue;
        price->facility = f;
        if (price->kind == HCP_PRICE_RESERVE && !hcp_reserve_is_best(platform, price))
            continue;
        observe_price(platform, price);
        if (price->kind == HCP_PRICE_ELECTRICITY)
            hcp_reserve_call(platform, price);
    }
}

static hcp_quality worst(hcp_quality a, hcp_quality b)
{
    return MIN(a, b);
}

/* Prices move in ticks; models and medians do not know that. Tick of each kind in its unit. */
static double in_ticks(hcp_price_kind kind, double value)
{
    static const double per_unit[HCP_PRICE_KINDS] = {
        [HCP_PRICE_ELECTRICITY] = 100,   [HCP_PRICE_DAY_AHEAD] = 100,
        [HCP_PRICE_RESERVE] = 100,       [HCP_PRICE_BTC] = 100,
        [HCP_PRICE_GPU_SPOT] = 10000,    [HCP_PRICE_DIFFICULTY] = 1,
        [HCP_PRICE_BLOCK_SUBSIDY] = 1e8, [HCP_PRICE_BLOCK_FEES] = 1e8,
        [HCP_PRICE_HASHPRICE] = 10000,
    };
    return round(value * per_unit[kind]) / per_unit[kind];
}

bool hcp_observe_hashprice(const hcp_state *state, hcp_price_observed *ret_price)
{
    const hcp_price_observed *global = state->market.global;
    const hcp_price_observed *btc = &global[HCP_PRICE_BTC];
    const hcp_price_observed *difficulty = &global[HCP_PRICE_DIFFICULTY];
    const hcp_price_observed *subsidy = &global[HCP_PRICE_BLOCK_SUBSIDY];
    const hcp_price_observed *fees = &global[HCP_PRICE_BLOCK_FEES];
    hcp_quality quality = worst(worst(btc->quality, difficulty->quality), subsidy->quality);
    if (quality == HCP_QUALITY_MISSING || difficulty->value <= 0)
        return false;
    double reward = subsidy->value + (fees->quality == HCP_QUALITY_MISSING ? 0 : fees->value);
    *ret_price = (hcp_price_observed){
        .kind = HCP_PRICE_HASHPRICE,
        .facility = HCP_NO_INDEX,
        .value = in_ticks(HCP_PRICE_HASHPRICE,
                          hcp_formula_hashprice(difficulty->value, reward, btc->value)),
        .low = in_ticks(HCP_PRICE_HASHPRICE,
                        hcp_formula_hashprice(difficulty->value, reward, btc->low)),
        .high = in_ticks(HCP_PRICE_HASHPRICE,
                         hcp_formula_hashprice(difficulty->value, reward, btc->high)),
        .sources = btc->sources,
        .source = (char *)"derived",
        .observed_us = btc->observed_us,
        .quality = quality,
        .simulated = btc->simulated};
    return true;
}

bool hcp_observe_is_news(const hcp_state *state, const hcp_price_observed *price, int64_t now_us)
{
    const hcp_price_observed *known = &state->market.global[price->kind];
    return price->value != known->value || price->quality != known->quality ||
           now_us - known->observed_us >= HCP_US_PER_MIN;
}

static void derive_hashprice(hcp_platform *platform, int64_t now_us)
{
    hcp_price_observed price;
    if (hcp_observe_hashprice(hcp_core_state(platform->core), &price) &&
        hcp_observe_is_news(hcp_core_state(platform->core), &price, now_us))
        observe_price(platform, &price);
}

static void observe_one(hcp_platform *platform, const hcp_feed_observation *observation,
                        int64_t now_us)
{
    hcp_price_kind kind;
    bool auction = hcp_feed_is_auctioned(observation->kind);
    if (!price_kind(platform, observation->kind, &kind) || now_us < platform->silent_until_us[kind])
        return;
    if (observation->from_us > now_us) {
        hcp_auction_wait(platform, observation);
        return;
    }
    hcp_price_observed price = {
        .kind = kind,
        .facility = HCP_NO_INDEX,
        .product = hcp_reserve_product_of(observation->kind),
        .value = isfinite(observation->value) ? in_ticks(kind, observation->value) : 0,
        .source = (char *)observation->source,
        /* What an auction published is the price once its hour has come. */
        .observed_us = auction ? MAX(observation->observed_us, observation->from_us)
                               : observation->observed_us,
        .quality = quality_of(observation),
        .simulated = observation->quality == HCP_FEED_SIMULATED,
        .interval_us = auction ? 0 : MAX(0, observation->observed_us - observation->from_us),
    };
    if (isfinite(observation->value)) {
        price.low = in_ticks(kind, observation->low);
        price.high = in_ticks(kind, observation->high);
        price.sources = (uint32_t)MAX(1, observation->sources);
    }
    if (kind == HCP_PRICE_ELECTRICITY || kind == HCP_PRICE_DAY_AHEAD || kind == HCP_PRICE_RESERVE)
        observe_at_hub(platform, &price, observation->subject);
    else
        observe_price(platform, &price);
}

static void poll_feeds(hcp_platform *platform, int64_t now_us)
{
    g_array_set_size(platform->observations, 0);
    for (guint i = 0; i < platform->feeds->len; i++)
        hcp_feed_poll(platform->feeds->pdata[i], now_us, platform->observations);
    hcp_auction_publish(platform, now_us);
}

static const hcp_feed_observation *observation_at(const hcp_platform *platform, guint i)
{
    return &g_array_index(platform->observations, hcp_feed_observation, i);
}

void hcp_observe_feeds(hcp_platform *platform, int64_t now_us)
{
    hcp_feed_observation due;
    while (hcp_auction_take(platform, now_us, &due))
        observe_one(platform, &due, now_us);
    poll_feeds(platform, now_us);
    bool network = false;
    for (guint i = 0; i < platform->observations->len; i++) {
        const hcp_feed_observation *observation = observation_at(platform, i);
        observe_one(platform, observation, now_us);
        network |= observation->kind >= HCP_FEED_BTC && observation->kind <= HCP_FEED_FEE;
    }
    if (network)
        derive_hashprice(platform, now_us);
}

/* What the report says of devices that are still in the switch; others were lost before, for their own reason. */
static GArray *lost_devices(hcp_platform *platform, const hcp_driver_report *report)
{
    GArray *lost = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    uint32_t ix = hcp_core_find_switch(platform->core, (hcp_switch_id){report->switch_id});
    const uint32_t *active = hcp_core_state(platform->core)->fleet.active_switch;
    for (uint32_t i = 0; i < report->n_failed; i++) {
        uint32_t device =
            g_array_index(platform->driver_batch.failed, uint32_t, report->failed_first + i);
        if (active[device] == ix)
            g_array_append_val(lost, device);
    }
    return lost;
}

/* Whether a later observation of the same thing makes number `i` old. */
static bool superseded(const hcp_platform *platform, guint i, int64_t now_us)
{
    const hcp_feed_observation *old = observation_at(platform, i);
    for (guint k = i + 1; k < platform->observations->len; k++) {
        const hcp_feed_observation *later = observation_at(platform, k);
        if (later->kind == old->kind && later->from_us <= now_us &&
            g_str_equal(later->subject, old->subject))
            return true;
    }
    return false;
}

void hcp_observe_catch_up(hcp_platform *platform, int64_t now_us)
{
    poll_feeds(platform, now_us);
    /* The newest come last; what is further back than a day of five-minute prices cannot be the newest of its kind. */
    guint n = platform->observations->len, first = n > 20000 ? n - 20000 : 0;
    for (guint i = first; i < n; i++)
        if (!superseded(platform, i, now_us))
            observe_one(platform, observation_at(platform, i), now_us);
    derive_hashprice(platform, now_us);
}

static void report_phase(hcp_platform *platform, const hcp_driver_report *report)
{
    hcp_phase phase = hcp_effects_phase_of(platform, report);
    if (phase == HCP_PHASES)
        return; /* late: the deadline has already decided */
    bool ok = report->outcome != HCP_DRIVER_FAILED;
    g_autoptr(GArray) lost = lost_devices(platform, report);
    hcp_platform_command(platform,
                         &(hcp_command){.type = HCP_COMMAND_REPORT_PHASE,
                                        .phase = {.id = {report->switch_id},
                                                  .phase = phase,
                                                  .ok = ok,
                                                  .reason = hcp_driver_cause_name(report->cause),
                                                  .lost = (const uint32_t *)(void *)lost->data,
                                                  .n_lost = ok ? lost->len : 0}});
}

static void report_health(hcp_platform *platform, const hcp_driver_health *health)
{
    static const hcp_health kinds[] = {
        [HCP_DRIVER_DEVICE_FAILED] = HCP_HEALTH_FAILED,
        [HCP_DRIVER_DEVICE_DEGRADED] = HCP_HEALTH_DEGRADED,
        [HCP_DRIVER_DEVICE_RECOVERED] = HCP_HEALTH_OK,
    };
    static const char *const reasons[] = {
        [HCP_DRIVER_DEVICE_FAILED] = "the device stopped answering",
        [HCP_DRIVER_DEVICE_DEGRADED] = "the device reports errors",
        [HCP_DRIVER_DEVICE_RECOVERED] = "the device answers again",
    };
    hcp_platform_command(platform, &(hcp_command){.type = HCP_COMMAND_REPORT_HEALTH,
                                                  .health = {.devices = &health->device,
                                                             .count = 1,
                                                             .health = kinds[health->kind],
                                                             .reason = reasons[health->kind],
                                                             .xid = health->xid}});
}

void hcp_observe_driver(hcp_platform *platform, int64_t now_us)
{
    if (platform->driver == NULL)
        return;
    hcp_driver_batch_clear(&platform->driver_batch);
    hcp_driver_poll(platform->driver, now_us, &platform->driver_batch);
    const hcp_driver_batch *batch = &platform->driver_batch;
    for (guint i = 0; i < batch->health->len; i++)
        report_health(platform, &g_array_index(batch->health, hcp_driver_health, i));
    for (guint i = 0; i < batch->reports->len; i++)
        report_phase(platform, &g_array_index(batch->reports, hcp_driver_report, i));
}

static hcp_workload_kind workload_kind(hcp_arrivals_type type)
{
    static const hcp_workload_kind kinds[] = {
        [HCP_ARRIVALS_INFERENCE_RT] = HCP_WORKLOAD_AI_INFERENCE_REALTIME,
        [HCP_ARRIVALS_INFERENCE_BATCH] = HCP_WORKLOAD_AI_INFERENCE_BATCH,
        [HCP_ARRIVALS_TRAINING] = HCP_WORKLOAD_MODEL_TRAINING,
        [HCP_ARRIVALS_TUNING] = HCP_WORKLOAD_HYPERPARAMETER_TUNING,
        [HCP_ARRIVALS_DATA] = HCP_WORKLOAD_DATA_PROCESSING,
    };
    return kinds[type];
}

bool hcp_observe_is_rentable(const hcp_state *state, uint32_t class_ix)
{
    const hcp_class_defined *class = &hcp_state_class(state, class_ix)->def;
    if (class->kind != HCP_DEVICE_GPU || class->rate_usd_micro_per_h == 0 ||
        hcp_class_share_milli(class) < HCP_SHARE_WHOLE)
        return false;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++)
        if (hcp_state_group(state, g)->class_ix == class_ix)
            return true;
    return false;
}

/* The `n`th class that customers can rent here, counted around; 0 when there is none. */
static uint64_t rentable_class(const hcp_state *state, uint32_t n)
{
    uint32_t classes[HCP_MAX_CLASSES], count = 0;
    for (uint32_t c = 0; c < state->fleet.classes->len; c++)
        if (hcp_observe_is_rentable(state, c))
            classes[count++] = c;
    return count > 0 ? UINT64_C(1) << classes[n % count] : 0;
}

/* The class, and for a part of a GPU the partitions of its family too. */
static uint64_t accepted_classes(const hcp_state *state, const hcp_arrivals_item *item)
{
    uint64_t mask = rentable_class(state, item->gpu_class);
    if (item->gpu_count != 1 || item->gpu_milli >= HCP_SHARE_WHOLE || mask == 0)
        return mask;
    const char *family = hcp_state_class(state, (uint32_t)__builtin_ctzll(mask))->def.family;
    for (uint32_t c = 0; c < state->fleet.classes->len; c++) {
        const hcp_class_defined *class = &hcp_state_class(state, c)->def;
        if (hcp_class_share_milli(class) < HCP_SHARE_WHOLE && g_str_equal(class->family, family))
            mask |= UINT64_C(1) << c;
    }
    return mask;
}

static void submit(hcp_platform *platform, const hcp_arrivals_item *item)
{
    const hcp_state *state = hcp_core_state(platform->core);
    char name[64];
    g_snprintf(name, sizeof name, "%s-%" G_GUINT64_FORMAT, hcp_arrivals_type_name(item->type),
               item->sequence);
    const hcp_command command = {
        .type = HCP_COMMAND_SUBMIT,
        .submit = {.customer = state->fleet.customers->len > 0
                                   ? item->customer % state->fleet.customers->len
                                   : HCP_NO_INDEX,
                   .name = name,
                   .tier = hcp_arrivals_tier_name(item->tier),
                   .kind = workload_kind(item->type),
                   .priority = (hcp_priority)item->priority,
                   .classes = accepted_classes(state, item),
                   .facility = HCP_NO_INDEX,
                   .count = item->gpu_count,
                   .share_milli = item->gpu_count == 1 ? item->gpu_milli : 0,
                   .duration_us = item->duration_us,
                   .max_latency_us = item->max_latency_us,
                   .model_bytes = item->model_bytes},
    };
    hcp_outcome outcome = {0};
    if (!hcp_platform_execute(platform, &command, &HCP_ACTOR_SYSTEM, &outcome))
        platform->counters.arrivals_refused++;
    hcp_outcome_clear(&outcome);
}

void hcp_observe_arrivals(hcp_platform *platform, int64_t now_us)
{
    hcp_arrivals_item item;
    while (platform->arrivals != NULL &&
           hcp_workload_source_take(platform->arrivals, now_us, &item))
        submit(platform, &item);
}

void hcp_observe_telemetry(hcp_platform *platform, int64_t now_us)
{
    if (platform->driver == NULL)
        return;
    hcp_latest *latest = &platform->latest;
    const hcp_driver_columns columns = {
        .count = latest->n_devices,
        .observed_us = latest->observed_us,
        .temp_c = latest->temp_c,
        .power_w = latest->power_w,
        .utilization = latest->utilization,
        .hashrate_ths = latest->hashrate_ths,
        .memory_bytes = latest->memory_bytes,
        .energy_j = latest->energy_j,
        .shares_accepted = latest->shares_accepted,
        .shares_rejected = latest->shares_rejected,
    };
    hcp_driver_sample(platform->driver, now_us, &columns);
    latest->sampled_us = now_us;
}

int64_t hcp_observe_next_due(const hcp_platform *platform)
{
    int64_t due_us = hcp_auction_next_due(platform);
    if (platform->driver != NULL)
        due_us = MIN(due_us, hcp_driver_next_due(platform->driver));
    for (guint i = 0; i < platform->feeds->len; i++)
        due_us = MIN(due_us, hcp_feed_next_due(platform->feeds->pdata[i]));
    if (platform->arrivals != NULL)
        due_us = MIN(due_us, hcp_workload_source_next_due(platform->arrivals));
    return due_us;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/site.h"

#include "base/error.h"
#include "base/units.h"
#include "feeds/feed_gaps.h"
#include "feeds/feed_median.h"
#include "feeds/feed_replay.h"
#include "feeds/feed_simulated.h"
#include "feeds/workload_replay.h"
#include "runtime/classify.h"
#include "runtime/fleet_driver.h"
#include "runtime/platform_internal.h"

#include <string.h>

static const char REPLAY[] = "replay=";
static const int64_t DEFAULT_SPAN_US = 30 * HCP_US_PER_DAY;

bool hcp_site_platform_options(const hcp_config *config, hcp_platform_options *ret_options,
                               GError **error)
{
    const hcp_dispatch_policy *policy = hcp_dispatch_policy_find(config->policy);
    if (policy == NULL) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND, "there is no dispatch policy \"%s\"",
                    config->policy);
        return false;
    }
    *ret_options = (hcp_platform_options){
        .policy = policy,
        .dispatch_interval_us = config->dispatch_interval_us,
        .threshold = config->threshold,
        .switch_usd_per_device = config->switch_usd_per_device,
        .sample_interval_us = config->sample_interval_us,
        .snapshot_every = config->snapshot_every,
        .settle_day_ahead = config->settle_day_ahead,
    };
    return true;
}

static bool define(hcp_platform *platform, const hcp_event *definition, GError **error)
{
    hcp_outcome outcome = {0};
    bool defined = hcp_platform_execute(
        platform, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = definition},
        &HCP_ACTOR_SYSTEM, &outcome);
    if (!defined)
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: %s",
                    hcp_event_type_name(definition->type), outcome.refusal.message);
    hcp_outcome_clear(&outcome);
    return defined;
}

static bool same_settings(const hcp_settings *a, const hcp_settings *b)
{
    g_autoptr(GString) x = g_string_new(NULL), y = g_string_new(NULL);
    const hcp_record *record = hcp_event_record(HCP_EVENT_SETTINGS_CHANGED);
    hcp_record_print(record, a, x);
    hcp_record_print(record, b, y);
    return g_string_equal(x, y);
}

bool hcp_site_bootstrap(hcp_platform *platform, const hcp_scenario *scenario, GError **error)
{
    bool fresh = hcp_platform_state(platform)->fleet.facilities->len == 0;
    for (guint i = 0; i < scenario->definitions->len; i++) {
        const hcp_event *event = &g_array_index(scenario->definitions, hcp_event, i);
        bool settings = event->type == HCP_EVENT_SETTINGS_CHANGED;
        if (!fresh && (!settings || same_settings(&event->settings_changed,
                                                  &hcp_platform_state(platform)->settings)))
            continue;
        if (!define(platform, event, error))
            return false;
    }
    return true;
}

/* `anchor_us`: time of the file played at the start; INT64_MIN = the end of its first row. */
static hcp_feed *replayed_market(const char *source, int64_t start_us, int64_t anchor_us,
                                 GError **error)
{
    /* A recorded file is one hub; every facility pays it. */
    return hcp_feed_replay_new(&(hcp_feed_replay_config){.path = source + strlen(REPLAY),
                                                         .start_us = start_us,
                                                         .anchor_us = anchor_us,
                                                         .hub = "*"},
                               error);
}

/* Further files are played in step with the first: the same moment of theirs at the same time. */
static hcp_feed *replayed_markets(const hcp_site_options *options, GError **error)
{
    hcp_feed *sources[HCP_FEED_MEDIAN_SOURCES];
    char *const *also = options->config->market_also;
    int n = 0;
    int64_t anchor_us = INT64_MIN;
    for (const char *next = options->config->market; next != NULL; next = also[n - 1]) {
        hcp_feed *feed = replayed_market(next, options->start_us, anchor_us, error);
        if (feed == NULL) {
            while (n > 0)
                hcp_feed_free(sources[--n]);
            return NULL;
        }
        if (n == 0) {
            hcp_feed_replay_info info = hcp_feed_replay_describe(feed);
            anchor_us = info.first_us + info.step_us;
        }
        if (options->faults != NULL) /* each source has its own silences */
            feed = hcp_feed_gaps_new(feed, options->faults,
                                     (uint64_t)options->config->seed + (uint64_t)n);
        sources[n++] = feed;
    }
    return n == 1 ? sources[0] : hcp_feed_median_new(sources, n, NULL);
}

/* Bitcoin and rent are quoted by several venues, which differ a little; the platform sees their median. */
static hcp_feed *simulated_market(const hcp_site_options *options)
{
    static const char *const venues[] = {"simulated-a", "simulated-b", "simulated-c"};
    static const char *const classes[] = {"H100"};
    static const double factors[] = {1.0};
    const GPtrArray *hubs = options->scenario->hubs;
    int preset = hcp_market_preset_parse(options->scenario->market_preset);
    hcp_feed_simulated_config config = {
        .hubs = (const char *const *)hubs->pdata,
        .gpu_classes = classes,
        .gpu_factors = factors,
        .n_gpu_classes = G_N_ELEMENTS(classes),
        .seed = (uint64_t)options->config->seed,
        .start_us = options->start_us,
        .btc_spread = 0.0005,
        .rent_spread = 0.02,
    };
    hcp_feed *quotes[G_N_ELEMENTS(venues)];
    hcp_market_preset_params((hcp_market_preset)preset, &config.market);
    config.market.n_hubs = (int)MIN(hubs->len, HCP_MARKET_MAX_HUBS);
    for (size_t i = 0; i < G_N_ELEMENTS(venues); i++) {
        config.source = venues[i];
        quotes[i] = hcp_feed_simulated_new(&config);
        if (options->faults != NULL) /* each venue has its own silences */
            quotes[i] = hcp_feed_gaps_new(quotes[i], options->faults, config.seed + i + 1);
    }
    return hcp_feed_median_new(quotes, (int)G_N_ELEMENTS(venues), NULL);
}

static bool attach_market(hcp_platform *platform, const hcp_site_options *options, GError **error)
{
    bool replay = g_str_has_prefix(options->config->market, REPLAY);
    if (!replay && options->config->market_also[0] != NULL) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "market_also: a simulated market has its own venues; further sources need "
                    "market to be replay=FILE");
        return false;
    }
    hcp_feed *feed = replay ? replayed_markets(options, error) : simulated_market(options);
    if (feed == NULL)
        return false;
    hcp_platform_add_feed(platform, feed);
    hcp_observe_catch_up(platform, hcp_platform_now(platform));
    return true;
}

static uint32_t rentable_classes(const hcp_state *state)
{
    uint32_t n = 0;
    for (uint32_t c = 0; c < state->fleet.classes->len; c++)
        n += hcp_observe_is_rentable(state, c);
    return MIN(n, HCP_ARRIVALS_CLASSES);
}

/* Customers ask for what there is much of, and for models that fit. */
static void describe_classes(const hcp_state *state, uint32_t n_classes,
                             hcp_arrivals_class classes[HCP_ARRIVALS_CLASSES])
{
    uint32_t n = 0;
    for (uint32_t c = 0; c < state->fleet.classes->len && n < n_classes; c++) {
        if (!hcp_observe_is_rentable(state, c))
            continue;
        classes[n].memory_bytes = hcp_state_class(state, c)->def.memory_bytes;
        for (uint32_t g = 0; g < state->fleet.groups->len; g++)
            if (hcp_state_group(state, g)->class_ix == c)
                classes[n].weight += hcp_state_group(state, g)->count;
        n++;
    }
}

static hcp_workload_source *arrivals_of(const hcp_platform *platform,
                                        const hcp_site_options *options, GError **error)
{
    const char *workloads = options->config->workloads;
    uint32_t n_classes = rentable_classes(hcp_platform_state(platform));
    uint32_t n_customers = MAX(options->scenario->n_customers, 1);
    if (g_str_has_prefix(workloads, REPLAY)) {
        hcp_workload_replay_config trace = {
            .path = workloads + strlen(REPLAY),
            .start_us = options->start_us,
            .window_us = options->span_us > 0 ? options->span_us : DEFAULT_SPAN_US,
            .n_customers = n_customers,
            .n_gpu_classes = n_classes,
        };
        describe_classes(hcp_platform_state(platform), n_classes, trace.classes);
        return hcp_workload_replay_new(&trace, error);
    }
    hcp_arrivals_params params;
    hcp_arrivals_default_params(options->scenario->arrivals_per_hour, n_customers,
                                MAX(n_classes, 1), &params);
    params.max_gpus = options->scenario->max_gpus;
    for (int type = 0; type < HCP_ARRIVALS_TYPES; type++)
        params.mean_duration_h[type] *= options->scenario->duration_factor;
    describe_classes(hcp_platform_state(platform), n_classes, params.classes);
    return hcp_workload_simulated_new(&params, (uint64_t)options->config->seed, options->start_us);
}

static bool attach_arrivals(hcp_platform *platform, const hcp_site_options *options, GError **error)
{
    if (g_str_equal(options->config->workloads, "none"))
        return true;
    hcp_workload_source *source = arrivals_of(platform, options, error);
    if (source == NULL)
        return false;
    /* While the platform was down nobody could submit. */
    hcp_arrivals_item missed;
    int64_t now_us = hcp_platform_now(platform);
    while (hcp_workload_source_next_due(source) < now_us &&
           hcp_workload_source_take(source, now_us - 1, &missed))
        continue;
    hcp_platform_set_arrivals(platform, source);
    return true;
}

bool hcp_site_attach(hcp_platform *platform, const hcp_site_options *options, GError **error)
{
    int preset = hcp_switchtime_preset_parse(options->config->preset);
    hcp_driver *driver =
        hcp_fleet_driver_new(hcp_platform_state(platform),
                             &(hcp_fleet_driver_options){.preset = (hcp_switchtime_preset)preset,
                                                         .faults = options->faults,
                                                         .seed = (uint64_t)options->config->seed,
                                                         .now_us = hcp_platform_now(platform)});
    hcp_platform_attach_driver(platform, driver);
    hcp_classifier_owned *classifier = NULL;
    if (!hcp_classify_load(options->config->classifier, &classifier, error))
        return false;
    hcp_platform_set_classifier(platform, classifier);
    return attach_market(platform, options, error) && attach_arrivals(platform, options, error);
}

static bool first_time(void *user_data, const hcp_journal_entry *entry)
{
    *(int64_t *)user_data = entry->time_us;
    return false;
}

bool hcp_site_began(hcp_journal *journal, int64_t *ret_start_us, GError **error)
{
    *ret_start_us = 0;
    return hcp_journal_read(journal, 1, first_time, ret_start_us, error);
}

bool hcp_site_market_start(const hcp_config *config, int64_t *ret_start_us, GError **error)
{
    *ret_start_us = 0;
    if (!g_str_has_prefix(config->market, REPLAY))
        return true;
    g_autoptr(hcp_feed) feed = replayed_market(config->market, 0, INT64_MIN, error);
    if (feed == NULL)
        return false;
    *ret_start_us = hcp_feed_replay_describe(feed).first_us;
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/platform.h"

#include "base/error.h"
#include "base/log.h"
#include "base/units.h"
#include "runtime/platform_internal.h"

const hcp_actor HCP_ACTOR_SYSTEM = {.actor = "system"};

/* While the journal takes nothing, one write is tried this often to find out when it does again. */
static const int64_t PROBE_INTERVAL_US = 1 * HCP_US_PER_S;

typedef struct {
    hcp_core *core;
    uint64_t seq;
    GError *error;
} replay;

static bool replay_entry(void *user_data, const hcp_journal_entry *entry)
{
    replay *r = user_data;
    hcp_event event;
    if (!hcp_event_parse(entry->type, entry->time_us, entry->payload, entry->payload_size, &event,
                         &r->error))
        return false;
    bool applied = hcp_core_apply(r->core, &event, &r->error);
    hcp_event_clear(&event);
    r->seq = entry->seq;
    return applied;
}

hcp_core *hcp_platform_replay(hcp_journal *journal, uint64_t *ret_seq, GError **error)
{
    g_auto(hcp_journal_snapshot) snapshot = {0};
    if (!hcp_journal_snapshot_load(journal, UINT64_MAX, &snapshot, error))
        return NULL;
    g_autoptr(hcp_core) core =
        snapshot.seq > 0 ? hcp_core_restore(snapshot.blob, error) : hcp_core_new();
    if (core == NULL)
        return NULL;
    replay r = {.core = core, .seq = snapshot.seq};
    bool read = hcp_journal_read(journal, snapshot.seq + 1, replay_entry, &r, error);
    if (r.error != NULL) {
        g_clear_error(error);
        g_propagate_prefixed_error(error, r.error, "entry %" G_GUINT64_FORMAT ": ", r.seq);
        return NULL;
    }
    if (!read)
        return NULL;
    *ret_seq = r.seq;
    return g_steal_pointer(&core);
}

/* The journal can be neither written nor read: what is in memory may tell things that are not so, and nothing is left to
 * rebuild it from. The platform stops; a new process has to find out what the journal holds. */
static void fail(hcp_platform *platform, uint64_t ticket, const char *why)
{
    g_free(platform->read_only);
    platform->read_only = g_strdup_printf("the journal cannot be read back: %s", why);
    platform->failed = true;
    hcp_effects_drop(platform);
    hcp_log(HCP_LOG_ERROR, "runtime", NULL, platform->read_only, NULL);
    if (platform->options.watch.lost != NULL)
        platform->options.watch.lost(platform->options.watch_data, ticket, platform->read_only);
}

/* The journal failed: what it does not have never happened. Everything but the devices themselves is taken from it anew;
 * the devices are told again what the rebuilt state wants of them. */
static void rebuild(hcp_platform *platform, uint64_t ticket, const char *why)
{
    g_autoptr(GError) error = NULL;
    uint64_t seq = 0;
    hcp_core *core = hcp_platform_replay(platform->options.journal, &seq, &error);
    if (core == NULL) {
        fail(platform, ticket, error->message);
        return;
    }
    g_autofree char *detail = g_strdup_printf("the journal cannot take new entries: %s", why);
    hcp_core_free(platform->core);
    platform->core = core;
    g_array_set_size(platform->steering, 0); /* its memory is of what the journal has */
    platform->counters.losses++;
    hcp_effects_drop(platform);
    hcp_commit_restart(platform->commit);
    g_free(platform->read_only);
    platform->read_only = g_steal_pointer(&detail);
    platform->probe_due_us = hcp_clock_now(platform->options.clock) + PROBE_INTERVAL_US;
    hcp_log(HCP_LOG_ERROR, "runtime", NULL, platform->read_only, NULL);
    if (platform->options.watch.lost != NULL)
        platform->options.watch.lost(platform->options.watch_data, ticket, platform->read_only);
    hcp_effects_resume(platform);
    hcp_watch_resume(platform);
}

static void on_committed(void *data, uint64_t ticket, const hcp_journal_batch *batch,
                         const GError *error)
{
    hcp_platform *platform = data;
    if (error != NULL) {
        rebuild(platform, ticket, error->message);
        return;
    }
    if (platform->read_only != NULL) {
        hcp_log(HCP_LOG_INFO, "runtime", NULL, "the journal takes entries again", NULL);
        g_clear_pointer(&platform->read_only, g_free);
    }
    hcp_effects_release(platform, ticket);
    if (platform->options.watch.durable != NULL)
        platform->options.watch.durable(platform->options.watch_data, ticket, batch);
}

hcp_platform *hcp_platform_new(const hcp_platform_options *options, GError **error)
{
    uint64_t seq = 0;
    hcp_core *core = hcp_platform_replay(options->journal, &seq, error);
    if (core == NULL)
        return NULL;
    hcp_platform *platform = g_new0(hcp_platform, 1);
    platform->options = *options;
    platform->core = core;
    platform->snapshot_seq = seq;
    platform->commit = hcp_commit_new(&(hcp_commit_options){
        .journal = options->journal,
        .writer = options->writer,
        .project = options->project,
        .done = on_committed,
        .data = platform,
    });
    platform->feeds = g_ptr_array_new_with_free_func((GDestroyNotify)hcp_feed_free);
    platform->observations = hcp_feed_observations_new();
    platform->coming = hcp_feed_observations_new();
    platform->ranges = g_array_new(FALSE, FALSE, sizeof(hcp_driver_range));
    platform->steering = hcp_steer_memory_new();
    hcp_driver_batch_init(&platform->driver_batch);
    g_queue_init(&platform->effects);
    hcp_latest_init(&platform->latest, hcp_core_state(core)->fleet.n_devices);
    hcp_anomaly_init(&platform->anomaly);
    return platform;
}

void hcp_platform_free(hcp_platform *platform)
{
    if (platform == NULL)
        return;
    hcp_saving_drop(platform);
    hcp_effects_drop(platform);
    hcp_commit_free(platform->commit);
    if (platform->driver != NULL)
        hcp_driver_free(platform->driver);
    g_clear_pointer(&platform->arrivals, hcp_workload_source_free);
    hcp_classifier_owned_free(platform->classifier);
    g_ptr_array_unref(platform->feeds);
    g_array_unref(platform->observations);
    g_array_unref(platform->coming);
    g_array_unref(platform->ranges);
    g_array_unref(platform->steering);
    hcp_driver_batch_finish(&platform->driver_batch);
    hcp_latest_finish(&platform->latest);
    hcp_anomaly_finish(&platform->anomaly);
    hcp_core_free(platform->core);
    g_free(platform->read_only);
    g_free(platform);
}

void hcp_platform_attach_driver(hcp_platform *platform, hcp_driver *driver)
{
    const hcp_state *state = hcp_core_state(platform->core);
    g_assert(driver->n_devices == state->fleet.n_devices);
    platform->driver = driver;
    hcp_latest_grow(&platform->latest, driver->n_devices);
    hcp_effects_resume(platform);
}

void hcp_platform_add_feed(hcp_platform *platform, hcp_feed *feed)
{
    g_ptr_array_add(platform->feeds, feed);
}

void hcp_platform_set_arrivals(hcp_platform *platform, hcp_workload_source *source)
{
    platform->arrivals = source;
}

const hcp_state *hcp_platform_state(const hcp_platform *platform)
{
    return hcp_core_state(platform->core);
}

const hcp_core *hcp_platform_core(const hcp_platform *platform)
{
    return platform->core;
}

int64_t hcp_platform_now(hcp_platform *platform)
{
    return hcp_clock_now(platform->options.clock);
}

const hcp_latest *hcp_platform_latest(const hcp_platform *platform)
{
    return &platform->latest;
}

const hcp_anomaly *hcp_platform_anomaly(const hcp_platform *platform)
{
    return &platform->anomaly;
}

int64_t hcp_platform_sample_interval(const hcp_platform *platform)
{
    return platform->options.sample_interval_us;
}

GArray *hcp_platform_discover(hcp_platform *platform)
{
    return platform->driver != NULL ? hcp_driver_discover(platform->driver)
                                    : g_array_new(FALSE, FALSE, sizeof(hcp_driver_group));
}

const char *hcp_platform_driver_name(const hcp_platform *platform)
{
    return platform->driver != NULL ? platform->driver->ops->name : NULL;
}

void hcp_platform_read_devices(hcp_platform *platform, const hcp_driver_columns *columns)
{
    if (platform->driver != NULL)
        hcp_driver_sample(platform->driver, hcp_platform_now(platform), columns);
}

hcp_journal *hcp_platform_journal(const hcp_platform *platform)
{
    return platform->options.journal;
}

const hcp_platform_counters *hcp_platform_count(const hcp_platform *platform)
{
    return &platform->counters;
}

bool hcp_platform_read_only(const hcp_platform *platform, const char **ret_detail)
{
    if (ret_detail != NULL)
        *ret_detail = platform->read_only;
    return platform->read_only != NULL;
}

bool hcp_platform_failed(const hcp_platform *platform)
{
    return platform->failed;
}

uint64_t hcp_platform_ticket(const hcp_platform *platform)
{
    return hcp_commit_ticket(platform->commit);
}

void hcp_platform_flush(hcp_platform *platform)
{
    if (platform->failed)
        return;
    hcp_commit_flush(platform->commit);
}

static bool refuse_read_only(hcp_platform *platform, hcp_outcome *outcome)
{
    outcome->refusal.code = HCP_REFUSAL_UNAVAILABLE;
    g_strlcpy(outcome->refusal.message, platform->read_only, sizeof outcome->refusal.message);
    platform->counters.refusals++;
    return false;
}

static void gather(hcp_platform *platform, const hcp_outcome *outcome, const hcp_actor *who)
{
    const hcp_state *state = hcp_core_state(platform->core);
    for (guint i = 0; outcome->events != NULL && i < outcome->events->len; i++) {
        const hcp_event *event = &g_array_index(outcome->events, hcp_event, i);
        hcp_commit_add(platform->commit, state, event, who);
        hcp_effects_gather(platform, event, hcp_commit_ticket(platform->commit));
        platform->counters.events++;
        if (platform->options.watch.applied != NULL)
            platform->options.watch.applied(platform->options.watch_data, event);
    }
}

static hcp_telemetry_view telemetry_view(const hcp_platform *platform)
{
    return (hcp_telemetry_view){
        .n_devices = platform->latest.n_devices,
        .temperature_c = platform->latest.temp_c,
        .utilisation = platform->latest.utilization,
    };
}

bool hcp_platform_preview(hcp_platform *platform, const hcp_submit *submit,
                          hcp_preview *ret_preview, hcp_refusal *ret_refusal)
{
    const hcp_telemetry_view view = telemetry_view(platform);
    hcp_submit planned = *submit;
    hcp_learned_text learned;
    hcp_classify_plan(platform, &planned, learned);
    return hcp_core_preview(platform->core, &planned, hcp_clock_now(platform->options.clock), &view,
                            ret_preview, ret_refusal);
}

bool hcp_platform_execute(hcp_platform *platform, const hcp_command *command, const hcp_actor *who,
                          hcp_outcome *outcome)
{
    platform->counters.commands++;
    if (platform->failed || (platform->read_only != NULL &&
                             hcp_clock_now(platform->options.clock) < platform->probe_due_us))
        return refuse_read_only(platform, outcome);
    const hcp_telemetry_view view = telemetry_view(platform);
    hcp_command planned = *command;
    hcp_learned_text learned;
    hcp_deferral_text text;
    if (command->type == HCP_COMMAND_SUBMIT) {
        hcp_classify_plan(platform, &planned.submit, learned);
        hcp_defer_plan(platform, &planned.submit, text);
    }
    if (!hcp_core_decide(platform->core, &planned, hcp_clock_now(platform->options.clock), &view,
                         outcome)) {
        platform->counters.refusals++;
        return false;
    }
    gather(platform, outcome, who);
    if (command->type == HCP_COMMAND_SUBMIT)
        hcp_classify_remember(platform, &command->submit);
    return true;
}

void hcp_platform_command(hcp_platform *platform, const hcp_command *command)
{
    hcp_outcome outcome = {0};
    (void)hcp_platform_execute(platform, command, &HCP_ACTOR_SYSTEM, &outcome); /* counted there */
    hcp_outcome_clear(&outcome);
}

/* Writes the settings in force once more: harmless, and its commit tells whether the journal takes entries again. */
static void probe_journal(hcp_platform *platform)
{
    hcp_event event = {.type = HCP_EVENT_SETTINGS_CHANGED,
                       .settings_changed = hcp_core_state(platform->core)->settings};
    hcp_platform_command(platform, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = &event});
    platform->probe_due_us = hcp_clock_now(platform->options.clock) + PROBE_INTERVAL_US;
}

void hcp_platform_step(hcp_platform *platform)
{
    int64_t now_us = hcp_clock_now(platform->options.clock);
    platform->counters.steps++;
    if (platform->failed)
        return;
    if (platform->read_only != NULL && now_us >= platform->probe_due_us)
        probe_journal(platform);
    hcp_observe_feeds(platform, now_us);
    hcp_observe_driver(platform, now_us);
    hcp_observe_arrivals(platform, now_us);
    hcp_curtail_answer(platform, now_us);
    if (hcp_core_next_due(platform->core) <= now_us)
        hcp_platform_command(platform, &(hcp_command){.type = HCP_COMMAND_TICK});
    if (now_us >= platform->dispatch_due_us) {
        hcp_steer_all(platform, now_us);
        platform->dispatch_due_us = now_us + platform->options.dispatch_interval_us;
    }
    if (platform->options.sample_interval_us > 0 && now_us >= platform->sample_due_us) {
        hcp_observe_telemetry(platform, now_us);
        hcp_watch_readings(platform, now_us);
        platform->sample_due_us = now_us + platform->options.sample_interval_us;
    }
    hcp_platform_flush(platform);
    if (!platform->failed)
        hcp_saving_go_on(platform);
}

int64_t hcp_platform_next_due(const hcp_platform *platform)
{
    if (platform->failed)
        return INT64_MAX;
    int64_t due_us = MIN(hcp_observe_next_due(platform), hcp_core_next_due(platform->core));
    due_us = MIN(due_us, hcp_curtail_next_due(platform));
    due_us = MIN(due_us, platform->dispatch_due_us);
    if (platform->options.sample_interval_us > 0)
        due_us = MIN(due_us, platform->sample_due_us);
    /* What is due cannot be done before the journal takes entries again, and then that is what is due. */
    return platform->read_only != NULL ? platform->probe_due_us : due_us;
}

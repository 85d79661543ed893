/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/daemon.h"

#include "base/log.h"
#include "base/units.h"
#include "runtime/loop.h"

#include <glib-unix.h>
#include <signal.h>
#include <string.h>

/* A clean stop may take this long before what is left is cut off. */
static const int64_t STOP_LIMIT_US = 900 * HCP_US_PER_MS;

typedef struct {
    hcp_daemon_durable_fn callback;
    void *data;
} subscriber;

struct hcp_daemon {
    hcp_daemon_options options;
    hcp_platform *platform;
    hcp_http_server *server;
    GMainLoop *loop;
    GSource *platform_source;
    GArray *subscribers; /* subscriber */
    void (*observer)(void *data, const hcp_http_observation *request);
    void *observer_data;
    int ports[HCP_SERVICES];
};

static uint64_t gate_ticket(void *data, const hcp_http_request *request)
{
    hcp_daemon *daemon = data;
    (void)request;
    return hcp_platform_ticket(daemon->platform);
}

static void on_durable(void *data, uint64_t ticket, const hcp_journal_batch *batch)
{
    hcp_daemon *daemon = data;
    hcp_http_server_release(daemon->server, ticket);
    for (guint i = 0; i < daemon->subscribers->len; i++) {
        const subscriber *s = &g_array_index(daemon->subscribers, subscriber, i);
        s->callback(s->data, batch);
    }
}

static void on_lost(void *data, uint64_t ticket, const char *detail)
{
    hcp_daemon *daemon = data;
    hcp_http_server_reject(daemon->server, ticket, detail);
    if (hcp_platform_failed(daemon->platform))
        g_main_loop_quit(daemon->loop);
}

static bool reply_lookup(void *data, const char *id, hcp_idempotency_entry *ret_entry)
{
    hcp_daemon *daemon = data;
    const hcp_reply_remembered *reply =
        hcp_core_find_reply(hcp_platform_core(daemon->platform), id);
    if (reply == NULL)
        return false;
    g_strlcpy(ret_entry->fingerprint, reply->fingerprint, sizeof ret_entry->fingerprint);
    ret_entry->status = (unsigned)reply->status;
    ret_entry->body = g_strdup(reply->body);
    return true;
}

static void reply_store(void *data, const char *id, const hcp_idempotency_entry *entry)
{
    hcp_daemon *daemon = data;
    const hcp_reply_remembered reply = {
        .scope = (char *)"",
        .key = (char *)id,
        .fingerprint = (char *)entry->fingerprint,
        .status = (int32_t)entry->status,
        .body = entry->body,
    };
    const hcp_actor who = {.actor = "system"};
    hcp_outcome outcome = {0};
    (void)hcp_platform_execute(daemon->platform,
                               &(hcp_command){.type = HCP_COMMAND_REMEMBER_REPLY, .reply = &reply},
                               &who, &outcome); /* refused only while nothing is stored at all */
    hcp_outcome_clear(&outcome);
}

static void request_finished(void *data, const hcp_http_observation *observation)
{
    hcp_daemon *daemon = data;
    if (daemon->observer != NULL)
        daemon->observer(daemon->observer_data, observation);
}

static const hcp_http_gate_ops GATE = {.ticket = gate_ticket};
static const hcp_idempotency_ops IDEMPOTENCY = {.lookup = reply_lookup, .store = reply_store};
static const hcp_http_observer_ops OBSERVER = {.finished = request_finished};

static hcp_http_server *make_server(hcp_daemon *daemon, GError **error)
{
    return hcp_http_server_new(
        &(hcp_http_options){
            .api = &HCP_API,
            .address = daemon->options.address,
            .cors_origins = daemon->options.cors_origins,
            .gate = &GATE,
            .gate_data = daemon,
            .idempotency = &IDEMPOTENCY,
            .idempotency_data = daemon,
            .observer = &OBSERVER,
            .observer_data = daemon,
        },
        error);
}

hcp_daemon *hcp_daemon_new(const hcp_daemon_options *options, GError **error)
{
    g_autoptr(hcp_daemon) daemon = g_new0(hcp_daemon, 1);
    daemon->options = *options;
    daemon->loop = g_main_loop_new(NULL, FALSE);
    daemon->subscribers = g_array_new(FALSE, FALSE, sizeof(subscriber));
    daemon->server = make_server(daemon, error);
    if (daemon->server == NULL)
        return NULL;
    hcp_platform_options platform = options->platform;
    platform.watch = (hcp_platform_watch){.durable = on_durable, .lost = on_lost};
    platform.watch_data = daemon;
    daemon->platform = hcp_platform_new(&platform, error);
    return daemon->platform != NULL ? g_steal_pointer(&daemon) : NULL;
}

hcp_platform *hcp_daemon_platform(hcp_daemon *daemon)
{
    return daemon->platform;
}

hcp_http_server *hcp_daemon_server(hcp_daemon *daemon)
{
    return daemon->server;
}

const hcp_world *hcp_daemon_world(const hcp_daemon *daemon)
{
    return &daemon->options.world;
}

void hcp_daemon_subscribe(hcp_daemon *daemon, hcp_daemon_durable_fn callback, void *data)
{
    const subscriber s = {.callback = callback, .data = data};
    g_array_append_val(daemon->subscribers, s);
}

void hcp_daemon_unsubscribe(hcp_daemon *daemon, hcp_daemon_durable_fn callback, void *data)
{
    for (guint i = 0; i < daemon->subscribers->len; i++) {
        const subscriber *s = &g_array_index(daemon->subscribers, subscriber, i);
        if (s->callback == callback && s->data == data) {
            g_array_remove_index(daemon->subscribers, i);
            return;
        }
    }
}

void hcp_daemon_observe_requests(hcp_daemon *daemon,
                                 void (*callback)(void *data, const hcp_http_observation *request),
                                 void *data)
{
    daemon->observer = callback;
    daemon->observer_data = data;
}

bool hcp_daemon_listen(hcp_daemon *daemon, GError **error)
{
    for (int s = 0; s < HCP_SERVICES; s++) {
        if ((daemon->options.services & HCP_SERVICE_BIT(s)) == 0)
            continue;
        int port = hcp_service_port((hcp_service)s) + daemon->options.port_offset;
        if (!hcp_http_server_listen(daemon->server, (hcp_service)s, port, &daemon->ports[s], error))
            return false;
    }
    return true;
}

int hcp_daemon_port(const hcp_daemon *daemon, hcp_service service)
{
    return daemon->ports[service];
}

static gboolean on_stop_signal(gpointer data)
{
    hcp_daemon *daemon = data;
    g_main_loop_quit(daemon->loop);
    return G_SOURCE_CONTINUE;
}

static gboolean on_reload_signal(gpointer data)
{
    hcp_daemon *daemon = data;
    g_autoptr(GError) error = NULL;
    if (daemon->options.reload == NULL)
        return G_SOURCE_CONTINUE;
    if (daemon->options.reload(daemon->options.reload_data, &error))
        hcp_log(HCP_LOG_INFO, "runtime", NULL, "configuration reloaded", NULL);
    else
        hcp_log(HCP_LOG_ERROR, "runtime", NULL, "configuration not reloaded, the old one stays",
                "reason", error->message, NULL);
    return G_SOURCE_CONTINUE;
}

/* Nothing new comes in; what was promised goes out. */
static void drain(hcp_daemon *daemon)
{
    hcp_http_server_stop(daemon->server);
    int64_t until_us = g_get_monotonic_time() + STOP_LIMIT_US;
    while ((hcp_http_server_pending(daemon->server) > 0 ||
            hcp_platform_ticket(daemon->platform) != 0) &&
           g_get_monotonic_time() < until_us) {
        hcp_platform_flush(daemon->platform);
        g_main_context_iteration(NULL, TRUE);
    }
}

/* A file that may not grow and a reader of the log that has gone are errors of a write, no reason to die. */
static void ignore_write_signals(void)
{
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigaction(SIGXFSZ, &ignore, NULL);
    (void)sigaction(SIGPIPE, &ignore, NULL);
}

int hcp_daemon_run(hcp_daemon *daemon)
{
    ignore_write_signals();
    guint signals[] = {
        g_unix_signal_add(SIGTERM, on_stop_signal, daemon),
        g_unix_signal_add(SIGINT, on_stop_signal, daemon),
        g_unix_signal_add(SIGHUP, on_reload_signal, daemon),
    };
    daemon->platform_source =
        hcp_loop_attach(daemon->platform, daemon->options.platform.clock, NULL);
    g_main_loop_run(daemon->loop);
    hcp_log(HCP_LOG_INFO, "runtime", NULL, "stopping", NULL);
    drain(daemon);
    bool failed = hcp_platform_failed(daemon->platform);
    if (!failed && hcp_platform_ticket(daemon->platform) == 0 &&
        !hcp_platform_read_only(daemon->platform, NULL))
        hcp_platform_snapshot(daemon->platform);
    g_source_destroy(daemon->platform_source);
    g_clear_pointer(&daemon->platform_source, g_source_unref);
    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        g_source_remove(signals[i]);
    return failed ? 1 : 0;
}

void hcp_daemon_free(hcp_daemon *daemon)
{
    if (daemon == NULL)
        return;
    hcp_http_server_free(daemon->server);
    hcp_platform_free(daemon->platform);
    g_clear_pointer(&daemon->subscribers, g_array_unref);
    g_clear_pointer(&daemon->loop, g_main_loop_unref);
    g_free(daemon);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon: the platform, the HTTP server and the signals on one main loop. It owns nothing but what binds them: replies
 * wait at the commit gate, idempotency keys live in the core, streams follow the journal.
 */
#ifndef HCP_RUNTIME_DAEMON_H
#define HCP_RUNTIME_DAEMON_H

#include "http/server.h"
#include "runtime/platform.h"
#include "runtime/whatif.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hcp_daemon hcp_daemon;

/* What the world that the daemon runs in was made from, for those who ask. */
typedef struct {
    const char *scenario; /* borrowed */
    int64_t seed;
    double speed;            /* of platform time */
    const char *directory;   /* of the journal, borrowed; NULL = not on disk */
    hcp_whatif_model whatif; /* what reruns of its past are made with */
} hcp_world;

typedef struct {
    hcp_platform_options platform; /* watch and watch_data are the daemon's */
    hcp_world world;
    const char *address;
    int port_offset;
    uint32_t services;               /* bits of hcp_service to open */
    const char *const *cors_origins; /* NULL-terminated; borrowed */
    /* Called on SIGHUP; reads and validates everything, changes nothing on failure. May be NULL. */
    bool (*reload)(void *data, GError **error);
    void *reload_data;
} hcp_daemon_options;

/* A daemon that does not listen yet. */
hcp_daemon *hcp_daemon_new(const hcp_daemon_options *options, GError **error);

/* The parts, for composition: handlers are bound to the server, feeds and devices attached to the platform. */
hcp_platform *hcp_daemon_platform(hcp_daemon *daemon);
hcp_http_server *hcp_daemon_server(hcp_daemon *daemon);

/* The world given at creation; borrowed. */
const hcp_world *hcp_daemon_world(const hcp_daemon *daemon);

/* Who wants to know when entries have become durable: a stream of events. `batch` is borrowed. */
typedef void (*hcp_daemon_durable_fn)(void *data, const hcp_journal_batch *batch);

/* Calls `callback` on the loop thread after each commit, until it is unsubscribed with the same pair. */
void hcp_daemon_subscribe(hcp_daemon *daemon, hcp_daemon_durable_fn callback, void *data);
void hcp_daemon_unsubscribe(hcp_daemon *daemon, hcp_daemon_durable_fn callback, void *data);

/* Who wants to know about each finished request. One observer. */
void hcp_daemon_observe_requests(hcp_daemon *daemon,
                                 void (*callback)(void *data, const hcp_http_observation *request),
                                 void *data);

/* Opens the ports. HCP_ERROR_BUSY names the port that is taken. */
bool hcp_daemon_listen(hcp_daemon *daemon, GError **error);

/* Port of a service as opened, 0 when it is not. */
int hcp_daemon_port(const hcp_daemon *daemon, hcp_service service);

/* Runs until SIGTERM or SIGINT, then stops cleanly: no new connections, pending replies sent, everything durable, a
 * snapshot saved. Returns the process's exit status. */
int hcp_daemon_run(hcp_daemon *daemon);

/* Frees everything; NULL is allowed. */
void hcp_daemon_free(hcp_daemon *daemon);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_daemon, hcp_daemon_free)

#endif

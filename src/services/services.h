/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The services of the platform: one file each, routes translated into commands and queries. A handler reads the request
 * (already checked against openapi.yaml), asks the core through the platform, and builds the answer in api/openapi.yaml's
 * shape; rules of the domain live in the core, never here.
 */
#ifndef HCP_SERVICES_SERVICES_H
#define HCP_SERVICES_SERVICES_H

#include "runtime/daemon.h"
#include "runtime/platform.h"

#include <glib.h>
#include <stdbool.h>

typedef struct hcp_services hcp_services;

/* Binds every operation of the contract to its handler on the daemon's server. The services live as long as the daemon:
 * free them before it. NULL with `error` when an operation has no handler. */
hcp_services *hcp_services_new(hcp_daemon *daemon, GError **error);

/* Frees what the services hold. NULL is allowed. */
void hcp_services_free(hcp_services *services);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_services, hcp_services_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The platform on a GLib main context: steps it when something is due on its clock, and closes every turn of the loop with
 * a commit, so that whatever arrived in one turn becomes durable together.
 */
#ifndef HCP_RUNTIME_LOOP_H
#define HCP_RUNTIME_LOOP_H

#include "runtime/platform.h"

#include <glib.h>

/* Attaches `platform` to `context` (NULL: the default). Destroy and unref the source to detach it. */
GSource *hcp_loop_attach(hcp_platform *platform, hcp_clock *clock, GMainContext *context);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log lines as JSON on standard error: {"timestamp","level","service","trace_id","message","metadata":{…}}. A function
 * either logs an error or returns it, never both. Secrets are never passed to these functions.
 */
#ifndef HCP_BASE_LOG_H
#define HCP_BASE_LOG_H

#include <glib.h>
#include <stdint.h>

typedef enum {
    HCP_LOG_DEBUG,
    HCP_LOG_INFO,
    HCP_LOG_WARN,
    HCP_LOG_ERROR,
    HCP_LOG_SILENT, /* as a minimum level: no lines at all */
} hcp_log_level;

/* One line. `metadata` is "key", "value" pairs of strings ending with NULL; a NULL value is
 * printed as null. `service` is the service or room that speaks, e.g. "orchestrator";
 * `trace_id` may be NULL. The time is the wall clock's. */
void hcp_log(hcp_log_level level, const char *service, const char *trace_id, const char *message,
             ...) G_GNUC_NULL_TERMINATED;

/* Drops lines below `level` from now on (process-wide, set once at start and on reload). */
void hcp_log_set_level(hcp_log_level level);

/* Lines go as JSON (daemon) or as "HH:MM:SS LEVEL message key=value" (terminal). */
void hcp_log_set_human(gboolean human);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: one YAML file checked against api/config.yaml, every error at once with file and line. What is absent has
 * the schema's default, so an empty file is a valid configuration.
 */
#ifndef HCP_RUNTIME_CONFIG_H
#define HCP_RUNTIME_CONFIG_H

#include "base/json.h"
#include "base/schema.h"
#include "core/event.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* Generated from api/config.yaml. */
extern const hcp_schema HCP_CONFIG_SCHEMA, HCP_SCENARIO_SCHEMA, HCP_CATALOG_SCHEMA;

/* Owned strings. Zeroed is empty; see hcp_config_clear. */
typedef struct {
    char *data, *scenario, *address, *log_level, *market, *workloads, *classifier, *policy, *preset;
    char **cors_origins; /* NULL-terminated */
    char **market_also;  /* NULL-terminated */
    char **services;     /* NULL-terminated; empty = all */
    int64_t seed;
    int port_offset;
    double speed;
    bool settle_day_ahead;
    uint64_t snapshot_every;
    int64_t sample_interval_us, dispatch_interval_us;
    double threshold, switch_usd_per_device;
    /* and what is billed; default_customer and gpu_mining come from the scenario */
    hcp_settings scheduling;
} hcp_config;

/* Reads and checks a YAML file (NULL: defaults alone). On failure `error` holds every problem, one per line as
 * "file:line: /pointer: message". */
bool hcp_config_load(const char *path, hcp_config *ret_config, GError **error);

/* Applies `key=value` settings of the command line ("dispatch.policy", "speed"); the same checks. `json` is the tree of
 * hcp_config_tree. */
bool hcp_config_set(json_t *tree, const char *key, const char *value, GError **error);

/* The checked tree with defaults filled in, for `hcp config show` and for hcp_config_from_tree. */
json_t *hcp_config_tree(const char *path, GError **error);

/* The struct of a checked tree. */
bool hcp_config_from_tree(const json_t *tree, hcp_config *ret_config, GError **error);

/* Frees what the configuration owns. */
void hcp_config_clear(hcp_config *config);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_config, hcp_config_clear)

/* Reads YAML text, checks it against `schema`, fills defaults in. `name` is used in messages. New reference, or NULL with
 * every problem in `error`. The one way in for every file a person writes. */
json_t *hcp_config_read(const hcp_schema *schema, const char *text, size_t size, const char *name,
                        GError **error);

/* A duration member of a checked tree, microseconds. */
int64_t hcp_config_duration_us(const json_t *object, const char *key);

#endif

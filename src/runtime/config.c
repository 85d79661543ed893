/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/config.h"

#include "base/error.h"
#include "base/timefmt.h"
#include "base/units.h"
#include "base/yaml.h"
#include "sim/switchtime.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Most that a phase's command and report may wait for disk and processor when the clock is accelerated, in real time. */
#define LATENCY_US (5.0 * HCP_US_PER_S)
#define WEIGHTS "/scheduling/score_weights"

static void report(GPtrArray *violations, const hcp_yaml *yaml, const char *name, GError **error)
{
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < violations->len; i++) {
        const hcp_schema_violation *v = violations->pdata[i];
        g_string_append_printf(text, "%s%s:", i > 0 ? "\n" : "", name);
        if (yaml != NULL)
            g_string_append_printf(text, "%d:", hcp_yaml_line(yaml, v->pointer));
        g_string_append_printf(text, " %s: %s", v->pointer[0] != '\0' ? v->pointer : "/",
                               v->message);
    }
    g_set_error_literal(error, HCP_ERROR, HCP_ERROR_INVALID, text->str);
}

/* The checked tree of `yaml` with defaults filled in. */
static json_t *checked(const hcp_schema *schema, hcp_yaml *yaml, const char *name, GError **error)
{
    g_autoptr(json_t) tree = json_incref(hcp_yaml_root(yaml));
    if (json_is_null(tree)) { /* an empty file */
        json_decref(tree);
        tree = json_object();
    }
    g_autoptr(GPtrArray) violations = hcp_schema_check(schema, tree);
    if (violations != NULL) {
        report(violations, yaml, name, error);
        return NULL;
    }
    hcp_schema_fill_defaults(schema, tree);
    return g_steal_pointer(&tree);
}

json_t *hcp_config_read(const hcp_schema *schema, const char *text, size_t size, const char *name,
                        GError **error)
{
    g_autoptr(hcp_yaml) yaml = hcp_yaml_parse(text, size, name, error);
    return yaml != NULL ? checked(schema, yaml, name, error) : NULL;
}

int64_t hcp_config_duration_us(const json_t *object, const char *key)
{
    int64_t duration_us = 0;
    bool valid = hcp_duration_parse(hcp_json_string(object, key, "0s"), &duration_us, NULL);
    g_assert(valid); /* the schema has checked the format */
    return duration_us;
}

/* The rule that no schema can say. `where` is "file:line" or what else the tree came from. */
static bool weights_add_up(const json_t *tree, const char *where, GError **error)
{
    const json_t *weights = json_object_get(json_object_get(tree, "scheduling"), "score_weights");
    int64_t sum = hcp_json_int(weights, "efficiency", 0) + hcp_json_int(weights, "utilisation", 0) +
                  hcp_json_int(weights, "thermal", 0) + hcp_json_int(weights, "network", 0);
    if (sum == 100)
        return true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                "%s: " WEIGHTS ": efficiency, utilisation, thermal and network sum to %" PRId64
                "; they must sum to 100",
                where, sum);
    return false;
}

json_t *hcp_config_tree(const char *path, GError **error)
{
    g_autoptr(hcp_yaml) yaml = path != NULL ? hcp_yaml_parse_file(path, error)
                                            : hcp_yaml_parse("{}", 2, "defaults", error);
    const char *name = path != NULL ? path : "defaults";
    g_autoptr(json_t) tree = yaml != NULL ? checked(&HCP_CONFIG_SCHEMA, yaml, name, error) : NULL;
    if (tree == NULL)
        return NULL;
    g_autofree char *where = g_strdup_printf("%s:%d", name, hcp_yaml_line(yaml, WEIGHTS));
    return weights_add_up(tree, where, error) ? g_steal_pointer(&tree) : NULL;
}

/* The object that holds the last part of a dotted key, and that part. */
static json_t *parent_of(json_t *tree, const char *key, const char **ret_last)
{
    for (const char *dot; (dot = strchr(key, '.')) != NULL; key = dot + 1) {
        g_autofree char *part = g_strndup(key, (gsize)(dot - key));
        json_t *child = json_object_get(tree, part);
        if (!json_is_object(child))
            return NULL;
        tree = child;
    }
    *ret_last = key;
    return tree;
}

bool hcp_config_set(json_t *tree, const char *key, const char *value, GError **error)
{
    const char *last = NULL;
    json_t *parent = parent_of(tree, key, &last);
    if (parent == NULL || json_object_get(parent, last) == NULL) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "there is no setting \"%s\"; `hcp config show` lists them", key);
        return false;
    }
    g_autoptr(hcp_yaml) yaml = hcp_yaml_parse(value, strlen(value), key, error);
    if (yaml == NULL)
        return false;
    json_t *old = json_object_get(parent, last);
    bool text = json_is_string(old) && !json_is_string(hcp_yaml_root(yaml));
    json_object_set_new(parent, last, text ? json_string(value) : json_incref(hcp_yaml_root(yaml)));
    g_autoptr(GPtrArray) violations = hcp_schema_check(&HCP_CONFIG_SCHEMA, tree);
    if (violations == NULL)
        return true;
    report(violations, NULL, "command line", error);
    return false;
}

static char **string_list(const json_t *object, const char *key)
{
    const json_t *list = json_object_get(object, key);
    GPtrArray *strings = g_ptr_array_new();
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item) g_ptr_array_add(strings, g_strdup(json_string_value(item)));
    g_ptr_array_add(strings, NULL);
    return (char **)g_ptr_array_free(strings, FALSE);
}

/* A cold start may last as long as the preset makes it. And commands and reports pass the disk and this machine's
 * scheduler in real time, however fast the platform's clock runs. */
static void fit_deadlines(hcp_settings *settings, const char *preset, double speed)
{
    settings->cold_start_us =
        hcp_switchtime_cold_start_us((hcp_switchtime_preset)hcp_switchtime_preset_parse(preset));
    if (speed <= 1)
        return;
    int64_t least_us = (int64_t)(LATENCY_US * speed);
    settings->gpu_phase_deadline_us = MAX(settings->gpu_phase_deadline_us, least_us);
    settings->asic_phase_deadline_us = MAX(settings->asic_phase_deadline_us, least_us);
}

static void read_scheduling(const json_t *object, hcp_settings *settings)
{
    const json_t *weights = json_object_get(object, "score_weights");
    const json_t *stale = json_object_get(object, "stale_after");
    *settings = (hcp_settings){
        .max_wait_p1_us = hcp_config_duration_us(object, "max_wait_p1"),
        .max_wait_p2_us = hcp_config_duration_us(object, "max_wait_p2"),
        .max_wait_p3_us = hcp_config_duration_us(object, "max_wait_p3"),
        .min_dwell_us = hcp_config_duration_us(object, "min_dwell"),
        .gpu_phase_deadline_us = hcp_config_duration_us(object, "gpu_phase_deadline"),
        .asic_phase_deadline_us = hcp_config_duration_us(object, "asic_phase_deadline"),
        .retry_backoff_us = hcp_config_duration_us(object, "retry_backoff"),
        .deferral_slack_us = hcp_config_duration_us(object, "deferral_slack"),
        .max_retries = (uint32_t)hcp_json_int(object, "max_retries", 0),
        .max_preemptions = (uint32_t)hcp_json_int(object, "max_preemptions", 0),
        .backfill_depth = (uint32_t)hcp_json_int(object, "backfill_depth", 1),
        .queue_capacity = (uint32_t)hcp_json_int(object, "queue_capacity", 1),
        .score_weight_efficiency = (uint32_t)hcp_json_int(weights, "efficiency", 0),
        .score_weight_utilisation = (uint32_t)hcp_json_int(weights, "utilisation", 0),
        .score_weight_thermal = (uint32_t)hcp_json_int(weights, "thermal", 0),
        .score_weight_network = (uint32_t)hcp_json_int(weights, "network", 0),
        .electricity_stale_us = hcp_config_duration_us(stale, "electricity"),
        .btc_stale_us = hcp_config_duration_us(stale, "btc"),
        .gpu_spot_stale_us = hcp_config_duration_us(stale, "gpu_spot"),
        .network_stale_us = hcp_config_duration_us(stale, "network"),
        .price_disagreement_permille =
            llround(hcp_json_number(object, "price_disagreement", 0) * 1000),
        .finished_retention_us = hcp_config_duration_us(object, "finished_retention"),
        .default_customer = HCP_NO_INDEX,
    };
}

bool hcp_config_from_tree(const json_t *tree, hcp_config *ret_config, GError **error)
{
    const json_t *dispatch = json_object_get(tree, "dispatch");
    hcp_settings scheduling;
    if (!weights_add_up(tree, "command line",
                        error)) /* of a file that were found when it was read */
        return false;
    const char *preset = hcp_json_string(json_object_get(tree, "switching"), "preset", "");
    read_scheduling(json_object_get(tree, "scheduling"), &scheduling);
    fit_deadlines(&scheduling, preset, hcp_json_number(tree, "speed", 1));
    scheduling.own_price = g_str_equal(hcp_json_string(dispatch, "billed_at", ""), "own_price");
    scheduling.pool_fee_ppm = llround(hcp_json_number(dispatch, "pool_fee", 0) * 1e6);
    *ret_config = (hcp_config){
        .data = g_strdup(hcp_json_string(tree, "data", "")),
        .scenario = g_strdup(hcp_json_string(tree, "scenario", "")),
        .address = g_strdup(hcp_json_string(tree, "address", "")),
        .log_level = g_strdup(hcp_json_string(tree, "log_level", "")),
        .market = g_strdup(hcp_json_string(tree, "market", "")),
        .workloads = g_strdup(hcp_json_string(tree, "workloads", "")),
        .classifier = g_strdup(hcp_json_string(tree, "classifier", "")),
        .policy = g_strdup(hcp_json_string(dispatch, "policy", "")),
        .preset = g_strdup(preset),
        .cors_origins = string_list(tree, "cors_origins"),
        .market_also = string_list(tree, "market_also"),
        .services = string_list(tree, "services"),
        .seed = hcp_json_int(tree, "seed", 1),
        .port_offset = (int)hcp_json_int(tree, "port_offset", 0),
        .speed = hcp_json_number(tree, "speed", 1),
        .settle_day_ahead = g_str_equal(hcp_json_string(tree, "settle", ""), "day_ahead"),
        .snapshot_every =
            (uint64_t)hcp_json_int(json_object_get(tree, "journal"), "snapshot_every", 0),
        .sample_interval_us =
            hcp_config_duration_us(json_object_get(tree, "telemetry"), "sample_interval"),
        .dispatch_interval_us = hcp_config_duration_us(dispatch, "interval"),
        .threshold = hcp_json_number(dispatch, "threshold", 1.1),
        .switch_usd_per_device = hcp_json_number(dispatch, "switch_usd_per_device", 0),
        .scheduling = scheduling,
    };
    return true;
}

bool hcp_config_load(const char *path, hcp_config *ret_config, GError **error)
{
    g_autoptr(json_t) tree = hcp_config_tree(path, error);
    return tree != NULL && hcp_config_from_tree(tree, ret_config, error);
}

void hcp_config_clear(hcp_config *config)
{
    g_free(config->data);
    g_free(config->scenario);
    g_free(config->address);
    g_free(config->log_level);
    g_free(config->market);
    g_free(config->workloads);
    g_free(config->classifier);
    g_free(config->policy);
    g_free(config->preset);
    g_strfreev(config->cors_origins);
    g_strfreev(config->market_also);
    g_strfreev(config->services);
    *config = (hcp_config){0};
}

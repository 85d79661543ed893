/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/settings.h"

#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define AT(member) offsetof(hcp_cli_settings, member)

static const hcp_cli_option OPTIONS[] = {
    {"config", 'c', HCP_CLI_FILE, AT(config_path), "Configuration file", "FILE", NULL},
    {"data", 'd', HCP_CLI_FILE, AT(data), "Directory of the journal", "DIR", NULL},
    {"scenario", 0, HCP_CLI_STRING, AT(scenario),
     "Built-in scenario (dev, demo, guide, scale) or a file", "NAME", "dev demo guide scale"},
    {"market", 0, HCP_CLI_STRING, AT(market), "simulated or replay=FILE", "SOURCE",
     "simulated replay="},
    {"workloads", 0, HCP_CLI_STRING, AT(workloads), "simulated, none or replay=FILE", "SOURCE",
     "simulated none replay="},
    {"speed", 0, HCP_CLI_STRING, AT(speed), "Platform seconds per real second", "N", NULL},
    {"seed", 0, HCP_CLI_STRING, AT(seed), "Seed of everything simulated", "N", NULL},
    {"port-offset", 0, HCP_CLI_STRING, AT(port_offset), "Added to every port", "N", NULL},
    {"address", 0, HCP_CLI_STRING, AT(address), "Address to listen on", "IP", NULL},
    {"services", 0, HCP_CLI_LIST, AT(services), "Open only this service's port (repeatable)",
     "NAME", "gateway orchestrator optimizer router resources simulator"},
    {"set", 's', HCP_CLI_LIST, AT(set), "Any setting of the configuration file (repeatable)",
     "KEY=VALUE", NULL},
};

const hcp_cli_options HCP_CLI_SETTINGS_OPTIONS = {OPTIONS, G_N_ELEMENTS(OPTIONS)};

static bool set_one(json_t *tree, const char *key, const char *value, GError **error)
{
    return value == NULL || hcp_config_set(tree, key, value, error);
}

static bool set_pairs(json_t *tree, char **pairs, GError **error)
{
    for (char **pair = pairs; pair != NULL && *pair != NULL; pair++) {
        const char *equals = strchr(*pair, '=');
        if (equals == NULL) {
            g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "--set %s: write it as KEY=VALUE",
                        *pair);
            return false;
        }
        g_autofree char *key = g_strndup(*pair, (gsize)(equals - *pair));
        if (!hcp_config_set(tree, key, equals + 1, error))
            return false;
    }
    return true;
}

static bool set_services(json_t *tree, char **services, GError **error)
{
    if (services == NULL)
        return true;
    g_autofree char *joined = g_strjoinv(",", services);
    g_autofree char *list = g_strdup_printf("[%s]", joined);
    return hcp_config_set(tree, "services", list, error);
}

static bool set_all(json_t *tree, const hcp_cli_settings *settings, GError **error)
{
    return set_one(tree, "data", settings->data, error) &&
           set_one(tree, "scenario", settings->scenario, error) &&
           set_one(tree, "market", settings->market, error) &&
           set_one(tree, "workloads", settings->workloads, error) &&
           set_one(tree, "speed", settings->speed, error) &&
           set_one(tree, "seed", settings->seed, error) &&
           set_one(tree, "port_offset", settings->port_offset, error) &&
           set_one(tree, "address", settings->address, error) &&
           set_services(tree, settings->services, error) && set_pairs(tree, settings->set, error);
}

json_t *hcp_cli_settings_tree(const hcp_cli_settings *settings, GError **error)
{
    g_autoptr(json_t) tree = hcp_config_tree(settings->config_path, error);
    return tree != NULL && set_all(tree, settings, error) ? g_steal_pointer(&tree) : NULL;
}

bool hcp_cli_settings_load(const hcp_cli_settings *settings, hcp_config *ret_config)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) tree = hcp_cli_settings_tree(settings, &error);
    if (tree != NULL && hcp_config_from_tree(tree, ret_config, &error))
        return true;
    fprintf(stderr, "hcp: the configuration is not valid:\n%s\n", error->message);
    return false;
}

char *hcp_cli_data_directory(const hcp_config *config)
{
    if (config->data[0] != '\0')
        return g_strdup(config->data);
    const char *state = g_getenv("XDG_STATE_HOME");
    return state != NULL && state[0] != '\0'
               ? g_build_filename(state, "hcp", NULL)
               : g_build_filename(g_get_home_dir(), ".local", "state", "hcp", NULL);
}

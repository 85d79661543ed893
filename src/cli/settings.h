/* SPDX-License-Identifier: Apache-2.0 */
/* Options that set configuration: shared by serve, simulate and config. */
#ifndef HCP_CLI_SETTINGS_H
#define HCP_CLI_SETTINGS_H

#include "cli/command.h"
#include "runtime/config.h"

#include <glib.h>

/* What the options below were given as; NULL where they were not. */
typedef struct {
    char *config_path;
    char *data, *scenario, *market, *workloads, *speed, *seed, *port_offset, *address;
    char **services;
    char **set; /* key=value */
} hcp_cli_settings;

/* --config, --data, --scenario, --market, --workloads, --speed, --seed, --port-offset, --address, --services and --set:
 * a group of options that fills a hcp_cli_settings. */
extern const hcp_cli_options HCP_CLI_SETTINGS_OPTIONS;

/* The configuration file with the command line on top, as a checked tree. New reference, or NULL with every problem in
 * `error`, one a line. */
json_t *hcp_cli_settings_tree(const hcp_cli_settings *settings, GError **error);

/* The same as a struct, which the caller clears. Errors are printed. */
bool hcp_cli_settings_load(const hcp_cli_settings *settings, hcp_config *ret_config);

/* The journal's directory: --data, else the configuration's, else $XDG_STATE_HOME/hcp. Caller frees. */
char *hcp_cli_data_directory(const hcp_config *config);

#endif

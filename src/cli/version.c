/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/commands.h"

#include <stdio.h>

typedef struct {
    gboolean json;
} arguments;

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    puts(args->json ? "{\"name\": \"hcp\", \"version\": \"" HCP_VERSION "\"}" : "hcp " HCP_VERSION);
    return HCP_EXIT_OK;
}

static const hcp_cli_option OWN[] = {
    {"json", 0, HCP_CLI_FLAG, offsetof(arguments, json), "Print JSON", NULL, NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_VERSION = {
    .name = "version",
    .summary = "say which version this is",
    .groups = {{&OPTIONS, 0}},
    .size = sizeof(arguments),
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "base/suggest.h"
#include "cli/commands.h"

#include <locale.h>
#include <stdio.h>

const hcp_cli_command *const HCP_CLI_COMMANDS[] = {
    &HCP_CLI_BACKTEST, &HCP_CLI_CAPACITY,  &HCP_CLI_COMPLETION,
    &HCP_CLI_CONFIG,   &HCP_CLI_DOCTOR,    &HCP_CLI_EXPLAIN,
    &HCP_CLI_FIT,      &HCP_CLI_GRID,      &HCP_CLI_JOURNAL,
    &HCP_CLI_MAN,      &HCP_CLI_MERIT,     &HCP_CLI_POLICY,
    &HCP_CLI_PRICES,   &HCP_CLI_QUEUE,     &HCP_CLI_RECOMMEND,
    &HCP_CLI_REGRET,   &HCP_CLI_RESOURCES, &HCP_CLI_SERVE,
    &HCP_CLI_SIMULATE, &HCP_CLI_STATUS,    &HCP_CLI_STRIKE,
    &HCP_CLI_SUBMIT,   &HCP_CLI_TOP,       &HCP_CLI_VERSION,
    &HCP_CLI_WHATIF,   &HCP_CLI_WORKLOADS, NULL,
};

static void print_help(FILE *out)
{
    fputs("hcp runs a data centre that mines, serves AI, sells flexibility or rests.\n\n"
          "Usage: hcp COMMAND [OPTION...]\n\nCommands:\n",
          out);
    for (size_t i = 0; HCP_CLI_COMMANDS[i] != NULL; i++)
        fprintf(out, "  %-12s %s\n", HCP_CLI_COMMANDS[i]->name, HCP_CLI_COMMANDS[i]->summary);
    fputs("\n`hcp COMMAND --help` tells about one of them.\n", out);
}

static int unknown_command(const char *name)
{
    hcp_suggestion best = {0};
    for (size_t i = 0; HCP_CLI_COMMANDS[i] != NULL; i++)
        hcp_suggest_consider(&best, name, HCP_CLI_COMMANDS[i]->name);
    fprintf(stderr, "hcp: there is no command \"%s\"", name);
    if (best.word != NULL)
        fprintf(stderr, "; did you mean \"%s\"?\n", best.word);
    else
        fputs("; `hcp --help` lists them\n", stderr);
    return HCP_EXIT_USAGE;
}

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    if (argc < 2) {
        print_help(stderr);
        return HCP_EXIT_USAGE;
    }
    if (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h") ||
        g_str_equal(argv[1], "help")) {
        print_help(stdout);
        return HCP_EXIT_OK;
    }
    const char *name = g_str_equal(argv[1], "--version") ? "version" : argv[1];
    for (size_t i = 0; HCP_CLI_COMMANDS[i] != NULL; i++)
        if (g_str_equal(name, HCP_CLI_COMMANDS[i]->name))
            return hcp_cli_command_run(HCP_CLI_COMMANDS[i], argv + 1);
    return unknown_command(name);
}

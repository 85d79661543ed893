/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp man`: the manual page, written from the table of commands and their options. docs/hcp.1 is what it prints. */
#include "cli/commands.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Text as roff shows it literally: backslashes and hyphens escaped, no line that begins with a control character. */
static void print_text(const char *text)
{
    bool begins = true;
    for (const char *p = text; *p != '\0'; p++) {
        if (begins && (*p == '.' || *p == '\''))
            fputs("\\&", stdout);
        if (*p == '\\')
            fputs("\\e", stdout);
        else if (*p == '-')
            fputs("\\-", stdout);
        else
            putchar(*p);
        begins = *p == '\n';
    }
}

static void print_option(void *data, const hcp_cli_option *option, size_t offset)
{
    (void)data;
    (void)offset;
    fputs(".TP\n.B ", stdout);
    if (option->letter != '\0')
        printf("\\-%c, ", option->letter);
    fputs("\\-\\-", stdout);
    print_text(option->name);
    if (option->kind != HCP_CLI_FLAG)
        printf("=\\fI%s\\fP", option->value);
    putchar('\n');
    print_text(option->help);
    if (option->choices != NULL) {
        fputs(": ", stdout);
        print_text(option->choices);
    }
    putchar('\n');
}

static void print_command(const hcp_cli_command *command)
{
    printf(".SS hcp %s%s%s\n", command->name, command->operands != NULL ? " " : "",
           command->operands != NULL ? command->operands : "");
    print_text(command->summary);
    puts(".");
    if (command->description != NULL) {
        puts(".PP\n.nf");
        print_text(command->description);
        puts("\n.fi");
    }
    hcp_cli_command_each_option(command, print_option, NULL);
}

static int run(const void *arguments, char **operands)
{
    (void)arguments;
    (void)operands;
    puts(".\\\" SPDX-License-Identifier: Apache-2.0\n"
         ".\\\" Written by `hcp man`; do not edit.\n"
         ".TH HCP 1 \"\" \"hcp " HCP_VERSION "\" \"Hybrid Compute Platform\"\n"
         ".SH NAME\n"
         "hcp \\- run a data centre that mines, serves AI, sells flexibility or rests\n"
         ".SH SYNOPSIS\n"
         ".B hcp\n"
         ".I command\n"
         "[\\fIoption\\fP...]\n"
         ".SH COMMANDS");
    for (size_t i = 0; HCP_CLI_COMMANDS[i] != NULL; i++)
        print_command(HCP_CLI_COMMANDS[i]);
    puts(
        ".SH EXIT STATUS\n"
        ".TP\n.B 0\nDone.\n"
        ".TP\n.B 1\nTried, and it did not work: a refusal, a broken invariant, a damaged journal.\n"
        ".TP\n.B 2\nThe command line, or a file or value it names, is wrong.\n"
        ".TP\n.B 3\nNo daemon answers, or it cannot serve now.\n"
        ".SH ENVIRONMENT\n"
        ".TP\n.B HCP_URL\nGateway of the commands that ask a daemon.\n"
        ".TP\n.B NO_COLOR\nWhen set, nothing is coloured.\n"
        ".TP\n.B XDG_STATE_HOME\nWhere the journal is without \\-\\-data: its subdirectory hcp.");
    return HCP_EXIT_OK;
}

const hcp_cli_command HCP_CLI_MAN = {
    .name = "man",
    .summary = "print the manual page",
    .description = "  hcp man | man -l -",
    .run = run,
};

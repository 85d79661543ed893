/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp completion`: scripts for bash, zsh and fish, written from the table of commands and their options. */
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

/* Text inside single quotes of a shell. Summaries and choices are our own, but an apostrophe is easily written. */
static void print_quoted(const char *text)
{
    putchar('\'');
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*p);
    }
    putchar('\'');
}

/* --- bash ------------------------------------------------------------------------------------------------------------ */

static void bash_option(void *data, const hcp_cli_option *option, size_t offset)
{
    (void)data;
    (void)offset;
    printf(" --%s", option->name);
}

/* A case of the previous word: what the value of an option can be. */
static void bash_value(void *data, const hcp_cli_option *option, size_t offset)
{
    (void)offset;
    const char *command = data;
    if (option->kind == HCP_CLI_FLAG)
        return;
    printf("    %s:--%s", command, option->name);
    if (option->letter != '\0')
        printf("|%s:-%c", command, option->letter);
    if (option->choices != NULL)
        printf(") words=\"%s\" ;;\n", option->choices);
    else if (option->kind == HCP_CLI_FILE)
        puts(") COMPREPLY=($(compgen -f -- \"$word\")); return ;;");
    else
        puts(") return ;;");
}

static void print_bash(void)
{
    puts("# bash completion of hcp; load it with: source <(hcp completion bash)\n"
         "_hcp() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} words=\n"
         "  local command=${COMP_WORDS[1]}\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then");
    printf("    words=\"--help");
    for (size_t i = 0; HCP_CLI_COMMANDS[i] != NULL; i++)
        printf(" %s", HCP_CLI_COMMANDS[i]->name);
    puts("\"\n  else case $command:$previous in");
    for (size_t i = 0; HCP_CLI_COMMANDS[i] != NULL; i++)
        hcp_cli_command_each_option(HCP_CLI_COMMANDS[i], bash_value,
                                    (void *)HCP_CLI_COMMANDS[i]->name);
    puts("    *) case $command in");
    for (size_t i = 0; HCP_CLI_COMMANDS[i] != NULL; i++) {
        const hcp_cli_command *command = HCP_CLI_COMMANDS[i];
        printf("      %s) words=\"--help", command->name);
        hcp_cli_command_each_option(command, bash_option, NULL);
        printf("%s%s\" ;;\n", command->verbs != NULL ? " " : "",
               command->verbs != NULL ? command->verbs : "");
    }
    puts("      esac ;;\n"
         "  esac; fi\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -F _hcp hcp");
}

/* --- zsh ------------------------------------------------------------------------------------------------------------- */

/* Descriptions stand in brackets, where brackets and colons have a meaning. */
static char *zsh_text(const char *text)
{
    GString *escaped = g_string_new(NULL);
    for (const char *p = text; *p != '\0'; p++) {
        if (strchr("[]:\\", *p) != NULL)
            g_string_append_c(escaped, '\\');
        g_string_append_c(escaped, *p);
    }
    return g_string_free(escaped, FALSE);
}

static void zsh_option(void *data, const hcp_cli_option *option, size_t offset)
{
    (void)data;
    (void)offset;
    g_autofree char *help = zsh_text(option->help);
    g_autoptr(GString) spec = g_string_new(NULL);
    g_string_append_printf(spec, "%s--%s%s[%s]", option->kind == HCP_CLI_LIST ? "*" : "",
                           option->name, option->kind == HCP_CLI_FLAG ? "" : "=", help);
    if (option->kind != HCP_CLI_FLAG)
        g_string_append_printf(spec, ":%s:", option->value);
    if (option->choices != NULL)
        g_string_append_printf(spec, "(%s)", option->choices);
    else if (option->kind == HCP_CLI_FILE)
        g_string_append(spec, "_files");
    fputs("        ", stdout);
    print_quoted(spec->str);
    puts(" \\");
}

static void print_zsh(void)
{
    puts("#compdef hcp\n"
         "# zsh completion of hcp; put it into a directory of $fpath as _hcp\n"
         "_hcp() {\n"
         "  if (( CURRENT == 2 )); then\n"
         "    local -a commands=(");
    for (size_t i = 0; HCP_CLI_COMMANDS[i] != NULL; i++) {
        g_autofree char *summary = zsh_text(HCP_CLI_COMMANDS[i]->summary);
        g_autofree char *line = g_strdup_printf("%s:%s", HCP_CLI_COMMANDS[i]->name, summary);
        fputs("      ", stdout);
        print_quoted(line);
        putchar('\n');
    }
    puts("    )\n"
         "    _describe command commands\n"
         "    return\n"
         "  fi\n"
         "  local command=$words[2]\n"
         "  shift words\n"
         "  (( CURRENT-- ))\n"
         "  case $command in");
    for (size_t i = 0; HCP_CLI_COMMANDS[i] != NULL; i++) {
        const hcp_cli_command *command = HCP_CLI_COMMANDS[i];
        printf("    %s)\n      _arguments \\\n", command->name);
        hcp_cli_command_each_option(command, zsh_option, NULL);
        if (command->verbs != NULL)
            printf("        '1:what:(%s)' \\\n", command->verbs);
        puts("        '--help[tell about it]' ;;");
    }
    puts("  esac\n}\n_hcp \"$@\"");
}

/* --- fish ------------------------------------------------------------------------------------------------------------ */

static void fish_option(void *data, const hcp_cli_option *option, size_t offset)
{
    (void)offset;
    const char *command = data;
    printf("complete -c hcp -n '__fish_seen_subcommand_from %s' -l %s", command, option->name);
    if (option->letter != '\0')
        printf(" -s %c", option->letter);
    if (option->kind != HCP_CLI_FLAG)
        fputs(option->kind == HCP_CLI_FILE ? " -r -F" : " -x", stdout);
    if (option->choices != NULL) {
        fputs(" -a ", stdout);
        print_quoted(option->choices);
    }
    fputs(" -d ", stdout);
    print_quoted(option->help);
    putchar('\n');
}

static void print_fish(void)
{
    puts("# fish completion of hcp; load it with: hcp completion fish | source\n"
         "complete -c hcp -f");
    for (size_t i = 0; HCP_CLI_COMMANDS[i] != NULL; i++) {
        const hcp_cli_command *command = HCP_CLI_COMMANDS[i];
        printf("complete -c hcp -n __fish_use_subcommand -a %s -d ", command->name);
        print_quoted(command->summary);
        putchar('\n');
        if (command->verbs != NULL)
            printf("complete -c hcp -n '__fish_seen_subcommand_from %s' -a '%s'\n", command->name,
                   command->verbs);
        hcp_cli_command_each_option(command, fish_option, (void *)command->name);
    }
}

static int run(const void *arguments, char **operands)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    (void)arguments;
    for (size_t i = 0; i < G_N_ELEMENTS(shells); i++) {
        if (g_str_equal(operands[0], shells[i].shell)) {
            shells[i].print();
            return HCP_EXIT_OK;
        }
    }
    return hcp_cli_usage_error("completion", "\"%s\" is none of bash, zsh and fish", operands[0]);
}

const hcp_cli_command HCP_CLI_COMPLETION = {
    .name = "completion",
    .summary = "print a completion script for a shell",
    .description = "  source <(hcp completion bash)\n"
                   "  hcp completion zsh > ~/.zfunc/_hcp\n"
                   "  hcp completion fish | source",
    .operands = "bash|zsh|fish",
    .verbs = "bash zsh fish",
    .min_operands = 1,
    .max_operands = 1,
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const GOptionArg GLIB_KINDS[] = {
    [HCP_CLI_FLAG] = G_OPTION_ARG_NONE,     [HCP_CLI_STRING] = G_OPTION_ARG_STRING,
    [HCP_CLI_FILE] = G_OPTION_ARG_FILENAME, [HCP_CLI_INT] = G_OPTION_ARG_INT,
    [HCP_CLI_NUMBER] = G_OPTION_ARG_DOUBLE, [HCP_CLI_LIST] = G_OPTION_ARG_STRING_ARRAY,
};

void hcp_cli_command_each_option(const hcp_cli_command *command,
                                 void (*visit)(void *data, const hcp_cli_option *option,
                                               size_t offset),
                                 void *data)
{
    for (size_t g = 0; g < HCP_CLI_MAX_GROUPS && command->groups[g].options != NULL; g++) {
        const hcp_cli_group *group = &command->groups[g];
        for (size_t i = 0; i < group->options->n_options; i++) {
            const hcp_cli_option *option = &group->options->options[i];
            visit(data, option, group->offset + option->offset);
        }
    }
}

/* The arguments of one run. */
typedef struct {
    const char *defaults; /* such a struct, or NULL */
    char *storage;        /* the command's struct */
    GArray *entries;      /* GOptionEntry, zero-terminated */
} parsing;

static void add_entry(void *data, const hcp_cli_option *option, size_t offset)
{
    parsing *p = data;
    const GOptionEntry entry = {
        .long_name = option->name,
        .short_name = option->letter,
        .arg = GLIB_KINDS[option->kind],
        .arg_data = p->storage + offset,
        .description = option->help,
        .arg_description = option->value,
    };
    g_array_append_val(p->entries, entry);
}

static bool is_text(const hcp_cli_option *option)
{
    return option->kind == HCP_CLI_STRING || option->kind == HCP_CLI_FILE;
}

/* The parser does not free what it replaces, so texts start as NULL and get their defaults when it is done. */
static void clear_text(void *data, const hcp_cli_option *option, size_t offset)
{
    parsing *p = data;
    if (is_text(option))
        *(char **)(void *)(p->storage + offset) = NULL;
}

static void default_text(void *data, const hcp_cli_option *option, size_t offset)
{
    parsing *p = data;
    char **text = (char **)(void *)(p->storage + offset);
    if (is_text(option) && *text == NULL && p->defaults != NULL)
        *text = g_strdup(*(const char *const *)(const void *)(p->defaults + offset));
}

static void free_value(void *data, const hcp_cli_option *option, size_t offset)
{
    parsing *p = data;
    void *value = p->storage + offset;
    if (is_text(option))
        g_free(*(char **)value);
    else if (option->kind == HCP_CLI_LIST)
        g_strfreev(*(char ***)value);
}

int hcp_cli_usage_error(const char *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fprintf(stderr, "hcp %s: %s\nhcp %s: `hcp %s --help` lists the options\n", command, message,
            command, command);
    return HCP_EXIT_USAGE;
}

static GOptionContext *context_of(const hcp_cli_command *command, const parsing *p)
{
    g_autofree char *parameters =
        g_strdup_printf("%s%s- %s", command->operands ? command->operands : "",
                        command->operands ? " " : "", command->summary);
    GOptionContext *context = g_option_context_new(parameters);
    g_option_context_add_main_entries(context, (const GOptionEntry *)(void *)p->entries->data,
                                      NULL);
    if (command->description != NULL)
        g_option_context_set_description(context, command->description);
    return context;
}

/* What follows the command's name once the options are gone; "--" ends them. */
static char **operands_of(char **argv)
{
    char **operands = argv + 1;
    if (operands[0] != NULL && g_str_equal(operands[0], "--"))
        operands++;
    return operands;
}

static int run_parsed(const hcp_cli_command *command, const parsing *p, char **operands)
{
    int n = (int)g_strv_length(operands);
    if (n < command->min_operands)
        return hcp_cli_usage_error(command->name, "%s is missing", command->operands);
    if (n > command->max_operands)
        return hcp_cli_usage_error(command->name, "\"%s\" is one argument too many",
                                   operands[command->max_operands]);
    return command->run(p->storage, operands);
}

int hcp_cli_command_run(const hcp_cli_command *command, char **argv)
{
    parsing p = {.defaults = command->defaults,
                 .storage = g_malloc0(MAX(command->size, (size_t)1)),
                 .entries = g_array_new(TRUE, TRUE, sizeof(GOptionEntry))};
    if (command->defaults != NULL)
        memcpy(p.storage, command->defaults, command->size);
    hcp_cli_command_each_option(command, clear_text, &p);
    hcp_cli_command_each_option(command, add_entry, &p);
    g_autofree char *program = g_strdup_printf("hcp %s", command->name);
    g_set_prgname(program);
    g_autoptr(GOptionContext) context = context_of(command, &p);
    g_autoptr(GError) error = NULL;
    /* A copy, since parsing takes what it understood out of the list. */
    g_auto(GStrv) rest = g_strdupv(argv);
    bool parsed = g_option_context_parse_strv(context, &rest, &error);
    hcp_cli_command_each_option(command, default_text, &p);
    int status = parsed ? run_parsed(command, &p, operands_of(rest))
                        : hcp_cli_usage_error(command->name, "%s", error->message);
    hcp_cli_command_each_option(command, free_value, &p);
    g_array_unref(p.entries);
    g_free(p.storage);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subcommand is: a const description that parsing, --help, shell completion and the man page all read, and one
 * function. Options are stored at an offset into a struct of the command's own, so a table names no storage.
 */
#ifndef HCP_CLI_COMMAND_H
#define HCP_CLI_COMMAND_H

#include <glib.h>
#include <stddef.h>

/* Exit statuses, the same for every subcommand. */
enum {
    HCP_EXIT_OK = 0,
    HCP_EXIT_FAILED =
        1, /* it was tried and did not work: a refusal, a broken invariant, a bad journal */
    HCP_EXIT_USAGE = 2,       /* the command line or a file it names is wrong */
    HCP_EXIT_UNAVAILABLE = 3, /* no daemon answers */
};

/* What is stored at an option's offset. Strings are owned by the parser, which frees them after the command ran. */
typedef enum {
    HCP_CLI_FLAG,   /* gboolean */
    HCP_CLI_STRING, /* char * */
    HCP_CLI_FILE,   /* char *, completed as a path */
    HCP_CLI_INT,    /* int */
    HCP_CLI_NUMBER, /* double */
    HCP_CLI_LIST,   /* char **, repeatable */
} hcp_cli_kind;

typedef struct {
    const char *name; /* without dashes */
    char letter;      /* '\0' for none */
    hcp_cli_kind kind;
    size_t offset;
    const char *help;
    const char *value; /* placeholder of the value, "FILE"; NULL for flags */
    /* what the value can be, separated by blanks, or NULL: completion offers them */
    const char *choices;
} hcp_cli_option;

/* Options that several commands share, as a struct of their own inside each command's. */
typedef struct {
    const hcp_cli_option *options;
    size_t n_options;
} hcp_cli_options;

/* Options of a command or of a group inside it, at `offset` of the command's struct. */
typedef struct {
    const hcp_cli_options *options;
    size_t offset;
} hcp_cli_group;

#define HCP_CLI_MAX_GROUPS 3

typedef struct {
    const char *name;
    const char *summary;     /* one line, lower case, no full stop */
    const char *description; /* paragraphs for --help and the man page, or NULL */
    const char *operands;    /* "WORKLOAD", "[FILE]"; NULL for none */
    const char *verbs;       /* what the first operand can be, separated by blanks, or NULL */
    int min_operands, max_operands;
    hcp_cli_group groups[HCP_CLI_MAX_GROUPS]; /* up to the first without options */
    size_t size;                              /* of the command's struct */
    const void *defaults;                     /* such a struct, or NULL for all zero */
    /* `arguments` is the filled struct, `operands` is NULL-terminated. */
    int (*run)(const void *arguments, char **operands);
} hcp_cli_command;

/* Every subcommand in alphabetical order, NULL-terminated. */
extern const hcp_cli_command *const HCP_CLI_COMMANDS[];

/* Parses argv (argv[0] is the command's name), runs the command, frees the arguments. Returns the exit status. */
int hcp_cli_command_run(const hcp_cli_command *command, char **argv);

/* Calls `visit` for each option of the command; `offset` is into the command's struct. */
void hcp_cli_command_each_option(const hcp_cli_command *command,
                                 void (*visit)(void *data, const hcp_cli_option *option,
                                               size_t offset),
                                 void *data);

/* Prints "hcp COMMAND: message" to standard error and returns HCP_EXIT_USAGE. */
int hcp_cli_usage_error(const char *command, const char *format, ...) G_GNUC_PRINTF(2, 3);

#endif

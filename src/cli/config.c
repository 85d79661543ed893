/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp config`: is a configuration valid, and what does it come to with every default filled in. */
#include "base/json.h"
#include "cli/commands.h"
#include "cli/settings.h"
#include "runtime/scenario.h"

#include <stdio.h>

typedef struct {
    hcp_cli_settings settings;
    gboolean json;
} arguments;

/* --- show ------------------------------------------------------------------------------------------------------------ */

static const hcp_schema *member_schema(const hcp_schema *schema, const char *key)
{
    for (int i = 0; schema != NULL && i < schema->n_properties; i++)
        if (g_str_equal(schema->properties[i].name, key))
            return schema->properties[i].schema;
    return NULL;
}

/* The value as YAML flow text, which JSON is. */
static void print_scalar(const char *key, json_t *value, const hcp_schema *schema, int depth)
{
    g_autofree char *text = hcp_json_print(value, NULL);
    int width = printf("%*s%s: %s", 2 * depth, "", key, text);
    if (schema != NULL && schema->description != NULL)
        printf("%*s # %s", MAX(0, 36 - width), "", schema->description);
    putchar('\n');
}

/* What is printed is itself a valid configuration file. */
static void print_yaml(json_t *object, const hcp_schema *schema, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        const hcp_schema *member = member_schema(schema, key);
        if (!json_is_object(value) || json_object_size(value) == 0) {
            print_scalar(key, value, member, depth);
            continue;
        }
        printf("%*s%s:\n", 2 * depth, "", key);
        print_yaml(value, member, depth + 1);
    }
}

static void show(json_t *tree, bool json)
{
    if (!json) {
        print_yaml(tree, &HCP_CONFIG_SCHEMA, 0);
        return;
    }
    g_autofree char *text = hcp_json_print_pretty(tree);
    puts(text);
}

/* --- check ----------------------------------------------------------------------------------------------------------- */

/* One line each: what a person reads is what --json lists. */
static void print_errors(const char *text, bool json)
{
    if (!json) {
        fprintf(stderr, "%s\n", text);
        return;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(json_t) object = json_object();
    json_t *errors = json_array();
    for (char **line = lines; *line != NULL; line++)
        json_array_append_new(errors, json_string(*line));
    hcp_json_set_bool(object, "valid", false);
    json_object_set_new(object, "errors", errors);
    g_autofree char *out = hcp_json_print_pretty(object);
    puts(out);
}

static void print_valid(const arguments *args)
{
    if (args->json)
        puts("{\n  \"valid\": true,\n  \"errors\": []\n}");
    else
        printf("%s: valid\n",
               args->settings.config_path ? args->settings.config_path : "built-in defaults");
}

static int run(const void *given, char **operands)
{
    const arguments *args = given;
    const char *verb = operands[0];
    hcp_cli_settings settings = args->settings; /* borrows every string */
    if (operands[1] != NULL)
        settings.config_path = operands[1];
    bool shows = g_str_equal(verb, "show");
    if (!shows && !g_str_equal(verb, "check"))
        return hcp_cli_usage_error("config", "\"%s\" is neither check nor show", verb);
    g_autoptr(GError) error = NULL;
    g_auto(hcp_config) config = {0};
    g_autoptr(json_t) tree = hcp_cli_settings_tree(&settings, &error);
    /* What the configuration names has to be there as well, or serve would stop at it. */
    g_auto(hcp_scenario) scenario = {0};
    if (tree == NULL || !hcp_config_from_tree(tree, &config, &error) ||
        !hcp_scenario_load(config.scenario, &config.scheduling, &scenario, &error)) {
        print_errors(error->message, args->json);
        return HCP_EXIT_USAGE;
    }
    const arguments resolved = {.settings = settings, .json = args->json};
    if (shows)
        show(tree, args->json);
    else
        print_valid(&resolved);
    return HCP_EXIT_OK;
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"json", 'j', HCP_CLI_FLAG, AT(json), "Print JSON", NULL, NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_CONFIG = {
    .name = "config",
    .summary = "check a configuration or show what it comes to",
    .description =
        "check  reports every error with file and line; exit status 2 when there is one\n"
        "show   prints the settings with every default filled in, as a configuration "
        "file",
    .operands = "check|show [FILE]",
    .verbs = "check show",
    .min_operands = 1,
    .max_operands = 2,
    .groups = {{&OPTIONS, 0}, {&HCP_CLI_SETTINGS_OPTIONS, AT(settings)}},
    .size = sizeof(arguments),
    .run = run,
};

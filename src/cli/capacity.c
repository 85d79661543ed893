/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp capacity`: what will be free, when it runs out, and what if there were more. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

#include "base/json.h"

#include <stdio.h>

typedef struct {
    hcp_cli_client_options client;
    char *facility;
    int hours, extra;
} arguments;

static const hcp_cli_column CLASSES[] = {
    {"CLASS", "class", NULL, false, false, 0},
    {"DEVICES", "devices", hcp_cli_format_count, true, false, 0},
    {"LEASED", "leased", hcp_cli_format_count, true, false, 0},
    {"FREE", "available", hcp_cli_format_count, true, false, 0},
    {"THEN", "then.expected", hcp_cli_format_fixed1, true, false, 0},
    {"AT LEAST", "then.high", hcp_cli_format_fixed1, true, false, 0},
    {"AT MOST", "then.low", hcp_cli_format_fixed1, true, false, 0},
    {"RUNS OUT", "runs_out_at.expected", hcp_cli_format_time, false, false, 0},
    {"AT THE EARLIEST", "runs_out_at.high", hcp_cli_format_time, false, false, 0},
    {"MODEL", "model", NULL, false, false, 0},
};
static const hcp_cli_table CLASSES_TABLE = {CLASSES, G_N_ELEMENTS(CLASSES)};

static const json_t *last_of(const json_t *list)
{
    size_t n = json_array_size(list);
    return n > 0 ? json_array_get(list, n - 1) : NULL;
}

/* A class with what is at the end of the time asked for. */
static json_t *row_of(const json_t *class_)
{
    json_t *row = json_copy((json_t *)class_);
    const json_t *step = last_of(json_object_get(class_, "steps"));
    const json_t *model = last_of(json_object_get(class_, "models"));
    json_object_set(row, "then", json_object_get(step, "available"));
    hcp_json_set_string(row, "model", hcp_json_string(model, "model", NULL));
    return row;
}

static void show(const json_t *body)
{
    g_autoptr(json_t) rows = json_array();
    size_t i;
    json_t *class_;
    json_array_foreach(json_object_get(body, "classes"), i, class_)
        json_array_append_new(rows, row_of(class_));
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_table_print(&CLASSES_TABLE, rows, &style);
    printf("\nTHEN is in %d h; demand leaves AT LEAST and AT MOST that with 10 %% each.\n",
           (int)hcp_json_int(body, "hours", 0));
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("capacity", &args->client);
    g_autoptr(GString) path = g_string_new("/api/v1/capacity/forecast");
    g_autofree char *hours = g_strdup_printf("%d", args->hours);
    g_autofree char *extra = g_strdup_printf("%d", args->extra);
    hcp_cli_path_add(path, "hours", hours);
    hcp_cli_path_add(path, "extra_devices", extra);
    hcp_cli_path_add(path, "facility", args->facility);
    return hcp_cli_show_object(client, path->str, args->client.json, show);
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"hours", 'n', HCP_CLI_INT, AT(hours), "How far ahead (24)", "H", NULL},
    {"extra-devices", 'x', HCP_CLI_INT, AT(extra),
     "What if each class had so many more (or, below 0, fewer)", "N", NULL},
    {"facility", 'f', HCP_CLI_STRING, AT(facility), "Only there", "FACILITY", NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};
static const arguments DEFAULTS = {.hours = 24};

const hcp_cli_command HCP_CLI_CAPACITY = {
    .name = "capacity",
    .summary = "say what will be free, when it runs out, and what if there were more",
    .groups = {{&OPTIONS, 0}, {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .defaults = &DEFAULTS,
    .run = run,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp prices`: what is known of the market now, with source, age and quality. */
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/listing.h"

#include "base/json.h"

#include <stdio.h>

typedef struct {
    hcp_cli_client_options client;
    char *facility;
} arguments;

static const hcp_cli_column PRICES[] = {
    {"PRICE", "name", NULL, false, false, 0},
    {"VALUE", "value", hcp_cli_format_price, true, false, 0},
    {"FROM", "low", hcp_cli_format_price, true, false, 0},
    {"TO", "high", hcp_cli_format_price, true, false, 0},
    {"UNIT", "unit", NULL, false, false, 0},
    {"AGE", "age_ms", hcp_cli_format_ms, true, false, 0},
    {"QUALITY", "quality", NULL, false, true, 0},
    {"SOURCE", "source", NULL, false, false, 8},
    {"SIMULATED", "simulated", hcp_cli_format_yes, false, false, 0},
};
static const hcp_cli_table PRICES_TABLE = {PRICES, G_N_ELEMENTS(PRICES)};

static void show(const json_t *body)
{
    g_autoptr(json_t) rows = json_array();
    const char *name;
    json_t *price;
    json_object_foreach(json_object_get(body, "prices"), name, price)
    {
        json_t *row = json_copy(price);
        hcp_json_set_string(row, "name", name);
        json_array_append_new(rows, row);
    }
    hcp_cli_style style = hcp_cli_style_of(stdout);
    hcp_cli_table_print(&PRICES_TABLE, rows, &style);
}

static int run(const void *given, char **operands)
{
    (void)operands;
    const arguments *args = given;
    g_autoptr(hcp_cli_client) client = hcp_cli_client_new("prices", &args->client);
    g_autoptr(GString) path = g_string_new("/api/v1/prices/current");
    hcp_cli_path_add(path, "facility", args->facility);
    return hcp_cli_show_object(client, path->str, args->client.json, show);
}

#define AT(member) offsetof(arguments, member)

static const hcp_cli_option OWN[] = {
    {"facility", 'f', HCP_CLI_STRING, AT(facility),
     "Whose electricity price; without it the mean of all", "FACILITY", NULL},
};

static const hcp_cli_options OPTIONS = {OWN, G_N_ELEMENTS(OWN)};

const hcp_cli_command HCP_CLI_PRICES = {
    .name = "prices",
    .summary = "show current prices with source and age",
    .groups = {{&OPTIONS, 0}, {&HCP_CLI_CLIENT_OPTIONS, AT(client)}},
    .size = sizeof(arguments),
    .run = run,
};

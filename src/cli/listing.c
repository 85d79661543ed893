/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/listing.h"

#include "base/json.h"

#include <stdio.h>

int hcp_cli_show_list(hcp_cli_client *client, const hcp_cli_listing *listing)
{
    g_autoptr(json_t) body = NULL;
    int status = hcp_cli_client_list(client, listing->path, listing->member, listing->page, &body);
    if (status != HCP_EXIT_OK)
        return status;
    if (listing->json) {
        hcp_cli_print_json(body);
        return status;
    }
    const json_t *rows = json_object_get(body, listing->member);
    hcp_cli_style style = hcp_cli_style_of(stdout);
    if (json_array_size(rows) == 0) {
        puts(listing->none);
        return status;
    }
    hcp_cli_table_print(listing->table, rows, &style);
    if (hcp_json_string(body, "next_cursor", NULL) != NULL)
        puts("There are more: --limit N or --all");
    return status;
}

int hcp_cli_show_object(hcp_cli_client *client, const char *path, bool json,
                        void (*show)(const json_t *body))
{
    g_autoptr(json_t) body = NULL;
    int status = hcp_cli_client_get(client, path, &body);
    if (status != HCP_EXIT_OK)
        return status;
    if (json)
        hcp_cli_print_json(body);
    else
        show(body);
    return status;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What every listing command does: fetch the pages, print them as a table or as JSON. */
#ifndef HCP_CLI_LISTING_H
#define HCP_CLI_LISTING_H

#include "cli/client.h"
#include "cli/table.h"

typedef struct {
    const char *path;   /* with its filters */
    const char *member; /* of the body that holds the rows */
    const char *none;   /* what to say when there are none: "no workloads" */
    const hcp_cli_table *table;
    const hcp_cli_page_options *page;
    bool json;
} hcp_cli_listing;

/* The workload types of the API, for completion. */
#define HCP_CLI_WORKLOAD_TYPES                                                                     \
    "ai_inference_realtime ai_inference_batch model_training hyperparameter_tuning "               \
    "data_processing bitcoin_mining"

/* Prints the list; exit status. */
int hcp_cli_show_list(hcp_cli_client *client, const hcp_cli_listing *listing);

/* GET of one object, printed as JSON with `json`, else by `show`; exit status. */
int hcp_cli_show_object(hcp_cli_client *client, const char *path, bool json,
                        void (*show)(const json_t *body));

#endif

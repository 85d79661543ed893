/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of `hcp whatif`: from options to a question, and from an answer to text. */
#ifndef HCP_CLI_WHATIF_H
#define HCP_CLI_WHATIF_H

#include "runtime/whatif.h"

#include <glib.h>
#include <jansson.h>

/* The options that ask; NULL and 0 where they were not given. */
typedef struct {
    char *from, *to, *policy, *electricity, *btc, *hashprice, *dwell;
    char **caps;   /* FACILITY=MW */
    char **fleets; /* FACILITY/CLASS=+N, -N or N */
    double threshold;
} hcp_cli_whatif_asked;

/* The question in the shape of api/openapi.yaml's WhatIfQuestion; files it names are read. New reference, or NULL with an
 * error that names the option. */
json_t *hcp_cli_whatif_question(const hcp_cli_whatif_asked *asked, GError **error);

/* Prints the answer at 80 columns. */
void hcp_cli_whatif_print(const hcp_whatif_answer *answer);

#endif

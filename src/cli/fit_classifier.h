/* SPDX-License-Identifier: Apache-2.0 */
/* `hcp fit` of a classifier: from a table of submissions or from a journal. */
#ifndef HCP_CLI_FIT_CLASSIFIER_H
#define HCP_CLI_FIT_CLASSIFIER_H

#include <glib.h>
#include <stdbool.h>

/* Borrowed strings; one of `jobs` and `journal` is given. */
typedef struct {
    const char *jobs;    /* CSV */
    const char *journal; /* directory: the submissions that asked for a priority */
    const char *out;     /* file of the model; NULL = standard output */
    const char *name, *provenance, *date;
    double split; /* fitted on this share of the submissions, the earliest; judged on the rest */
} hcp_cli_classifier_fit;

/* Fits, judges, writes the model and prints how it did (to standard error when the model goes to standard output). */
bool hcp_cli_fit_classifier(const hcp_cli_classifier_fit *options, GError **error);

#endif

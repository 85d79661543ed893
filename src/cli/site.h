/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A site to backtest: a plant, its GPU demand and rental rate. From a JSON file or one of the built-in presets; the
 * names are those of plant_json.h, but minimum times count hours, and "demand" and "rate" are specifications as in
 * cli/economics.h, in which {T} and {P} stand for the files given on the command line.
 */
#ifndef HCP_CLI_SITE_H
#define HCP_CLI_SITE_H

#include "cli/economics.h"
#include "economics/plant.h"

/* Where a site comes from; members may be NULL. */
typedef struct {
    const char *preset; /* name of a built-in site */
    const char *file;   /* or a file with one site */
    const char *trace;  /* demand trace for {T} */
    const char *spot;   /* rental price series for {P} */
} hcp_cli_site_source;

/* Builds the plant for the market's step and sets the market's demand and rate. Caller frees the plant. */
hcp_plant *hcp_cli_load_site(const hcp_cli_site_source *source, hcp_market *market, GError **error);

/* Names of the built-in sites, one a line. Caller frees. */
char *hcp_cli_site_names(void);

#endif

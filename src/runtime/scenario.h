/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario: which facilities, devices and customers there are, and what market and arrivals a simulation gives them. Read
 * once, when the journal is empty; from then on the journal is the truth.
 */
#ifndef HCP_RUNTIME_SCENARIO_H
#define HCP_RUNTIME_SCENARIO_H

#include "core/event.h"
#include "runtime/config.h"

#include <glib.h>

typedef struct {
    char *title, *description;
    char *market_preset;
    GPtrArray *hubs; /* char *, each once, in order of first use */
    /* hcp_event: settings, classes, facilities, customers, devices, in bootstrap order */
    GArray *definitions;
    double arrivals_per_hour;
    double duration_factor;
    uint32_t max_gpus;
    uint32_t n_customers;
} hcp_scenario;

/* Loads the scenario called `name` (built in) or the file of that name, with the built-in catalog. `settings` are the
 * scheduling rules of the configuration; the scenario adds default customer and GPU mining. All problems at once. */
bool hcp_scenario_load(const char *name, const hcp_settings *settings, hcp_scenario *ret_scenario,
                       GError **error);

/* The same from YAML texts, for tests and fuzzing. */
bool hcp_scenario_parse(const char *text, size_t size, const char *name,
                        const hcp_settings *settings, hcp_scenario *ret_scenario, GError **error);

/* Names of the built-in scenarios, NULL-terminated; caller frees with g_strfreev. */
char **hcp_scenario_names(void);

/* Frees what the scenario owns. */
void hcp_scenario_clear(hcp_scenario *scenario);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(hcp_scenario, hcp_scenario_clear)

#endif

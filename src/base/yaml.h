/* SPDX-License-Identifier: Apache-2.0 */
/* YAML files as JSON trees that remember where every value came from, so that validation can name file and line. */
#ifndef HCP_BASE_YAML_H
#define HCP_BASE_YAML_H

#include "base/json.h"

#include <glib.h>

typedef struct hcp_yaml hcp_yaml;

/* Parses YAML text (libyaml; core schema: null, booleans, integers, floats, strings; anchors and aliases allowed, aliases
 * expand to at most 100,000 nodes; tags, merge keys and duplicate keys are refused). `name` is used in messages. */
hcp_yaml *hcp_yaml_parse(const char *text, size_t size, const char *name, GError **error);

/* Reads and parses a file. */
hcp_yaml *hcp_yaml_parse_file(const char *path, GError **error);

/* The tree; borrowed, valid until hcp_yaml_free. */
json_t *hcp_yaml_root(hcp_yaml *yaml);

/* Line (1-based) of the value at JSON pointer `pointer`, of the nearest ancestor that exists
 * otherwise. A member's line is that of its key, and a value inside an alias has the alias's line. */
int hcp_yaml_line(const hcp_yaml *yaml, const char *pointer);

/* Frees `yaml` and its tree; NULL is allowed. */
void hcp_yaml_free(hcp_yaml *yaml);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_yaml, hcp_yaml_free)

#endif

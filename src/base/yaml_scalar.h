/* SPDX-License-Identifier: Apache-2.0 */
/* Types of plain YAML scalars by the core schema of YAML 1.2; private to base. */
#ifndef HCP_BASE_YAML_SCALAR_H
#define HCP_BASE_YAML_SCALAR_H

#include "base/json.h"

/* The value a plain (unquoted) scalar stands for: null, a boolean, a number, or else a string. NULL
 * with `ret_reason` set to a constant text when it has no JSON form (.nan, an integer that does not
 * fit). */
json_t *hcp_yaml_scalar_plain(const char *text, const char **ret_reason);

#endif

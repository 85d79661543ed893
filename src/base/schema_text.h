/* SPDX-License-Identifier: Apache-2.0 */
/* What a schema accepts, in words; private to base. */
#ifndef HCP_BASE_SCHEMA_TEXT_H
#define HCP_BASE_SCHEMA_TEXT_H

#include "base/schema.h"

/* Appends what `schema` accepts: "an integer from 1 to 512", "one of \"a\", \"b\"", "a string or
 * null". */
void hcp_schema_text_expected(GString *out, const hcp_schema *schema);

/* Appends a bound with as many digits as it needs: "1", "0.5". */
void hcp_schema_text_number(GString *out, double value);

/* Appends the quoted names of a NULL-terminated list, the first twelve of a long one. */
void hcp_schema_text_names(GString *out, const char *const *names);

/* Appends "; did you mean \"word\"?", or nothing when `word` is NULL. */
void hcp_schema_text_hint(GString *out, const char *word);

#endif

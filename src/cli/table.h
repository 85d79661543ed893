/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of JSON rows: columns are const data, aligned by display width. On a terminal the elastic columns give way until
 * the table fits; elsewhere nothing is cut.
 */
#ifndef HCP_CLI_TABLE_H
#define HCP_CLI_TABLE_H

#include "cli/style.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *header; /* with the unit: "POWER MW" */
    const char *path;   /* member of the row, "eta.low_ms" for one of a member */
    /* Text of the value, which may be NULL or JSON null; caller frees. NULL: as it is (format.h). */
    char *(*format)(const json_t *value);
    bool right;    /* numbers */
    bool coloured; /* as a state: style.h */
    int least;     /* width below which the column is not squeezed; 0: never squeezed */
} hcp_cli_column;

typedef struct {
    const hcp_cli_column *columns;
    size_t n_columns;
} hcp_cli_table;

/* Prints a head and one line per item of `rows`, an array of objects. */
void hcp_cli_table_print(const hcp_cli_table *table, const json_t *rows,
                         const hcp_cli_style *style);

/* Prints "label  value" lines of one object; a column's header is the label. Members that are absent or null are left
 * out. */
void hcp_cli_table_print_object(const hcp_cli_table *table, const json_t *object,
                                const hcp_cli_style *style);

/* The value at a dotted path, borrowed, or NULL. */
const json_t *hcp_cli_table_at(const json_t *object, const char *path);

#endif

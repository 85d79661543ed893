/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/table.h"

#include "cli/format.h"

#include <string.h>

#define GAP 2

const json_t *hcp_cli_table_at(const json_t *object, const char *path)
{
    const json_t *value = object;
    for (const char *dot; value != NULL && (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        g_autofree char *part = g_strndup(path, (gsize)(dot - path));
        value = json_object_get(value, part);
    }
    return json_object_get(value, path);
}

static char *cell_text(const hcp_cli_column *column, const json_t *row)
{
    const json_t *value = hcp_cli_table_at(row, column->path);
    g_autofree char *text =
        column->format != NULL ? column->format(value) : hcp_cli_format_text(value);
    return hcp_cli_clean(text);
}

static void print_cell(const hcp_cli_column *column, const char *text, int width,
                       const hcp_cli_style *style)
{
    g_autofree char *fitted = style->width > 0 ? hcp_cli_shorten(text, width) : g_strdup(text);
    int padding = MAX(0, width - hcp_cli_width(fitted));
    hcp_cli_tone tone = style->colour && column->coloured ? hcp_cli_tone_of(text) : HCP_CLI_PLAIN;
    const char *start = hcp_cli_tone_start(tone);
    printf("%*s%s%s%s%*s", column->right ? padding : 0, "", start, fitted,
           start[0] != '\0' ? "\033[0m" : "", column->right ? 0 : padding, "");
}

static int least_of(const hcp_cli_column *column, int width)
{
    return column->least > 0 ? MIN(width, MAX(column->least, hcp_cli_width(column->header)))
                             : width;
}

/* How many columns fit when each is as narrow as it may be; what does not fit is left out whole rather than wrapped. */
static size_t columns_that_fit(const hcp_cli_table *table, const int *widths, int available)
{
    int total = 0;
    for (size_t c = 0; c < table->n_columns; c++) {
        total += least_of(&table->columns[c], widths[c]) + (c > 0 ? GAP : 0);
        if (total > available)
            return MAX(c, (size_t)1);
    }
    return table->n_columns;
}

/* The widest squeezable one of `n` columns gives one place at a time, so what is squeezed ends up even. */
static void squeeze(const hcp_cli_table *table, size_t n, int *widths, int available)
{
    int total = 0;
    for (size_t c = 0; c < n; c++)
        total += widths[c] + (c > 0 ? GAP : 0);
    while (total > available) {
        size_t widest = n;
        for (size_t c = 0; c < n; c++)
            if (widths[c] > least_of(&table->columns[c], widths[c]) &&
                (widest == n || widths[c] > widths[widest]))
                widest = c;
        if (widest == n)
            return;
        widths[widest]--;
        total--;
    }
}

typedef struct {
    const hcp_cli_table *table;
    GPtrArray *cells; /* char *, row by row */
    int *widths;
    size_t n_shown; /* columns */
    const hcp_cli_style *style;
} layout;

static void print_head(const layout *l)
{
    if (l->style->colour)
        fputs("\033[1m", stdout);
    for (size_t c = 0; c < l->n_shown; c++) {
        hcp_cli_column plain = l->table->columns[c];
        bool last = c + 1 == l->n_shown && !plain.right;
        int width = last ? MIN(l->widths[c], hcp_cli_width(plain.header)) : l->widths[c];
        plain.coloured = false;
        printf("%*s", c > 0 ? GAP : 0, "");
        print_cell(&plain, plain.header, width, l->style);
    }
    puts(l->style->colour ? "\033[0m" : "");
}

static void print_rows(const layout *l)
{
    size_t n = l->table->n_columns;
    for (size_t at = 0; at < l->cells->len; at += n) {
        for (size_t c = 0; c < l->n_shown; c++) {
            /* Nothing follows the last column, so it needs no padding. */
            const char *text = l->cells->pdata[at + c];
            bool last = c + 1 == l->n_shown && !l->table->columns[c].right;
            int width = last ? MIN(l->widths[c], hcp_cli_width(text)) : l->widths[c];
            printf("%*s", c > 0 ? GAP : 0, "");
            print_cell(&l->table->columns[c], text, width, l->style);
        }
        putchar('\n');
    }
}

void hcp_cli_table_print(const hcp_cli_table *table, const json_t *rows, const hcp_cli_style *style)
{
    g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
    g_autofree int *widths = g_new0(int, table->n_columns);
    for (size_t c = 0; c < table->n_columns; c++)
        widths[c] = hcp_cli_width(table->columns[c].header);
    size_t i;
    json_t *row;
    json_array_foreach(rows, i, row)
    {
        for (size_t c = 0; c < table->n_columns; c++) {
            char *text = cell_text(&table->columns[c], row);
            widths[c] = MAX(widths[c], hcp_cli_width(text));
            g_ptr_array_add(cells, text);
        }
    }
    layout l = {table, cells, widths, table->n_columns, style};
    if (style->width > 0) {
        l.n_shown = columns_that_fit(table, widths, style->width);
        squeeze(table, l.n_shown, widths, style->width);
    }
    print_head(&l);
    print_rows(&l);
}

void hcp_cli_table_print_object(const hcp_cli_table *table, const json_t *object,
                                const hcp_cli_style *style)
{
    int label = 0;
    for (size_t c = 0; c < table->n_columns; c++)
        label = MAX(label, hcp_cli_width(table->columns[c].header));
    for (size_t c = 0; c < table->n_columns; c++) {
        hcp_cli_column column = table->columns[c];
        const json_t *value = hcp_cli_table_at(object, column.path);
        if (value == NULL || json_is_null(value))
            continue;
        g_autofree char *text = cell_text(&column, object);
        printf("%s%*s  ", column.header, label - hcp_cli_width(column.header), "");
        column.right = false;
        print_cell(&column, text,
                   style->width > 0 ? MAX(1, style->width - label - 2) : hcp_cli_width(text),
                   style);
        putchar('\n');
    }
}

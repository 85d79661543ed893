/* SPDX-License-Identifier: Apache-2.0 */
/* Streaming CSV reader. A row is gathered as its cells' texts, NUL-separated in one buffer that is
 * reused, so reading a large file allocates per column, not per row. */
#include "base/csv.h"

#include "base/error.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_ROW_SIZE ((size_t)1 << 20)

struct hcp_csv {
    FILE *file;
    char *name;          /* for messages */
    GHashTable *columns; /* name -> index */
    guint n_columns;     /* 0 until the header is read */
    GString *row;
    GArray *starts; /* gsize offsets into row, one per cell */
    int64_t next_line;
    int64_t row_line;
    bool done; /* the end, or a failure, was reached */
};

static bool refuse(hcp_csv *csv, GError **error, const char *reason)
{
    csv->done = true;
    g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: line %" PRId64 ": %s", csv->name,
                csv->row_line, reason);
    return false;
}

static bool fail(const char *name, int number, GError **error)
{
    hcp_error_code code = number == ENOENT ? HCP_ERROR_NOT_FOUND : HCP_ERROR_IO;
    g_set_error(error, HCP_ERROR, (int)code, "%s: %s", name, g_strerror(number));
    return false;
}

static int next_char(hcp_csv *csv)
{
    int c = getc_unlocked(csv->file);
    if (c == '\n')
        csv->next_line++;
    return c;
}

static void begin_cell(hcp_csv *csv)
{
    if (csv->starts->len > 0)
        g_string_append_c(csv->row, '\0');
    g_array_append_val(csv->starts, csv->row->len);
}

/* Appends one byte of a cell; returns why it is not allowed, or NULL. */
static const char *push_char(hcp_csv *csv, int c)
{
    if (c == '\0')
        return "a NUL byte; the file is not text";
    if (csv->row->len >= MAX_ROW_SIZE)
        return "a row of more than 1 MiB; is a closing quote missing?";
    g_string_append_c(csv->row, (char)c);
    return NULL;
}

/* Reads the rest of a quoted cell; *ret_next is the character after the closing quote. */
static const char *read_quoted(hcp_csv *csv, int *ret_next)
{
    for (;;) {
        int c = next_char(csv);
        if (c == EOF)
            return "a quoted cell is not closed before the end of the file";
        if (c == '"') {
            c = next_char(csv);
            if (c != '"') {
                *ret_next = c;
                return NULL;
            }
        }
        const char *reason = push_char(csv, c);
        if (reason != NULL)
            return reason;
    }
}

/* Reads the rest of a bare cell that begins with `c`; *ret_next is the character that ends it. */
static const char *read_bare(hcp_csv *csv, int c, int *ret_next)
{
    for (; c != EOF && c != ',' && c != '\n' && c != '\r'; c = next_char(csv)) {
        const char *reason =
            c == '"' ? "a quote inside a cell that does not begin with one" : push_char(csv, c);
        if (reason != NULL)
            return reason;
    }
    *ret_next = c;
    return NULL;
}

/* Reads the cells of one row that begins with the character `c`; returns what is wrong, or NULL. */
static const char *read_cells(hcp_csv *csv, int c)
{
    for (;; c = next_char(csv)) {
        begin_cell(csv);
        const char *reason = c == '"' ? read_quoted(csv, &c) : read_bare(csv, c, &c);
        if (reason != NULL)
            return reason;
        if (c == '\r') {
            c = next_char(csv);
            if (c != '\n')
                return "a carriage return without a line feed";
        }
        if (c == '\n' || c == EOF)
            return NULL;
        if (c != ',')
            return "text after the closing quote of a cell";
    }
}

/* The first character of the next row that is not an empty line, or EOF. */
static int skip_empty_lines(hcp_csv *csv)
{
    for (;;) {
        csv->row_line = csv->next_line;
        int c = next_char(csv);
        if (c == '\r') {
            int after = next_char(csv);
            if (after == '\n')
                continue;
            (void)ungetc(after, csv->file);
            return c;
        }
        if (c != '\n')
            return c;
    }
}

/* Reads one row of any width. False at the end (`error` unset) or on failure. */
static bool read_row(hcp_csv *csv, GError **error)
{
    g_string_truncate(csv->row, 0);
    g_array_set_size(csv->starts, 0);
    if (csv->done)
        return false;
    int c = skip_empty_lines(csv);
    const char *reason = c != EOF ? read_cells(csv, c) : NULL;
    if (ferror(csv->file)) {
        csv->done = true;
        return fail(csv->name, errno, error);
    }
    if (c == EOF) {
        csv->done = true;
        return false;
    }
    if (reason != NULL)
        return refuse(csv, error, reason);
    /* Cells are valid one by one exactly when the row is: NUL stands between them. */
    for (guint i = 0; i < csv->starts->len; i++) {
        if (!g_utf8_validate(hcp_csv_text(csv, (int)i), -1, NULL))
            return refuse(csv, error, "not valid UTF-8; convert the file first");
    }
    return true;
}

static bool read_header(hcp_csv *csv, GError **error)
{
    static const char MARK[] = "\xef\xbb\xbf"; /* a byte order mark, as spreadsheets write it */
    GError *reason = NULL;
    if (!read_row(csv, &reason)) {
        if (reason == NULL)
            return refuse(csv, error, "empty; expected a header line that names the columns");
        g_propagate_error(error, reason);
        return false;
    }
    for (guint i = 0; i < csv->starts->len; i++) {
        const char *name = hcp_csv_text(csv, (int)i);
        if (i == 0 && g_str_has_prefix(name, MARK))
            name += strlen(MARK);
        if (!g_hash_table_insert(csv->columns, g_strdup(name), GINT_TO_POINTER(i))) {
            g_autofree char *text = g_strdup_printf("two columns are named \"%s\"", name);
            return refuse(csv, error, text);
        }
    }
    csv->n_columns = csv->starts->len;
    return true;
}

/* Takes `file`. */
static hcp_csv *open_file(FILE *file, const char *name, GError **error)
{
    if (file == NULL) {
        fail(name, errno, error);
        return NULL;
    }
    g_autoptr(hcp_csv) csv = g_new0(hcp_csv, 1);
    csv->file = file;
    csv->name = g_strdup(name);
    csv->columns = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    csv->row = g_string_sized_new(256);
    csv->starts = g_array_new(FALSE, FALSE, sizeof(gsize));
    csv->next_line = 1;
    return read_header(csv, error) ? g_steal_pointer(&csv) : NULL;
}

hcp_csv *hcp_csv_open(const char *path, GError **error)
{
    return open_file(fopen(path, "re"), path, error);
}

hcp_csv *hcp_csv_open_text(const char *text, size_t size, GError **error)
{
    return open_file(fmemopen((void *)text, size, "r"), "text", error);
}

int hcp_csv_column(const hcp_csv *csv, const char *name)
{
    gpointer index;
    return g_hash_table_lookup_extended(csv->columns, name, NULL, &index) ? GPOINTER_TO_INT(index)
                                                                          : -1;
}

bool hcp_csv_next(hcp_csv *csv, GError **error)
{
    if (!read_row(csv, error))
        return false;
    if (csv->starts->len == csv->n_columns)
        return true;
    g_autofree char *reason = g_strdup_printf("%u cells where the header names %u columns",
                                              csv->starts->len, csv->n_columns);
    return refuse(csv, error, reason);
}

const char *hcp_csv_text(const hcp_csv *csv, int column)
{
    if (column < 0 || (guint)column >= csv->starts->len)
        return "";
    return csv->row->str + g_array_index(csv->starts, gsize, column);
}

bool hcp_csv_number(const hcp_csv *csv, int column, double *ret_value)
{
    /* Decimal notation only: strtod would also take "nan", "inf", "0x1p3" and leading blanks. */
    const char *text = hcp_csv_text(csv, column);
    if (*text == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
        return false;
    char *end;
    double value = g_ascii_strtod(text, &end);
    if (*end != '\0' || !isfinite(value))
        return false;
    *ret_value = value;
    return true;
}

int64_t hcp_csv_line(const hcp_csv *csv)
{
    return csv->row_line;
}

void hcp_csv_free(hcp_csv *csv)
{
    if (csv == NULL)
        return;
    (void)fclose(csv->file); /* read only: nothing to lose */
    g_free(csv->name);
    g_hash_table_destroy(csv->columns);
    g_string_free(csv->row, TRUE);
    g_array_free(csv->starts, TRUE);
    g_free(csv);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading recorded data: comma-separated, one header line, RFC 4180 quotes, LF or CRLF, UTF-8. Streaming, one row at a
 * time; an empty cell is "not available" and never zero.
 */
#ifndef HCP_BASE_CSV_H
#define HCP_BASE_CSV_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hcp_csv hcp_csv;

/* Opens a file and reads its header. */
hcp_csv *hcp_csv_open(const char *path, GError **error);

/* Reads from memory (tests, fuzzing); `text` must outlive the reader. */
hcp_csv *hcp_csv_open_text(const char *text, size_t size, GError **error);

/* Index of the column `name`, or -1. */
int hcp_csv_column(const hcp_csv *csv, const char *name);

/* Advances to the next row. False at the end (`error` unset) or on a malformed row (wrong number of cells, unterminated
 * quote, a row over 1 MiB), whose message names the line. */
bool hcp_csv_next(hcp_csv *csv, GError **error);

/* Text of the cell in `column` of the current row; "" when it is empty or `column` is -1, so that a
 * column the file does not have reads as not available. Valid until the next row. */
const char *hcp_csv_text(const hcp_csv *csv, int column);

/* The cell as a finite number; false when it is empty or not a number (then `ret_value` is untouched). */
bool hcp_csv_number(const hcp_csv *csv, int column, double *ret_value);

/* Line number (1-based) of the current row, for messages. */
int64_t hcp_csv_line(const hcp_csv *csv);

/* Closes the reader; NULL is allowed. */
void hcp_csv_free(hcp_csv *csv);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_csv, hcp_csv_free)

#endif

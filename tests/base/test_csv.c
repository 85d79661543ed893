/* SPDX-License-Identifier: Apache-2.0 */
#include "base/csv.h"
#include "base/rng.h"
#include "check.h"

#include <glib/gstdio.h>

static hcp_csv *open_text(const char *text)
{
    g_autoptr(GError) error = NULL;
    hcp_csv *csv = hcp_csv_open_text(text, strlen(text), &error);
    g_assert_no_error(error);
    return csv;
}

static void test_rows(void)
{
    g_autoptr(hcp_csv) csv = open_text("time,price,note\r\n"
                                       "a,1.5,\r\n"
                                       "\r\n"
                                       "\"b, c\",-2e3,\"say \"\"hi\"\"\n twice\"\n"
                                       "\n"
                                       "d,,\"\"");
    GError *error = NULL;
    double value = 7.0;
    g_assert_cmpint(hcp_csv_column(csv, "time"), ==, 0);
    g_assert_cmpint(hcp_csv_column(csv, "note"), ==, 2);
    g_assert_cmpint(hcp_csv_column(csv, "Note"), ==, -1);

    g_assert_true(hcp_csv_next(csv, &error));
    g_assert_cmpint(hcp_csv_line(csv), ==, 2);
    g_assert_cmpstr(hcp_csv_text(csv, 0), ==, "a");
    g_assert_true(hcp_csv_number(csv, 1, &value));
    g_assert_cmpfloat(value, ==, 1.5);
    g_assert_cmpstr(hcp_csv_text(csv, 2), ==, "");
    g_assert_cmpstr(hcp_csv_text(csv, -1), ==, "");
    g_assert_false(hcp_csv_number(csv, -1, &value));

    g_assert_true(hcp_csv_next(csv, &error));
    g_assert_cmpint(hcp_csv_line(csv), ==, 4);
    g_assert_cmpstr(hcp_csv_text(csv, 0), ==, "b, c");
    g_assert_true(hcp_csv_number(csv, 1, &value));
    g_assert_cmpfloat(value, ==, -2000.0);
    g_assert_cmpstr(hcp_csv_text(csv, 2), ==, "say \"hi\"\n twice");

    g_assert_true(hcp_csv_next(csv, &error));
    g_assert_cmpint(hcp_csv_line(csv), ==, 7);
    g_assert_false(hcp_csv_number(csv, 1, &value)); /* not available, and not zero */
    g_assert_cmpfloat(value, ==, -2000.0);

    g_assert_false(hcp_csv_next(csv, &error));
    g_assert_no_error(error);
    g_assert_false(hcp_csv_next(csv, &error));
    g_assert_no_error(error);
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        double value; /* 42 = refused */
    } CASES[] = {
        {"0", 0.0},     {"-0.5", -0.5}, {"+3", 3.0},   {"1e-3", 0.001},
        {".5", 0.5},    {"nan", 42.0},  {"inf", 42.0}, {"1e999", 42.0},
        {"0x10", 42.0}, {" 1", 42.0},   {"1 ", 42.0},  {"1.2.3", 42.0},
        {"-", 42.0},    {"e5", 42.0},   {"N/A", 42.0}, {"\"1,5\"", 42.0},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *text = g_strdup_printf("x,y\n%s,1\n", CASES[i].text);
        g_autoptr(hcp_csv) csv = open_text(text);
        double value = 42.0;
        g_assert_true(hcp_csv_next(csv, NULL));
        g_assert_cmpint(hcp_csv_number(csv, 0, &value), ==, CASES[i].value != 42.0);
        g_assert_cmpfloat(value, ==, CASES[i].value);
    }
}

static void test_row_errors(void)
{
    static const struct {
        const char *text, *part;
    } CASES[] = {
        {"a,b\n1,2\n3\n", "text: line 3: 1 cells where the header names 2 columns"},
        {"a,b\n1,2,3\n", "line 2: 3 cells where the header names 2 columns"},
        {"a,b\n\"1,2\n3,4\n", "line 2: a quoted cell is not closed"},
        {"a,b\n\"1\"x,2\n", "line 2: text after the closing quote"},
        {"a,b\n1\"x,2\n", "line 2: a quote inside a cell"},
        {"a,b\n1,2\r3,4\n", "line 2: a carriage return without a line feed"},
        {"a,b\n\r3,4\n", "line 2: a carriage return without a line feed"},
        {"a,b\n1,2\r", "line 2: a carriage return without a line feed"},
        {"a,b\n1,\xff\n", "line 2: not valid UTF-8"},
        {"a,b\n1,\xc3,\n", "line 2: not valid UTF-8"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autoptr(hcp_csv) csv = open_text(CASES[i].text);
        GError *error = NULL;
        while (hcp_csv_next(csv, &error))
            continue;
        check_error(&error, HCP_ERROR_INVALID, CASES[i].part);
        g_assert_false(hcp_csv_next(csv, &error)); /* a failure is the end */
        g_assert_no_error(error);
    }
}

static void test_header_errors(void)
{
    static const struct {
        const char *text;
        size_t size;
        const char *part;
    } CASES[] = {
        {"", 0, "text: line 1: empty; expected a header line"},
        {"\n\n", 2, "empty; expected a header line"},
        {"a,a\n", 4, "line 1: two columns are named \"a\""},
        {"a,\0\n", 4, "a NUL byte"},
        {"\"a", 2, "not closed"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        GError *error = NULL;
        g_assert_null(hcp_csv_open_text(CASES[i].text, CASES[i].size, &error));
        check_error(&error, HCP_ERROR_INVALID, CASES[i].part);
    }
}

static void test_huge_row(void)
{
    GError *error = NULL;
    g_autofree char *filler = g_strnfill(2 << 20, 'x');
    g_autofree char *text = g_strdup_printf("a\n\"%s\n", filler);
    g_autoptr(hcp_csv) csv = open_text(text);
    g_assert_false(hcp_csv_next(csv, &error));
    check_error(&error, HCP_ERROR_INVALID, "line 2: a row of more than 1 MiB");
}

static void test_file(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *dir = g_dir_make_tmp("hcp-csv-XXXXXX", NULL);
    g_autofree char *path = g_build_filename(dir, "a.csv", NULL);
    g_assert_null(hcp_csv_open(path, &error));
    check_error(&error, HCP_ERROR_NOT_FOUND, path);
    g_assert_null(hcp_csv_open(dir, &error));
    check_error(&error, HCP_ERROR_IO, dir);
    g_assert_true(g_file_set_contents(path, "\xef\xbb\xbfname,v\nx,1\ny\n", -1, NULL));
    {
        g_autoptr(hcp_csv) csv = hcp_csv_open(path, &error);
        g_assert_no_error(error);
        g_assert_cmpint(hcp_csv_column(csv, "name"), ==, 0); /* without the byte order mark */
        g_assert_true(hcp_csv_next(csv, &error));
        g_assert_false(hcp_csv_next(csv, &error));
        check_error(&error, HCP_ERROR_INVALID, "a.csv: line 3: 1 cells");
    }
    g_assert_cmpint(g_remove(path), ==, 0);
    g_assert_cmpint(g_rmdir(dir), ==, 0);
}

/* Whatever is written with RFC 4180 quoting is read back. */
static void test_round_trip(void)
{
    static const char *const PIECES[] = {"a", ",", "\"", "\n", "\r\n", " ", "\xc3\xa9", "0", ""};
    hcp_rng rng;
    hcp_rng_init(&rng, 4, 0);
    for (int round = 0; round < 300; round++) {
        g_autoptr(GPtrArray) cells = g_ptr_array_new_with_free_func(g_free);
        g_autoptr(GString) text = g_string_new("a,b,c\n");
        for (int i = 0; i < 30; i++) {
            g_autoptr(GString) cell = g_string_new(NULL);
            for (uint64_t n = hcp_rng_below(&rng, 5); n > 0; n--)
                g_string_append(cell, PIECES[hcp_rng_below(&rng, G_N_ELEMENTS(PIECES))]);
            g_auto(GStrv) halves = g_strsplit(cell->str, "\"", -1);
            g_autofree char *doubled = g_strjoinv("\"\"", halves);
            g_string_append_printf(text, "\"%s\"%s", doubled, i % 3 == 2 ? "\r\n" : ",");
            g_ptr_array_add(cells, g_strdup(cell->str));
        }
        g_autoptr(hcp_csv) csv = open_text(text->str);
        for (int i = 0; i < 30; i++) {
            if (i % 3 == 0)
                g_assert_true(hcp_csv_next(csv, NULL));
            g_assert_cmpstr(hcp_csv_text(csv, i % 3), ==, cells->pdata[i]);
        }
        g_assert_false(hcp_csv_next(csv, NULL));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/csv/rows", test_rows);
    g_test_add_func("/csv/numbers", test_numbers);
    g_test_add_func("/csv/errors/rows", test_row_errors);
    g_test_add_func("/csv/errors/header", test_header_errors);
    g_test_add_func("/csv/errors/huge-row", test_huge_row);
    g_test_add_func("/csv/file", test_file);
    g_test_add_func("/csv/round-trip", test_round_trip);
    return g_test_run();
}

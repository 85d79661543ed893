/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/canvas.h"

#define NCURSES_WIDECHAR 1
#include <curses.h>
#include <stdio.h>

void hcp_cli_canvas_init(hcp_cli_canvas *canvas, int rows, int columns)
{
    *canvas = (hcp_cli_canvas){
        .rows = rows,
        .columns = columns,
        .cells = g_new0(hcp_cli_cell, (gsize)rows * (gsize)columns),
    };
    for (int i = 0; i < rows * columns; i++)
        canvas->cells[i].c = ' ';
}

void hcp_cli_canvas_finish(hcp_cli_canvas *canvas)
{
    g_free(canvas->cells);
    *canvas = (hcp_cli_canvas){0};
}

void hcp_cli_canvas_put(hcp_cli_canvas *canvas, const hcp_cli_place *place, const char *text)
{
    if (place->row < 0 || place->row >= canvas->rows || place->column >= canvas->columns)
        return;
    int room = canvas->columns - place->column;
    int width = place->width > 0 ? MIN(place->width, room) : room;
    g_autofree char *clean = hcp_cli_clean(text);
    g_autofree char *fitted = hcp_cli_shorten(clean, width);
    int column = place->column + (place->right ? width - hcp_cli_width(fitted) : 0);
    hcp_cli_cell *row = canvas->cells + place->row * canvas->columns;
    for (const char *p = fitted; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        if (g_unichar_iszerowidth(c)) /* a cell holds one character */
            continue;
        row[column++] = (hcp_cli_cell){c, place->tone};
        if (g_unichar_iswide(c))
            row[column++] = (hcp_cli_cell){0, place->tone};
    }
}

/* The cells of one row from `from` on that share a tone, as text; *ret_end is where they end. */
static char *run_of(const hcp_cli_canvas *canvas, int row, int from, int *ret_end)
{
    const hcp_cli_cell *cells = canvas->cells + row * canvas->columns;
    GString *text = g_string_new(NULL);
    int end = from;
    for (; end < canvas->columns && cells[end].tone == cells[from].tone; end++)
        if (cells[end].c != 0)
            g_string_append_unichar(text, cells[end].c);
    *ret_end = end;
    return g_string_free(text, FALSE);
}

static attr_t attributes_of(int tone)
{
    if (tone == HCP_CLI_TITLE)
        return A_BOLD;
    if (tone == HCP_CLI_PLAIN)
        return A_NORMAL;
    /* Without colours what wants attention still stands out. */
    return has_colors() ? (attr_t)COLOR_PAIR(tone) : (tone == HCP_CLI_GOOD ? A_NORMAL : A_BOLD);
}

void hcp_cli_canvas_show(const hcp_cli_canvas *canvas)
{
    erase();
    for (int row = 0; row < canvas->rows; row++) {
        for (int column = 0, end; column < canvas->columns; column = end) {
            g_autofree char *text = run_of(canvas, row, column, &end);
            attrset((int)attributes_of(canvas->cells[row * canvas->columns + column].tone));
            mvaddstr(row, column, text);
        }
    }
    attrset((int)A_NORMAL);
    refresh();
}

void hcp_cli_canvas_print(const hcp_cli_canvas *canvas)
{
    int blank = 0;
    for (int row = 0; row < canvas->rows; row++) {
        g_autoptr(GString) line = g_string_new(NULL);
        for (int column = 0, end; column < canvas->columns; column = end) {
            g_autofree char *text = run_of(canvas, row, column, &end);
            g_string_append(line, text);
        }
        g_strchomp(line->str);
        if (line->str[0] == '\0') {
            blank++;
            continue;
        }
        for (; blank > 0; blank--)
            putchar('\n');
        puts(line->str);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A screenful of cells that is drawn whole and shown at once: through curses, which sends only what changed, or as text. */
#ifndef HCP_CLI_CANVAS_H
#define HCP_CLI_CANVAS_H

#include "cli/style.h"

#include <glib.h>

/* Beyond the tones of style.h. */
enum { HCP_CLI_TITLE = HCP_CLI_BAD + 1, HCP_CLI_TONES };

typedef struct {
    gunichar c; /* 0: the right half of a wide character */
    int tone;
} hcp_cli_cell;

typedef struct {
    int rows, columns;
    hcp_cli_cell *cells;
} hcp_cli_canvas;

/* An empty canvas; hcp_cli_canvas_finish frees its cells. */
void hcp_cli_canvas_init(hcp_cli_canvas *canvas, int rows, int columns);
void hcp_cli_canvas_finish(hcp_cli_canvas *canvas);

/* Where text goes and how much of it. */
typedef struct {
    int row, column, width; /* width 0: to the right edge */
    int tone;
    bool right; /* aligned to the right of `width` */
} hcp_cli_place;

/* Puts text, cleaned and shortened to its place; outside of the canvas nothing happens. */
void hcp_cli_canvas_put(hcp_cli_canvas *canvas, const hcp_cli_place *place, const char *text);

/* Shows the canvas on the curses screen. */
void hcp_cli_canvas_show(const hcp_cli_canvas *canvas);

/* Prints it as lines, without what is blank at the right and at the end. */
void hcp_cli_canvas_print(const hcp_cli_canvas *canvas);

#endif

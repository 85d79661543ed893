/* SPDX-License-Identifier: Apache-2.0 */
/* What `hcp top` shows: the latest answers of the API and how they are laid out. */
#ifndef HCP_CLI_TOP_H
#define HCP_CLI_TOP_H

#include "cli/canvas.h"

#include <jansson.h>
#include <stdint.h>

/* Each answer is NULL until it was given; owned. */
typedef struct {
    json_t *status, *prices, *queue, *switches, *alerts, *recommendations, *merit;
    char *fault;      /* why the last round failed, or NULL */
    int64_t taken_us; /* monotonic time of the last good round, 0 = never */
    const char *url;
} hcp_cli_top_view;

/* Lays the view out on the canvas. `now_us` is monotonic time. */
void hcp_cli_top_draw(const hcp_cli_top_view *view, hcp_cli_canvas *canvas, int64_t now_us);

#endif

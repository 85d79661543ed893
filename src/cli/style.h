/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal can show: its width, colour, and text that cannot take it over. */
#ifndef HCP_CLI_STYLE_H
#define HCP_CLI_STYLE_H

#include <stdbool.h>
#include <stdio.h>

typedef struct {
    int width;   /* columns, 0 where nothing has to be cut */
    bool colour; /* a terminal, NO_COLOR not set, TERM not "dumb" */
} hcp_cli_style;

/* How to write to `out`. */
hcp_cli_style hcp_cli_style_of(FILE *out);

/* What a state means to whoever looks: "running" is good, "stale" wants attention, "failed" is bad. */
typedef enum { HCP_CLI_PLAIN, HCP_CLI_GOOD, HCP_CLI_ATTENTION, HCP_CLI_BAD } hcp_cli_tone;

/* The tone of a state's name; unknown ones are plain. */
hcp_cli_tone hcp_cli_tone_of(const char *state);

/* Escape sequence that starts a tone, "" for the plain one; "\033[0m" ends it. */
const char *hcp_cli_tone_start(hcp_cli_tone tone);

/* Display width of UTF-8 text: wide characters count two, combining ones none. */
int hcp_cli_width(const char *text);

/* A copy of at most `width` columns, ending in "…" when something is missing. Caller frees. */
char *hcp_cli_shorten(const char *text, int width);

/* A copy in which control characters, among them escape sequences somebody put into a name, and invalid UTF-8 are
 * replaced by "?". Caller frees. */
char *hcp_cli_clean(const char *text);

#endif

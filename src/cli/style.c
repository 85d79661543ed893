/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/style.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define NARROWEST 20

static int terminal_width(int fd)
{
    struct winsize size = {0};
    if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return MAX(size.ws_col, NARROWEST);
    return 80;
}

hcp_cli_style hcp_cli_style_of(FILE *out)
{
    int fd = fileno(out);
    if (!isatty(fd))
        return (hcp_cli_style){0};
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    return (hcp_cli_style){
        .width = terminal_width(fd),
        .colour =
            (no_color == NULL || no_color[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0,
    };
}

static const struct {
    const char *state;
    hcp_cli_tone tone;
} TONES[] = {
    {"running", HCP_CLI_GOOD},
    {"completed", HCP_CLI_GOOD},
    {"operational", HCP_CLI_GOOD},
    {"healthy", HCP_CLI_GOOD},
    {"ok", HCP_CLI_GOOD},
    {"good", HCP_CLI_GOOD},
    {"active", HCP_CLI_GOOD},
    {"success", HCP_CLI_GOOD},
    {"queued", HCP_CLI_ATTENTION},
    {"starting", HCP_CLI_ATTENTION},
    {"stale", HCP_CLI_ATTENTION},
    {"suspect", HCP_CLI_ATTENTION},
    {"degraded", HCP_CLI_ATTENTION},
    {"warning", HCP_CLI_ATTENTION},
    {"draining", HCP_CLI_ATTENTION},
    {"maintenance", HCP_CLI_ATTENTION},
    {"failed", HCP_CLI_BAD},
    {"unhealthy", HCP_CLI_BAD},
    {"missing", HCP_CLI_BAD},
    {"critical", HCP_CLI_BAD},
    {"emergency", HCP_CLI_BAD},
    {"read_only", HCP_CLI_BAD},
};

hcp_cli_tone hcp_cli_tone_of(const char *state)
{
    for (size_t i = 0; state != NULL && i < G_N_ELEMENTS(TONES); i++)
        if (g_str_equal(TONES[i].state, state))
            return TONES[i].tone;
    return HCP_CLI_PLAIN;
}

const char *hcp_cli_tone_start(hcp_cli_tone tone)
{
    static const char *const starts[] = {"", "\033[32m", "\033[33m", "\033[31m"};
    return starts[tone];
}

static int width_of(gunichar c)
{
    if (g_unichar_iszerowidth(c))
        return 0;
    return g_unichar_iswide(c) ? 2 : 1;
}

int hcp_cli_width(const char *text)
{
    int width = 0;
    for (const char *p = text; *p != '\0'; p = g_utf8_next_char(p))
        width += width_of(g_utf8_get_char(p));
    return width;
}

char *hcp_cli_shorten(const char *text, int width)
{
    if (hcp_cli_width(text) <= width)
        return g_strdup(text);
    int used = 0;
    const char *end = text;
    for (; *end != '\0'; end = g_utf8_next_char(end)) {
        int w = width_of(g_utf8_get_char(end));
        if (used + w > width - 1)
            break;
        used += w;
    }
    g_autofree char *head = g_strndup(text, (gsize)(end - text));
    return g_strconcat(head, width > 0 ? "…" : "", NULL);
}

char *hcp_cli_clean(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    GString *clean = g_string_new(NULL);
    for (const char *p = valid; *p != '\0'; p = g_utf8_next_char(p)) {
        gunichar c = g_utf8_get_char(p);
        g_string_append_unichar(clean, g_unichar_iscntrl(c) ? '?' : c);
    }
    return g_string_free(clean, FALSE);
}

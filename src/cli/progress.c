/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <glib.h>
#include <stdio.h>
#include <unistd.h>

#define INTERVAL_US 100000
#define BAR "########################################"
#define REST "........................................"

void hcp_cli_progress_init(hcp_cli_progress *progress, const char *what)
{
    *progress = (hcp_cli_progress){.what = what, .shown = isatty(STDERR_FILENO) != 0};
}

static bool is_due(hcp_cli_progress *progress)
{
    int64_t now_us = g_get_monotonic_time();
    if (!progress->shown || now_us < progress->next_us)
        return false;
    progress->next_us = now_us + INTERVAL_US;
    return true;
}

static void draw(const char *what, double share)
{
    int filled = (int)(share * (double)(sizeof BAR - 1));
    fprintf(stderr, "\r%-10s [%.*s%.*s] %3.0f %%", what, filled, BAR,
            (int)(sizeof BAR - 1) - filled, REST, 100 * share);
}

void hcp_cli_progress_show(hcp_cli_progress *progress, uint64_t done, uint64_t total)
{
    if (!is_due(progress))
        return;
    draw(progress->what, total > 0 ? (double)done / (double)total : 0);
    fprintf(stderr, " of %" G_GUINT64_FORMAT, total);
    fflush(stderr);
}

void hcp_cli_progress_share(hcp_cli_progress *progress, const char *what, double share)
{
    if (!is_due(progress))
        return;
    fputs("\033[K", stderr);
    draw(what, share);
    fflush(stderr);
}

void hcp_cli_progress_end(hcp_cli_progress *progress)
{
    if (progress->shown)
        fputs("\r\033[K", stderr);
}

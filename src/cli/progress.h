/* SPDX-License-Identifier: Apache-2.0 */
/* A line on standard error that tells how far long work is; nothing where nobody watches. */
#ifndef HCP_CLI_PROGRESS_H
#define HCP_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char *what;
    bool shown;      /* standard error is a terminal */
    int64_t next_us; /* monotonic: not drawn again before */
} hcp_cli_progress;

/* Starts a line about `what`, borrowed. */
void hcp_cli_progress_init(hcp_cli_progress *progress, const char *what);

/* Draws `done` of `total`, at most ten times a second. */
void hcp_cli_progress_show(hcp_cli_progress *progress, uint64_t done, uint64_t total);

/* Draws a share from 0 to 1 of work in stages, of which `what` is the present one. */
void hcp_cli_progress_share(hcp_cli_progress *progress, const char *what, double share);

/* Takes the line away. */
void hcp_cli_progress_end(hcp_cli_progress *progress);

#endif

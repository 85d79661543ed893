/* SPDX-License-Identifier: Apache-2.0 */
/* The checks of `hcp doctor`: each adds what it found, with a remedy where something is wrong. */
#ifndef HCP_CLI_DOCTOR_H
#define HCP_CLI_DOCTOR_H

#include "cli/client.h"
#include "runtime/config.h"

typedef enum { HCP_CLI_HEALTHY, HCP_CLI_WARNING, HCP_CLI_FAULT } hcp_cli_verdict;

typedef struct {
    const hcp_config *config;
    const char *directory; /* of the journal */
    hcp_cli_client *client;
    long daemon_pid;  /* that holds the directory, 0 when none does */
    json_t *findings; /* array of {check, status, detail, remedy} */
    hcp_cli_verdict worst;
} hcp_cli_examination;

/* Records one finding; `remedy` is NULL where nothing has to be done. */
void hcp_cli_examination_add(hcp_cli_examination *examination, const char *check,
                             hcp_cli_verdict verdict, const char *remedy, const char *format, ...)
    G_GNUC_PRINTF(5, 6);

/* Data directory: there, writable, whose. Sets daemon_pid. */
void hcp_cli_doctor_directory(hcp_cli_examination *examination);

/* Space left where the journal grows. */
void hcp_cli_doctor_disk(hcp_cli_examination *examination);

/* The journal's end, its acknowledged entry and its version, as at every start. */
void hcp_cli_doctor_journal(hcp_cli_examination *examination);

/* The ports the configuration would open. */
void hcp_cli_doctor_ports(hcp_cli_examination *examination);

/* The system clock: synchronised, and not behind what the journal has seen. */
void hcp_cli_doctor_clock(hcp_cli_examination *examination);

/* The limit of open files, which is the limit of connections. */
void hcp_cli_doctor_limits(hcp_cli_examination *examination);

/* Does a daemon answer, and is it ready. */
void hcp_cli_doctor_daemon(hcp_cli_examination *examination);

#endif

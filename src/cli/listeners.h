/* SPDX-License-Identifier: Apache-2.0 */
/* Who listens on a TCP port of this machine, from /proc. */
#ifndef HCP_CLI_LISTENERS_H
#define HCP_CLI_LISTENERS_H

#include <stdbool.h>

typedef struct {
    long pid;      /* 0: another user's process, which /proc does not show us */
    char name[64]; /* of the program, "" when unknown */
} hcp_cli_listener;

/* True when something listens on `port`, on any address; then ret_listener says who. */
bool hcp_cli_listener_find(int port, hcp_cli_listener *ret_listener);

/* The name of a running process, in `ret_listener`; false when there is none with that pid. */
bool hcp_cli_listener_name(long pid, hcp_cli_listener *ret_listener);

#endif

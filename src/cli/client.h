/* SPDX-License-Identifier: Apache-2.0 */
/* The command line as a client of the gateway: one request after the other over HTTP, errors in words. */
#ifndef HCP_CLI_CLIENT_H
#define HCP_CLI_CLIENT_H

#include "cli/command.h"

#include <glib.h>
#include <jansson.h>
#include <stdbool.h>

/* Filled by HCP_CLI_CLIENT_OPTIONS: --url, --port-offset and --json. */
typedef struct {
    char *url;
    int port_offset;
    gboolean json;
} hcp_cli_client_options;

extern const hcp_cli_options HCP_CLI_CLIENT_OPTIONS;

/* Filled by HCP_CLI_PAGE_OPTIONS: --limit and --all. */
typedef struct {
    int limit; /* 0: one screenful, 50 */
    gboolean all;
} hcp_cli_page_options;

extern const hcp_cli_options HCP_CLI_PAGE_OPTIONS;

typedef struct hcp_cli_client hcp_cli_client;

/* A client of --url, else $HCP_URL, else the loopback gateway moved by --port-offset. `command` names it in messages and
 * is borrowed. */
hcp_cli_client *hcp_cli_client_new(const char *command, const hcp_cli_client_options *options);

/* Frees the client; NULL is allowed. */
void hcp_cli_client_free(hcp_cli_client *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_cli_client, hcp_cli_client_free)

/* The gateway's address without a slash at its end, borrowed from the client. */
const char *hcp_cli_client_url(const hcp_cli_client *client);

/* One request. `body` NULL is GET, otherwise POST. */
typedef struct {
    const char *method; /* NULL = POST with a body, GET without */
    const char *path;   /* with its query */
    const json_t *body;
    const char *idempotency_key; /* or NULL */
    long timeout_s;              /* for the whole answer; 0 = 30 */
} hcp_cli_call;

/* What came back: the HTTP status and the parsed body, a new reference. */
typedef struct {
    long status;
    json_t *body;
} hcp_cli_answer;

/* Sends `call` and waits. False when nothing listens there (HCP_ERROR_IO), when what listens is silent until the time is
 * up (HCP_ERROR_BUSY) or when what answers is no daemon (HCP_ERROR_INVALID). */
bool hcp_cli_client_send(hcp_cli_client *client, const hcp_cli_call *call,
                         hcp_cli_answer *ret_answer, GError **error);

/* The same for commands: problems are printed, and the result is an exit status. *ret_body, a new reference, is set only
 * with HCP_EXIT_OK. */
int hcp_cli_client_call(hcp_cli_client *client, const hcp_cli_call *call, json_t **ret_body);

/* GET. */
int hcp_cli_client_get(hcp_cli_client *client, const char *path, json_t **ret_body);

/* GET of a list, page by page until the limit or the end: the first page with every item in `member` and the last
 * page's next_cursor. */
int hcp_cli_client_list(hcp_cli_client *client, const char *path, const char *member,
                        const hcp_cli_page_options *page, json_t **ret_body);

/* Prints `value` as indented JSON. */
void hcp_cli_print_json(const json_t *value);

/* Appends "?name=value" or "&name=value", escaped; nothing when `value` is NULL. */
void hcp_cli_path_add(GString *path, const char *name, const char *value);

/* "before" + the operand, escaped as one path segment + "after". Caller frees. */
char *hcp_cli_path_of(const char *before, const char *operand, const char *after);

#endif

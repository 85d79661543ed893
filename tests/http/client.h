/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client for tests of the server: raw bytes over a real socket, on the same thread and main
 * context as the server, which therefore runs whenever the client waits. Every wait has a deadline.
 */
#ifndef HCP_TESTS_HTTP_CLIENT_H
#define HCP_TESTS_HTTP_CLIENT_H

#include "base/json.h"

#include <glib.h>
#include <stdbool.h>

typedef struct {
    int fd;
    GString *input; /* received, not yet consumed */
    bool closed;    /* the server has closed its side */
} test_client;

typedef struct {
    int status;
    char *headers; /* all header lines */
    char *body;
    size_t size;
} test_answer;

/* Connects to a loopback port. */
test_client *test_client_new(int port);
void test_client_free(test_client *client);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(test_client, test_client_free)

void test_answer_clear(test_answer *answer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(test_answer, test_answer_clear)

/* Sends bytes; the server runs while they do not fit. False when the server has closed the
 * connection. */
bool test_client_send(test_client *client, const char *bytes, size_t size);

/* Waits for one whole answer. False when the connection was closed first. */
bool test_client_receive(test_client *client, test_answer *ret_answer);

/* Waits until `text` has been received (a stream), or the connection closed; false then. */
bool test_client_wait_for(test_client *client, const char *text);

/* Waits until the server has closed the connection. */
void test_client_wait_closed(test_client *client);

/* One request on a connection of its own. `head` is "METHOD /path" and further header lines, each
 * ending in "\r\n" but the last; `body` may be NULL. */
test_answer test_exchange(int port, const char *head, const char *body);

/* The value of a header of the answer, or NULL. Caller frees. */
char *test_answer_header(const test_answer *answer, const char *name);

/* The body as JSON; asserts that it is some. New reference. */
json_t *test_answer_json(const test_answer *answer);

/* Asserts a problem document of this status and slug. */
void test_assert_problem(const test_answer *answer, int status, const char *slug);

/* Asserts a problem that names `pointer` among its errors. */
void test_assert_pointer(const test_answer *answer, const char *pointer);

/* Runs the main context until `done` returns true; asserts that it does within the deadline. */
void test_run_until(bool (*done)(void *data), void *data);

#endif

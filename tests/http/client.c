/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEADLINE_US (120 * G_USEC_PER_SEC)

static gboolean on_wake(gpointer data)
{
    (void)data;
    return G_SOURCE_CONTINUE;
}

/* One turn of the loop; a timer makes sure that it returns. */
static void turn(void)
{
    guint timer = g_timeout_add(2, on_wake, NULL);
    g_main_context_iteration(NULL, TRUE);
    g_source_remove(timer);
}

void test_run_until(bool (*done)(void *data), void *data)
{
    int64_t deadline_us = g_get_monotonic_time() + DEADLINE_US;
    while (!done(data)) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
        turn();
    }
}

test_client *test_client_new(int port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    test_client *client = g_new0(test_client, 1);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(client->fd, >=, 0);
    g_assert_cmpint(connect(client->fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(fcntl(client->fd, F_SETFL, O_NONBLOCK), ==, 0);
    client->input = g_string_new(NULL);
    return client;
}

void test_client_free(test_client *client)
{
    close(client->fd);
    g_string_free(client->input, TRUE);
    g_free(client);
}

void test_answer_clear(test_answer *answer)
{
    g_free(answer->headers);
    g_free(answer->body);
    *answer = (test_answer){0};
}

static void read_some(test_client *client)
{
    char buffer[65536];
    ssize_t size = recv(client->fd, buffer, sizeof buffer, 0);
    if (size > 0)
        g_string_append_len(client->input, buffer, size);
    else if (size == 0 || (errno != EAGAIN && errno != EINTR))
        client->closed = true;
}

bool test_client_send(test_client *client, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t sent = send(client->fd, bytes, size, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            return false;
        if (sent > 0) {
            bytes += sent;
            size -= (size_t)sent;
        }
        turn();
    }
    return true;
}

/* Decodes a chunked body. Returns how many bytes it took, 0 when it is not complete. */
static size_t take_chunks(const char *text, GString *body)
{
    const char *at = text;
    for (;;) {
        const char *line = strstr(at, "\r\n");
        if (line == NULL)
            return 0;
        size_t size = strtoul(at, NULL, 16);
        if (strlen(line + 2) < size + 2)
            return 0;
        g_string_append_len(body, line + 2, (gssize)size);
        at = line + 2 + size + 2;
        if (size == 0)
            return (size_t)(at - text);
    }
}

/* Takes one answer off the input; false when it is not complete yet. */
static bool take_answer(test_client *client, test_answer *ret_answer)
{
    const char *text = client->input->str;
    const char *end = strstr(text, "\r\n\r\n");
    if (end == NULL)
        return false;
    if (g_str_has_prefix(text, "HTTP/1.1 100")) {
        g_string_erase(client->input, 0, end + 4 - text);
        return take_answer(client, ret_answer);
    }
    test_answer answer = {.status = atoi(text + 9),
                          .headers = g_strndup(text, (gsize)(end - text))};
    g_autofree char *length = test_answer_header(&answer, "Content-Length");
    g_autoptr(GString) body = g_string_new(NULL);
    size_t rest = client->input->len - (size_t)(end + 4 - text), taken = 0;
    bool complete = true;
    if (length != NULL) {
        taken = strtoul(length, NULL, 10);
        complete = taken <= rest;
        g_string_append_len(body, end + 4, (gssize)MIN(taken, rest));
    } else if (answer.status != 204 && answer.status != 304) {
        g_autofree char *coding = test_answer_header(&answer, "Transfer-Encoding");
        taken = coding != NULL ? take_chunks(end + 4, body) : rest;
        complete = coding != NULL ? taken > 0 : client->closed;
        if (coding == NULL)
            g_string_append_len(body, end + 4, (gssize)rest);
    }
    if (!complete) {
        test_answer_clear(&answer);
        return false;
    }
    answer.size = body->len;
    answer.body = g_strndup(body->str, body->len);
    g_string_erase(client->input, 0, (gssize)((size_t)(end + 4 - text) + taken));
    *ret_answer = answer;
    return true;
}

bool test_client_receive(test_client *client, test_answer *ret_answer)
{
    int64_t deadline_us = g_get_monotonic_time() + DEADLINE_US;
    for (;;) {
        read_some(client);
        if (take_answer(client, ret_answer))
            return true;
        if (client->closed)
            return false;
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
        turn();
    }
}

bool test_client_wait_for(test_client *client, const char *text)
{
    int64_t deadline_us = g_get_monotonic_time() + DEADLINE_US;
    while (strstr(client->input->str, text) == NULL) {
        if (client->closed)
            return false;
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
        turn();
        read_some(client);
    }
    return true;
}

void test_client_wait_closed(test_client *client)
{
    int64_t deadline_us = g_get_monotonic_time() + DEADLINE_US;
    while (!client->closed) {
        g_assert_cmpint(g_get_monotonic_time(), <, deadline_us);
        turn();
        read_some(client);
    }
}

test_answer test_exchange(int port, const char *head, const char *body)
{
    g_autoptr(test_client) client = test_client_new(port);
    const char *line_end = strstr(head, "\r\n");
    gsize line_size = line_end != NULL ? (gsize)(line_end - head) : strlen(head);
    g_autoptr(GString) request = g_string_new_len(head, (gssize)line_size);
    g_string_append(request, " HTTP/1.1\r\nHost: test");
    g_string_append(request, head + line_size);
    if (body != NULL)
        g_string_append_printf(request, "\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    else
        g_string_append(request, "\r\n\r\n");
    test_answer answer = {0};
    g_assert_true(test_client_send(client, request->str, request->len));
    g_assert_true(test_client_receive(client, &answer));
    return answer;
}

char *test_answer_header(const test_answer *answer, const char *name)
{
    g_auto(GStrv) lines = g_strsplit(answer->headers, "\r\n", -1);
    size_t size = strlen(name);
    for (char **line = lines; *line != NULL; line++) {
        if (g_ascii_strncasecmp(*line, name, size) == 0 && (*line)[size] == ':')
            return g_strstrip(g_strdup(*line + size + 1));
    }
    return NULL;
}

json_t *test_answer_json(const test_answer *answer)
{
    g_autoptr(GError) error = NULL;
    json_t *value = hcp_json_parse(answer->body, answer->size, &error);
    g_assert_no_error(error);
    return value;
}

void test_assert_problem(const test_answer *answer, int status, const char *slug)
{
    g_autofree char *type = g_strconcat("urn:hcp:problem:", slug, NULL);
    g_autofree char *content_type = test_answer_header(answer, "Content-Type");
    g_assert_cmpint(answer->status, ==, status);
    g_assert_cmpstr(content_type, ==, "application/problem+json");
    g_autoptr(json_t) problem = test_answer_json(answer);
    g_assert_cmpstr(hcp_json_string(problem, "type", NULL), ==, type);
    g_assert_cmpint(hcp_json_int(problem, "status", 0), ==, status);
    g_assert_cmpuint(strlen(hcp_json_string(problem, "trace_id", "")), ==, 32);
    g_assert_cmpstr(hcp_json_string(problem, "detail", ""), !=, "");
}

void test_assert_pointer(const test_answer *answer, const char *pointer)
{
    g_autoptr(json_t) problem = test_answer_json(answer);
    size_t i;
    json_t *error;
    json_array_foreach(json_object_get(problem, "errors"), i, error)
    {
        if (strcmp(hcp_json_string(error, "pointer", ""), pointer) == 0) {
            g_assert_cmpstr(hcp_json_string(error, "detail", ""), !=, "");
            return;
        }
    }
    g_test_message("no error at %s in %s", pointer, answer->body);
    g_test_fail();
}

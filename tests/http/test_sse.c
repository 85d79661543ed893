/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <string.h>
#include <sys/socket.h>

static test_client *subscribe(fixture *f, const char *target, const char *headers)
{
    test_client *client = test_client_new(f->port);
    g_autofree char *text =
        g_strdup_printf("GET %s HTTP/1.1\r\nHost: t\r\n%s\r\n", target, headers);
    g_assert_true(test_client_send(client, text, strlen(text)));
    g_assert_true(test_client_wait_for(client, "event: from"));
    return client;
}

static bool has_closed(void *data)
{
    return ((fixture *)data)->streams_closed > 0;
}

static void test_events(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autoptr(test_client) client = subscribe(&f, "/stream", "");
    g_assert_nonnull(strstr(client->input->str, "Content-Type: text/event-stream"));
    g_assert_nonnull(strstr(client->input->str, "data: start\n\n"));
    g_assert_true(hcp_sse_send(f.stream, "7", "made", "{\"a\":1}", 7));
    g_assert_true(test_client_wait_for(client, "id: 7\nevent: made\ndata: {\"a\":1}\n\n"));
    g_assert_true(hcp_sse_send(f.stream, NULL, NULL, "two\nlines", 9));
    g_assert_true(test_client_wait_for(client, "data: two\ndata: lines\n\n"));
    g_assert_cmpuint(hcp_sse_backlog(f.stream), ==, 0);
    /* the loop serves others meanwhile */
    g_auto(test_answer) health = test_exchange(f.port, "GET /health", NULL);
    g_assert_cmpint(health.status, ==, 200);
    hcp_sse_close(f.stream);
    test_run_until(has_closed, &f);
    g_assert_true(test_client_wait_for(client, "\r\n0\r\n\r\n"));
}

static void test_resume_id(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autoptr(test_client) query = subscribe(&f, "/stream?cursor=41", "");
    g_assert_nonnull(strstr(query->input->str, "data: 41\n"));
    g_autoptr(test_client) header = subscribe(&f, "/stream?cursor=41", "Last-Event-ID: 42\r\n");
    g_assert_nonnull(strstr(header->input->str, "data: 42\n"));
}

static void test_heartbeat(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autoptr(test_client) client = subscribe(&f, "/stream", "");
    g_string_truncate(client->input, 0);
    g_assert_true(test_client_wait_for(client, ":\n\n"));
}

static void test_client_leaves(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    test_client_free(subscribe(&f, "/stream", ""));
    test_run_until(has_closed, &f); /* found out by the heartbeat at the latest */
    g_assert_null(f.stream);
}

/* A client that does not read gets a last event that says so, not a hole. */
static void test_slow_client(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    f.stream_buffer_bytes = 256 * 1024;
    g_autoptr(test_client) client = subscribe(&f, "/stream", "");
    g_autofree char *text = g_strnfill(1000, 'e');
    int sent = 0;
    while (hcp_sse_send(f.stream, "1", NULL, text, 1000)) {
        g_assert_cmpint(++sent, <, 100000);
        g_main_context_iteration(NULL, FALSE);
    }
    g_assert_false(hcp_sse_send(f.stream, "1", NULL, text, 1000));
    g_assert_true(test_client_wait_for(client, "event: overflow\n"));
    test_run_until(has_closed, &f);
    g_assert_true(test_client_wait_for(client, "\r\n0\r\n\r\n"));
    /* everything before the overflow has arrived */
    int arrived = 0;
    for (const char *at = client->input->str; (at = strstr(at, "id: 1\n")) != NULL; at++)
        arrived++;
    g_assert_cmpint(arrived, >=, sent - 2 * sent / 4096 - 2); /* chunk marks may split a few */
}

static void test_server_stop(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autoptr(test_client) client = subscribe(&f, "/stream", "");
    hcp_http_server_stop(f.server);
    test_run_until(has_closed, &f);
    test_client_wait_closed(client);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/sse/events", test_events);
    g_test_add_func("/http/sse/resume-id", test_resume_id);
    g_test_add_func("/http/sse/heartbeat", test_heartbeat);
    g_test_add_func("/http/sse/client-leaves", test_client_leaves);
    g_test_add_func("/http/sse/slow-client", test_slow_client);
    g_test_add_func("/http/sse/server-stop", test_server_stop);
    return g_test_run();
}

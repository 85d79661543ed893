/* SPDX-License-Identifier: Apache-2.0 */
/* What strangers may do to the server, and what they may not. */
#include "fixture.h"

#include <string.h>

#define JSON "\r\nContent-Type: application/json"

static void assert_healthy(int port)
{
    g_auto(test_answer) answer = test_exchange(port, "GET /health", NULL);
    g_assert_cmpint(answer.status, ==, 200);
}

static void test_large_body(void)
{
    hcp_http_options options = {.max_body_bytes = 64 * 1024};
    g_auto(fixture) f;
    fixture_init(&f, &options);
    /* the largest accepted one, one byte more, and one that is read to its end before the answer */
    static const struct {
        size_t size;
        int status;
    } CASES[] = {{64 * 1024, 400}, {64 * 1024 + 1, 413}, {1000 * 1024, 413}};
    for (size_t i = 0; i < G_N_ELEMENTS(CASES); i++) {
        g_autofree char *body = g_strnfill(CASES[i].size, ' ');
        g_auto(test_answer) answer = test_exchange(f.port, "POST /things" JSON, body);
        test_assert_problem(&answer, CASES[i].status,
                            CASES[i].status == 413 ? "body-too-large" : "malformed-json");
    }
    assert_healthy(f.port);
}

/* Far too large: refused at once, and the connection ends. */
static void test_huge_body(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autoptr(test_client) client = test_client_new(f.port);
    static const char HEAD[] = "POST /things HTTP/1.1\r\nHost: t\r\nContent-Type: "
                               "application/json\r\nContent-Length: 99999999999\r\n\r\n{";
    g_assert_true(test_client_send(client, HEAD, sizeof HEAD - 1));
    g_auto(test_answer) answer = {0};
    g_assert_true(test_client_receive(client, &answer));
    test_assert_problem(&answer, 413, "body-too-large");
    test_client_wait_closed(client);
    /* the same with Expect: the client is spared the body */
    g_auto(test_answer) spared = test_exchange(
        f.port, "POST /things" JSON "\r\nExpect: 100-continue\r\nContent-Length: 2000000", NULL);
    test_assert_problem(&spared, 413, "body-too-large");
    assert_healthy(f.port);
}

/* A chunked body does not say how long it is; the bound holds all the same. */
static void test_endless_chunks(void)
{
    hcp_http_options options = {.max_body_bytes = 10000};
    g_auto(fixture) f;
    fixture_init(&f, &options);
    g_autoptr(test_client) client = test_client_new(f.port);
    static const char HEAD[] = "POST /things HTTP/1.1\r\nHost: t\r\nContent-Type: "
                               "application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    g_assert_true(test_client_send(client, HEAD, sizeof HEAD - 1));
    g_autofree char *chunk = g_strnfill(1000, 'x');
    bool open = true;
    for (int i = 0; i < 10000 && open; i++)
        open = test_client_send(client, "3e8\r\n", 5) && test_client_send(client, chunk, 1000) &&
               test_client_send(client, "\r\n", 2);
    g_assert_false(open);
    /* a little too much is answered properly */
    g_autoptr(test_client) modest = test_client_new(f.port);
    g_assert_true(test_client_send(modest, HEAD, sizeof HEAD - 1));
    for (int i = 0; i < 11; i++) {
        g_assert_true(test_client_send(modest, "3e8\r\n", 5));
        g_assert_true(test_client_send(modest, chunk, 1000));
        g_assert_true(test_client_send(modest, "\r\n", 2));
    }
    g_assert_true(test_client_send(modest, "0\r\n\r\n", 5));
    g_auto(test_answer) answer = {0};
    g_assert_true(test_client_receive(modest, &answer));
    test_assert_problem(&answer, 413, "body-too-large");
    assert_healthy(f.port);
}

static void test_deep_nesting(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autoptr(GString) body = g_string_new("{\"name\":\"x\",\"parts\":");
    for (int i = 0; i < 1000; i++)
        g_string_append_c(body, '[');
    for (int i = 0; i < 1000; i++)
        g_string_append_c(body, ']');
    g_string_append_c(body, '}');
    g_auto(test_answer) answer = test_exchange(f.port, "POST /things" JSON, body->str);
    test_assert_problem(&answer, 400, "malformed-json");
    assert_healthy(f.port);
}

static void test_large_headers(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autofree char *filler = g_strnfill(64 * 1024, 'a');
    g_autofree char *header = g_strconcat("GET /health\r\nX-Filler: ", filler, NULL);
    g_autofree char *path = g_strconcat("GET /things/", filler, NULL);
    const char *heads[] = {header, path};
    for (size_t i = 0; i < G_N_ELEMENTS(heads); i++) {
        g_autoptr(test_client) client = test_client_new(f.port);
        g_autofree char *text = g_strconcat(heads[i], " HTTP/1.1\r\nHost: t\r\n\r\n", NULL);
        (void)test_client_send(client, text, strlen(text));
        g_auto(test_answer) answer = {0};
        if (test_client_receive(client, &answer))
            g_assert_true(answer.status >= 400 && answer.status < 500);
    }
    assert_healthy(f.port);
}

static void test_garbage(void)
{
    hcp_http_options options = {.request_timeout_s = 1};
    g_auto(fixture) f;
    fixture_init(&f, &options);
    static const char *const LINES[] = {
        "\x16\x03\x01\x02\x00\x01\r\n\r\n",
        "GET\r\n\r\n",
        "GET /health HTTP/9.9\r\nHost: t\r\n\r\n",
        "GET /health HTTP/1.1\r\n\r\n", /* no Host */
        "POST /things HTTP/1.1\r\nHost: t\r\nContent-Length: -5\r\n\r\n",
        "POST /things HTTP/1.1\r\nHost: t\r\nContent-Length: x\r\n\r\n",
        "POST /things HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "GET /health HTTP/1.1\r\nHost: t\r\n bad folding\r\n: novalue\r\n\r\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(LINES); i++) {
        g_autoptr(test_client) client = test_client_new(f.port);
        g_auto(test_answer) answer = {0};
        (void)test_client_send(client, LINES[i], strlen(LINES[i]));
        g_test_message("%s", LINES[i]);
        if (test_client_receive(client, &answer))
            g_assert_cmpint(answer.status, <, 500 + (answer.status == 505 ? 6 : 0));
        assert_healthy(f.port);
    }
}

/* Neither silence nor one byte now and then keeps a connection. */
static void test_deadlines(void)
{
    hcp_http_options options = {.request_timeout_s = 1, .idle_timeout_s = 1};
    g_auto(fixture) f;
    fixture_init(&f, &options);
    g_autoptr(test_client) silent = test_client_new(f.port);
    g_autoptr(test_client) dripping = test_client_new(f.port);
    g_autoptr(test_client) idle = test_client_new(f.port);
    static const char HEAD[] = "GET /health HTTP/1.1\r\nHost: t\r\n";
    g_assert_true(test_client_send(idle, HEAD, sizeof HEAD - 1));
    g_assert_true(test_client_send(idle, "\r\n", 2));
    g_auto(test_answer) answer = {0};
    g_assert_true(test_client_receive(idle, &answer));
    int64_t began_us = g_get_monotonic_time();
    g_assert_true(test_client_send(dripping, HEAD, sizeof HEAD - 1));
    while (test_client_send(dripping, "a", 1))
        g_assert_cmpint(g_get_monotonic_time() - began_us, <, 60 * G_USEC_PER_SEC);
    test_client_wait_closed(silent);
    test_client_wait_closed(idle);
}

/* A request that is with its handler has no deadline of the server's. */
static void test_no_deadline_for_handlers(void)
{
    hcp_http_options options = {.request_timeout_s = 1, .idle_timeout_s = 1};
    g_auto(fixture) f;
    fixture_init(&f, &options);
    g_autoptr(test_client) silent = test_client_new(f.port);
    g_autoptr(test_client) waiting = test_client_new(f.port);
    static const char TEXT[] = "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n";
    g_assert_true(test_client_send(waiting, TEXT, sizeof TEXT - 1));
    fixture_wait_for_requests(&f, 1);
    test_client_wait_closed(silent); /* the deadline has passed for it */
    g_autoptr(test_client) later = test_client_new(f.port);
    test_client_wait_closed(later);
    fixture_answer(&f);
    g_auto(test_answer) answer = {0};
    g_assert_true(test_client_receive(waiting, &answer));
    g_assert_cmpint(answer.status, ==, 202);
}

/* Who asks and does not take the answer does not keep its connection. */
static void test_unread_answer(void)
{
    hcp_http_options options = {.idle_timeout_s = 1};
    g_auto(fixture) f;
    fixture_init(&f, &options);
    g_autoptr(test_client) client = test_client_new(f.port);
    static const char TEXT[] = "GET /things/large HTTP/1.1\r\nHost: t\r\n\r\n";
    g_assert_true(test_client_send(client, TEXT, sizeof TEXT - 1));
    fixture_wait_for_pending(&f, 1);
    fixture_wait_for_pending(&f, 0);
    assert_healthy(f.port);
}

/* Full of slow clients, the server closes the oldest of them and still answers. */
static void test_slow_crowd(void)
{
    enum { CROWD = 400 };
    hcp_http_options options = {.max_connections = 200};
    g_auto(fixture) f;
    fixture_init(&f, &options);
    g_autoptr(GPtrArray) crowd = g_ptr_array_new_with_free_func((GDestroyNotify)test_client_free);
    static const char PART[] = "GET /health HTTP/1.1\r\nHo";
    for (int i = 0; i < CROWD; i++) {
        test_client *client = test_client_new(f.port);
        g_ptr_array_add(crowd, client);
        (void)test_client_send(client, PART, sizeof PART - 1);
        g_assert_cmpuint(hcp_http_server_connections(f.server), <=, 200);
        if (i % 50 == 0)
            assert_healthy(f.port);
    }
    int64_t began_us = g_get_monotonic_time();
    assert_healthy(f.port);
    g_assert_cmpint(g_get_monotonic_time() - began_us, <, 30 * G_USEC_PER_SEC);
    test_client_wait_closed(g_ptr_array_index(crowd, 0));
    test_client *newest = g_ptr_array_index(crowd, CROWD - 1);
    g_auto(test_answer) answer = {0};
    g_assert_true(test_client_send(newest, "st: t\r\n\r\n", 9));
    g_assert_true(test_client_receive(newest, &answer));
    g_assert_cmpint(answer.status, ==, 200);
}

/* When every connection is being answered a newcomer is told so. */
static void test_all_busy(void)
{
    enum { BUSY = 10 };
    hcp_http_options options = {.max_connections = BUSY};
    g_auto(fixture) f;
    fixture_init(&f, &options);
    g_autoptr(GPtrArray) busy = g_ptr_array_new_with_free_func((GDestroyNotify)test_client_free);
    static const char TEXT[] = "POST /later HTTP/1.1\r\nHost: t\r\nContent-Length: 0\r\n\r\n";
    for (guint i = 0; i < BUSY; i++) {
        g_ptr_array_add(busy, test_client_new(f.port));
        g_assert_true(test_client_send(g_ptr_array_index(busy, i), TEXT, sizeof TEXT - 1));
        fixture_wait_for_requests(&f, i + 1);
    }
    g_autoptr(test_client) newcomer = test_client_new(f.port);
    g_auto(test_answer) refused = {0};
    g_assert_true(test_client_receive(newcomer, &refused));
    g_assert_cmpint(refused.status, ==, 503);
    g_assert_nonnull(strstr(refused.body, "too-many-connections"));
    while (f.waiting->len > 0)
        fixture_answer(&f);
    for (guint i = 0; i < BUSY; i++) {
        g_auto(test_answer) answer = {0};
        g_assert_true(test_client_receive(g_ptr_array_index(busy, i), &answer));
        g_assert_cmpint(answer.status, ==, 202);
    }
    /* now idle, the oldest of them makes room */
    g_auto(test_answer) alive = {0};
    static const char HEALTH[] = "GET /health HTTP/1.1\r\nHost: t\r\n\r\n";
    g_assert_true(test_client_send(g_ptr_array_index(busy, 1), HEALTH, sizeof HEALTH - 1));
    g_assert_true(test_client_receive(g_ptr_array_index(busy, 1), &alive));
    assert_healthy(f.port);
    test_client_wait_closed(g_ptr_array_index(busy, 0));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/limits/large-body", test_large_body);
    g_test_add_func("/http/limits/huge-body", test_huge_body);
    g_test_add_func("/http/limits/endless-chunks", test_endless_chunks);
    g_test_add_func("/http/limits/deep-nesting", test_deep_nesting);
    g_test_add_func("/http/limits/large-headers", test_large_headers);
    g_test_add_func("/http/limits/garbage", test_garbage);
    g_test_add_func("/http/limits/deadlines", test_deadlines);
    g_test_add_func("/http/limits/no-deadline-for-handlers", test_no_deadline_for_handlers);
    g_test_add_func("/http/limits/unread-answer", test_unread_answer);
    g_test_add_func("/http/limits/slow-crowd", test_slow_crowd);
    g_test_add_func("/http/limits/all-busy", test_all_busy);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* When answers leave: at once, later, behind the gate, again for the same key, not at all when the
 * client has them. */
#include "fixture.h"

#include <string.h>

#define JSON "\r\nContent-Type: application/json"

static void send_request(test_client *client, const char *head, const char *body)
{
    g_autofree char *text = g_strdup_printf("%s HTTP/1.1\r\nHost: t\r\nContent-Type: "
                                            "application/json\r\nContent-Length: %zu\r\n\r\n%s",
                                            head, strlen(body), body);
    g_assert_true(test_client_send(client, text, strlen(text)));
}

static void send_keyed(test_client *client, const char *head, const char *key, const char *body)
{
    g_autofree char *text =
        g_strdup_printf("%s HTTP/1.1\r\nHost: t\r\nContent-Type: application/json\r\n"
                        "Idempotency-Key: %s\r\nContent-Length: %zu\r\n\r\n%s",
                        head, key, strlen(body), body);
    g_assert_true(test_client_send(client, text, strlen(text)));
}

static void assert_answer(test_client *client, int status, const char *body)
{
    g_auto(test_answer) answer = {0};
    g_assert_true(test_client_receive(client, &answer));
    g_assert_cmpint(answer.status, ==, status);
    if (body != NULL)
        g_assert_cmpstr(answer.body, ==, body);
}

static void test_later(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autoptr(test_client) client = test_client_new(f.port);
    g_autoptr(test_client) other = test_client_new(f.port);
    send_request(client, "POST /later", "{\"note\":\"a\"}");
    send_request(other, "POST /later", "");
    fixture_wait_for_requests(&f, 2);
    fixture_wait_for_pending(&f, 2);
    /* the loop is free meanwhile */
    g_auto(test_answer) health = test_exchange(f.port, "GET /health", NULL);
    g_assert_cmpint(health.status, ==, 200);
    fixture_answer(&f);
    assert_answer(client, 202, "{\"calls\":2,\"note\":\"a\"}");
    fixture_answer(&f);
    assert_answer(other, 202, "{\"calls\":2,\"note\":\"none\"}");
    /* and the connection goes on */
    send_request(client, "POST /things", "{\"name\":\"x\"}");
    assert_answer(client, 201, NULL);
}

/* A client that is gone before its answer leaves nothing behind. */
static void test_client_gone(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    test_client *client = test_client_new(f.port);
    send_request(client, "POST /later", "{}");
    fixture_wait_for_requests(&f, 1);
    test_client_free(client);
    g_auto(test_answer) health = test_exchange(f.port, "GET /health", NULL);
    g_assert_cmpint(health.status, ==, 200);
    fixture_answer(&f);
    fixture_wait_for_pending(&f, 0);
}

/* Answers at the gate when the server ends are not lost: the client hears that nothing is certain.
 * */
static void test_free_at_the_gate(void)
{
    hcp_http_options options = {.gate = &FIXTURE_GATE};
    fixture f;
    fixture_init(&f, &options);
    g_autoptr(test_client) client = test_client_new(f.port);
    f.ticket = 1;
    send_request(client, "POST /things", "{\"name\":\"a\"}");
    fixture_wait_for_pending(&f, 1);
    hcp_http_server_stop(f.server);
    hcp_http_server_reject(f.server, 1, "the server stops");
    fixture_finish(&f);
    g_auto(test_answer) answer = {0};
    g_assert_true(test_client_receive(client, &answer));
    test_assert_problem(&answer, 503, "not-durable");
}

static void test_pipeline(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autoptr(test_client) client = test_client_new(f.port);
    static const char TWO[] = "GET /things/1 HTTP/1.1\r\nHost: t\r\n\r\n"
                              "GET /things/2 HTTP/1.1\r\nHost: t\r\n\r\n";
    g_assert_true(test_client_send(client, TWO, sizeof TWO - 1));
    assert_answer(client, 200, "{\"id\":\"1\",\"path\":\"/things/1\"}");
    assert_answer(client, 200, "{\"id\":\"2\",\"path\":\"/things/2\"}");
}

static void test_gate(void)
{
    hcp_http_options options = {.gate = &FIXTURE_GATE};
    g_auto(fixture) f;
    fixture_init(&f, &options);
    g_autoptr(test_client) first = test_client_new(f.port);
    g_autoptr(test_client) second = test_client_new(f.port);
    f.ticket = 1;
    send_request(first, "POST /things", "{\"name\":\"a\"}");
    g_auto(test_answer) refused = test_exchange(f.port, "GET /things?limit=0", NULL);
    g_assert_cmpint(refused.status, ==, 400); /* says nothing of the state: waits for nobody */
    fixture_wait_for_pending(&f, 1);
    f.ticket = 2;
    send_request(second, "POST /things", "{\"name\":\"b\"}");
    g_auto(test_answer) lost = test_exchange(f.port, "GET /nowhere", NULL);
    fixture_wait_for_pending(&f, 2);
    g_assert_cmpuint(first->input->len, ==, 0);
    hcp_http_server_release(f.server, 1);
    assert_answer(first, 201, "{\"name\":\"a\",\"count\":7,\"call\":1}");
    fixture_wait_for_pending(&f, 1);
    hcp_http_server_reject(f.server, 2, "the disk is full");
    g_auto(test_answer) answer = {0};
    g_assert_true(test_client_receive(second, &answer));
    test_assert_problem(&answer, 503, "not-durable");
    g_assert_nonnull(strstr(answer.body, "the disk is full"));
    g_autofree char *retry = test_answer_header(&answer, "Retry-After");
    g_assert_cmpstr(retry, ==, "1");
    f.ticket = 2; /* already settled */
    send_request(first, "POST /things", "{\"name\":\"c\"}");
    assert_answer(first, 201, NULL);
}

static void test_idempotent_replay(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    static const char KEYED[] = "POST /things" JSON "\r\nIdempotency-Key: k1";
    g_auto(test_answer) first = test_exchange(f.port, KEYED, "{\"name\":\"a\"}");
    g_auto(test_answer) again = test_exchange(f.port, KEYED, "{\"name\":\"a\"}");
    g_autofree char *marker = test_answer_header(&again, "Idempotent-Replayed");
    g_autofree char *no_marker = test_answer_header(&first, "Idempotent-Replayed");
    g_assert_cmpint(f.calls, ==, 1);
    g_assert_cmpint(again.status, ==, first.status);
    g_assert_cmpstr(again.body, ==, first.body);
    g_assert_cmpstr(marker, ==, "true");
    g_assert_null(no_marker);
    g_auto(test_answer) other = test_exchange(f.port, KEYED, "{\"name\":\"b\"}");
    test_assert_problem(&other, 422, "idempotency-key-reused");
    g_assert_cmpint(f.calls, ==, 1);
    f.now_us += HCP_IDEMPOTENCY_KEEP_US;
    g_auto(test_answer) late = test_exchange(f.port, KEYED, "{\"name\":\"b\"}");
    g_assert_cmpint(late.status, ==, 201);
    g_assert_cmpint(f.calls, ==, 2);
}

static void test_idempotent_without_body(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    static const char FIRST[] = "DELETE /things/1/parts/2\r\nIdempotency-Key: k";
    static const char OTHER[] = "DELETE /things/1/parts/3\r\nIdempotency-Key: k";
    g_auto(test_answer) first = test_exchange(f.port, FIRST, NULL);
    g_auto(test_answer) again = test_exchange(f.port, FIRST, NULL);
    g_auto(test_answer) other = test_exchange(f.port, OTHER, NULL);
    g_assert_cmpint(first.status, ==, 204);
    g_assert_cmpint(again.status, ==, 204);
    g_assert_cmpint(f.calls, ==, 1);
    test_assert_problem(&other, 422, "idempotency-key-reused");
}

static void test_idempotent_concurrent(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autoptr(test_client) first = test_client_new(f.port);
    g_autoptr(test_client) second = test_client_new(f.port);
    send_keyed(first, "POST /later", "k", "{}");
    fixture_wait_for_requests(&f, 1);
    send_keyed(second, "POST /later", "k", "{}");
    g_auto(test_answer) busy = {0};
    g_assert_true(test_client_receive(second, &busy));
    test_assert_problem(&busy, 409, "idempotency-key-in-use");
    send_keyed(second, "POST /later", "k", "{\"note\":\"other\"}");
    g_auto(test_answer) reused = {0};
    g_assert_true(test_client_receive(second, &reused));
    test_assert_problem(&reused, 422, "idempotency-key-reused");
    fixture_answer(&f);
    assert_answer(first, 202, NULL);
    send_keyed(second, "POST /later", "k", "{}");
    assert_answer(second, 202, "{\"calls\":1,\"note\":\"none\"}");
    g_assert_cmpint(f.calls, ==, 1);
}

/* A command whose commit failed did not happen: its key is free again. */
static void test_idempotent_rejected(void)
{
    hcp_http_options options = {.gate = &FIXTURE_GATE};
    g_auto(fixture) f;
    fixture_init(&f, &options);
    g_autoptr(test_client) client = test_client_new(f.port);
    f.ticket = 5;
    send_keyed(client, "POST /things", "k", "{\"name\":\"a\"}");
    g_auto(test_answer) barrier = test_exchange(f.port, "GET /nowhere", NULL);
    send_keyed(client, "POST /things", "k", "{\"name\":\"a\"}");
    hcp_http_server_reject(f.server, 5, "no");
    assert_answer(client, 503, NULL);
    assert_answer(client, 201, "{\"name\":\"a\",\"count\":7,\"call\":2}");
}

static void test_bad_keys(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autofree char *long_key = g_strnfill(256, 'k');
    g_autofree char *head =
        g_strconcat("POST /things" JSON "\r\nIdempotency-Key: ", long_key, NULL);
    g_auto(test_answer) answer = test_exchange(f.port, head, "{\"name\":\"a\"}");
    test_assert_problem(&answer, 400, "invalid-idempotency-key");
    g_auto(test_answer) empty =
        test_exchange(f.port, "POST /things" JSON "\r\nIdempotency-Key:", "{\"name\":\"a\"}");
    test_assert_problem(&empty, 400, "invalid-idempotency-key");
    g_assert_cmpint(f.calls, ==, 0);
}

static void test_etag(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_auto(test_answer) first = test_exchange(f.port, "GET /things?limit=2", NULL);
    g_autofree char *etag = test_answer_header(&first, "ETag");
    g_assert_nonnull(etag);
    g_autofree char *same =
        g_strconcat("GET /things?limit=2\r\nIf-None-Match: \"x\", ", etag, NULL);
    g_autofree char *changed = g_strconcat("GET /things?limit=3\r\nIf-None-Match: ", etag, NULL);
    g_auto(test_answer) unchanged = test_exchange(f.port, same, NULL);
    g_auto(test_answer) other = test_exchange(f.port, changed, NULL);
    g_assert_cmpint(unchanged.status, ==, 304);
    g_assert_cmpuint(unchanged.size, ==, 0);
    g_assert_cmpint(other.status, ==, 200);
    /* a version the handler knows, without building the answer */
    g_auto(test_answer) known =
        test_exchange(f.port, "GET /things/1\r\nIf-None-Match: W/\"abc\"", NULL);
    g_assert_cmpint(known.status, ==, 304);
    g_auto(test_answer) stale = test_exchange(f.port, "GET /things/1\r\nIf-Match: \"abd\"", NULL);
    test_assert_problem(&stale, 412, "changed-meanwhile");
    g_auto(test_answer) current = test_exchange(f.port, "GET /things/1\r\nIf-Match: \"abc\"", NULL);
    g_assert_cmpint(current.status, ==, 200);
}

static void test_not_found(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_auto(test_answer) answer = test_exchange(f.port, "GET /things/missing", NULL);
    test_assert_problem(&answer, 404, "not-found");
    g_assert_nonnull(strstr(answer.body, "there is no thing missing"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/reply/later", test_later);
    g_test_add_func("/http/reply/client-gone", test_client_gone);
    g_test_add_func("/http/reply/free-at-the-gate", test_free_at_the_gate);
    g_test_add_func("/http/reply/pipeline", test_pipeline);
    g_test_add_func("/http/reply/gate", test_gate);
    g_test_add_func("/http/reply/idempotent-replay", test_idempotent_replay);
    g_test_add_func("/http/reply/idempotent-without-body", test_idempotent_without_body);
    g_test_add_func("/http/reply/idempotent-concurrent", test_idempotent_concurrent);
    g_test_add_func("/http/reply/idempotent-rejected", test_idempotent_rejected);
    g_test_add_func("/http/reply/bad-keys", test_bad_keys);
    g_test_add_func("/http/reply/etag", test_etag);
    g_test_add_func("/http/reply/not-found", test_not_found);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "http/idempotency.h"

#include <string.h>

static int64_t clock_now(void *data)
{
    return *(int64_t *)data;
}

static void keep(hcp_idempotency_memory *memory, const char *id, const char *body)
{
    hcp_idempotency_entry entry = {.fingerprint = "f", .status = 201, .body = (char *)body};
    HCP_IDEMPOTENCY_MEMORY_OPS.store(memory, id, &entry);
}

static void assert_kept(hcp_idempotency_memory *memory, const char *id, const char *body)
{
    g_auto(hcp_idempotency_entry) entry = {0};
    bool found = HCP_IDEMPOTENCY_MEMORY_OPS.lookup(memory, id, &entry);
    g_assert_cmpint(found, ==, body != NULL);
    g_assert_cmpstr(entry.body, ==, body);
    if (found)
        g_assert_cmpuint(entry.status, ==, 201);
}

static void test_key(void)
{
    hcp_idempotency_key a, b;
    hcp_idempotency_key_init(&a, "anna", "submit", "k1");
    hcp_idempotency_key_init(&b, "anna", "submit", "k1");
    g_assert_cmpstr(a.id, ==, b.id);
    g_assert_cmpuint(strlen(a.id), ==, 32);
    static const char *const OTHERS[][3] = {
        {"bob", "submit", "k1"},  {"anna", "cancel", "k1"}, {"anna", "submit", "k2"},
        {"annasubmit", "", "k1"}, {"anna", "submitk", "1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(OTHERS); i++) {
        hcp_idempotency_key_init(&b, OTHERS[i][0], OTHERS[i][1], OTHERS[i][2]);
        g_assert_cmpstr(a.id, !=, b.id);
    }
    hcp_idempotency_key_set_body(&a, "wl_1", "{}", 2);
    hcp_idempotency_key_set_body(&b, "wl_1", "{}", 2);
    g_assert_cmpstr(a.fingerprint, ==, b.fingerprint);
    hcp_idempotency_key_set_body(&b, "wl_2", "{}", 2);
    g_assert_cmpstr(a.fingerprint, !=, b.fingerprint);
    hcp_idempotency_key_set_body(&b, "wl_1", "{ }", 3);
    g_assert_cmpstr(a.fingerprint, !=, b.fingerprint);
    hcp_idempotency_key_set_body(&b, "wl_1", NULL, 0);
    g_assert_cmpstr(a.fingerprint, !=, b.fingerprint);
}

static void test_expiry(void)
{
    int64_t now_us = 1000;
    g_autoptr(hcp_idempotency_memory) memory = hcp_idempotency_memory_new(10, clock_now, &now_us);
    assert_kept(memory, "a", NULL);
    keep(memory, "a", "one");
    now_us += HCP_IDEMPOTENCY_KEEP_US - 1;
    assert_kept(memory, "a", "one");
    now_us += 1;
    assert_kept(memory, "a", NULL);
}

static void test_bound(void)
{
    int64_t now_us = 0;
    g_autoptr(hcp_idempotency_memory) memory = hcp_idempotency_memory_new(3, clock_now, &now_us);
    keep(memory, "a", "1");
    keep(memory, "b", "2");
    keep(memory, "a", "3"); /* again: the newer answer stands, also after the older is dropped */
    keep(memory, "c", "4");
    assert_kept(memory, "a", "3");
    keep(memory, "d", "5");
    assert_kept(memory, "b", NULL);
    assert_kept(memory, "a", "3");
    assert_kept(memory, "d", "5");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/idempotency/key", test_key);
    g_test_add_func("/http/idempotency/expiry", test_expiry);
    g_test_add_func("/http/idempotency/bound", test_bound);
    return g_test_run();
}

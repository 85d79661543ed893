/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots: what is cut, altered or foreign is refused with the line that is wrong, and never crashes the reader. */
#include "site.h"

#include "base/error.h"
#include "base/rng.h"
#include "base/units.h"

#include <string.h>

#define H100 (UINT64_C(1) << SITE_H100)

static GBytes *busy_snapshot(void)
{
    site s;
    site_init(&s);
    for (int i = 0; i < 6; i++)
        (void)site_submit(&s, H100, 6, HCP_US_PER_H);
    site_drive(&s, HCP_US_PER_MS);
    (void)site_allocate(&s, SITE_A100, SITE_NORTH, 2);
    site_health(&s, SITE_H100_FIRST, HCP_HEALTH_DEGRADED);
    hcp_reply_remembered reply = {.key = (char *)"k", .status = 201, .body = (char *)"{\"a\":1}"};
    site_must(&s, &(hcp_command){.type = HCP_COMMAND_REMEMBER_REPLY, .reply = &reply});
    GBytes *snapshot = hcp_core_snapshot(s.core);
    site_finish(&s);
    return snapshot;
}

static void assert_refused(const char *text, size_t size)
{
    g_autoptr(GBytes) bytes = g_bytes_new(text, size);
    g_autoptr(GError) error = NULL;
    g_assert_null(hcp_core_restore(bytes, &error));
    g_assert_nonnull(error);
    g_assert_cmpuint(strlen(error->message), >, 0);
}

/* Cut anywhere, it is refused. */
static void test_cut(void)
{
    g_autoptr(GBytes) snapshot = busy_snapshot();
    size_t size = 0;
    const char *text = g_bytes_get_data(snapshot, &size);
    for (size_t n = 0; n < size; n += 1 + n / 50)
        assert_refused(text, n);
    /* A whole line is missing. */
    const char *second = strchr(text, '\n') + 1;
    const char *third = strchr(second, '\n') + 1;
    g_autoptr(GString) missing = g_string_new_len(text, second - text);
    g_string_append_len(missing, third, (gssize)(size - (size_t)(third - text)));
    assert_refused(missing->str, missing->len);
}

/* With one byte changed it is either refused, or read as a state whose invariants can be checked. */
static void test_altered(void)
{
    g_autoptr(GBytes) snapshot = busy_snapshot();
    size_t size = 0;
    const char *text = g_bytes_get_data(snapshot, &size);
    g_autofree char *copy = g_memdup2(text, size);
    hcp_rng rng;
    hcp_rng_init(&rng, 3, 0);
    int refused = 0, read = 0;
    for (int i = 0; i < (g_test_thorough() ? 100000 : 2000); i++) {
        size_t at = hcp_rng_below(&rng, size);
        copy[at] = "0123456789\",:{}[]xnull-"[hcp_rng_below(&rng, 23)];
        g_autoptr(GBytes) bytes = g_bytes_new(copy, size);
        g_autoptr(GError) error = NULL;
        hcp_core *core = hcp_core_restore(bytes, &error);
        if (core != NULL) {
            g_free(hcp_core_check(core));
            g_free(hcp_core_hash(core));
            read++;
        } else {
            g_assert_nonnull(error);
            refused++;
        }
        hcp_core_free(core);
        copy[at] = text[at];
    }
    g_assert_cmpint(refused, >, read / 10);
}

static void test_empty(void)
{
    hcp_core *core = hcp_core_new();
    g_autoptr(GBytes) snapshot = hcp_core_snapshot(core);
    hcp_core *restored = hcp_core_restore(snapshot, NULL);
    g_assert_nonnull(restored);
    g_autofree char *left = hcp_core_hash(core);
    g_autofree char *right = hcp_core_hash(restored);
    g_assert_cmpstr(left, ==, right);
    g_assert_cmpuint(strlen(left), ==, 64);
    hcp_core_free(core);
    hcp_core_free(restored);
    assert_refused("", 0);
    assert_refused("{\"format\":2}\n", 13);
    assert_refused("not json\n", 9);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/snapshot/empty", test_empty);
    g_test_add_func("/core/snapshot/cut", test_cut);
    g_test_add_func("/core/snapshot/altered", test_altered);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "http/page.h"

#include <string.h>

static void test_cursor(void)
{
    static const char *const POSITIONS[] = {"", "1", "wl_01jd5x9q0t8m4c", "a/b+c?d=e",
                                            "\xc3\xa4\xf0\x9f\x98\x80"};
    for (size_t i = 0; i < G_N_ELEMENTS(POSITIONS); i++) {
        g_autofree char *cursor = hcp_page_encode(POSITIONS[i]);
        g_autofree char *back = hcp_page_decode(cursor);
        g_assert_cmpstr(back, ==, POSITIONS[i]);
        g_assert_cmpuint(strspn(cursor, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_"), ==,
                         strlen(cursor));
    }
}

static void test_damaged_cursor(void)
{
    g_autofree char *cursor = hcp_page_encode("wl_01jd5x9q0t8m4c");
    for (size_t i = 0; i < strlen(cursor); i++) {
        g_autofree char *damaged = g_strdup(cursor);
        damaged[i] = damaged[i] == 'A' ? 'B' : 'A';
        g_autofree char *position = hcp_page_decode(damaged);
        g_assert_null(position);
        damaged[i] = '\0';
        g_assert_null(hcp_page_decode(damaged));
    }
    g_assert_null(hcp_page_decode("AAAAAAAAAAAAAAAA"));
    g_assert_null(hcp_page_decode("****"));
}

/* A client that follows Link sees every item once. */
static void test_walk(void)
{
    g_auto(fixture) f;
    fixture_init(&f, NULL);
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autofree char *url = g_strdup("/api/things?limit=3&color=red&fields=name");
    int pages = 0;
    while (url != NULL) {
        g_autofree char *head = g_strconcat("GET ", url, NULL);
        g_auto(test_answer) answer = test_exchange(f.port, head, NULL);
        g_assert_cmpint(answer.status, ==, 200);
        g_autoptr(json_t) body = test_answer_json(&answer);
        g_autofree char *link = test_answer_header(&answer, "Link");
        size_t i;
        json_t *thing;
        json_array_foreach(json_object_get(body, "things"), i, thing)
        {
            g_assert_cmpuint(json_object_size(thing), ==, 1);
            g_string_append(seen, hcp_json_string(thing, "name", "?"));
        }
        g_assert_cmpint(json_is_null(json_object_get(body, "next_cursor")), ==, link == NULL);
        g_clear_pointer(&url, g_free);
        if (link != NULL) {
            g_assert_true(g_str_has_suffix(link, ">; rel=\"next\""));
            g_assert_nonnull(strstr(link, "color=red"));
            url = g_strndup(link + 1, (gsize)(strchr(link, '>') - link - 1));
        }
        g_assert_cmpint(++pages, <=, 3);
    }
    g_assert_cmpstr(seen->str, ==, "t1t2t3t4t5t6t7");
    g_assert_cmpint(pages, ==, 3);
    g_auto(test_answer) answer = test_exchange(f.port, "GET /things?cursor=nonsense", NULL);
    test_assert_problem(&answer, 400, "invalid-cursor");
    test_assert_pointer(&answer, "?cursor");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/http/page/cursor", test_cursor);
    g_test_add_func("/http/page/damaged-cursor", test_damaged_cursor);
    g_test_add_func("/http/page/walk", test_walk);
    return g_test_run();
}

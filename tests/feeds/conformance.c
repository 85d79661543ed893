/* SPDX-License-Identifier: Apache-2.0 */
/* The conformance suite of feeds. */
#include "conformance.h"

#include <math.h>

#define S INT64_C(1000000)

GArray *conformance_collect(hcp_feed *feed, int64_t start_us, int64_t until_us, int64_t step_us)
{
    GArray *all = hcp_feed_observations_new();
    for (int64_t now_us = start_us; now_us < until_us; now_us += step_us)
        hcp_feed_poll(feed, now_us, all);
    hcp_feed_poll(feed, until_us, all);
    return all;
}

static void check_sound(const hcp_feed_observation *seen)
{
    g_assert_true((unsigned)seen->kind < HCP_FEED_KINDS);
    g_assert_true((unsigned)seen->quality < HCP_FEED_QUALITIES);
    g_assert_true(isfinite(seen->value) == (seen->quality != HCP_FEED_MISSING));
    g_assert_cmpint(seen->observed_us, <=, seen->published_us);
    g_assert_cmpint(seen->from_us, <=, seen->until_us);
    g_assert_nonnull(seen->subject);
    g_assert_cmpstr(seen->source, !=, "");
}

static void test_observations_are_sound(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_feed) feed = fixture->make();
    int64_t last_us = INT64_MIN;
    g_autoptr(GArray) all =
        conformance_collect(feed, fixture->start_us, fixture->start_us + fixture->span_us, 997 * S);
    g_assert_cmpuint(all->len, >, 10);
    for (guint i = 0; i < all->len; i++) {
        const hcp_feed_observation *seen = &g_array_index(all, hcp_feed_observation, i);
        check_sound(seen);
        g_assert_cmpint(seen->published_us, >=, last_us);
        last_us = seen->published_us;
    }
}

/* Nothing comes early, nothing twice, and next_due tells when to ask. */
static void test_polling(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_feed) feed = fixture->make();
    g_autoptr(GArray) seen = hcp_feed_observations_new();
    int64_t end_us = fixture->start_us + fixture->span_us;

    g_assert_cmpint(hcp_feed_next_due(feed), ==, fixture->start_us);
    hcp_feed_poll(feed, fixture->start_us - 1, seen);
    g_assert_cmpuint(seen->len, ==, 0);
    while (hcp_feed_next_due(feed) <= end_us) {
        int64_t due_us = hcp_feed_next_due(feed);
        hcp_feed_poll(feed, due_us - 1, seen);
        g_assert_cmpuint(seen->len, ==, 0);
        g_assert_cmpint(hcp_feed_next_due(feed), ==, due_us);
        hcp_feed_poll(feed, due_us, seen);
        for (guint i = 0; i < seen->len; i++)
            g_assert_cmpint(g_array_index(seen, hcp_feed_observation, i).published_us, ==, due_us);
        g_array_set_size(seen, 0);
        hcp_feed_poll(feed, due_us, seen);
        g_assert_cmpuint(seen->len, ==, 0);
        g_assert_cmpint(hcp_feed_next_due(feed), >, due_us);
    }
}

static bool same(const hcp_feed_observation *a, const hcp_feed_observation *b)
{
    bool value = a->value == b->value || (isnan(a->value) && isnan(b->value));
    return value && a->kind == b->kind && a->quality == b->quality &&
           a->published_us == b->published_us && a->observed_us == b->observed_us &&
           a->from_us == b->from_us && a->until_us == b->until_us &&
           g_strcmp0(a->subject, b->subject) == 0;
}

/* How often a feed is polled does not change what it says. */
static void test_pace_does_not_matter(const void *data)
{
    const conformance_fixture *fixture = data;
    g_autoptr(hcp_feed) often = fixture->make();
    g_autoptr(hcp_feed) once = fixture->make();
    int64_t end_us = fixture->start_us + fixture->span_us;
    g_autoptr(GArray) a = conformance_collect(often, fixture->start_us, end_us, 61 * S);
    g_autoptr(GArray) b = conformance_collect(once, end_us, end_us, S);
    g_assert_cmpuint(a->len, ==, b->len);
    for (guint i = 0; i < a->len; i++)
        g_assert_true(same(&g_array_index(a, hcp_feed_observation, i),
                           &g_array_index(b, hcp_feed_observation, i)));
}

void conformance_add(const conformance_fixture *fixture)
{
    static const struct {
        const char *name;
        void (*run)(const void *data);
    } cases[] = {
        {"sound", test_observations_are_sound},
        {"polling", test_polling},
        {"pace", test_pace_does_not_matter},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strdup_printf("/feed/%s/%s", fixture->name, cases[i].name);
        g_test_add_data_func(path, fixture, cases[i].run);
    }
}

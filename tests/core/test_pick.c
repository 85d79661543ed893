/* SPDX-License-Identifier: Apache-2.0 */
/* Picks against a naive search, ranges, and rows changed in runs against rows changed one by one. */
#include "site.h"

#include "base/rng.h"
#include "base/units.h"
#include "core/internal.h"
#include "core/pick.h"

/* Scatters modes, power targets, health and orders over the S21 miners. */
static void scatter(site *s, hcp_rng *rng)
{
    static const hcp_mode MODES[] = {HCP_MODE_MINING, HCP_MODE_MINING, HCP_MODE_IDLE,
                                     HCP_MODE_CURTAILED, HCP_MODE_OFF};
    for (uint32_t d = SITE_S21_FIRST; d < SITE_S21_FIRST + SITE_S21_COUNT;) {
        uint32_t n = 1 + (uint32_t)hcp_rng_below(rng, 6);
        n = MIN(n, SITE_S21_FIRST + SITE_S21_COUNT - d);
        hcp_fleet_change(s->core, (hcp_range){d, n},
                         &(hcp_row_change){
                             .set = HCP_ROW_MODE | HCP_ROW_TARGET | HCP_ROW_HEALTH | HCP_ROW_ADMIN,
                             .mode = MODES[hcp_rng_below(rng, G_N_ELEMENTS(MODES))],
                             .target = (uint32_t)hcp_rng_below(rng, 3),
                             .health = (hcp_health)(hcp_rng_below(rng, 6) == 0),
                             .admin = (hcp_admin)(hcp_rng_below(rng, 6) == 0),
                         });
        d += n;
    }
}

static bool wanted(const hcp_fleet *fleet, const hcp_pick *pick, uint32_t d)
{
    bool fit = fleet->health[d] == HCP_HEALTH_OK && fleet->admin[d] == HCP_ADMIN_NONE;
    return fleet->mode[d] == pick->mode && fleet->target[d] == pick->target && (fit || pick->unfit);
}

/* The devices a search one by one would take, marked. */
static uint32_t search(const hcp_fleet *fleet, const hcp_pick *pick, bool taken[SITE_DEVICES])
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < SITE_S21_COUNT && n < pick->limit; i++) {
        uint32_t d = SITE_S21_FIRST + (pick->last ? SITE_S21_COUNT - 1 - i : i);
        taken[d] = wanted(fleet, pick, d);
        n += taken[d];
    }
    return n;
}

static void test_picks(void)
{
    for (uint64_t seed = 1; seed <= 300; seed++) {
        hcp_rng rng;
        hcp_rng_init(&rng, seed, 0);
        site s;
        site_init(&s);
        scatter(&s, &rng);
        const hcp_state *state = hcp_core_state(s.core);
        hcp_pick pick = {
            .group = hcp_fleet_find_group(state, SITE_NORTH, SITE_S21, 0),
            .mode = (hcp_mode)hcp_rng_below(&rng, HCP_MODES),
            .unfit = hcp_rng_below(&rng, 2),
            .last = hcp_rng_below(&rng, 2),
            .limit = (uint32_t)hcp_rng_below(&rng, 120),
        };
        pick.target = pick.mode == HCP_MODE_MINING ? (uint32_t)hcp_rng_below(&rng, 3) : 0;
        bool taken[SITE_DEVICES] = {false};
        uint32_t n = search(&state->fleet, &pick, taken);
        g_autoptr(GArray) ranges = NULL;
        g_assert_cmpuint(hcp_pick_ranges(state, &pick, &ranges), ==, n);
        uint32_t after = 0;
        for (guint r = 0; r < ranges->len; r++) {
            hcp_range range = g_array_index(ranges, hcp_range, r);
            g_assert_cmpuint(range.first, >=, after);
            after = range.first + range.count + 1; /* ascending, and never touching */
            for (uint32_t d = range.first; d < range.first + range.count; d++, n--)
                g_assert_true(taken[d]);
        }
        g_assert_cmpuint(n, ==, 0);
        site_finish(&s);
    }
}

/* Changing a range at once and device by device leads to the same state. */
static void test_runs(void)
{
    for (uint64_t seed = 1; seed <= 100; seed++) {
        hcp_rng rng;
        site a, b;
        site_init(&a);
        site_init(&b);
        hcp_rng_init(&rng, seed, 0);
        scatter(&a, &rng);
        hcp_rng_init(&rng, seed, 0);
        scatter(&b, &rng);
        uint32_t first = SITE_S21_FIRST + (uint32_t)hcp_rng_below(&rng, 50);
        uint32_t count = 1 + (uint32_t)hcp_rng_below(&rng, 50);
        hcp_row_change change = {.set = HCP_ROW_MODE, .mode = HCP_MODE_CURTAILED};
        hcp_fleet_change(a.core, (hcp_range){first, count}, &change);
        for (uint32_t d = first; d < first + count; d++)
            hcp_fleet_change(b.core, (hcp_range){d, 1}, &change);
        g_autofree char *at_once = hcp_core_hash(a.core);
        g_autofree char *one_by_one = hcp_core_hash(b.core);
        g_assert_cmpstr(at_once, ==, one_by_one);
        g_autofree char *broken = hcp_check_fleet(a.core);
        g_assert_cmpstr(broken, ==, NULL);
        broken = hcp_check_power(a.core);
        g_assert_cmpstr(broken, ==, NULL);
        site_finish(&a);
        site_finish(&b);
    }
}

/* A recount from the rows finds what the changes kept up to date. */
static void test_recount(void)
{
    site s;
    site_init(&s);
    hcp_rng rng;
    hcp_rng_init(&rng, 11, 0);
    scatter(&s, &rng);
    g_autofree char *before = hcp_core_hash(s.core);
    hcp_fleet_recount(s.core);
    g_autofree char *after = hcp_core_hash(s.core);
    g_assert_cmpstr(before, ==, after);
    g_autofree char *broken = hcp_check_fleet(s.core);
    g_assert_cmpstr(broken, ==, NULL);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/pick/naive", test_picks);
    g_test_add_func("/core/fleet/runs", test_runs);
    g_test_add_func("/core/fleet/recount", test_recount);
    return g_test_run();
}

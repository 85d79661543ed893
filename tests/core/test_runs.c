/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of equal rows against a search row by row, over fleets that cross many words of bits. */
#include "core/runs.h"

#include "base/rng.h"
#include "core/core.h"
#include "core/internal.h"

#include <string.h>

#define DEVICES 700

/* Two groups of devices that all do the same. */
static hcp_core *make_core(void)
{
    hcp_core *core = hcp_core_new();
    hcp_class class = {.def = {.key = (char *)"S21", .kind = HCP_DEVICE_ASIC, .tdp_w = 3500}};
    hcp_facility facility = {.def = {.key = (char *)"site", .pue_milli = 1100}};
    hcp_price_observed price = {0};
    g_array_append_val(core->state.fleet.classes, class);
    g_array_append_val(core->state.fleet.facilities, facility);
    g_array_append_val(core->state.market.electricity, price);
    for (uint32_t g = 0; g < 2; g++) {
        hcp_group group = {.batches = g_array_new(FALSE, FALSE, sizeof(uint32_t))};
        hcp_group_tally tally = {0};
        g_array_append_val(core->state.fleet.groups, group);
        g_array_append_val(core->tallies, tally);
        hcp_fleet_add_rows(core, (hcp_range){g * DEVICES / 2, DEVICES / 2}, g, HCP_MODE_CURTAILED);
    }
    return core;
}

/* The names of class and facility are not the core's to free. */
static void free_core(hcp_core *core)
{
    g_array_index(core->state.fleet.classes, hcp_class, 0).def.key = NULL;
    g_array_index(core->state.fleet.facilities, hcp_facility, 0).def.key = NULL;
    hcp_core_free(core);
}

static bool equal(const hcp_fleet *fleet, uint32_t a, uint32_t b)
{
    return fleet->group[a] == fleet->group[b] && fleet->mode[a] == fleet->mode[b] &&
           fleet->target[a] == fleet->target[b] && fleet->health[a] == fleet->health[b] &&
           fleet->admin[a] == fleet->admin[b] && fleet->lease[a] == fleet->lease[b] &&
           fleet->active_switch[a] == fleet->active_switch[b];
}

static void check_runs(const hcp_fleet *fleet, uint32_t begin, uint32_t end)
{
    for (uint32_t d = begin; d < end; d++) {
        uint32_t first = d, next = d + 1;
        while (first > begin && equal(fleet, first - 1, d))
            first--;
        while (next < end && equal(fleet, next, d))
            next++;
        g_assert_cmpuint(hcp_runs_end(fleet, d, end), ==, next);
        g_assert_cmpuint(hcp_runs_begin(fleet, d, begin), ==, first);
    }
}

static void test_registered(void)
{
    hcp_core *core = make_core();
    const hcp_fleet *fleet = &core->state.fleet;
    g_assert_cmpuint(hcp_runs_end(fleet, 0, DEVICES), ==, DEVICES / 2);
    g_assert_cmpuint(hcp_runs_end(fleet, DEVICES / 2, DEVICES), ==, DEVICES);
    g_assert_cmpuint(hcp_runs_begin(fleet, DEVICES - 1, 0), ==, DEVICES / 2);
    /* The limits of the question hold where a run goes on beyond them. */
    g_assert_cmpuint(hcp_runs_end(fleet, 3, 64), ==, 64);
    g_assert_cmpuint(hcp_runs_end(fleet, 63, 64), ==, 64);
    g_assert_cmpuint(hcp_runs_begin(fleet, 64, 64), ==, 64);
    g_assert_cmpuint(hcp_runs_begin(fleet, 300, 128), ==, 128);
    free_core(core);
}

/* Any sequence of changes leaves the bits that a search finds. */
static void test_changed(void)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        hcp_rng rng;
        hcp_rng_init(&rng, seed, 0);
        hcp_core *core = make_core();
        const hcp_fleet *fleet = &core->state.fleet;
        for (int i = 0; i < 30; i++) {
            uint32_t first = (uint32_t)hcp_rng_below(&rng, DEVICES);
            uint32_t most = hcp_rng_below(&rng, 2) ? 3 : DEVICES;
            hcp_row_change change = {
                .set = 1u << hcp_rng_below(&rng, 3), /* mode, health or admin order */
                .mode = hcp_rng_below(&rng, 2) ? HCP_MODE_IDLE : HCP_MODE_CURTAILED,
                .health = (hcp_health)hcp_rng_below(&rng, 2),
                .admin = (hcp_admin)hcp_rng_below(&rng, 2),
            };
            uint32_t count = 1 + (uint32_t)hcp_rng_below(&rng, MIN(most, DEVICES - first));
            hcp_fleet_change(core, (hcp_range){first, count}, &change);
            g_assert_true(hcp_runs_hold(fleet));
        }
        check_runs(fleet, 0, DEVICES);
        check_runs(fleet, 70, 500);
        free_core(core);
    }
}

/* What a restore finds from the rows alone; and a bit that is wrong is noticed. */
static void test_found(void)
{
    hcp_core *core = make_core();
    hcp_fleet *fleet = &core->state.fleet;
    memset(fleet->admin + 63, HCP_ADMIN_CORDONED, 66);
    g_assert_false(hcp_runs_hold(fleet));
    hcp_runs_find(fleet);
    g_assert_true(hcp_runs_hold(fleet));
    check_runs(fleet, 0, DEVICES);
    fleet->run_bits[2] ^= 1;
    g_assert_false(hcp_runs_hold(fleet));
    free_core(core);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/runs/registered", test_registered);
    g_test_add_func("/core/runs/changed", test_changed);
    g_test_add_func("/core/runs/found", test_found);
    return g_test_run();
}

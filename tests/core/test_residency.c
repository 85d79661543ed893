/* SPDX-License-Identifier: Apache-2.0 */
/* Where a model is when a switch begins, and how long its bytes take at least. */
#include "core/residency.h"
#include "site.h"

#include "base/units.h"
#include "core/internal.h"

static void test_lower_bounds(void)
{
    site s;
    site_init(&s);
    const hcp_state *state = hcp_core_state(s.core);
    static const struct {
        hcp_residency residency;
        int64_t bytes, us;
    } BOUNDS[] = {
        /* The table of physical limits: PCIe 5 at 55 GB/s, one NVMe at 14 GB/s, 100 Gbit/s. */
        {HCP_RESIDENCY_HOST, 4000000000, 72727},    {HCP_RESIDENCY_HOST, 16000000000, 290909},
        {HCP_RESIDENCY_HOST, 70000000000, 1272727}, {HCP_RESIDENCY_DISK, 4000000000, 285714},
        {HCP_RESIDENCY_DISK, 70000000000, 5000000}, {HCP_RESIDENCY_COLD, 70000000000, 5600000},
        {HCP_RESIDENCY_HBM, 70000000000, 20895},    {HCP_RESIDENCY_COLD, 0, 0},
    };
    for (guint i = 0; i < G_N_ELEMENTS(BOUNDS); i++)
        g_assert_cmpint(hcp_residency_transfer_us(state, SITE_NORTH, SITE_H100, BOUNDS[i].residency,
                                                  BOUNDS[i].bytes),
                        ==, BOUNDS[i].us);
    /* A class without links has nothing to wait for. */
    g_assert_cmpint(hcp_residency_transfer_us(state, SITE_NORTH, SITE_S21, HCP_RESIDENCY_HOST, 1e9),
                    ==, 0);
    site_finish(&s);
}

static hcp_residency found(const site *s, const char *model, int64_t bytes, hcp_range range)
{
    hcp_switch_started def = {
        .class_ix = SITE_H100,
        .ranges = {.items = &range, .count = 1},
        .model = (char *)model,
        .bytes = bytes,
    };
    return hcp_residency_find(hcp_core_state(s->core), &def);
}

/* The weights of an inference model stay in memory after its lease, also while the device mines. */
static void test_stays_warm(void)
{
    site s;
    site_init(&s);
    hcp_range first = {0, 1}, second = {1, 1}, both = {0, 2};
    g_assert_cmpint(found(&s, "llama-3-70b", 1, first), ==, HCP_RESIDENCY_COLD);
    g_assert_cmpint(found(&s, NULL, 1, first), ==, HCP_RESIDENCY_HBM);
    g_assert_cmpint(found(&s, "llama-3-70b", 0, first), ==, HCP_RESIDENCY_HBM);
    (void)site_submit(&s, 1 << SITE_H100, 1, HCP_US_PER_MIN);
    site_drive(&s, HCP_US_PER_MS);
    site_tick(&s, HCP_US_PER_H);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(hcp_core_state(s.core)->fleet.mode[0], ==, HCP_MODE_IDLE);
    g_assert_cmpint(found(&s, "llama-3-70b", 1, first), ==, HCP_RESIDENCY_HBM);
    g_assert_cmpint(found(&s, "llama-3-70b", 1, second), ==, HCP_RESIDENCY_HOST);
    g_assert_cmpint(found(&s, "llama-3-70b", 1, both), ==, HCP_RESIDENCY_HOST);
    g_assert_cmpint(found(&s, "llama-3-8b", 1, first), ==, HCP_RESIDENCY_COLD);
    /* A tenant with devices of its own leaves nothing behind. */
    uint32_t lease = site_allocate(&s, SITE_H100, SITE_NORTH, SITE_H100_COUNT);
    hcp_command release = {.type = HCP_COMMAND_RELEASE};
    release.release.lease = hcp_state_lease(hcp_core_state(s.core), lease)->def.id;
    site_drive(&s, HCP_US_PER_MS);
    site_must(&s, &release);
    site_drive(&s, HCP_US_PER_MS);
    g_assert_cmpint(found(&s, "llama-3-70b", 1, first), ==, HCP_RESIDENCY_DISK);
    site_finish(&s);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/residency/bounds", test_lower_bounds);
    g_test_add_func("/core/residency/warm", test_stays_warm);
    return g_test_run();
}

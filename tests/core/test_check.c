/* SPDX-License-Identifier: Apache-2.0 */
/* The invariants can fail: each is broken on purpose, behind the back of apply, and the check names it. */
#include "site.h"

#include "base/units.h"
#include "core/internal.h"

typedef struct {
    const char *sentence; /* part of what the check says */
    void (*damage)(hcp_core *core);
} fault;

static void impossible_mode(hcp_core *core)
{
    core->state.fleet.mode[3] = HCP_MODES;
}

static void stray_target(hcp_core *core)
{
    core->state.fleet.target[3] = 1;
}

static void uncounted_mode(hcp_core *core)
{
    core->state.fleet.mode[SITE_H100_COUNT - 1] = HCP_MODE_CURTAILED;
}

static void wrong_tally(hcp_core *core)
{
    g_array_index(core->tallies, hcp_group_tally, 0).hashing[7]++;
}

static void wrong_runs(hcp_core *core)
{
    core->state.fleet.run_bits[0] ^= UINT64_C(1) << 3;
}

static void wrong_power(hcp_core *core)
{
    hcp_core_facility(core, SITE_NORTH)->it_power_w++;
}

static void wrong_use(hcp_core *core)
{
    hcp_core_facility(core, SITE_NORTH)->use_power_w[HCP_USE_AI]--;
}

static void wrong_hashrate(hcp_core *core)
{
    hcp_core_facility(core, SITE_NORTH)->mining_ths *= 1.001;
}

static void low_cap(hcp_core *core)
{
    hcp_core_facility(core, SITE_NORTH)->def.cap_w = 1000;
}

/* The site has a running gang on devices 0 and 1 when these strike. */
static void forgotten_lease(hcp_core *core)
{
    hcp_fleet_change(core, (hcp_range){1, 1},
                     &(hcp_row_change){.set = HCP_ROW_LEASE, .lease = HCP_NO_INDEX});
}

static void double_lease(hcp_core *core)
{
    hcp_fleet_change(core, (hcp_range){5, 1}, &(hcp_row_change){.set = HCP_ROW_LEASE, .lease = 0});
}

static void dead_lease(hcp_core *core)
{
    hcp_fleet_change(core, (hcp_range){5, 1}, &(hcp_row_change){.set = HCP_ROW_LEASE, .lease = 77});
}

static void serves_nobody(hcp_core *core)
{
    hcp_fleet_change(core, (hcp_range){5, 1},
                     &(hcp_row_change){.set = HCP_ROW_MODE, .mode = HCP_MODE_SERVING});
}

static void leased_and_failed(hcp_core *core)
{
    hcp_fleet_change(core, (hcp_range){1, 1},
                     &(hcp_row_change){.set = HCP_ROW_HEALTH, .health = HCP_HEALTH_FAILED});
}

static void leased_and_mining(hcp_core *core)
{
    hcp_fleet_change(core, (hcp_range){1, 1},
                     &(hcp_row_change){.set = HCP_ROW_MODE, .mode = HCP_MODE_MINING});
}

static void failed_and_awake(hcp_core *core)
{
    hcp_fleet_change(core, (hcp_range){5, 1},
                     &(hcp_row_change){.set = HCP_ROW_HEALTH, .health = HCP_HEALTH_FAILED});
}

static void maintained_and_awake(hcp_core *core)
{
    hcp_fleet_change(core, (hcp_range){5, 1},
                     &(hcp_row_change){.set = HCP_ROW_ADMIN, .admin = HCP_ADMIN_MAINTENANCE});
}

static void awake_in_emergency(hcp_core *core)
{
    hcp_core_facility(core, SITE_NORTH)->emergency = true;
}

/* And a switch of one A100 is in progress, the second of the site. */
static uint32_t running_switch(hcp_core *core)
{
    for (uint32_t i = 0; i < core->state.switches.items->len; i++)
        if (hcp_core_switch(core, i)->live)
            return i;
    g_assert_not_reached();
}

static void miscounted_switch(hcp_core *core)
{
    hcp_core_switch(core, running_switch(core))->left++;
}

static void lost_switch(hcp_core *core)
{
    hcp_core_switch(core, running_switch(core))->live = false;
}

static void unfindable_switch(hcp_core *core)
{
    hcp_ids_drop(core->switch_ids, hcp_core_switch(core, running_switch(core))->def.id.value);
}

static const fault FAULTS[] = {
    {"impossible row", impossible_mode},
    {"does not mine and has power target", stray_target},
    {"counters of group 0", uncounted_mode},
    {"tallies of group 0", wrong_tally},
    {"runs of equal rows", wrong_runs},
    {"power of facility north", wrong_power},
    {"power of facility north", wrong_use},
    {"hashrate of facility north", wrong_hashrate},
    {"its cap leaves", low_cap},
    {"is not marked with it", forgotten_lease},
    {"does not serve", double_lease},
    {"lease that is not held", dead_lease},
    {"serves without a lease", serves_nobody},
    {"has failed and is still leased", leased_and_failed},
    {"does not serve", leased_and_mining},
    {"has failed and is not off", failed_and_awake},
    {"in maintenance and not off", maintained_and_awake},
    {"awake in an emergency", awake_in_emergency},
    {"counts 2 devices, 1 are in it", miscounted_switch},
    {"switch that does not run", lost_switch},
    {"is not found by its id", unfindable_switch},
};

static void test_faults_are_found(void)
{
    for (guint i = 0; i < G_N_ELEMENTS(FAULTS); i++) {
        site s;
        site_init(&s);
        (void)site_submit(&s, 1 << SITE_H100, 2, HCP_US_PER_H);
        site_drive(&s, HCP_US_PER_MS);
        (void)site_allocate(&s, SITE_A100, SITE_NORTH, 1);
        FAULTS[i].damage(s.core);
        g_autofree char *broken = hcp_core_check(s.core);
        g_test_message("%s", broken);
        g_assert_nonnull(broken);
        g_assert_nonnull(strstr(broken, FAULTS[i].sentence));
        site_finish(&s);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/check/faults", test_faults_are_found);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants of devices, power, leases and switches, each recomputed device by device. */
#include "core/internal.h"
#include "core/runs.h"

#include <math.h>
#include <string.h>

static char *broken(const char *format, ...) G_GNUC_PRINTF(1, 2);

static char *broken(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return text;
}

/* --- counters ------------------------------------------------------------------------------------------------------ */

/* IT watts reserved for a device, and for which mode: the larger of two while it switches. */
static int64_t reserved_w(const hcp_state *state, uint32_t device, hcp_mode *ret_mode)
{
    const hcp_fleet *fleet = &state->fleet;
    const hcp_group *group = hcp_state_group(state, fleet->group[device]);
    const hcp_class_defined *cls = &hcp_state_class(state, group->class_ix)->def;
    *ret_mode = (hcp_mode)fleet->mode[device];
    int64_t power_w = hcp_power_device_w(cls, *ret_mode, fleet->target[device]);
    if (fleet->active_switch[device] == HCP_NO_INDEX)
        return power_w;
    const hcp_switch *sw = hcp_state_switch(state, fleet->active_switch[device]);
    int64_t to_w = hcp_power_device_w(cls, sw->def.to, sw->def.power_target);
    *ret_mode = to_w > power_w ? sw->def.to : *ret_mode;
    return MAX(power_w, to_w);
}

static void recount(const hcp_state *state, uint32_t device, hcp_group *group,
                    hcp_group_tally *tally)
{
    const hcp_fleet *fleet = &state->fleet;
    uint8_t mode = fleet->mode[device], target = fleet->target[device];
    bool switching = fleet->active_switch[device] != HCP_NO_INDEX;
    bool leased = fleet->lease[device] != HCP_NO_INDEX;
    bool unhealthy = fleet->health[device] != HCP_HEALTH_OK;
    bool out = fleet->admin[device] != HCP_ADMIN_NONE;
    bool movable = !switching && !leased && !unhealthy && !out;
    group->count++;
    group->by_mode[mode]++;
    group->switching += switching;
    group->leased += leased;
    group->unhealthy += unhealthy;
    group->out += out;
    group->free += movable && mode != HCP_MODE_OFF;
    group->free_curtailed += movable && mode == HCP_MODE_CURTAILED;
    tally->movable[mode] += movable;
    tally->movable_at[target] += movable && mode == HCP_MODE_MINING;
    tally->hashing[target] += mode == HCP_MODE_MINING && !switching;
    tally->settled[mode] += !switching;
    hcp_mode reserved_for;
    tally->power_w += reserved_w(state, device, &reserved_for);
    const hcp_switch_started *sw =
        switching ? &hcp_state_switch(state, fleet->active_switch[device])->def : NULL;
    bool at_hand = !leased && !unhealthy && !out;
    bool heading = (sw != NULL ? sw->to : (hcp_mode)mode) == HCP_MODE_MINING;
    tally->at_hand += at_hand;
    tally->heading[sw != NULL ? sw->power_target : target] += at_hand && heading;
}

static bool same_counts(const hcp_group *a, const hcp_group *b)
{
    return a->count == b->count && memcmp(a->by_mode, b->by_mode, sizeof a->by_mode) == 0 &&
           a->switching == b->switching && a->leased == b->leased && a->unhealthy == b->unhealthy &&
           a->out == b->out && a->free == b->free && a->free_curtailed == b->free_curtailed;
}

static bool same_tally(const hcp_group_tally *a, const hcp_group_tally *b)
{
    return memcmp(a->movable, b->movable, sizeof a->movable) == 0 &&
           memcmp(a->movable_at, b->movable_at, sizeof a->movable_at) == 0 &&
           memcmp(a->hashing, b->hashing, sizeof a->hashing) == 0 &&
           memcmp(a->settled, b->settled, sizeof a->settled) == 0 && a->at_hand == b->at_hand &&
           memcmp(a->heading, b->heading, sizeof a->heading) == 0 && a->power_w == b->power_w;
}

char *hcp_check_fleet(const hcp_core *core)
{
    const hcp_fleet *fleet = &core->state.fleet;
    g_autofree hcp_group *groups = g_new0(hcp_group, fleet->groups->len);
    g_autofree hcp_group_tally *tallies = g_new0(hcp_group_tally, fleet->groups->len);
    for (uint32_t d = 0; d < fleet->n_devices; d++) {
        if (fleet->mode[d] >= HCP_MODES || fleet->health[d] >= HCP_HEALTHS ||
            fleet->admin[d] >= HCP_ADMINS || fleet->group[d] >= fleet->groups->len)
            return broken("device %u has an impossible row", d);
        if (fleet->mode[d] != HCP_MODE_MINING && fleet->target[d] != 0)
            return broken("device %u does not mine and has power target %u", d, fleet->target[d]);
        recount(&core->state, d, &groups[fleet->group[d]], &tallies[fleet->group[d]]);
    }
    for (uint32_t i = 0; i < fleet->batches->len; i++) {
        const hcp_device_batch *batch = &g_array_index(fleet->batches, hcp_device_batch, i);
        const hcp_group *group = hcp_state_group(&core->state, fleet->group[batch->first]);
        if (group->facility != batch->def.facility || group->class_ix != batch->def.class_ix ||
            group->feeder != batch->def.feeder)
            return broken("batch %u is in a group of another facility, class or feeder", i);
    }
    for (uint32_t g = 0; g < fleet->groups->len; g++) {
        if (!same_counts(&groups[g], hcp_state_group(&core->state, g)))
            return broken("the counters of group %u are not those of its devices", g);
        if (!same_tally(&tallies[g], hcp_core_tally(core, g)))
            return broken("the tallies of group %u are not those of its devices", g);
    }
    if (!hcp_runs_hold(fleet))
        return broken("runs of equal rows do not begin where they are noted to");
    return NULL;
}

/* --- power --------------------------------------------------------------------------------------------------------- */

typedef struct {
    int64_t it_w, use_w[HCP_USES], asleep_w, asleep_ghs, ready_w;
    double ths;
} power_sum;

static void add_power(const hcp_state *state, uint32_t device, power_sum *sums)
{
    const hcp_fleet *fleet = &state->fleet;
    const hcp_group *group = hcp_state_group(state, fleet->group[device]);
    const hcp_class_defined *cls = &hcp_state_class(state, group->class_ix)->def;
    power_sum *sum = &sums[group->facility];
    hcp_mode mode;
    int64_t power_w = reserved_w(state, device, &mode);
    if (fleet->active_switch[device] == HCP_NO_INDEX && mode == HCP_MODE_MINING &&
        fleet->target[device] < cls->power_targets.count) {
        const hcp_power_target *targets = cls->power_targets.items;
        sum->ths += targets[fleet->target[device]].ths;
        sum->ready_w += hcp_power_ready_w(cls, mode, fleet->target[device]);
    }
    if (mode == HCP_MODE_CURTAILED && hcp_state_device_is_free(state, device)) {
        sum->asleep_w += hcp_power_asleep_w(cls);
        sum->asleep_ghs += hcp_power_asleep_ghs(cls);
    }
    sum->it_w += power_w;
    sum->use_w[hcp_power_use(mode)] += power_w;
}

/* Whether anything at the facility could still be told to draw less; what serves only above the cap of leases. */
static bool can_shed(const hcp_core *core, uint32_t facility, bool leases)
{
    const hcp_fleet *fleet = &core->state.fleet;
    for (uint32_t d = 0; d < fleet->n_devices; d++) {
        const hcp_group *group = hcp_state_group(&core->state, fleet->group[d]);
        bool awake = fleet->mode[d] != HCP_MODE_OFF && fleet->mode[d] != HCP_MODE_CURTAILED;
        bool spared = fleet->mode[d] == HCP_MODE_SERVING && !leases;
        if (group->facility == facility && awake && !spared &&
            fleet->active_switch[d] == HCP_NO_INDEX)
            return true;
    }
    return false;
}

static char *check_cap(const hcp_core *core, uint32_t f)
{
    const hcp_facility *facility = hcp_state_facility(&core->state, f);
    int64_t cap_it_w = hcp_power_cap_it_w(&core->state, f);
    int64_t settled_w = hcp_power_settled_w(core, f, 0);
    if (facility->it_power_w <= cap_it_w || settled_w <= cap_it_w)
        return NULL;
    bool leases = settled_w > hcp_power_lease_cap_it_w(&core->state, f);
    return can_shed(core, f, leases) ? broken("facility %s reserves %" G_GINT64_FORMAT
                                              " W of IT power, its cap leaves %" G_GINT64_FORMAT,
                                              facility->def.key, facility->it_power_w, cap_it_w)
                                     : NULL;
}

/* No feeder ever carries more than its cap: nothing lowers one, and whatever raises its load asks first. */
static char *check_feeders(const hcp_core *core, uint32_t f)
{
    const hcp_facility_defined *def = &hcp_state_facility(&core->state, f)->def;
    for (uint32_t feeder = 1; feeder <= def->feeders.count; feeder++) {
        int64_t power_w = hcp_power_reserved_w(core, f, feeder);
        int64_t limit_w = hcp_power_limit_w(&core->state, f, feeder);
        if (power_w > limit_w)
            return broken("feeder %s of %s reserves %" G_GINT64_FORMAT
                          " W, its cap is %" G_GINT64_FORMAT,
                          hcp_power_feeder_name(def, feeder), def->key, power_w, limit_w);
    }
    return NULL;
}

char *hcp_check_power(const hcp_core *core)
{
    const hcp_state *state = &core->state;
    uint32_t n = state->fleet.facilities->len;
    g_autofree power_sum *sums = g_new0(power_sum, n + 1);
    for (uint32_t d = 0; d < state->fleet.n_devices; d++)
        add_power(state, d, sums);
    for (uint32_t f = 0; f < n; f++) {
        const hcp_facility *facility = hcp_state_facility(state, f);
        if (sums[f].it_w != facility->it_power_w ||
            memcmp(sums[f].use_w, facility->use_power_w, sizeof sums[f].use_w) != 0)
            return broken("the power of facility %s is not that of its devices", facility->def.key);
        if (sums[f].ready_w != facility->ready_w)
            return broken("the miners of facility %s that stand ready are counted wrongly",
                          facility->def.key);
        if (sums[f].asleep_w != facility->asleep_w || sums[f].asleep_ghs != facility->asleep_ghs)
            return broken("the sleeping miners of facility %s are counted wrongly",
                          facility->def.key);
        if (fabs(sums[f].ths - facility->mining_ths) > 1e-6 * (1 + sums[f].ths))
            return broken("the hashrate of facility %s is not that of its miners",
                          facility->def.key);
        char *over = check_cap(core, f);
        if (over == NULL)
            over = check_feeders(core, f);
        if (over != NULL)
            return over;
    }
    return NULL;
}

/* --- leases -------------------------------------------------------------------------------------------------------- */

static char *check_leased(const hcp_state *state, uint32_t device)
{
    const hcp_fleet *fleet = &state->fleet;
    uint32_t lease = fleet->lease[device], sw = fleet->active_switch[device];
    bool serving = fleet->mode[device] == HCP_MODE_SERVING;
    bool arriving = sw != HCP_NO_INDEX && hcp_state_switch(state, sw)->def.to == HCP_MODE_SERVING;
    if (lease == HCP_NO_INDEX)
        return serving && sw == HCP_NO_INDEX ? broken("device %u serves without a lease", device)
                                             : NULL;
    if (lease >= state->leases.items->len || !hcp_state_lease(state, lease)->live)
        return broken("device %u is in a lease that is not held", device);
    if (!serving && !arriving)
        return broken("device %u is leased and does not serve", device);
    return fleet->health[device] == HCP_HEALTH_FAILED
               ? broken("device %u has failed and is still leased", device)
               : NULL;
}

char *hcp_check_leases(const hcp_core *core)
{
    const hcp_state *state = &core->state;
    uint64_t named = 0, marked = 0;
    for (uint32_t i = 0; i < state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, i);
        const uint32_t *devices = lease->def.devices.items;
        for (uint32_t j = 0; lease->live && j < lease->def.devices.count; j++, named++)
            if (state->fleet.lease[devices[j]] != i)
                return broken("device %u of lease %u is not marked with it", devices[j], i);
    }
    for (uint32_t d = 0; d < state->fleet.n_devices; d++) {
        marked += state->fleet.lease[d] != HCP_NO_INDEX;
        char *fault = check_leased(state, d);
        if (fault != NULL)
            return fault;
    }
    return named == marked ? NULL : broken("a device is marked with a lease that does not name it");
}

/* --- switches ------------------------------------------------------------------------------------------------------ */

/* A device at rest is where standing orders want it. */
static char *check_orders(const hcp_state *state, uint32_t d)
{
    const hcp_fleet *fleet = &state->fleet;
    uint32_t facility = hcp_state_group(state, fleet->group[d])->facility;
    if (fleet->active_switch[d] != HCP_NO_INDEX || fleet->lease[d] != HCP_NO_INDEX)
        return NULL;
    if (fleet->health[d] == HCP_HEALTH_FAILED && fleet->mode[d] != HCP_MODE_OFF)
        return broken("device %u has failed and is not off", d);
    if (fleet->admin[d] == HCP_ADMIN_MAINTENANCE && fleet->mode[d] != HCP_MODE_OFF)
        return broken("device %u is in maintenance and not off", d);
    bool awake = fleet->mode[d] != HCP_MODE_OFF && fleet->mode[d] != HCP_MODE_CURTAILED;
    if (hcp_state_facility(state, facility)->emergency && awake)
        return broken("device %u is awake in an emergency", d);
    return NULL;
}

char *hcp_check_switches(const hcp_core *core)
{
    const hcp_state *state = &core->state;
    uint32_t n = state->switches.items->len;
    g_autofree uint32_t *left = g_new0(uint32_t, n + 1);
    for (uint32_t d = 0; d < state->fleet.n_devices; d++) {
        uint32_t sw = state->fleet.active_switch[d];
        if (sw != HCP_NO_INDEX && (sw >= n || !hcp_state_switch(state, sw)->live))
            return broken("device %u is in a switch that does not run", d);
        if (sw != HCP_NO_INDEX)
            left[sw]++;
        char *fault = check_orders(state, d);
        if (fault != NULL)
            return fault;
    }
    for (uint32_t i = 0; i < n; i++) {
        const hcp_switch *sw = hcp_state_switch(state, i);
        if (sw->live && (sw->left != left[i] || sw->left == 0))
            return broken("switch %u counts %u devices, %u are in it", i, sw->left, left[i]);
        if (sw->live && hcp_core_find_switch(core, sw->def.id) != i)
            return broken("switch %u is not found by its id", i);
    }
    return NULL;
}

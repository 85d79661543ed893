/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device rows and everything counted about them. hcp_fleet_change is the only writer of a row after registration: it takes
 * the row out of every counter, writes it, and counts it in again, one run of equal rows at a time, so a mass action over
 * a million devices is a few passes over bytes.
 */
#include "core/internal.h"
#include "core/runs.h"

#include <string.h>

/* What a device weighs in the counters. All devices of a run of equal rows weigh the same. */
typedef struct {
    uint32_t group;
    hcp_mode mode;
    uint32_t target;
    bool switching, leased, unhealthy, out;
    bool at_hand;            /* dispatch may move it, now or when its switch ends */
    bool heading;            /* it mines, or is on its way to */
    uint32_t heading_target; /* at this power target */
    int64_t power_w;
    hcp_use use;
    int64_t asleep_ghs, asleep_w; /* of a miner that could be woken */
    int64_t ready_w;              /* of a running miner, beyond its sleep */
} weight;

static weight weigh(const hcp_core *core, uint32_t device)
{
    const hcp_state *state = &core->state;
    const hcp_fleet *fleet = &state->fleet;
    weight w = {
        .group = fleet->group[device],
        .mode = (hcp_mode)fleet->mode[device],
        .target = fleet->target[device],
        .switching = fleet->active_switch[device] != HCP_NO_INDEX,
        .leased = fleet->lease[device] != HCP_NO_INDEX,
        .unhealthy = fleet->health[device] != HCP_HEALTH_OK,
        .out = fleet->admin[device] != HCP_ADMIN_NONE,
    };
    const hcp_class *cls = hcp_state_class(state, hcp_state_group(state, w.group)->class_ix);
    w.power_w = hcp_power_device_w(&cls->def, w.mode, w.target);
    w.use = hcp_power_use(w.mode);
    if (!w.switching)
        w.ready_w = hcp_power_ready_w(&cls->def, w.mode, w.target);
    w.at_hand = !w.leased && !w.unhealthy && !w.out;
    w.heading = w.mode == HCP_MODE_MINING;
    w.heading_target = w.target;
    if (w.mode == HCP_MODE_CURTAILED && !w.switching && !w.leased && !w.unhealthy && !w.out) {
        w.asleep_ghs = hcp_power_asleep_ghs(&cls->def);
        w.asleep_w = hcp_power_asleep_w(&cls->def);
    }
    if (w.switching) {
        const hcp_switch *sw = hcp_state_switch(state, fleet->active_switch[device]);
        int64_t to_w = hcp_power_device_w(&cls->def, sw->def.to, sw->def.power_target);
        w.heading = sw->def.to == HCP_MODE_MINING;
        w.heading_target = sw->def.power_target;
        if (to_w > w.power_w) {
            w.power_w = to_w;
            w.use = hcp_power_use(sw->def.to);
        }
    }
    return w;
}

/* The hashrate of a facility from integer counts, in table order: the same bits however it was reached. */
static void sum_hashrate(hcp_core *core, uint32_t facility)
{
    const hcp_state *state = &core->state;
    double ths = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        const hcp_array *targets = &hcp_state_class(state, group->class_ix)->def.power_targets;
        if (group->facility != facility)
            continue;
        for (uint32_t t = 0; t < targets->count; t++)
            ths +=
                hcp_core_tally(core, g)->hashing[t] * ((hcp_power_target *)targets->items)[t].ths;
    }
    hcp_core_facility(core, facility)->mining_ths = ths;
}

/* Adds `n` devices of weight `w` to every counter, or takes them out. Unsigned counters wrap back into place. */
static void count(hcp_core *core, const weight *w, uint32_t n, bool add)
{
    uint32_t k = add ? n : 0u - n;
    hcp_group *group = hcp_core_group(core, w->group);
    hcp_group_tally *tally = &g_array_index(core->tallies, hcp_group_tally, w->group);
    hcp_facility *facility = hcp_core_facility(core, group->facility);
    group->count += k;
    group->by_mode[w->mode] += k;
    group->switching += w->switching ? k : 0;
    group->leased += w->leased ? k : 0;
    group->unhealthy += w->unhealthy ? k : 0;
    group->out += w->out ? k : 0;
    if (!w->switching && !w->leased && !w->unhealthy && !w->out) {
        tally->movable[w->mode] += k;
        group->free += w->mode != HCP_MODE_OFF ? k : 0;
        group->free_curtailed += w->mode == HCP_MODE_CURTAILED ? k : 0;
        tally->movable_at[w->target] += w->mode == HCP_MODE_MINING ? k : 0;
    }
    if (w->mode == HCP_MODE_MINING && !w->switching)
        tally->hashing[w->target] += k;
    tally->settled[w->mode] += w->switching ? 0 : k;
    tally->at_hand += w->at_hand ? k : 0;
    if (w->at_hand && w->heading)
        tally->heading[w->heading_target] += k;
    int64_t power_w = add ? w->power_w * n : -w->power_w * n;
    tally->power_w += power_w;
    facility->it_power_w += power_w;
    facility->use_power_w[w->use] += power_w;
    facility->asleep_ghs += add ? w->asleep_ghs * n : -w->asleep_ghs * n;
    facility->asleep_w += add ? w->asleep_w * n : -w->asleep_w * n;
    facility->ready_w += add ? w->ready_w * n : -w->ready_w * n;
}

static void fill(uint32_t *column, hcp_range run, uint32_t value)
{
    for (uint32_t i = run.first; i < run.first + run.count; i++)
        column[i] = value;
}

static void write_rows(hcp_fleet *fleet, hcp_range run, const hcp_row_change *change)
{
    if (change->set & HCP_ROW_MODE)
        memset(fleet->mode + run.first, (int)change->mode, run.count);
    if (change->set & HCP_ROW_HEALTH)
        memset(fleet->health + run.first, (int)change->health, run.count);
    if (change->set & HCP_ROW_ADMIN)
        memset(fleet->admin + run.first, (int)change->admin, run.count);
    /* The power target of a device that does not mine is 0, so that devices doing the same have equal rows. */
    if ((change->set & HCP_ROW_MODE) && change->mode != HCP_MODE_MINING)
        memset(fleet->target + run.first, 0, run.count);
    else if (change->set & HCP_ROW_TARGET)
        memset(fleet->target + run.first, (int)change->target, run.count);
    if (change->set & HCP_ROW_LEASE)
        fill(fleet->lease, run, change->lease);
    if (change->set & HCP_ROW_SWITCH)
        fill(fleet->active_switch, run, change->active_switch);
    if (change->set & HCP_ROW_RESIDENT)
        fill(fleet->resident, run, change->resident);
    hcp_runs_note(fleet, run);
}

/* Counts devices that dispatch may move and that turn to mining or away from it. */
static void note_move(hcp_core *core, const weight *before, const weight *after, uint32_t n)
{
    hcp_group_account *account = &hcp_core_group(core, after->group)->account;
    if (!before->at_hand || !after->at_hand)
        return;
    account->starts += !before->heading && after->heading ? n : 0;
    account->stops += before->heading && !after->heading ? n : 0;
}

static void change_run(hcp_core *core, hcp_range run, const hcp_row_change *change)
{
    weight before = weigh(core, run.first);
    uint32_t facility = hcp_state_group(&core->state, before.group)->facility;
    hcp_metering_advance(core, facility, core->state.now_us);
    count(core, &before, run.count, false);
    write_rows(&core->state.fleet, run, change);
    weight after = weigh(core, run.first);
    count(core, &after, run.count, true);
    note_move(core, &before, &after, run.count);
    bool hashed = before.mode == HCP_MODE_MINING && !before.switching;
    bool hashes = after.mode == HCP_MODE_MINING && !after.switching;
    if (hashed || hashes)
        sum_hashrate(core, facility);
}

void hcp_fleet_change(hcp_core *core, hcp_range range, const hcp_row_change *change)
{
    const hcp_fleet *fleet = &core->state.fleet;
    uint32_t end = range.first + range.count;
    g_assert(end >= range.first && end <= fleet->n_devices);
    for (uint32_t first = range.first, next; first < end; first = next) {
        next = hcp_runs_end(fleet, first, end);
        if ((change->set & HCP_ROW_ONLY) && fleet->active_switch[first] != change->only_switch)
            continue;
        change_run(core, (hcp_range){first, next - first}, change);
    }
}

void hcp_fleet_reserve(hcp_fleet *fleet, uint32_t needed)
{
    if (needed <= fleet->capacity)
        return;
    uint32_t capacity = MAX(fleet->capacity, 64);
    while (capacity < needed)
        capacity *= 2;
    fleet->mode = g_renew(uint8_t, fleet->mode, capacity);
    fleet->health = g_renew(uint8_t, fleet->health, capacity);
    fleet->admin = g_renew(uint8_t, fleet->admin, capacity);
    fleet->target = g_renew(uint8_t, fleet->target, capacity);
    fleet->group = g_renew(uint32_t, fleet->group, capacity);
    fleet->lease = g_renew(uint32_t, fleet->lease, capacity);
    fleet->active_switch = g_renew(uint32_t, fleet->active_switch, capacity);
    fleet->resident = g_renew(uint32_t, fleet->resident, capacity);
    hcp_runs_reserve(fleet, capacity);
    fleet->capacity = capacity;
}

/* Counts rows in, run by run. */
static void count_rows(hcp_core *core, hcp_range rows)
{
    uint32_t end = rows.first + rows.count;
    for (uint32_t first = rows.first, next; first < end; first = next) {
        next = hcp_runs_end(&core->state.fleet, first, end);
        weight w = weigh(core, first);
        count(core, &w, next - first, true);
    }
}

void hcp_fleet_add_rows(hcp_core *core, hcp_range rows, uint32_t group, hcp_mode mode)
{
    hcp_fleet *fleet = &core->state.fleet;
    hcp_fleet_reserve(fleet, rows.first + rows.count);
    fleet->n_devices = rows.first + rows.count;
    fill(fleet->group, rows, group);
    write_rows(fleet, rows,
               &(hcp_row_change){
                   .set = HCP_ROW_MODE | HCP_ROW_HEALTH | HCP_ROW_ADMIN | HCP_ROW_TARGET |
                          HCP_ROW_LEASE | HCP_ROW_SWITCH | HCP_ROW_RESIDENT,
                   .mode = mode,
                   .target = hcp_state_group(&core->state, group)->mining_target,
                   .lease = HCP_NO_INDEX,
                   .active_switch = HCP_NO_INDEX,
                   .resident = HCP_NO_INDEX,
               });
    count_rows(core, rows);
    sum_hashrate(core, hcp_state_group(&core->state, group)->facility);
}

/* Everything counted starts from zero; what is not derived stays. */
static void zero_counters(hcp_core *core)
{
    const hcp_fleet *fleet = &core->state.fleet;
    g_array_set_size(core->tallies, 0);
    g_array_set_size(core->tallies, fleet->groups->len);
    for (uint32_t g = 0; g < fleet->groups->len; g++) {
        hcp_group *group = hcp_core_group(core, g);
        g_clear_pointer(&group->batches, g_array_unref);
        *group = (hcp_group){
            .facility = group->facility,
            .class_ix = group->class_ix,
            .feeder = group->feeder,
            .batches = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
            .mining_target = group->mining_target,
            .moved_us = group->moved_us,
            .struck = group->struck,
            .strike_usd_per_mwh = group->strike_usd_per_mwh,
            .account = group->account,
        };
    }
    for (uint32_t f = 0; f < fleet->facilities->len; f++) {
        hcp_facility *facility = hcp_core_facility(core, f);
        facility->it_power_w = facility->asleep_w = facility->asleep_ghs = 0;
        facility->ready_w = 0;
        memset(facility->use_power_w, 0, sizeof facility->use_power_w);
    }
}

void hcp_fleet_recount(hcp_core *core)
{
    const hcp_fleet *fleet = &core->state.fleet;
    zero_counters(core);
    for (uint32_t i = 0; i < fleet->batches->len; i++) {
        uint32_t first = g_array_index(fleet->batches, hcp_device_batch, i).first;
        g_array_append_val(hcp_core_group(core, fleet->group[first])->batches, i);
    }
    hcp_runs_find(&core->state.fleet);
    count_rows(core, (hcp_range){0, fleet->n_devices});
    for (uint32_t f = 0; f < fleet->facilities->len; f++)
        sum_hashrate(core, f);
}

uint32_t hcp_fleet_find_group(const hcp_state *state, uint32_t facility, uint32_t class_ix,
                              uint32_t feeder)
{
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (group->facility == facility && group->class_ix == class_ix && group->feeder == feeder)
            return g;
    }
    return HCP_NO_INDEX;
}

uint32_t hcp_fleet_switch_group(const hcp_state *state, const hcp_switch_started *def)
{
    return state->fleet.group[((const hcp_range *)def->ranges.items)->first];
}

uint32_t hcp_fleet_lease_group(const hcp_state *state, const hcp_lease_granted *def)
{
    return state->fleet.group[*(const uint32_t *)def->devices.items];
}

bool hcp_fleet_is_free(const hcp_fleet *fleet, uint32_t device)
{
    return fleet->mode[device] != HCP_MODE_OFF && fleet->health[device] == HCP_HEALTH_OK &&
           fleet->admin[device] == HCP_ADMIN_NONE && fleet->lease[device] == HCP_NO_INDEX &&
           fleet->active_switch[device] == HCP_NO_INDEX;
}

bool hcp_state_device_is_free(const hcp_state *state, uint32_t device)
{
    g_assert(device < state->fleet.n_devices);
    return hcp_fleet_is_free(&state->fleet, device);
}

const hcp_group_tally *hcp_core_tally(const hcp_core *core, uint32_t group)
{
    g_assert(group < core->tallies->len);
    return &g_array_index(core->tallies, hcp_group_tally, group);
}

void hcp_core_movable(const hcp_core *core, uint32_t group, uint32_t ret_by_mode[HCP_MODES])
{
    memcpy(ret_by_mode, hcp_core_tally(core, group)->movable, HCP_MODES * sizeof *ret_by_mode);
}

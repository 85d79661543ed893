/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The scheduling pass: walks the queue in its order of service and places what fits. Three rules decide about what does
 * not fit:
 *
 *   - Backfill is bounded: at most settings.backfill_depth workloads are looked at past the first that is blocked.
 *   - A workload that has waited beyond its limit keeps devices: in one group as many free devices as it needs are out of
 *     reach for everybody behind it, so what is released there accumulates. The same holds for power it waits for.
 *   - A strictly higher priority may preempt lower ones, never its own or a higher one; the freed devices are kept for it.
 *     Age moves a workload forward in the queue and protects it once it runs, but gives no right to preempt.
 *
 * Nobody starves. Let w be queued and in reach of the fleet (admission checked that a group can hold it). After at most
 * HCP_QUEUE_AGED times its limit w has aged; the aged are served in one fixed order, so only the finitely many that aged
 * before w are ahead of it, and none can ever overtake. Once they are gone w is first: whatever is released in its group is
 * kept for it, and it starts when the finite leases of that group have ended at the latest. Having aged, it is not preempted
 * again. (P4 has no limit and no such promise; open-ended leases end when their holders say so.)
 *
 * Preemption terminates. Every preemption adds one to the victim's counter, which settings.max_preemptions bounds, so a
 * workload is preempted finitely often; and a victim never preempts its preemptor, because that has a strictly higher
 * priority. Within a pass each workload preempts at most once, and devices on their way to being free are counted before
 * further victims are taken.
 *
 * A submission changes nothing for those ahead of it, so it looks at the new workload alone, with what the last pass kept
 * (unless that is kept for somebody behind it). That makes a submission into a full fleet cheap.
 */
#include "core/internal.h"

/* What the last pass found out; derived, begun anew by the next full pass. */
struct hcp_schedule {
    GArray *kept;     /* uint32_t by group: free devices kept for workloads ahead */
    GArray *kept_w;   /* int64_t by facility and feeder (place_of): power kept for them */
    GArray *groups;   /* group_load by group; follows the leases */
    GArray *incoming; /* uint32_t by group: devices soon free; empty = not counted yet */
    /* deferral by age; entries of workloads that are no longer put off are dropped on use */
    GArray *deferred;
    uint64_t held;    /* classes of devices kept for those put off */
    uint64_t blocked; /* classes that somebody in the queue waits for */
    uint32_t looked;  /* blocked workloads seen */
    bool keeping;     /* something is kept for somebody */
    bool preempted;   /* somebody lost devices and may start elsewhere */
    bool stale;       /* no full pass since the state came from elsewhere */
    /* Of the workload tried last: where it lacks power that no miner gives, how much it lacks (0 = none) and needs. */
    uint32_t short_group;
    bool feeder_short; /* its feeder lacks it, too */
    int64_t short_w, short_need_w;
};

/* Devices of a group leased to workloads that may be preempted, by priority. */
typedef struct {
    uint32_t preemptible[HCP_PRIORITIES];
} group_load;

/* A workload whose start was put off. */
typedef struct {
    uint32_t workload;
    uint64_t id;
} deferral;

hcp_schedule *hcp_schedule_new(void)
{
    hcp_schedule *schedule = g_new0(hcp_schedule, 1);
    schedule->kept = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    schedule->kept_w = g_array_new(FALSE, TRUE, sizeof(int64_t));
    schedule->incoming = g_array_new(FALSE, TRUE, sizeof(uint32_t));
    schedule->groups = g_array_new(FALSE, TRUE, sizeof(group_load));
    schedule->deferred = g_array_new(FALSE, FALSE, sizeof(deferral));
    schedule->stale = true;
    return schedule;
}

void hcp_schedule_free(hcp_schedule *schedule)
{
    if (schedule == NULL)
        return;
    g_array_unref(schedule->kept);
    g_array_unref(schedule->kept_w);
    g_array_unref(schedule->incoming);
    g_array_unref(schedule->groups);
    g_array_unref(schedule->deferred);
    g_free(schedule);
}

void hcp_schedule_mark_stale(hcp_core *core)
{
    core->schedule->stale = true;
}

bool hcp_schedule_is_stale(const hcp_core *core)
{
    return core->schedule->stale;
}

void hcp_schedule_wake(hcp_txn *txn)
{
    txn->wake = true;
}

uint32_t hcp_schedule_kept(const hcp_core *core, uint32_t group)
{
    const GArray *kept = core->schedule->kept;
    return group < kept->len ? g_array_index(kept, uint32_t, group) : 0;
}

static uint32_t place_of(uint32_t facility, uint32_t feeder)
{
    return facility * (HCP_MAX_FEEDERS + 1) + feeder;
}

int64_t hcp_schedule_kept_w(const hcp_core *core, uint32_t facility, uint32_t feeder)
{
    const GArray *kept_w = core->schedule->kept_w;
    uint32_t place = place_of(facility, feeder);
    return place < kept_w->len ? g_array_index(kept_w, int64_t, place) : 0;
}

static void keep_w(hcp_schedule *schedule, uint32_t place, int64_t power_w)
{
    if (place >= schedule->kept_w->len)
        g_array_set_size(schedule->kept_w, place + 1);
    g_array_index(schedule->kept_w, int64_t, place) += power_w;
    schedule->keeping = true;
}

/* IT watts that a supply will lack once every switch has ended, for what is kept and `power_w` more. */
static int64_t lacking_w(const hcp_core *core, uint32_t facility, uint32_t feeder, int64_t power_w)
{
    return hcp_power_settled_w(core, facility, feeder) +
           hcp_schedule_kept_w(core, facility, feeder) + power_w -
           hcp_power_limit_w(&core->state, facility, feeder);
}

static void note_short(hcp_core *core, uint32_t group_ix, int64_t power_w)
{
    hcp_schedule *schedule = core->schedule;
    const hcp_group *group = hcp_state_group(&core->state, group_ix);
    int64_t feeder_w = lacking_w(core, group->facility, group->feeder, power_w);
    schedule->short_group = group_ix;
    schedule->feeder_short = group->feeder != 0 && feeder_w > 0;
    schedule->short_need_w = power_w;
    schedule->short_w = MAX(feeder_w, lacking_w(core, group->facility, 0, power_w));
}

static bool is_overdue(const hcp_txn *txn, uint32_t workload)
{
    return hcp_queue_overdue_us(txn->core->queue, workload) <= txn->now_us;
}

void hcp_schedule_keep_w(hcp_txn *txn, uint32_t workload, uint32_t group_ix, int64_t power_w,
                         bool coming)
{
    hcp_schedule *schedule = txn->core->schedule;
    const hcp_group *group = hcp_state_group(&txn->core->state, group_ix);
    if (!coming)
        note_short(txn->core, group_ix, power_w);
    if (!coming && !is_overdue(txn, workload))
        return;
    keep_w(schedule, place_of(group->facility, 0), power_w);
    if (group->feeder != 0)
        keep_w(schedule, place_of(group->facility, group->feeder), power_w);
}

static group_load *load_of(hcp_core *core, uint32_t group)
{
    GArray *groups = core->schedule->groups;
    if (group >= groups->len)
        g_array_set_size(groups, group + 1);
    return &g_array_index(groups, group_load, group);
}

/* Not too often, and not one that was let ahead because of its age. `row` holds a lease. */
static bool is_preemptible(const hcp_core *core, const hcp_workload *row)
{
    const hcp_lease *lease = hcp_state_lease(&core->state, row->lease);
    return row->preemptions < core->state.settings.max_preemptions &&
           lease->granted_us < hcp_queue_aged_us(core->queue, row);
}

void hcp_schedule_note_lease(hcp_core *core, const hcp_workload *row, bool granted)
{
    if (row->lease == HCP_NO_INDEX || !is_preemptible(core, row))
        return;
    const hcp_lease_granted *def = &hcp_core_lease(core, row->lease)->def;
    uint32_t group = hcp_fleet_lease_group(&core->state, def);
    uint32_t *sum = &load_of(core, group)->preemptible[row->def.priority];
    *sum += granted ? row->def.count : 0u - row->def.count;
}

bool hcp_schedule_accepts(const hcp_state *state, const hcp_workload_accepted *def,
                          const hcp_group *group)
{
    const hcp_facility *facility = hcp_state_facility(state, group->facility);
    bool near = def->max_latency_us == 0 || facility->def.network_rtt_us <= def->max_latency_us;
    return ((def->classes >> group->class_ix) & 1) != 0 && near && !facility->emergency &&
           (def->facility == HCP_NO_INDEX || def->facility == group->facility);
}

/* Could it start now as far as devices go? Power and the choice of devices are the placement's. */
static bool may_fit(const hcp_core *core, const hcp_workload_accepted *def)
{
    const hcp_state *state = &core->state;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if ((uint64_t)group->free >= (uint64_t)def->count + hcp_schedule_kept(core, g) &&
            hcp_schedule_accepts(state, def, group))
            return true;
    }
    return false;
}

static void keep(hcp_core *core, uint32_t group, uint32_t count)
{
    GArray *kept = core->schedule->kept;
    if (group >= kept->len)
        g_array_set_size(kept, group + 1);
    g_array_index(kept, uint32_t, group) += count;
    core->schedule->keeping = true;
}

/* The group in which devices accumulate for an overdue workload: the largest in service. It depends on nothing that moves
 * with every release, so the devices do not change their destination from pass to pass. */
static uint32_t home_group(const hcp_state *state, const hcp_workload_accepted *def)
{
    uint32_t best = HCP_NO_INDEX, most = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        uint32_t out = group->unhealthy + group->out;
        uint32_t capacity = group->count > out ? group->count - out : 0;
        capacity = MIN(capacity, hcp_power_most_serving(state, g));
        if (capacity >= def->count && capacity > most && hcp_schedule_accepts(state, def, group)) {
            best = g;
            most = capacity;
        }
    }
    return best;
}

/* --- preemption -------------------------------------------------------------------------------------------------- */

typedef struct {
    uint32_t workload;
    uint32_t count;
    int64_t loss_us; /* of one device */
    uint64_t id;
} victim;

static int victim_compare(gconstpointer a, gconstpointer b)
{
    const victim *left = a, *right = b;
    if (left->loss_us != right->loss_us)
        return left->loss_us < right->loss_us ? -1 : 1;
    return left->id > right->id ? -1 : left->id < right->id; /* the newest of equals */
}

/* Devices of every group that will be free when the running switches end: counted once in a walk. */
static void count_incoming(hcp_core *core)
{
    const hcp_state *state = &core->state;
    GArray *incoming = core->schedule->incoming;
    g_array_set_size(incoming, 0);
    g_array_set_size(incoming, state->fleet.groups->len);
    for (uint32_t i = 0; i < state->switches.items->len; i++) {
        const hcp_switch *sw = hcp_state_switch(state, i);
        bool frees = sw->live && sw->def.to != HCP_MODE_SERVING && sw->def.to != HCP_MODE_OFF;
        if (frees)
            g_array_index(incoming, uint32_t, hcp_fleet_switch_group(state, &sw->def)) += sw->left;
    }
}

static uint32_t incoming(hcp_core *core, uint32_t group)
{
    if (core->schedule->incoming->len == 0)
        count_incoming(core);
    return g_array_index(core->schedule->incoming, uint32_t, group);
}

/* Where leases are looked for: in one group, or in all of a facility, on one of its feeders or (0) on any. */
typedef struct {
    uint32_t group; /* HCP_NO_INDEX = any */
    uint32_t facility, feeder;
} reach;

static bool is_within(const hcp_state *state, const reach *where, const hcp_lease *lease)
{
    uint32_t g = hcp_fleet_lease_group(state, &lease->def);
    const hcp_group *group = hcp_state_group(state, g);
    if (where->group != HCP_NO_INDEX)
        return where->group == g;
    return group->facility == where->facility &&
           (where->feeder == 0 || where->feeder == group->feeder);
}

/* Workloads of lower priority there that may be preempted, the cheapest first. */
static GArray *find_victims(const hcp_txn *txn, const reach *where, hcp_priority above)
{
    const hcp_state *state = &txn->core->state;
    GArray *victims = g_array_new(FALSE, FALSE, sizeof(victim));
    for (uint32_t i = 0; i < state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, i);
        if (!lease->live || lease->workload == HCP_NO_INDEX || !is_within(state, where, lease))
            continue;
        const hcp_workload *row = hcp_state_workload(state, lease->workload);
        if (row->def.priority <= above || row->lease != i || !is_preemptible(txn->core, row))
            continue;
        victim v = {
            .workload = lease->workload,
            .count = row->def.count,
            .loss_us = hcp_workload_loss_us(row, txn->now_us),
            .id = row->def.id.value,
        };
        g_array_append_val(victims, v);
    }
    g_array_sort(victims, victim_compare);
    return victims;
}

/* Keeps of the sorted victims as few and as cheap ones as free `need` devices; returns the device-time lost, or -1 when
 * all of them together do not. */
static int64_t choose_victims(GArray *victims, uint32_t need)
{
    uint32_t freed = 0, n = 0;
    for (; n < victims->len && freed < need; n++)
        freed += g_array_index(victims, victim, n).count;
    if (freed < need)
        return -1;
    g_array_set_size(victims, n);
    int64_t loss_us = 0;
    /* The dearest that the others make unnecessary go free. */
    for (guint i = victims->len; i-- > 0;) {
        const victim *v = &g_array_index(victims, victim, i);
        if (freed - v->count >= need) {
            freed -= v->count;
            g_array_remove_index(victims, i);
        } else {
            loss_us += v->loss_us * v->count;
        }
    }
    return loss_us;
}

typedef struct {
    uint32_t group;  /* HCP_NO_INDEX = none would help */
    GArray *victims; /* empty: devices are on their way already */
    int64_t loss_us;
} preemption;

static void consider_group(const hcp_txn *txn, const hcp_workload_accepted *def, uint32_t g,
                           preemption *best)
{
    hcp_core *core = txn->core;
    const hcp_group *group = hcp_state_group(&core->state, g);
    const group_load *load = load_of(core, g);
    uint64_t lower = 0;
    for (int p = (int)def->priority + 1; p < HCP_PRIORITIES; p++)
        lower += load->preemptible[p];
    uint64_t wanted = (uint64_t)def->count + hcp_schedule_kept(core, g);
    if (lower + group->free + group->switching < wanted)
        return;
    uint64_t coming = (uint64_t)group->free + incoming(core, g);
    if (lower + coming < wanted)
        return;
    GArray *victims = coming >= wanted ? g_array_new(FALSE, FALSE, sizeof(victim))
                                       : find_victims(txn, &(reach){.group = g}, def->priority);
    int64_t loss_us = coming >= wanted ? 0 : choose_victims(victims, (uint32_t)(wanted - coming));
    if (loss_us < 0 || (best->group != HCP_NO_INDEX && loss_us >= best->loss_us)) {
        g_array_unref(victims);
        return;
    }
    g_clear_pointer(&best->victims, g_array_unref);
    *best = (preemption){.group = g, .victims = victims, .loss_us = loss_us};
}

/* Takes devices from lower priorities for a blocked workload. True when enough are on their way: they are kept for it. */
static bool preempt(hcp_txn *txn, uint32_t ix)
{
    const hcp_state *state = &txn->core->state;
    const hcp_workload *row = hcp_state_workload(state, ix);
    preemption best = {.group = HCP_NO_INDEX};
    for (uint32_t g = 0; g < state->fleet.groups->len; g++)
        if (hcp_schedule_accepts(state, &row->def, hcp_state_group(state, g)))
            consider_group(txn, &row->def, g, &best);
    if (best.group == HCP_NO_INDEX)
        return false;
    keep(txn->core, best.group, row->def.count);
    hcp_workload_id by = row->def.id;
    txn->core->schedule->preempted |= best.victims->len > 0;
    for (guint i = 0; i < best.victims->len; i++)
        hcp_workload_preempt(txn, g_array_index(best.victims, victim, i).workload, by);
    if (best.victims->len > 0)
        g_array_set_size(txn->core->schedule->incoming, 0);
    g_array_unref(best.victims);
    return true;
}

/* IT watts that a workload gives back when its devices go idle. */
static int64_t freed_w(const hcp_state *state, const hcp_workload *row)
{
    uint32_t class_ix = hcp_state_lease(state, row->lease)->def.class_ix;
    const hcp_class_defined *cls = &hcp_state_class(state, class_ix)->def;
    return (hcp_power_device_w(cls, HCP_MODE_SERVING, 0) -
            hcp_power_device_w(cls, HCP_MODE_IDLE, 0)) *
           row->def.count;
}

/* Takes power from lower priorities at the facility for a workload that has devices and no power. True when that yields
 * enough; the power is kept for it. */
static bool preempt_for_power(hcp_txn *txn, uint32_t ix)
{
    const hcp_state *state = &txn->core->state;
    hcp_schedule *schedule = txn->core->schedule;
    const hcp_workload *row = hcp_state_workload(state, ix);
    const hcp_group *group = hcp_state_group(state, schedule->short_group);
    const reach where = {.group = HCP_NO_INDEX,
                         .facility = group->facility,
                         .feeder = schedule->feeder_short ? group->feeder : 0};
    g_autoptr(GArray) victims = find_victims(txn, &where, row->def.priority);
    int64_t freed = 0;
    guint n = 0;
    for (; n < victims->len && freed < schedule->short_w; n++)
        freed +=
            freed_w(state, hcp_state_workload(state, g_array_index(victims, victim, n).workload));
    if (freed < schedule->short_w)
        return false;
    hcp_schedule_keep_w(txn, ix, schedule->short_group, schedule->short_need_w, true);
    hcp_workload_id by = row->def.id;
    schedule->preempted |= n > 0;
    for (guint i = 0; i < n; i++)
        hcp_workload_preempt(txn, g_array_index(victims, victim, i).workload, by);
    return true;
}

/* --- the pass ---------------------------------------------------------------------------------------------------- */

static void set_wait(hcp_txn *txn, uint32_t ix, hcp_wait wait)
{
    const hcp_workload *row = hcp_state_workload(&txn->core->state, ix);
    if (row->wait == wait)
        return;
    hcp_event event = {.type = HCP_EVENT_WAIT_CHANGED};
    event.wait_changed.id = row->def.id;
    event.wait_changed.wait = wait;
    hcp_txn_emit(txn, &event);
}

/* Is every facility that has such devices shut down? */
static bool all_shut_down(const hcp_state *state, const hcp_workload_accepted *def)
{
    bool any = false;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (((def->classes >> group->class_ix) & 1) == 0 ||
            (def->facility != HCP_NO_INDEX && def->facility != group->facility))
            continue;
        if (!hcp_state_facility(state, group->facility)->emergency)
            return false;
        any = true;
    }
    return any;
}

/* What a workload that was not placed may claim, and why it waits; `behind`: somebody ahead waits for the same classes. */
static void block(hcp_txn *txn, uint32_t ix, hcp_wait wait, bool behind)
{
    hcp_core *core = txn->core;
    const hcp_workload *row = hcp_state_workload(&core->state, ix);
    uint64_t classes = row->def.classes;
    if (wait == HCP_WAIT_DEVICES && all_shut_down(&core->state, &row->def)) {
        wait = HCP_WAIT_EMERGENCY;
    } else if (wait == HCP_WAIT_DEVICES && preempt(txn, ix)) {
        wait = HCP_WAIT_PREEMPTION;
    } else if (wait == HCP_WAIT_POWER && core->schedule->short_w > 0 &&
               preempt_for_power(txn, ix)) {
        wait = HCP_WAIT_PREEMPTION;
    } else if (wait == HCP_WAIT_DEVICES || wait == HCP_WAIT_POWER) {
        uint32_t home = home_group(&core->state, &row->def);
        if (is_overdue(txn, ix) && home != HCP_NO_INDEX)
            keep(core, home, row->def.count);
        wait = behind && wait == HCP_WAIT_DEVICES ? HCP_WAIT_BEHIND : wait;
    }
    core->schedule->blocked |= classes;
    core->schedule->looked++;
    set_wait(txn, ix, wait);
}

/* Places a queued workload or finds out why not. */
static void try_one(hcp_txn *txn, uint32_t ix, bool behind)
{
    const hcp_workload *row = hcp_state_workload(&txn->core->state, ix);
    if (row->wait == HCP_WAIT_BACKOFF || row->wait == HCP_WAIT_DEFERRED)
        return;
    hcp_wait wait = HCP_WAIT_DEVICES;
    txn->core->schedule->short_w = 0;
    if (may_fit(txn->core, &row->def) && hcp_placement_try(txn, ix, &wait))
        return;
    block(txn, ix, wait, behind);
}

/* --- deferral ---------------------------------------------------------------------------------------------------- */

static int deferral_compare(gconstpointer a, gconstpointer b)
{
    uint64_t left = ((const deferral *)a)->id, right = ((const deferral *)b)->id;
    return (left > right) - (left < right);
}

void hcp_schedule_note_deferred(hcp_core *core, uint32_t workload)
{
    const deferral entry = {workload, hcp_state_workload(&core->state, workload)->def.id.value};
    g_array_append_val(core->schedule->deferred, entry);
    /* Nearly always in order; a restored core finds them by row. */
    g_array_sort(core->schedule->deferred, deferral_compare);
}

static bool is_put_off(const hcp_core *core, const deferral *entry)
{
    const hcp_workload *row = hcp_state_workload(&core->state, entry->workload);
    return row->def.id.value == entry->id && row->status == HCP_WORKLOAD_QUEUED &&
           row->wait == HCP_WAIT_DEFERRED;
}

static void drop_started(hcp_core *core)
{
    GArray *deferred = core->schedule->deferred;
    guint kept = 0;
    for (guint i = 0; i < deferred->len; i++) {
        const deferral entry = g_array_index(deferred, deferral, i);
        if (is_put_off(core, &entry))
            g_array_index(deferred, deferral, kept++) = entry;
    }
    g_array_set_size(deferred, kept);
}

/* Keeps the devices of a workload that is put off. False when there are too few. */
static bool hold(hcp_core *core, uint32_t ix)
{
    const hcp_state *state = &core->state;
    const hcp_workload_accepted *def = &hcp_state_workload(state, ix)->def;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if ((uint64_t)group->free < (uint64_t)def->count + hcp_schedule_kept(core, g) ||
            !hcp_schedule_accepts(state, def, group))
            continue;
        keep(core, g, def->count);
        core->schedule->held |= def->classes;
        return true;
    }
    return false;
}

/* Before anybody is placed: devices are kept for everyone put off, the oldest first. */
static void hold_all(hcp_txn *txn)
{
    hcp_core *core = txn->core;
    core->schedule->held = 0;
    drop_started(core);
    for (guint i = 0; i < core->schedule->deferred->len; i++) {
        uint32_t ix = g_array_index(core->schedule->deferred, deferral, i).workload;
        if (!hold(core, ix))
            set_wait(txn, ix, HCP_WAIT_DEVICES);
    }
}

/* Starts a workload that was put off on the devices kept for it. What is kept for others is found out anew. */
void hcp_schedule_end_deferral(hcp_txn *txn, uint32_t workload)
{
    hcp_core *core = txn->core;
    hcp_wait wait = HCP_WAIT_DEVICES;
    g_array_set_size(core->schedule->kept, 0);
    g_array_set_size(core->schedule->kept_w, 0);
    drop_started(core);
    for (guint i = 0; i < core->schedule->deferred->len; i++) {
        uint32_t ix = g_array_index(core->schedule->deferred, deferral, i).workload;
        if (ix != workload)
            (void)hold(core, ix);
    }
    if (!hcp_placement_try(txn, workload, &wait))
        set_wait(txn, workload, wait);
    hcp_schedule_wake(txn);
}

/* Somebody lacks devices of a class that is kept for those put off: they start now. True when any did. */
static bool end_contended(hcp_txn *txn)
{
    hcp_schedule *schedule = txn->core->schedule;
    uint64_t wanted = schedule->blocked & schedule->held;
    bool any = false;
    if (wanted == 0)
        return false;
    g_autoptr(GArray) deferred = g_array_copy(schedule->deferred);
    for (guint i = 0; i < deferred->len; i++) {
        const deferral *entry = &g_array_index(deferred, deferral, i);
        uint64_t classes = hcp_state_workload(&txn->core->state, entry->workload)->def.classes;
        if (!is_put_off(txn->core, entry) || (classes & wanted) == 0)
            continue;
        hcp_schedule_end_deferral(txn, entry->workload);
        any = true;
    }
    return any;
}

static bool is_full(const hcp_core *core)
{
    return core->schedule->looked > core->state.settings.backfill_depth;
}

static void walk_queue(hcp_txn *txn)
{
    hcp_core *core = txn->core;
    hcp_schedule *schedule = core->schedule;
    g_array_set_size(schedule->kept, 0);
    g_array_set_size(schedule->kept_w, 0);
    schedule->blocked = 0;
    schedule->looked = 0;
    schedule->keeping = false;
    g_array_set_size(schedule->incoming, 0);
    schedule->preempted = false;
    schedule->stale = false;
    hold_all(txn);
    hcp_queue_iter iter;
    hcp_queue_iter_init(&iter, core->queue, txn->now_us);
    for (uint32_t ix; !is_full(core) && (ix = hcp_queue_iter_next(&iter)) != HCP_NO_INDEX;)
        try_one(txn, ix,
                (schedule->blocked & hcp_state_workload(&core->state, ix)->def.classes) != 0);
}

void hcp_schedule_pass(hcp_txn *txn)
{
    /* A victim may fit elsewhere; preemptions are bounded, so this ends. */
    do
        walk_queue(txn);
    while (txn->core->schedule->preempted || end_contended(txn));
    hcp_alert_queue_drained(txn);
}

void hcp_schedule_submitted(hcp_txn *txn, uint32_t workload)
{
    hcp_core *core = txn->core;
    uint32_t place = hcp_queue_position(core->queue, workload, txn->now_us);
    bool last = place == hcp_queue_depth(core->queue, HCP_PRIORITY_NONE);
    /* What is kept for those behind it must not stand in its way. */
    if (core->schedule->stale || (core->schedule->keeping && !last)) {
        hcp_schedule_wake(txn);
        return;
    }
    /* Beyond the reach of backfill nothing is looked at; what fits further back waits for its turn. */
    if (is_full(core) && place > core->state.settings.backfill_depth)
        return;
    g_array_set_size(core->schedule->incoming, 0);
    if (hcp_state_workload(&core->state, workload)->wait == HCP_WAIT_DEFERRED) {
        if (hold(core, workload))
            return;
        set_wait(txn, workload, HCP_WAIT_DEVICES);
    }
    try_one(txn, workload, hcp_state_workload(&core->state, workload)->wait == HCP_WAIT_BEHIND);
    if ((core->schedule->blocked & core->schedule->held) != 0)
        hcp_schedule_wake(txn);
}

void hcp_schedule_rebuild(hcp_core *core)
{
    g_array_set_size(core->schedule->groups, 0);
    core->schedule->stale = true;
    g_array_set_size(core->schedule->deferred, 0);
    for (uint32_t i = 0; i < core->state.workloads.items->len; i++) {
        const hcp_workload *row = hcp_state_workload(&core->state, i);
        if (row->status == HCP_WORKLOAD_QUEUED && row->wait == HCP_WAIT_DEFERRED)
            hcp_schedule_note_deferred(core, i);
        if (row->status == HCP_WORKLOAD_STARTING || row->status == HCP_WORKLOAD_RUNNING)
            hcp_schedule_note_lease(core, row, true);
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Estimating when a queued workload will serve, from what is free, what will be released and who is ahead. */
#include "core/eta.h"

#include "core/internal.h"
#include "core/residency.h"

/* Devices that a group has got back by a moment: entries in ascending time, counts summed up. */
typedef struct {
    int64_t at_us;
    uint64_t devices;
} release;

struct hcp_releases {
    GPtrArray *groups; /* GArray of release, by group */
    bool valid;
};

hcp_releases *hcp_releases_new(void)
{
    hcp_releases *releases = g_new0(hcp_releases, 1);
    releases->groups = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    return releases;
}

void hcp_releases_free(hcp_releases *releases)
{
    if (releases == NULL)
        return;
    g_ptr_array_unref(releases->groups);
    g_free(releases);
}

void hcp_releases_invalidate(hcp_core *core)
{
    core->releases->valid = false;
}

/* The latest moment at which a lease gives its devices back; INT64_MAX = open-ended. */
static int64_t lease_end_us(const hcp_state *state, const hcp_lease *lease)
{
    if (lease->workload == HCP_NO_INDEX)
        return INT64_MAX;
    const hcp_workload *row = hcp_state_workload(state, lease->workload);
    if (row->def.duration_us == 0)
        return INT64_MAX;
    if (row->status == HCP_WORKLOAD_RUNNING)
        return row->ends_us;
    return lease->granted_us + row->def.duration_us - row->served_us;
}

static int release_compare(gconstpointer a, gconstpointer b)
{
    const release *left = a, *right = b;
    return left->at_us < right->at_us ? -1 : left->at_us > right->at_us;
}

/* Collects and sorts the ends of all leases. Runs once after a lease changed, however many ask. */
static void collect(const hcp_core *core)
{
    const hcp_state *state = &core->state;
    GPtrArray *groups = core->releases->groups;
    g_ptr_array_set_size(groups, 0);
    for (guint g = 0; g < state->fleet.groups->len; g++)
        g_ptr_array_add(groups, g_array_new(FALSE, FALSE, sizeof(release)));
    for (guint i = 0; i < state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, i);
        int64_t end_us = lease->live ? lease_end_us(state, lease) : INT64_MAX;
        if (end_us == INT64_MAX)
            continue;
        uint32_t g = hcp_fleet_lease_group(state, &lease->def);
        release entry = {.at_us = end_us, .devices = lease->def.devices.count};
        g_array_append_val(groups->pdata[g], entry);
    }
    for (guint g = 0; g < groups->len; g++) {
        GArray *releases = groups->pdata[g];
        g_array_sort(releases, release_compare);
        for (guint i = 1; i < releases->len; i++)
            g_array_index(releases, release, i).devices +=
                g_array_index(releases, release, i - 1).devices;
    }
    core->releases->valid = true;
}

static const GArray *releases_of(const hcp_core *core, uint32_t group)
{
    if (!core->releases->valid)
        collect(core);
    return g_ptr_array_index(core->releases->groups, group);
}

/* When the group will have given back `devices`; INT64_MAX = never. */
static int64_t released_by_us(const hcp_core *core, uint32_t group, uint64_t devices)
{
    const GArray *releases = releases_of(core, group);
    guint low = 0, high = releases->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(releases, release, middle).devices < devices)
            low = middle + 1;
        else
            high = middle;
    }
    return low < releases->len ? g_array_index(releases, release, low).at_us : INT64_MAX;
}

/* Who is ahead of a workload in a class. Within its own priority the share of the line that is ahead is taken of the
 * line's sums; for the last in line, a new submission, that is exact. */
typedef struct {
    uint64_t devices;
    double device_us;
} demand;

static demand ahead_in_class(const hcp_core *core, const hcp_workload *row, uint32_t ix,
                             uint32_t class_ix)
{
    demand sum = {0};
    hcp_priority own = row->def.priority;
    for (int p = HCP_PRIORITY_P1; p < (int)own; p++) {
        sum.devices += hcp_queue_devices_of_class(core->queue, (hcp_priority)p, class_ix);
        sum.device_us += hcp_queue_work_of_class(core->queue, (hcp_priority)p, class_ix);
    }
    uint64_t line = hcp_queue_devices_of_class(core->queue, own, class_ix) - row->def.count;
    double share = hcp_queue_share_ahead(core->queue, ix);
    double work = hcp_queue_work_of_class(core->queue, own, class_ix) - hcp_queue_work(row);
    sum.devices += (uint64_t)((double)line * share + 0.5);
    sum.device_us += MAX(work, 0) * share;
    return sum;
}

/* When `need` devices of the group are free; what is switching is counted as free now. */
static int64_t available_us(const hcp_core *core, uint32_t g, uint64_t need, int64_t now_us)
{
    const hcp_group *group = hcp_state_group(&core->state, g);
    uint32_t unleased = group->count - MIN(group->count, group->leased);
    uint32_t lost = group->unhealthy + group->out + group->by_mode[HCP_MODE_OFF];
    uint64_t now = MAX(group->free, unleased > lost ? unleased - lost : 0);
    if (need <= now)
        return now_us;
    return MAX(now_us, released_by_us(core, g, need - now));
}

/* How long the longest of the leases in the group still runs. */
static int64_t longest_us(const hcp_core *core, uint32_t group, int64_t now_us)
{
    const GArray *releases = releases_of(core, group);
    if (releases->len == 0)
        return 0;
    return MAX(0, g_array_index(releases, release, releases->len - 1).at_us - now_us);
}

static int64_t later(int64_t a_us, int64_t by_us)
{
    return a_us == INT64_MAX || by_us > INT64_MAX - a_us ? INT64_MAX : a_us + by_us;
}

/* Bringing the model in takes at least this, from where it may be at best (or at worst). Where it really is depends on the
 * devices, which nobody has chosen yet. */
static int64_t switch_us(const hcp_state *state, const hcp_workload *row, uint32_t g, bool best)
{
    const hcp_group *group = hcp_state_group(state, g);
    bool seen = hcp_state_find_model(state, row->def.model) != HCP_NO_INDEX;
    hcp_residency residency = best && seen ? HCP_RESIDENCY_HBM : HCP_RESIDENCY_COLD;
    int64_t share = (row->def.model_bytes + row->def.count - 1) / row->def.count;
    return hcp_residency_transfer_us(state, group->facility, group->class_ix, residency, share);
}

static void consider_group(const hcp_core *core, uint32_t ix, uint32_t g, int64_t now_us,
                           hcp_eta *eta)
{
    const hcp_workload *row = hcp_state_workload(&core->state, ix);
    const hcp_group *group = hcp_state_group(&core->state, g);
    int64_t low_us = available_us(core, g, row->def.count, now_us);
    eta->low_us = MIN(eta->low_us, later(low_us, switch_us(&core->state, row, g, true)));
    demand ahead = ahead_in_class(core, row, ix, group->class_ix);
    uint64_t need = MIN(ahead.devices + row->def.count, group->count);
    int64_t high_us = available_us(core, g, need, now_us);
    /* Beyond one fleetful those ahead must have run themselves. */
    if (ahead.devices + row->def.count > group->count)
        high_us = later(high_us, (int64_t)MIN(ahead.device_us / group->count, 1e15));
    /* Until it is overdue others may slip past it, into work as long as what runs there now. */
    if (high_us > now_us && hcp_queue_overdue_us(core->queue, ix) > now_us)
        high_us = later(MAX(high_us, row->due_us), longest_us(core, g, now_us));
    /* Each of those ahead switches in as well. */
    int64_t in_us = switch_us(&core->state, row, g, false);
    eta->high_us = MIN(eta->high_us, later(high_us, in_us * (ahead.devices > 0 ? 2 : 1)));
}

static void eta_queued(const hcp_core *core, uint32_t ix, int64_t now_us, hcp_eta *eta)
{
    const hcp_workload *row = hcp_state_workload(&core->state, ix);
    int64_t from_us = MAX(now_us, row->not_before_us);
    *eta = (hcp_eta){INT64_MAX, INT64_MAX};
    for (uint32_t g = 0; g < core->state.fleet.groups->len; g++)
        if (hcp_schedule_accepts(&core->state, &row->def, hcp_state_group(&core->state, g)))
            consider_group(core, ix, g, from_us, eta);
    eta->high_us = MAX(eta->high_us, eta->low_us);
}

/* A workload whose devices switch in: at least the transfer, at most every phase at its deadline. */
static void eta_starting(const hcp_core *core, const hcp_workload *row, int64_t now_us,
                         hcp_eta *eta)
{
    const hcp_lease *lease = hcp_state_lease(&core->state, row->lease);
    uint32_t g = hcp_fleet_lease_group(&core->state, &lease->def);
    int64_t earliest_us = later(lease->granted_us, switch_us(&core->state, row, g, true));
    eta->low_us = MAX(now_us, earliest_us);
    const hcp_settings *settings = &core->state.settings;
    int64_t longest_us =
        HCP_PHASE_ROLLBACK * settings->gpu_phase_deadline_us + settings->cold_start_us;
    eta->high_us = MAX(eta->low_us, later(lease->granted_us, longest_us));
}

void hcp_eta_of(const hcp_core *core, uint32_t ix, int64_t now_us, hcp_eta *ret_eta)
{
    const hcp_workload *row = hcp_state_workload(&core->state, ix);
    switch (row->status) {
    case HCP_WORKLOAD_QUEUED:
        eta_queued(core, ix, now_us, ret_eta);
        return;
    case HCP_WORKLOAD_STARTING:
        eta_starting(core, row, now_us, ret_eta);
        return;
    case HCP_WORKLOAD_RUNNING:
        *ret_eta = (hcp_eta){row->started_us, row->started_us};
        return;
    default:
        *ret_eta = (hcp_eta){row->first_started_us, row->first_started_us};
    }
}

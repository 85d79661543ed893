/* SPDX-License-Identifier: Apache-2.0 */
/* Keeping a facility and its feeders within their caps: room for a placement, and shedding load when the cap falls. */
#include "core/lease.h"
#include "core/pick.h"
#include "core/switching.h"

/* Miners of one group at one power target, as a source of power. */
typedef struct {
    uint32_t group, target;
    int64_t saved_w; /* by each that goes to sleep */
    double j_per_th; /* the higher, the sooner it goes; GPUs mine at 0 and go last */
} source;

static int least_efficient_first(const void *a, const void *b)
{
    const source *x = a, *y = b;
    if (x->j_per_th != y->j_per_th)
        return x->j_per_th > y->j_per_th ? -1 : 1;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return x->target < y->target ? -1 : x->target > y->target ? 1 : 0;
}

static void add_sources(const hcp_core *core, uint32_t g, GArray *sources)
{
    const hcp_group *group = hcp_state_group(&core->state, g);
    const hcp_class_defined *cls = &hcp_state_class(&core->state, group->class_ix)->def;
    const hcp_power_target *targets = cls->power_targets.items;
    for (uint32_t t = 0; t < HCP_MAX_POWER_TARGETS; t++) {
        if (hcp_core_tally(core, g)->hashing[t] == 0)
            continue;
        source found = {.group = g, .target = t};
        found.saved_w = hcp_power_device_w(cls, HCP_MODE_MINING, t) - cls->standby_w;
        if (t < cls->power_targets.count)
            found.j_per_th = (double)targets[t].power_w / targets[t].ths;
        if (found.saved_w > 0)
            g_array_append_val(sources, found);
    }
}

/* IT watts by which a supply will be over its limit once every switch has ended, with `extra_w` more. */
static int64_t missing_w(const hcp_core *core, uint32_t facility, uint32_t feeder, int64_t extra_w)
{
    return hcp_power_settled_w(core, facility, feeder) + extra_w -
           hcp_power_limit_w(&core->state, facility, feeder);
}

/* IT watts that leases have to give up once every switch has ended. */
static int64_t leases_over_w(const hcp_core *core, uint32_t facility)
{
    return hcp_power_settled_w(core, facility, 0) -
           hcp_power_lease_cap_it_w(&core->state, facility);
}

/* What lowered the cap, as the cause of a switch and the reason of an eviction. */
static const char *cause_of(const hcp_state *state, uint32_t facility)
{
    return hcp_state_facility(state, facility)->grid_event != 0 ? "grid event" : "power cap";
}

static int64_t curtail(hcp_txn *txn, const hcp_pick *pick, int64_t missing, int64_t saved_w)
{
    hcp_pick limited = *pick;
    limited.unfit = limited.last = true;
    uint32_t facility = hcp_state_group(&txn->core->state, pick->group)->facility;
    limited.limit = (uint32_t)MIN((missing + saved_w - 1) / saved_w, (int64_t)HCP_MAX_DEVICES);
    uint32_t n = hcp_pick_and_switch(
        txn, &limited,
        &(hcp_switch_started){.cause = (char *)cause_of(&txn->core->state, facility),
                              .to = HCP_MODE_CURTAILED});
    return missing - n * saved_w;
}

/* Sends miners of a supply to sleep until it has `extra_w` to give; true when that suffices. */
static bool shed_miners(hcp_txn *txn, uint32_t facility, uint32_t feeder, int64_t extra_w)
{
    const hcp_state *state = &txn->core->state;
    int64_t missing = missing_w(txn->core, facility, feeder, extra_w);
    if (missing <= 0)
        return true;
    g_autoptr(GArray) sources = g_array_new(FALSE, FALSE, sizeof(source));
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (group->facility == facility && (feeder == 0 || group->feeder == feeder))
            add_sources(txn->core, g, sources);
    }
    g_array_sort(sources, least_efficient_first);
    for (guint i = 0; i < sources->len && missing > 0; i++) {
        const source *from = &g_array_index(sources, source, i);
        hcp_pick pick = {.group = from->group, .mode = HCP_MODE_MINING, .target = from->target};
        missing = curtail(txn, &pick, missing, from->saved_w);
    }
    return missing <= 0;
}

bool hcp_power_make_room(hcp_txn *txn, uint32_t group_ix, int64_t added_w)
{
    const hcp_core *core = txn->core;
    const hcp_group *group = hcp_state_group(&core->state, group_ix);
    uint32_t facility = group->facility, feeder = group->feeder;
    if (feeder != 0 &&
        !shed_miners(txn, facility, feeder, hcp_schedule_kept_w(core, facility, feeder) + added_w))
        return false;
    return shed_miners(txn, facility, 0, hcp_schedule_kept_w(core, facility, 0) + added_w);
}

static void curtail_idle(hcp_txn *txn, uint32_t facility)
{
    const hcp_state *state = &txn->core->state;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        const hcp_class_defined *cls = &hcp_state_class(state, group->class_ix)->def;
        int64_t missing = missing_w(txn->core, facility, 0, 0);
        if (group->facility == facility && missing > 0 && cls->idle_w > cls->standby_w)
            (void)curtail(txn, &(hcp_pick){.group = g, .mode = HCP_MODE_IDLE}, missing,
                          cls->idle_w - cls->standby_w);
    }
}

/* Who is given up first: the lowest priority, and of those the youngest. Explicit allocations go after workloads. */
typedef struct {
    int priority;
    int64_t granted_us;
} importance;

static importance importance_of(const hcp_state *state, const hcp_lease *lease)
{
    bool allocated = lease->workload == HCP_NO_INDEX;
    return (importance){
        .priority = allocated ? 0 : (int)hcp_state_workload(state, lease->workload)->def.priority,
        .granted_us = lease->granted_us,
    };
}

static bool is_less(importance a, importance b)
{
    return a.priority != b.priority ? a.priority > b.priority : a.granted_us > b.granted_us;
}

/* The lease to give up first at the facility, those in `spared` (NULL: none) left out. */
static uint32_t least_important(const hcp_state *state, uint32_t facility, const bool *spared)
{
    uint32_t worst = HCP_NO_INDEX;
    importance least = {0};
    for (uint32_t i = 0; i < state->leases.items->len; i++) {
        const hcp_lease *lease = hcp_state_lease(state, i);
        if (!lease->live || lease->def.facility != facility || (spared != NULL && spared[i]))
            continue;
        importance its = importance_of(state, lease);
        if (worst == HCP_NO_INDEX || is_less(its, least)) {
            worst = i;
            least = its;
        }
    }
    return worst;
}

GArray *hcp_power_leases_over(const hcp_core *core, uint32_t facility, int64_t cap_w)
{
    const hcp_state *state = &core->state;
    GArray *ended = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    g_autofree bool *taken = g_new0(bool, state->leases.items->len + 1);
    int64_t over_w = hcp_power_settled_w(core, facility, 0) -
                     hcp_power_movable_w(core, facility, false) -
                     hcp_power_it_w(&hcp_state_facility(state, facility)->def, cap_w);
    uint32_t i;
    while (over_w > 0 && (i = least_important(state, facility, taken)) != HCP_NO_INDEX) {
        over_w -= hcp_power_lease_w(state, hcp_state_lease(state, i));
        taken[i] = true;
        g_array_append_val(ended, i);
    }
    return ended;
}

int64_t hcp_power_lease_w(const hcp_state *state, const hcp_lease *lease)
{
    const hcp_class_defined *cls = &hcp_state_class(state, lease->def.class_ix)->def;
    return lease->def.devices.count * MAX(0, cls->tdp_w - cls->standby_w);
}

void hcp_power_enforce_cap(hcp_txn *txn, uint32_t facility)
{
    if (shed_miners(txn, facility, 0, 0))
        return;
    curtail_idle(txn, facility);
    uint32_t lease;
    while (leases_over_w(txn->core, facility) > 0 &&
           (lease = least_important(&txn->core->state, facility, NULL)) != HCP_NO_INDEX)
        hcp_lease_evict(txn, lease, cause_of(&txn->core->state, facility));
}

const char *hcp_power_apply_cap(hcp_core *core, const hcp_event *event)
{
    const hcp_cap_changed *changed = &event->cap_changed;
    if (changed->facility >= core->state.fleet.facilities->len || changed->cap_w <= 0)
        return "its facility or cap is impossible";
    hcp_metering_advance(core, changed->facility, event->time_us);
    hcp_core_facility(core, changed->facility)->def.cap_w = changed->cap_w;
    return NULL;
}

bool hcp_power_decide_cap(hcp_txn *txn, const hcp_command *command)
{
    const hcp_cap_changed *wanted = &command->cap;
    const hcp_state *state = &txn->core->state;
    if (wanted->facility >= state->fleet.facilities->len)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "facility", "unknown facility");
    if (wanted->cap_w <= 0)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "cap_w",
                              "a cap is above 0 W; use an emergency shutdown to go to standby");
    if (hcp_state_facility(state, wanted->facility)->def.cap_w == wanted->cap_w)
        return true;
    hcp_event event = {.type = HCP_EVENT_CAP_CHANGED, .cap_changed = *wanted};
    hcp_txn_emit(txn, &event);
    hcp_power_enforce_cap(txn, wanted->facility);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrying out a plan of the economics room: its targets per class and feeder become mass switches of free devices. What
 * frees power starts at once; what needs power starts as far as the caps allow now, and the rest follows when the same plan
 * comes again with the next decision.
 */
#include "core/pick.h"
#include "core/switching.h"

#include <string.h>

typedef struct {
    uint32_t group;
    hcp_mode from, to;
    uint32_t from_target, to_target;
    uint32_t count;
    bool unfit;     /* devices the plan does not count: degraded, cordoned */
    int64_t step_w; /* IT watts each device draws more (or less) afterwards */
} move;

/* Movable devices of a group by what they do, while moves are being worked out. */
typedef struct {
    uint32_t miners[HCP_MAX_POWER_TARGETS];
    uint32_t mining, idle, curtailed;
} supply;

static const hcp_class_plan *plan_at(const hcp_array *plans, uint32_t i)
{
    return (const hcp_class_plan *)plans->items + i;
}

const char *hcp_dispatch_apply_decision(hcp_core *core, const hcp_event *event)
{
    const hcp_decision_recorded *decision = &event->decision_recorded;
    if (decision->facility >= core->state.fleet.facilities->len)
        return "its facility is unknown";
    if (decision->id.value <= core->state.last_id)
        return "its id is not new";
    const hcp_record *record = hcp_event_record(event->type);
    hcp_facility *facility = hcp_core_facility(core, decision->facility);
    hcp_record_clear(record, &facility->decision);
    hcp_record_copy(record, decision, &facility->decision);
    facility->decided_us = event->time_us;
    hcp_core_note_id(core, decision->id.value);
    return NULL;
}

/* --- what the plan moves ------------------------------------------------------------------------------------------- */

static int64_t draw_w(const hcp_class_defined *cls, hcp_mode mode, uint32_t target)
{
    return hcp_power_device_w(cls, mode, target);
}

static void add_move(const hcp_class_defined *cls, move m, GArray *moves)
{
    m.step_w = draw_w(cls, m.to, m.to_target) - draw_w(cls, m.from, m.from_target);
    if (m.count > 0)
        g_array_append_val(moves, m);
}

/* Takes up to `count` devices out of `*have`, as a move. */
static uint32_t take(const hcp_class_defined *cls, uint32_t *have, uint32_t count, move m,
                     GArray *moves)
{
    m.count = MIN(*have, count);
    *have -= m.count;
    add_move(cls, m, moves);
    return count - m.count;
}

/* Stops up to `count` miners, those at other power targets than the plan's first. */
static uint32_t stop_miners(const hcp_class_defined *cls, supply *have, uint32_t count, move m,
                            GArray *moves)
{
    m.from = HCP_MODE_MINING;
    for (uint32_t pass = 0; pass < 2; pass++)
        for (uint32_t t = 0; t < HCP_MAX_POWER_TARGETS && count > 0; t++) {
            m.from_target = t;
            if ((t == m.to_target) == (pass == 1))
                count = take(cls, &have->miners[t], count, m, moves);
        }
    return count;
}

static uint32_t lacking(uint32_t wanted, uint32_t have)
{
    return wanted > have ? wanted - have : 0;
}

static void plan_moves(const hcp_core *core, uint32_t group, const hcp_class_plan *plan,
                       GArray *moves)
{
    const hcp_group_tally *tally = hcp_core_tally(core, group);
    const hcp_class_defined *cls = &hcp_state_class(&core->state, plan->class_ix)->def;
    supply have = {
        .mining = tally->movable[HCP_MODE_MINING],
        .idle = tally->movable[HCP_MODE_IDLE],
        .curtailed = tally->movable[HCP_MODE_CURTAILED],
    };
    memcpy(have.miners, tally->movable_at, sizeof have.miners);
    uint32_t spare_mining = lacking(have.mining, plan->mine);
    uint32_t spare_idle = lacking(have.idle, plan->idle);
    uint32_t spare_curtailed = lacking(have.curtailed, plan->curtail);
    uint32_t need_curtailed = lacking(plan->curtail, have.curtailed);
    uint32_t need_idle = lacking(plan->idle, have.idle);
    uint32_t need_mining = lacking(plan->mine, have.mining);
    move m = {.group = group, .to_target = plan->power_target};

    m.to = HCP_MODE_CURTAILED;
    uint32_t stopped = MIN(need_curtailed, spare_mining);
    (void)stop_miners(cls, &have, stopped, m, moves);
    m.from = HCP_MODE_IDLE;
    (void)take(cls, &spare_idle, need_curtailed - stopped, m, moves);

    m.to = HCP_MODE_IDLE;
    spare_mining -= stopped;
    stopped = MIN(need_idle, spare_mining);
    (void)stop_miners(cls, &have, stopped, m, moves);
    m.from = HCP_MODE_CURTAILED;
    (void)take(cls, &spare_curtailed, need_idle - stopped, m, moves);

    m.to = HCP_MODE_MINING;
    m.from = HCP_MODE_IDLE;
    need_mining = take(cls, &spare_idle, need_mining, m, moves);
    m.from = HCP_MODE_CURTAILED;
    (void)take(cls, &spare_curtailed, need_mining, m, moves);

    uint32_t keep = lacking(plan->mine, have.miners[plan->power_target]);
    m.from = HCP_MODE_MINING;
    for (uint32_t t = 0; t < HCP_MAX_POWER_TARGETS; t++) {
        m.from_target = t;
        if (t != plan->power_target)
            keep = take(cls, &have.miners[t], keep, m, moves);
    }
}

/* When a class stops mining, so do its degraded and cordoned devices, which no plan counts; they stay asleep until they
 * are fit again. */
static void stop_unfit(const hcp_core *core, uint32_t group, const hcp_class_plan *plan,
                       GArray *moves)
{
    const hcp_group_tally *tally = hcp_core_tally(core, group);
    const hcp_class_defined *cls = &hcp_state_class(&core->state, plan->class_ix)->def;
    move m = {.group = group, .from = HCP_MODE_MINING, .to = HCP_MODE_CURTAILED, .unfit = true};
    if (plan->mine > 0 || plan->curtail == 0)
        return;
    for (m.from_target = 0; m.from_target < HCP_MAX_POWER_TARGETS; m.from_target++) {
        m.count = tally->hashing[m.from_target] - tally->movable_at[m.from_target];
        add_move(cls, m, moves);
    }
}

static bool same_targets(const hcp_class_plan *a, const hcp_class_plan *b)
{
    return a->class_ix == b->class_ix && a->feeder == b->feeder && a->mine == b->mine &&
           a->idle == b->idle && a->curtail == b->curtail &&
           (a->mine == 0 || a->power_target == b->power_target);
}

/* Whether the decision in force has this plan, so that carrying on with it is no new move. */
static bool in_force(const hcp_facility *facility, const hcp_class_plan *plan)
{
    for (uint32_t i = 0; i < facility->decision.chosen.count; i++)
        if (same_targets(plan_at(&facility->decision.chosen, i), plan))
            return true;
    return false;
}

static GArray *all_moves(const hcp_txn *txn, const hcp_decision_recorded *decision)
{
    const hcp_state *state = &txn->core->state;
    const hcp_facility *facility = hcp_state_facility(state, decision->facility);
    GArray *moves = g_array_new(FALSE, FALSE, sizeof(move));
    for (uint32_t i = 0; i < decision->chosen.count; i++) {
        const hcp_class_plan *plan = plan_at(&decision->chosen, i);
        uint32_t group =
            hcp_fleet_find_group(state, decision->facility, plan->class_ix, plan->feeder);
        int64_t since_us = txn->now_us - hcp_state_group(state, group)->moved_us;
        if (since_us >= state->settings.min_dwell_us || in_force(facility, plan)) {
            plan_moves(txn->core, group, plan, moves);
            stop_unfit(txn->core, group, plan, moves);
        }
    }
    return moves;
}

/* --- what is allowed ----------------------------------------------------------------------------------------------- */

static bool check_plan(hcp_txn *txn, const hcp_decision_recorded *decision, uint32_t i)
{
    const hcp_state *state = &txn->core->state;
    const hcp_class_plan *plan = plan_at(&decision->chosen, i);
    uint32_t group_ix =
        plan->class_ix < state->fleet.classes->len
            ? hcp_fleet_find_group(state, decision->facility, plan->class_ix, plan->feeder)
            : HCP_NO_INDEX;
    if (group_ix == HCP_NO_INDEX)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "chosen",
                              "class %u has no devices on feeder %u of this facility",
                              plan->class_ix, plan->feeder);
    for (uint32_t j = 0; j < i; j++)
        if (plan_at(&decision->chosen, j)->class_ix == plan->class_ix &&
            plan_at(&decision->chosen, j)->feeder == plan->feeder)
            return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "chosen", "class %u is planned twice",
                                  plan->class_ix);
    const hcp_class_defined *cls = &hcp_state_class(state, plan->class_ix)->def;
    uint64_t total = (uint64_t)plan->mine + plan->idle + plan->curtail;
    uint32_t free = hcp_state_group(state, group_ix)->free;
    if (total > free)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "chosen",
                              "the plan moves %" G_GUINT64_FORMAT " x %s, %u are free", total,
                              cls->key, free);
    if (plan->power_target >= MAX(1, cls->power_targets.count) ||
        (plan->mine > 0 && !hcp_power_can_mine(&state->settings, cls)))
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "chosen",
                              "%s cannot mine at power target %u", cls->key, plan->power_target);
    return true;
}

static bool check_decision(hcp_txn *txn, const hcp_decision_recorded *decision)
{
    const hcp_state *state = &txn->core->state;
    if (decision->facility >= state->fleet.facilities->len)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "facility", "unknown facility");
    const hcp_facility *facility = hcp_state_facility(state, decision->facility);
    if (facility->emergency)
        return hcp_txn_refuse(txn, HCP_REFUSAL_EMERGENCY, "facility",
                              "%s is shut down by an emergency", facility->def.name);
    for (uint32_t i = 0; i < decision->chosen.count; i++)
        if (!check_plan(txn, decision, i))
            return false;
    return true;
}

/* IT watts by which the moves on a supply change what it carries. */
static int64_t change_w(const hcp_state *state, const GArray *moves, uint32_t feeder)
{
    int64_t total_w = 0;
    for (guint i = 0; i < moves->len; i++) {
        const move *m = &g_array_index(moves, move, i);
        if (feeder == 0 || hcp_state_group(state, m->group)->feeder == feeder)
            total_w += m->step_w * m->count;
    }
    return total_w;
}

/* Refuses a plan whose moves would end above the cap of the facility or of a feeder. */
static bool check_caps(hcp_txn *txn, const hcp_decision_recorded *decision, const GArray *moves)
{
    const hcp_state *state = &txn->core->state;
    const hcp_facility_defined *def = &hcp_state_facility(state, decision->facility)->def;
    for (uint32_t feeder = 0; feeder <= def->feeders.count; feeder++) {
        int64_t added_w = change_w(state, moves, feeder);
        if (added_w <= 0)
            continue;
        int64_t limit_w = hcp_power_limit_w(state, decision->facility, feeder);
        int64_t planned_w = hcp_power_settled_w(txn->core, decision->facility, feeder) + added_w;
        if (planned_w <= limit_w)
            continue;
        if (feeder == 0)
            return hcp_txn_refuse(txn, HCP_REFUSAL_CAPACITY, "chosen",
                                  "the plan brings %s to %.3f MW at the meter, its cap is %.3f MW",
                                  def->key, (double)hcp_power_meter_w(def, planned_w) / 1e6,
                                  (double)hcp_power_cap_w(state, decision->facility) / 1e6);
        return hcp_txn_refuse(txn, HCP_REFUSAL_CAPACITY, "chosen",
                              "the plan brings feeder %s of %s to %.3f MW, its cap is %.3f MW",
                              hcp_power_feeder_name(def, feeder), def->key, (double)planned_w / 1e6,
                              (double)limit_w / 1e6);
    }
    return true;
}

/* Takes out of the room, by feeder, what workloads wait for: miners must not take it. A workload that could stand on a
 * feeder keeps its power there, wherever it will stand. */
static void keep_for_waiting(const hcp_state *state, uint32_t facility, int64_t *room_w)
{
    uint64_t standing[HCP_MAX_FEEDERS + 1] = {UINT64_MAX}; /* classes on each feeder */
    uint32_t n_feeders = hcp_state_facility(state, facility)->def.feeders.count;
    for (uint32_t g = 0; n_feeders > 0 && g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (group->facility == facility)
            standing[group->feeder] |= UINT64_C(1) << group->class_ix;
    }
    for (uint32_t i = 0; i < state->workloads.items->len; i++) {
        const hcp_workload *workload = hcp_state_workload(state, i);
        if (workload->status != HCP_WORKLOAD_QUEUED || workload->wait != HCP_WAIT_POWER ||
            (workload->def.facility != HCP_NO_INDEX && workload->def.facility != facility))
            continue;
        int64_t most_w = 0;
        for (uint32_t c = 0; c < state->fleet.classes->len; c++)
            if ((workload->def.classes >> c) & 1)
                most_w = MAX(most_w, hcp_state_class(state, c)->def.tdp_w);
        for (uint32_t feeder = 0; feeder <= n_feeders; feeder++)
            if ((standing[feeder] & workload->def.classes) != 0)
                room_w[feeder] -= most_w * workload->def.count;
    }
}

/* Cuts moves that need power down to what the caps leave now, and drops the empty ones. */
static void fit_moves(const hcp_core *core, uint32_t facility, GArray *moves)
{
    const hcp_state *state = &core->state;
    int64_t room_w[HCP_MAX_FEEDERS + 1];
    uint32_t n_feeders = hcp_state_facility(state, facility)->def.feeders.count;
    if (moves->len == 0)
        return;
    for (uint32_t feeder = 0; feeder <= n_feeders; feeder++)
        room_w[feeder] = hcp_power_limit_w(state, facility, feeder) -
                         hcp_power_reserved_w(core, facility, feeder);
    keep_for_waiting(state, facility, room_w);
    for (guint i = 0; i < moves->len;) {
        move *m = &g_array_index(moves, move, i);
        uint32_t feeder = hcp_state_group(state, m->group)->feeder;
        if (m->step_w > 0) {
            int64_t left_w = MAX(0, MIN(room_w[0], room_w[feeder]));
            m->count = (uint32_t)MIN(m->count, left_w / m->step_w);
            room_w[0] -= m->count * m->step_w;
            room_w[feeder] -= feeder == 0 ? 0 : m->count * m->step_w;
        }
        if (m->count > 0)
            i++;
        else
            g_array_remove_index(moves, i);
    }
}

/* --- the decision -------------------------------------------------------------------------------------------------- */

static bool same_decision(const hcp_decision_recorded *a, const hcp_decision_recorded *b)
{
    if (a->chosen.count != b->chosen.count || g_strcmp0(a->policy, b->policy) != 0 ||
        g_strcmp0(a->recommendation, b->recommendation) != 0)
        return false;
    for (uint32_t i = 0; i < a->chosen.count; i++)
        if (!same_targets(plan_at(&a->chosen, i), plan_at(&b->chosen, i)))
            return false;
    return true;
}

static void carry_out(hcp_txn *txn, const GArray *moves)
{
    for (guint i = 0; i < moves->len; i++) {
        const move *m = &g_array_index(moves, move, i);
        hcp_pick pick = {
            .group = m->group,
            .mode = m->from,
            .target = m->from_target,
            .unfit = m->unfit,
            .last = m->step_w < 0,
            .limit = m->count,
        };
        hcp_switch_started def = {
            .cause = (char *)"dispatch",
            .to = m->to,
            .power_target = m->to == HCP_MODE_MINING ? m->to_target : 0,
        };
        (void)hcp_pick_and_switch(txn, &pick, &def);
    }
}

bool hcp_dispatch_decide(hcp_txn *txn, const hcp_command *command)
{
    const hcp_decision_recorded *decision = command->dispatch;
    const hcp_state *state = &txn->core->state;
    if (!check_decision(txn, decision))
        return false;
    g_autoptr(GArray) moves = all_moves(txn, decision);
    if (!check_caps(txn, decision, moves))
        return false;
    fit_moves(txn->core, decision->facility, moves);
    const hcp_decision_recorded *before = &hcp_state_facility(state, decision->facility)->decision;
    txn->outcome->id = before->id.value;
    if (moves->len == 0 && before->id.value != 0 && txn->now_us < before->expires_us &&
        same_decision(before, decision))
        return true;
    hcp_event event = {.type = HCP_EVENT_DECISION_RECORDED};
    hcp_record_copy(hcp_event_record(event.type), decision, &event.decision_recorded);
    event.decision_recorded.id.value = txn->outcome->id = hcp_core_new_id(txn);
    event.decision_recorded.moved = moves->len > 0;
    hcp_txn_emit(txn, &event);
    carry_out(txn, moves);
    return true;
}

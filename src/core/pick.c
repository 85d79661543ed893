/* SPDX-License-Identifier: Apache-2.0 */
/* Picking devices for mass moves: one pass over the runs of the group, no sorting. */
#include "core/pick.h"

#include "core/runs.h"
#include "core/switching.h"

static bool fits(const hcp_fleet *fleet, const hcp_pick *pick, uint32_t device)
{
    if (fleet->mode[device] != pick->mode || fleet->target[device] != pick->target ||
        fleet->active_switch[device] != HCP_NO_INDEX || fleet->lease[device] != HCP_NO_INDEX)
        return false;
    return pick->unfit
               ? fleet->health[device] != HCP_HEALTH_FAILED
               : fleet->health[device] == HCP_HEALTH_OK && fleet->admin[device] == HCP_ADMIN_NONE;
}

static void pick_up(const hcp_fleet *fleet, const hcp_pick *pick, hcp_range batch, GArray *ranges,
                    uint32_t *left)
{
    uint32_t end = batch.first + batch.count;
    for (uint32_t first = batch.first, next; first<end && * left> 0; first = next) {
        next = hcp_runs_end(fleet, first, end);
        if (!fits(fleet, pick, first))
            continue;
        uint32_t count = MIN(next - first, *left);
        hcp_ranges_add(ranges, (hcp_range){first, count});
        *left -= count;
    }
}

/* The same downwards; the ranges come out descending. */
static void pick_down(const hcp_fleet *fleet, const hcp_pick *pick, hcp_range batch, GArray *ranges,
                      uint32_t *left)
{
    for (uint32_t end = batch.first + batch.count, first; end > batch.first && *left > 0;
         end = first) {
        first = hcp_runs_begin(fleet, end - 1, batch.first);
        if (!fits(fleet, pick, first))
            continue;
        uint32_t count = MIN(end - first, *left);
        hcp_range part = {end - count, count};
        hcp_range *last =
            ranges->len > 0 ? &g_array_index(ranges, hcp_range, ranges->len - 1) : NULL;
        if (last != NULL && last->first == end)
            *last = (hcp_range){part.first, last->count + count};
        else
            g_array_append_val(ranges, part);
        *left -= count;
    }
}

static void reverse(GArray *ranges)
{
    for (guint low = 0, high = ranges->len; low + 1 < high; low++) {
        high--;
        hcp_range kept = g_array_index(ranges, hcp_range, low);
        g_array_index(ranges, hcp_range, low) = g_array_index(ranges, hcp_range, high);
        g_array_index(ranges, hcp_range, high) = kept;
    }
}

uint32_t hcp_pick_ranges(const hcp_state *state, const hcp_pick *pick, GArray **ret_ranges)
{
    const hcp_group *group = hcp_state_group(state, pick->group);
    GArray *ranges = g_array_new(FALSE, FALSE, sizeof(hcp_range));
    uint32_t left = pick->limit;
    for (guint i = 0; i < group->batches->len && left > 0; i++) {
        guint nth = pick->last ? group->batches->len - 1 - i : i;
        const hcp_device_batch *batch = &g_array_index(
            state->fleet.batches, hcp_device_batch, g_array_index(group->batches, uint32_t, nth));
        hcp_range rows = {batch->first, batch->def.count};
        if (pick->last)
            pick_down(&state->fleet, pick, rows, ranges, &left);
        else
            pick_up(&state->fleet, pick, rows, ranges, &left);
    }
    if (pick->last)
        reverse(ranges);
    *ret_ranges = ranges;
    return pick->limit - left;
}

uint32_t hcp_pick_and_switch(hcp_txn *txn, const hcp_pick *pick, const hcp_switch_started *def)
{
    const hcp_group *group = hcp_state_group(&txn->core->state, pick->group);
    if (pick->limit == 0 || group->by_mode[pick->mode] == 0)
        return 0;
    GArray *ranges;
    uint32_t n = hcp_pick_ranges(&txn->core->state, pick, &ranges);
    if (n == 0) {
        g_array_unref(ranges);
        return 0;
    }
    hcp_switch_started move = *def;
    move.cause = g_strdup(def->cause);
    move.facility = group->facility;
    move.class_ix = group->class_ix;
    move.from = pick->mode;
    (void)hcp_ranges_take(ranges, &move.ranges);
    hcp_switch_begin(txn, &move);
    return n;
}

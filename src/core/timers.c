/* SPDX-License-Identifier: Apache-2.0 */
/* A binary heap of due times. */
#include "core/timers.h"

static hcp_timer *entry(const hcp_timers *timers, guint ix)
{
    return &g_array_index(timers->heap, hcp_timer, ix);
}

/* A total order, so that equal due times fire in the same order on every run. */
static bool before(const hcp_timer *a, const hcp_timer *b)
{
    if (a->due_us != b->due_us)
        return a->due_us < b->due_us;
    if (a->kind != b->kind)
        return a->kind < b->kind;
    if (a->row != b->row)
        return a->row < b->row;
    return a->id < b->id;
}

static void swap(const hcp_timers *timers, guint a, guint b)
{
    hcp_timer kept = *entry(timers, a);
    *entry(timers, a) = *entry(timers, b);
    *entry(timers, b) = kept;
}

static void sift_down(hcp_timers *timers, guint ix)
{
    for (;;) {
        guint least = ix;
        for (guint child = 2 * ix + 1; child <= 2 * ix + 2 && child < timers->heap->len; child++)
            if (before(entry(timers, child), entry(timers, least)))
                least = child;
        if (least == ix)
            return;
        swap(timers, ix, least);
        ix = least;
    }
}

void hcp_timers_init(hcp_timers *timers)
{
    timers->heap = g_array_new(FALSE, FALSE, sizeof(hcp_timer));
}

void hcp_timers_finish(hcp_timers *timers)
{
    g_clear_pointer(&timers->heap, g_array_unref);
}

void hcp_timers_arm(hcp_timers *timers, hcp_timer timer)
{
    if (timer.due_us == INT64_MAX)
        return;
    g_array_append_val(timers->heap, timer);
    guint ix = timers->heap->len - 1;
    while (ix > 0 && before(entry(timers, ix), entry(timers, (ix - 1) / 2))) {
        swap(timers, ix, (ix - 1) / 2);
        ix = (ix - 1) / 2;
    }
}

const hcp_timer *hcp_timers_first(const hcp_timers *timers)
{
    return timers->heap->len > 0 ? entry(timers, 0) : NULL;
}

bool hcp_timers_pop(hcp_timers *timers, hcp_timer *ret_timer)
{
    if (timers->heap->len == 0)
        return false;
    *ret_timer = *entry(timers, 0);
    swap(timers, 0, timers->heap->len - 1);
    g_array_set_size(timers->heap, timers->heap->len - 1);
    sift_down(timers, 0);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/clock.h"

#include <glib.h>

void hcp_clock_init_real(hcp_clock *clock, int64_t start_us, double speed)
{
    g_assert(speed > 0);
    *clock = (hcp_clock){
        .kind = HCP_CLOCK_REAL,
        .speed = speed,
        .origin_us = start_us != 0 ? start_us : g_get_real_time(),
        .origin_monotonic_us = g_get_monotonic_time(),
    };
    clock->last_us = clock->origin_us;
}

void hcp_clock_init_virtual(hcp_clock *clock, int64_t start_us)
{
    *clock = (hcp_clock){
        .kind = HCP_CLOCK_VIRTUAL, .speed = 1, .origin_us = start_us, .last_us = start_us};
}

int64_t hcp_clock_now(hcp_clock *clock)
{
    if (clock->kind == HCP_CLOCK_REAL) {
        double elapsed = (double)(g_get_monotonic_time() - clock->origin_monotonic_us);
        hcp_clock_set(clock, clock->origin_us + (int64_t)(elapsed * clock->speed));
    }
    return clock->last_us;
}

void hcp_clock_set(hcp_clock *clock, int64_t now_us)
{
    clock->last_us = MAX(clock->last_us, now_us);
}

int64_t hcp_clock_wait_us(hcp_clock *clock, int64_t due_us)
{
    if (due_us == INT64_MAX)
        return INT64_MAX;
    int64_t left_us = MAX(0, due_us - hcp_clock_now(clock));
    return (int64_t)((double)left_us / clock->speed);
}

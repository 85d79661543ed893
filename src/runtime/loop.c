/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/loop.h"

#include "base/units.h"

typedef struct {
    GSource source;
    hcp_platform *platform;
    hcp_clock *clock;
} loop_source;

static int64_t wait_us(loop_source *loop)
{
    return hcp_clock_wait_us(loop->clock, hcp_platform_next_due(loop->platform));
}

static gboolean prepare(GSource *source, gint *timeout_ms)
{
    loop_source *loop = (loop_source *)source;
    hcp_platform_flush(loop->platform);
    int64_t left_us = wait_us(loop);
    *timeout_ms = (gint)MIN((left_us + HCP_US_PER_MS - 1) / HCP_US_PER_MS, 1000);
    return left_us <= 0;
}

static gboolean check(GSource *source)
{
    return wait_us((loop_source *)source) <= 0;
}

static gboolean dispatch(GSource *source, GSourceFunc callback, gpointer user_data)
{
    (void)callback;
    (void)user_data;
    hcp_platform_step(((loop_source *)source)->platform);
    return G_SOURCE_CONTINUE;
}

GSource *hcp_loop_attach(hcp_platform *platform, hcp_clock *clock, GMainContext *context)
{
    static GSourceFuncs funcs = {.prepare = prepare, .check = check, .dispatch = dispatch};
    loop_source *loop = (loop_source *)g_source_new(&funcs, sizeof *loop);
    loop->platform = platform;
    loop->clock = clock;
    g_source_set_name(&loop->source, "hcp platform");
    g_source_attach(&loop->source, context);
    return &loop->source;
}

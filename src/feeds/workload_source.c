/* SPDX-License-Identifier: Apache-2.0 */
/* The common part of workload sources, and the simulated one. */
#include "feeds/workload_source.h"

int64_t hcp_workload_source_next_due(const hcp_workload_source *source)
{
    return source->ops->next_due(source);
}

bool hcp_workload_source_take(hcp_workload_source *source, int64_t now_us,
                              hcp_arrivals_item *ret_item)
{
    return source->ops->take(source, now_us, ret_item);
}

void hcp_workload_source_free(hcp_workload_source *source)
{
    if (source)
        source->ops->free(source);
}

/* The process draws one arrival ahead, so that next_due is known. */
typedef struct {
    hcp_workload_source base;
    hcp_arrivals arrivals;
    hcp_arrivals_item ahead;
    bool has_ahead;
} simulated;

static int64_t simulated_next_due(const hcp_workload_source *source)
{
    const simulated *self = (const simulated *)source;
    return self->has_ahead ? self->ahead.at_us : INT64_MAX;
}

static bool simulated_take(hcp_workload_source *source, int64_t now_us, hcp_arrivals_item *ret_item)
{
    simulated *self = (simulated *)source;
    if (simulated_next_due(source) > now_us)
        return false;
    *ret_item = self->ahead;
    self->has_ahead = hcp_arrivals_next(&self->arrivals, &self->ahead);
    return true;
}

static void simulated_free(hcp_workload_source *source)
{
    g_free(source);
}

static const hcp_workload_source_ops OPS = {
    .name = "simulated",
    .next_due = simulated_next_due,
    .take = simulated_take,
    .free = simulated_free,
};

hcp_workload_source *hcp_workload_simulated_new(const hcp_arrivals_params *params, uint64_t seed,
                                                int64_t start_us)
{
    simulated *self = g_new0(simulated, 1);
    self->base.ops = &OPS;
    hcp_arrivals_init(&self->arrivals, params, seed, start_us);
    self->has_ahead = hcp_arrivals_next(&self->arrivals, &self->ahead);
    return &self->base;
}

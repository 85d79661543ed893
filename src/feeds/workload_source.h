/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where workloads come from: the simulated arrival process or a recorded trace, behind one
 * interface. Time is passed in.
 */
#ifndef HCP_FEEDS_WORKLOAD_SOURCE_H
#define HCP_FEEDS_WORKLOAD_SOURCE_H

#include "sim/arrivals.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct hcp_workload_source hcp_workload_source;

/* The operations of a source; none blocks. */
typedef struct {
    const char *name;

    /* Time of the next arrival; INT64_MAX when there is none. */
    int64_t (*next_due)(const hcp_workload_source *source);

    /* Yields the next arrival at or before now_us; false when there is none. Times never fall;
     * sequence counts up from 0. */
    bool (*take)(hcp_workload_source *source, int64_t now_us, hcp_arrivals_item *ret_item);

    /* Releases the source. */
    void (*free)(hcp_workload_source *source);
} hcp_workload_source_ops;

/* Embedded first in every implementation. */
struct hcp_workload_source {
    const hcp_workload_source_ops *ops;
};

/* See hcp_workload_source_ops; free allows NULL. */
int64_t hcp_workload_source_next_due(const hcp_workload_source *source);
bool hcp_workload_source_take(hcp_workload_source *source, int64_t now_us,
                              hcp_arrivals_item *ret_item);
void hcp_workload_source_free(hcp_workload_source *source);

/* The simulated process as a source. */
hcp_workload_source *hcp_workload_simulated_new(const hcp_arrivals_params *params, uint64_t seed,
                                                int64_t start_us);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(hcp_workload_source, hcp_workload_source_free)

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue, for reading: one line per priority, earliest due first, merged into one order of service. Workloads that have
 * waited HCP_QUEUE_AGED times their class's limit come before everything else, oldest first, so nobody waits for ever;
 * after them P1, P2, P3, P4.
 */
#ifndef HCP_CORE_QUEUE_H
#define HCP_CORE_QUEUE_H

#include "core/core.h"

/* A workload that has waited this many times its class's limit goes ahead of all classes. */
#define HCP_QUEUE_AGED 4

typedef struct hcp_queue hcp_queue;

/* Position in the order of service at one moment. Removing the workload returned last is allowed, as are insertions. */
typedef struct {
    const hcp_queue *queue;
    int64_t now_us;
    GSequenceIter *next[HCP_PRIORITIES];
} hcp_queue_iter;

/* The queue of `core`; valid as long as the core. */
const hcp_queue *hcp_core_queue(const hcp_core *core);

/* Queued workloads of one priority; HCP_PRIORITY_NONE = of all. */
uint32_t hcp_queue_depth(const hcp_queue *queue, hcp_priority priority);

/* Devices that queued workloads of the priority (HCP_PRIORITY_NONE = all) ask for. */
uint64_t hcp_queue_devices(const hcp_queue *queue, hcp_priority priority);

/* Devices of class `class_ix` that queued workloads of the priority would take. A workload that accepts several classes
 * counts with its full need in each of them, so this is an upper bound per class. */
uint64_t hcp_queue_devices_of_class(const hcp_queue *queue, hcp_priority priority,
                                    uint32_t class_ix);

/* Place of a workload in the order of service at `now_us`, 1 = next; 0 when it is not queued. Logarithmic in the depth. */
uint32_t hcp_queue_position(const hcp_queue *queue, uint32_t workload, int64_t now_us);

/* Walks the queue in its order of service at `now_us`: indices of workloads, then HCP_NO_INDEX. */
void hcp_queue_iter_init(hcp_queue_iter *iter, const hcp_queue *queue, int64_t now_us);
uint32_t hcp_queue_iter_next(hcp_queue_iter *iter);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state as data: which tables and columns it has and which members their rows have, named once for the snapshot and
 * the hash. What is derived (group counters, power sums, hashrates) is left out: a restore counts it again.
 */
#ifndef HCP_CORE_ROWS_H
#define HCP_CORE_ROWS_H

#include "core/state.h"

/* A GArray of the state. A row begins with the payload of an event (unless `has_def` is false), and `row` names its other
 * members (NULL = none). */
typedef struct {
    const char *name;
    size_t offset; /* of the GArray pointer in hcp_state */
    bool has_def;
    hcp_event_type def;
    const hcp_record *row;
} hcp_table;

/* A device column. */
typedef struct {
    const char *name;
    size_t offset; /* of its pointer in hcp_state */
    size_t width;  /* bytes of an element: 1 or 4 */
} hcp_column;

/* A free list: a GArray of uint32_t. */
typedef struct {
    const char *name;
    size_t offset;
} hcp_free_list;

#define HCP_N_TABLES 17
#define HCP_N_COLUMNS 8
#define HCP_N_FREE_LISTS 3

extern const hcp_table HCP_TABLES[HCP_N_TABLES];
extern const hcp_column HCP_COLUMNS[HCP_N_COLUMNS];
extern const hcp_free_list HCP_FREE_LISTS[HCP_N_FREE_LISTS];

/* The single values of hcp_state: time, last ids, counts. */
extern const hcp_record HCP_SCALARS_RECORD;

/* Copies just those. */
void hcp_scalars_copy(const hcp_state *from, hcp_state *to);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Grid events in answers. */
#ifndef HCP_SERVICES_GRID_VIEW_H
#define HCP_SERVICES_GRID_VIEW_H

#include "core/grid.h"
#include "services/internal.h"

/* An event with what was agreed, how far it is and what it came to. New reference. */
json_t *hcp_grid_event_json(const hcp_state *state, const hcp_grid_event *event);

/* What was weighed of an event. New reference. */
json_t *hcp_grid_weighed_json(const hcp_grid_weighed *weighed);

/* An assessment: the terms of an event that nobody has announced, what it is worth, and what to do. New reference. */
json_t *hcp_grid_assessment_json(const hcp_state *state, const hcp_grid_announced *def,
                                 const hcp_grid_weighed *weighed);

/* Its measured intervals as an array. New reference. */
json_t *hcp_grid_intervals_json(const hcp_grid_event *event);

/* The same as CSV (RFC 4180) with a head. Caller frees. */
char *hcp_grid_report_csv(const hcp_grid_event *event);

/* The event in force at a facility, or the next one announced, as an object with its target and times; null when there is
 * none. New reference. */
json_t *hcp_grid_summary_json(const hcp_state *state, uint32_t facility);

#endif

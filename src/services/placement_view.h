/* SPDX-License-Identifier: Apache-2.0 */
/* How devices were weighed, as the interface shows it. */
#ifndef HCP_SERVICES_PLACEMENT_VIEW_H
#define HCP_SERVICES_PLACEMENT_VIEW_H

#include "core/state.h"

#include <jansson.h>

/* Scored devices, [{device, score}] with scores of 0 to 100. New reference. */
json_t *hcp_placement_view_scores(const hcp_state *state, const hcp_array *scores);

/* Why the others were not taken, [{reason, count}]. New reference. */
json_t *hcp_placement_view_rejections(const hcp_array *rejections);

/* Names of devices. New reference. */
json_t *hcp_placement_view_devices(const hcp_state *state, const hcp_array *devices);

#endif

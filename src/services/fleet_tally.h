/* SPDX-License-Identifier: Apache-2.0 */
/* Devices added up over groups: how many, in which mode, and what they could do together. Nothing here is a constant. */
#ifndef HCP_SERVICES_FLEET_TALLY_H
#define HCP_SERVICES_FLEET_TALLY_H

#include "services/internal.h"

typedef struct {
    uint32_t count, by_mode[HCP_MODES];
    uint32_t switching, leased, unhealthy, out, free;
    /* most free devices of one class in one facility: what a gang could get now */
    uint32_t largest_gang;
    int64_t rated_w;     /* IT, all devices at full load */
    double rated_tflops; /* dense FP16/BF16 */
    double rated_ths;    /* miners at their default power target */
} hcp_fleet_tally;

/* IT watts of one device of the class at full load: a miner at its default power target. */
int64_t hcp_fleet_rated_w(const hcp_class_defined *class);

/* Hashrate of one miner of the class at its default power target; 0 for others. */
double hcp_fleet_rated_ths(const hcp_class_defined *class);

/* Adds the devices of `group`. A facility in emergency has none free. */
void hcp_fleet_tally_add(hcp_fleet_tally *tally, const hcp_state *state, const hcp_group *group);

/* Adds the members of the tally to `object`. */
void hcp_fleet_tally_set(json_t *object, const hcp_fleet_tally *tally);

/* {"gpu": …, "asic": …, "cpu": …} of the devices of a facility (HCP_NO_INDEX = all). New reference. */
json_t *hcp_fleet_tally_by_kind(const hcp_state *state, uint32_t facility);

#endif

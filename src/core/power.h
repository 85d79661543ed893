/* SPDX-License-Identifier: Apache-2.0 */
/* Watts: what a device draws in each mode, what a facility has left under its cap. Pure functions of rows. */
#ifndef HCP_CORE_POWER_H
#define HCP_CORE_POWER_H

#include "core/core.h"

/* IT watts of one device of `cls` in `mode`; miners at power target `target`. A class without a power curve mines at its
 * TDP. */
int64_t hcp_power_device_w(const hcp_class_defined *cls, hcp_mode mode, uint32_t target);

/* What the energy of a device in `mode` is used for. */
hcp_use hcp_power_use(hcp_mode mode);

/* Watts at the meter for `it_w` IT watts at the facility: PUE included, rounded up. */
int64_t hcp_power_meter_w(const hcp_facility_defined *facility, int64_t it_w);

/* The most IT watts that stay within `meter_w` watts at the meter. */
int64_t hcp_power_it_w(const hcp_facility_defined *facility, int64_t meter_w);

/* The cap in force at the meter: the facility's own, or the lower one of a grid event that is ramping, active or restoring.
 * Everything that asks how much may be drawn asks here. The second is the most IT watts that stay within it. */
int64_t hcp_power_cap_w(const hcp_state *state, uint32_t facility);
int64_t hcp_power_cap_it_w(const hcp_state *state, uint32_t facility);

/* IT watts above which leases are ended: those of the cap in force, but of the facility's own cap during a grid event that
 * leaves leases alone. */
int64_t hcp_power_lease_cap_it_w(const hcp_state *state, uint32_t facility);

/* What one sleeping device of the class would hash if it mined at its default power target, GH/s, and the IT watts which that
 * takes beyond its sleep; both 0 for all but miners. */
int64_t hcp_power_asleep_ghs(const hcp_class_defined *cls);
int64_t hcp_power_asleep_w(const hcp_class_defined *cls);

/* IT watts by which a device of the class that mines at `target` could fall when the grid calls: of an ASIC down to its sleep;
 * 0 for all else. */
int64_t hcp_power_ready_w(const hcp_class_defined *cls, hcp_mode mode, uint32_t target);

/* Watts at the meter that the facility sells as reserve now: its share of what its running miners could leave, and during a
 * call at least what was sold when it began. None in an emergency, and none while a demand response event is in force, so no
 * MW is sold twice. */
int64_t hcp_power_reserve_w(const hcp_state *state, uint32_t facility);

/* Whether devices of the class may mine: an ASIC with a power curve, or a GPU with a configured income while the labelled
 * simulation is on. */
bool hcp_power_can_mine(const hcp_settings *settings, const hcp_class_defined *cls);

/*
 * A facility has one supply for all (feeder 0), within its cap in force, and its feeders, each within its own cap for the
 * devices that hang on it. All in IT watts: the most it may carry; what its devices reserve now, each at its mode, the
 * larger of two while it switches; and what they reserve once every running switch has ended well.
 */
int64_t hcp_power_limit_w(const hcp_state *state, uint32_t facility, uint32_t feeder);
int64_t hcp_power_reserved_w(const hcp_core *core, uint32_t facility, uint32_t feeder);
int64_t hcp_power_settled_w(const hcp_core *core, uint32_t facility, uint32_t feeder);

/* The feeder's name; NULL for feeder 0. */
const char *hcp_power_feeder_name(const hcp_facility_defined *facility, uint32_t feeder);

/* Devices of the group that can serve at once at most: its feeder may carry fewer than hang on it. */
uint32_t hcp_power_most_serving(const hcp_state *state, uint32_t group);

/* IT watts of that which sleep would save: of miners and idle devices, and with `leases` of what serves too. */
int64_t hcp_power_movable_w(const hcp_core *core, uint32_t facility, bool leases);

/* The leases that a cap of `cap_w` at the meter would end if it came now, once miners and idle devices sleep: indices into
 * state->leases, the first to go first. The caller unrefs. */
GArray *hcp_power_leases_over(const hcp_core *core, uint32_t facility, int64_t cap_w);

/* IT watts that the end of a lease saves: its devices go to sleep. */
int64_t hcp_power_lease_w(const hcp_state *state, const hcp_lease *lease);

#endif

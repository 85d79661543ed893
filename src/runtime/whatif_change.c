/* SPDX-License-Identifier: Apache-2.0 */
/* The changes that a rerun begins with: rules, caps, and devices added or taken out. */
#include "base/error.h"
#include "base/units.h"
#include "core/power.h"
#include "runtime/platform_internal.h"
#include "runtime/whatif_internal.h"

static bool execute(hcp_whatif_run_state *run, const hcp_command *command, const char *member,
                    GError **error)
{
    hcp_outcome outcome = {0};
    bool done = hcp_platform_execute(run->platform, command, &HCP_ACTOR_SYSTEM, &outcome);
    if (!done)
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID, "%s: %s", member, outcome.refusal.message);
    hcp_outcome_clear(&outcome);
    return done;
}

/* What there is instead of `name`, for people. */
static char *facility_keys(const hcp_state *state)
{
    GString *keys = g_string_new(NULL);
    for (uint32_t f = 0; f < state->fleet.facilities->len; f++)
        g_string_append_printf(keys, "%s%s", f > 0 ? ", " : "",
                               hcp_state_facility(state, f)->def.key);
    return g_string_free(keys, FALSE);
}

static char *class_keys(const hcp_state *state, uint32_t facility)
{
    GString *keys = g_string_new(NULL);
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (group->facility == facility)
            g_string_append_printf(keys, "%s%s", keys->len > 0 ? ", " : "",
                                   hcp_state_class(state, group->class_ix)->def.key);
    }
    return g_string_free(keys, FALSE);
}

static bool find_facility(const hcp_whatif_run_state *run, const char *member, const char *name,
                          uint32_t *ret_facility, GError **error)
{
    *ret_facility = hcp_core_find_facility(hcp_platform_core(run->platform), name);
    if (*ret_facility != HCP_NO_INDEX)
        return true;
    g_autofree char *keys = facility_keys(hcp_platform_state(run->platform));
    g_set_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND,
                "%s: there is no facility \"%s\"; the facilities are: %s", member, name, keys);
    return false;
}

static bool change_settings(hcp_whatif_run_state *run, GError **error)
{
    if (run->question->min_dwell_us < 0)
        return true;
    hcp_event event = {.type = HCP_EVENT_SETTINGS_CHANGED,
                       .settings_changed = hcp_platform_state(run->platform)->settings};
    event.settings_changed.min_dwell_us = run->question->min_dwell_us;
    return execute(run, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = &event}, "min_dwell",
                   error);
}

static bool change_caps(hcp_whatif_run_state *run, GError **error)
{
    for (guint i = 0; i < run->question->caps->len; i++) {
        const hcp_whatif_cap *cap = &g_array_index(run->question->caps, hcp_whatif_cap, i);
        hcp_command command = {.type = HCP_COMMAND_SET_CAP, .cap = {.cap_w = cap->cap_w}};
        if (!find_facility(run, "caps", cap->facility, &command.cap.facility, error) ||
            !execute(run, &command, "caps", error))
            return false;
    }
    return true;
}

bool hcp_whatif_is_capped(const hcp_whatif_run_state *run, uint32_t facility)
{
    for (guint i = 0; run->question != NULL && i < run->question->caps->len; i++) {
        const hcp_whatif_cap *cap = &g_array_index(run->question->caps, hcp_whatif_cap, i);
        if (hcp_core_find_facility(hcp_platform_core(run->platform), cap->facility) == facility)
            return true;
    }
    return false;
}

/* --- fleet ------------------------------------------------------------------------------------------------------------- */

/* New devices come asleep, on no feeder: the policy and the queue wake what they want within the cap. */
static bool add_devices(hcp_whatif_run_state *run, uint32_t facility, uint32_t class_ix,
                        int64_t count, GError **error)
{
    const hcp_state *state = hcp_platform_state(run->platform);
    g_autofree char *prefix =
        g_strdup_printf("whatif-%s-%s", hcp_state_facility(state, facility)->def.key,
                        hcp_state_class(state, class_ix)->def.key);
    const hcp_event event = {
        .type = HCP_EVENT_DEVICES_REGISTERED,
        .devices_registered = {.facility = facility,
                               .class_ix = class_ix,
                               .count = (uint32_t)MIN(count, (int64_t)HCP_MAX_DEVICES + 1),
                               .first_ordinal = state->fleet.n_devices + 1,
                               .name_prefix = prefix,
                               .mode = HCP_MODE_CURTAILED}};
    return execute(run, &(hcp_command){.type = HCP_COMMAND_DEFINE, .define = &event}, "fleet",
                   error);
}

/* The devices of the class registered last go, from whichever feeder: drained, then out of service. */
static bool remove_devices(hcp_whatif_run_state *run, uint32_t facility, uint32_t class_ix,
                           uint32_t count, GError **error)
{
    const hcp_state *state = hcp_platform_state(run->platform);
    const hcp_facility *site = hcp_state_facility(state, facility);
    hcp_whatif_removed removed = {
        .facility = facility, .devices = g_new(uint32_t, count), .count = count};
    uint32_t left = count;
    for (uint32_t d = state->fleet.n_devices; d-- > 0 && left > 0;) {
        const hcp_group *group = hcp_state_group(state, state->fleet.group[d]);
        if (group->facility == facility && group->class_ix == class_ix)
            removed.devices[--left] = d;
    }
    removed.standby_w = hcp_power_meter_w(
        &site->def, hcp_state_class(state, class_ix)->def.standby_w * (int64_t)count);
    g_array_append_val(run->removed, removed);
    return execute(run,
                   &(hcp_command){.type = HCP_COMMAND_SET_ADMIN,
                                  .admin = {.devices = removed.devices,
                                            .count = count,
                                            .admin = HCP_ADMIN_MAINTENANCE,
                                            .reason = "taken out by the question"}},
                   "fleet", error);
}

/* Devices of the class at the facility, on whichever feeder. */
static int64_t count_present(const hcp_state *state, uint32_t facility, uint32_t class_ix)
{
    int64_t n = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++) {
        const hcp_group *group = hcp_state_group(state, g);
        if (group->facility == facility && group->class_ix == class_ix)
            n += group->count;
    }
    return n;
}

static bool no_such_class(const hcp_state *state, uint32_t facility, const char *key,
                          GError **error)
{
    g_autofree char *keys = class_keys(state, facility);
    g_set_error(error, HCP_ERROR, HCP_ERROR_NOT_FOUND,
                "fleet: there is no device class \"%s\"; %s has: %s", key,
                hcp_state_facility(state, facility)->def.key, keys);
    return false;
}

static bool change_fleet(hcp_whatif_run_state *run, const hcp_whatif_fleet *fleet, GError **error)
{
    const hcp_state *state = hcp_platform_state(run->platform);
    uint32_t facility,
        class_ix = hcp_core_find_class(hcp_platform_core(run->platform), fleet->class_key);
    if (!find_facility(run, "fleet", fleet->facility, &facility, error))
        return false;
    if (class_ix == HCP_NO_INDEX)
        return no_such_class(state, facility, fleet->class_key, error);
    int64_t present = count_present(state, facility, class_ix);
    int64_t wanted = fleet->relative ? present + fleet->count : fleet->count;
    if (wanted < 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "fleet: %s has %" G_GINT64_FORMAT " %s; no more than that can be removed",
                    fleet->facility, present, fleet->class_key);
        return false;
    }
    if (wanted > present)
        return add_devices(run, facility, class_ix, wanted - present, error);
    return wanted == present ||
           remove_devices(run, facility, class_ix, (uint32_t)(present - wanted), error);
}

static void clear_removed(void *data)
{
    g_free(((hcp_whatif_removed *)data)->devices);
}

bool hcp_whatif_change(hcp_whatif_run_state *run, GError **error)
{
    run->removed = g_array_new(FALSE, FALSE, sizeof(hcp_whatif_removed));
    g_array_set_clear_func(run->removed, clear_removed);
    if (run->question == NULL)
        return true;
    for (guint i = 0; i < run->question->fleets->len; i++)
        if (!change_fleet(run, &g_array_index(run->question->fleets, hcp_whatif_fleet, i), error))
            return false;
    return change_settings(run, error) && change_caps(run, error);
}

bool hcp_whatif_is_removed(const hcp_whatif_run_state *run, uint32_t device)
{
    for (guint i = 0; i < run->removed->len; i++) {
        const hcp_whatif_removed *removed = &g_array_index(run->removed, hcp_whatif_removed, i);
        for (uint32_t d = 0; d < removed->count; d++)
            if (removed->devices[d] == device)
                return true;
    }
    return false;
}

void hcp_whatif_count_removed(hcp_whatif_run_state *run, int64_t now_us)
{
    const GArray *prices = hcp_platform_state(run->platform)->market.electricity;
    double elapsed_s = (double)(now_us - run->clock.last_us) / (double)HCP_US_PER_S;
    for (guint i = 0; i < run->removed->len; i++) {
        const hcp_whatif_removed *removed = &g_array_index(run->removed, hcp_whatif_removed, i);
        double usd_per_mwh = g_array_index(prices, hcp_price_observed, removed->facility).value;
        double energy_j = (double)removed->standby_w * elapsed_s;
        run->removed_energy_j += energy_j;
        run->removed_usd += energy_j / (double)HCP_J_PER_MWH * usd_per_mwh;
    }
}

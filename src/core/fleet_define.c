/* SPDX-License-Identifier: Apache-2.0 */
/* How classes, facilities and devices come to be: what a definition must satisfy, and its rows. */
#include "core/internal.h"

#include <math.h>

#define MOST_FEEDERS G_STRINGIFY(HCP_MAX_FEEDERS)

static void remember_key(GHashTable *keys, const char *key, uint32_t ix)
{
    g_hash_table_insert(keys, g_strdup(key), GUINT_TO_POINTER(ix + 1));
}

static void remember_facility(hcp_core *core, uint32_t ix)
{
    const hcp_facility_defined *def = &hcp_state_facility(&core->state, ix)->def;
    char id[HCP_ID_TEXT_SIZE];
    hcp_id_format(HCP_ID_FACILITY, def->id.value, id);
    remember_key(core->facility_keys, def->key, ix);
    remember_key(core->facility_keys, id, ix);
}

static void remember_batch(hcp_core *core, uint32_t ix)
{
    const char *prefix =
        g_array_index(core->state.fleet.batches, hcp_device_batch, ix).def.name_prefix;
    GArray *batches = g_hash_table_lookup(core->batch_prefixes, prefix);
    if (batches == NULL) {
        batches = g_array_new(FALSE, FALSE, sizeof(uint32_t));
        g_hash_table_insert(core->batch_prefixes, g_strdup(prefix), batches);
    }
    g_array_append_val(batches, ix);
}

const char *hcp_fleet_apply_class(hcp_core *core, const hcp_event *event)
{
    const hcp_class_defined *def = &event->class_defined;
    GArray *classes = core->state.fleet.classes;
    if (classes->len >= HCP_MAX_CLASSES || def->power_targets.count > HCP_MAX_POWER_TARGETS)
        return "it exceeds a limit of this version";
    if (def->key == NULL || hcp_keys_find(core->class_keys, def->key) != HCP_NO_INDEX)
        return "its key is missing or taken";
    if (def->kind >= HCP_DEVICE_KINDS)
        return "its kind is unknown";
    g_array_set_size(classes, classes->len + 1);
    hcp_record_copy(hcp_event_record(event->type), def,
                    &g_array_index(classes, hcp_class, classes->len - 1).def);
    remember_key(core->class_keys, def->key, classes->len - 1);
    return NULL;
}

const char *hcp_fleet_apply_facility(hcp_core *core, const hcp_event *event)
{
    const hcp_facility_defined *def = &event->facility_defined;
    GArray *facilities = core->state.fleet.facilities;
    if (facilities->len >= HCP_MAX_FACILITIES)
        return "it exceeds a limit of this version";
    if (def->key == NULL || hcp_keys_find(core->facility_keys, def->key) != HCP_NO_INDEX)
        return "its key is missing or taken";
    if (def->name == NULL || def->pue_milli < 1000 || def->cap_w <= 0)
        return "its name, PUE or cap is impossible";
    if (def->feeders.count > HCP_MAX_FEEDERS)
        return "it has too many feeders";
    g_array_set_size(facilities, facilities->len + 1);
    hcp_facility *row = hcp_core_facility(core, facilities->len - 1);
    hcp_record_copy(hcp_event_record(event->type), def, &row->def);
    row->metered_us = event->time_us;
    hcp_core_note_id(core, def->id.value);
    remember_facility(core, facilities->len - 1);
    hcp_market_add_facility(core);
    hcp_account_open(core, facilities->len - 1);
    return NULL;
}

static uint32_t find_or_add_group(hcp_core *core, const hcp_devices_registered *def)
{
    GArray *groups = core->state.fleet.groups;
    uint32_t found = hcp_fleet_find_group(&core->state, def->facility, def->class_ix, def->feeder);
    if (found != HCP_NO_INDEX)
        return found;
    hcp_group group = {
        .facility = def->facility,
        .class_ix = def->class_ix,
        .feeder = def->feeder,
        .batches = g_array_new(FALSE, FALSE, sizeof(uint32_t)),
        .mining_target = hcp_state_class(&core->state, def->class_ix)->def.default_target,
    };
    g_array_append_val(groups, group);
    g_array_set_size(core->tallies, groups->len);
    return groups->len - 1;
}

const char *hcp_fleet_apply_devices(hcp_core *core, const hcp_event *event)
{
    const hcp_devices_registered *def = &event->devices_registered;
    hcp_fleet *fleet = &core->state.fleet;
    if (def->facility >= fleet->facilities->len || def->class_ix >= fleet->classes->len)
        return "its facility or class is unknown";
    if (def->feeder > hcp_state_facility(&core->state, def->facility)->def.feeders.count)
        return "its feeder is unknown";
    if (def->count == 0 || def->count > HCP_MAX_DEVICES - fleet->n_devices)
        return "its count is out of range";
    if (def->name_prefix == NULL || def->mode >= HCP_MODES || def->mode == HCP_MODE_SERVING)
        return "its name or mode is impossible";
    hcp_metering_advance(core, def->facility, event->time_us);
    hcp_range rows = {fleet->n_devices, def->count};
    uint32_t group = find_or_add_group(core, def);
    hcp_device_batch batch = {.first = rows.first};
    hcp_record_copy(hcp_event_record(event->type), def, &batch.def);
    g_array_append_val(fleet->batches, batch);
    uint32_t batch_ix = fleet->batches->len - 1;
    g_array_append_val(hcp_core_group(core, group)->batches, batch_ix);
    remember_batch(core, batch_ix);
    hcp_fleet_add_rows(core, rows, group, def->mode);
    hcp_core_note_id(core, def->first_id.value + def->count - 1);
    return NULL;
}

void hcp_fleet_rebuild(hcp_core *core)
{
    const hcp_fleet *fleet = &core->state.fleet;
    for (uint32_t i = 0; i < fleet->classes->len; i++)
        remember_key(core->class_keys, hcp_state_class(&core->state, i)->def.key, i);
    for (uint32_t i = 0; i < fleet->facilities->len; i++)
        remember_facility(core, i);
    for (uint32_t i = 0; i < fleet->batches->len; i++)
        remember_batch(core, i);
    hcp_fleet_recount(core);
}

/* --- what a definition must satisfy -------------------------------------------------------------------------------- */

static const char *class_fault(const hcp_class_defined *def)
{
    if (def->key == NULL || *def->key == '\0' || def->label == NULL || def->family == NULL)
        return "a class needs a key, a label and a family";
    if (def->standby_w < 0 || def->idle_w < def->standby_w || def->tdp_w < def->idle_w ||
        def->tdp_w == 0 || def->tdp_w > G_MAXINT32)
        return "a class needs 0 <= standby_w <= idle_w <= tdp_w, and tdp_w of 1 W or more";
    if (def->power_targets.count > HCP_MAX_POWER_TARGETS)
        return "a class has at most 8 power targets";
    if (def->power_targets.count > 0 && def->default_target >= def->power_targets.count)
        return "default_target must name one of the power targets";
    for (uint32_t i = 0; i < def->power_targets.count; i++) {
        const hcp_power_target *target = (const hcp_power_target *)def->power_targets.items + i;
        if (target->power_w <= 0 || target->power_w > G_MAXINT32 ||
            !(def->kind == HCP_DEVICE_ASIC ? target->ths > 0 : target->ths >= 0))
            return "a power target needs positive power_w, and a miner's positive ths";
    }
    if (def->rate_usd_micro_per_h < 0 || def->mining_usd_micro_per_h < 0 || def->ramp_up_us < 0 ||
        def->ramp_down_us < 0 || def->memory_bytes < 0)
        return "rates, ramps and memory of a class cannot be negative";
    return NULL;
}

bool hcp_fleet_decide_class(hcp_txn *txn, const hcp_event *event)
{
    const hcp_class_defined *def = &event->class_defined;
    const char *fault = class_fault(def);
    if (fault != NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "class", "%s", fault);
    if (hcp_keys_find(txn->core->class_keys, def->key) != HCP_NO_INDEX)
        return hcp_txn_refuse(txn, HCP_REFUSAL_CONFLICT, "key", "class \"%s\" is defined already",
                              def->key);
    if (txn->core->state.fleet.classes->len >= HCP_MAX_CLASSES)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "class", "there can be at most %d classes",
                              HCP_MAX_CLASSES);
    hcp_event copy = hcp_event_copy(event);
    hcp_txn_emit(txn, &copy);
    return true;
}

/* What is wrong with the feeders; NULL = nothing. */
static const char *feeders_fault(const hcp_facility_defined *def)
{
    const hcp_feeder *feeders = def->feeders.items;
    if (def->feeders.count > HCP_MAX_FEEDERS)
        return "has more feeders than the " MOST_FEEDERS
               " that there can be: join some, or define a "
               "second facility";
    for (uint32_t i = 0; i < def->feeders.count; i++) {
        if (feeders[i].name == NULL || *feeders[i].name == '\0' || feeders[i].cap_w <= 0)
            return "needs a name and a cap above 0 for each feeder";
        for (uint32_t j = 0; j < i; j++)
            if (g_str_equal(feeders[i].name, feeders[j].name))
                return "has two feeders of one name";
    }
    return NULL;
}

bool hcp_fleet_decide_facility(hcp_txn *txn, const hcp_event *event)
{
    const hcp_facility_defined *def = &event->facility_defined;
    if (def->key == NULL || *def->key == '\0' || def->name == NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "key", "a facility needs a key and a name");
    if (def->cap_w <= 0 || def->pue_milli < 1000 || def->pue_milli > 5000)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "cap_w",
                              "facility \"%s\" needs a cap_w above 0 and a PUE of 1 to 5",
                              def->key);
    if (def->peak_usd_micro_per_mw < 0 || def->peak_usd_micro_per_mw > HCP_PEAK_USD_MICRO_MAX ||
        def->peak_months >= 1U << 12 || !(fabs(def->utc_offset_h) <= 14))
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "peak_charge",
                              "the peak charge of \"%s\" needs an amount from 0 on, months of a "
                              "year and standard time within 14 h of UTC",
                              def->key);
    const char *fault =
        hcp_reserve_fault(def->reserve_products, def->call_usd_per_mwh, def->reserve_share_milli);
    if (fault != NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "grid", "facility \"%s\": %s", def->key,
                              fault);
    fault = feeders_fault(def);
    if (fault != NULL)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "feeders", "facility \"%s\" %s", def->key,
                              fault);
    if (hcp_keys_find(txn->core->facility_keys, def->key) != HCP_NO_INDEX)
        return hcp_txn_refuse(txn, HCP_REFUSAL_CONFLICT, "key",
                              "facility \"%s\" is defined already", def->key);
    if (txn->core->state.fleet.facilities->len >= HCP_MAX_FACILITIES)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "facility",
                              "there can be at most %d facilities", HCP_MAX_FACILITIES);
    hcp_event copy = hcp_event_copy(event);
    copy.facility_defined.id.value = txn->outcome->id = hcp_core_new_id(txn);
    hcp_txn_emit(txn, &copy);
    return true;
}

/* Whether a batch of the same prefix has one of these ordinals. */
static bool names_taken(const hcp_core *core, const hcp_devices_registered *def)
{
    const GArray *batches = g_hash_table_lookup(core->batch_prefixes, def->name_prefix);
    for (guint i = 0; batches != NULL && i < batches->len; i++) {
        uint32_t ix = g_array_index(batches, uint32_t, i);
        const hcp_devices_registered *other =
            &g_array_index(core->state.fleet.batches, hcp_device_batch, ix).def;
        if (def->first_ordinal < other->first_ordinal + other->count &&
            other->first_ordinal < def->first_ordinal + def->count)
            return true;
    }
    return false;
}

static uint32_t count_groups(const hcp_state *state, uint32_t facility)
{
    uint32_t n = 0;
    for (uint32_t g = 0; g < state->fleet.groups->len; g++)
        n += hcp_state_group(state, g)->facility == facility;
    return n;
}

/* The group that the devices join, or a new one of those the facility may have. */
static bool check_group(hcp_txn *txn, const hcp_devices_registered *def)
{
    const hcp_state *state = &txn->core->state;
    const hcp_facility_defined *site = &hcp_state_facility(state, def->facility)->def;
    if (def->feeder > site->feeders.count)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "feeder",
                              "%s has %u feeders, there is no number %u", site->key,
                              site->feeders.count, def->feeder);
    if (hcp_fleet_find_group(state, def->facility, def->class_ix, def->feeder) == HCP_NO_INDEX &&
        count_groups(state, def->facility) >= HCP_MAX_FACILITY_GROUPS)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "feeder",
                              "%s has devices of %d pairs of class and feeder, more cannot be "
                              "planned for: use fewer feeders, or define a second facility",
                              site->key, HCP_MAX_FACILITY_GROUPS);
    return true;
}

static bool check_devices(hcp_txn *txn, const hcp_devices_registered *def)
{
    const hcp_state *state = &txn->core->state;
    if (def->facility >= state->fleet.facilities->len || def->class_ix >= state->fleet.classes->len)
        return hcp_txn_refuse(txn, HCP_REFUSAL_NOT_FOUND, "facility",
                              "devices need a known facility and class");
    if (!check_group(txn, def))
        return false;
    if (def->name_prefix == NULL || *def->name_prefix == '\0')
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "name_prefix",
                              "devices need a name prefix");
    if (def->count == 0 || def->count > HCP_MAX_DEVICES - state->fleet.n_devices ||
        def->first_ordinal > HCP_NO_INDEX - def->count)
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "count",
                              "a batch has 1 to %u devices, the platform at most %u",
                              HCP_MAX_DEVICES, HCP_MAX_DEVICES);
    if (names_taken(txn->core, def))
        return hcp_txn_refuse(txn, HCP_REFUSAL_CONFLICT, "name_prefix",
                              "some names \"%s-%03u\" and up are taken", def->name_prefix,
                              def->first_ordinal);
    const hcp_class_defined *cls = &hcp_state_class(state, def->class_ix)->def;
    if (def->mode >= HCP_MODES || def->mode == HCP_MODE_SERVING ||
        (def->mode == HCP_MODE_MINING && !hcp_power_can_mine(&state->settings, cls)))
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "mode",
                              "%s devices cannot start in mode %s", cls->key,
                              hcp_enum_name(&HCP_MODE_NAMES, (int)def->mode));
    if (hcp_state_facility(state, def->facility)->emergency && def->mode != HCP_MODE_CURTAILED &&
        def->mode != HCP_MODE_OFF)
        return hcp_txn_refuse(txn, HCP_REFUSAL_EMERGENCY, "mode",
                              "an emergency is in force: register the devices curtailed");
    return true;
}

/* The devices as they start fit within the cap and on their feeder. */
static bool check_power(hcp_txn *txn, const hcp_devices_registered *def)
{
    const hcp_state *state = &txn->core->state;
    const hcp_facility *facility = hcp_state_facility(state, def->facility);
    const hcp_class_defined *cls = &hcp_state_class(state, def->class_ix)->def;
    /* They join a group that may mine at another power target by now. */
    uint32_t group = hcp_fleet_find_group(state, def->facility, def->class_ix, def->feeder);
    uint32_t target =
        group == HCP_NO_INDEX ? cls->default_target : hcp_state_group(state, group)->mining_target;
    int64_t added_w = def->count * hcp_power_device_w(cls, def->mode, target);
    int64_t meter_w = hcp_power_meter_w(&facility->def, facility->it_power_w + added_w);
    int64_t cap_w = hcp_power_cap_w(state, def->facility);
    if (meter_w > cap_w)
        return hcp_txn_refuse(txn, HCP_REFUSAL_CAPACITY, "count",
                              "%u x %s in mode %s would bring %s to %.3f MW, its cap is %.3f MW; "
                              "register them curtailed",
                              def->count, cls->key, hcp_enum_name(&HCP_MODE_NAMES, (int)def->mode),
                              facility->def.key, (double)meter_w / 1e6, (double)cap_w / 1e6);
    int64_t carried_w =
        added_w +
        (def->feeder > 0 ? hcp_power_reserved_w(txn->core, def->facility, def->feeder) : 0);
    if (def->feeder > 0 && carried_w > hcp_power_limit_w(state, def->facility, def->feeder))
        return hcp_txn_refuse(
            txn, HCP_REFUSAL_CAPACITY, "count",
            "%u x %s in mode %s would bring feeder %s of %s to %.3f MW, its cap is %.3f MW; "
            "register them curtailed, or fewer",
            def->count, cls->key, hcp_enum_name(&HCP_MODE_NAMES, (int)def->mode),
            hcp_power_feeder_name(&facility->def, def->feeder), facility->def.key,
            (double)carried_w / 1e6,
            (double)hcp_power_limit_w(state, def->facility, def->feeder) / 1e6);
    return true;
}

bool hcp_fleet_decide_devices(hcp_txn *txn, const hcp_event *event)
{
    const hcp_devices_registered *def = &event->devices_registered;
    if (!check_devices(txn, def) || !check_power(txn, def))
        return false;
    hcp_event copy = hcp_event_copy(event);
    copy.devices_registered.first_id.value = txn->outcome->id = hcp_core_new_id(txn);
    hcp_txn_emit(txn, &copy);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Finding rows by public id, key or name, and naming devices. */
#include "core/internal.h"

#include <string.h>

uint32_t hcp_core_find_workload(const hcp_core *core, hcp_workload_id id)
{
    return hcp_ids_find(core->workload_ids, id.value);
}

uint32_t hcp_core_find_lease(const hcp_core *core, hcp_lease_id id)
{
    return hcp_ids_find(core->lease_ids, id.value);
}

uint32_t hcp_core_find_switch(const hcp_core *core, hcp_switch_id id)
{
    return hcp_ids_find(core->switch_ids, id.value);
}

uint32_t hcp_core_find_facility(const hcp_core *core, const char *id_or_key)
{
    return hcp_keys_find(core->facility_keys, id_or_key);
}

uint32_t hcp_core_find_customer(const hcp_core *core, const char *id_or_key)
{
    return hcp_keys_find(core->customer_keys, id_or_key);
}

uint32_t hcp_core_find_class(const hcp_core *core, const char *key)
{
    return hcp_keys_find(core->class_keys, key);
}

/* The last batch for which `key(batch) <= value`, by bisection: ids and indices both grow from batch to batch. */
static const hcp_device_batch *last_batch(const hcp_fleet *fleet, bool by_id, uint64_t value)
{
    const hcp_device_batch *found = NULL;
    guint low = 0, high = fleet->batches->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        const hcp_device_batch *batch = &g_array_index(fleet->batches, hcp_device_batch, middle);
        if ((by_id ? batch->def.first_id.value : batch->first) <= value) {
            found = batch;
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return found;
}

uint32_t hcp_core_find_device(const hcp_core *core, hcp_device_id id)
{
    const hcp_device_batch *batch = last_batch(&core->state.fleet, true, id.value);
    if (batch == NULL || id.value - batch->def.first_id.value >= batch->def.count)
        return HCP_NO_INDEX;
    return batch->first + (uint32_t)(id.value - batch->def.first_id.value);
}

const hcp_device_batch *hcp_state_device_batch(const hcp_state *state, uint32_t device)
{
    g_assert(device < state->fleet.n_devices);
    return last_batch(&state->fleet, false, device);
}

hcp_device_id hcp_state_device_id(const hcp_state *state, uint32_t device)
{
    const hcp_device_batch *batch = hcp_state_device_batch(state, device);
    return (hcp_device_id){batch->def.first_id.value + (device - batch->first)};
}

char *hcp_state_device_name(const hcp_state *state, uint32_t device)
{
    const hcp_device_batch *batch = hcp_state_device_batch(state, device);
    return g_strdup_printf("%s-%03u", batch->def.name_prefix,
                           batch->def.first_ordinal + (device - batch->first));
}

uint32_t hcp_core_find_device_name(const hcp_core *core, const char *name)
{
    const char *dash = strrchr(name, '-');
    guint64 ordinal = 0;
    if (dash == NULL || !g_ascii_string_to_unsigned(dash + 1, 10, 0, HCP_NO_INDEX, &ordinal, NULL))
        return HCP_NO_INDEX;
    g_autofree char *prefix = g_strndup(name, (gsize)(dash - name));
    const GArray *batches = g_hash_table_lookup(core->batch_prefixes, prefix);
    for (guint i = 0; batches != NULL && i < batches->len; i++) {
        const hcp_device_batch *batch = &g_array_index(core->state.fleet.batches, hcp_device_batch,
                                                       g_array_index(batches, uint32_t, i));
        if (ordinal >= batch->def.first_ordinal &&
            ordinal - batch->def.first_ordinal < batch->def.count)
            return batch->first + (uint32_t)(ordinal - batch->def.first_ordinal);
    }
    return HCP_NO_INDEX;
}

uint32_t hcp_class_share_milli(const hcp_class_defined *def)
{
    return def->share_milli > 0 ? def->share_milli : HCP_SHARE_WHOLE;
}

uint64_t hcp_state_whole_classes(const hcp_state *state, uint64_t mask)
{
    uint64_t whole = 0;
    for (uint32_t i = 0; i < state->fleet.classes->len; i++)
        if (hcp_class_share_milli(&hcp_state_class(state, i)->def) == HCP_SHARE_WHOLE)
            whole |= UINT64_C(1) << i;
    return (mask & whole) != 0 ? mask & whole : mask;
}

uint64_t hcp_core_match_classes(const hcp_core *core, const char *text)
{
    uint64_t mask = 0;
    for (uint32_t i = 0; text != NULL && i < core->state.fleet.classes->len; i++) {
        const hcp_class_defined *def = &hcp_state_class(&core->state, i)->def;
        if (g_ascii_strcasecmp(text, def->key) == 0)
            return 1ULL << i;
        if (g_ascii_strcasecmp(text, def->family) == 0 || g_ascii_strcasecmp(text, def->label) == 0)
            mask |= 1ULL << i;
    }
    return mask;
}

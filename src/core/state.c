/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the state: allocation, slots, id tables, interned names. */
#include "core/internal.h"

#include <string.h>

static void slots_init(hcp_slots *slots, guint size)
{
    slots->items = g_array_new(FALSE, TRUE, size);
    slots->free = g_array_new(FALSE, FALSE, sizeof(uint32_t));
}

static void slots_finish(hcp_slots *slots)
{
    g_array_unref(slots->items);
    g_array_unref(slots->free);
}

uint32_t hcp_slots_take(hcp_slots *slots)
{
    if (slots->free->len == 0) {
        g_array_set_size(slots->items, slots->items->len + 1);
        return slots->items->len - 1;
    }
    uint32_t ix = g_array_index(slots->free, uint32_t, slots->free->len - 1);
    g_array_set_size(slots->free, slots->free->len - 1);
    return ix;
}

void hcp_slots_give(hcp_slots *slots, uint32_t ix)
{
    guint size = g_array_get_element_size(slots->items);
    memset(slots->items->data + (size_t)ix * size, 0, size);
    g_array_append_val(slots->free, ix);
}

void hcp_ids_put(GHashTable *ids, uint64_t value, uint32_t ix)
{
    G_STATIC_ASSERT(sizeof(gpointer) >= sizeof(uint64_t));
    g_hash_table_insert(ids, (gpointer)(guintptr)value, GUINT_TO_POINTER(ix + 1));
}

void hcp_ids_drop(GHashTable *ids, uint64_t value)
{
    g_hash_table_remove(ids, (gpointer)(guintptr)value);
}

uint32_t hcp_ids_find(const GHashTable *ids, uint64_t value)
{
    gpointer found = g_hash_table_lookup((GHashTable *)ids, (gpointer)(guintptr)value);
    return found == NULL ? HCP_NO_INDEX : GPOINTER_TO_UINT(found) - 1;
}

uint32_t hcp_keys_find(const GHashTable *keys, const char *key)
{
    gpointer found = key == NULL ? NULL : g_hash_table_lookup((GHashTable *)keys, key);
    return found == NULL ? HCP_NO_INDEX : GPOINTER_TO_UINT(found) - 1;
}

uint32_t hcp_state_find_model(const hcp_state *state, const char *model)
{
    if (model == NULL || *model == '\0')
        return HCP_NO_INDEX;
    gpointer ix = g_hash_table_lookup(state->model_ix, model);
    return ix != NULL ? GPOINTER_TO_UINT(ix) - 1 : HCP_NO_INDEX;
}

uint32_t hcp_state_intern_model(hcp_state *state, const char *model)
{
    uint32_t ix = hcp_state_find_model(state, model);
    if (ix != HCP_NO_INDEX || model == NULL || *model == '\0')
        return ix;
    char *name = g_strdup(model);
    g_ptr_array_add(state->models, name);
    g_hash_table_insert(state->model_ix, name, GUINT_TO_POINTER(state->models->len));
    return state->models->len - 1;
}

void hcp_state_init(hcp_state *state)
{
    hcp_fleet *fleet = &state->fleet;
    fleet->facilities = g_array_new(FALSE, TRUE, sizeof(hcp_facility));
    fleet->classes = g_array_new(FALSE, TRUE, sizeof(hcp_class));
    fleet->customers = g_array_new(FALSE, TRUE, sizeof(hcp_customer));
    fleet->batches = g_array_new(FALSE, TRUE, sizeof(hcp_device_batch));
    fleet->groups = g_array_new(FALSE, TRUE, sizeof(hcp_group));
    state->market.electricity = g_array_new(FALSE, TRUE, sizeof(hcp_price_observed));
    state->market.day_ahead = g_array_new(FALSE, TRUE, sizeof(hcp_price_observed));
    state->market.reserve = g_array_new(FALSE, TRUE, sizeof(hcp_price_observed));
    state->market.settled = g_array_new(FALSE, TRUE, sizeof(hcp_settled_price));
    state->market.published = g_array_new(FALSE, TRUE, sizeof(hcp_published_price));
    slots_init(&state->leases, sizeof(hcp_lease));
    slots_init(&state->workloads, sizeof(hcp_workload));
    slots_init(&state->switches, sizeof(hcp_switch));
    state->alerts = g_array_new(FALSE, TRUE, sizeof(hcp_alert));
    state->switch_costs = g_array_new(FALSE, TRUE, sizeof(hcp_switch_cost));
    state->intervals = g_array_new(FALSE, TRUE, sizeof(hcp_interval_closed));
    state->grid_events = g_array_new(FALSE, TRUE, sizeof(hcp_grid_event));
    state->models = g_ptr_array_new_with_free_func(g_free);
    state->model_ix = g_hash_table_new(g_str_hash, g_str_equal);
    state->settings.default_customer = HCP_NO_INDEX;
}

/* Frees a table whose rows begin with (or consist of) the payload of an event of `type`. */
static void rows_free(GArray *rows, hcp_event_type type)
{
    guint size = g_array_get_element_size(rows);
    for (guint i = 0; i < rows->len; i++)
        hcp_record_clear(hcp_event_record(type), rows->data + (size_t)i * size);
    g_array_unref(rows);
}

static void slot_rows_free(hcp_slots *slots, hcp_event_type type)
{
    guint size = g_array_get_element_size(slots->items);
    for (guint i = 0; i < slots->items->len; i++)
        hcp_record_clear(hcp_event_record(type), slots->items->data + (size_t)i * size);
    slots_finish(slots);
}

static void fleet_finish(hcp_fleet *fleet)
{
    for (guint i = 0; i < fleet->facilities->len; i++)
        hcp_record_clear(hcp_event_record(HCP_EVENT_DECISION_RECORDED),
                         &g_array_index(fleet->facilities, hcp_facility, i).decision);
    for (guint i = 0; i < fleet->groups->len; i++)
        g_clear_pointer(&g_array_index(fleet->groups, hcp_group, i).batches, g_array_unref);
    rows_free(fleet->facilities, HCP_EVENT_FACILITY_DEFINED);
    rows_free(fleet->classes, HCP_EVENT_CLASS_DEFINED);
    rows_free(fleet->customers, HCP_EVENT_CUSTOMER_DEFINED);
    rows_free(fleet->batches, HCP_EVENT_DEVICES_REGISTERED);
    g_array_unref(fleet->groups);
    void *columns[] = {fleet->mode,          fleet->health,   fleet->admin,
                       fleet->target,        fleet->group,    fleet->lease,
                       fleet->active_switch, fleet->resident, fleet->run_bits};
    for (guint i = 0; i < G_N_ELEMENTS(columns); i++)
        g_free(columns[i]);
}

void hcp_state_finish(hcp_state *state)
{
    fleet_finish(&state->fleet);
    for (int i = 0; i < HCP_PRICE_KINDS; i++)
        hcp_record_clear(hcp_event_record(HCP_EVENT_PRICE_OBSERVED), &state->market.global[i]);
    rows_free(state->market.electricity, HCP_EVENT_PRICE_OBSERVED);
    rows_free(state->market.day_ahead, HCP_EVENT_PRICE_OBSERVED);
    rows_free(state->market.reserve, HCP_EVENT_PRICE_OBSERVED);
    g_array_unref(state->market.settled);
    g_array_unref(state->market.published);
    for (guint i = 0; i < state->workloads.items->len; i++)
        g_free(g_array_index(state->workloads.items, hcp_workload, i).reason);
    for (guint i = 0; i < state->switches.items->len; i++)
        g_free(g_array_index(state->switches.items, hcp_switch, i).reason);
    for (guint i = 0; i < state->alerts->len; i++)
        g_free(g_array_index(state->alerts, hcp_alert, i).note);
    slot_rows_free(&state->leases, HCP_EVENT_LEASE_GRANTED);
    slot_rows_free(&state->workloads, HCP_EVENT_WORKLOAD_ACCEPTED);
    slot_rows_free(&state->switches, HCP_EVENT_SWITCH_STARTED);
    rows_free(state->alerts, HCP_EVENT_ALERT_RAISED);
    g_array_unref(state->switch_costs);
    rows_free(state->intervals, HCP_EVENT_INTERVAL_CLOSED);
    for (guint i = 0; i < state->grid_events->len; i++)
        hcp_grid_clear_row(&g_array_index(state->grid_events, hcp_grid_event, i));
    g_array_unref(state->grid_events);
    g_hash_table_unref(state->model_ix);
    g_ptr_array_unref(state->models);
}

/* One bounds-checked accessor per table, for everybody (const) and for apply. */
#define ROW_ACCESSORS(type, name, array)                                                           \
    const type *hcp_state_##name(const hcp_state *state, uint32_t ix)                              \
    {                                                                                              \
        g_assert(ix < (array)->len);                                                               \
        return &g_array_index(array, type, ix);                                                    \
    }                                                                                              \
    type *hcp_core_##name(hcp_core *core, uint32_t ix)                                             \
    {                                                                                              \
        return (type *)hcp_state_##name(&core->state, ix);                                         \
    }

ROW_ACCESSORS(hcp_facility, facility, state->fleet.facilities)
ROW_ACCESSORS(hcp_customer, customer, state->fleet.customers)
ROW_ACCESSORS(hcp_group, group, state->fleet.groups)
ROW_ACCESSORS(hcp_workload, workload, state->workloads.items)
ROW_ACCESSORS(hcp_lease, lease, state->leases.items)
ROW_ACCESSORS(hcp_switch, switch, state->switches.items)

const hcp_class *hcp_state_class(const hcp_state *state, uint32_t ix)
{
    g_assert(ix < state->fleet.classes->len);
    return &g_array_index(state->fleet.classes, hcp_class, ix);
}

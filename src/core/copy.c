/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of what the hash and the snapshot read, and of nothing that is derived. */
#include "core/internal.h"
#include "core/rows.h"

#include <string.h>

static void copy_table(const hcp_table *table, const hcp_state *from, hcp_state *to)
{
    const GArray *rows = G_STRUCT_MEMBER(GArray *, from, table->offset);
    GArray *copies = G_STRUCT_MEMBER(GArray *, to, table->offset);
    size_t size = g_array_get_element_size(copies);
    g_array_append_vals(copies, rows->data, rows->len);
    for (guint i = 0; i < rows->len; i++) {
        if (table->has_def)
            hcp_record_unshare(hcp_event_record(table->def), copies->data + i * size);
        if (table->row != NULL)
            hcp_record_unshare(table->row, copies->data + i * size);
    }
}

static void copy_columns(const hcp_state *from, hcp_state *to)
{
    hcp_fleet_reserve(&to->fleet, to->fleet.n_devices);
    for (guint i = 0; to->fleet.n_devices > 0 && i < HCP_N_COLUMNS; i++) {
        const hcp_column *column = &HCP_COLUMNS[i];
        memcpy(G_STRUCT_MEMBER(void *, to, column->offset),
               G_STRUCT_MEMBER(void *, from, column->offset), column->width * to->fleet.n_devices);
    }
}

static void copy_reply(const hcp_reply_remembered *reply, int64_t time_us, gpointer data)
{
    hcp_reply_remembered copy;
    hcp_record_copy(hcp_event_record(HCP_EVENT_REPLY_REMEMBERED), reply, &copy);
    hcp_replies_restore(data, &copy, time_us);
}

hcp_core *hcp_core_copy(const hcp_core *core)
{
    hcp_core *copy = hcp_core_new();
    const hcp_state *from = &core->state;
    hcp_state *to = &copy->state;
    hcp_scalars_copy(from, to);
    hcp_record_copy(hcp_event_record(HCP_EVENT_SETTINGS_CHANGED), &from->settings, &to->settings);
    for (int i = 0; i < HCP_PRICE_KINDS; i++)
        hcp_record_copy(hcp_event_record(HCP_EVENT_PRICE_OBSERVED), &from->market.global[i],
                        &to->market.global[i]);
    for (guint i = 0; i < HCP_N_TABLES; i++)
        copy_table(&HCP_TABLES[i], from, to);
    for (uint32_t g = 0; g < to->fleet.groups->len; g++)
        hcp_core_group(copy, g)->batches = NULL; /* derived, and the other's */
    copy_columns(from, to);
    for (guint i = 0; i < HCP_N_FREE_LISTS; i++) {
        const GArray *list = G_STRUCT_MEMBER(GArray *, from, HCP_FREE_LISTS[i].offset);
        g_array_append_vals(G_STRUCT_MEMBER(GArray *, to, HCP_FREE_LISTS[i].offset), list->data,
                            list->len);
    }
    for (guint i = 0; i < from->models->len; i++)
        (void)hcp_state_intern_model(to, g_ptr_array_index(from->models, i));
    hcp_replies_foreach(core->replies, copy_reply, copy->replies);
    return copy;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical hash of the state: every table, column, free list and remembered reply, in one order. */
#include "core/internal.h"
#include "core/rows.h"

#include <string.h>

static void hash_u32(GChecksum *checksum, uint32_t value)
{
    uint32_t little = GUINT32_TO_LE(value);
    g_checksum_update(checksum, (const guchar *)&little, sizeof little);
}

static void hash_table(const hcp_state *state, const hcp_table *table, GChecksum *checksum)
{
    const GArray *rows = G_STRUCT_MEMBER(GArray *, state, table->offset);
    guint size = g_array_get_element_size((GArray *)rows);
    hash_u32(checksum, rows->len);
    for (guint i = 0; i < rows->len; i++) {
        const char *row = rows->data + (size_t)i * size;
        if (table->has_def)
            hcp_record_hash(hcp_event_record(table->def), row, checksum);
        if (table->row != NULL)
            hcp_record_hash(table->row, row, checksum);
    }
}

static void hash_u32s(const uint32_t *values, uint32_t count, GChecksum *checksum)
{
    uint32_t chunk[1024];
    for (uint32_t done = 0; done < count;) {
        uint32_t n = MIN(count - done, (uint32_t)G_N_ELEMENTS(chunk));
        for (uint32_t i = 0; i < n; i++)
            chunk[i] = GUINT32_TO_LE(values[done + i]);
        g_checksum_update(checksum, (const guchar *)chunk, (gssize)(n * sizeof(uint32_t)));
        done += n;
    }
}

static void hash_column(const hcp_state *state, const hcp_column *column, GChecksum *checksum)
{
    const void *values = G_STRUCT_MEMBER(void *, state, column->offset);
    uint32_t count = state->fleet.n_devices;
    if (count == 0)
        return;
    if (column->width == 1)
        g_checksum_update(checksum, values, (gssize)count);
    else
        hash_u32s(values, count, checksum);
}

static void hash_reply(const hcp_reply_remembered *reply, int64_t time_us, gpointer checksum)
{
    uint64_t little = GUINT64_TO_LE((uint64_t)time_us);
    g_checksum_update(checksum, (const guchar *)&little, sizeof little);
    hcp_record_hash(hcp_event_record(HCP_EVENT_REPLY_REMEMBERED), reply, checksum);
}

char *hcp_core_hash(const hcp_core *core)
{
    const hcp_state *state = &core->state;
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    hcp_record_hash(&HCP_SCALARS_RECORD, state, checksum);
    hcp_record_hash(hcp_event_record(HCP_EVENT_SETTINGS_CHANGED), &state->settings, checksum);
    for (int i = 0; i < HCP_PRICE_KINDS; i++)
        hcp_record_hash(hcp_event_record(HCP_EVENT_PRICE_OBSERVED), &state->market.global[i],
                        checksum);
    for (guint i = 0; i < HCP_N_TABLES; i++)
        hash_table(state, &HCP_TABLES[i], checksum);
    for (guint i = 0; i < HCP_N_COLUMNS; i++)
        hash_column(state, &HCP_COLUMNS[i], checksum);
    for (guint i = 0; i < HCP_N_FREE_LISTS; i++) {
        const GArray *list = G_STRUCT_MEMBER(GArray *, state, HCP_FREE_LISTS[i].offset);
        hash_u32(checksum, list->len);
        hash_u32s((const uint32_t *)list->data, list->len, checksum);
    }
    for (guint i = 0; i < state->models->len; i++) {
        const char *model = g_ptr_array_index(state->models, i);
        g_checksum_update(checksum, (const guchar *)model, (gssize)strlen(model) + 1);
    }
    hcp_replies_foreach(core->replies, hash_reply, checksum);
    char *text = g_strdup(g_checksum_get_string(checksum));
    g_checksum_free(checksum);
    return text;
}

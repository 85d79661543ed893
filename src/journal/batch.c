/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: entries and row operations in growing arrays, their text in blocks that stay when the
 * batch is cleared. */
#include "journal/batch.h"

#include <string.h>

#define BLOCK_SIZE ((size_t)32768)
/* What a cleared batch keeps: a burst must not hold its memory for ever. */
#define KEEP_BLOCKS 16

struct hcp_journal_batch {
    GArray *entries;   /* hcp_journal_entry */
    GArray *ops;       /* op_slot */
    GArray *values;    /* hcp_projection_value */
    GPtrArray *blocks; /* of BLOCK_SIZE bytes, filled one after the other */
    GPtrArray *large;  /* single texts that no block holds */
    guint n_full;      /* blocks before the one in use */
    size_t used;       /* of the block in use */
    size_t text_size;
};

typedef struct {
    hcp_projection_op op;
    guint first_value;
} op_slot;

hcp_journal_batch *hcp_journal_batch_new(void)
{
    hcp_journal_batch *batch = g_new0(hcp_journal_batch, 1);
    batch->entries = g_array_new(FALSE, FALSE, sizeof(hcp_journal_entry));
    batch->ops = g_array_new(FALSE, FALSE, sizeof(op_slot));
    batch->values = g_array_new(FALSE, FALSE, sizeof(hcp_projection_value));
    batch->blocks = g_ptr_array_new_with_free_func(g_free);
    batch->large = g_ptr_array_new_with_free_func(g_free);
    return batch;
}

/* Room for `size` bytes that stays where it is. */
static char *reserve(hcp_journal_batch *batch, size_t size)
{
    if (size > BLOCK_SIZE) {
        char *room = g_malloc(size);
        g_ptr_array_add(batch->large, room);
        return room;
    }
    if (batch->n_full < batch->blocks->len && batch->used + size > BLOCK_SIZE) {
        batch->n_full++;
        batch->used = 0;
    }
    if (batch->n_full == batch->blocks->len)
        g_ptr_array_add(batch->blocks, g_malloc(BLOCK_SIZE));
    char *room = (char *)batch->blocks->pdata[batch->n_full] + batch->used;
    batch->used += size;
    return room;
}

static const char *keep_text(hcp_journal_batch *batch, const char *text, size_t size)
{
    char *copy = reserve(batch, size + 1);
    memcpy(copy, text, size);
    copy[size] = '\0';
    batch->text_size += size + 1;
    return copy;
}

void hcp_journal_batch_add(hcp_journal_batch *batch, const hcp_journal_entry *entry)
{
    guint count = batch->entries->len;
    if (count > 0)
        g_assert(entry->seq == g_array_index(batch->entries, hcp_journal_entry, count - 1).seq + 1);
    hcp_journal_entry copy = {
        .seq = entry->seq,
        .time_us = entry->time_us,
        .actor = keep_text(batch, entry->actor, strlen(entry->actor)),
        .type = keep_text(batch, entry->type, strlen(entry->type)),
        .trace_id = keep_text(batch, entry->trace_id, strlen(entry->trace_id)),
        .payload = keep_text(batch, entry->payload, entry->payload_size),
        .payload_size = entry->payload_size,
    };
    g_array_append_val(batch->entries, copy);
}

void hcp_journal_batch_add_op(hcp_journal_batch *batch, uint16_t statement,
                              const hcp_projection_value *values, uint8_t n_values)
{
    op_slot slot = {
        .op = {.statement = statement, .n_values = n_values},
        .first_value = batch->values->len,
    };
    g_array_append_val(batch->ops, slot);
    for (uint8_t i = 0; i < n_values; i++) {
        hcp_projection_value value = values[i];
        if (value.kind == HCP_PROJECTION_TEXT)
            value.text = keep_text(batch, value.text, strlen(value.text));
        g_array_append_val(batch->values, value);
    }
}

guint hcp_journal_batch_count(const hcp_journal_batch *batch)
{
    return batch->entries->len;
}

const hcp_journal_entry *hcp_journal_batch_entry(const hcp_journal_batch *batch, guint index)
{
    g_assert(index < batch->entries->len);
    return &g_array_index(batch->entries, hcp_journal_entry, index);
}

guint hcp_journal_batch_op_count(const hcp_journal_batch *batch)
{
    return batch->ops->len;
}

hcp_projection_op hcp_journal_batch_op(const hcp_journal_batch *batch, guint index,
                                       const hcp_projection_value **ret_values)
{
    g_assert(index < batch->ops->len);
    const op_slot *slot = &g_array_index(batch->ops, op_slot, index);
    *ret_values = (const hcp_projection_value *)(void *)batch->values->data + slot->first_value;
    return slot->op;
}

size_t hcp_journal_batch_size(const hcp_journal_batch *batch)
{
    return batch->text_size + batch->entries->len * sizeof(hcp_journal_entry) +
           batch->ops->len * sizeof(op_slot) + batch->values->len * sizeof(hcp_projection_value);
}

void hcp_journal_batch_clear(hcp_journal_batch *batch)
{
    g_array_set_size(batch->entries, 0);
    g_array_set_size(batch->ops, 0);
    g_array_set_size(batch->values, 0);
    g_ptr_array_set_size(batch->large, 0);
    if (batch->blocks->len > KEEP_BLOCKS)
        g_ptr_array_set_size(batch->blocks, KEEP_BLOCKS);
    batch->n_full = 0;
    batch->used = batch->text_size = 0;
}

void hcp_journal_batch_set_hash(hcp_journal_batch *batch, guint index,
                                const uint8_t hash[HCP_JOURNAL_HASH_SIZE])
{
    g_assert(index < batch->entries->len);
    hcp_journal_entry *entry = &g_array_index(batch->entries, hcp_journal_entry, index);
    memcpy(entry->hash, hash, HCP_JOURNAL_HASH_SIZE);
}

void hcp_journal_batch_free(hcp_journal_batch *batch)
{
    if (!batch)
        return;
    g_array_free(batch->entries, TRUE);
    g_array_free(batch->ops, TRUE);
    g_array_free(batch->values, TRUE);
    g_ptr_array_free(batch->blocks, TRUE);
    g_ptr_array_free(batch->large, TRUE);
    g_free(batch);
}

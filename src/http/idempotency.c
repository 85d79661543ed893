/* SPDX-License-Identifier: Apache-2.0 */
#include "http/idempotency.h"

#include <string.h>

typedef struct {
    char id[HCP_IDEMPOTENCY_TEXT_SIZE];
    hcp_idempotency_entry entry;
    int64_t expires_us;
} kept;

struct hcp_idempotency_memory {
    size_t capacity;
    int64_t (*now_us)(void *clock_data);
    void *clock_data;
    GHashTable *by_id; /* id → kept, borrowed from order */
    GQueue order;      /* kept, the oldest first */
};

static void finish_digest(GChecksum *checksum, char ret_text[HCP_IDEMPOTENCY_TEXT_SIZE])
{
    g_strlcpy(ret_text, g_checksum_get_string(checksum), HCP_IDEMPOTENCY_TEXT_SIZE);
    g_checksum_free(checksum);
}

/* Includes the terminator, so that no two lists of strings give the same bytes. */
static void digest_string(GChecksum *checksum, const char *text)
{
    g_checksum_update(checksum, (const guchar *)text, (gssize)strlen(text) + 1);
}

void hcp_idempotency_key_init(hcp_idempotency_key *key, const char *caller,
                              const char *operation_id, const char *client_key)
{
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    digest_string(checksum, caller);
    digest_string(checksum, operation_id);
    digest_string(checksum, client_key);
    finish_digest(checksum, key->id);
    key->fingerprint[0] = '\0';
}

void hcp_idempotency_key_set_body(hcp_idempotency_key *key, const char *path, const void *body,
                                  size_t size)
{
    GChecksum *checksum = g_checksum_new(G_CHECKSUM_SHA256);
    digest_string(checksum, path);
    g_checksum_update(checksum, body, (gssize)size);
    finish_digest(checksum, key->fingerprint);
}

void hcp_idempotency_entry_clear(hcp_idempotency_entry *entry)
{
    g_free(entry->body);
    *entry = (hcp_idempotency_entry){0};
}

static void kept_free(kept *k)
{
    hcp_idempotency_entry_clear(&k->entry);
    g_free(k);
}

hcp_idempotency_memory *hcp_idempotency_memory_new(size_t capacity,
                                                   int64_t (*now_us)(void *clock_data),
                                                   void *clock_data)
{
    g_assert(capacity > 0);
    hcp_idempotency_memory *memory = g_new0(hcp_idempotency_memory, 1);
    memory->capacity = capacity;
    memory->now_us = now_us;
    memory->clock_data = clock_data;
    memory->by_id = g_hash_table_new(g_str_hash, g_str_equal);
    g_queue_init(&memory->order);
    return memory;
}

void hcp_idempotency_memory_free(hcp_idempotency_memory *memory)
{
    if (memory == NULL)
        return;
    g_hash_table_unref(memory->by_id);
    g_queue_clear_full(&memory->order, (GDestroyNotify)kept_free);
    g_free(memory);
}

static void forget_oldest(hcp_idempotency_memory *memory)
{
    kept *oldest = g_queue_pop_head(&memory->order);
    if (g_hash_table_lookup(memory->by_id, oldest->id) == oldest)
        g_hash_table_remove(memory->by_id, oldest->id);
    kept_free(oldest);
}

static void forget_expired(hcp_idempotency_memory *memory)
{
    int64_t now_us = memory->now_us(memory->clock_data);
    kept *oldest;
    while ((oldest = g_queue_peek_head(&memory->order)) != NULL && oldest->expires_us <= now_us)
        forget_oldest(memory);
}

static bool memory_lookup(void *data, const char *id, hcp_idempotency_entry *ret_entry)
{
    hcp_idempotency_memory *memory = data;
    forget_expired(memory);
    const kept *found = g_hash_table_lookup(memory->by_id, id);
    if (found == NULL)
        return false;
    *ret_entry = found->entry;
    ret_entry->body = g_strdup(found->entry.body);
    return true;
}

static void memory_store(void *data, const char *id, const hcp_idempotency_entry *entry)
{
    hcp_idempotency_memory *memory = data;
    forget_expired(memory);
    while (memory->order.length >= memory->capacity)
        forget_oldest(memory);
    kept *k = g_new0(kept, 1);
    g_strlcpy(k->id, id, sizeof k->id);
    k->entry = *entry;
    k->entry.body = g_strdup(entry->body);
    k->expires_us = memory->now_us(memory->clock_data) + HCP_IDEMPOTENCY_KEEP_US;
    g_queue_push_tail(&memory->order, k);
    g_hash_table_replace(memory->by_id, k->id, k);
}

/* The entry itself stays in the queue until its turn. */
static void memory_forget(void *data, const char *id)
{
    hcp_idempotency_memory *memory = data;
    g_hash_table_remove(memory->by_id, id);
}

const hcp_idempotency_ops HCP_IDEMPOTENCY_MEMORY_OPS = {
    .lookup = memory_lookup,
    .store = memory_store,
    .forget = memory_forget,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Replies remembered for 24 hours by their key, so that a retry gets the same answer, also after a crash. */
#include "core/internal.h"

#include "base/units.h"

#define KEEP_US (24 * HCP_US_PER_H)

typedef struct {
    hcp_reply_remembered reply;
    int64_t time_us;
} remembered;

struct hcp_replies {
    GHashTable *by_key; /* key → remembered, borrowed from `order` */
    GQueue order;       /* remembered, oldest first */
};

hcp_replies *hcp_replies_new(void)
{
    hcp_replies *replies = g_new0(hcp_replies, 1);
    replies->by_key = g_hash_table_new(g_str_hash, g_str_equal);
    g_queue_init(&replies->order);
    return replies;
}

static void remembered_free(remembered *entry)
{
    hcp_record_clear(hcp_event_record(HCP_EVENT_REPLY_REMEMBERED), &entry->reply);
    g_free(entry);
}

void hcp_replies_free(hcp_replies *replies)
{
    if (replies == NULL)
        return;
    g_hash_table_unref(replies->by_key);
    g_queue_clear_full(&replies->order, (GDestroyNotify)remembered_free);
    g_free(replies);
}

static void expire(hcp_replies *replies, int64_t now_us)
{
    remembered *oldest;
    while ((oldest = g_queue_peek_head(&replies->order)) != NULL &&
           oldest->time_us + KEEP_US <= now_us) {
        /* A key may have been remembered again after it expired: then the table names the newer one. */
        if (g_hash_table_lookup(replies->by_key, oldest->reply.key) == oldest)
            g_hash_table_remove(replies->by_key, oldest->reply.key);
        remembered_free(g_queue_pop_head(&replies->order));
    }
}

/* Takes the strings of `reply`. */
static void add(hcp_replies *replies, const hcp_reply_remembered *reply, int64_t time_us)
{
    remembered *entry = g_new(remembered, 1);
    *entry = (remembered){.reply = *reply, .time_us = time_us};
    g_queue_push_tail(&replies->order, entry);
    g_hash_table_replace(replies->by_key, entry->reply.key, entry);
}

const char *hcp_reply_apply_remembered(hcp_core *core, const hcp_event *event)
{
    const hcp_reply_remembered *reply = &event->reply_remembered;
    if (reply->key == NULL)
        return "it has no key";
    expire(core->replies, event->time_us);
    if (g_hash_table_contains(core->replies->by_key, reply->key))
        return "its key is already answered";
    hcp_reply_remembered copy;
    hcp_record_copy(hcp_event_record(event->type), reply, &copy);
    add(core->replies, &copy, event->time_us);
    return NULL;
}

const hcp_reply_remembered *hcp_core_find_reply(const hcp_core *core, const char *key)
{
    const remembered *entry = g_hash_table_lookup(core->replies->by_key, key);
    bool valid = entry != NULL && entry->time_us + KEEP_US > core->state.now_us;
    return valid ? &entry->reply : NULL;
}

/* The second of two concurrent requests with one key finds it answered; the first answer stands. */
bool hcp_reply_decide_remember(hcp_txn *txn, const hcp_command *command)
{
    if (command->reply->key == NULL || *command->reply->key == '\0')
        return hcp_txn_refuse(txn, HCP_REFUSAL_INVALID, "key", "a remembered reply needs a key");
    const remembered *entry = g_hash_table_lookup(txn->core->replies->by_key, command->reply->key);
    if (entry != NULL && entry->time_us + KEEP_US > txn->now_us)
        return true;
    hcp_event event = {.type = HCP_EVENT_REPLY_REMEMBERED};
    hcp_record_copy(hcp_event_record(event.type), command->reply, &event.reply_remembered);
    hcp_txn_emit(txn, &event);
    return true;
}

void hcp_replies_foreach(const hcp_replies *replies,
                         void (*visit)(const hcp_reply_remembered *reply, int64_t time_us,
                                       gpointer data),
                         gpointer data)
{
    for (const GList *at = replies->order.head; at != NULL; at = at->next) {
        const remembered *entry = at->data;
        visit(&entry->reply, entry->time_us, data);
    }
}

void hcp_replies_restore(hcp_replies *replies, hcp_reply_remembered *reply, int64_t time_us)
{
    add(replies, reply, time_us);
    *reply = (hcp_reply_remembered){0};
}

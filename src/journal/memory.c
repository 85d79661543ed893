/* SPDX-License-Identifier: Apache-2.0 */
/* The journal in memory: an array of entries and a queue of snapshots under one lock. */
#include "journal/memory.h"

#include "journal/ops.h"

#include <string.h>

#define KEEP_SNAPSHOTS 3
#define READ_AT_ONCE 256

typedef struct {
    hcp_journal base;
    GMutex lock;        /* guards what follows: both sides use it */
    GPtrArray *entries; /* hcp_journal_entry *, consecutive, text in the same allocation */
    GQueue snapshots;   /* hcp_journal_snapshot *, highest seq first */
    uint64_t keep;
    uint64_t n_ops;
} memory;

static memory *memory_of(hcp_journal *journal);

/* One allocation per entry: the struct, then its texts. */
static hcp_journal_entry *entry_copy(const hcp_journal_entry *entry)
{
    size_t sizes[] = {strlen(entry->actor), strlen(entry->type), strlen(entry->trace_id),
                      entry->payload_size};
    const char *sources[] = {entry->actor, entry->type, entry->trace_id, entry->payload};
    const char *texts[G_N_ELEMENTS(sizes)];
    size_t total = sizeof *entry;
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++)
        total += sizes[i] + 1;
    hcp_journal_entry *copy = g_malloc(total);
    char *at = (char *)(copy + 1);
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        memcpy(at, sources[i], sizes[i]);
        at[sizes[i]] = '\0';
        texts[i] = at;
        at += sizes[i] + 1;
    }
    *copy = *entry;
    copy->actor = texts[0];
    copy->type = texts[1];
    copy->trace_id = texts[2];
    copy->payload = texts[3];
    return copy;
}

static void trim_locked(memory *self, uint64_t keep)
{
    if (self->entries->len > keep)
        g_ptr_array_remove_range(self->entries, 0, self->entries->len - (guint)keep);
}

static bool memory_append(hcp_journal *journal, hcp_journal_batch *const *batches, guint n_batches,
                          GError **error)
{
    (void)error; /* memory does not refuse: GLib ends the process when it is exhausted */
    memory *self = memory_of(journal);
    g_mutex_lock(&self->lock);
    for (guint b = 0; b < n_batches; b++) {
        guint count = hcp_journal_batch_count(batches[b]);
        for (guint i = 0; i < count; i++)
            g_ptr_array_add(self->entries, entry_copy(hcp_journal_batch_entry(batches[b], i)));
        self->n_ops += hcp_journal_batch_op_count(batches[b]);
    }
    if (self->keep > 0 &&
        self->entries->len / 2 >= self->keep) /* seldom: trimming moves the rest */
        trim_locked(self, self->keep);
    g_mutex_unlock(&self->lock);
    return true;
}

/* Index of entry `from_seq`, of the first one held when that is later, or the length when there is
 * none. */
static guint find_locked(memory *self, uint64_t from_seq)
{
    if (self->entries->len == 0)
        return 0;
    uint64_t first = ((const hcp_journal_entry *)self->entries->pdata[0])->seq;
    if (from_seq <= first)
        return 0;
    return (guint)MIN(from_seq - first, self->entries->len);
}

/* The visitor runs without the lock, on a copy, so that it may take its time and may use the
 * journal. */
static bool memory_read(hcp_journal *journal, uint64_t from_seq, hcp_journal_entry_fn visit,
                        void *user_data, GError **error)
{
    (void)error;
    memory *self = memory_of(journal);
    bool going = true;
    while (going) {
        g_autoptr(GPtrArray) some = g_ptr_array_new_with_free_func(g_free);
        g_mutex_lock(&self->lock);
        guint index = find_locked(self, from_seq);
        for (; index < self->entries->len && some->len < READ_AT_ONCE; index++)
            g_ptr_array_add(some, entry_copy(self->entries->pdata[index]));
        g_mutex_unlock(&self->lock);
        going = some->len > 0;
        for (guint i = 0; going && i < some->len; i++) {
            const hcp_journal_entry *entry = some->pdata[i];
            from_seq = entry->seq + 1;
            going = visit(user_data, entry);
        }
    }
    return true;
}

static hcp_journal_snapshot *snapshot_copy(const hcp_journal_snapshot *snapshot)
{
    hcp_journal_snapshot *copy = g_memdup2(snapshot, sizeof *snapshot);
    g_bytes_ref(copy->blob);
    return copy;
}

static void snapshot_free(hcp_journal_snapshot *snapshot)
{
    hcp_journal_snapshot_clear(snapshot);
    g_free(snapshot);
}

/* In order of seq, whatever the order of saving; a second one of the same seq replaces the first. */
static void insert_snapshot_locked(memory *self, hcp_journal_snapshot *snapshot)
{
    GList *link = self->snapshots.head;
    while (link && ((hcp_journal_snapshot *)link->data)->seq > snapshot->seq)
        link = link->next;
    g_queue_insert_before(&self->snapshots, link, snapshot);
    if (link && ((hcp_journal_snapshot *)link->data)->seq == snapshot->seq) {
        snapshot_free(link->data);
        g_queue_delete_link(&self->snapshots, link);
    }
}

static bool memory_snapshot_save(hcp_journal *journal, const hcp_journal_snapshot *snapshot,
                                 GError **error)
{
    (void)error;
    memory *self = memory_of(journal);
    g_mutex_lock(&self->lock);
    insert_snapshot_locked(self, snapshot_copy(snapshot));
    if (self->snapshots.length > KEEP_SNAPSHOTS)
        snapshot_free(g_queue_pop_tail(&self->snapshots));
    g_mutex_unlock(&self->lock);
    return true;
}

static bool memory_snapshot_load(hcp_journal *journal, uint64_t at_most,
                                 hcp_journal_snapshot *ret_snapshot, GError **error)
{
    (void)error;
    memory *self = memory_of(journal);
    g_mutex_lock(&self->lock);
    GList *link = self->snapshots.head;
    while (link && ((hcp_journal_snapshot *)link->data)->seq > at_most)
        link = link->next;
    if (link) {
        *ret_snapshot = *(hcp_journal_snapshot *)link->data;
        g_bytes_ref(ret_snapshot->blob);
    }
    g_mutex_unlock(&self->lock);
    return true;
}

static void memory_trim(hcp_journal *journal, uint64_t keep)
{
    memory *self = memory_of(journal);
    g_mutex_lock(&self->lock);
    trim_locked(self, keep);
    g_mutex_unlock(&self->lock);
}

static void memory_close(hcp_journal *journal)
{
    memory *self = memory_of(journal);
    g_ptr_array_unref(self->entries);
    g_queue_clear_full(&self->snapshots, (GDestroyNotify)snapshot_free);
    g_mutex_clear(&self->lock);
    hcp_journal_finish(&self->base);
    g_free(self);
}

static const hcp_journal_ops MEMORY_OPS = {
    .append = memory_append,
    .read = memory_read,
    .snapshot_save = memory_snapshot_save,
    .snapshot_load = memory_snapshot_load,
    .trim = memory_trim,
    .close = memory_close,
};

static memory *memory_of(hcp_journal *journal)
{
    g_assert(journal->ops == &MEMORY_OPS);
    return (memory *)journal;
}

hcp_journal *hcp_journal_memory_new(uint64_t keep)
{
    static const uint8_t zeroes[HCP_JOURNAL_HASH_SIZE] = {0};
    memory *self = g_new0(memory, 1);
    hcp_journal_init(&self->base, &MEMORY_OPS, 0, zeroes);
    g_mutex_init(&self->lock);
    self->entries = g_ptr_array_new_with_free_func(g_free);
    self->keep = keep;
    return &self->base;
}

uint64_t hcp_journal_memory_ops(hcp_journal *journal)
{
    memory *self = memory_of(journal);
    g_mutex_lock(&self->lock);
    uint64_t n_ops = self->n_ops;
    g_mutex_unlock(&self->lock);
    return n_ops;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The queue: one balanced tree per priority, ordered by due time and id, so that insertion, removal and position are
 * logarithmic. Whether a workload has aged is a threshold on the same key, so the aged ones are always a prefix of their
 * tree and the merged order needs no second structure.
 */
#include "core/internal.h"

#include "core/queue.h"

typedef struct {
    int64_t due_us;
    uint64_t id;
    uint64_t classes;
    double work; /* device-us */
    uint32_t ix;
    uint32_t count;
    hcp_priority priority;
    uint8_t stage;
} queue_entry;

struct hcp_queue {
    GSequence *lines[HCP_PRIORITIES];
    GPtrArray *iters; /* GSequenceIter by workload index, NULL when it is not queued */
    uint64_t devices[HCP_PRIORITIES];
    uint64_t devices_of_class[HCP_PRIORITIES][HCP_MAX_CLASSES];
    double work_of_class[HCP_PRIORITIES][HCP_MAX_CLASSES]; /* device-us, for estimates */
    int64_t age_us[HCP_PRIORITIES]; /* past due by this much = aged; INT64_MAX = never */
};

static const queue_entry *entry_at(const GSequenceIter *iter)
{
    return g_sequence_get((GSequenceIter *)iter);
}

static int entry_compare(gconstpointer a, gconstpointer b, gpointer data G_GNUC_UNUSED)
{
    const queue_entry *left = a, *right = b;
    if (left->due_us != right->due_us)
        return left->due_us < right->due_us ? -1 : 1;
    return left->id < right->id ? -1 : left->id > right->id;
}

hcp_queue *hcp_queue_new(void)
{
    hcp_queue *queue = g_new0(hcp_queue, 1);
    for (int p = 0; p < HCP_PRIORITIES; p++) {
        queue->lines[p] = g_sequence_new(g_free);
        queue->age_us[p] = INT64_MAX;
    }
    queue->iters = g_ptr_array_new();
    return queue;
}

void hcp_queue_free(hcp_queue *queue)
{
    if (queue == NULL)
        return;
    for (int p = 0; p < HCP_PRIORITIES; p++)
        g_sequence_free(queue->lines[p]);
    g_ptr_array_unref(queue->iters);
    g_free(queue);
}

void hcp_queue_configure(hcp_queue *queue, const hcp_settings *settings)
{
    const int64_t limits[HCP_PRIORITIES] = {
        [HCP_PRIORITY_P1] = settings->max_wait_p1_us,
        [HCP_PRIORITY_P2] = settings->max_wait_p2_us,
        [HCP_PRIORITY_P3] = settings->max_wait_p3_us,
    };
    for (int p = 0; p < HCP_PRIORITIES; p++)
        queue->age_us[p] = limits[p] > 0 ? (HCP_QUEUE_AGED - 1) * limits[p] : INT64_MAX;
}

static GSequenceIter *iter_of(const hcp_queue *queue, uint32_t workload)
{
    return workload < queue->iters->len ? g_ptr_array_index(queue->iters, workload) : NULL;
}

/* Adds (sign 1) or takes away (sign -1) what the entry asks for. */
static void count_demand(hcp_queue *queue, const queue_entry *entry, int sign)
{
    uint64_t count = sign > 0 ? entry->count : -(uint64_t)entry->count;
    hcp_priority sums[] = {HCP_PRIORITY_NONE, entry->priority};
    for (guint i = 0; i < G_N_ELEMENTS(sums); i++) {
        queue->devices[sums[i]] += count;
        for (uint64_t left = entry->classes; left != 0; left &= left - 1) {
            queue->devices_of_class[sums[i]][__builtin_ctzll(left)] += count;
            queue->work_of_class[sums[i]][__builtin_ctzll(left)] += sign * entry->work;
        }
    }
}

double hcp_queue_work(const hcp_workload *workload)
{
    return (double)(workload->def.duration_us - workload->served_us) * workload->def.count;
}

void hcp_queue_insert(hcp_queue *queue, uint32_t ix, const hcp_workload *workload)
{
    g_assert(iter_of(queue, ix) == NULL);
    queue_entry *entry = g_new(queue_entry, 1);
    *entry = (queue_entry){
        .due_us = workload->due_us,
        .id = workload->def.id.value,
        .classes = workload->def.classes,
        .work = hcp_queue_work(workload),
        .ix = ix,
        .count = workload->def.count,
        .priority = workload->def.priority,
    };
    if (ix >= queue->iters->len)
        g_ptr_array_set_size(queue->iters, (int)ix + 1);
    queue->iters->pdata[ix] =
        g_sequence_insert_sorted(queue->lines[entry->priority], entry, entry_compare, NULL);
    count_demand(queue, entry, 1);
}

void hcp_queue_remove(hcp_queue *queue, uint32_t ix)
{
    GSequenceIter *iter = iter_of(queue, ix);
    g_assert(iter != NULL);
    count_demand(queue, entry_at(iter), -1);
    queue->iters->pdata[ix] = NULL;
    g_sequence_remove(iter);
}

bool hcp_queue_holds(const hcp_queue *queue, uint32_t ix)
{
    return iter_of(queue, ix) != NULL;
}

int64_t hcp_queue_aged_us(const hcp_queue *queue, const hcp_workload *workload)
{
    int64_t age_us = queue->age_us[workload->def.priority];
    return age_us == INT64_MAX ? INT64_MAX : workload->due_us + age_us;
}

bool hcp_queue_is_overdue(const hcp_queue *queue, hcp_priority priority, int64_t now_us)
{
    GSequenceIter *first = g_sequence_get_begin_iter(queue->lines[priority]);
    return queue->age_us[priority] != INT64_MAX && !g_sequence_iter_is_end(first) &&
           entry_at(first)->due_us <= now_us;
}

int64_t hcp_queue_overdue_us(const hcp_queue *queue, uint32_t ix)
{
    const queue_entry *entry = entry_at(iter_of(queue, ix));
    return queue->age_us[entry->priority] == INT64_MAX ? INT64_MAX : entry->due_us;
}

bool hcp_queue_is_ahead(const hcp_queue *queue, const hcp_workload_accepted *def)
{
    for (int p = HCP_PRIORITY_P1; p <= (int)def->priority; p++)
        for (uint64_t left = def->classes; left != 0; left &= left - 1)
            if (queue->devices_of_class[p][__builtin_ctzll(left)] > 0)
                return true;
    return false;
}

uint8_t hcp_queue_stage(const hcp_queue *queue, uint32_t ix)
{
    return entry_at(iter_of(queue, ix))->stage;
}

void hcp_queue_set_stage(hcp_queue *queue, uint32_t ix, uint8_t stage)
{
    ((queue_entry *)g_sequence_get(iter_of(queue, ix)))->stage = stage;
}

uint32_t hcp_queue_depth(const hcp_queue *queue, hcp_priority priority)
{
    if (priority != HCP_PRIORITY_NONE)
        return (uint32_t)g_sequence_get_length(queue->lines[priority]);
    uint32_t sum = 0;
    for (int p = HCP_PRIORITY_P1; p < HCP_PRIORITIES; p++)
        sum += (uint32_t)g_sequence_get_length(queue->lines[p]);
    return sum;
}

uint64_t hcp_queue_devices(const hcp_queue *queue, hcp_priority priority)
{
    return queue->devices[priority];
}

uint64_t hcp_queue_devices_of_class(const hcp_queue *queue, hcp_priority priority,
                                    uint32_t class_ix)
{
    g_assert(class_ix < HCP_MAX_CLASSES);
    return queue->devices_of_class[priority][class_ix];
}

double hcp_queue_work_of_class(const hcp_queue *queue, hcp_priority priority, uint32_t class_ix)
{
    return queue->work_of_class[priority][class_ix];
}

double hcp_queue_share_ahead(const hcp_queue *queue, uint32_t workload)
{
    GSequenceIter *iter = iter_of(queue, workload);
    int others = g_sequence_get_length(g_sequence_iter_get_sequence(iter)) - 1;
    return others > 0 ? (double)g_sequence_iter_get_position(iter) / others : 0;
}

/* Workloads of a line that are ahead of (due, id). */
static uint32_t count_before(const hcp_queue *queue, int p, int64_t due_us, uint64_t id)
{
    queue_entry key = {.due_us = due_us, .id = id};
    GSequenceIter *iter = g_sequence_search(queue->lines[p], &key, entry_compare, NULL);
    return (uint32_t)g_sequence_iter_get_position(iter);
}

/* Aged workloads of a line at `now_us`. */
static uint32_t count_aged(const hcp_queue *queue, int p, int64_t now_us)
{
    if (queue->age_us[p] == INT64_MAX)
        return 0;
    return count_before(queue, p, now_us - queue->age_us[p], UINT64_MAX);
}

/* Is it aged, by its line's limit? */
static bool is_aged(const hcp_queue *queue, const queue_entry *entry, int64_t now_us)
{
    int64_t age_us = queue->age_us[entry->priority];
    return age_us != INT64_MAX && entry->due_us + age_us <= now_us;
}

uint32_t hcp_queue_position(const hcp_queue *queue, uint32_t workload, int64_t now_us)
{
    GSequenceIter *iter = iter_of(queue, workload);
    if (iter == NULL)
        return 0;
    const queue_entry *entry = entry_at(iter);
    bool aged = is_aged(queue, entry, now_us);
    int64_t aged_us = aged ? entry->due_us + queue->age_us[entry->priority] : 0;
    uint32_t position = 1 + (uint32_t)g_sequence_iter_get_position(iter);
    for (int p = HCP_PRIORITY_P1; p < HCP_PRIORITIES; p++) {
        if (p == (int)entry->priority)
            continue;
        if (aged)
            position += queue->age_us[p] == INT64_MAX
                            ? 0
                            : count_before(queue, p, aged_us - queue->age_us[p], entry->id);
        else if (p < (int)entry->priority)
            position += (uint32_t)g_sequence_get_length(queue->lines[p]);
        else
            position += count_aged(queue, p, now_us);
    }
    return position;
}

void hcp_queue_iter_init(hcp_queue_iter *iter, const hcp_queue *queue, int64_t now_us)
{
    iter->queue = queue;
    iter->now_us = now_us;
    for (int p = 0; p < HCP_PRIORITIES; p++)
        iter->next[p] = g_sequence_get_begin_iter(queue->lines[p]);
}

uint32_t hcp_queue_iter_next(hcp_queue_iter *iter)
{
    int best = -1, first = -1;
    int64_t best_us = INT64_MAX;
    uint64_t best_id = UINT64_MAX;
    for (int p = HCP_PRIORITY_P1; p < HCP_PRIORITIES; p++) {
        if (g_sequence_iter_is_end(iter->next[p]))
            continue;
        const queue_entry *entry = entry_at(iter->next[p]);
        first = first < 0 ? p : first;
        if (!is_aged(iter->queue, entry, iter->now_us))
            continue;
        int64_t aged_us = entry->due_us + iter->queue->age_us[p];
        if (best < 0 || aged_us < best_us || (aged_us == best_us && entry->id < best_id)) {
            best = p;
            best_us = aged_us;
            best_id = entry->id;
        }
    }
    int line = best >= 0 ? best : first;
    if (line < 0)
        return HCP_NO_INDEX;
    uint32_t ix = entry_at(iter->next[line])->ix;
    iter->next[line] = g_sequence_iter_next(iter->next[line]);
    return ix;
}

const hcp_queue *hcp_core_queue(const hcp_core *core)
{
    return core->queue;
}

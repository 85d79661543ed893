/* SPDX-License-Identifier: Apache-2.0 */
/* The queue against a model: a plain array sorted by the rules of the order of service. */
#include "core/internal.h"

#include "base/rng.h"
#include "base/units.h"

#define ROWS 200

typedef struct {
    hcp_queue *queue;
    hcp_workload rows[ROWS];
    bool in[ROWS];
    int64_t now_us;
} model;

static const int64_t LIMITS_US[HCP_PRIORITIES] = {
    [HCP_PRIORITY_P1] = 100, [HCP_PRIORITY_P2] = 1000, [HCP_PRIORITY_P3] = 5000};

/* When it goes ahead of all; INT64_MAX = never. */
static int64_t aged_us(const hcp_workload *row)
{
    int64_t limit_us = LIMITS_US[row->def.priority];
    return limit_us > 0 ? row->due_us + (HCP_QUEUE_AGED - 1) * limit_us : INT64_MAX;
}

static int compare_by_id(const hcp_workload *a, const hcp_workload *b)
{
    return a->def.id.value < b->def.id.value ? -1 : 1;
}

static int order(gconstpointer left, gconstpointer right, gpointer data)
{
    const model *m = data;
    const hcp_workload *a = &m->rows[*(const uint32_t *)left];
    const hcp_workload *b = &m->rows[*(const uint32_t *)right];
    bool a_aged = aged_us(a) <= m->now_us, b_aged = aged_us(b) <= m->now_us;
    if (a_aged != b_aged)
        return a_aged ? -1 : 1;
    if (a_aged)
        return aged_us(a) != aged_us(b) ? (aged_us(a) < aged_us(b) ? -1 : 1) : compare_by_id(a, b);
    if (a->def.priority != b->def.priority)
        return a->def.priority < b->def.priority ? -1 : 1;
    return a->due_us != b->due_us ? (a->due_us < b->due_us ? -1 : 1) : compare_by_id(a, b);
}

static GArray *expected(model *m)
{
    GArray *list = g_array_new(FALSE, FALSE, sizeof(uint32_t));
    for (uint32_t i = 0; i < ROWS; i++)
        if (m->in[i])
            g_array_append_val(list, i);
    g_array_sort_with_data(list, order, m);
    return list;
}

static void compare(model *m)
{
    g_autoptr(GArray) list = expected(m);
    uint64_t devices = 0;
    hcp_queue_iter iter;
    hcp_queue_iter_init(&iter, m->queue, m->now_us);
    for (guint i = 0; i < list->len; i++) {
        uint32_t ix = g_array_index(list, uint32_t, i);
        g_assert_cmpuint(hcp_queue_iter_next(&iter), ==, ix);
        g_assert_cmpuint(hcp_queue_position(m->queue, ix, m->now_us), ==, i + 1);
        devices += m->rows[ix].def.count;
    }
    g_assert_cmpuint(hcp_queue_iter_next(&iter), ==, HCP_NO_INDEX);
    g_assert_cmpuint(hcp_queue_depth(m->queue, HCP_PRIORITY_NONE), ==, list->len);
    g_assert_cmpuint(hcp_queue_devices(m->queue, HCP_PRIORITY_NONE), ==, devices);
}

static void put(model *m, hcp_rng *rng, uint32_t ix, uint64_t id)
{
    hcp_priority priority = 1 + (hcp_priority)hcp_rng_below(rng, HCP_PRIORITIES - 1);
    int64_t due_us = m->now_us + LIMITS_US[priority] - (int64_t)hcp_rng_below(rng, 3) * 50;
    m->rows[ix] = (hcp_workload){
        .def = {.id = {id},
                .priority = priority,
                .classes = 1 + hcp_rng_below(rng, 7),
                .count = 1 + (uint32_t)hcp_rng_below(rng, 16),
                .duration_us = HCP_US_PER_MIN},
        .queued_us = m->now_us,
        .due_us = LIMITS_US[priority] > 0 ? due_us : 0,
    };
    hcp_queue_insert(m->queue, ix, &m->rows[ix]);
    m->in[ix] = true;
}

static void run_seed(uint64_t seed)
{
    model m = {.queue = hcp_queue_new(), .now_us = 1000000};
    hcp_settings settings = {
        .max_wait_p1_us = LIMITS_US[HCP_PRIORITY_P1],
        .max_wait_p2_us = LIMITS_US[HCP_PRIORITY_P2],
        .max_wait_p3_us = LIMITS_US[HCP_PRIORITY_P3],
    };
    hcp_queue_configure(m.queue, &settings);
    hcp_rng rng;
    hcp_rng_init(&rng, seed, 0);
    for (uint64_t id = 1; id <= 1500; id++) {
        uint32_t ix = (uint32_t)hcp_rng_below(&rng, ROWS);
        m.now_us += (int64_t)hcp_rng_below(&rng, 40);
        if (m.in[ix]) {
            hcp_queue_remove(m.queue, ix);
            m.in[ix] = false;
        } else {
            put(&m, &rng, ix, id);
        }
        if (id % 25 == 0)
            compare(&m);
    }
    hcp_queue_free(m.queue);
}

static void test_model(void)
{
    for (uint64_t seed = 1; seed <= (g_test_thorough() ? 500 : 10); seed++)
        run_seed(seed);
}

/* Demand per class counts a workload in every class it accepts, and empties with the queue. */
static void test_demand(void)
{
    hcp_queue *queue = hcp_queue_new();
    hcp_workload row = {.def = {.id = {1}, .priority = HCP_PRIORITY_P2, .classes = 5, .count = 8}};
    hcp_queue_insert(queue, 0, &row);
    g_assert_cmpuint(hcp_queue_devices_of_class(queue, HCP_PRIORITY_P2, 0), ==, 8);
    g_assert_cmpuint(hcp_queue_devices_of_class(queue, HCP_PRIORITY_P2, 1), ==, 0);
    g_assert_cmpuint(hcp_queue_devices_of_class(queue, HCP_PRIORITY_NONE, 2), ==, 8);
    hcp_workload_accepted other = {.priority = HCP_PRIORITY_P2, .classes = 4};
    g_assert_true(hcp_queue_is_ahead(queue, &other));
    other.priority = HCP_PRIORITY_P1;
    g_assert_false(hcp_queue_is_ahead(queue, &other));
    hcp_queue_remove(queue, 0);
    g_assert_cmpuint(hcp_queue_devices_of_class(queue, HCP_PRIORITY_NONE, 2), ==, 0);
    g_assert_cmpuint(hcp_queue_position(queue, 0, 0), ==, 0);
    hcp_queue_free(queue);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/core/queue/model", test_model);
    g_test_add_func("/core/queue/demand", test_demand);
    return g_test_run();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Replay of a recorded job trace. */
#include "feeds/workload_replay.h"

#include "base/csv.h"
#include "base/error.h"
#include "base/units.h"
#include "sim/noise.h"

#include <math.h>
#include <string.h>

#define OPEN_DURATION_US (24 * HCP_US_PER_H)
#define LONGEST_S (100.0 * 366 * 86400)
#define MOST_GPUS 1024
#define REALTIME_LIMIT_US (50 * HCP_US_PER_MS)
#define GPU_MEMORY_BYTES INT64_C(80000000000)

/* Streams of the hash that spreads rows over customers and classes. */
enum { SPREAD_CUSTOMER = 1, SPREAD_CLASS };

typedef struct {
    hcp_workload_source base;
    GArray *items; /* hcp_arrivals_item, by arrival */
    guint next;
    hcp_workload_replay_info info;
} replay;

/* Positions of the columns; -1 = absent. */
typedef struct {
    int arrival_s, duration_s, num_gpu, gpu_milli, qos;
} trace_columns;

static const hcp_workload_source_ops OPS;

static int64_t replay_next_due(const hcp_workload_source *source)
{
    const replay *self = (const replay *)source;
    if (self->next >= self->items->len)
        return INT64_MAX;
    return g_array_index(self->items, hcp_arrivals_item, self->next).at_us;
}

static bool replay_take(hcp_workload_source *source, int64_t now_us, hcp_arrivals_item *ret_item)
{
    replay *self = (replay *)source;
    if (replay_next_due(source) > now_us)
        return false;
    *ret_item = g_array_index(self->items, hcp_arrivals_item, self->next++);
    return true;
}

static void replay_free(hcp_workload_source *source)
{
    replay *self = (replay *)source;
    g_array_unref(self->items);
    g_free(self);
}

static const hcp_workload_source_ops OPS = {
    .name = "replay",
    .next_due = replay_next_due,
    .take = replay_take,
    .free = replay_free,
};

/* A number in [low, high] from a cell that may be empty (then `fallback`). */
static bool read_number(const hcp_csv *csv, int column, double fallback, double high,
                        double *ret_value, GError **error)
{
    const char *text = column >= 0 ? hcp_csv_text(csv, column) : "";
    double value = fallback;
    if (*text != '\0' && (!hcp_csv_number(csv, column, &value) || value < 0 || value > high)) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "trace line %" G_GINT64_FORMAT ": \"%.40s\" is not between 0 and %g",
                    hcp_csv_line(csv), text, high);
        return false;
    }
    *ret_value = value;
    return true;
}

/* Traces name neither class nor model: the class is picked by weight, and the model takes its share of
 * three quarters of the memory. */
static void equip(hcp_arrivals_item *item, const hcp_workload_replay_config *config)
{
    uint64_t row = item->sequence;
    double pick = hcp_noise_uniform(hcp_noise_u64(SPREAD_CLASS, row, 0));
    item->customer =
        (uint32_t)(hcp_noise_u64(SPREAD_CUSTOMER, row, 0) % MAX(config->n_customers, 1));
    item->gpu_class = hcp_arrivals_pick_class(config->classes, MAX(config->n_gpu_classes, 1), pick);
    int64_t memory_bytes =
        item->gpu_class < HCP_ARRIVALS_CLASSES ? config->classes[item->gpu_class].memory_bytes : 0;
    if (memory_bytes == 0)
        memory_bytes = GPU_MEMORY_BYTES;
    item->model_bytes = memory_bytes / 1000 * item->gpu_milli * 3 / 4;
}

static void classify(hcp_arrivals_item *item, const char *qos)
{
    if (strcmp(qos, "LS") == 0) {
        item->type = HCP_ARRIVALS_INFERENCE_RT;
        item->tier = HCP_ARRIVALS_ENTERPRISE;
        item->priority = 1;
        item->max_latency_us = REALTIME_LIMIT_US;
        item->requests_per_s = 42.0 * item->gpu_count;
    } else if (strcmp(qos, "BE") != 0) {
        item->type = HCP_ARRIVALS_DATA;
        item->tier = HCP_ARRIVALS_PROFESSIONAL;
        item->priority = 3;
    } else if (item->duration_us > HCP_US_PER_H) {
        item->type = HCP_ARRIVALS_TRAINING;
        item->priority = 3;
    } else {
        item->type = HCP_ARRIVALS_INFERENCE_BATCH;
        item->priority = 2;
    }
}

/* Turns the current row into an arrival. *ret_used is false for rows that are not played. */
static bool read_row(replay *self, const hcp_csv *csv, const trace_columns *columns,
                     const hcp_workload_replay_config *config, bool *ret_used, GError **error)
{
    double arrival_s, duration_s, gpus, milli;
    if (!read_number(csv, columns->arrival_s, -1, LONGEST_S, &arrival_s, error) ||
        !read_number(csv, columns->duration_s, -1, LONGEST_S, &duration_s, error) ||
        !read_number(csv, columns->num_gpu, 0, MOST_GPUS, &gpus, error) ||
        !read_number(csv, columns->gpu_milli, 1000, 1000, &milli, error))
        return false;
    self->info.rows++;
    *ret_used = arrival_s >= 0 && gpus >= 1;
    if (!*ret_used) {
        self->info.skipped++;
        return true;
    }

    int64_t open_us = config->open_duration_us > 0 ? config->open_duration_us : OPEN_DURATION_US;
    hcp_arrivals_item item = {
        .sequence = (uint64_t)hcp_csv_line(csv),            /* replaced when placed */
        .at_us = llround(arrival_s * (double)HCP_US_PER_S), /* trace time, placed later */
        .gpu_count = (uint32_t)gpus,
        .gpu_milli = gpus > 1 || milli < 1 ? 1000 : (uint32_t)milli,
        .censored = duration_s < 0,
        .duration_us = duration_s < 0 ? open_us : llround(duration_s * (double)HCP_US_PER_S),
    };
    equip(&item, config);
    classify(&item, columns->qos >= 0 ? hcp_csv_text(csv, columns->qos) : "");
    self->info.censored += item.censored;
    g_array_append_val(self->items, item);
    return true;
}

static int compare_items(const void *a, const void *b)
{
    const hcp_arrivals_item *left = a;
    const hcp_arrivals_item *right = b;
    if (left->at_us != right->at_us)
        return left->at_us < right->at_us ? -1 : 1;
    return (left->sequence > right->sequence) - (left->sequence < right->sequence);
}

/* Start, in trace time, of the stretch of `length_us` with the most arrivals. */
static int64_t busiest_us(const hcp_arrivals_item *items, guint n, double length_us)
{
    guint best = 0;
    int64_t best_us = 0;
    for (guint from = 0, to = 0; from < n; from++) {
        while (to < n && (double)(items[to].at_us - items[from].at_us) < length_us)
            to++;
        if (to - from > best) {
            best = to - from;
            best_us = items[from].at_us;
        }
    }
    return best_us;
}

/* Moves the sorted items from trace time to the platform's, leaving out what lies before the anchor. */
static void place(replay *self, const hcp_workload_replay_config *config)
{
    hcp_arrivals_item *items = (hcp_arrivals_item *)(void *)self->items->data;
    guint n = self->items->len;
    double speed = config->speed > 0 ? config->speed : 1;
    int64_t anchor_us = llround(config->anchor_s * (double)HCP_US_PER_S);
    guint kept = 0;

    if (n > 0) {
        self->info.first_s = (double)items[0].at_us / (double)HCP_US_PER_S;
        self->info.last_s = (double)items[n - 1].at_us / (double)HCP_US_PER_S;
    }
    if (config->window_us > 0)
        anchor_us = busiest_us(items, n, (double)config->window_us * speed);
    self->info.anchor_s = (double)anchor_us / (double)HCP_US_PER_S;
    for (guint i = 0; i < n; i++) {
        hcp_arrivals_item item = items[i];
        if (item.at_us < anchor_us) {
            self->info.skipped++;
            continue;
        }
        item.at_us = config->start_us + llround((double)(item.at_us - anchor_us) / speed);
        item.sequence = kept;
        items[kept++] = item;
    }
    g_array_set_size(self->items, kept);
}

static bool read_trace(replay *self, const hcp_workload_replay_config *config, GError **error)
{
    g_autoptr(hcp_csv) csv = config->path
                                 ? hcp_csv_open(config->path, error)
                                 : hcp_csv_open_text(config->text, config->text_size, error);
    if (!csv)
        return false;
    trace_columns columns = {
        .arrival_s = hcp_csv_column(csv, "arrival_s"),
        .duration_s = hcp_csv_column(csv, "duration_s"),
        .num_gpu = hcp_csv_column(csv, "num_gpu"),
        .gpu_milli = hcp_csv_column(csv, "gpu_milli"),
        .qos = hcp_csv_column(csv, "qos"),
    };
    if (columns.arrival_s < 0 || columns.duration_s < 0 || columns.num_gpu < 0) {
        g_set_error(error, HCP_ERROR, HCP_ERROR_INVALID,
                    "not a job trace: it needs the columns arrival_s, duration_s and num_gpu");
        return false;
    }
    GError *cause = NULL;
    bool used = false;
    while (hcp_csv_next(csv, &cause)) {
        if (!read_row(self, csv, &columns, config, &used, error))
            return false;
    }
    if (cause)
        g_propagate_error(error, cause);
    return cause == NULL;
}

hcp_workload_source *hcp_workload_replay_new(const hcp_workload_replay_config *config,
                                             GError **error)
{
    replay *self = g_new0(replay, 1);
    self->base.ops = &OPS;
    self->items = g_array_new(FALSE, FALSE, sizeof(hcp_arrivals_item));
    if (!read_trace(self, config, error)) {
        hcp_workload_source_free(&self->base);
        return NULL;
    }
    g_array_sort(self->items, compare_items);
    place(self, config);
    return &self->base;
}

hcp_workload_replay_info hcp_workload_replay_describe(const hcp_workload_source *source)
{
    g_assert(source->ops == &OPS);
    return ((const replay *)source)->info;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Workload arrivals: a Poisson process thinned to the hour's rate. */
#include "sim/arrivals.h"

#include <glib.h>
#include <math.h>

#define US_PER_H INT64_C(3600000000)
#define US_PER_DAY (24 * US_PER_H)
#define GB INT64_C(1000000000)

/* 1970-01-01 was a Thursday; day 0 of the week is Monday. */
#define EPOCH_WEEKDAY 3

typedef struct {
    const char *name;
    int priority;
    double default_weight;
    double default_hours;
    int largest_step; /* gangs of up to 1 << largest_step */
    int64_t max_latency_us;
    double requests_per_s; /* per GPU */
} type_info;

static const type_info TYPES[HCP_ARRIVALS_TYPES] = {
    [HCP_ARRIVALS_INFERENCE_RT] = {"inference_rt", 1, 0.40, 4, 3, 50000, 42},
    [HCP_ARRIVALS_INFERENCE_BATCH] = {"inference_batch", 2, 0.25, 1, 3, 0, 80},
    [HCP_ARRIVALS_TRAINING] = {"training", 3, 0.15, 12, 6, 0, 0},
    [HCP_ARRIVALS_TUNING] = {"hyperparameter_tuning", 3, 0.10, 3, 4, 0, 0},
    [HCP_ARRIVALS_DATA] = {"data_processing", 3, 0.10, 0.5, 2, 0, 0},
};

static const char *const TIER_NAMES[HCP_ARRIVALS_TIERS] = {
    [HCP_ARRIVALS_STANDARD] = "standard",
    [HCP_ARRIVALS_PROFESSIONAL] = "professional",
    [HCP_ARRIVALS_ENTERPRISE] = "enterprise",
};

/* Weights of one GPU's share of common models: 7B, 13B, 30B and 70B at 8 bit, 70B at 4 bit over
 * two. */
static const int64_t MODEL_BYTES[] = {7 * GB, 13 * GB, 30 * GB, 70 * GB, 18 * GB};

const char *hcp_arrivals_type_name(hcp_arrivals_type type)
{
    return (unsigned)type < HCP_ARRIVALS_TYPES ? TYPES[type].name : "unknown";
}

const char *hcp_arrivals_tier_name(hcp_arrivals_tier tier)
{
    return (unsigned)tier < HCP_ARRIVALS_TIERS ? TIER_NAMES[tier] : "unknown";
}

void hcp_arrivals_default_params(double per_hour, uint32_t n_customers, uint32_t n_gpu_classes,
                                 hcp_arrivals_params *ret_params)
{
    *ret_params = (hcp_arrivals_params){
        .per_hour = per_hour,
        .daily_swing = 0.5,
        .weekend_factor = 0.6,
        .utc_offset_us = -6 * US_PER_H,
        .max_gpus = 64,
        .n_customers = n_customers,
        .n_gpu_classes = n_gpu_classes,
    };
    for (int type = 0; type < HCP_ARRIVALS_TYPES; type++) {
        ret_params->type_weights[type] = TYPES[type].default_weight;
        ret_params->mean_duration_h[type] = TYPES[type].default_hours;
    }
}

void hcp_arrivals_init(hcp_arrivals *arrivals, const hcp_arrivals_params *params, uint64_t seed,
                       int64_t start_us)
{
    g_assert(params->n_customers > 0 && params->n_gpu_classes > 0);
    g_assert(params->max_gpus > 0 && params->max_gpus <= 64);
    *arrivals = (hcp_arrivals){.params = *params, .clock_us = start_us};
    hcp_rng_init(&arrivals->rng, seed, 0);
}

static double weekday_factor(const hcp_arrivals_params *params, int weekday)
{
    /* Five days and two weekend days average to one. */
    double working = 7.0 / (5.0 + 2.0 * params->weekend_factor);
    return weekday >= 5 ? working * params->weekend_factor : working;
}

double hcp_arrivals_rate_per_h(const hcp_arrivals_params *params, int64_t at_us)
{
    int64_t local_us = at_us + params->utc_offset_us;
    int64_t day = local_us / US_PER_DAY - (local_us % US_PER_DAY < 0);
    double hour = (double)(local_us - day * US_PER_DAY) / (double)US_PER_H;
    int weekday = (int)(((day + EPOCH_WEEKDAY) % 7 + 7) % 7);
    /* The busiest hour is 14:00 local time. */
    double daily = 1 + params->daily_swing * cos((hour - 14) / 24 * 2 * G_PI);
    return params->per_hour * daily * weekday_factor(params, weekday);
}

static int pick(hcp_rng *rng, const double *weights, int n)
{
    double total = 0;
    for (int i = 0; i < n; i++)
        total += weights[i];
    double left = hcp_rng_uniform(rng) * total;
    for (int i = 0; i < n - 1; i++) {
        left -= weights[i];
        if (left < 0)
            return i;
    }
    return n - 1;
}

/* Gang sizes 1, 2, 4, …: each step up is about half as likely as the one before. */
static uint32_t draw_gpus(hcp_rng *rng, int largest_step, uint32_t max_gpus)
{
    uint32_t gpus = 1;
    for (int step = 0; step < largest_step && hcp_rng_uniform(rng) < 0.45; step++)
        gpus *= 2;
    return MIN(gpus, max_gpus);
}

static hcp_arrivals_tier draw_tier(hcp_rng *rng)
{
    static const double weights[] = {0.5, 0.3, 0.2};
    return (hcp_arrivals_tier)pick(rng, weights, HCP_ARRIVALS_TIERS);
}

uint32_t hcp_arrivals_pick_class(const hcp_arrivals_class *classes, uint32_t n, double uniform)
{
    uint32_t n_weights = MIN(n, HCP_ARRIVALS_CLASSES);
    double total = 0;
    for (uint32_t i = 0; i < n_weights; i++)
        total += classes[i].weight;
    if (total <= 0)
        return (uint32_t)(uniform * n);
    double left = uniform * total;
    for (uint32_t i = 0; i + 1 < n_weights; i++) {
        left -= classes[i].weight;
        if (left < 0)
            return i;
    }
    return n_weights - 1;
}

/* A common model that fits the class with room for its caches, or most of the memory when none does. */
static int64_t draw_model_bytes(hcp_rng *rng, int64_t memory_bytes)
{
    int64_t bytes = MODEL_BYTES[hcp_rng_below(rng, G_N_ELEMENTS(MODEL_BYTES))];
    return memory_bytes > 0 ? MIN(bytes, memory_bytes / 10 * 9) : bytes;
}

static void draw_item(hcp_arrivals *arrivals, hcp_arrivals_item *item)
{
    const hcp_arrivals_params *params = &arrivals->params;
    hcp_rng *rng = &arrivals->rng;
    hcp_arrivals_type type = (hcp_arrivals_type)pick(rng, params->type_weights, HCP_ARRIVALS_TYPES);
    const type_info *info = &TYPES[type];
    /* Log-normal durations: many short ones and a long tail; deviation 0.8 keeps the mean at
     * exp(0.32) medians. */
    double hours = params->mean_duration_h[type] * exp(0.8 * hcp_rng_normal(rng) - 0.32);

    *item = (hcp_arrivals_item){
        .sequence = arrivals->sequence++,
        .at_us = arrivals->clock_us,
        .type = type,
        .tier = draw_tier(rng),
        .priority = info->priority,
        .customer = (uint32_t)hcp_rng_below(rng, params->n_customers),
        .gpu_count = draw_gpus(rng, info->largest_step, params->max_gpus),
        .gpu_milli = 1000,
        .gpu_class =
            hcp_arrivals_pick_class(params->classes, params->n_gpu_classes, hcp_rng_uniform(rng)),
        .duration_us = MAX((int64_t)(hours * (double)US_PER_H), 60 * INT64_C(1000000)),
        .max_latency_us = info->max_latency_us,
    };
    int64_t memory_bytes =
        item->gpu_class < HCP_ARRIVALS_CLASSES ? params->classes[item->gpu_class].memory_bytes : 0;
    item->model_bytes = draw_model_bytes(rng, memory_bytes);
    item->requests_per_s = info->requests_per_s * item->gpu_count;
}

bool hcp_arrivals_next(hcp_arrivals *arrivals, hcp_arrivals_item *ret_item)
{
    const hcp_arrivals_params *params = &arrivals->params;
    /* The factors of day and week never exceed these. */
    double top = params->per_hour * (1 + fabs(params->daily_swing)) *
                 fmax(weekday_factor(params, 0), weekday_factor(params, 6));
    if (top <= 0)
        return false;
    do {
        double gap_h = hcp_rng_exponential(&arrivals->rng, 1 / top);
        arrivals->clock_us += (int64_t)(gap_h * (double)US_PER_H);
    } while (hcp_rng_uniform(&arrivals->rng) * top >
             hcp_arrivals_rate_per_h(params, arrivals->clock_us));
    draw_item(arrivals, ret_item);
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Workloads that customers submit: a Poisson process with a daily and weekly cycle, with types,
 * gang sizes, durations, latency classes, tiers and customers. Also the record that replayed traces
 * are turned into.
 */
#ifndef HCP_SIM_ARRIVALS_H
#define HCP_SIM_ARRIVALS_H

#include "base/rng.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    HCP_ARRIVALS_INFERENCE_RT,
    HCP_ARRIVALS_INFERENCE_BATCH,
    HCP_ARRIVALS_TRAINING,
    HCP_ARRIVALS_TUNING, /* hyperparameter search */
    HCP_ARRIVALS_DATA,   /* data processing */
    HCP_ARRIVALS_TYPES
} hcp_arrivals_type;

typedef enum {
    HCP_ARRIVALS_STANDARD,
    HCP_ARRIVALS_PROFESSIONAL,
    HCP_ARRIVALS_ENTERPRISE,
    HCP_ARRIVALS_TIERS
} hcp_arrivals_tier;

typedef struct {
    uint64_t sequence; /* 0, 1, 2, … of its source */
    int64_t at_us;
    hcp_arrivals_type type;
    hcp_arrivals_tier tier;
    int priority;       /* 1 (real-time) to 3 (training) */
    uint32_t customer;  /* index below n_customers */
    uint32_t gpu_count; /* 1 to 64 */
    /* thousandths of one GPU that are really used when gpu_count is 1; else 1000 */
    uint32_t gpu_milli;
    uint32_t gpu_class;  /* index below n_gpu_classes: the class asked for */
    int64_t duration_us; /* work on the asked GPUs */
    bool censored; /* the trace ended before the job did: duration is what its source assumed */
    int64_t max_latency_us; /* 0 = none */
    int64_t model_bytes;    /* weights per GPU */
    double requests_per_s;  /* inference load, 0 for others */
} hcp_arrivals_item;

/* A GPU class that customers ask for. */
typedef struct {
    double weight;        /* how often, against the others */
    int64_t memory_bytes; /* models are smaller than this; 0 = not known */
} hcp_arrivals_class;

#define HCP_ARRIVALS_CLASSES 8

typedef struct {
    double per_hour;    /* mean over a week */
    double daily_swing; /* 0..1: how far the day's peak lies above the mean */
    double weekend_factor;
    int64_t utc_offset_us;
    double type_weights[HCP_ARRIVALS_TYPES];
    double mean_duration_h[HCP_ARRIVALS_TYPES];
    uint32_t max_gpus; /* largest gang, 1 to 64 */
    uint32_t n_customers;
    uint32_t n_gpu_classes;
    hcp_arrivals_class classes[HCP_ARRIVALS_CLASSES]; /* all weights zero = equal */
} hcp_arrivals_params;

/* The whole state; copying it copies the process. */
typedef struct {
    hcp_arrivals_params params;
    hcp_rng rng;
    int64_t clock_us;
    uint64_t sequence;
} hcp_arrivals;

/* A plausible mix at `per_hour` for `n_customers` and `n_gpu_classes`. */
void hcp_arrivals_default_params(double per_hour, uint32_t n_customers, uint32_t n_gpu_classes,
                                 hcp_arrivals_params *ret_params);

/* A process from `start_us` on. A rate of 0 never yields anything. */
void hcp_arrivals_init(hcp_arrivals *arrivals, const hcp_arrivals_params *params, uint64_t seed,
                       int64_t start_us);

/* The next workload; false when there is none (rate 0). Times never fall. */
bool hcp_arrivals_next(hcp_arrivals *arrivals, hcp_arrivals_item *ret_item);

/* The class that a uniform number in [0, 1) picks among the first `n` by weight. */
uint32_t hcp_arrivals_pick_class(const hcp_arrivals_class *classes, uint32_t n, double uniform);

/* Rate per hour in force at `at_us`. */
double hcp_arrivals_rate_per_h(const hcp_arrivals_params *params, int64_t at_us);

/* Lower-case name of a type ("inference_rt", "inference_batch", "training",
 * "hyperparameter_tuning", "data_processing") and of a tier. */
const char *hcp_arrivals_type_name(hcp_arrivals_type type);
const char *hcp_arrivals_tier_name(hcp_arrivals_tier tier);

#endif
